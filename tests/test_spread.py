"""The score of spread over heads, on matrices whose sharing is known."""

import numpy as np
import pytest

from superposition import sharing

CIRCUITS, HEADS = 96, 32


def groups(size):
    """Groups of `size` heads, each of which serves its part of the circuits."""
    group = np.arange(CIRCUITS) * (HEADS // size) // CIRCUITS
    return (group[:, None] == np.arange(HEADS) // size).astype(float)


def values(effect):
    return dict(zip(sharing.MEASURES, sharing.measured(effect), strict=True))


@pytest.mark.parametrize("size", [1, 4, 32])
def test_the_score_of_groups_of_k_heads_is_k(size):
    found = values(groups(size) * -3.0)
    assert found["heads per circuit"] == pytest.approx(size)
    assert found["circuits per head"] == pytest.approx(CIRCUITS * size / HEADS)
    assert found["score"] == pytest.approx(size)
    assert found["effective rank"] == pytest.approx(HEADS / size)


def test_heads_and_circuits_without_effects_count_for_nothing():
    effect = groups(4)
    effect[:, :8] = 0  # these heads have failed, and with them a quarter of the circuits
    found = values(effect)
    assert found["heads per circuit"] == pytest.approx(4)
    assert sharing.heads_per_circuit(effect)[:24] == pytest.approx(0)


def test_chance_alone_spreads_a_division_of_labour_and_leaves_even_effects_even():
    division, even = groups(1), np.ones((CIRCUITS, HEADS))
    rows = sharing.null(division, 50, np.random.default_rng(0))
    low, middle, high = (dict(zip(sharing.MEASURES, row, strict=True)) for row in rows)
    # Each circuit draws a number of heads that is nearly Poisson with mean 1; weighted by itself its mean is 2 - 1/32.
    assert middle["heads per circuit"] == pytest.approx(2 - 1 / HEADS, abs=0.1)
    assert low["circuits per head"] > CIRCUITS / HEADS
    assert sharing.null(even, 5, np.random.default_rng(0))[:, 2] == pytest.approx(HEADS)


def test_effects_that_were_drawn_by_lot_lie_within_their_null():
    effect = np.random.default_rng(0).normal(size=(CIRCUITS, HEADS))
    low, middle, high = sharing.null(effect, 60, np.random.default_rng(1))
    assert (np.abs(sharing.measured(effect) - middle) < 2 * (high - low)).all()


def test_overlap_is_the_mean_cosine_of_two_circuits():
    effect = np.random.default_rng(1).normal(size=(12, 5))
    unit = np.abs(effect) / np.linalg.norm(effect, axis=1, keepdims=True)
    pairs = (unit @ unit.T)[~np.eye(12, dtype=bool)]
    assert sharing.overlap(effect) == pytest.approx(pairs.mean())
    assert sharing.overlap(groups(32)) == pytest.approx(1)
    assert sharing.overlap(np.eye(5)) == pytest.approx(0)
