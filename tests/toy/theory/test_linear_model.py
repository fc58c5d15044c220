"""The least loss of linear models against brute force, and PCA against sampled data."""

import numpy as np
import pytest
import torch
from scipy import optimize

from superposition.toy.engine import features
from superposition.toy.theory import linear_model
from superposition.toy.theory.linear_model import linear_optimum


@pytest.fixture(scope="module")
def sets():
    active = features.stack([features.windows(kind, 2, 2, 0.3) for kind in features.KINDS])
    return features.sample([1, 2, 3], 5, 200_000, active)


@pytest.mark.parametrize("density", [1.0, 0.4])
def test_no_linear_model_beats_the_linear_optimum(density):
    """The expected loss of any W and b from the moments of the data, minimised from many starts."""
    n, m, rng = 4, 2, np.random.default_rng(0)
    importance = 0.8 ** np.arange(n)
    mean, variance = density / 2, density / 3 - density**2 / 4

    def expected(parameters):
        W, b = parameters[: n * m].reshape(n, m), parameters[n * m :]
        error = np.eye(n) - W @ W.T
        return importance @ ((error @ np.full(n, mean) - b) ** 2 + variance * (error**2).sum(1))

    best = min(optimize.minimize(expected, rng.standard_normal(n * m + n)).fun for _ in range(20))
    assert best == pytest.approx(linear_optimum(np.array([density]), importance, m).item(), rel=1e-6)


def test_the_covariance_is_that_of_the_data(sets):
    for k, kind in enumerate(features.KINDS):
        np.testing.assert_allclose(linear_model.covariance(kind, 2, 2, 0.3), np.cov(sets[:, k].numpy().T), atol=0.002)


def test_pca_loss_is_that_of_the_singular_vectors_of_sampled_data(sets):
    centred = (sets[:, 0] - sets[:, 0].mean(0)).double()
    singular = torch.linalg.svdvals(centred)
    assert linear_model.pca_loss("correlated", 2, 2, 0.3, 2) == pytest.approx(
        float((singular[2:] ** 2).sum() / len(sets)), rel=0.02
    )


def test_pca_loss_of_a_pair_in_one_dimension_is_its_difference():
    assert linear_model.pca_loss("correlated", 1, 2, 0.2, 1) == pytest.approx(0.2 / 12)
