"""The pictures of the heads' planes draw the points that they are given, in limits that hold for a whole film."""

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from superposition.figures import addition

RNG = np.random.default_rng(0)
EPOCH = np.array([0, 1, 1000])


@pytest.fixture
def film():
    digits, places = RNG.normal(size=(3, 4, 10, 2)), RNG.normal(size=(3, 3, 19, 2))
    return digits, places, addition.head_film(digits, places, EPOCH, 7)


def labels(ax, words):
    return {text.get_text(): text for text in ax.texts if text.get_text() in words}


def test_every_frame_puts_digits_and_places_where_they_are_and_keeps_its_limits(film):
    digits, places, frame = film
    limits = []
    for k in (0, 2):
        axes = frame(k).axes
        for column in range(4):
            shown = labels(axes[column], "0123456789")
            assert np.array([shown[str(d)].get_position() for d in range(10)]) == pytest.approx(digits[k, column])
            path, back = axes[column].get_lines()[1:3]
            assert np.array(path.get_xydata()) == pytest.approx(digits[k, column]) and back.get_linestyle() == "--"
        for column in range(3):
            a, b, answers = axes[4 + column].get_lines()[1:4]
            assert np.concatenate([line.get_xydata() for line in (a, b, answers)]) == pytest.approx(places[k, column])
        limits.append([(ax.get_xlim(), ax.get_ylim()) for ax in axes])
        assert {"head 7", f"epoch {EPOCH[k]:,}"} <= {text.get_text() for text in axes[7].texts}
    assert limits[0] == limits[1]


