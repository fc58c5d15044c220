"""The two sides of the exact rows of `superposition bench toy` do the same work."""

import numpy as np
import pytest

from superposition.toy.engine import bench, training
from superposition.toy.engine.networks import Networks, Task
from superposition.toy.theory import expected_loss
from superposition.training import AdamW


@pytest.mark.parametrize("config", [bench.EXACT, bench.PHASE], ids=["2/1", "3/2"])
def test_training_on_samples_for_as_many_steps_ends_at_the_loss_of_exact_training(config):
    start, density, importance = bench.starts(config)
    optimiser = AdamW(config.lr, schedule="cosine")
    W, b = expected_loss.descend(start, np.zeros_like(density), density, importance, optimiser.rates(config.steps))
    networks = Networks(list(range(len(start))), config.n_features, config.n_hidden, hidden="identity", tied=True)
    networks.put(start.astype(np.float32), np.zeros(density.shape, np.float32))
    training.train(networks, Task("uniform", "identity", density, importance), config.steps, bench.BATCH, optimiser)
    sampled = (array.astype(float) for array in networks.weights(len(start)).values())
    ratio = expected_loss.loss(*sampled, density, importance) / expected_loss.loss(W, b, density, importance)
    assert np.median(ratio) == pytest.approx(1, abs=0.01)
    assert np.quantile(ratio, [0.1, 0.9]) == pytest.approx([1, 1], abs=0.05)
