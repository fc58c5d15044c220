"""The worth of a polytope against closed forms: a feature alone, one that is guessed, and a digon in sparse data."""

import numpy as np
import pytest

from superposition import runs
from superposition.toy import polytope_prices
from superposition.toy.engine.features import variance
from superposition.toy.measures import polytopes


@pytest.mark.parametrize("p", [1.0, 0.5, 0.1])
def test_inputs_have_the_mean_and_variance_of_the_features(p):
    x = polytope_prices.inputs(p, 3, 14, 0)
    assert x.mean(0) == pytest.approx(p / 2, rel=0.01)
    assert x.var(0) == pytest.approx(float(variance(np.array(p))), rel=0.01)


@pytest.mark.parametrize("p", [0.7, 0.2])
def test_the_loss_of_a_digon_is_the_closed_form(p):
    """x₀ - ReLU(x₀ - x₁) squared: with both active E min(x₀, x₁)² = 1/6, and nothing is lost with one alone."""
    x = polytope_prices.inputs(p, 2, 15, 0)
    assert polytope_prices.loss(np.array([1.0, -1.0]), x, 1.0, 0.0) == pytest.approx(p**2 / 6, rel=0.01)


def test_a_feature_alone_loses_nothing():
    least, scale, bias = polytope_prices.best(0, 0.3, 10, 0)
    assert (least, scale, bias) == pytest.approx((0, 1, 0), abs=1e-3)


def test_a_feature_alone_saves_its_variance_and_a_digon_what_is_left_for_each_half_of_a_dimension(quick_run):
    found = quick_run("toy/polytope_prices")
    p = found["density"]
    np.testing.assert_allclose(found["saved"][0], variance(p), rtol=0.1)
    np.testing.assert_allclose(found["length"][0], 1, atol=0.01)
    at = p < 0.5  # dense data know better than two opposite features
    np.testing.assert_allclose(found["saved"][1, at], (2 * (variance(p) - p**2 / 6))[at], rtol=0.15)


@pytest.fixture(scope="module")
def results():
    return runs.load("toy/polytope_prices")


def test_in_dense_data_every_polytope_saves_what_a_feature_alone_does(results):
    """At S = 0 nothing beats the linear optimum by more than the rare clipping of the ReLU does."""
    np.testing.assert_allclose(results["saved"][:, 0] / variance(results["density"][0]), 1, atol=0.01)


def test_dimensions_spent_on_features_alone_leave_the_loss_without_superposition_and_better_ones_less(results):
    over = polytope_prices.over_least(results, 200, 20, results["density"])
    np.testing.assert_allclose(over[0], 1, atol=1e-4)
    all_lost, saved = 200 * variance(results["density"]), 20 * results["saved"][1]
    np.testing.assert_allclose(over[1], (all_lost - saved) / (180 * variance(results["density"])))


def test_stored_losses_are_those_of_random_inputs(results):
    """With inputs from another generator, for the pentagon in sparse data."""
    shape, rng, p = 4, np.random.default_rng(1), results["density"][-1]
    corners = polytopes.CORNERS[shape] * results["length"][shape, -1]
    x = rng.random((400_000, 5)) * (rng.random((400_000, 5)) < p)
    error = (x - np.maximum(x @ corners @ corners.T + results["bias"][shape, -1], 0)) ** 2
    saved = (variance(p) - error.mean()) / 0.4
    assert saved == pytest.approx(results["saved"][shape, -1], rel=0.01)
