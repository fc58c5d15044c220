"""The committed models of the original's configuration, beside what the original printed."""

import numpy as np
import pytest
import torch

from superposition import runs
from superposition.addition import train
from superposition.addition.engine import data, learning_curves
from superposition.addition.engine.lookup import Lookup


@pytest.fixture(scope="module")
def results():
    return runs.load("addition/train")


@pytest.fixture(scope="module")
def made(small, learnt):
    """A small training as its results, with its models and sums."""
    models, splits, arrays = learnt["at once"]
    return runs.Results("made", small, arrays), models, splits


def test_accuracies_by_chain_are_means_over_the_digits_of_that_chain(made):
    results, models, splits = made
    fresh = splits[learning_curves.FRESH]
    right = models.logits(fresh.seen).argmax(-1) == fresh.answers
    for seed in (0, 1):
        for chain in (0, 1, 6):
            here = fresh.chain[seed] == chain
            expected = right[seed][here].mean() if here.any() else 0
            assert train.by_chain(results)[seed, chain] == pytest.approx(expected, abs=1e-6)
        assert train.after_nines(results)[seed] == pytest.approx(right[seed][fresh.chain[seed] >= 1].mean(), abs=1e-6)
        assert train.right_digits(results, learning_curves.FRESH)[seed] == pytest.approx(right[seed].mean())
        assert train.right_sums(results, learning_curves.FRESH)[seed] == pytest.approx(right[seed].all(-1).mean())


def test_the_gap_is_that_of_the_checkpoint_at_which_sums_trained_on_lead_most(small):
    right = np.zeros((3, 2, 3))
    right[:, 0, learning_curves.TRAIN], right[:, 0, learning_curves.FRESH] = (0.1, 0.9, 0.95), (0.1, 0.2, 0.9)
    right[:, 1, learning_curves.TRAIN], right[:, 1, learning_curves.FRESH] = (0.1, 0.4, 0.8), (0.1, 0.4, 0.7)
    made = runs.Results("made", small, {"sum_accuracy": right})
    assert train.generalisation_gap(made) == pytest.approx([0.7, 0.1])


def learning_in_order(small, orders):
    """Results in which seeds reach a level at their digits' places in the order, a checkpoint of ten epochs each."""
    accuracy = np.full((9, len(orders), 3, 7), 0.1)
    for seed, order in enumerate(orders):
        for answer, place in enumerate(order, 1):
            accuracy[place:, seed, learning_curves.FRESH, answer] = 0.8
    accuracy[1:, :, learning_curves.FRESH, [0, 6]] = 0.99
    accuracy[3, 0, learning_curves.FRESH, 0] = 0.98  # falls back once
    return runs.Results("made", small, {"epoch": 10 * np.arange(9), "digit_accuracy": accuracy})


def test_digits_are_ordered_by_the_epoch_at_which_they_reach_a_level(small):
    made = learning_in_order(small, [[1, 2, 3, 4, 5], [5, 5, 2, 3, 1]])
    assert train.reached(made, 0.75).tolist() == [[10, 10, 20, 30, 40, 50, 10], [10, 50, 50, 20, 30, 10, 10]]
    assert train.order(made, 0.75).tolist() == [[1, 2, 3, 4, 5], [4.5, 4.5, 2, 3, 1]]
    assert train.settled(made, 0, 0.99) == 40
    with pytest.raises(ValueError, match="never right in 0.9"):
        train.reached(made, 0.9)


def test_two_seeds_of_one_order_agree_by_lot_in_one_case_of_five_factorial_and_opposite_ones_always_do(small):
    same, opposite = ([[1, 2, 3, 4, 5], second] for second in ([1, 2, 3, 4, 5], [5, 4, 3, 2, 1]))
    assert train.odds(train.order(learning_in_order(small, same), 0.75)) == pytest.approx(120, rel=0.2)
    assert train.odds(train.order(learning_in_order(small, opposite), 0.75)) == 1


def test_the_notebooks_count_whole_batches_of_the_sums_that_they_print_shares_of():
    for split, counted in ((learning_curves.TRAIN, 97 * 256), (learning_curves.TEST, 7 * 256)):
        digits = train.printed(split) * counted * 7
        assert digits == pytest.approx(digits.round(), abs=1e-5)


def test_three_that_lie_above_all_six_are_there_by_lot_in_one_draw_of_84():
    right = np.linspace(0.97, 0.971, 6)
    assert train.odds_of_printed(right, learning_curves.TEST) == pytest.approx(84)
    assert train.odds_of_printed(np.append(right, 0.98), learning_curves.TEST) == pytest.approx(120 / 4)


def test_the_stored_parameters_add_as_well_as_recorded(results):
    drawn = [data.draw(k, 47_000)[25_000:27_000] for k in range(results.config.seeds)]
    for k, (model, pairs) in enumerate(zip(learning_curves.transformers(results), drawn, strict=True)):
        with torch.no_grad():
            said = model(torch.from_numpy(data.tokens(*pairs.T)))[:, data.N_INPUTS :].argmax(-1).numpy()
        right = said == data.answers(*pairs.T)
        assert right.mean() == pytest.approx(results["digit_accuracy"][-1, k, 1].mean(), abs=2e-4)
        assert right.all(-1).mean() == pytest.approx(results["sum_accuracy"][-1, k, 1], abs=1e-3)


def test_the_films_last_picture_is_the_first_seeds_model(results):
    truth = Lookup.of(learning_curves.transformers(results)[0])
    for name in ("QKV", "out", "WOU"):
        np.testing.assert_allclose(results[f"film_{name}"][-1], getattr(truth, name).detach().numpy(), atol=1e-5)


def test_sums_of_exponentials_stay_far_from_underflow_in_float32(results):
    """The place with the largest score is always there, so the sum is at least exp(−spread) over the tokens in that place."""
    for model in learning_curves.transformers(results):
        by_token, _ = Lookup.of(model).scores
        spread = by_token[:, data.EQUALS].amax(1) - by_token[:, data.EQUALS].amin(1)
        assert spread.max() < 60 < -np.log(np.finfo(np.float32).tiny)


def test_the_stages_of_a_digit_are_a_guess_then_a_coin_then_both(results):
    """The five middle digits of every seed dwell near one tenth, then near one half: the digit is known, its carry is not."""
    middle = results["digit_accuracy"][:, :, 2, 1:6]
    assert (np.abs(middle[:5] - 0.1) < 0.03).mean() > 0.9
    assert (middle[-1] > 0.9).all()
    between = (middle > 0.2) & (middle < 0.45)
    at_half = (middle > 0.45) & (middle < 0.6)
    assert at_half.sum() > 2 * between.sum()


def test_no_checkpoint_shows_sums_trained_on_far_ahead_of_unseen_ones(results):
    assert (results["sum_accuracy"][:, :, 0] - results["sum_accuracy"][:, :, 2]).max() < 0.05


def test_the_ones_are_learnt_before_the_five_digits_that_need_a_carry(results):
    reached = (results["digit_accuracy"][:, :, 2] > 0.75).argmax(0)
    assert (reached[:, :1] <= reached[:, 1:6]).all() and (reached[:, 6] < reached[:, :6].min(1)).all()