def test_limits_are_square_and_hold_every_checkpoint(film):
    digits, _, frame = film
    for column, ax in enumerate(frame(0).axes[:4]):
        (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
        assert right - left == pytest.approx(high - low)
        x, y = digits[:, column].reshape(-1, 2).T
        assert left < x.min() and x.max() < right and low < y.min() and y.max() < high


def test_what_no_loss_asked_about_is_grey_and_the_rest_is_not(film):
    axes = film[2](0).axes
    colour = [to_rgba(ax.get_lines()[1].get_color()) for ax in axes[:7]]
    grey = [len(set(c[:3])) == 1 for c in colour]
    assert grey == [True, False, False, False, True, False, False]
    assert labels(axes[0], ["never trained"]) and not labels(axes[1], ["never trained"])
    assert len(set(to_rgba(axes[4].get_lines()[3].get_color())[:3])) > 1  # the answers' queries are asked


def test_the_bar_is_as_long_as_it_says(film):
    for ax in film[2](0).axes[:7]:
        start, end = ax.get_lines()[0].get_xdata()
        assert f"{end - start:g}" in labels(ax, [f"{end - start:g}"])


def test_a_panel_shows_what_the_film_does_without_halos(film):
    digits, places, _ = film
    axes = addition.head_panel(digits[1], places[1], EPOCH[1], 7).axes
    shown = labels(axes[2], "0123456789")
    assert np.array([shown[str(d)].get_position() for d in range(10)]) == pytest.approx(digits[1, 2])
    assert not any(text.get_path_effects() for ax in axes for text in ax.texts)
    hidden = [text.get_text() for ax in axes for text in ax.texts if not text.get_visible()]
    assert hidden == ["never trained"] and axes[0].get_facecolor() != axes[1].get_facecolor()
    assert {"head 7", "epoch 1"} <= {text.get_text() for text in axes[7].texts}


def test_rings_are_walked_in_order_and_marked_ones_stand_out():
    points = RNG.normal(size=(3, 10, 2))
    fig = addition.rings(points, ["a", "b", "c"], [True, False, True], columns=3)
    for ax, ring, title in zip(fig.axes, points, "abc", strict=True):
        assert np.array(ax.get_lines()[0].get_xydata()) == pytest.approx(ring) and ax.get_title() == title
    colours = [ax.get_lines()[0].get_color() for ax in fig.axes]
    assert colours[0] == colours[2] != colours[1]


def test_a_strip_has_a_row_a_head_in_one_scale_and_a_column_an_epoch():
    ends = RNG.normal(size=(2, 5, 10, 2))
    fig = addition.strip(ends[:, [0, 4]], [3, 9], [0, 1000], ends)
    assert [ax.get_title() for ax in fig.axes] == ["epoch 0", "epoch 1,000", "", ""]
    assert [ax.get_ylabel() for ax in fig.axes] == ["head 3", "", "head 9", ""]
    assert fig.axes[0].get_xlim() == fig.axes[1].get_xlim() != fig.axes[2].get_xlim()


def test_strips_of_all_heads_end_with_digits_in_the_scale_of_the_whole_training():
    whole = RNG.normal(size=(4, 5, 10, 2))
    fig = addition.strips(whole[:, [1, 4]], whole, ["a", "b", "c", "d"], [True, False, False, True], across=3)
    shown = [ax for ax in fig.axes if ax.axison]
    assert len(shown) == 8 and [ax.get_title() for ax in shown[:4]] == ["head 0", "a", "head 1", "b"]
    for k, ax in enumerate(shown):
        assert np.array(ax.get_lines()[0].get_xydata()) == pytest.approx(whole[k // 2, (1, 4)[k % 2]])
        assert len(labels(ax, "0123456789")) == (0, 10)[k % 2]
    assert shown[0].get_xlim() == shown[1].get_xlim() != shown[2].get_xlim()
    colours = [ax.get_lines()[0].get_color() for ax in shown]
    assert colours[0] == colours[1] == colours[6] != colours[2] == colours[4]


def test_ranges_mark_the_median_of_the_values_and_of_their_null():
    values, null = [np.arange(11.0), np.arange(21.0)], [np.array([1.0]), np.array([2.0])]
    ax = addition.ranges(values, ["a", "b"], null, "x", marks=[(3, "here")]).axes[0]
    medians = [line.get_xdata()[0] for line in ax.get_lines() if line.get_marker() == "o"]
    assert medians == [1, 5, 2, 10]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["a", "b"] and ax.get_xlabel() == "x"
    assert ax.get_ylim()[0] > ax.get_ylim()[1] and ax.texts[0].get_text() == "here"


def test_accuracy_is_a_line_of_means_and_a_dot_a_seed():
    accuracy = RNG.uniform(size=(2, 2, 3, 4))
    fig = addition.accuracy_left([0, 2, 9], accuracy, ["keys", "values"], ["waves", "polynomials"])
    for subject, ax in enumerate(fig.axes):
        line, dots = ax.get_lines()[:2]
        assert line.get_ydata() == pytest.approx(accuracy[0, subject].mean(-1)) and len(dots.get_ydata()) == 12
    assert [text.get_text() for text in fig.axes[1].get_legend().get_texts()] == ["waves", "polynomials"]


def test_training_is_drawn_as_medians_over_heads_with_the_start_beside_epoch_one():
    values = RNG.uniform(size=(3, 8))
    ax = addition.over_training(EPOCH, [[values]], [["K"]], ["share"]).axes[0]
    assert ax.get_lines()[0].get_ydata() == pytest.approx(np.median(values, 1))
    assert ax.get_lines()[0].get_xdata() == pytest.approx([0.5, 1, 1000]) and ax.get_title() == "share"


def test_attention_is_black_where_it_is_all_and_a_panel_bears_its_heads_number():
    pattern = np.zeros((3, 7, 19))
    pattern[:, :, 4] = 1
    pattern[1, 2, [4, 10]] = 0.25, 0.75
    axes = addition.attention(pattern, [5, 9, 30], columns=2).axes
    assert [ax.get_title() for ax in axes] == ["5", "9", "30", ""]
    for ax, shares in zip(axes, pattern, strict=False):
        assert np.asarray(ax.get_images()[0].get_array()) == pytest.approx(1 - shares)
        assert [line.get_xdata()[0] for line in ax.get_lines()] == [6, 12]
