"""The bottleneck in plain PyTorch: its data, its reconstruction and what is explained, against numpy and integrals."""

import numpy as np
import pytest
import torch

from superposition.bottleneck.engine import tied_bottleneck


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_features_are_absent_as_often_as_the_sparsity_says_and_else_uniform():
    density = torch.tensor([1.0, 0.3, 0.02])
    x = tied_bottleneck.sample(density, 4000, 20, generator()).numpy()
    assert x.shape == (3, 4000, 20)
    for own, p in zip(x, density.tolist(), strict=True):
        assert (own > 0).mean() == pytest.approx(p, abs=0.01)
        assert own[own > 0].mean() == pytest.approx(0.5, abs=0.02)
        assert own.var() == pytest.approx(p / 3 - p**2 / 4, rel=0.05)


@pytest.mark.parametrize("relu", [False, True])
def test_each_model_gives_back_what_its_own_weights_say(relu):
    rng = np.random.default_rng(0)
    W, b, x = (torch.tensor(rng.standard_normal(shape)).float() for shape in ((3, 5, 2), (3, 5), (3, 7, 5)))
    found = tied_bottleneck.reconstruct(x, W, b, relu).numpy()
    for k in range(3):
        expected = x[k].numpy() @ W[k].numpy() @ W[k].numpy().T + b[k].numpy()
        np.testing.assert_allclose(found[k], np.maximum(expected, 0) if relu else expected, rtol=1e-4, atol=1e-5)


def test_a_perfect_copy_explains_all_a_guess_at_the_mean_nothing_and_zero_less():
    density, eye, none = torch.tensor([0.5]), torch.eye(4)[None], torch.zeros(1, 4)
    explained = lambda W, b: tied_bottleneck.explained(W, b, False, density, 20_000, generator())
    np.testing.assert_allclose(explained(eye, none), 1)
    np.testing.assert_allclose(explained(0 * eye, none + 0.25), 0, atol=0.02)
    # Var = p/3 - p²/4 = 5/48, and E x² = p/3 = 8/48
    np.testing.assert_allclose(explained(0 * eye, none), 1 - 8 / 5, atol=0.05)


def test_a_linear_model_ends_as_a_projection_and_training_leaves_the_start_alone():
    W, b = tied_bottleneck.start(2, 6, 3, generator())
    before = W.clone()
    density = torch.tensor([1.0, 0.3])
    trained, _ = tied_bottleneck.train(W, b, False, density, 800, 128, 0.01, generator())
    assert torch.equal(W, before) and torch.equal(W[0], W[1])
    for own in trained.numpy():
        np.testing.assert_allclose(own.T @ own, np.eye(3), atol=0.02)
