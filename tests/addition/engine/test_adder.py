"""The stored transformers that add, in other hands."""

import numpy as np
import pytest
import torch

from superposition import addition, runs


def test_a_loaded_model_adds_as_often_as_its_training_says_and_as_its_copy_in_transformer_lens():
    model, results = addition.load(seed=1), runs.load("addition/train")
    a, b = np.random.default_rng(0).integers(0, 10**6, (2, 1000))
    right, told = (model.add(a, b) == a + b).mean(), results["sum_accuracy"][-1, 1, -1]
    assert abs(right - told) < 4 * np.sqrt(told * (1 - told) / 1000)
    tokens = addition.tokens(a[:50], b[:50])
    assert tokens.dtype == torch.int64
    torch.testing.assert_close(model.to_transformer_lens()(tokens), model(tokens), atol=1e-4, rtol=1e-5)


def test_a_seed_or_a_number_that_is_not_there_is_refused_in_a_sentence():
    with pytest.raises(IndexError, match="seed 6: addition/train has the seeds 0 to 5"):
        addition.load(seed=6)
    with pytest.raises(ValueError, match="at most 6 digits"):
        addition.tokens(10**6, 1)
