"""Polytopes are recognised however they are turned, numbered and disturbed, and near-misses are not."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superposition import metrics
from superposition.toy.measures import polytopes

SHAPES = range(polytopes.OTHER)


def turned(corners, rng, m=9):
    """The same polytope in a random position of a larger space, its corners in random order."""
    basis = np.linalg.qr(rng.standard_normal((m, m)))[0][: corners.shape[1]]
    return (corners @ basis)[rng.permutation(len(corners))]


def ring(*degrees):
    angle = np.radians(degrees)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


@given(st.sampled_from(list(SHAPES)), st.floats(0.55, 1.5), st.integers(0, 999))
def test_a_polytope_is_named_however_it_is_turned_numbered_scaled_or_disturbed(shape, length, seed):
    rng = np.random.default_rng(seed)
    W = turned(polytopes.CORNERS[shape], rng)
    W = length * (W + rng.uniform(-0.012, 0.012, W.shape))
    assert polytopes.NAMES[polytopes.name(W)] == polytopes.NAMES[shape]


@pytest.mark.parametrize(("shape", "fraction"), list(enumerate([1, 1 / 2, 2 / 3, 3 / 4, 2 / 5, 3 / 8])))
def test_perfect_polytopes_have_the_dimensionalities_that_the_paper_lists(shape, fraction):
    corners = polytopes.CORNERS[shape]
    np.testing.assert_allclose(np.linalg.norm(corners, axis=1), 1)
    np.testing.assert_allclose(metrics.feature_dimensionality(corners), fraction)
    assert polytopes.dimensionality(shape) == pytest.approx(fraction)


def test_the_antiprism_is_two_squares_turned_by_half_a_right_angle():
    corners = polytopes.CORNERS[polytopes.NAMES.index("square antiprism")]
    upper, lower = corners[corners[:, 2] > 0], corners[corners[:, 2] < 0]
    for square in (upper, lower):
        distances = sorted(np.linalg.norm(a - b) for a, b in itertools.combinations(square, 2))
        np.testing.assert_allclose(distances, [distances[0]] * 4 + [np.sqrt(2) * distances[0]] * 2)
    angle = [np.degrees(np.arctan2(*corner[:2])) % 90 for corner in (upper[0], lower[0])]
    assert abs(angle[0] - angle[1]) == pytest.approx(45)


NEAR_MISSES = {
    "digon bent by 30 degrees": ring(0, 150),
    "digon with one arm half as long": np.array([[1.0], [-0.5]]),
    "triangle pressed together": ring(0, 100, 260),
    "two at 120 degrees": ring(0, 120),
    "square": ring(0, 90, 180, 270),
    "three in a fan": ring(0, 40, 80),
    "four of a pentagon": ring(0, 72, 144, 216),
    "hexagon": ring(0, 60, 120, 180, 240, 300),
    "pentagon with two corners at one place": ring(0, 10, 144, 216, 288),
    "flattened tetrahedron": polytopes.CORNERS[3] * [1, 1, 0.5],
    "cube": np.array(list(itertools.product([-1, 1], repeat=3))) / np.sqrt(3),
    "octahedron": np.vstack([np.eye(3), -np.eye(3)]),
    "tetrahedron with its mirror image": np.vstack([polytopes.CORNERS[3], -polytopes.CORNERS[3]]),
    "flat antiprism, an octagon": ring(*range(0, 360, 45)),
    "triangular bipyramid": np.vstack([np.pad(ring(0, 120, 240), ((0, 0), (0, 1))), [[0, 0, 1], [0, 0, -1]]]),
    "simplex in four dimensions": np.linalg.svd(np.eye(5) - 0.2)[0][:, :4] * np.sqrt(1.25),
}


@pytest.mark.parametrize("W", list(NEAR_MISSES.values()), ids=list(NEAR_MISSES))
def test_near_misses_and_other_arrangements_are_other(W):
    assert polytopes.NAMES[polytopes.name(W)] == "other"


def test_a_solution_is_cut_into_its_polytopes():
    rng = np.random.default_rng(1)
    parts = [polytopes.CORNERS[k] for k in (0, 1, 1, 2, 3, 4, 5)]
    W, across = np.zeros((sum(map(len, parts)) + 6, 20)), 0
    row = 0
    for part in parts:
        W[row : row + len(part), across : across + part.shape[1]] = part
        row, across = row + len(part), across + part.shape[1]
    W = W @ np.linalg.qr(rng.standard_normal((20, 20)))[0]
    order = rng.permutation(len(W))
    cut = polytopes.clusters(W[order])
    assert sorted(cut.shape.tolist()) == [0, 1, 1, 2, 3, 4, 5] and cut.size.sum() == 24 + 1
    assert (cut.of_feature == -1).sum() == 6
    np.testing.assert_array_equal(cut.of_feature == -1, metrics.norms(W[order]) == 0)
    assert polytopes.features_by_shape(W[None, order]).tolist() == [[1, 4, 3, 4, 5, 8, 0]]


def test_clusters_are_the_components_that_a_search_by_hand_finds():
    W = np.random.default_rng(2).standard_normal((40, 25))
    unit = W / np.linalg.norm(W, axis=1)[:, None]
    near, seen, sizes = np.abs(unit @ unit.T) > 0.45, set(), []
    for first in range(40):
        stack, found = [first], set()
        while stack:
            if (at := stack.pop()) not in seen:
                seen.add(at)
                found.add(at)
                stack += np.flatnonzero(near[at]).tolist()
        sizes += [len(found)] if found else []
    assert sorted(polytopes.clusters(W, threshold=0.45).size.tolist()) == sorted(sizes)


def test_nothing_represented_gives_no_cluster():
    cut = polytopes.clusters(np.full((4, 2), 0.1))
    assert cut.of_feature.tolist() == [-1] * 4 and cut.shape.size == 0
    assert polytopes.features_by_shape(np.full((4, 2), 0.1)).sum() == 0


def test_the_null_keeps_lengths_and_nothing_else():
    W = np.repeat(polytopes.CORNERS[4][None], 300, axis=0) * 0.9
    null = polytopes.scrambled(W, np.random.default_rng(3))
    np.testing.assert_allclose(metrics.norms(null), 0.9)
    assert (polytopes.features_by_shape(null)[:, polytopes.NAMES.index("pentagon")] > 0).mean() < 0.05


def test_of_all_polytopes_of_a_name_the_typical_one_is_the_median_by_deviation():
    W = np.zeros((3, 6, 4))
    for k, bend in enumerate([0.02, 0.0, 0.3]):  # the last is bent too far to be a triangle
        W[k, 1:4, :2] = ring(0, 120, 240)
        W[k, 3, 0] += bend
    W[2, 1:4, 2:] = ring(0, 120, 240)
    W[2, 1:4, :2], W[2, 3, 3] = 0, W[2, 3, 3] + 0.05
    at, members = polytopes.typical(W, polytopes.NAMES.index("triangle"))
    assert at == (0,) and members.tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="no solution holds a pentagon"):
        polytopes.typical(W, polytopes.NAMES.index("pentagon"))


def test_alone_is_what_overlaps_nothing_that_is_represented():
    W = np.zeros((6, 4))
    W[0, 0], W[1, 1], W[2, 1] = 1, 1, -1  # one alone and a digon
    W[3], W[4, 3] = [0.3, 0, 0, 0], 0.9  # one too short to be represented, and another alone
    assert polytopes.alone(np.stack([W, W[::-1]])).tolist() == [[1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1]]


def test_features_are_at_the_levels_of_the_polytopes_they_form_and_none_have_no_share():
    pair, off = np.array([[1.0, 0], [-1, 0]]), np.array([[0, 1.0], [0, -0.3]])  # D = 1/2 twice, and 1 / (1 + 0.09) twice
    W, there = np.stack([np.vstack([pair, off])] * 3), np.array([[1, 1, 1, 1], [1, 1, 1, 0], [0, 0, 0, 0]], bool)
    assert polytopes.at_levels(W, there)[:2].tolist() == pytest.approx([1 / 2, 2 / 3])
    assert np.isnan(polytopes.at_levels(W, there)[2])
