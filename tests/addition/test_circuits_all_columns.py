"""Sharing over all columns: matrices whose score is known, noise taken away by hand, stored numbers against the models."""

import numpy as np
import pytest

from superposition import runs
from superposition.addition import circuits_all_columns
from superposition.addition.engine import data
from superposition.addition.measures import ablation, head_sharing
from superposition.addition.measures.ablation import Parts
from superposition.addition.claims.circuits import both_signs, lot_score, modules, shuffled
from superposition.addition.circuits_all_columns import ALL, KINDS, MEASURES

LOST, SCORE = KINDS.index("answers lost"), MEASURES.index("score")


@pytest.fixture(scope="module")
def results():
    return runs.load("addition/circuits_all_columns")


def noise_apart(rng, heads=4, each=6):
    """Parts whose heads say `said` of the pair of digits in the first column, and of all else noise that adds up to 0."""
    pair = ablation.balanced(0, each)
    said = rng.normal(size=(heads, 100, 10)) * 2
    noise = rng.normal(size=(len(pair), heads, 10)) * 50
    for k in range(100):  # noise that is none, on average over the sums with a pair
        here = pair[:, 0] == k
        noise[here] -= noise[here].mean(0)
    noise[:, -1] = -noise[:, :-1].sum(1)
    table = said[:, pair[:, 0]].swapaxes(0, 1)
    answers = np.zeros((len(pair), data.N_DIGITS), np.uint8)
    answers[:, 0] = said.sum(0).argmax(-1)[pair[:, 0]]
    spoken = np.repeat((table + noise)[:, None], data.N_DIGITS, 1).astype(np.float32)
    return said, Parts(spoken, np.zeros((data.N_DIGITS, 10), np.float32), answers, pair)


def test_modules_score_the_heads_over_the_columns_and_in_each_column_more():
    effect = np.kron(np.eye(6), np.ones((100, 5)))
    assert head_sharing.measured(effect)[SCORE] == pytest.approx(modules(30)) == pytest.approx(5)
    assert head_sharing.measured(effect[:100])[SCORE] == pytest.approx(modules(30, whole=False))


def test_a_head_that_only_cancels_noise_is_missed_at_its_mean_but_not_for_what_it_says_of_the_pair():
    said, made = noise_apart(np.random.default_rng(3))
    lost = circuits_all_columns.without_pair(made)[0]
    truth = np.stack([(said.sum(0) - said[h] + said[h].mean(0)).argmax(-1) != said.sum(0).argmax(-1) for h in range(4)], 1)
    assert (lost == truth).mean() > 0.99  # float32 beside noise of fifty
    assert ablation.effects(made)[LOST, 0].mean() > 1.2 * lost.mean()


def test_quiet_heads_say_the_average_of_what_they_say_of_each_pair():
    said, made = noise_apart(np.random.default_rng(4))
    quiet = circuits_all_columns.quiet(made, 0)
    np.testing.assert_allclose(quiet.heads[:, 0], said.swapaxes(0, 1), atol=1e-3)
    assert (quiet.logits.argmax(-1) == quiet.answers).all()


def test_lots_keep_what_they_say_they_keep():
    rng = np.random.default_rng(0)
    effect = rng.exponential(size=(60, 8)) * rng.exponential(size=8) * rng.exponential(size=(60, 1))
    truth, (heads, pairs) = circuits_all_columns.measured(effect), circuits_all_columns.lot(effect, 20, 0)
    for which, what in ((heads, "circuits per head"), (pairs, "heads per circuit")):
        assert which[:, MEASURES.index(what)] == pytest.approx(truth[MEASURES.index(what)])
    assert (heads[:, 0] != pytest.approx(truth[0])) and (np.diff(heads[:, :3], axis=0) >= -1e-9).all()


def test_patterns_count_equal_singular_values_and_little_of_small_ones():
    effect = np.diag([3.0, 3, 3, 0.1])
    assert circuits_all_columns.measured(effect)[MEASURES.index("patterns")] == pytest.approx(3, abs=0.01)


def test_columns_by_themselves_score_as_in_the_run_on_a_tenth_of_the_sums(results):
    """Fewer sums tell less of rank and scatter more, so this holds roughly."""
    other = runs.load("addition/circuits")["measured"][..., : SCORE + 1]
    found = results["measured"][:, : other.shape[1], :ALL, : SCORE + 1]
    assert np.abs(found / other - 1).mean() < 0.03 and np.abs(found / other - 1).max() < 0.12


def test_the_score_over_all_columns_is_that_of_the_stored_effects_but_for_the_number_of_sums(results):
    effect = runs.load("addition/circuits")["effect"][:, LOST].astype(float)
    few = [head_sharing.measured(one.reshape(-1, 32))[SCORE] for one in effect]
    np.testing.assert_allclose(results["measured"][:, LOST, ALL, SCORE], few, rtol=0.04)
    assert (results["measured"][:, LOST, ALL, SCORE] > modules(32)).all()


def test_no_set_of_quiet_heads_is_smaller_than_proven_and_noise_only_makes_sets_larger(results):
    noisy = runs.load("addition/circuits")["smallest"][:, 0].sum(-1)
    assert (results["least_proven"] <= results["least"]).all() and (results["least"][:, 0] <= results["least"][:, 1]).all()
    assert (results["least"] <= noisy).all()


def test_the_group_of_the_ones_keeps_more_than_a_guess_and_less_than_all(results):
    assert ((results["group_kept"] > 0.1) & (results["group_kept"] < 1)).all()


def test_the_score_by_lot_is_that_of_the_larger_lot(results):
    assert (lot_score(results) == results["lot"][..., 1, SCORE].max(-1)).all()


def test_signs_that_are_all_equal_are_not_both_signs_however_shuffled():
    effect = np.abs(np.random.default_rng(0).normal(size=(1, 100, 32)))
    assert both_signs(effect) == 0 and both_signs(shuffled(effect)) == 0
    assert np.sort(shuffled(effect), 1) == pytest.approx(np.sort(effect, 1))
