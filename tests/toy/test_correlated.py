"""The measures of company on arrangements whose answer is known, and the stored models against theory."""

import numpy as np
import pytest
from scipy import optimize

from superposition import runs
from superposition.toy import correlated
from superposition.toy.correlated import RELATIONS


def arrows(*degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


@pytest.fixture(scope="module")
def results():
    return runs.load("toy/correlated")


def test_the_relation_of_each_pair_is_named():
    W = arrows(10, 95, 0, 60, 0, 180, 0, 90)
    W[7] *= 0.3
    assert [RELATIONS[r] for r in correlated.relation(W)] == ["orthogonal", "side by side", "opposite", "lost"]


def test_a_pair_is_antipodal_within_15_degrees_only():
    assert correlated.antipodal(arrows(0, 166, 0, 164)).tolist() == [True, False]


def test_within_and_across_split_all_cosines_between_them():
    W = arrows(0, 90, 180, 270)
    assert correlated.within(W) == pytest.approx([0, 0], abs=1e-12)
    assert sorted(correlated.across(W)) == pytest.approx([-1, -1, 0, 0], abs=1e-12)


def test_sums_of_sets_are_held_wholly_not_at_all_or_by_chance():
    sums = np.repeat(np.eye(2), 2, axis=0)
    differences = sums * np.array([[1], [-1], [1], [-1]])
    assert correlated.common_share(sums[None], 2)[0] == pytest.approx(1)
    assert correlated.common_share(differences[None], 2)[0] == pytest.approx(0, abs=1e-12)
    random = np.random.default_rng(0).standard_normal((4000, 4, 2))
    assert correlated.common_share(random, 2).mean() == pytest.approx(2 / 4, abs=0.02)


def test_antipodal_partners_are_counted_once_each_and_by_set():
    basis = np.eye(3)
    octahedron = np.concatenate([basis, -basis])
    assert [int(k[0]) for k in correlated.partners(octahedron[None], 3)] == [3, 3]
    one_pair = np.stack([basis[0], -basis[0], basis[1], basis[2]])
    assert [int(k[0]) for k in correlated.partners(one_pair[None], 2)] == [1, 0]


def test_the_stored_losses_are_those_of_the_stored_weights_where_the_best_is_exact(results):
    """A model with both pairs antipodal and each pair across the other has no error on features that exclude each other."""
    exact = results["loss_two"][2].min(-1)
    assert (exact < 1e-3 * results["pca_two"][2]).all()


def expected_loss(W, b, p):
    """Two pairs that exclude each other: at most one feature of each is active; its value has nine Gauss points a piece."""
    nodes, weights = np.polynomial.legendre.leggauss(9)
    value, weight = (nodes + 1) / 2, weights / 2
    x, each = [np.zeros((1, 4))], [[(1 - 2 * p) ** 2]]
    for i in range(4):
        x.append(value[:, None] * np.eye(4)[i])
        each.append(weight * p * (1 - 2 * p))
    for i, j in ((0, 2), (0, 3), (1, 2), (1, 3)):
        first, second = (grid.ravel()[:, None] for grid in np.meshgrid(value, value))
        x.append(first * np.eye(4)[i] + second * np.eye(4)[j])
        each.append(np.outer(weight, weight).ravel() * p * p)
    x = np.concatenate(x)
    return np.concatenate(each) @ ((x - np.maximum(x @ W @ W.T + b, 0)) ** 2).sum(1)


@pytest.mark.parametrize("p", [0.1, 0.05, 0.02])
def test_a_cross_with_excluding_pairs_at_right_angles_is_a_minimum_that_costs_what_its_opposite_features_pay(p):
    """Opposite features of different pairs meet with probability 2p² in all and lose 1/6 each;
    the antipodal cross loses nothing."""
    right, antipodal = arrows(0, 90, 180, 270), arrows(0, 180, 90, 270)
    assert expected_loss(antipodal, np.zeros(4), p) == pytest.approx(0, abs=1e-12)
    assert expected_loss(right, np.zeros(4), p) == pytest.approx(2 * p**2 * 2 / 6, rel=0.02)
    noise = 0.02 * np.random.default_rng(0).standard_normal(12)
    start = np.concatenate([right.ravel(), np.zeros(4)]) + noise
    found = optimize.minimize(lambda q: 1e3 * expected_loss(q[:8].reshape(4, 2), q[8:], p), start, method="L-BFGS-B")
    assert (correlated.relation(found.x[:8].reshape(4, 2)) == RELATIONS.index("orthogonal")).all()
    assert 0.85 * 2 * p**2 * 2 / 6 < found.fun / 1e3 < 1.02 * 2 * p**2 * 2 / 6


def test_no_stored_model_of_dense_correlated_pairs_beats_pca_by_much(results):
    """A ReLU can only help where outputs would be negative, which PCA's rarely are for two pairs."""
    assert (results["loss_two"][0, 0] > 0.95 * results["pca_two"][0, 0]).all()
    assert np.median(results["loss_two"][0, 0]) < 1.05 * results["pca_two"][0, 0]


def test_the_widest_gap_between_sums_of_pairs_is_that_of_their_middles():
    middles, half = np.radians([[0, 120, 240], [10, 40, 100]]), np.radians([20, 45, 70])
    angle = np.stack([middles + half, middles - half], -1).reshape(2, 6)
    W = np.stack([np.cos(angle), np.sin(angle)], -1)
    np.testing.assert_allclose(correlated.widest_gap(W), [120, 270])
