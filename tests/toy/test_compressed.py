"""Labels against the residual network that they come from, exact losses against samples, and that nothing beats the spectrum."""

import numpy as np
import pytest
import torch

from superposition import runs
from superposition.toy import compressed
from superposition.toy.engine.labelled import Stack
from superposition.toy.theory import label_spectrum

EXPERIMENT = "toy/compressed"


@pytest.fixture(scope="module")
def config():
    return runs.configs.read(EXPERIMENT).full


def test_the_labels_are_what_a_residual_stream_leaves_its_neurons_to_do(config):
    rng = np.random.default_rng((config.seed, 3))
    W_E = rng.standard_normal((config.n, config.embedding))
    W_E /= np.linalg.norm(W_E, axis=1, keepdims=True)
    x = rng.uniform(-1, 1, (5, config.n))
    stream = x @ W_E
    missing = x + np.maximum(x, 0) - stream @ W_E.T  # of the label, when the stream alone is read out
    M = torch.from_numpy(compressed.mixing("embedding", config, 3))
    assert compressed.labels(torch.from_numpy(x), M[None])[0].numpy() == pytest.approx(missing)


def test_mixings_have_the_spread_that_they_are_given(config):
    spread = {kind: compressed.mixing(kind, config, 0)[~np.eye(config.n, dtype=bool)].std() for kind in compressed.KINDS}
    assert spread == pytest.approx({"embedding": 0.032, "symmetric": 0.032, "asymmetric": 0.023, "none": 0}, abs=0.001)
    M = compressed.mixing("symmetric", config, 1)
    assert np.array_equal(M, M.T)
    assert compressed.mixing("symmetric", config, 1, 0.064) == pytest.approx(2 * M)


def test_inputs_are_active_with_probability_p_then_uniform_and_empty_examples_are_left_out():
    x = compressed.sparse(40_000, 10, 0.05, torch.Generator().manual_seed(0))
    assert len(x) / 40_000 == pytest.approx(1 - 0.95**10, abs=0.01)
    active = x[x != 0].numpy()
    assert len(active) / 400_000 == pytest.approx(0.05, abs=0.002)
    assert np.quantile(active, [0.25, 0.5, 0.75]) == pytest.approx([-0.5, 0, 0.5], abs=0.03)


def test_the_loss_of_one_input_at_a_time_is_that_of_samples():
    stack, rng = Stack.create([0], 4, 2, 4, (0.5, 0.5)), np.random.default_rng(0)
    M = 0.1 * torch.randn(1, 4, 4, generator=torch.Generator().manual_seed(0))
    x = np.zeros((200_000, 4), np.float32)
    x[np.arange(len(x)), rng.integers(4, size=len(x))] = rng.uniform(-1, 1, len(x))
    x = torch.from_numpy(x)
    sampled = ((stack(x) - compressed.labels(x, M)) ** 2).mean() / 0.25
    assert compressed.lone_loss(stack, M)[0] == pytest.approx(float(sampled), rel=0.01)


def test_dedicated_neurons_reach_the_least_loss_of_clean_labels_exactly():
    half = torch.eye(4)[None, :, :2]
    clean = torch.zeros(1, 4, 4)
    least = label_spectrum.least(label_spectrum.lone(np.zeros((4, 4))), 2)
    assert compressed.lone_loss(Stack(half, half.mT), clean)[0] == pytest.approx(least) == compressed.naive(4, 2)


def test_no_training_goes_below_what_the_labels_allow(either):
    assert (either["lone_loss"] >= either["lone_least"] - 1e-6).all()
    assert (either["other_loss"] >= either["lone_least"] - 1e-6).all()
    assert (either["sweep_loss"] >= either["sweep_least"] - 1e-6).all()
    assert (compressed.best_alone(either) <= either["lone_loss"]).all()


def test_a_feature_counts_as_learned_where_half_of_a_third_is_left():
    config = runs.configs.read(EXPERIMENT).full
    results = runs.Results(EXPERIMENT, config, {"positive": np.array([[[0.01, 0.2, 1 / 3], [0.1, 0.1, 0.4]]])})
    assert compressed.learned(results, 0).tolist() == [1, 2]
