"""The pictures of small language models draw what they are given."""

import numpy as np
import pytest

from superposition.figures import stories

STEPS = [np.array([0, 10, 20]), np.array([0, 10, 20, 30])]
LOSSES = [np.array([[8.0, 3.5, 3.0], [8.0, 3.6, 3.1]]), np.array([[8.0, 3.0, 2.5, 2.0]])]


def test_each_seed_is_a_line_in_its_models_colour_without_the_loss_of_chance():
    (ax,) = stories.learning(STEPS, LOSSES, ["small", "large"], np.array([6.0, 3.2])).axes
    lines = [line for line in ax.get_lines() if line.get_marker() == "o"]
    assert [line.get_ydata().tolist() for line in lines] == [[3.5, 3.0], [3.6, 3.1], [3.0, 2.5, 2.0]]
    assert [line.get_xdata().tolist() for line in lines] == [[10, 20], [10, 20], [10, 20, 30]]
    assert lines[0].get_color() == lines[1].get_color() != lines[2].get_color()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["small", "large"]


def test_counting_is_a_dashed_line_for_each_order_that_the_picture_has_room_for():
    (ax,) = stories.learning(STEPS, LOSSES, ["small", "large"], np.array([6.0, 3.2, 2.9])).axes
    assert [line.get_ydata()[0] for line in ax.get_lines() if line.get_marker() != "o"] == pytest.approx([3.2, 2.9])
    assert [text.get_text() for text in ax.texts] == ["2-grams", "3-grams"]


def test_the_names_of_the_two_lowest_lines_of_counting_do_not_cover_each_other():
    fig = stories.learning(STEPS, LOSSES, ["small", "large"], np.array([6.0, 3.4, 2.87, 2.84]))
    fig.canvas.draw()
    boxes = [text.get_window_extent() for text in fig.axes[0].texts]
    assert len(boxes) == 3 and not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])
