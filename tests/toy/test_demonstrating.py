"""The stored linear and ReLU models against what theory says of them, and the kinds of sharing on known shapes."""

import numpy as np
import pytest
from superposition import metrics, runs
from superposition.toy.demonstrating import KINDS, kinds


@pytest.fixture(scope="module")
def results():
    return runs.load("toy/demonstrating")


@pytest.mark.parametrize("size", ["small", "large"])
def test_no_linear_model_beats_the_linear_optimum_and_all_come_close(results, size):
    ratio = results[f"loss_{size}"][0] / results[f"linear_optimum_{size}"][:, None]
    mean, low, high = metrics.mean_interval(ratio.reshape(-1, 1))
    assert low[0] < 1.005 and abs(mean[0] - 1) < 0.01


@pytest.mark.parametrize("size", ["small", "large"])
def test_the_linear_models_product_is_the_projection_on_the_most_important_features(results, size):
    W = results[f"W_{size}"][0]
    n, m = W.shape[-2:]
    product = np.einsum("...ih,...jh->...ij", W, W)
    np.testing.assert_allclose(product, np.broadcast_to(np.diag(np.arange(n) < m), product.shape), atol=0.12)


def test_the_importances_fall_as_the_config_says(results):
    np.testing.assert_allclose(results["importance_small"][:3], [1, 0.7, 0.49])
    np.testing.assert_allclose(results["importance_large"][:3], [1, 0.9, 0.81])


def test_kinds_of_sharing_on_shapes_whose_dimensionality_is_known():
    angle = 2 * np.pi * np.arange(5) / 5
    W = np.zeros((9, 4))
    W[0, 0] = 1  # alone
    W[1, 1], W[2, 1] = 1, -1  # an antipodal pair
    W[3:8, 2:] = np.stack([np.cos(angle), np.sin(angle)], axis=1)  # a pentagon; the last feature is absent
    assert dict(zip(KINDS, kinds(W))) == pytest.approx({"alone": 1 / 8, "in a pair": 2 / 8, "in a group": 5 / 8, "between": 0})


def test_more_training_would_change_little(results):
    """The mean training loss of the last tenth is within two per cent of the tenth before, but for the rarest data."""
    history = results["history_large"][:, 1, :5].mean(-1)
    assert (history[-10:].mean(0) / history[-20:-10].mean(0) > 0.96).all()
