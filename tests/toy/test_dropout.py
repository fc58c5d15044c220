"""Dropout in theory against sums over all masks, the grid's pairing, and the stored models against closed forms."""

import itertools

import numpy as np
import pytest
import torch

from superposition import configs, metrics, runs
from superposition.toy import dropout, redundancy
from superposition.toy.networks import keep

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def equal():
    return runs.load("toy/dropout")


@pytest.fixture(scope="module")
def small():
    return configs.read("toy/dropout").quick


def linear_loss(W, b, x, importance, rate):
    """The linear model's loss on each row of x, the mean over all masks."""
    total = 0
    for mask in itertools.product((0, 1), repeat=W.shape[1]):
        weight = np.prod([1 - rate if stays else rate for stays in mask])
        total = total + weight * ((x @ W * mask / (1 - rate) @ W.T + b - x) ** 2 @ importance)
    return total


def test_dropout_adds_to_the_linear_models_loss_what_the_formula_says():
    n, m, rate, density = 6, 3, 0.3, 0.4
    W, b, importance = RNG.normal(size=(n, m)), RNG.normal(size=n), RNG.uniform(0.2, 1, n)
    x = RNG.uniform(size=(400_000, n)) * (RNG.uniform(size=(400_000, n)) < density)
    added = linear_loss(W, b, x, importance, rate) - ((x @ W @ W.T + b - x) ** 2) @ importance
    hidden = ((x @ W) ** 2).mean(0)
    assert added.mean() == pytest.approx(rate / (1 - rate) * hidden @ (importance @ W**2), rel=1e-9)  # on any sample, exactly
    theory = redundancy.penalty(W, density, importance, rate)
    assert added.mean() == pytest.approx(theory, abs=4 * added.std() / len(x) ** 0.5)


@pytest.mark.parametrize(("neurons", "rate"), [(1, 0.5), (4, 0.5), (3, 0.2)])
def test_a_feature_that_k_neurons_share_loses_what_the_formula_says(neurons, rate):
    """One feature, k equal weights: the best length by brute force, with a sum over all masks."""
    x = np.ones((1, 1))
    weights = [np.full((1, neurons), (s / neurons) ** 0.5) for s in np.linspace(0, 1, 2001)]
    losses = [linear_loss(W, np.zeros(1), x, np.ones(1), rate)[0] for W in weights]
    assert min(losses) == pytest.approx(redundancy.lost(neurons, rate), abs=1e-6)


def test_a_full_orthonormal_code_pays_the_same_penalty_in_every_basis_and_a_smaller_one_does_not():
    turn = np.linalg.qr(RNG.normal(size=(4, 4)))[0]
    full, part = np.eye(4), np.eye(4)[:2]
    cost = lambda W: redundancy.penalty(W - W.mean(0), 0.5, np.ones(len(W)), 0.5)  # mean 0: features that no constant drives
    assert cost(np.vstack([full, -full]) @ turn) == pytest.approx(cost(np.vstack([full, -full])))
    assert cost(np.vstack([part, -part]) @ turn) < 0.95 * cost(np.vstack([part, -part]))


def test_measures_do_not_mind_shorter_weights_and_know_known_cases():
    pairs = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1], [0.2, 0.1]])
    assert redundancy.paired(pairs) == redundancy.paired(0.1 * pairs) == 1
    assert redundancy.paired(np.eye(3)) == 0 and redundancy.crowding(np.eye(3)) == pytest.approx(0)
    assert redundancy.represented(0.01 * pairs).tolist() == [True] * 4 + [False]
    assert redundancy.crowding(pairs[:4]) == pytest.approx(0.5)
    assert redundancy.halfway(np.diag([1.0, 0.9, 0.5, 0.1])) == pytest.approx(1 / 4)
    assert redundancy.at_levels(pairs[:4]) == 1


def test_all_rates_see_the_same_data_from_the_same_start_and_their_masks_are_nested(small):
    grid, networks, _ = dropout.stack(small)
    start = networks.W1.detach().reshape(*grid, small.n_features, small.n_hidden)
    assert torch.equal(start[0], start[1]) and not torch.equal(start[0, 0, 0], start[0, 0, 1])
    kept = keep(networks, 0, 64).reshape(64, *grid, small.n_hidden)
    assert (kept[:, 0] == 1).all()
    assert set(kept[:, 1].unique().tolist()) == {0.0, 2.0}  # the rate is one half


@pytest.mark.parametrize("tied", [True, False])
def test_turning_the_hidden_space_changes_no_loss_without_dropout_and_some_with_it(small, tied):
    _, networks, task = dropout.stack(small.model_copy(update={"tied": tied, "seeds": 8}))
    turn = np.linalg.qr(RNG.normal(size=(1, small.n_hidden, small.n_hidden)))[0]
    own, turned = dropout.noisy_losses(networks, task, turn)
    without = networks.dropout.numpy() == 0
    assert turned[without] == pytest.approx(own[without], rel=1e-5)
    assert (np.abs(turned[~without] / own[~without] - 1) > 1e-3).any()


def test_dense_models_have_the_length_and_the_loss_that_the_linear_theory_gives(equal):
    """At S = 0 every output is active: m directions of squared length 1 - r, and a loss of (n - m + m r) / 12."""
    n, m = equal.config.n_features, equal.config.n_hidden
    per_dimension = np.median(metrics.features_per_dimension(equal["W"][1:, 0].astype(float)), axis=-1)
    assert per_dimension == pytest.approx(1 - equal["rate"][1:], rel=0.03)
    assert np.median(equal["noisy_loss"][1:, 0], axis=-1) == pytest.approx((n - m + m * equal["rate"][1:]) / 12, rel=0.02)


def test_no_tied_model_has_a_negative_number_on_its_diagonal(equal):
    assert equal["diagonal"].min() >= 0
    assert equal["diagonal"] == pytest.approx((equal["W"].astype(float) ** 2).sum(-1), abs=0.02)


def test_stored_models_without_dropout_are_as_good_turned_as_not_and_with_dropout_sparse_ones_are_worse(equal):
    ratio = equal["turned_loss"] / equal["noisy_loss"]
    assert abs(ratio[0] - 1).max() < 1e-3
    assert (ratio[6, 2:7] > 1).mean() > 0.9  # rate 0.5
