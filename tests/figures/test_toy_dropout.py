"""The pictures of the chapter on dropout draw what they are given."""

import numpy as np
import pytest

from superposition.figures import toy

RATE = np.array([0.0, 0.5, 0.9])


def test_crowds_are_drawn_as_arrows_without_the_rows_of_zeros():
    V = np.zeros((2, 3, 3, 2))
    V[0, :, :2] = [[1, 0], [0, 0.5]]
    V[1] = 0.7
    fig = toy.crowds(V, ["two", "three"], ["0", "½", "0.9"])
    tips = [ax.collections[1].get_offsets() for ax in fig.axes]
    assert [len(tip) for tip in tips] == [2, 2, 2, 3, 3, 3]
    assert sorted(map(tuple, np.asarray(tips[0]))) == [(0, 0.5), (1, 0)]
    assert [ax.get_title() for ax in fig.axes[:3]] == ["0", "½", "0.9"]
    assert [ax.texts[0].get_text() for ax in fig.axes[::3]] == ["two", "three"]


def test_a_curve_over_rates_has_its_expectation_dashed_in_the_same_colour():
    mean = np.array([[3.0, 2, 1], [1, 1, 1]])
    ax = toy.over_rates(RATE, mean, mean - 0.1, mean + 0.1, ["a", "b"], "features", null=mean / 2).axes[0]
    whole, dashed = ax.get_lines()[::2], ax.get_lines()[1::2]
    for k in range(2):
        assert whole[k].get_ydata() == pytest.approx(mean[k]) and dashed[k].get_ydata() == pytest.approx(mean[k] / 2)
        assert whole[k].get_color() == dashed[k].get_color()
    assert ax.get_ylabel() == "features" and {text.get_text() for text in ax.texts} == {"a", "b"}


def test_a_map_has_a_cell_for_each_rate_and_sparsity_with_the_sparsest_on_top():
    values = np.arange(6.0).reshape(1, 3, 2)
    fig = toy.rate_maps(values, RATE, np.array([0.5, 0.9]), ["title"], "share", (0, 5))
    image = fig.axes[0].images[0].get_array()
    assert np.asarray(image[::8, ::8]) == pytest.approx(values[0].T)
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == ["0.5", "0.9"]
    assert fig.axes[0].images[0].origin == "lower" and fig.axes[0].images[0].get_clim() == (0, 5)


def test_histograms_are_shares_of_the_features_that_there_are():
    D = np.array([[[0.5, 0.5, 1.0, np.nan], [0.4, 0.4, 0.4, 0.4], [np.nan] * 4]])
    ax = toy.dimensionality_histograms(D, RATE, ["S"], columns=1, bins=52).axes[0]
    ink = np.asarray(ax.images[0].get_array())[::4, ::12]
    assert ink.shape == (52, 3) and ink.sum(0) == pytest.approx([1, 1, 0])
    assert ink[int(0.5 / 0.02), 0] == pytest.approx(2 / 3) and ink[:, 1].max() == 1


def test_transitions_are_steps_over_the_sparsity():
    density, overlap = np.array([1.0, 0.5, 0.1]), np.array([[0.0, 0, 1], [0, 0.5, 1]])
    ax = toy.transitions(density, overlap, ["0", "½"], "shared")
    lines = ax.axes[0].get_lines()
    assert [line.get_label() for line in lines] == ["0", "½"] and lines[1].get_ydata() == pytest.approx(overlap[1])
    assert lines[0].get_drawstyle() == "steps-mid" and lines[0].get_xdata() == pytest.approx(1 / density)
