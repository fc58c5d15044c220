"""The stored solutions of the geometry: dense ones without superposition, sparse ones converged and stored precisely."""

from dataclasses import replace

import numpy as np
import pytest

from superposition import metrics, runs
from superposition.toy import geometry
from superposition.toy.engine.features import variance
from superposition.toy.measures import polytopes

NAMES = ["toy/geometry", "toy/geometry_200_20", "toy/geometry_200_15"]


@pytest.fixture(scope="module", params=NAMES)
def results(request):
    return runs.load(request.param)


def test_the_inverse_density_goes_from_1_to_10_evenly_in_its_logarithm(results):
    steps = np.diff(np.log10(1 / results["density"]))
    assert 1 / results["density"][[0, -1]] == pytest.approx([1, 10])
    np.testing.assert_allclose(steps, steps[0])


def test_on_the_plateau_a_digon_in_the_stored_weights_has_half_a_dimension(results):
    found = 0
    for W in results["W"][0, results["density"] > 0.27].astype(float):
        D, cut = metrics.feature_dimensionality(W), polytopes.clusters(W)
        of_digons = np.isin(cut.of_feature, np.flatnonzero(cut.shape == 1))
        assert np.abs(D[of_digons] - 1 / 2).max(initial=0) < 0.05
        found += of_digons.sum()
    assert found > results["W"].shape[-1]


def test_a_value_that_slides_evenly_dwells_at_a_level_as_long_as_the_band_is_wide():
    """Of the way from 1 to ½, however coarse the grid: a band of 5% about 1 (half of it), ½ (half of it) and ¾."""
    results = runs.load("toy/geometry")
    W = np.zeros((2, 7, 3, 2))
    W[..., 0, 0] = np.sqrt(2 / np.linspace(1, 0.5, 7))
    made = replace(results, arrays=results.arrays | {"W": W})
    assert geometry.dwell(made, 1.0) == pytest.approx([0.1] * 2, abs=2e-4)
    assert geometry.dwell(made, 0.5) == pytest.approx([0.05] * 2, abs=2e-4)
    assert geometry.dwell(made, 0.75) == pytest.approx([0.15] * 2, abs=2e-4)


def test_the_stored_losses_are_those_of_the_stored_weights(results):
    """With inputs from another generator; so half precision is enough."""
    rng = np.random.default_rng(0)
    for k in (0, len(results["density"]) // 2, -1):
        W, b, p = results["W"][0, k].astype(float), results["b"][0, k].astype(float), results["density"][k]
        x = rng.random((8192, len(b))) * (rng.random((8192, len(b))) < p)
        loss = ((x - np.maximum(x @ W @ W.T + b, 0)) ** 2).sum(1).mean()
        assert loss == pytest.approx(results["loss"][0, k], rel=0.02)


def test_no_model_beats_the_least_loss_without_superposition_in_dense_data_by_more_than_two_percent(results):
    n, m = results["W"].shape[-2:]
    floor = (n - m) * variance(results["density"][0])
    assert (results["loss"][:, 0] > 0.98 * floor).all()


def test_a_feature_is_dead_where_its_bias_outweighs_every_input():
    """Its output is at most the sum of all overlaps with other features: with a bias below that, nothing opens it."""
    W = np.zeros((1, 2, 4, 2)) + np.array([[1.0, 0], [-1, 0], [0, 0.5], [0, 0.5]])
    b = np.zeros((1, 2, 4)) + np.array([-0.9, -1.1, -0.6, 0])
    b[0, 1] = 0.1
    assert geometry.dead(W, b, np.array([1.0, 0.5])).tolist() == [[2, 0]]  # features 2 and 3: -1.1 + 1 < 0, -0.6 + 0.5 < 0


def test_polytopes_are_counted_by_their_corners():
    features = np.array([[[3, 4, 3, 0, 10, 0, 7], [0, 2, 0, 4, 0, 8, 1]]])
    assert geometry.made(features).tolist() == [[3, 3, 1, 1, 2, 1]]


def test_in_dense_data_the_stored_loss_is_at_least_that_without_superposition(results):
    n, m = results["W"].shape[-2:]
    np.testing.assert_allclose(geometry.over_least(results) * (n - m) * variance(results["density"]), results["loss"])
