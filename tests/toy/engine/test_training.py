"""The compiled step of autoencoders against autograd and torch.optim, on features of their own and in sets, and PyTorch's."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from superposition.runs import Job
from superposition.toy.engine import features, networks, training
from superposition.toy.engine.features import KINDS, windows
from superposition.toy.engine.kernel import gradients
from superposition.toy.engine.networks import Networks, Task
from superposition.training import AdamW

SETS = features.stack([windows(kind, 2, 2, 0.3) for kind in KINDS])


def stack(instances=3, n=6, m=3, seed=0, **own):
    """Autoencoders with biases that are not zero, and a task of as many densities and importances."""
    rng = np.random.default_rng(seed)
    made = Networks(list(range(seed, seed + instances)), n, m, tied=True, **{"hidden": "identity"} | own)
    with torch.no_grad():
        made.b.copy_(torch.from_numpy(0.2 * rng.standard_normal((instances, n), np.float32)))
    given = rng.uniform(0.05, 1, (instances, n)), rng.uniform(0.1, 2, (instances, n))
    return made, Task("uniform", "identity", *given)


def reference_loss(made, task, step, batch):
    x = networks.sample(task, made, step, batch).to(made.theta.dtype)
    return made.loss(x, x, torch.from_numpy(networks.own(task.importance, made, made.n_out)).to(made.theta.dtype))


@settings(max_examples=25)
@given(st.integers(1, 9), st.integers(1, 6), st.integers(1, 300), st.integers(0, 2**41), st.booleans(), st.integers(0, 99))
def test_loss_and_gradients_of_any_size_are_autograds_in_float64(n, m, batch, step, relu, seed):
    made, task = stack(3, n, m, seed, output="relu" if relu else "identity")
    made.double()
    loss = reference_loss(made, task, step, batch)
    loss.sum().backward()
    ours, gradient = gradients(*training.compiled(made, task), made.theta.detach().numpy(), step, batch)
    np.testing.assert_allclose(ours, loss.detach(), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(gradient, made.theta.grad, rtol=1e-10, atol=1e-10)


def test_loss_and_gradients_on_features_in_sets_are_autograds_in_float64():
    made, task = stack(3, 4, 2)[0].double(), Task("uniform", "identity", SETS)
    loss = reference_loss(made, task, 7, 300)
    loss.sum().backward()
    ours, gradient = gradients(*training.compiled(made, task), made.theta.detach().numpy(), 7, 300)
    np.testing.assert_allclose(ours, loss.detach(), rtol=1e-10)
    np.testing.assert_allclose(gradient, made.theta.grad, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    "active", [np.array([[0.3, 0.9, 0.02, 0.5]], np.float32), features.stack([windows("correlated", 2, 2, 0.3)])]
)
def test_the_compiled_step_draws_the_very_numbers_of_the_readable_one(active):
    """With W = 0 and b = 0 the linear model's error is -x, so the gradient of b is -2 times the batch's mean of x."""
    made = Networks([4], 4, 2, hidden="identity", output="identity", tied=True).double()
    made.theta.data.zero_()
    for size in (1, 127, 128, 1000):
        x = features.sample([4], 11, size, active).double()
        _, d = gradients(*training.compiled(made, Task("uniform", "identity", active)), made.theta.detach().numpy(), 11, size)
        np.testing.assert_allclose(d[:, 8:], -2 * x.mean(0).numpy(), rtol=1e-13)


@pytest.mark.parametrize("hidden", ["identity", "relu"])
@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine"])
def test_training_follows_torch_optim_adamw_step_by_step(schedule, hidden):
    (ours, task), (theirs, _) = stack(hidden=hidden), stack(hidden=hidden)
    ours.double(), theirs.double()  # where AdamW divides by little, single precision would differ by more than an error
    optimiser = AdamW(lr=3e-3, schedule=schedule, warmup=4)
    training.train(ours, task, steps=60, batch=96, optimiser=optimiser)
    adamw = torch.optim.AdamW(theirs.parameters(), lr=1.0)
    for step, rate in enumerate(optimiser.rates(60)):
        adamw.param_groups[0]["lr"] = rate
        adamw.zero_grad()
        reference_loss(theirs, task, step, 96).sum().backward()
        adamw.step()
    torch.testing.assert_close(ours.theta, theirs.theta, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("isotropic", [False, True])
@pytest.mark.parametrize("sets", [False, True])
def test_the_pytorch_back_end_agrees_with_the_compiled_one(monkeypatch, isotropic, sets):
    kinds = dict(output=["relu", "identity", "relu"], hidden=["identity", "identity", "relu"])
    (compiled, task), (pytorch, _) = stack(3, 4, 2, **kinds), stack(3, 4, 2, **kinds)
    compiled.double(), pytorch.double()
    task = Task("uniform", "identity", SETS) if sets else task
    arguments = dict(steps=80, batch=200, optimiser=AdamW(isotropic=isotropic))
    first = training.train(compiled, task, **arguments)
    monkeypatch.setattr(training, "_advance_kernel", training._advance_torch)
    second = training.train(pytorch, task, **arguments)
    torch.testing.assert_close(compiled.theta, pytorch.theta, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(first.loss, second.loss, rtol=1e-9)


def test_only_the_isotropic_optimiser_without_a_hidden_relu_commutes_with_a_turn_of_the_hidden_space():
    turn = torch.from_numpy(stats.special_ortho_group(3, seed=0).rvs().astype(np.float32))

    def apart(hidden, isotropic):
        (plain, task), (turned, _) = stack(hidden=hidden), stack(hidden=hidden)
        turned.W1.data.copy_(plain.W1.data @ turn)
        for one in (plain, turned):
            training.train(one, task, 20, 128, AdamW(0.01, isotropic=isotropic))
        return (turned.W1 - plain.W1 @ turn).abs().max().item()

    assert apart("identity", True) < 1e-4
    assert min(apart("relu", True), apart("identity", False), apart("relu", False)) > 1e-2


def test_sets_that_are_cut_short_by_a_kill_go_on_to_the_same_bits(tmp_path):
    class Killed(Exception):
        pass

    class Dying(Job):
        checkpoint_seconds = 0.0

        def save_checkpoint(self, key, state, force=False):
            super().save_checkpoint(key, state, force)
            raise Killed

    task, whole = Task("uniform", "identity", SETS), stack(3, 4, 2)[0]
    arguments = dict(steps=50, batch=64, snapshots=[0, 25], records=2)
    expected = training.train(whole, task, **arguments)
    with pytest.raises(Killed):
        training.train(stack(3, 4, 2)[0], task, job=Dying(folder=tmp_path), **arguments)
    resumed = stack(3, 4, 2)[0]
    history = training.train(resumed, task, job=Job(folder=tmp_path), **arguments)
    assert torch.equal(whole.theta, resumed.theta)
    for name in ("step", "loss", "W1", "b"):
        np.testing.assert_array_equal(getattr(history, name), getattr(expected, name))


def _reference(seed, n, m, density, importance, steps, batch):
    """The technique people use: einsum over instances, two uniform draws a step, AdamW with default flags."""
    generator = torch.Generator().manual_seed(seed)
    W = torch.nn.Parameter(torch.randn(1, n, m, generator=generator) * (2 / (n + m)) ** 0.5)
    b = torch.nn.Parameter(torch.zeros(1, n))
    adamw = torch.optim.AdamW([W, b], lr=1e-3)
    for step in range(steps + 50):
        values = torch.rand(batch, 1, n, generator=generator)
        x = torch.where(torch.rand(batch, 1, n, generator=generator) <= density, values, 0.0)
        output = torch.relu(torch.einsum("bih,ifh->bif", torch.einsum("bif,ifh->bih", x, W), W) + b)
        loss = (importance * (x - output) ** 2).sum((1, 2)).mean()
        if step < steps:
            adamw.zero_grad()
            loss.backward()
            adamw.step()
        elif step == steps:
            held_out = []
        if step >= steps:
            held_out.append(loss.item())
    return np.mean(held_out)


@pytest.fixture
def one_thread():
    """Small tensors on several threads wait for each other longer than they compute, most of all on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(("n", "m", "density"), [(5, 2, 0.2), (20, 5, 0.3)])
def test_final_losses_agree_with_the_reference_technique_within_the_spread_over_eight_seeds(n, m, density):
    steps, batch, importance = 800, 256, 0.9 ** np.arange(n)
    arrays, _ = training.train_grid(np.full((8, n), density), importance, m, True, steps, batch, AdamW(1e-3), seed=100, job=Job())
    weights = torch.tensor(importance, dtype=torch.float32)
    theirs = np.array([_reference(seed, n, m, density, weights, steps, batch) for seed in range(8)])
    ours = arrays["loss"]
    spread = np.sqrt(ours.var(ddof=1) / 8 + theirs.var(ddof=1) / 8)
    assert abs(ours.mean() - theirs.mean()) < 4 * spread
