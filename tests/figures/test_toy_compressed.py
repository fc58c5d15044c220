"""Pictures of compressed computation: what is drawn, and where."""

import numpy as np
import pytest

from superposition.figures import toy


def test_losses_stand_as_points_beside_the_line_that_the_labels_allow():
    sigma, trained, least = np.array([0.01, 0.02]), np.array([[0.07, 0.09], [0.06, 0.06]]), np.full((2, 2), 0.05)
    (ax,) = toy.losses_over_mixing(sigma, {"noise": trained}, {"noise": least}, 1 / 12).axes
    dashed, line, points = ax.lines
    assert list(dashed.get_ydata()) == [1 / 12] * 2
    assert list(line.get_ydata()) == [0.05, 0.05]
    assert points.get_ydata() == pytest.approx([0.08, 0.06])


def test_errors_are_sorted_within_each_network():
    errors = {"L2": np.array([[0.3, 0.1], [0.2, 0.4]]), "L4": np.array([[0.2, 0.1]])}
    (ax,) = toy.sorted_errors(errors, {"ignored": 1 / 3}).axes
    assert [list(line.get_ydata()) for line in ax.lines[:3]] == [[0.1, 0.3], [0.2, 0.4], [0.1, 0.2]]
    assert [text.get_text() for text in ax.texts] == ["ignored"]


def test_ands_are_drawn_for_each_size_and_random_ones_up_to_all():
    slopes = {
        "square": (np.array([100.0, 200.0]), np.array([10.0, 40.0])),
        "cube": (np.array([100.0, 200.0]), np.array([10.0, 80.0])),
    }
    at_random = np.array([16, 32, 64]), np.array([[9.0, 28.0, 28.0]])
    fig = toy.ands_over_neurons(np.array([[8, 16]]), np.array([[0.0, 28.0]]), [28], at_random, np.array([7.0]), slopes)
    lines = {line.get_label(): line for line in fig.axes[0].lines}
    assert list(lines["trained networks"].get_xdata()) == [16]
    assert list(lines["neurons that read at random"].get_xdata()) == [16, 32]
    assert list(lines["cube"].get_ydata()) == [10, 80]


def test_every_direction_is_an_arrow_and_every_arrangement_a_line():
    p, values = np.array([0.0, 0.1]), np.array([[0.1, 0.3], [0.5, 0.7]])
    plane, loss, told = toy.directions_without_relu(np.eye(2), p, {"trained": values}, {"trained": 1 - values}).axes
    assert len(plane.lines) >= 2
    assert loss.lines[0].get_ydata() == pytest.approx([0.2, 0.6])
    assert told.lines[0].get_ydata() == pytest.approx([0.8, 0.4])
