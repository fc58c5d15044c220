"""Sharing inside and between classes where it is known by hand and by Monte Carlo; equal classes come out equal."""

import numpy as np
import pytest
from scipy import stats

from superposition import runs
from superposition.toy import mixed_sparsity as mixed

CLASSES = mixed.members(2, 3)


@pytest.fixture(scope="module")
def results():
    return runs.load("toy/mixed_sparsity")


def test_the_dense_features_come_first():
    assert CLASSES.tolist() == [[True, True, False, False, False], [False, False, True, True, True]]


def test_a_class_mean_counts_represented_features_alone_and_is_zero_without_any():
    W = np.array([[1.0, 0], [0, 0.2], [0.1, 0], [0, 0.1], [0.2, 0]])
    counts = mixed.counted(W, CLASSES)
    assert counts.sum(-1).tolist() == [1, 0]
    assert mixed.class_mean(np.array([3.0, 100, 5, 5, 5]), counts) == pytest.approx([3, 0])


def test_sharing_by_hand():
    """A dense antipodal pair on one axis; a sparse pair on the other, the second half a length; a sparse one in between."""
    W = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -0.6], [3 / 5, 4 / 5]])
    shared, _ = mixed.shared(W, CLASSES)
    assert shared[0, 0] == pytest.approx(1)
    assert shared[0, 1] == pytest.approx(0.36)
    of_sparse = [0.36 + 0.64, 1 + 0.64, 0.64 + 0.64 * 0.36]
    assert shared[1, 1] == pytest.approx(np.mean(of_sparse))
    assert shared[1, 0] == pytest.approx(np.mean([0, 0, 0.72]))


def test_the_baseline_is_the_mean_over_random_directions_of_the_same_lengths():
    rng = np.random.default_rng(0)
    lengths = np.array([1.0, 0.7, 1.2, 0.9, 0.6])[:, None]
    directions = rng.normal(size=(40_000, 5, 3))
    W = lengths * directions / np.linalg.norm(directions, axis=-1, keepdims=True)
    shared, random = mixed.shared(W, CLASSES)
    assert shared.mean(0) == pytest.approx(random[0], rel=0.02)


def test_the_weight_of_a_class_is_its_density_times_its_importance():
    density, weights = np.array([[0.5, 0.02], [0.02, 0.02]]), np.array([0.04, 1.0, 5.0])
    both = density[:, None] * mixed.importances(density, weights)
    assert both[..., 1] / both[..., 0] == pytest.approx(np.tile(weights, (2, 1)))
    assert mixed.importances(density, weights).max(-1) == pytest.approx(1)
    assert mixed.importances(density, weights)[0, 0] == pytest.approx([1, 1])  # 0.04 is equal importance there


def test_two_classes_that_differ_in_name_alone_come_out_alike(results):
    """Where density and importance are equal; paired over seeds, for all widths and outputs."""
    for mix in (0, 2):
        dimensionality = results["dimensionality"][:, mix, list(results["weight"]).index(1)].astype(float)
        apart = dimensionality[..., 0] - dimensionality[..., 1]
        assert stats.ttest_1samp(apart, 0, axis=-1).pvalue.min() > 0.0005
