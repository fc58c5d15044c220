"""Transformers of other shapes: as many parameters, the same sums, and the accuracies that are stored."""

import numpy as np
import pytest
import torch

from superposition import runs
from superposition.addition import sweep
from superposition.addition.engine import data, learning_curves, transformer_training
from superposition.addition.engine.transformer import Transformer, shapes


@pytest.fixture(scope="module")
def results():
    return runs.load("addition/sweep")


@pytest.mark.parametrize("heads", [64, 32, 16, 8])
def test_every_shape_has_as_many_parameters(results, heads):
    size = sweep.size(results.config, heads)
    assert heads * size == 64
    assert sum(np.prod(shape) for shape in shapes(heads, size).values()) == results["theta"].shape[-1]


def test_dimensions_that_cannot_be_shared_out_are_named(results):
    with pytest.raises(ValueError, match="64 dimensions: cannot be shared out among 5 heads"):
        sweep.size(results.config, 5)


def test_the_stored_models_add_as_well_as_recorded(results):
    config = results.config
    for shape, heads in enumerate(results["heads"]):
        seed = shape % config.seeds
        theta, d_head = results["theta"][shape, seed], sweep.size(config, int(heads))
        model = Transformer.of(transformer_training.named(theta, int(heads), d_head))
        pairs = data.draw(config.seed + seed, config.n_train + config.n_test + config.n_fresh)
        pairs = pairs[config.n_train : config.n_train + config.n_test]
        with torch.no_grad():
            said = model(torch.from_numpy(data.tokens(*pairs.T)))[:, data.N_INPUTS :].argmax(-1).numpy()
        right = (said == data.answers(*pairs.T)).mean(0)
        stored = results["digit_accuracy"][shape, seed, learning_curves.SPLITS.index("test")]
        assert right == pytest.approx(stored, abs=2e-3)


def test_all_shapes_learn_most_of_the_task(results):
    assert (results["digit_accuracy"][:, :, 1].mean(-1) > 0.7).all()
    assert (results["epoch_loss"][:, -1] < results["epoch_loss"][:, 0] / 3).all()
