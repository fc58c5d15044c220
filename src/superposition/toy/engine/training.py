"""Train a stack of toy autoencoders with AdamW: the compiled step of `kernel` on the CPU, PyTorch on CUDA.
Both see the same data and do the same arithmetic, so they differ only in rounding."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from superposition import runs
from superposition.toy.engine import features, kernel
from superposition.toy.engine.autoencoders import Autoencoders

Array = np.ndarray


@dataclass(frozen=True)
class AdamW:
    """AdamW as PyTorch has it, with its default flags; `schedule` is what becomes of lr after `warmup` linear steps."""

    lr: float = 1e-3
    weight_decay: float = 0.01
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    warmup: int = 0

    def rates(self, steps: int) -> Float[Array, "steps"]:
        """The learning rate of each step; `linear` and `cosine` come down to zero after the last."""
        step = np.arange(steps)
        rising = np.minimum(1, (step + 1) / (self.warmup + 1))
        done = np.clip((step - self.warmup) / max(1, steps - self.warmup), 0, 1)
        falling = {"constant": np.ones(steps), "linear": 1 - done, "cosine": (1 + np.cos(np.pi * done)) / 2}
        return self.lr * rising * falling[self.schedule]


@dataclass(frozen=True)
class History:
    """What training leaves behind besides the model: the mean loss of each stretch of steps, and weights on the way.

    `loss[r]` is the mean over the steps before `step[r]` and since the record before. Snapshots are in the order asked for."""

    step: Int[Array, "record"]
    loss: Float[Array, "record instance"]
    W: Float[Array, "snapshot instance n_features n_hidden"]
    b: Float[Array, "snapshot instance n_features"]


def _advance_kernel(model, moments, importance, density, step, rates, batch, optimiser):
    """Steps `step` to `step + len(rates)` of every instance, in place; returns the mean loss over them."""
    W, b, *moments, importance, density = (
        tensor.detach().numpy() for tensor in (model.W, model.b, *moments, importance, density)
    )
    return kernel.advance(
        W, b, tuple(moments), importance, model.relu.numpy(), density, np.array(model.seeds, np.uint64), step, rates, batch,
        optimiser.weight_decay, optimiser.beta1, optimiser.beta2, optimiser.eps,
    )  # fmt: skip


def _advance_torch(model, moments, importance, density, step, rates, batch, optimiser):
    """The same in PyTorch, for any device."""
    total = torch.zeros(len(model.seeds), dtype=torch.float64, device=model.W.device)
    for t, rate in enumerate(rates, start=step):
        loss = model.loss(features.sample(model.seeds, t, batch, density), importance)
        gradients = torch.autograd.grad(loss.sum(), (model.W, model.b))
        total += loss.detach()
        with torch.no_grad():
            parameters = zip((model.W, model.b), gradients, moments[:2], moments[2:], strict=True)
            for p, d, first, second in parameters:
                p *= 1 - rate * optimiser.weight_decay
                first.lerp_(d, 1 - optimiser.beta1)
                second.lerp_(d * d, 1 - optimiser.beta2)
                size = (second / (1 - optimiser.beta2 ** (t + 1))).sqrt() + optimiser.eps
                p -= rate / (1 - optimiser.beta1 ** (t + 1)) * first / size
    return (total / len(rates)).cpu().numpy()


def _tensors(model, density, importance):
    """density and importance as float32 on the model's device, checked."""
    density, importance = np.asarray(density, np.float32), np.asarray(importance, np.float32)
    if not ((density > 0) & (density <= 1)).all():
        raise ValueError(f"density must lie in (0, 1], got {density.min():g} to {density.max():g}")
    expected = tuple(model.b.shape)
    for name, array in (("density", density), ("importance", importance)):
        if array.shape != expected:
            raise ValueError(f"{name} must be (instance, n_features) = {expected}, got {array.shape}")
    return [torch.tensor(array, device=model.W.device) for array in (density, importance)]


