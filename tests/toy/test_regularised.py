"""What a feature pays under L1 against brute force and a trained model; measures of neurons where the answer is known."""

import numpy as np
import pytest

from superposition import runs
from superposition.toy import regularised
from superposition.toy.engine import training
from superposition.toy.engine.networks import Networks, Task
from superposition.toy.measures import rotations
from superposition.training import AdamW


@pytest.fixture(scope="module")
def results():
    return runs.load("toy/regularised")


@pytest.mark.parametrize("l1", [0.0, 0.03, 0.3, 0.6, 0.72, 0.74, 2.0])
@pytest.mark.parametrize(("weight", "activity"), [(1 / 3, 1 / 2), (1.0, 1.0)])
def test_the_length_of_a_feature_alone_is_the_least_of_its_loss_on_a_fine_grid(l1, weight, activity):
    w = np.linspace(0, 1.2, 120_001)
    best = w[(weight * (1 - w**2) ** 2 + l1 * activity * w).argmin()]
    assert regularised.length_alone(np.array(l1), weight, activity) == pytest.approx(best, abs=2e-5)


def test_a_trained_feature_alone_has_the_length_of_theory():
    l1 = np.array([0.0, 0.1, 0.3, 0.6])
    net = Networks([1, 2, 3, 4], 1, 1, hidden="identity", tied=True, l1=l1, scale=1.0)
    training.train(net, Task("uniform", "identity", 0.02), 3000, 512, AdamW(0.01, schedule="cosine"))
    lengths = np.abs(net.W1.detach().numpy()[:, 0, 0])
    assert lengths == pytest.approx(regularised.length_alone(l1), abs=0.02)  # the bias, which theory leaves out, moves it


def test_neurons_hold_upwards_and_downwards_what_is_long_enough():
    up, down = regularised.signs(np.array([[0.9, 0.6], [-0.8, 0.4], [0.1, 0.7]]))
    assert up.tolist() == [1, 2] and down.tolist() == [1, 0]


def test_the_mean_over_live_neurons_leaves_the_dead_ones_out():
    assert regularised.live_mean(
        np.array([[2.0, 4.0, 32.0], [3.0, 3.0, 3.0]]), np.array([[1.0, 1, 0.1], [0, 0, 0.0]])
    ) == pytest.approx([3, 0])


def test_aligned_features_outrank_their_rotations_and_spread_ones_are_outranked_by_them():
    turns = rotations.draw(4, 300, seed=0)
    spread = np.array([[1.0, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2
    found = regularised.neurons(np.stack([np.eye(4), spread]), turns)
    assert found["alignment"] == pytest.approx([4, 1]) and found["rank"] == pytest.approx([1, 0])
    assert found["null_alignment"] == pytest.approx(3 * 4 / 6, rel=0.05)  # the mean over random directions
    assert found["single"] == pytest.approx([1, 0]) and found["participation"] == pytest.approx([1, 4])


def test_no_model_represents_more_than_it_has_dimensions_for(results):
    """Σ D_i is at most the rank of W, whatever the model."""
    total = (results["dimensionality"] * (results["length"] > 1e-3)).sum(-1)
    assert total.max() <= results.config.n_hidden * 1.001
