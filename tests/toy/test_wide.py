"""The stored wide models: converged, dense ones without superposition, sparse ones with it."""

import numpy as np
import pytest

from superposition import metrics, runs
from superposition.toy.theory.linear_model import linear_optimum


@pytest.fixture(scope="module")
def results():
    return runs.load("toy/wide")


def test_densities_and_importances_are_those_of_the_notebook(results):
    np.testing.assert_allclose(results["density"], 20 ** -np.linspace(0, 1, 20))
    np.testing.assert_allclose(results["importance"], 100 ** -np.linspace(0, 1, 100))


def test_dense_models_reach_the_least_loss_without_superposition(results):
    theory = linear_optimum(results["density"][:1], results["importance"], 20)[0]
    assert results["loss"][:, 0].mean() == pytest.approx(theory, rel=0.01)
    assert metrics.represented(results["W"][:, 0]).tolist() == [20] * len(results["W"])


def test_no_seed_stands_apart_from_the_others(results):
    spread = results["loss"].std(0, ddof=1) / results["loss"].mean(0)
    assert spread.max() < 0.1
