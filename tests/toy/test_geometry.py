"""The stored solutions of the geometry: dense ones without superposition, sparse ones converged and stored precisely."""

import numpy as np
import pytest
from superposition import metrics, runs
from superposition.toy import polytope_prices
from superposition.toy.measures import polytopes
from superposition.toy.claims import geometry as claims

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


def test_the_interval_of_a_count_is_garwoods():
    """Published: for 0 events the upper limit is 3.69, for 10 it is 4.80 to 18.39."""
    assert claims.per_seed(np.zeros(3)) == pytest.approx((0, 0, 3.69 / 3), abs=0.002)
    assert claims.per_seed(np.array([3, 7])) == pytest.approx((5, 4.795 / 2, 18.39 / 2), abs=0.005)


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
    floor = (n - m) * polytope_prices.guessed(results["density"][0])
    assert (results["loss"][:, 0] > 0.98 * floor).all()
