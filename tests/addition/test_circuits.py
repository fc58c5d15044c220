"""What is said of the committed models, held against the models themselves and against what must be so."""

import numpy as np
import pytest

from superposition import runs
from superposition.addition import circuits
from superposition.addition.engine import data
from superposition.addition.measures import ablation, head_sets
from superposition.addition.measures.ablation import ABLATIONS, Parts
from superposition.addition.circuits import ENOUGH
from superposition.addition.engine.transformer import Transformer
from superposition.addition.measures.original_heat_maps import PROBES

LOST = ablation.EFFECTS.index("answers lost")


@pytest.fixture(scope="module")
def results():
    return runs.load("addition/circuits")


@pytest.fixture(scope="module")
def train():
    return runs.load("addition/train")


def test_the_models_are_as_good_on_balanced_sums_as_on_those_that_train_kept_for_later(results, train):
    """Digits of both are uniform; 3,200 sums have a standard error of at most half a point a digit."""
    fresh = train["digit_accuracy"][-1, :, 2]
    assert np.abs(results["whole"] - fresh).max() < 0.02
    assert np.abs(results["whole"] - fresh).mean() < 0.004


def test_answers_lost_account_for_the_accuracy_without_a_head_but_for_answers_won(results):
    mean = ABLATIONS.index("mean")
    drop = (results["whole"][:, None] - results["without"][:, mean])[..., : data.N_DIGITS]
    lost = results["effect"][:, LOST].astype(float).mean(2).swapaxes(1, 2)
    assert (lost >= drop - 1e-3).all()
    assert (lost - drop).max() < 0.07


def test_with_every_head_off_a_digit_is_a_guess(results):
    assert results["none"][..., : data.N_DIGITS] == pytest.approx(0.1, abs=0.03)


def test_the_stored_sets_keep_what_they_promise_and_no_head_of_the_exact_ones_can_go(results, train):
    config, seed = results.config, 0
    model = Transformer.of({name: train[name][seed] for name in circuits.learning.PARAMETERS})
    parts = Parts.of(model, ablation.balanced(seed + 1000, config.each_set))
    for column in (0, 2):
        each, base = head_sets.margins(parts, column)
        right = len(base) - int(head_sets.wrong(base + each.sum(0)))
        for enough, chosen in zip(ENOUGH, results["smallest"][seed, column], strict=True):
            most = head_sets.allowed(enough, right, len(base))
            assert head_sets.wrong(base + each[chosen].sum(0)) <= most
            if chosen.sum() == results["at_least"][seed, column, ENOUGH.index(enough)]:
                assert all(head_sets.wrong(base + each[chosen].sum(0) - each[h]) > most for h in np.flatnonzero(chosen))


def test_what_a_set_keeps_is_what_the_whole_model_keeps_without_the_others(results, train):
    model = Transformer.of({name: train[name][0] for name in circuits.learning.PARAMETERS})
    parts = Parts.of(model, ablation.balanced(0, results.config.each))
    head = np.arange(32) == 5  # one of the 3,200 sums may tip: in another order float32 rounds otherwise
    for k, name in enumerate(ABLATIONS):
        instead = parts.instead(name)
        whole = results["whole"][0, 2]
        assert circuits.kept(parts, 2, ~head, instead) == pytest.approx(results["without"][0, k, 5, 2] / whole, abs=1e-3)
        assert circuits.kept(parts, 2, head, instead) == pytest.approx(results["alone"][0, k, 5, 2] / whole, abs=1e-3)
    # With the sums that chose them, sets keep their share; on others, with the same ablation, nearly as much.
    kept = results["held_out"][..., ABLATIONS.index("mean")]
    assert (kept > np.array(ENOUGH) - 0.03).all() and (kept <= 1.005).all()


def test_no_search_finds_more_than_is_proven_or_less_than_the_greedy_one(results):
    size = results["smallest"].sum(-1)
    assert (results["at_least"] <= size).all() and (size <= results["greedy"]).all()
    assert (size[..., 0] <= size[..., 1]).all()


def test_the_model_adds_best_where_and_as_it_was_trained(results):
    probe = dict(zip(PROBES, results["probe"].mean(0), strict=True))
    assert probe["random around"] > 0.99 > probe["zeros around"]
    assert probe["position 11"] < 0.5


def test_one_models_analysis_is_that_of_the_committed_run(results):
    quick = results.config.model_copy(update={"models": 1, "draws": 2, "orders": 1, "beam": 1, "nodes": 1})
    model, seed = circuits.trained(1)[0]
    parts = Parts.of(model, ablation.balanced(seed, quick.each))
    assert parts.right(parts.logits).mean(0) == pytest.approx(results["whole"][0], abs=1e-6)
    maps = ablation.maps(parts)
    np.testing.assert_allclose(results["map"].astype(float), maps, rtol=2e-3, atol=2e-3)
    measured = circuits.sharing.measured(ablation.effects(parts))
    np.testing.assert_allclose(results["measured"][0], measured, rtol=1e-3)
