"""Sharing over all columns: matrices whose score is known, noise taken away by hand, stored numbers against the models."""

import numpy as np
import pytest
import torch

from superposition import runs, sharing
from superposition.addition import circuits_all_columns
from superposition.addition.circuits_all_columns import ALL, LOST, MEASURES, SCORE, lot_score, modules
from superposition.addition.engine import data
from superposition.addition.measures import ablation
from superposition.addition.measures.ablation import Parts


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
    assert sharing.measured(effect)[SCORE] == pytest.approx(modules(30)) == pytest.approx(5)
    assert sharing.measured(effect[:100])[SCORE] == pytest.approx(modules(30, whole=False))


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
    few = [sharing.measured(one.reshape(-1, 32))[SCORE] for one in effect]
    np.testing.assert_allclose(results["measured"][:, LOST, ALL, SCORE], few, rtol=0.04)
    assert (results["measured"][:, LOST, ALL, SCORE] > modules(32)).all()


def test_no_set_of_quiet_heads_is_smaller_than_proven_and_noise_only_makes_sets_larger(results):
    noisy = runs.load("addition/circuits")["smallest"][:, 0].sum(-1)
    assert (results["least_proven"] <= results["least"]).all() and (results["least"][:, 0] <= results["least"][:, 1]).all()
    assert (results["least"] <= noisy).all()


def test_the_group_of_the_ones_keeps_more_than_a_guess_and_less_than_all(results):
    assert ((results["group_kept"] > 0.1) & (results["group_kept"] < 1)).all()


def test_the_score_by_lot_is_the_median_of_that_lot_in_which_it_is_larger(results):
    lot = np.zeros((1, 5, 7, 2, 3, 5))
    lot[0, LOST, ALL, :, :, SCORE] = [[1, 4, 9], [2, 3, 20]]
    lot[0, LOST, 0, :, :, SCORE] = [[5, 6, 7], [6, 8, 9]]
    made = runs.Results("made", results.config, {"lot": lot, "shape_lot": -lot})
    assert lot_score(made)[0, LOST, [ALL, 0]].tolist() == [4, 8]
    assert lot_score(made, "shape_")[0, LOST, [ALL, 0]].tolist() == [-3, -6]


def test_modules_that_break_nothing_else_score_as_modules_and_noise_scores_two_over_pi_of_all_heads():
    """(E|x|)² / E x² of a normal x is 2/π: of so many heads a circuit uses, and of so many circuits a head serves."""
    assert circuits_all_columns.diffuse_score(30, 0.0) == pytest.approx(modules(30))
    assert modules(30) < circuits_all_columns.diffuse_score(30, 0.1) < circuits_all_columns.diffuse_score(30, 0.3) < 30
    assert circuits_all_columns.noise_score(32) == pytest.approx(32 * 2 / np.pi, rel=0.03)


def test_a_models_numbers_are_those_of_its_effects_drawn_by_hand(random_model):
    """The lots by permutations of whole columns and rows of the matrix, one at a time; the group by the transformer's parts."""
    config = circuits_all_columns.Config(models=1, each=2, draws=40, beam=1, nodes=10**6)
    model = random_model(torch.float32, 1, 6, 2)
    found = circuits_all_columns.analysed((model, 5, config))
    parts = Parts.of(model, ablation.balanced(5, 2))
    effect = ablation.effects(parts)[LOST].astype(float).reshape(-1, 6)
    assert found["measured"][LOST, ALL, SCORE] == pytest.approx(sharing.measured(effect)[SCORE])
    rng = np.random.default_rng(1)
    drawn = [sharing.measured(np.stack([rng.permutation(head) for head in effect.T], 1))[SCORE] for _ in range(40)]
    assert found["lot"][LOST, ALL, 0, 1, SCORE] == pytest.approx(np.median(drawn), rel=0.02)
    pairs, quiet = np.arange(100), circuits_all_columns.quiet(parts, 0)
    assert found["least"].tolist() == found["least_proven"].tolist()
    for head, said in enumerate(quiet.heads[:, 0].swapaxes(0, 1)):
        assert said[42] == pytest.approx(parts.heads[parts.pair[:, 0] == 42, 0, head].mean(0))
    assert (quiet.answers[:, 0] == (pairs // 10 + pairs % 10) % 10).all()
