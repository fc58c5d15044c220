"""The grid's pairing of rates, turns of the hidden space, and the stored models against closed forms."""

import numpy as np
import pytest
import torch

from superposition import configs, metrics, runs
from superposition.toy import dropout
from superposition.toy.engine.networks import keep

RNG = np.random.default_rng(0)


EXPERIMENT = "toy/dropout"


@pytest.fixture(scope="module")
def equal():
    return runs.load(EXPERIMENT)


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


@pytest.mark.parametrize("tied", [True, False])
def test_the_diagonal_is_each_features_own_way_through_both_layers(small, tied, monkeypatch):
    """Probed: what an output gains by its own input, where no ReLU is in the way; weights are random, and have both signs."""
    networks = []

    def untrained(stack, *_, **__):
        networks.append(stack)
        with torch.no_grad():
            stack.b.fill_(100)

    monkeypatch.setattr(dropout, "train", untrained)
    config = small.model_copy(update={"tied": tied, "turns": 2, "rotations": 2})
    arrays, _ = dropout.run(config, runs.Job())
    kept = torch.ones(1, arrays["diagonal"][..., 0].size, config.n_hidden)
    with torch.no_grad():
        probes = torch.cat([torch.zeros(1, config.n_features), torch.eye(config.n_features)])
        out = [networks[0](probe.expand(*kept.shape[:2], -1), kept)[0] for probe in probes]
        own = torch.stack([out[1 + i][:, i] - out[0][:, i] for i in range(config.n_features)], -1).numpy()
    assert arrays["diagonal"].reshape(own.shape) == pytest.approx(own, abs=2e-3)
    assert (own < -0.01).any() != tied


def test_the_diagonal_of_a_tied_model_is_the_square_of_its_lengths(either):
    assert either["diagonal"] == pytest.approx((either["W"].astype(float) ** 2).sum(-1), abs=0.02)


def test_models_are_laid_out_by_rate_sparsity_and_seed(either):
    """By an own forward pass on other data: the loss without dropout, and with it, of the last seed's models."""
    rng, (n, m) = np.random.default_rng(3), either["W"].shape[-2:]
    importance = either.config.importance_decay ** np.arange(n)
    rates, sparsities, seeds = either["loss"].shape
    noisy = 512 * either.config.turns  # examples of the loss with dropout
    for r, s in {(0, 0), (rates - 1, sparsities - 1), (rates - 1, 0), (rates // 2, sparsities // 2)}:
        W, b, rate = *(either[name][r, s, -1].astype(float) for name in ("W", "b")), either["rate"][r]
        x = rng.random((20_000, n)) * (rng.random((20_000, n)) >= either["sparsity"][s])
        keep = (rng.random((20_000, m)) >= rate) / (1 - rate)
        for name, hidden, count in (("loss", x @ W, 20_000), ("noisy_loss", x @ W * keep, noisy)):
            each = (importance * (x - np.maximum(hidden @ W.T + b, 0)) ** 2).sum(1)
            assert either[name][r, s, -1] == pytest.approx(each.mean(), abs=6 * each.std() * (1 / 20_000 + 1 / count) ** 0.5)


def test_models_without_dropout_are_as_good_turned_as_not(either):
    assert either["turned_loss"][0] == pytest.approx(either["noisy_loss"][0], rel=1e-3)


def test_counts_of_pairs_of_intermediate_lengths_and_the_largest_fall_are_those_of_the_sparse_cells(equal):
    """Two rates and three sparsities; at S = 0.9 three of four features have an antipode, or half of them half a length."""
    W = np.zeros((2, 3, 2, 4, 4))
    W[..., :] = np.eye(4)
    W[1, 2, :, 1], W[1, 2, :, 3] = -W[1, 2, :, 0], 0
    W[1, 1, :, 2:] *= 0.5
    W[1, 0] = 0.6  # not looked at
    given = {"W": W, "rate": np.array([0.0, 0.5]), "sparsity": np.array([0.0, 0.5, 0.9])}
    made = runs.Results("made", equal.config, given)
    assert dropout.in_pairs(made, 0.5).tolist() == [[0, 0], [2 / 3, 2 / 3]]
    assert dropout.half_learnt(made, 0.5) == pytest.approx([0.25, 0.25]) and dropout.half_learnt(made, 0.0).tolist() == [0, 0]
    lengths = np.array([1, 1, 0.25, 0.25]) / 2.5  # shares of all squares: their entropy's exponential over 4 is the fall
    falls = [np.exp(-(lengths * np.log(lengths)).sum()) / 4, 3 / 4]
    assert dropout.largest_fall(made) == pytest.approx([min(falls)] * 2)


def test_stored_sparse_models_with_dropout_are_worse_turned():
    decay = runs.load("toy/dropout_decay")
    sparse = decay["sparsity"] >= 0.5
    assert (decay["turned_loss"] > decay["noisy_loss"])[1:, sparse].mean() > 0.95
