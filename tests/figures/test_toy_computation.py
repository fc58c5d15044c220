"""The pictures of networks that compute draw what they are given."""

import numpy as np
import pytest

from superposition.figures import style, toy

ON = np.array([1.0, 0.1, 0.01])


def test_each_target_has_a_panel_with_both_trainings_and_dashed_what_dedicated_neurons_leave():
    mean = np.arange(12.0).reshape(2, 2, 3) / 12
    three = np.stack([mean, mean - 0.1, mean + 0.1])
    fig = toy.crowding(ON, three, three / 2, mean / 3, ["AND", "OR"], ["ReLU", "GELU"])
    for t, title in enumerate(["AND", "OR"]):
        ax = fig.axes[t]
        lines = ax.get_lines()
        assert ax.get_title() == title and len(lines) == 6 and len(ax.collections) == 4
        for a in range(2):
            plain, staged, dedicated = lines[3 * a : 3 * a + 3]
            for line, factor in ((plain, 1), (staged, 1 / 2), (dedicated, 1 / 3)):
                assert line.get_ydata() == pytest.approx(mean[t, a] * factor) and line.get_color() == plain.get_color()
            assert plain.get_linewidth() < staged.get_linewidth() and dedicated.get_linestyle() == "--"
        assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "0.1", "0.01"]
    names = [text.get_text() for text in fig.axes[2].get_legend().get_texts()]
    assert names == ["ReLU", "GELU", "the same, trained directly", "dedicated neurons"]


def test_every_seed_is_a_dot_and_what_is_below_the_axis_lies_on_its_end():
    loss = np.full((1, 2, 3, 5), 0.1)
    loss[0, 0, 0, 0] = 0
    least = np.zeros((1, 2, 3))
    least[0, 1, 2] = 0.02
    ax = toy.loss_dots(ON, loss, least, ["AND"], ["ReLU", "GELU"], 0.01).axes[0]
    dots = [line for line in ax.get_lines() if len(line.get_ydata()) == 5]
    assert len(dots) == 6 and dots[0].get_ydata().min() == pytest.approx(1e-6) and ax.get_yscale() == "log"
    assert set(ax.get_lines()[-1].get_ydata()) == {0.01}
    (bar,) = ax.collections
    assert bar.get_segments()[0][:, 1] == pytest.approx([0.02, 0.02])


def test_maps_show_the_numbers_in_their_cells_on_one_scale_and_frame_the_cells_asked_for():
    small, large = np.array([[-0.01, -2.0]]), np.array([[0.5], [4.0]])
    fig = toy.matrix_maps([small, large], ["in", "out"], ["a", "b"], ["c", "d"], [[(0, 1)], []])
    left, right = fig.axes
    assert [text.get_text() for text in left.texts] == ["0.0", "−2.0"] and left.get_xlabel() == "c" and right.get_ylabel() == "b"
    assert left.images[0].norm.vmax == right.images[0].norm.vmax == 4
    assert [(p.get_x(), p.get_y()) for p in left.patches] == [(1.5, 0.5)] and not right.patches


def test_a_tall_stack_reaches_from_the_sum_of_negative_to_that_of_positive_weights():
    W = np.array([[[0.0, 1.0], [2.0, 0.5], [-1.0, 0.0]]])
    ax = toy.tall_stacks(W, ["S = 0"], ["note"]).axes[0]
    ends = {round(bar.get_x() + bar.get_width() / 2): [] for bar in ax.patches}
    for bar in ax.patches:
        ends[round(bar.get_x() + bar.get_width() / 2)] += [bar.get_y(), bar.get_y() + bar.get_height()]
    # The neuron of feature 1 stands before that of feature 2.
    assert (min(ends[0]), max(ends[0])) == (0, 1.5) and (min(ends[1]), max(ends[1])) == (-1, 2)
    tallest = max(ax.patches, key=lambda bar: bar.get_height())
    assert tallest.get_facecolor() == pytest.approx(style.importance_colours(3)[1])


def test_a_frame_of_the_film_shows_its_weights_the_loss_so_far_and_the_step():
    rng = np.random.default_rng(0)
    W1, W2 = rng.normal(size=(4, 3, 2)), rng.normal(size=(4, 2, 3))
    frame = toy.computing_film(np.array([0, 5, 20, 80]), W1, W2, np.linspace(1, 0.4, 4), 0.5)
    fig = frame(2)
    for ax, W in zip(fig.axes, (W1[2], W2[2].T)):
        shown = np.asarray(ax.images[0].get_array())
        side = shown.shape[0] // 3
        assert shown[side // 2 :: side, side // 2 :: side] == pytest.approx(W)
    curve, dashed = fig.axes[2].get_lines()
    assert curve.get_xdata().tolist() == [0, 5, 20] and set(dashed.get_ydata()) == {0.5}
    assert fig.texts[0].get_text() == "step 20"
