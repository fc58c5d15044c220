"""The asymmetric motif in networks made by hand, and the trained networks for |x| against what they were said to do."""

import numpy as np
import pytest
import torch

from superposition import runs
from superposition.toy import absolute
from superposition.toy.engine.networks import Networks

EXPERIMENT = "toy/absolute"


@pytest.fixture(scope="module")
def results():
    return runs.load(EXPERIMENT)


@pytest.fixture
def motif():
    """The paper's: neuron 0 serves feature 0 with 2 · 1/2 and feature 1 with 1/2 · 2, neuron 1 takes 4 away from feature 1."""
    W1 = np.array([[2.0, 1.0], [-0.5, 0.0]])
    W2 = np.array([[0.5, 2.0], [0.0, -4.0]])
    return W1, W2


def test_the_papers_motif_is_found_once_with_its_features_and_neurons_named(motif):
    assert absolute.motifs(*motif) == [(0, 1, 0, 1)]


def test_it_is_no_motif_without_its_inhibitor_or_with_one_for_the_other_side_of_zero(motif):
    W1, W2 = motif
    assert absolute.motifs(W1[:, :1], W2[:1]) == []
    assert absolute.motifs(W1 * [1, -1], W2) == []


def test_two_features_that_interfere_alike_are_no_motif():
    assert absolute.motifs(np.array([[1.0, 1.0], [-1.0, 0.0]]), np.array([[1.0, 1.0], [0.0, -1.0]])) == []


def test_the_reach_is_what_a_network_adds_to_its_outputs_for_a_feature_alone():
    networks = Networks([3], 4, 5)
    W1, W2 = (part.detach().numpy()[0] for part in (networks.W1, networks.W2))
    for sign in (1, -1):
        hidden = networks.neurons(sign * torch.eye(4)[:, None])[:, 0].detach().numpy()
        assert absolute.reach(W1, W2, sign).sum(1) == pytest.approx(hidden @ W2, abs=1e-6)


def test_shuffling_keeps_the_weights_that_serve_and_moves_others_within_their_output():
    rng = np.random.default_rng(0)
    W1, W2 = rng.normal(size=(6, 10)), rng.normal(size=(10, 6))
    other, served = absolute.shuffled(W1, W2, rng), (absolute.service(W1, W2) >= absolute.SERVED).T
    assert (other[served] == W2[served]).all() and (other != W2).any()
    assert np.sort(other, 0) == pytest.approx(np.sort(W2, 0))


def test_a_feature_with_two_neurons_of_its_own_counts_two():
    W1, W2 = np.array([[1.0, -1, 0], [0, 0, 2]]), np.array([[1.0, 0], [1, 0], [0, 0.5]])
    assert absolute.neurons_per_feature(W1, W2) == pytest.approx([2, 1])


def test_motifs_are_those_of_the_weights_beside_them(either):
    for s in range(len(either["motif_sparsity"])):
        found = [len(absolute.motifs(W1, W2)) for W1, W2 in zip(either["motif_W1"][s], either["motif_W2"][s])]
        assert found == either["motifs"][s].tolist()


def test_in_dense_data_hardly_more_features_are_computed_than_two_neurons_each_allow(results):
    assert ((results["loss"][0] < 0.5).sum(-1) <= results.config.n_hidden / 2 + 2).all()


def test_the_stored_best_networks_leave_what_the_stored_losses_say(results):
    """By an own forward pass on own data, for the feature that matters most."""
    x = np.random.default_rng(5)
    for s, sparsity in enumerate(results["sparsity"]):
        data = x.uniform(-1, 1, (20_000, 100)) * (x.random((20_000, 100)) >= sparsity)
        best = (results["loss"][s] @ 0.8 ** np.arange(100)).argmin()
        hidden = np.maximum(data @ results["best_W1"][s], 0)
        assert (hidden > 0).any()
        low = results["loss"][s, best, :10] < 0.05
        answers = hidden @ results["best_W2"][s][:, :10]
        for i in np.flatnonzero(low):
            assert np.corrcoef(answers[:, i], np.abs(data[:, i]))[0, 1] > 0.8
