"""The variant that sees the digits of the sum before its own: with the true ones, and on its own."""

import numpy as np
import pytest

from superposition import runs
from superposition.addition.autoregressive import alone, free_running
from superposition.addition.engine import data

EXPERIMENT = "addition/autoregressive"


@pytest.fixture(scope="module")
def results():
    return runs.load(EXPERIMENT)


def test_a_model_on_its_own_sees_what_it_said_itself(learnt):
    models, splits, _ = learnt["one by one"]
    seen = splits[1].seen
    said = alone(models, seen)
    own = seen.copy()
    own[:, :, data.N_INPUTS + 1 :] = said[:, :, :-1]
    assert (models.logits(own).argmax(-1) == said).all()


def test_a_whole_sum_is_right_on_its_own_just_where_it_is_right_with_the_true_digits(learnt):
    models, splits, arrays = learnt["one by one"]
    assert (free_running(models, splits)["free_sum_accuracy"] == arrays["sum_accuracy"][-1]).all()


def test_digits_on_its_own_are_never_righter_than_whole_sums_allow(either):
    """The first digit is read as it is in training; a sum is no righter than its worst digit."""
    free, forced = either["free_accuracy"], either["digit_accuracy"][-1]
    assert free[..., 0] == pytest.approx(forced[..., 0])
    assert (either["free_sum_accuracy"] <= free.min(-1) + 1e-6).all()
    assert either["free_sum_accuracy"] == pytest.approx(either["sum_accuracy"][-1])


def test_a_chain_of_nines_costs_nothing_where_the_digit_before_is_seen(results):
    """Reading all at once, digits above a chain are wrong ten times as often as others."""
    count, right = results["carry_count"][:, 2], results["carry_accuracy"][-1, :, 2] * results["carry_count"][:, 2]
    wrong = 1 - np.stack([right[..., 0].sum(1) / count[..., 0].sum(1), right[..., 1:].sum((1, 2)) / count[..., 1:].sum((1, 2))])
    assert (wrong[1] < 3 * wrong[0] + 0.01).all()
