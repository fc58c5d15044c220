"""Where neurons fire most, on made-up tallies whose answer is counted by hand."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from superposition import runs
from superposition.stories import neuroscope
from superposition.stories.engine.tallies import BELOW, BINS
from superposition.stories.measures import peaks


def results_of(**arrays):
    return runs.Results("made/up", neuroscope.Config.model_construct(top=2), {k: np.array(a) for k, a in arrays.items()})


def test_the_token_at_a_peak_is_that_of_its_own_text_and_there_is_none_without_a_text():
    made = results_of(text=[5, 6, 7, 8, 9], start=[0, 3, 5], example=[[0, 1, 0], [1, -1, 0]], at=[[2, 0, 0], [1, 0, 0]])
    assert peaks.peaks(made).tolist() == [[7, 8], [9, -1]]


def test_the_share_of_texts_at_the_most_frequent_token_leaves_out_texts_that_are_not_there():
    assert peaks.sameness(np.array([[3, 3, 4, -1], [1, 2, -1, -1]])) == pytest.approx([2 / 3, 1 / 2])


def test_by_chance_two_neurons_of_one_token_each_are_alike_in_one_deal_of_three():
    drawn = peaks.by_chance(np.array([[4, 4], [7, 7]]), 3000, 0)
    assert set(drawn.ravel()) == {0.5, 1.0} and (drawn[:, 0] == drawn[:, 1]).all()
    assert (drawn[:, 0] == 1).mean() == pytest.approx(1 / 3, abs=4 * (2 / 9 / 3000) ** 0.5)


def test_what_a_neuron_gives_at_the_top_is_a_share_of_all_that_it_gives_above_zero():
    counts = np.zeros((2, BINS), int)
    counts[0, BELOW + np.array([0, 1, 9])] = 4, 2, 1  # bins half as wide as 1: at 0.25, 0.75 and 4.75
    counts[0, 0] = 100  # below zero
    made = results_of(counts=counts, level=[-1, 0], peak=[[5.0, 1.0], [0.0, 0.0]])
    assert peaks.share_at_the_top(made, 0.5) == pytest.approx([4.75 / (1 + 1.5 + 4.75), 0])
    assert peaks.share_at_the_top(made, 0.1) == pytest.approx([(1.5 + 4.75) / (1 + 1.5 + 4.75), 0])


def test_of_normal_numbers_the_share_at_the_top_is_what_their_density_has_there():
    weighed = lambda x: x * norm.pdf(x)  # noqa: E731
    top = norm.isf(1 / 1000)
    expected = quad(weighed, 0.8 * top, np.inf)[0] / quad(weighed, 0, np.inf)[0]
    assert peaks.normal_share_at_the_top(1000, 0.8) == pytest.approx(expected)
