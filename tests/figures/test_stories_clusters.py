"""The pictures of clusters of neurons, and of heads and skip trigrams, draw what they are given."""

import numpy as np
import pytest

from superposition.figures import stories, style

COUNTS = [2, 4, 8]


def test_stability_has_a_panel_for_each_algorithm_and_space_with_a_line_a_layer_above_the_band_of_the_null():
    rng = np.random.default_rng(0)
    stability, null = rng.random((2, 3, 2, 3)), rng.random((2, 3, 40, 3))
    axes = stories.cluster_stability(COUNTS, stability, null, ["Ward", "k-means"], ["a", "b", "c"]).axes
    assert len(axes) == 6 and [ax.get_title() for ax in axes[:3]] == ["a", "b", "c"]
    assert [axes[0].get_ylabel(), axes[3].get_ylabel()] == ["Ward", "k-means"]
    for ax, lines, draws in zip(axes, stability.reshape(6, 2, 3), null.reshape(6, 40, 3), strict=True):
        assert [line.get_ydata().tolist() for line in ax.get_lines()] == lines.tolist()
        band = ax.collections[0].get_paths()[0].vertices[:, 1]
        assert (band.min(), band.max()) == pytest.approx((np.quantile(draws, 0.05, 0).min(), np.quantile(draws, 0.95, 0).max()))


def test_agreement_is_a_line_a_layer_in_the_colour_of_its_comparison_and_the_lots_are_dashed():
    values = np.random.default_rng(0).random((3, 2, 3))
    (ax,) = stories.cluster_agreement(COUNTS, values, ["a", "b", "c"], 0.07).axes
    *lines, lot = ax.get_lines()
    assert [line.get_ydata().tolist() for line in lines] == values.reshape(6, 3).tolist()
    assert len({line.get_color() for line in lines}) == 3 and lot.get_ydata()[0] == 0.07
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b", "c"]


def test_a_map_has_every_neuron_where_it_lies_in_the_colour_of_its_cluster():
    points, labels = np.random.default_rng(0).standard_normal((2, 9, 2)), np.arange(9) % 3
    axes = stories.neuron_maps(points, [labels, labels], ["one", "other"]).axes
    for ax, own in zip(axes, points, strict=True):
        (dots,) = ax.collections
        np.testing.assert_allclose(dots.get_offsets(), own)
        np.testing.assert_allclose(dots.get_facecolors(), style.importance_colours(3)[labels])


def test_head_features_draws_each_mode_on_a_scale_of_its_own():
    effect = np.random.default_rng(0).standard_normal((2, 20, 4)) * np.array([5, 0.5])[:, None, None]
    panels = [ax for ax in stories.head_features(effect, ["on", "off"]).axes if ax.images]
    for ax, one in zip(panels, effect, strict=True):
        assert (ax.images[0].get_array() == one.T).all()
        assert ax.images[0].get_clim() == pytest.approx((-np.quantile(np.abs(one), 0.995), np.quantile(np.abs(one), 0.995)))


def test_told_by_heads_sorts_the_heads_of_each_model():
    (ax,) = stories.told_by_heads(np.array([[3, 9, 1], [0, 2, 0]]), ["trained", "turned"], 20, 8).axes
    first, second, limit = ax.get_lines()
    assert first.get_ydata().tolist() == [9, 3, 1] and second.get_ydata().tolist() == [2, 0, 0] and limit.get_ydata()[0] == 8
