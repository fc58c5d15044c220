"""The pictures of the geometry draw what they are given: heights, levels, places."""

import numpy as np

from superposition.figures.toy import geometry

DENSITY = 10.0 ** -np.linspace(0, 1, 4)
NAMES = ["single feature", "digon", "triangle", "tetrahedron", "pentagon", "square antiprism", "other"]


def test_stacked_columns_are_as_high_as_the_features_they_count():
    counts = np.arange(28.0).reshape(4, 7)
    fig = geometry.polytope_counts(DENSITY, counts, 0 * counts, NAMES)
    tops = [bar.get_y() + bar.get_height() for bar in fig.axes[0].patches]
    assert max(tops[24:28]) == counts[-1].sum() and [patch.get_height() for patch in fig.axes[1].patches] == [0] * 28


def test_every_feature_is_a_point_at_its_dimensionality_and_levels_are_lines():
    D = np.random.default_rng(0).random((2, 4, 5))
    ax = geometry.dimensionality_scatter(DENSITY, D, [(0.5, "digon ½")]).axes[0]
    level, *points = ax.get_lines()
    assert list(level.get_ydata()) == [0.5, 0.5]
    np.testing.assert_allclose([line.get_ydata() for line in points], D.reshape(2, -1))
    for line in points:
        np.testing.assert_allclose(line.get_xdata().reshape(4, 5), (1 / DENSITY)[:, None] * np.ones(5), rtol=0.4)


def test_dimensions_per_feature_run_through_the_mean_of_the_seeds():
    values = np.random.default_rng(1).random((3, 4))
    ax = geometry.dimensions_per_feature([DENSITY], [values], ["200 in 20"]).axes[0]
    line = next(line for line in ax.get_lines() if line.get_label() == "200 in 20")
    np.testing.assert_allclose(line.get_ydata(), values.mean(0))


def test_prices_are_drawn_in_the_order_of_their_names():
    ratio = np.random.default_rng(2).random((6, 4)) + 1
    ax = geometry.worth(DENSITY, ratio, NAMES).axes[0]
    np.testing.assert_allclose([line.get_ydata() for line in ax.get_lines()], ratio)


def test_clusters_are_placed_apart_and_what_is_in_none_nowhere():
    rng = np.random.default_rng(3)
    sizes = np.array([2, 5, 1, 20])
    of_feature = rng.permutation(np.append(np.repeat(np.arange(4), sizes), [-1, -1]))
    place = geometry.arrange(rng.standard_normal((30, 6)), of_feature, np.array([1, 4, 0, 6]), sizes, width=8)
    assert (np.isnan(place[:, 0]) == (of_feature == -1)).all()
    boxes = [(place[of_feature == c].min(0), place[of_feature == c].max(0)) for c in range(4)]
    for a in range(4):
        for b in range(a):
            assert (boxes[a][0] > boxes[b][1]).any() or (boxes[b][0] > boxes[a][1]).any()


def test_a_solution_has_a_dot_for_each_placed_feature_and_a_line_for_each_edge():
    place = np.array([[0.0, 0], [1, 0], [2, 2], [np.nan, np.nan]])
    ax = geometry.solution(place, np.array([[0, 1], [1, 2]]), np.array([1, 1, 0, 0]), "S = 0.5").axes[0]
    lines, dots = ax.collections
    assert len(lines.get_segments()) == 2 and dots.get_offsets().tolist() == place[:3].tolist()
    assert ax.get_title() == "S = 0.5"
