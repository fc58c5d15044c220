"""The pictures of the geometry draw what they are given: heights, levels, places."""

import numpy as np

from superposition.figures.toy import geometry

DENSITY = 10.0 ** -np.linspace(0, 1, 4)
NAMES = ["single feature", "digon", "triangle", "tetrahedron", "pentagon", "square antiprism", "other"]


def test_stacked_columns_are_as_high_as_the_features_they_count():
    counts = np.arange(28.0).reshape(4, 7)
    fig = geometry.polytope_counts(DENSITY, {"trained": counts, "null": 0 * counts}, NAMES)
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


def test_columns_of_unequal_steps_meet_halfway_between_their_points():
    density, counts = np.array([1.0, 0.5, 0.05]), np.ones((3, 7))
    ax = geometry.polytope_counts(density, {"trained": counts}, NAMES).axes[0]
    left, right = (
        np.array([edge(bar) for bar in ax.patches[:3]])
        for edge in (lambda b: b.get_x(), lambda b: b.get_x() + b.get_width() / 0.92)
    )
    np.testing.assert_allclose(left[1:], right[:-1])
    np.testing.assert_allclose(left[1:], [np.sqrt(1 * 2), np.sqrt(2 * 20)])


def test_panels_have_their_titles_and_the_legend_holds_the_shapes_that_occur_in_any():
    features = np.zeros((2, 4, 7))
    features[0, :, 2], features[1, 1, 2], features[1, 3, 3] = 6, 9, 4
    fig = geometry.polytope_counts(DENSITY, {"short": features[0], "long": features[1]}, NAMES)
    assert [ax.get_title() for ax in fig.axes] == ["short", "long"]
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["triangle", "tetrahedron"]


def test_losses_are_drawn_as_what_superposition_saves_of_them():
    loss = [np.array([[0.99, 0.98], [0.97, 0.98]]), np.array([[1.0, 0.99]])]
    density = np.array([0.7, 0.6])
    ax = geometry.over_least([density] * 2, loss, ["long", "short"], (density, np.array([0.95, 0.9])), "perfect").axes[0]
    drawn = {line.get_label(): line.get_xydata() for line in ax.get_lines()}
    np.testing.assert_allclose(drawn["long"], [[0.3, 2], [0.4, 2]])
    np.testing.assert_allclose(drawn["short"], [[0.3, 0], [0.4, 1]], atol=1e-12)
    np.testing.assert_allclose(drawn["perfect"], [[0.3, 5], [0.4, 10]])


def test_what_has_settled_is_shown_up_to_a_sparsity():
    density, values = np.array([1.0, 0.6, 0.3]), np.array([12.0, 3.0, 0.0])
    left, right = geometry.settled([density], [values], [1 + values / 100], ["400 in 30"]).axes
    assert left.get_lines()[0].get_xydata().tolist() == [[0.0, 12], [0.4, 3]]
    np.testing.assert_allclose(right.get_lines()[0].get_ydata(), [1.12, 1.03])


def test_a_solid_has_an_arm_to_each_corner_and_its_edges_seen_from_a_side_that_distorts_nothing():
    np.testing.assert_allclose(geometry.SIDE @ geometry.SIDE.T, np.eye(3), atol=0.01)
    corners, edges = np.eye(3), np.array([[0, 1], [1, 2]])
    ax = geometry.solids([corners], [edges], ["#23855a"], ["a fan"]).axes[0]
    arms, lines, dots = ax.collections
    assert len(arms.get_segments()) == 3 and len(lines.get_segments()) == 2
    np.testing.assert_allclose(dots.get_offsets(), geometry.SIDE.T[:, :2])
