"""The expected loss by strata against closed forms, finite differences and plain random samples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superposition.toy.theory.stratified_loss import Strata, minimise

PAIR, FIVE = Strata(2), Strata(5)


@given(st.lists(st.floats(0.001, 1), min_size=5, max_size=5))
def test_the_weights_of_the_points_sum_to_one_and_give_each_feature_its_density_and_mean(density):
    weights = FIVE.weights(np.array(density))
    assert weights.sum() == pytest.approx(1)
    assert weights @ (FIVE.x > 0) == pytest.approx(np.array(density), rel=1e-2)
    assert weights @ FIVE.x == pytest.approx(np.array(density) / 2, rel=1e-2)


@given(st.floats(0.001, 1), st.floats(0.1, 10))
def test_an_antipodal_pair_costs_a_sixth_of_both_importances_times_the_density_squared(p, r):
    loss, _, _ = PAIR.loss(np.array([[1.0], [-1.0]]), np.zeros(2), np.full(2, p), np.array([1, r]))
    assert loss == pytest.approx((1 + r) * p**2 / 6, rel=2e-3)


@given(st.floats(0.001, 1))
def test_a_feature_that_is_given_up_and_guessed_costs_its_variance(p):
    loss, dW, db = PAIR.loss(np.zeros((2, 1)), np.full(2, p / 2), np.full(2, p), np.array([1.0, 0.0]))
    assert loss == pytest.approx(p / 3 - p**2 / 4, rel=1e-3)
    assert not dW.any() and abs(db).max() < 1e-3 * p


def test_gradients_are_those_of_finite_differences():
    rng = np.random.default_rng(0)
    W, b, p, importance = rng.normal(size=(5, 2)), rng.normal(0, 0.2, 5), rng.uniform(0.05, 0.5, 5), rng.uniform(0.5, 2, 5)
    _, dW, db = FIVE.loss(W, b, p, importance)
    nudge = 1e-6
    for i in range(5):
        for j in range(2):
            by = nudge * (np.arange(10).reshape(5, 2) == 2 * i + j)
            ends = [FIVE.loss(W + s * by, b, p, importance)[0] for s in (1, -1)]
            assert dW[i, j] == pytest.approx((ends[0] - ends[1]) / 2 / nudge, abs=1e-6)
        by = nudge * (np.arange(5) == i)
        ends = [FIVE.loss(W, b + s * by, p, importance)[0] for s in (1, -1)]
        assert db[i] == pytest.approx((ends[0] - ends[1]) / 2 / nudge, abs=1e-6)


def test_the_loss_is_that_of_a_million_random_inputs():
    rng = np.random.default_rng(1)
    W, b, p, importance = rng.normal(size=(5, 2)), rng.normal(0, 0.1, 5), np.array([0.5, 0.05, 0.1, 0.3, 0.2]), np.ones(5)
    x = rng.random((1_000_000, 5)) * (rng.random((1_000_000, 5)) < p)
    each = (importance * (x - np.maximum(x @ W @ W.T + b, 0)) ** 2).sum(1)
    error = each.std() / 1000
    assert FIVE.loss(W, b, p, importance)[0] == pytest.approx(each.mean(), abs=4 * error)


def test_a_sample_without_a_feature_is_the_sample_with_that_feature_never_active():
    rng = np.random.default_rng(2)
    W, b, p = rng.normal(size=(5, 2)), rng.normal(0, 0.1, 5), np.array([0.0, 0.05, 0.1, 0.3, 0.2])
    whole = FIVE.loss(W, b, p, np.array([0.0, 1, 1, 1, 1]))[0]
    assert FIVE.without(0).loss(W[1:], b[1:], p[1:], np.ones(4))[0] == pytest.approx(whole)


def test_minimising_ends_where_the_gradient_vanishes_and_below_the_start():
    W, b, p, importance = np.array([[0.8], [-1.1]]), np.array([0.1, 0.1]), np.full(2, 0.1), np.ones(2)
    found_W, found_b, loss = minimise(PAIR, W, b, p, importance)
    assert loss < 2 * 0.1**2 / 6 < PAIR.loss(W, b, p, importance)[0]
    _, dW, db = PAIR.loss(found_W, found_b, p, importance)
    assert max(abs(dW).max(), abs(db).max()) < 1e-5
