"""The two sides of the exact rows of `superposition bench toy` do the same work."""

import numpy as np
import pytest
import torch

from superposition.toy.engine import bench, training
from superposition.toy.engine.autoencoders import Autoencoders
from superposition.toy.engine.training import AdamW
from superposition.toy.theory import expected_loss


@pytest.mark.parametrize("config", [bench.EXACT, bench.PHASE], ids=["2/1", "3/2"])
def test_training_on_samples_for_as_many_steps_ends_at_the_loss_of_exact_training(config):
    start, density, importance = bench.starts(config)
    optimiser = AdamW(config.lr, schedule="cosine")
    W, b = expected_loss.descend(start, np.zeros_like(density), density, importance, optimiser.rates(config.steps))
    model = Autoencoders(list(range(len(start))), config.n_features, config.n_hidden)
    model.W.data[:] = torch.from_numpy(start.astype(np.float32))
    training.train(model, density, importance, config.steps, bench.BATCH, optimiser)
    sampled = (parameter.detach().numpy().astype(float) for parameter in (model.W, model.b))
    ratio = expected_loss.loss(*sampled, density, importance) / expected_loss.loss(W, b, density, importance)
    assert np.median(ratio) == pytest.approx(1, abs=0.01)
    assert np.quantile(ratio, [0.1, 0.9]) == pytest.approx([1, 1], abs=0.05)
