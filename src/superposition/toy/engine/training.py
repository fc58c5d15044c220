"""Train a stack of toy models on samples with AdamW: the compiled step of `kernel` on the CPU, PyTorch on CUDA.
Both see the same data and do the same arithmetic, so they differ only in rounding."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from superposition import runs
from superposition.toy.engine import features, kernel
from superposition.toy.engine.features import Windows
from superposition.toy.engine.networks import ACTIVATIONS, INPUTS, PAIRED, TARGETS, Networks, Task, keep, own, sample
from superposition.training import AdamW, through

Array = np.ndarray


@dataclass(frozen=True)
class History:
    """What training leaves behind besides the networks: the mean loss of each stretch of steps, and weights on the way.

    `loss[r]` is the mean over the steps before `step[r]` and since the record before, of what is trained on: with dropout
    and L1. Snapshots are in the order asked for."""

    step: Int[Array, "record"]
    loss: Float[Array, "record instance"]
    W1: Float[Array, "snapshot instance n_in n_hidden"]
    W2: Float[Array, "snapshot instance n_hidden n_out"]
    b: Float[Array, "snapshot instance n_out"]


def compiled(networks: Networks, task: Task) -> tuple[kernel.Shape, kernel.Settings]:
    """A stack and its task as `kernel` takes them. Raises ValueError where they don't fit, or a density isn't in (0, 1]."""
    n, count = networks.n_in, len(networks.seeds)
    n_out = n // 2 if task.target in PAIRED else n
    if networks.n_out != n_out:
        raise ValueError(f"target {task.target!r} of {n} inputs has {n_out} outputs, not {networks.n_out}")
    if windowed := isinstance(task.active, Windows):
        density, windows = np.zeros((count, 0), np.float32), tuple(vars(task.active).values())
    else:
        density, windows = own(task.active, networks, n), (np.zeros((count, 0), int), *np.zeros((2, count, 0), np.float32))
        if not ((density > 0) & (density <= 1)).all():
            raise ValueError(f"density must lie in (0, 1], got {density.min():g} to {density.max():g}")
    number = lambda names, known: np.array([list(known).index(name) for name in names])
    kinds = number([task.inputs], INPUTS)[0], number([task.target], TARGETS)[0]
    activations = number(networks.hidden, ACTIVATIONS), number(networks.output, ACTIVATIONS)
    regular = networks.dropout.float().cpu().numpy(), networks.l1.float().cpu().numpy()
    given = np.array(networks.seeds, np.uint64), density, *windows, own(task.importance, networks, n_out)
    return kernel.Shape(n, networks.n_hidden, n_out, networks.tied, windowed, *kinds), kernel.Settings(
        *given, *activations, *regular
    )


def _advance_kernel(networks, task, state, start, rates, batch, optimiser):
    """Steps `start` to `start + len(rates)` of every network, in place; returns the mean loss over them."""
    given = *compiled(networks, task), *(state[name] for name in ("theta", "first", "second"))
    return kernel.advance(*given, start, rates, batch, optimiser.numbers, optimiser.isotropic)


def _advance_torch(networks, task, state, start, rates, batch, optimiser):
    """The same in PyTorch, for any device."""
    theta, device = networks.theta, networks.theta.device
    importance = torch.from_numpy(own(task.importance, networks, networks.n_out)).to(theta)
    p, first, second = (torch.from_numpy(state[name]).to(device, copy=True) for name in ("theta", "first", "second"))
    theta.data.copy_(p)
    total = torch.zeros(len(p), dtype=torch.float64, device=device)
    for t, rate in enumerate(rates, start=start):
        x = sample(task, networks, t, batch).to(theta.dtype)
        loss = networks.loss(x, task.targets(x), importance, keep(networks, t, batch))
        (d,) = torch.autograd.grad(loss.sum(), theta)
        total += loss.detach()
        squares = d * d
        if optimiser.isotropic:
            W1, W2, _ = networks._split(squares)
            W1[:], W2.mT[:] = W1.mean(-1, keepdim=True), W2.mT.mean(-1, keepdim=True)
        with torch.no_grad():
            theta *= 1 - rate * optimiser.weight_decay
            first.lerp_(d, 1 - optimiser.beta1)
            second.lerp_(squares, 1 - optimiser.beta2)
            size = (second / (1 - optimiser.beta2 ** (t + 1))).sqrt() + optimiser.eps
            theta -= rate / (1 - optimiser.beta1 ** (t + 1)) * first / size
    for name, tensor in (("theta", theta.detach()), ("first", first), ("second", second)):
        state[name][:] = tensor.cpu().numpy()
    return (total / len(rates)).cpu().numpy()


def train(
    networks: Networks,
    task: Task,
    steps: int,
    batch: int = 1024,
    optimiser: AdamW = AdamW(),
    snapshots: Sequence[int] = (),
    records: int = 100,
    job: runs.Job | None = None,
    key: str = "training",
) -> History:
    """Train every network in place for `steps` batches of its own data, on the device that the stack is on.

    The loss is recorded `records` times, evenly; `snapshots` are steps (0 to `steps`) after which the weights are kept.
    In a terminal there is progress to see; under a `job`, a run that was killed goes on from its last checkpoint, named `key`.
    Raises ValueError for a task that doesn't fit the networks, or a snapshot outside the training.

    >>> from superposition import Autoencoders
    >>> models = Autoencoders(seeds=[0, 1], n_features=5, n_hidden=2)
    >>> task = Task("uniform", "identity", active=0.1, importance=0.9 ** np.arange(5))
    >>> history = train(models, task, steps=200, optimiser=AdamW(lr=0.01), records=4)
    >>> history.step, bool((history.loss[-1] < history.loss[0]).all())
    (array([ 50, 100, 150, 200]), True)
    """
    if any(not 0 <= step <= steps for step in snapshots):
        raise ValueError(f"snapshots must lie between 0 and {steps} steps, got {sorted(snapshots)}")
    compiled(networks, task)
    advance = _advance_kernel if networks.theta.device.type == "cpu" else _advance_torch
    theta, rates, asked = networks.theta.detach().cpu().numpy(), optimiser.rates(steps), np.array(snapshots, int)
    recorded = np.unique(np.linspace(0, steps, records + 1).astype(int))
    state = {"theta": theta, "first": np.zeros_like(theta), "second": np.zeros_like(theta)}
    state["loss"] = np.zeros((len(recorded) - 1, len(theta)))
    state["kept"] = np.zeros((len(asked), *theta.shape), theta.dtype)
    state["kept"][asked == 0] = theta

    def stretch(start: int, stop: int) -> None:
        loss = advance(networks, task, state, start, rates[start:stop], batch, optimiser)
        # Stretches that a snapshot cut in two are joined again, so that snapshots don't change the record.
        state["loss"][np.searchsorted(recorded, stop) - 1] += loss * (stop - start)
        state["kept"][asked == stop] = theta

    stops = np.unique([*recorded, *asked]).astype(int).tolist()
    through(stops, stretch, state, job or runs.Job(), key, f"{len(theta)} networks")
    networks.theta.data.copy_(torch.from_numpy(theta))
    return History(recorded[1:], state["loss"] / np.diff(recorded)[:, None], *networks._split(state["kept"]))


@torch.no_grad()
def evaluate(networks: Networks, task: Task, batches: int = 64, batch: int = 4096) -> Float[Array, "instance"]:
    """The loss of each network on held-out data of its own, without dropout and L1: what the task alone costs.

    That is `batches` × `batch` examples that training never draws; networks with equal seeds see equal ones.

    >>> from superposition import Autoencoders
    >>> evaluate(Autoencoders.of(W=[[0.0]], b=[0.0]), Task("uniform", "identity", active=1.0)).round(2)  # E x² is 1/3
    array([0.33])
    """
    if networks.theta.device.type == "cpu":
        shape, settings = compiled(networks, task)
        plain = settings._replace(dropout=0 * settings.dropout, l1=0 * settings.l1)
        return kernel.losses(shape, plain, networks.theta.numpy(), features.HELD_OUT, batches, batch)
    importance = torch.from_numpy(own(task.importance, networks, networks.n_out)).to(networks.theta.device)
    x = (sample(task, networks, features.HELD_OUT + k, batch) for k in range(batches))
    return (
        sum((importance * (task.targets(one) - networks(one)) ** 2).sum(-1).mean(0).double() for one in x).cpu().numpy() / batches
    )


def train_grid(
    density: Float[Array, "*grid n_features"],
    importance: Float[Array, "n_features"],
    n_hidden: int,
    relu: bool | Bool[Array, "*grid"],
    steps: int,
    batch: int,
    optimiser: AdamW,
    seed: int,
    job: runs.Job,
    snapshots: Sequence[int] = (),
    key: str = "training",
) -> tuple[dict[str, Array], Float[Array, "snapshot *grid n_features n_hidden"]]:
    """Train one autoencoder for each point of a grid (densities, seeds, …), each with data and a start of its own.

    The point with flat index k has the seed `seed` + k. Returns what an experiment stores, by name (W, b, the held-out
    loss, history_step and history, with the grid's axes), and W at the `snapshots`."""
    *grid, n = density.shape
    count = int(np.prod(grid))
    output = np.where(np.broadcast_to(relu, grid), "relu", "identity").ravel().tolist()
    networks = Networks([seed + k for k in range(count)], n, n_hidden, hidden="identity", output=output, tied=True).to(job.device)
    task = Task("uniform", "identity", density.reshape(count, n), importance)
    history = train(networks, task, steps, batch, optimiser, snapshots, job=job, key=key)
    weights = networks.weights(*grid)
    arrays = {
        "W": weights["W1"],
        "b": weights["b"],
        "loss": evaluate(networks, task).reshape(grid),
        "history_step": history.step,
        "history": history.loss.reshape(-1, *grid).astype(np.float32),
    }
    return arrays, history.W1.reshape(-1, *grid, n, n_hidden)
