"""The compiled training step against autograd and torch.optim, alone and in a stack, whole and interrupted."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from superposition.runs import Job
from superposition.toy.engine import features, kernel, training
from superposition.toy.engine.autoencoders import Autoencoders


def stack(instances, n, m, seed=0, relu=True):
    rng = np.random.default_rng(seed)
    model = Autoencoders(list(range(seed, seed + instances)), n, m, relu)
    with torch.no_grad():
        model.b += torch.from_numpy(0.2 * rng.standard_normal((instances, n), np.float32))
    return model, rng.uniform(0.05, 1, (instances, n)).astype(np.float32), rng.uniform(0.1, 2, (instances, n)).astype(np.float32)


def step_gradients(model, density, importance, step, batch):
    arrays = (model.W.detach().numpy(), model.b.detach().numpy(), importance.astype(model.W.detach().numpy().dtype))
    return kernel.gradients(*arrays, model.relu.numpy(), density, np.array(model.seeds, np.uint64), step, batch)


@settings(max_examples=25)
@given(st.integers(1, 9), st.integers(1, 6), st.integers(1, 300), st.integers(0, 2**41), st.booleans(), st.integers(0, 99))
def test_loss_and_gradients_are_autograds_in_float64(n, m, batch, step, relu, seed):
    model, density, importance = stack(3, n, m, seed, relu)
    model.double()
    x = features.sample(model.seeds, step, batch, torch.from_numpy(density)).double()
    loss = model.loss(x, torch.from_numpy(importance.astype(np.float64)))
    loss.sum().backward()
    got = step_gradients(model, density, importance, step, batch)
    for ours, autograd in zip(got, (loss.detach(), model.W.grad, model.b.grad), strict=True):
        np.testing.assert_allclose(ours, autograd.numpy(), rtol=1e-10, atol=1e-10)


def test_the_compiled_step_draws_the_very_numbers_of_the_readable_one():
    """With W = 0 and b = 0 the linear model's error is -x, so the gradient of b is -2 times the batch's mean of x."""
    density = np.array([[0.3, 0.9, 0.02]], np.float32)
    model = Autoencoders([4], 3, 2, relu=False).double()
    with torch.no_grad():
        model.W.zero_()
    for size in (1, 127, 128, 1000):
        x = features.sample([4], 11, size, torch.from_numpy(density)).double()
        _, _, db = step_gradients(model, density, np.ones((1, 3)), 11, size)
        np.testing.assert_allclose(db, -2 * x.mean(0).numpy(), rtol=1e-13)


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine"])
def test_training_follows_torch_optim_adamw_step_by_step(schedule):
    ours, density, importance = stack(2, 6, 3)
    theirs, _, _ = stack(2, 6, 3)
    optimiser = training.AdamW(lr=3e-3, schedule=schedule, warmup=4)
    training.train(ours, density, importance, steps=60, batch=96, optimiser=optimiser)
    adamw = torch.optim.AdamW(theirs.parameters(), lr=1.0)
    for step, rate in enumerate(optimiser.rates(60)):
        adamw.param_groups[0]["lr"] = rate
        adamw.zero_grad()
        x = features.sample(theirs.seeds, step, 96, torch.from_numpy(density))
        theirs.loss(x, torch.from_numpy(importance)).sum().backward()
        adamw.step()
    torch.testing.assert_close(ours.W, theirs.W, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(ours.b, theirs.b, rtol=1e-4, atol=1e-5)


def test_the_pytorch_back_end_agrees_with_the_compiled_one(monkeypatch):
    compiled, density, importance = stack(3, 7, 2, relu=[True, False, True])
    pytorch, _, _ = stack(3, 7, 2, relu=[True, False, True])
    first = training.train(compiled, density, importance, steps=80, batch=200)
    monkeypatch.setattr(training, "_advance_kernel", training._advance_torch)
    second = training.train(pytorch, density, importance, steps=80, batch=200)
    torch.testing.assert_close(compiled.W, pytorch.W, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(first.loss, second.loss, rtol=1e-4)


def test_an_instance_trained_alone_ends_as_it_does_in_a_stack():
    together, density, importance = stack(5, 6, 2)
    training.train(together, density, importance, steps=150, batch=256)
    alone, _, _ = stack(5, 6, 2)
    alone.seeds, alone.relu = alone.seeds[3:4], alone.relu[3:4]
    alone.W, alone.b = (torch.nn.Parameter(p.data[3:4].clone()) for p in (alone.W, alone.b))
    training.train(alone, density[3:4], importance[3:4], steps=150, batch=256)
    assert torch.equal(alone.W[0], together.W[3]) and torch.equal(alone.b[0], together.b[3])


def test_one_seed_gives_one_result_whatever_is_recorded_on_the_way():
    plain, density, importance = stack(2, 5, 2)
    watched, _, _ = stack(2, 5, 2)
    once = training.train(plain, density, importance, steps=100, batch=64, records=10)
    again = training.train(watched, density, importance, steps=100, batch=64, records=10, snapshots=[0, 3, 55, 100])
    assert torch.equal(plain.W, watched.W)
    np.testing.assert_allclose(once.loss, again.loss, rtol=1e-12)
    np.testing.assert_array_equal(again.W[-1], watched.W.detach().numpy())
    assert list(once.step) == list(range(10, 101, 10))


def test_an_interrupted_training_ends_bit_identical(tmp_path, monkeypatch):
    whole, density, importance = stack(2, 5, 2)
    expected = training.train(whole, density, importance, steps=90, batch=64, snapshots=[0, 45])

    class Killed(Exception):
        pass

    class Dying(Job):
        checkpoint_seconds = 0.0
        stops = 0

        def save_checkpoint(self, key, state, force=False):
            super().save_checkpoint(key, state, force)
            self.stops += 1
            if self.stops == 40:
                raise Killed

    with pytest.raises(Killed):
        training.train(stack(2, 5, 2)[0], density, importance, steps=90, batch=64, snapshots=[0, 45], job=Dying(folder=tmp_path))
    resumed, _, _ = stack(2, 5, 2)
    history = training.train(resumed, density, importance, steps=90, batch=64, snapshots=[0, 45], job=Job(folder=tmp_path))
    assert torch.equal(whole.W, resumed.W) and torch.equal(whole.b, resumed.b)
    for name in ("step", "loss", "W", "b"):
        np.testing.assert_array_equal(getattr(history, name), getattr(expected, name))


def test_evaluation_is_the_models_loss_on_data_that_training_never_draws():
    model, density, importance = stack(2, 5, 2)
    x = torch.cat([features.sample(model.seeds, features.HELD_OUT + k, 512, torch.from_numpy(density)) for k in range(3)])
    expected = model.loss(x, torch.from_numpy(importance)).detach().numpy()
    np.testing.assert_allclose(training.evaluate(model, density, importance, batches=3, batch=512), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(density=np.zeros((2, 5), np.float32)), r"density must lie in \(0, 1\], got 0 to 0"),
        (
            dict(density=np.ones((2, 4), np.float32), importance=np.ones((2, 4), np.float32)),
            r"density must be .* = \(2, 5\), got \(2, 4\)",
        ),
        (dict(snapshots=[11]), r"between 0 and 10 steps, got \[11\]"),
    ],
    ids=["density", "shape", "snapshot"],
)
def test_bad_input_is_named(change, message):
    model, density, importance = stack(2, 5, 2)
    arguments = dict(density=density, importance=importance, steps=10) | change
    with pytest.raises(ValueError, match=message):
        training.train(model, **arguments)


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
    arrays, _ = training.train_grid(
        np.full((8, n), density), importance, m, True, steps, batch, training.AdamW(1e-3), seed=100, job=Job()
    )
    weights = torch.tensor(importance, dtype=torch.float32)
    theirs = np.array([_reference(seed, n, m, density, weights, steps, batch) for seed in range(8)])
    ours = arrays["loss"]
    spread = np.sqrt(ours.var(ddof=1) / 8 + theirs.var(ddof=1) / 8)
    assert abs(ours.mean() - theirs.mean()) < 4 * spread
