"""Small models taken apart by brute force; and what is said of the committed ones, held against these and what must be so."""

from itertools import product

import numpy as np
import pytest
import torch

from superposition import runs, sharing
from superposition.addition import circuits
from superposition.addition.circuits import ENOUGH
from superposition.addition.engine import data, learning_curves
from superposition.addition.engine.transformer import Transformer
from superposition.addition.measures import ablation, head_sets
from superposition.addition.measures.ablation import ABLATIONS, Parts
from superposition.addition.measures.original_heat_maps import PROBES

LOST = ablation.EFFECTS.index("answers lost")
CONFIG = circuits.Config(models=1, each=2, each_set=1, draws=2, orders=2, beam=2, nodes=10**6)


EXPERIMENT = "addition/circuits"


@pytest.fixture(scope="module")
def results():
    return runs.load(EXPERIMENT)


@pytest.fixture(scope="module")
def train():
    return runs.load("addition/train")


def agreeing(rng, heads=6, each=3):
    """Parts of heads that push at random, and are nearly always right together."""
    pair = ablation.balanced(0, each)
    said = rng.normal(size=(len(pair), data.N_ANSWERS, heads, 10)).astype(np.float32)
    answers = said.sum(2).argmax(-1)
    answers[::50] = (answers[::50] + 1) % 10
    return Parts(said, np.zeros((data.N_ANSWERS, 10), np.float32), answers.astype(np.uint8), pair)


def by_hand(parts, column, on):
    """How many digits are right with these heads on and the others at their means."""
    heads = parts.heads[:, column]
    logits = sum(heads[:, h] if on[h] else heads[:, h].mean(0) for h in range(len(on)))
    return int((logits.argmax(-1) == parts.answers[:, column]).sum())


def test_the_smallest_sets_are_those_of_all_sets_and_keep_on_other_sums_what_the_same_heads_keep_by_hand():
    parts, others = agreeing(np.random.default_rng(1)), agreeing(np.random.default_rng(2))
    sets = list(product([False, True], repeat=6))
    found = circuits.sufficient(parts, others, CONFIG, 0)
    for column in (0, 4):
        right, whole = [by_hand(parts, column, on) for on in sets], by_hand(parts, column, [True] * 6)
        sizes, bounds = circuits.smallest(parts, column, 2, 10**6)
        for k, enough in enumerate(ENOUGH):
            least = min(sum(on) for on, count in zip(sets, right, strict=True) if count >= enough * whole)
            assert sizes[k] == bounds[k] == found["smallest"][column, k].sum() == found["at_least"][column, k] == least
            chosen = found["smallest"][column, k]
            assert by_hand(parts, column, chosen) >= enough * whole
            kept = by_hand(others, column, chosen) / by_hand(others, column, [True] * 6)
            assert found["held_out"][column, k, ablation.MEAN] == pytest.approx(kept)
            left = by_hand(others, column, ~chosen) / by_hand(others, column, [True] * 6)
            assert found["left_out"][column, k, ablation.MEAN] == pytest.approx(left)
        assert found["grown"][column, [0, -1]] == pytest.approx([right[0] / 300, whole / 300])
        assert found["by_lot"][column, [0, -1]] == pytest.approx([right[0] / 300, whole / 300])


def test_heads_switched_off_and_alone_are_as_right_as_the_transformer_without_their_output_weights(random_model):
    model = random_model(torch.float32, 2, 4, 2)
    pair = ablation.balanced(1, 2)
    found = circuits.switched(Parts.of(model, pair))
    tokens, answers = torch.from_numpy(data.tokens(*ablation.numbers(pair))), data.answers(*ablation.numbers(pair))

    def right(on):
        twin = Transformer.of(model.state_dict() | {"W_O": model.W_O.detach() * torch.tensor(on)[:, None, None]})
        with torch.no_grad():
            return (twin(tokens)[:, data.N_INPUTS :].argmax(-1).numpy() == answers).mean(0)

    assert found["whole"] == pytest.approx(right([1.0] * 4), abs=0.006)
    assert found["none"][ablation.ZERO] == pytest.approx(right([0.0] * 4), abs=0.006)
    for head in range(4):
        alone = [float(h == head) for h in range(4)]
        assert found["alone"][ablation.ZERO, head] == pytest.approx(right(alone), abs=0.006)
        assert found["without"][ablation.ZERO, head] == pytest.approx(right([1 - on for on in alone]), abs=0.006)


