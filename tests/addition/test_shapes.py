"""How heads of other shapes share circuits: stored numbers against the models, and bounds that must hold."""

import numpy as np
import pytest

from superposition import runs
from superposition.addition import shapes
from superposition.addition.measures import ablation, head_sharing
from superposition.addition.measures.ablation import Parts


@pytest.fixture(scope="module")
def results():
    return runs.load("addition/shapes")


@pytest.fixture(scope="module")
def heads():
    trained = runs.load("addition/sweep")
    return np.repeat(trained["heads"], trained.config.seeds)


def test_no_more_heads_share_a_circuit_than_there_are(results, heads):
    measured = dict(zip(head_sharing.MEASURES, np.moveaxis(results["measured"], -1, 0), strict=True))
    for name in ("heads per circuit", "score", "effective rank"):
        assert (measured[name] <= heads[:, None, None] + 1e-4).all() and (measured[name] >= 1).all()
    assert (measured["circuits per head"] <= ablation.N_PAIRS + 1e-3).all()


def test_a_smallest_set_is_no_smaller_than_proven_and_of_few_heads_exact(results, heads):
    assert (results["at_least"] <= results["smallest"]).all() and (results["smallest"] <= heads[:, None]).all()
    assert (results["at_least"] == results["smallest"])[heads <= 16].all()


def test_the_last_models_numbers_are_its_own(results, heads):
    model, seed = shapes.trained(0)[-1]
    assert model.n_heads == heads[-1]
    parts = Parts.of(model, ablation.balanced(seed, results.config.each))
    assert parts.right(parts.logits).mean(0) == pytest.approx(results["whole"][-1], abs=1e-6)
    np.testing.assert_allclose(head_sharing.measured(ablation.effects(parts)), results["measured"][-1], rtol=1e-3)
