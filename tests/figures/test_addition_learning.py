"""The pictures of how the transformer learns, and of its carries, draw what they are given."""

import numpy as np
import pytest

from superposition.figures import addition, style

EPOCH = np.array([0, 1, 10, 100, 1000])


@pytest.fixture
def accuracy():
    """(checkpoint, seed, answer)"""
    return np.random.default_rng(0).random((5, 4, 7))


def test_each_seed_has_a_panel_with_a_line_per_digit_from_the_first_epoch_on(accuracy):
    fig = addition.by_position(EPOCH, accuracy)
    shown = [ax for ax in fig.axes if ax.get_visible()]
    assert [ax.get_title(loc="left") for ax in shown] == [f"seed {k}" for k in range(4)]
    for k, ax in enumerate(shown):
        for t, line in enumerate(ax.get_lines()):
            assert line.get_ydata() == pytest.approx(accuracy[1:, k, t]) and line.get_xdata().tolist() == [1, 10, 100, 1000]
            assert line.get_color() == style.importance_hex(7)[t]
        assert ax.get_xscale() == "log" and ax.get_ylim()[0] == 0
    assert [text.get_text() for text in fig.legends[0].get_texts()] == list(addition.PLACES)


def test_seen_sums_are_solid_and_unseen_ones_dashed_in_the_same_colour(accuracy):
    both = np.stack([accuracy[..., :2], accuracy[..., 2:4] / 2])
    lines = addition.splits(EPOCH, both, ["digits", "sums"]).axes[0].get_lines()
    for k in range(2):
        solid, dashed = lines[2 * k : 2 * k + 2]
        assert solid.get_ydata() == pytest.approx(both[k, 1:, :, 0].mean(1))
        assert dashed.get_ydata() == pytest.approx(both[k, 1:, :, 1].mean(1))
        assert solid.get_color() == dashed.get_color() and (solid.get_linestyle(), dashed.get_linestyle()) == ("-", "--")


def test_bars_are_means_over_seeds_and_every_seed_has_its_point():
    series = [np.array([[1.0, 0.8], [0.9, 0.6]]), np.array([[0.5, 0.5], [0.7, 0.9], [0.6, 0.1]])]
    ax = addition.by_chain(series, ["a", "b"]).axes[0]
    assert [bar.get_height() for bar in ax.patches] == pytest.approx([0.95, 0.7, 0.6, 0.5])
    points = [line for line in ax.get_lines() if line.get_marker() == "o"]
    assert [sorted(line.get_ydata()) for line in points] == [sorted(one.ravel()) for one in series]
    assert any(set(line.get_ydata()) == {0.5} and line.get_linestyle() == "--" for line in ax.get_lines())


def test_readings_of_different_length_end_where_they_end(accuracy):
    ax = addition.readings([EPOCH, EPOCH[:4]], [accuracy[..., 0], accuracy[:4, :, 1]], ["at once", "one by one"]).axes[0]
    thick = {line.get_label(): line for line in ax.get_lines() if line.get_linewidth() > 2}
    assert thick["at once"].get_xdata()[-1] == 1000 and thick["one by one"].get_xdata()[-1] == 100
    assert thick["one by one"].get_ydata() == pytest.approx(accuracy[1:4, :, 1].mean(1))


def test_error_bars_reach_the_mean_and_nine_and_its_neighbours_on_the_ring_are_coloured():
    rate = np.stack([np.linspace(0.001, 0.2, 19), np.linspace(0.003, 0.4, 19)])
    ax = addition.by_column_below(rate).axes[0]
    assert [bar.get_height() for bar in ax.patches] == pytest.approx(rate.mean(0)) and ax.get_yscale() == "log"
    colours = [bar.get_facecolor() for bar in ax.patches]
    assert {k for k in range(19) if colours[k] == colours[8]} == {0, 8, 10, 18}
    assert colours[9] != colours[8] and len(set(colours)) == 3


def test_depths_have_a_line_a_kind_and_thin_ones_for_seeds():
    ax = addition.by_depth([np.array([[1.0, 0.7], [0.9, 0.5]]), np.array([[1.0, 1.0]])], ["trained", "built"]).axes[0]
    named = {line.get_label(): line for line in ax.get_lines() if not line.get_label().startswith("_")}
    assert named["trained"].get_ydata() == pytest.approx([0.95, 0.6]) and named["built"].get_ydata().tolist() == [1, 1]
    assert sum(line.get_linewidth() < 1 for line in ax.get_lines()) == 2


def test_heads_stand_in_the_order_of_their_answers_and_idle_ones_last():
    shares = np.zeros((4, 3))
    shares[0, 2], shares[2, 0], shares[3, 1] = 0.5, 0.4, 0.3
    ax = addition.head_columns([shares], ["model"], "share", 0.4).axes[0]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["2", "3", "0", "1"]
    assert np.asarray(ax.get_images()[0].get_array()) == pytest.approx(shares[[2, 3, 0, 1]].T)
    assert ax.get_images()[0].get_clim() == (-0.4, 0.4)


def test_the_largest_logit_is_drawn_thick_and_labelled_with_its_digit():
    u = np.linspace(0, 20, 400, endpoint=False)
    logits = np.cos(2 * np.pi * (u[:, None] - np.arange(10) - 0.5) / 10)
    fig = addition.poles_and_logits(u, 1 / (u[:, None] + [1, 2]), logits, [-1.0, -2.0])
    upper, lower = fig.axes
    assert upper.get_lines()[1].get_ydata() == pytest.approx(1 / (u + 2))
    thick = [line for line in lower.get_lines() if line.get_linewidth() == 3]
    for digit, line in enumerate(thick):
        drawn = np.isfinite(line.get_ydata())
        assert (drawn == (np.floor(u) % 10 == digit)).mean() > 0.98
    assert [text.get_text() for text in lower.texts] == [str(k % 10) for k in range(20)]


def test_recipes_show_wrong_sums_and_where_the_other_training_ends():
    step, accuracy = np.array([0.0, 10, 20]), np.array([[[0, 0], [0.5, 0.7], [0.9, 0.92]]])
    ax = addition.recipes(step, accuracy, ["long"], 0.84, "original").axes[0]
    (mean,) = [line for line in ax.get_lines() if line.get_label() == "long"]
    assert mean.get_ydata() == pytest.approx([0.4, 0.09]) and ax.get_yscale() == "log"
    dashed = [line.get_ydata()[0] for line in ax.get_lines() if line.get_linestyle() == "--"]
    assert dashed == pytest.approx([0.16, 0.01]) and {text.get_text() for text in ax.texts} == {"original", "the goal"}


def test_signals_by_distance_are_drawn_beside_a_tenth_a_column():
    series = [np.array([[1, 0.1, 0.02], [1, 0.3, 0.04]]), np.array([[1, 0.9, 0.8]])]
    ax = addition.by_distance(series, ["many", "one"]).axes[0]
    *seeds, mean, alone, tenth = [line.get_ydata() for line in ax.get_lines()]
    assert np.stack(seeds) == pytest.approx(series[0])
    assert (
        mean == pytest.approx([1, 0.2, 0.03]) and alone == pytest.approx(series[1][0]) and tenth == pytest.approx([1, 0.1, 0.01])
    )
    assert ax.get_yscale() == "log" and [text.get_text() for text in ax.get_legend().get_texts()] == ["many", "one"]