def test_one_combination_for_all_circuits_has_rank_one_but_for_noise_and_the_same_answers_lost():
    lost = np.random.default_rng(4).random((2, 100, 8)) * 0.5
    made = circuits.one_combination(lost, 10**9)
    values = np.linalg.svd(made, compute_uv=False)
    assert (values[:, 1] < 1e-3 * values[:, 0]).all()
    for axis in (-1, -2):
        assert made.sum(axis) == pytest.approx(lost.sum(axis), rel=1e-3)
    assert np.linalg.svd(circuits.one_combination(lost, 100), compute_uv=False)[0, 1] > 0.1


def test_as_many_heads_off_by_lot_are_those_that_the_smallest_set_has():
    by_lot, smallest = np.zeros((2, 6, 5)), np.zeros((2, 6, 2, 4), bool)
    by_lot[:, 3] = [[0.1, 0.2, 0.3, 0.4, 0.5], [0.6, 0.7, 0.8, 0.9, 1.0]]
    smallest[0, 3, 1, :1] = smallest[1, 3, 1, :3] = True
    made = runs.Results("made", CONFIG, {"by_lot": by_lot, "smallest": smallest})
    assert circuits.by_lot_without(made, 3, 1).tolist() == [0.4, 0.7]


def test_costly_heads_are_counted_over_all_digits():
    whole, without = np.ones((1, 7)), np.ones((1, 3, 4, 7))
    without[0, 1, :2, 0] = 0.9, 0.95  # a seventh of ten points, and of five
    made = runs.Results("made", CONFIG, {"whole": whole, "without": without})
    assert circuits.costly(made, ablation.MEAN).tolist() == [1] and circuits.costly(made, ablation.ZERO).tolist() == [0]


def test_the_models_are_as_good_on_balanced_sums_as_on_those_that_train_kept_for_later(results, train):
    """Digits of both are uniform; 3,200 sums have a standard error of at most half a point a digit."""
    fresh = train["digit_accuracy"][-1, :, 2]
    assert np.abs(results["whole"] - fresh).max() < 0.02
    assert np.abs(results["whole"] - fresh).mean() < 0.004


def test_answers_lost_account_for_the_accuracy_without_a_head_but_for_answers_won(either):
    mean = ABLATIONS.index("mean")
    drop = (either["whole"][:, None] - either["without"][:, mean])[..., : data.N_DIGITS]
    lost = either["effect"][:, LOST].astype(float).mean(2).swapaxes(1, 2)
    assert (lost >= drop - 1e-3).all()
    assert (lost - drop).max() < 0.07


def test_with_every_head_off_a_digit_is_a_guess(results):
    assert results["none"][..., : data.N_DIGITS] == pytest.approx(0.1, abs=0.03)


def test_the_stored_sets_keep_what_they_promise_and_no_head_of_the_exact_ones_can_go(results, train):
    config, seed = results.config, 0
    model = learning_curves.transformers(train)[seed]
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
    model = learning_curves.transformers(train)[0]
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


def test_no_search_finds_more_than_is_proven_or_less_than_the_greedy_one(either):
    size = either["smallest"].sum(-1)
    assert (either["at_least"] <= size).all() and (size <= either["greedy"]).all()
    assert (size[..., 0] <= size[..., 1]).all()


def test_the_model_adds_best_where_and_as_it_was_trained(results):
    probe = dict(zip(PROBES, results["probe"].mean(0), strict=True))
    assert probe["random around"] > 0.99 > probe["zeros around"]
    assert probe["position 11"] < 0.5


@pytest.mark.parametrize("which", [0, 1])
def test_a_models_analysis_stands_in_its_place(either, which):
    model, seed = circuits.trained(2)[which]
    parts = Parts.of(model, ablation.balanced(seed, either.config.each))
    assert parts.right(parts.logits).mean(0) == pytest.approx(either["whole"][which], abs=1e-6)
    measured = sharing.measured(ablation.effects(parts))
    np.testing.assert_allclose(either["measured"][which], measured, rtol=1e-3)
    if which == 0:
        np.testing.assert_allclose(either["map"].astype(float), ablation.maps(parts), rtol=2e-3, atol=2e-3)
