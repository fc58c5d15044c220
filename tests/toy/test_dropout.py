"""The grid's pairing of rates, turns of the hidden space, and the stored models against closed forms."""

import numpy as np
import pytest
import torch

from superposition import configs, metrics, runs
from superposition.toy import dropout
from superposition.toy.engine.networks import keep

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def equal():
    return runs.load("toy/dropout")


@pytest.fixture(scope="module")
def small():
    return configs.read("toy/dropout").quick.model_copy(update={"rates": (0.0, 0.5)})


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
    decay = runs.load("toy/dropout_decay")
    for results in (equal, decay):
        assert results["turned_loss"][0] == pytest.approx(results["noisy_loss"][0], rel=1e-3)
    sparse = decay["sparsity"] >= 0.5
    assert (decay["turned_loss"] > decay["noisy_loss"])[1:, sparse].mean() > 0.95
