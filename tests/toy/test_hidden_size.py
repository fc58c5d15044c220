"""Measures of shared neurons against brute force, the chance of meeting against all outcomes, descent against theory."""

from itertools import combinations, product

import numpy as np
import pytest
from scipy import stats

from superposition import metrics, runs
from superposition.toy import hidden_size


@pytest.fixture(scope="module")
def results():
    return runs.load("toy/hidden_size")


@pytest.fixture
def W():
    return np.random.default_rng(0).normal(size=(6, 4))


def test_pairs_on_a_neuron_are_the_sum_over_all_pairs(W):
    by_hand = [sum(abs(W[i, k] * W[j, k]) for i, j in combinations(range(6), 2)) for k in range(4)]
    assert hidden_size.pairs(W) == pytest.approx(by_hand)


def test_the_overlap_is_the_norm_of_a_features_projections_and_no_turn_changes_it(W):
    unit = W / np.linalg.norm(W, axis=1, keepdims=True)
    by_hand = [np.linalg.norm([unit[i] @ W[j] for j in range(6) if j != i]) for i in range(6)]
    turn = stats.special_ortho_group(4, seed=1).rvs()
    assert hidden_size.overlap(W) == pytest.approx(by_hand) == hidden_size.overlap(W @ turn)
    assert metrics.polysemanticity(W) != pytest.approx(metrics.polysemanticity(W @ turn))


def test_the_baseline_of_the_overlap_is_that_of_random_directions(W):
    directions = np.random.default_rng(1).normal(size=(40_000, 6, 4))
    random = np.linalg.norm(W, axis=1)[:, None] * directions / np.linalg.norm(directions, axis=-1, keepdims=True)
    assert np.sqrt((hidden_size.overlap(random) ** 2).mean(0)) == pytest.approx(hidden_size.random_overlap(W), rel=0.02)


@pytest.mark.parametrize(("n", "m"), [(1, 3), (2, 2), (3, 2), (4, 3)])
def test_the_chance_of_opposite_features_meeting_is_the_mean_over_all_choices(n, m):
    choices = product(product(range(m), (1, -1)), repeat=n)
    met = [sum({(k, 1), (k, -1)} <= set(choice) for k in range(m)) for choice in choices]
    assert hidden_size.opposed_by_chance(n, m) == pytest.approx(np.mean(met))


def test_with_many_neurons_the_chance_is_the_published_rate():
    assert hidden_size.opposed_by_chance(32, 32_000) == pytest.approx(32**2 / (4 * 32_000), rel=0.05)


@pytest.mark.parametrize("optimiser", hidden_size.OPTIMISERS)
def test_features_that_come_alone_end_on_neurons_of_their_own_or_opposite_on_one(optimiser):
    """The loss then is that of L1 alone: each feature's length solves w(1 - w²) = l1 / 4."""
    start, W = hidden_size.alone(4, 8, 0.05, [0, 1, 2], 6000, optimiser)
    found = hidden_size.chance_meetings(start, W)
    assert found["alone_settled"].tolist() == [1, 1, 1]
    assert found["alone_polysemantic"] == pytest.approx(found["alone_opposed"])
    assert np.abs(W).max(-1) == pytest.approx(0.9936, abs=0.01)


def test_meetings_are_counted_by_hand():
    start = np.array([[[0.9, 0.1, 0], [0.1, 0.9, 0], [0, 0.9, 0.1]]])
    W = np.array([[[1.0, 0, 0], [-1, 0, 0], [0, 0.7, 0.7]]])
    found = hidden_size.chance_meetings(start, W)
    assert {name: values.item() for name, values in found.items()} == pytest.approx(
        {"alone_polysemantic": 1, "alone_opposed": 1, "alone_settled": 2 / 3, "alone_kept": 2 / 3}
    )


def test_features_alone_have_settled_by_the_end_of_the_stored_runs(results):
    assert results["alone_settled"].mean(-1).min() > 0.95
