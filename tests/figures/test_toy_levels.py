"""The pictures of the chapters on regularised, mixed and resized models draw what they are given."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from superposition.figures import style, toy


@pytest.fixture
def values():
    mean = np.array([[[0.1, 0.2, 0.3], [0.9, 0.8, 0.7]], [[0.5, 0.5, 0.5], [0.0, 0.1, 1.0]]])
    return np.stack([mean, mean - 0.05, mean + 0.05])


def test_each_series_is_drawn_in_its_panel_with_its_band_and_its_null_dashed_in_its_colour(values):
    fig = toy.by_level(*values, ["a", "b"], ["0", "1", "2"], ["left", "right"], "level", "measure", null=values[0] / 2)
    for panel, ax in enumerate(fig.axes):
        lines = ax.get_lines()
        for k in range(2):
            solid, dashed = lines[k], lines[2 + k]
            assert solid.get_ydata() == pytest.approx(values[0, panel, k])
            assert dashed.get_ydata() == pytest.approx(values[0, panel, k] / 2)
            assert solid.get_color() == dashed.get_color() and dashed.get_linestyle() == "--"
            band = ax.collections[k].get_paths()[0].vertices[:, 1]
            assert (band.min(), band.max()) == pytest.approx((values[1, panel, k].min(), values[2, panel, k].max()))
        assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0", "1", "2"]
    assert [ax.get_title() for ax in fig.axes] == ["left", "right"]
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["a", "b", "turned"]


def test_a_null_for_all_series_is_one_grey_curve(values):
    fig = toy.by_level(*values, ["a", "b"], ["0", "1", "2"], ["left", "right"], "level", "measure", np.ones((2, 1, 3)), "chance")
    for ax in fig.axes:
        (dashed,) = [line for line in ax.get_lines() if line.get_linestyle() == "--"]
        assert dashed.get_color() == "0.35" and set(dashed.get_ydata()) == {1}
    assert fig.legends[0].get_texts()[-1].get_text() == "chance"


def test_shares_are_written_in_per_cent_up_to_all_and_without_a_null_nothing_is_dashed(values):
    fig = toy.by_level(*values[:, :1], ["a", "b"], ["0", "1", "2"], [""], "level", "share", share=True)
    ax = fig.axes[0]
    assert ax.get_ylim()[1] == pytest.approx(1.02) and ax.yaxis.get_major_formatter()(1, 0) == "100%"
    assert {line.get_linestyle() for line in ax.get_lines()} == {"-"}
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["a", "b"]


W = np.array([[0.0, -0.9], [0.01, 0.02], [1.0, 0.1], [0.2, 0.8], [-0.7, 0.1]])


def test_rows_are_sorted_by_neuron_then_by_sign_with_the_ignored_features_last():
    assert toy.sorted_by_neuron(W) == pytest.approx(W[[2, 4, 3, 0, 1]])


def test_a_weight_map_shows_the_sorted_weights_with_white_at_zero():
    fig = toy.weight_maps(np.stack([W, -W]), ["a", "b"])
    image = fig.axes[1].get_images()[0]
    assert np.asarray(image.get_array()) == pytest.approx(toy.sorted_by_neuron(-W))
    assert to_hex(image.cmap(image.norm(0.0))) == "#ffffff" and image.get_clim() == (-1, 1)
    assert image.cmap is style.DIVERGING


def test_dimensions_are_counted_for_represented_features_alone_and_each_level_sums_to_one():
    dimensionality = np.array([[[0.5, 0.5, 1.0, 0.1], [1.0, 1.0, 1.0, 1.0]]])
    length = np.array([[[1.0, 1.0, 1.0, 0.1], [1.0, 0.2, 0.2, 0.2]]])
    fig = toy.dimension_maps(dimensionality, length, ["0", "1"], ["a"], "level", bins=4)
    shares = np.asarray(fig.axes[0].get_images()[0].get_array()) ** 2
    assert shares == pytest.approx(np.array([[0, 0], [0, 0], [2 / 3, 0], [1 / 3, 1]]))
