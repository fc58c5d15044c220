"""The compiled training with a hidden ReLU against PyTorch: its gradient, its optimiser, and turns of the hidden space."""

import numpy as np
import pytest
import torch
from scipy import stats

from superposition import runs
from superposition.toy.engine import features, rectified
from superposition.toy.engine.training import AdamW

SEEDS = np.arange(4)
RELU, ISOTROPIC = np.array([False, True, False, True]), np.array([False, False, True, True])
DENSITY, IMPORTANCE = np.full((4, 6), 0.3), 0.75 ** np.arange(6)


@pytest.fixture
def W():
    return np.random.default_rng(0).normal(0, 0.5, (4, 6, 3)).astype(np.float32)


def test_the_gradient_is_that_of_autograd_with_the_hidden_relu_and_without(W):
    b = np.random.default_rng(1).normal(0, 0.1, (4, 6)).astype(np.float32)
    weights, bias = torch.tensor(W, requires_grad=True), torch.tensor(b, requires_grad=True)
    x = features.sample(SEEDS.tolist(), 5, 200, torch.tensor(DENSITY, dtype=torch.float32))
    loss = rectified.loss(weights, bias, x, torch.tensor(IMPORTANCE, dtype=torch.float32), torch.tensor(RELU))
    loss.sum().backward()
    ours = rectified.gradients(
        W, b, IMPORTANCE.astype(np.float32), RELU, DENSITY.astype(np.float32), SEEDS.astype(np.uint64), 5, 200
    )
    assert ours[0] == pytest.approx(loss.detach().numpy(), rel=1e-5)
    assert ours[1] == pytest.approx(weights.grad.numpy(), abs=1e-6)
    assert ours[2] == pytest.approx(bias.grad.numpy(), abs=1e-6)


def trained(W, steps=20, isotropic=ISOTROPIC, job=None, **optimiser):
    return rectified.train(
        W, DENSITY, IMPORTANCE, RELU, isotropic, SEEDS, steps, 128, AdamW(0.01, **optimiser), job or runs.Job()
    )


def test_training_is_that_of_torchs_adamw(W):
    weights, bias = torch.tensor(W, requires_grad=True), torch.zeros(4, 6, requires_grad=True)
    optimiser = torch.optim.AdamW([weights, bias], lr=0.01)
    for step in range(20):
        x = features.sample(SEEDS.tolist(), step, 128, torch.tensor(DENSITY, dtype=torch.float32))
        optimiser.zero_grad()
        rectified.loss(weights, bias, x, torch.tensor(IMPORTANCE, dtype=torch.float32), torch.tensor(RELU)).sum().backward()
        optimiser.step()
    ours_W, ours_b = trained(W, isotropic=np.zeros(4, bool))
    assert ours_W == pytest.approx(weights.detach().numpy(), abs=2e-5)
    assert ours_b == pytest.approx(bias.detach().numpy(), abs=2e-5)


def test_only_the_isotropic_optimiser_without_a_hidden_relu_commutes_with_a_turn_of_the_hidden_space(W):
    turn = stats.special_ortho_group(3, seed=0).rvs().astype(np.float32)
    after = abs(trained(W @ turn)[0] - trained(W)[0] @ turn).max((1, 2))
    assert after[2] < 1e-4
    assert after[[0, 1, 3]].min() > 1e-2


def test_a_killed_training_goes_on_to_the_same_bits(W, tmp_path):
    class Killed(Exception):
        pass

    class Dying(runs.Job):
        checkpoint_seconds = 0.0

        def save_checkpoint(self, key, state, force=False):
            super().save_checkpoint(key, state, force)
            raise Killed

    with pytest.raises(Killed):
        trained(W, 250, job=Dying("cpu", tmp_path))
    resumed = trained(W, 250, job=runs.Job("cpu", tmp_path))
    assert all(np.array_equal(*pair) for pair in zip(resumed, trained(W, 250)))
