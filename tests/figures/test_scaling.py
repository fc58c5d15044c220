"""The pictures of scaling draw what they are given."""

import numpy as np

from superposition.figures import scaling

RNG = np.random.default_rng(0)


def test_a_panel_has_dots_of_seeds_a_line_through_their_means_and_dashes_where_something_is_expected():
    one, other, expected = RNG.random((3, 2)), RNG.random((3, 2)), RNG.random(2)
    fig = scaling.by_width([8, 16], {"a": {"x": one, "y": other}, "b": {"y": other}}, {"a": {"z": expected}}, "loss", [8, 16])
    left, right = fig.axes
    dashed, *lines = left.get_lines()
    np.testing.assert_allclose(dashed.get_ydata(), expected)
    assert dashed.get_linestyle() == "--" and left.get_xscale() == left.get_yscale() == "log"
    joined = [line for line in lines if line.get_linestyle() == "-"]
    np.testing.assert_allclose([line.get_ydata() for line in joined], [one.mean(0), other.mean(0)])
    dots = np.concatenate([line.get_ydata() for line in right.get_lines() if line.get_linestyle() == "None"])
    assert sorted(dots) == sorted(other.ravel())
    assert right.get_lines()[-1].get_color() == lines[-1].get_color()
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["z", "x", "y"]


def test_the_dial_is_drawn_step_by_step_with_each_quantity_on_its_own_scale():
    share, loss = RNG.random((3, 2)), RNG.random((3, 2))
    fig = scaling.by_dial([-1, 0.3], {"share": {"x": share}, "loss": {"x": loss}}, ["linear", "log"])
    left, right = fig.axes
    assert [label.get_text() for label in left.get_xticklabels()] == ["−1", "0.3"]
    assert (left.get_ylabel(), right.get_ylabel(), right.get_yscale()) == ("share", "loss", "log")
    np.testing.assert_allclose(right.get_lines()[-1].get_ydata(), loss.mean(0))


def test_every_feature_has_a_dot_at_its_length():
    lengths = RNG.random((2, 5))
    (ax,) = scaling.lengths_by_feature({"γ = 0": lengths}, [8, 16]).axes
    np.testing.assert_allclose([line.get_ydata() for line in ax.get_lines()], lengths)
    assert list(ax.get_lines()[0].get_xdata()) == [1, 2, 3, 4, 5]
