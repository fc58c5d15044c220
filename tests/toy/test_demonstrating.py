"""The stored linear and ReLU models against what theory says of them, and the kinds of sharing on known shapes."""

import numpy as np
import pytest

from superposition import runs
from superposition.toy.demonstrating import KINDS, kept_first, kind_of, kinds


@pytest.fixture(scope="module")
def results():
    return runs.load("toy/demonstrating")


@pytest.fixture(scope="module", params=["small", "large"])
def linear(request, results):
    """Of the linear models the held-out loss, and the expected loss of their weights in closed form, by sparsity and seed.

    Features have the mean p/2 and the variance p/3 - p²/4; an output errs by the sum of x_j R_ij less its bias."""
    W, b, importance = (results[f"{name}_{request.param}"].astype(float) for name in ("W", "b", "importance"))
    p = 1 - results["sparsity"][:, None, None]
    R = np.eye(len(importance)) - np.einsum("...ih,...jh->...ij", W[0], W[0])
    expected = (p / 3 - p**2 / 4) * (R**2).sum(-1) + (p / 2 * R.sum(-1) - b[0]) ** 2
    least = (p / 3 - p**2 / 4)[:, 0] * importance[W.shape[-1] :].sum()
    return results[f"loss_{request.param}"][0], expected @ importance, least


def test_every_linear_model_has_the_least_loss_without_superposition_to_a_hundred_thousandth(linear):
    _, expected, least = linear
    assert (expected > least * (1 - 1e-6)).all() and (expected < least * (1 + 1e-5)).all()


def test_the_held_out_losses_of_linear_models_are_what_their_weights_cost_in_theory(linear):
    held_out, expected, _ = linear
    ratio = held_out / expected
    error = ratio.std(1, ddof=1) / np.sqrt(ratio.shape[1])
    assert (np.abs(ratio.mean(1) - 1) < 6 * error).all()
    assert ratio[:2].mean(1) == pytest.approx([1, 1], abs=0.002)  # dense data, where the error is small


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


def test_a_pair_may_share_its_dimension_unevenly_and_what_is_not_whole_is_between_or_in_a_group():
    W = np.zeros((5, 3))
    W[0, 0], W[1, 0] = 1, -0.6  # a²/(a² + b²) and b²/(a² + b²): of one dimension
    W[2, 1], W[3, 2] = 1, 1
    W[4, 1:] = 0.6  # across two that would be alone without it: D = 1 / 1.36 twice, and 0.72 / 1.72
    kind = [[KINDS[k] for k in np.flatnonzero(row)] for row in kind_of(W)]
    assert kind == [["in a pair"], ["in a pair"], ["between"], ["between"], ["in a group"]]


def test_the_most_important_features_are_kept_where_these_and_no_others_are_represented():
    models = np.zeros((4, 4, 2))
    models[0, :2] = models[1, :2] = models[2, 1:3] = np.eye(2)
    models[1, 3, 0] = 0.6
    models[3, 0, 0] = 1
    assert kept_first(models).tolist() == [True, False, False, False]


def test_more_training_would_change_little(results):
    """The mean training loss of the last tenth is within two per cent of the tenth before, but for the rarest data."""
    history = results["history_large"][:, 1, :5].mean(-1)
    assert (history[-10:].mean(0) / history[-20:-10].mean(0) > 0.96).all()