def train(
    model: Autoencoders,
    density: Float[Array, "instance n_features"],
    importance: Float[Array, "instance n_features"],
    steps: int,
    batch: int = 1024,
    optimiser: AdamW = AdamW(),
    snapshots: Sequence[int] = (),
    records: int = 100,
    job: runs.Job | None = None,
    key: str = "training",
) -> History:
    """Train every instance of `model` in place for `steps` batches of its own data, on the device that the model is on.

    `density` is each feature's probability of being active, `importance` its weight in the loss. The loss is recorded
    `records` times, evenly; `snapshots` are steps (0 to `steps`) after which the weights are kept. Under a `job` there is
    progress to see, and a run that was killed goes on from its last checkpoint, named `key`, to the bit-identical end.
    Raises ValueError for arrays of the wrong shape, a density outside (0, 1] or a snapshot outside the training."""
    if any(not 0 <= step <= steps for step in snapshots):
        raise ValueError(f"snapshots must lie between 0 and {steps} steps, got {sorted(snapshots)}")
    job = job or runs.Job()
    density, importance = _tensors(model, density, importance)
    advance = _advance_kernel if model.W.device.type == "cpu" else _advance_torch
    rates = optimiser.rates(steps)
    recorded = np.unique(np.linspace(0, steps, records + 1).astype(int))[1:]
    stops = np.unique([0, *recorded, *snapshots])
    moments = [torch.zeros_like(p.data) for p in (model.W, model.b, model.W, model.b)]
    weights = dict(zip(("W", "b", "first_W", "first_b", "second_W", "second_b"), (model.W.data, model.b.data, *moments)))
    done = {
        "stops": np.array(0),
        "loss": np.zeros((len(stops), len(model.seeds))),
        "kept_W": np.zeros((len(snapshots), *model.W.shape), np.float32),
        "kept_b": np.zeros((len(snapshots), *model.b.shape), np.float32),
    }
    if saved := job.load_checkpoint(key):
        for name, tensor in weights.items():
            tensor.copy_(torch.from_numpy(saved[name]))
        done = {name: saved[name].copy() for name in done}
    with job.progress(f"{len(model.seeds)} models", steps) as progress:
        progress.advance(int(stops[max(0, int(done["stops"]) - 1)]))
        for index in range(int(done["stops"]), len(stops)):
            stop, start = int(stops[index]), int(stops[max(0, index - 1)])
            if stop > start:
                stretch = start, rates[start:stop]
                done["loss"][index] = advance(model, moments, importance, density, *stretch, batch, optimiser)
            for slot in np.flatnonzero(np.asarray(snapshots, int) == stop):
                done["kept_W"][slot], done["kept_b"][slot] = weights["W"].cpu(), weights["b"].cpu()
            done["stops"] = np.array(index + 1)
            progress.advance(stop - start)
            job.save_checkpoint(key, done | {name: tensor.cpu().numpy() for name, tensor in weights.items()})
    return _history(stops[1:], recorded, done["loss"][1:], done["kept_W"], done["kept_b"])


def _history(stops, recorded, loss, W, b) -> History:
    """Stretches that a snapshot cut in two are joined again, so that snapshots don't change the record."""
    length = np.diff(stops, prepend=0)[:, None]
    group = np.searchsorted(recorded, stops)
    joined, total = np.zeros((len(recorded), loss.shape[1])), np.zeros((len(recorded), 1))
    np.add.at(joined, group, loss * length)
    np.add.at(total, group, length)
    return History(recorded, joined / total, W, b)


@torch.no_grad()
def evaluate(
    model: Autoencoders,
    density: Float[Array, "instance n_features"],
    importance: Float[Array, "instance n_features"],
    batches: int = 64,
    batch: int = 4096,
) -> Float[Array, "instance"]:
    """The loss of each instance on held-out data of its own, `batches` × `batch` examples that training never draws."""
    density, importance = _tensors(model, density, importance)
    total = torch.zeros(len(model.seeds), dtype=torch.float64, device=model.W.device)
    for step in range(features.HELD_OUT, features.HELD_OUT + batches):
        if model.W.device.type == "cpu":
            arrays = (t.numpy() for t in (model.W, model.b, importance, model.relu, density))
            total += torch.from_numpy(kernel.gradients(*arrays, np.array(model.seeds, np.uint64), step, batch)[0])
        else:
            total += model.loss(features.sample(model.seeds, step, batch, density), importance)
    return (total / batches).cpu().numpy()


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
    """Train one model for each point of a grid (densities, seeds, …), each with data and a start of its own.

    The point with flat index k has the seed `seed` + k. Returns what an experiment stores, by name (W, b, the held-out
    loss, history_step and history, with the grid's axes), and W at the `snapshots`."""
    *grid, n = density.shape
    count = int(np.prod(grid))
    outputs = np.broadcast_to(relu, grid).ravel().tolist()
    model = Autoencoders([seed + k for k in range(count)], n, n_hidden, outputs).to(job.device)
    of_each = density.reshape(count, n), np.tile(importance, (count, 1))
    history = train(model, *of_each, steps, batch, optimiser, snapshots, job=job, key=key)
    arrays = {
        "W": model.W.detach().cpu().numpy().reshape(*grid, n, n_hidden),
        "b": model.b.detach().cpu().numpy().reshape(*grid, n),
        "loss": evaluate(model, *of_each).reshape(grid),
        "history_step": history.step,
        "history": history.loss.reshape(-1, *grid).astype(np.float32),
    }
    return arrays, history.W.reshape(-1, *grid, n, n_hidden)
