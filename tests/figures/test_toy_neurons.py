"""The pictures of the chapters on neurons and on an odd feature draw what they are given."""

import numpy as np
import pytest

from superposition.figures import style, toy

DENSITY = np.array([1.0, 0.1, 0.01])


def test_a_stack_reaches_up_to_the_sum_of_positive_weights_and_down_to_that_of_the_negative():
    W = np.array([[[1.0, -0.5], [0.4, 0.2], [-0.3, 0.0]]])
    fig = toy.neuron_stacks(W, ["S = 0"])
    ax = fig.axes[0]
    for neuron in range(2):
        bars = [bar for bar in ax.patches if abs(bar.get_x() + bar.get_width() / 2 - neuron) < 0.1]
        ends = [bar.get_y() + bar.get_height() for bar in bars]
        assert max(ends) == pytest.approx(W[0, :, neuron].clip(0).sum())
        assert min(ends) == pytest.approx(W[0, :, neuron].clip(max=0).sum())
        assert len(bars) == (W[0, :, neuron] != 0).sum()
    tallest = max(ax.patches, key=lambda bar: bar.get_height())
    assert tallest.get_facecolor() == pytest.approx(style.importance_colours(3)[0])
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["1", "2", "3"]
    assert "important" in fig.legends[0].get_title().get_text()
    alike = toy.neuron_stacks(W, ["S = 0"], columns=2, legend="feature")
    assert alike.legends[0].get_title().get_text() == "feature" and alike.get_figwidth() == style.NARROW < fig.get_figwidth()


def test_a_measure_is_drawn_with_its_null_dashed_in_the_same_colour():
    mean = np.array([[1.0, 0.5, 0.1], [0.1, 0.1, 0.0]])
    ax = toy.against_null(DENSITY, mean, mean, mean, mean / 2, ["a", "b"], "share", 1).axes[0]
    solid, dashed = ax.get_lines()[0::2], ax.get_lines()[1::2]
    for k in range(2):
        assert solid[k].get_ydata() == pytest.approx(mean[k]) and dashed[k].get_ydata() == pytest.approx(mean[k] / 2)
        assert solid[k].get_color() == dashed[k].get_color() and dashed[k].get_linestyle() == "--"
    assert ax.get_ylim() == (0, 1)
    assert {text.get_text() for text in ax.texts} == {"a", "b", "a, turned", "b, turned"}


def test_ranks_are_shares_of_models_that_sum_to_one_beside_the_even_share():
    rank = np.array([[0.05, 0.06, 0.55, 1.0], [0.0, 0.3, 0.6, 0.9]])
    fig = toy.rank_histograms(rank, ["a", "b"])
    heights = [bar.get_height() for bar in fig.axes[0].patches]
    assert heights == pytest.approx([0.5, 0, 0, 0, 0, 0.25, 0, 0, 0, 0.25])
    assert set(fig.axes[1].get_lines()[0].get_ydata()) == {0.1}


MULTIPLES = np.geomspace(0.01, 10, 7)


@pytest.fixture
def loss():
    """A pentagon that ends below the third multiple, and a square that costs more from the fourth on; two axes alike."""
    pentagon = np.array([np.nan, np.nan, 3, 3, 3, 3, 3.0])
    square = np.array([1, 1, 2, 4, 6, 8, 10.0])
    return np.stack([[pentagon, square]] * 2)


def test_branches_are_drawn_over_the_better_one_and_dotted_where_they_are_no_minimum(loss):
    stable = np.tile(MULTIPLES < 1, (2, 1))
    fig = toy.loss_branches(MULTIPLES, loss, stable, np.array([0.2, 0.3]), ["pentagon", "square"], ["density", "importance"])
    lines = {line.get_label(): line for line in fig.axes[0].get_lines()}
    assert lines["pentagon"].get_ydata()[2:] == pytest.approx([1.5, 1, 1, 1, 1])
    firm = lines["square"].get_ydata()
    assert firm[MULTIPLES < 1] == pytest.approx([1, 1, 1, 4 / 3]) and np.isnan(firm[MULTIPLES >= 1]).all()
    assert [ax.texts[0].get_text() for ax in fig.axes] == ["×0.20", "×0.30"]


def test_the_jump_is_drawn_at_the_crossing():
    length = np.stack([[np.linspace(0.9, 1.1, 7), np.zeros(7)]] * 2)
    fig = toy.deformation(MULTIPLES, length, np.full((2, 7), 72.0), np.array([0.2, 0.3]), ["density", "importance"])
    upright = [line.get_xdata() for line in fig.axes[0].get_lines() if len(line.get_xdata()) == 2]
    assert [set(x) for x in upright] == [{0.2}, {0.3}]


def test_shares_of_seeds_are_drawn_for_every_shape_that_occurs():
    counts = np.array([[[64, 0, 0], [16, 48, 0]], [[0, 64, 0], [32, 32, 0]]])
    both, crossing = np.array([[0.01, 0.02]] * 2), np.array([0.015] * 2)
    fig = toy.found_shapes(MULTIPLES[:2], counts, both, crossing, ["a", "b", "c"], ["x", "y"])
    lines = {line.get_label(): line.get_ydata() for line in fig.axes[0].get_lines()}
    assert lines["a"] == pytest.approx([1, 0.25]) and lines["b"] == pytest.approx([0, 0.75])
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["a", "b"]


def test_the_border_passes_through_its_points_and_stops_where_it_is_unknown():
    rows, crossing = np.geomspace(0.1, 10, 3), np.array([np.nan, 0.3, 0.1])
    ax = toy.border(rows, crossing, crossing / 2, np.array([[0.3, 1.0], [1.0, 0.4]])).axes[0]
    black = next(line for line in ax.get_lines() if line.get_color() == "black" and line.get_linestyle() == "-")
    assert black.get_xdata() == pytest.approx([0.3, 0.1]) and black.get_ydata() == pytest.approx(rows[1:])
    assert ax.get_xscale() == ax.get_yscale() == "log"
