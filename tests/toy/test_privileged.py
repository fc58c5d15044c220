"""Measures of a privileged basis on matrices whose answer is known, and the stored models against theory."""

import numpy as np
import pytest
from scipy import stats

from superposition import metrics, runs
from superposition.toy import privileged
from superposition.toy.measures import rotations
from superposition.toy.theory.linear_model import linear_optimum


@pytest.fixture(scope="module")
def results():
    return runs.load("toy/privileged")


def test_a_neuron_with_one_feature_is_single_one_with_two_is_not_and_a_dead_one_does_not_count():
    W = np.array([[1.0, 0, 0.1], [0, 1, 0], [0, 1, 0]])
    both = np.stack([W, 0 * W])
    assert privileged.single(metrics.polysemanticity(both), privileged.used(both)) == pytest.approx([1 / 2, 0])


def test_negative_weights_drive_no_neuron():
    assert privileged.driven(np.array([[1.0, 1], [1, -5], [-3, 0]])) == pytest.approx([2, 1])


def test_rotations_leave_random_directions_as_they_are_and_take_the_basis_from_aligned_ones():
    turns = rotations.draw(5, 200, seed=1)
    aligned = rotations.each(metrics.basis_alignment, np.eye(5)[None], turns)
    assert metrics.basis_alignment(np.eye(5)) == pytest.approx(5)
    assert aligned.mean() == pytest.approx(3 * 5 / 7, rel=0.03)  # the mean over random directions
    random = rotations.each(metrics.basis_alignment, np.random.default_rng(0).normal(size=(1, 4000, 5)), turns[:20])
    assert random.mean() == pytest.approx(3 * 5 / 7, rel=0.02)


def test_without_the_hidden_relu_turning_the_hidden_space_changes_no_loss_and_with_it_all(results):
    ratio = results["rotated_loss"] / results["unrotated_loss"]
    assert ratio[:2] == pytest.approx(1, abs=1e-4)
    assert (ratio[2] > 2).all()


def test_the_loss_before_a_turn_is_the_held_out_loss_on_fewer_examples(results):
    assert np.median(results["unrotated_loss"] / results["loss"], -1) == pytest.approx(np.ones((3, 9)), abs=0.1)


def test_in_dense_data_every_kind_of_model_comes_close_to_the_least_loss_without_superposition(results):
    theory = linear_optimum(np.ones(1), results["importance"], results.config.n_hidden)[0]
    assert (results["loss"][:, 0] > 0.99 * theory).all()
    assert (np.median(results["loss"][:, 0], axis=1) < 1.03 * theory).all()


def test_the_ranks_of_a_model_that_knows_no_basis_are_even(results):
    """Kolmogorov and Smirnov's test over all isotropic models; 32 seeds at each sparsity are independent."""
    assert stats.kstest(results["rank"][1].ravel(), "uniform").pvalue > 0.001
