"""The compiled step of one-hidden-layer networks against autograd, torch.optim, closed forms and the readable sampler."""

from itertools import product

import numpy as np
import pytest
import torch
from numba import njit

from superposition.runs import Job
from superposition.toy.engine import features, kernel, networks, training
from superposition.toy.engine.networks import ACTIVATIONS, INPUTS, PAIRED, TARGETS, Networks, Task
from superposition.training import AdamW

BLOCK = kernel.BLOCK


@pytest.fixture(autouse=True)
def one_thread():
    """Small tensors on several threads wait for each other longer than they compute, most of all on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def stack(tied=False, target="abs", inputs="signed", n_in=4, m=3, **own):
    """Networks with every pair of activations, with and without dropout and L1, biases that are not zero, and a task."""
    n_out = n_in // 2 if target in PAIRED else n_in
    hidden, output, dropout, l1 = zip(*product(ACTIVATIONS, ACTIVATIONS, (0.0, 0.4), (0.0, 0.3)))
    each = dict(hidden=hidden, output=output, dropout=np.array(dropout), l1=np.array(l1)) | own
    made, rng = Networks(list(range(len(hidden))), n_in, m, n_out, tied=tied, **each), np.random.default_rng(0)
    with torch.no_grad():
        made.b.copy_(torch.from_numpy(0.2 * rng.standard_normal(made.b.shape)))
    density, importance = rng.uniform(0.05, 1, (len(hidden), n_in)), rng.uniform(0.1, 2, (len(hidden), n_out))
    return made, Task(inputs, target, density.astype(np.float32), importance.astype(np.float32))


def reference_loss(made, task, step, batch):
    x, keep = networks.sample(task, made, step, batch), networks.keep(made, step, batch)
    x, keep, importance = (t.to(made.theta.dtype) for t in (x, keep, torch.as_tensor(task.importance)))
    return made.loss(x, task.targets(x), importance, keep)


# Tied weights give as many outputs as inputs, so they can't answer pairs.
FITTING = [case for case in product((False, True), INPUTS, TARGETS) if not case[0] or case[2] not in PAIRED]


@pytest.mark.parametrize(("tied", "inputs", "target"), FITTING)
def test_loss_and_gradients_are_autograds_in_float64_for_all_activations_with_and_without_dropout_and_l1(tied, inputs, target):
    made, task = stack(tied, target, inputs)
    made.double()
    for step, batch in ((3, BLOCK + 22), (2**20, 5)):
        made.zero_grad()
        expected = reference_loss(made, task, step, batch)
        expected.sum().backward()
        loss, gradient = kernel.gradients(*training.compiled(made, task), made.theta.detach().numpy(), step, batch)
        np.testing.assert_allclose(loss, expected.detach(), rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(gradient, made.theta.grad, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("kind", INPUTS)
def test_the_compiled_inputs_are_those_of_the_readable_sampler_number_by_number(kind):
    made = Networks([5], 3, 2)
    task = Task(kind, "identity", np.array([0.3, 1.0, 0.02]))
    x, density = np.empty((3, BLOCK), np.float32), np.array([0.3, 1.0, 0.02], np.float32)
    kernel._draw(x, BLOCK, 2 * BLOCK, *kernel._key(np.uint64(5), 11), density)
    kernel._shape_inputs(list(INPUTS).index(kind), x)
    np.testing.assert_array_equal(x.T, networks.sample(task, made, 11, 3 * BLOCK)[2 * BLOCK :, 0])


def test_the_compiled_masks_are_those_of_the_readable_sampler_number_by_number():
    made = Networks([5], 3, 6, dropout=0.3)
    mask = np.empty((6, BLOCK), np.float32)
    key = kernel._key(np.uint64(5), 11 + kernel.MASKS)
    kernel._draw_mask(mask, 2 * BLOCK, *key, made.dropout.numpy()[0])
    np.testing.assert_array_equal(mask.T, networks.keep(made, 11, 3 * BLOCK)[2 * BLOCK :, 0])


MOMENTS = {"uniform": (1 / 2, 1 / 3), "signed": (0, 1 / 3), "binary": (1, 1), "sign": (0, 1)}


@pytest.mark.parametrize("kind", INPUTS)
def test_inputs_are_active_at_their_density_and_have_the_moments_of_their_kind(kind):
    density, batch = np.array([[1.0, 0.5, 0.03], [0.2, 0.7, 0.9]]), 200_000
    x = networks.sample(Task(kind, "identity", density), Networks([8, 9], 3, 2), 4, batch).double().numpy()
    active = (x != 0).mean(0)
    assert (abs(active - density) < 4.5 * np.sqrt(density * (1 - density) / batch) + 1e-5).all()
    for power, moment in enumerate(MOMENTS[kind], start=1):
        assert (abs((x**power).sum(0) / (x != 0).sum(0) - moment) < 4.5 / np.sqrt(batch * density)).all()
    assert abs(np.corrcoef(x.reshape(batch, -1).T[[1, 2, 3, 4, 5]]) - np.eye(5)).max() < 5 / np.sqrt(batch)


def test_dropout_silences_at_its_rate_for_each_neuron_and_example_and_leaves_the_mean_as_it_is():
    rate, batch = np.array([0.0, 0.1, 0.5, 0.9]), 200_000
    made = Networks([3, 3, 4, 5], 4, 4, dropout=rate)
    keep = networks.keep(made, 6, batch).double().numpy()
    assert (abs((keep == 0).mean(0) - rate[:, None]) < 4.5 * np.sqrt(rate * (1 - rate) / batch)[:, None] + 1e-9).all()
    assert (abs(keep.mean(0) - 1) < 4.5 * np.sqrt(rate / (1 - rate) / batch)[:, None] + 1e-6).all()
    x = networks.sample(Task("uniform", "identity", 0.5), made, 6, batch).numpy()
    columns = np.concatenate([x[:, 1], keep[:, 1], x[:, 2], keep[:, 2]], axis=1).T
    assert abs(np.corrcoef(columns) - np.eye(16)).max() < 5 / np.sqrt(batch)


def test_targets_are_the_truth_tables_and_the_larger_size_of_a_pair():
    table = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    of = lambda target, x: Task("binary", target, 0.5).targets(x).squeeze(-1).tolist()
    assert of("and", table) == [0, 0, 0, 1]
    assert of("or", table) == [0, 1, 1, 1]
    assert of("max", torch.tensor([[-1.0, 0], [0.25, -0.5], [0, 0], [1, -1]])) == [1, 0.5, 0, 1]
    assert of("abs", torch.tensor([[-0.5], [0.25]])) == [0.5, 0.25]
    assert of("square", torch.tensor([[-0.5], [0.25]])) == [0.25, 0.0625]
    four = torch.tensor([1.0, 0, 1, 1])
    assert Task("binary", "and", 0.5).targets(four).tolist() == [0, 1], "output k reads inputs 2k and 2k + 1"


@njit
def activated(kind, z):
    slope = np.ones_like(z)  # the identity writes none
    kernel._activate(kind, z, slope)
    return z, slope


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_fast_activations_and_their_slopes_are_within_1e_6_of_torchs(name):
    z = np.concatenate([np.linspace(-15, 15, 100 * BLOCK - 2), [-200, 200]]).astype(np.float32).reshape(100, BLOCK)
    exact = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    value = ACTIVATIONS[name](exact)
    value.sum().backward()
    ours, slope = activated(list(ACTIVATIONS).index(name), z.copy())
    np.testing.assert_allclose(ours, value.detach(), rtol=2e-7, atol=1e-6)
    np.testing.assert_allclose(slope, exact.grad, rtol=2e-7, atol=1e-6)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_zero_at_zero_which_the_end_of_a_block_relies_on(name):
    assert (activated(list(ACTIVATIONS).index(name), np.zeros((1, BLOCK), np.float32))[0] == 0).all()


@pytest.mark.parametrize("tied", [False, True])
def test_training_follows_torch_optim_adamw_step_by_step(tied):
    (ours, task), (theirs, _) = stack(tied), stack(tied)
    optimiser = AdamW(lr=3e-3, schedule="cosine", warmup=4)
    training.train(ours, task, steps=25, batch=96, optimiser=optimiser)
    adamw = torch.optim.AdamW(theirs.parameters(), lr=1.0)
    for step, rate in enumerate(optimiser.rates(25)):
        adamw.param_groups[0]["lr"] = rate
        adamw.zero_grad()
        reference_loss(theirs, task, step, 96).sum().backward()
        adamw.step()
    # Adam's first steps are ±lr whatever the gradient's size, so where it is next to 0, rounding can turn one round.
    assert (abs(ours.theta - theirs.theta) > 1e-4).float().mean() < 0.01


def test_an_autoencoder_is_relu_of_W_transpose_W_x_plus_b_or_the_same_without_the_relu():
    made = Networks([1, 2], 4, 3, hidden="identity", output=["relu", "identity"], tied=True).double()
    with torch.no_grad():
        made.b.copy_(torch.tensor([[0.1, -0.2, 0.3, -0.4], [0.4, 0.3, -0.2, 0.1]]))
    x = torch.rand(5, 2, 4, dtype=torch.float64)
    for k in range(2):
        expected = x[:, k] @ made.W1[k] @ made.W1[k].T + made.b[k]
        torch.testing.assert_close(made(x)[:, k], expected.relu() if k == 0 else expected)


def test_the_loss_weighs_each_features_squared_error_by_its_importance():
    made = Networks([1], 3, 2, hidden="identity", tied=True)
    x, importance = torch.rand(7, 1, 3), torch.tensor([[1.0, 0.5, 0.0]])
    output = made(x).detach()
    slow = sum(float(importance[0, i] * (x[e, 0, i] - output[e, 0, i]) ** 2) for e in range(7) for i in range(3)) / 7
    assert made.loss(x, x, importance).item() == pytest.approx(slow, rel=1e-5)


def test_a_start_is_xavier_normal_for_each_matrix_times_the_scale():
    made = Networks([1, 1, 2], 300, 40, 150, scale=np.array([1.0, 3.0, 1.0]))
    for W, (n, m) in ((made.W1, (300, 40)), (made.W2, (40, 150))):
        assert W[0].std().item() == pytest.approx((2 / (n + m)) ** 0.5, rel=4 / (2 * n * m) ** 0.5)
        torch.testing.assert_close(W[1], 3 * W[0])
        assert abs(W[0] - W[2]).max() > 0.1, "another seed is another start"
    assert (made.b == 0).all()


def test_an_instance_trained_alone_ends_as_it_does_in_a_stack():
    together, task = stack()
    training.train(together, task, steps=30, batch=150)
    for i in (0, 39, 67):
        own = dict(hidden=together.hidden[i], output=together.output[i], dropout=together.dropout[i].item())
        alone = Networks([i], 4, 3, l1=together.l1[i].item(), **own)
        alone.theta.data[0] = stack()[0].theta[i].detach()
        training.train(alone, Task("signed", "abs", task.active[i : i + 1], task.importance[i : i + 1]), steps=30, batch=150)
        assert torch.equal(alone.theta[0], together.theta[i])


def test_snapshots_are_the_weights_on_the_way_and_change_nothing():
    plain, task = stack()
    watched, half = stack()[0], stack()[0]
    start = watched.W2.detach().numpy().copy()
    once = training.train(plain, task, steps=50, batch=64, records=5)
    again = training.train(watched, task, steps=50, batch=64, records=5, snapshots=[50, 0, 3, 25])
    training.train(half, task, steps=25, batch=64)
    assert torch.equal(plain.theta, watched.theta)
    assert list(once.step) == list(again.step) == [10, 20, 30, 40, 50]
    np.testing.assert_allclose(once.loss, again.loss, rtol=1e-12)
    for slot, expected in ((0, watched), (3, half)):
        for name in ("W1", "W2", "b"):
            np.testing.assert_array_equal(getattr(again, name)[slot], getattr(expected, name).detach())
    np.testing.assert_array_equal(again.W2[1], start)


def test_the_recorded_loss_is_the_mean_of_what_is_trained_on():
    made, task = stack()
    still = AdamW(lr=0.0)
    history = training.train(made, task, steps=6, batch=64, optimiser=still, records=2)
    expected = [np.mean([reference_loss(made, task, 3 * k + t, 64).detach() for t in range(3)], axis=0) for k in range(2)]
    np.testing.assert_allclose(history.loss, expected, rtol=1e-4)


def test_an_interrupted_training_ends_bit_identical(tmp_path):
    whole, task = stack()
    arguments = dict(steps=60, batch=64, snapshots=[0, 33, 60], records=20)
    expected = training.train(whole, task, **arguments)

    class Killed(Exception):
        pass

    class Dying(Job):
        checkpoint_seconds = 0.0
        stops = 0

        def save_checkpoint(self, key, state, force=False):
            super().save_checkpoint(key, state, force)
            self.stops += 1
            if self.stops == 15:
                raise Killed

    with pytest.raises(Killed):
        training.train(stack()[0], task, job=Dying(folder=tmp_path), **arguments)
    resumed = stack()[0]
    history = training.train(resumed, task, job=Job(folder=tmp_path), **arguments)
    assert torch.equal(whole.theta, resumed.theta)
    for name in ("step", "loss", "W1", "W2", "b"):
        np.testing.assert_array_equal(getattr(history, name), getattr(expected, name))


def test_evaluation_is_the_tasks_loss_without_dropout_and_l1_on_data_that_training_never_draws():
    made, task = stack()
    x = torch.cat([networks.sample(task, made, features.HELD_OUT + k, 512) for k in range(3)])
    expected = (torch.as_tensor(task.importance) * (task.targets(x) - made(x)) ** 2).sum(-1).mean(0)
    np.testing.assert_allclose(training.evaluate(made, task, batches=3, batch=512), expected.detach(), rtol=1e-4)


def test_two_relus_per_feature_compute_the_absolute_value_exactly():
    made, task = Networks([0, 1], 3, 6), Task("signed", "abs", np.array([[1.0], [0.2]]))
    with torch.no_grad():
        made.W1.copy_(torch.cat([torch.eye(3), -torch.eye(3)], 1).expand(2, 3, 6))
        made.W2.copy_(torch.cat([torch.eye(3), torch.eye(3)]).expand(2, 6, 3))
    assert (training.evaluate(made, task, batches=2) == 0).all()
    made.theta.data[1] = 0  # all outputs 0: E|x|² of three features, active at 0.2, is 3 · 0.2 / 3
    assert training.evaluate(made, task)[1] == pytest.approx(0.2, rel=0.01)


def test_training_brings_all_activations_to_a_small_loss_where_there_is_room():
    hidden = ["identity", "relu", "leaky_relu", "gelu", "tanh"]
    made, task = Networks(list(range(5)), 2, 8, hidden=hidden, output="identity"), Task("signed", "identity", 0.5)
    training.train(made, task, steps=1500, batch=128, optimiser=AdamW(1e-2, schedule="cosine"))
    assert (training.evaluate(made, task, batches=4) < 1e-3).all()


def test_stored_weights_are_laid_out_on_the_grid():
    made = Networks(list(range(6)), 4, 3, 2)
    stored = made.weights(2, 3)
    assert {name: array.shape for name, array in stored.items()} == {"W1": (2, 3, 4, 3), "W2": (2, 3, 3, 2), "b": (2, 3, 2)}
    np.testing.assert_array_equal(stored["W2"][1, 0], made.W2[3].detach())
    assert set(Networks([0], 4, 3, tied=True).weights(1)) == {"W1", "b"}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Networks([0], 4, 3, 2, tied=True), "as many outputs as inputs, got 2 and 4"),
        (lambda: Networks([0], 4, 3, hidden="swish"), "activation 'swish': expected one of identity, relu"),
        (lambda: Networks([0], 4, 3, dropout=1.0), r"dropout must lie in \[0, 1\)"),
        (lambda: training.evaluate(Networks([0], 4, 3), Task("binary", "and", 0.5)), "of 4 inputs has 2 outputs, not 4"),
        (lambda: training.evaluate(Networks([0], 4, 3), Task("binary", "abs", 0.0)), r"density must lie in \(0, 1\], got 0 to 0"),
        (lambda: training.train(Networks([0], 4, 3), Task("binary", "abs", 0.5), 10, snapshots=[11]), r"between 0 and 10 steps"),
    ],
    ids=["tied", "activation", "dropout", "outputs", "density", "snapshot"],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
