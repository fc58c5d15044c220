"""Networks with one hidden layer that compute with sparse inputs, as a stack of independent instances that train at once.
hidden = f(x W1), out = g(dropout(hidden) W2 + b): to be read and tested against in PyTorch, trained by `backprop`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from superposition import runs
from superposition.toy.engine import backprop, features
from superposition.toy.engine.training import AdamW

Array = np.ndarray

ACTIVATIONS = {
    "identity": lambda z: z,
    "relu": functional.relu,
    "leaky_relu": functional.leaky_relu,
    "gelu": functional.gelu,
    "tanh": torch.tanh,
}
# What becomes of a feature drawn from [0, 1], where it is active.
INPUTS = {
    "uniform": lambda u: u,
    "signed": lambda u: 2 * u - 1,
    "binary": torch.ones_like,
    "sign": lambda u: torch.where(u < 0.5, -1.0, 1.0),
}
# The last three take the two features of a pair.
TARGETS = {
    "identity": lambda x: x,
    "abs": torch.abs,
    "square": torch.square,
    "and": torch.minimum,
    "or": torch.maximum,
    "max": lambda x, y: torch.maximum(x.abs(), y.abs()),
}
PAIRED = ("and", "or", "max")


@dataclass(frozen=True)
class Task:
    """What a stack is trained on: each input is 0, or with probability `density` what `inputs` says an active one is.

    That is uniform on [0, 1] (uniform) or on [-1, 1] (signed), 1 (binary), or 1 and -1 alike (sign). The target is made of
    each input, or of each pair (2k, 2k + 1): the smaller (and), the larger (or), or the larger size (max).
    `density` broadcasts to (instance, n_in), and `importance`, the weight of each output in the loss, to (instance, n_out)."""

    inputs: str
    target: str
    density: Float[Array, "..."] | float | int
    importance: Float[Array, "..."] | float | int = 1.0

    def targets(self, x: Float[Tensor, "*batch n_in"]) -> Float[Tensor, "*batch n_out"]:
        """What the network shall say about x."""
        pair = (x[..., 0::2], x[..., 1::2]) if self.target in PAIRED else (x,)
        return TARGETS[self.target](*pair)


class Networks(nn.Module):
    """A stack of networks: out = g(dropout(f(x W1)) W2 + b), each with activations, a dropout rate and an L1 of its own.

    `theta` holds an instance's parameters as one vector: W1, then W2ᵀ unless the weights are tied, then b. Its start depends
    on its seed alone: W1 and W2 are `scale` times Xavier-normal, b is zero. Raises ValueError for what no network can be."""

    theta: Float[nn.Parameter, "instance parameter"]
    dropout: Float[Tensor, "instance"]
    l1: Float[Tensor, "instance"]

    def __init__(
        self,
        seeds: list[int],
        n_in: int,
        n_hidden: int,
        n_out: int | None = None,
        hidden: str | Sequence[str] = "relu",
        output: str | Sequence[str] = "relu",
        tied: bool = False,
        dropout: Float[Array, "instance"] | float | int = 0.0,
        l1: Float[Array, "instance"] | float | int = 0.0,
        scale: Float[Array, "instance"] | float | int = 1.0,
    ):
        super().__init__()
        self.seeds, self.n_in, self.n_hidden, self.n_out, self.tied = list(seeds), n_in, n_hidden, n_out or n_in, tied
        each = lambda own: np.broadcast_to(own, len(self.seeds))
        self.hidden, self.output = each(hidden).tolist(), each(output).tolist()
        self.register_buffer("dropout", torch.tensor(each(dropout), dtype=torch.float32))
        self.register_buffer("l1", torch.tensor(each(l1), dtype=torch.float32))
        self._check()
        start = [self._start(seed, size) for seed, size in zip(self.seeds, each(scale).tolist(), strict=True)]
        self.theta = nn.Parameter(torch.from_numpy(np.stack(start)))

    def _check(self) -> None:
        if self.tied and self.n_in != self.n_out:
            raise ValueError(f"tied weights need as many outputs as inputs, got {self.n_out} and {self.n_in}")
        if unknown := {*self.hidden, *self.output} - set(ACTIVATIONS):
            raise ValueError(f"activation {min(unknown)!r}: expected one of {', '.join(ACTIVATIONS)}")
        if not ((self.dropout >= 0) & (self.dropout < 1)).all() or (self.l1 < 0).any():
            raise ValueError("dropout must lie in [0, 1), and l1 be at least 0")

    def _start(self, seed: int, scale: float) -> Float[Array, "parameter"]:
        rng = np.random.default_rng(seed)
        layers = [self.n_in] if self.tied else [self.n_in, self.n_out]
        xavier = [scale * (2 / (n + self.n_hidden)) ** 0.5 * rng.standard_normal(n * self.n_hidden, np.float32) for n in layers]
        return np.concatenate([*xavier, np.zeros(self.n_out, np.float32)])

    def _split(self, theta):
        """W1, W2 and b out of flat parameters, tensor or array, as views."""
        n, m, k = self.n_in, self.n_hidden, self.n_out
        cut = 0 if self.tied else n * m
        W1, readout, b = theta[..., : n * m], theta[..., cut : cut + k * m], theta[..., cut + k * m :]
        return W1.reshape(*theta.shape[:-1], n, m), readout.reshape(*theta.shape[:-1], k, m).swapaxes(-1, -2), b

    @property
    def W1(self) -> Float[Tensor, "instance n_in n_hidden"]:
        """The weights into the hidden layer."""
        return self._split(self.theta)[0]

    @property
    def W2(self) -> Float[Tensor, "instance n_hidden n_out"]:
        """The weights out of the hidden layer; W1ᵀ where they are tied."""
        return self._split(self.theta)[1]

    @property
    def b(self) -> Float[Tensor, "instance n_out"]:
        """The bias of the outputs."""
        return self._split(self.theta)[2]

    def neurons(self, x: Float[Tensor, "batch instance n_in"]) -> Float[Tensor, "batch instance n_hidden"]:
        """The hidden layer, before dropout."""
        return _activate(self.hidden, torch.einsum("bin,inm->bim", x, self.W1))

    def read(self, neurons: Float[Tensor, "batch instance n_hidden"]) -> Float[Tensor, "batch instance n_out"]:
        """The outputs, from the hidden layer."""
        return _activate(self.output, torch.einsum("bim,imk->bik", neurons, self.W2) + self.b)

    def forward(
        self, x: Float[Tensor, "batch instance n_in"], keep: Float[Tensor, "batch instance n_hidden"] | float | int = 1
    ) -> Float[Tensor, "batch instance n_out"]:
        """The outputs; `keep` is what dropout multiplies the hidden layer by."""
        return self.read(keep * self.neurons(x))

    def loss(
        self,
        x: Float[Tensor, "batch instance n_in"],
        target: Float[Tensor, "batch instance n_out"],
        importance: Float[Tensor, "... n_out"],
        keep: Float[Tensor, "batch instance n_hidden"] | float | int = 1,
    ) -> Float[Tensor, "instance"]:
        """Σ_i I_i (target_i - out_i)² + l1 Σ_j |hidden_j|, mean over the batch."""
        error = (importance * (target - self(x, keep)) ** 2).sum(-1)
        return (error + self.l1 * self.neurons(x).abs().sum(-1)).mean(0)

    def weights(self, *grid: int) -> dict[str, Array]:
        """What to store: W1, b and, unless it is W1ᵀ, W2, with the instances laid out along the axes of a grid."""
        W1, W2, b = (part.reshape(*grid, *part.shape[1:]) for part in self._split(self.theta.detach().numpy().copy()))
        return {"W1": W1, "b": b} | ({} if self.tied else {"W2": W2})


def _activate(names: list[str], z: Float[Tensor, "batch instance n"]) -> Float[Tensor, "batch instance n"]:
    return torch.stack([ACTIVATIONS[name](z[:, i]) for i, name in enumerate(names)], 1)


def sample(task: Task, networks: Networks, step: int, batch: int) -> Float[Tensor, "batch instance n_in"]:
    """The inputs of batch `step`: what `features.sample` draws, made into the task's kind."""
    density = torch.from_numpy(_own(task.density, networks, networks.n_in))
    u = features.sample(networks.seeds, step, batch, density)
    return torch.where(u > 0, INPUTS[task.inputs](u), 0.0)


def keep(networks: Networks, step: int, batch: int) -> Float[Tensor, "batch instance n_hidden"]:
    """What dropout multiplies the hidden layer by in batch `step`: 0 at each instance's rate, else 1 / (1 - rate)."""
    u = features.uniform(networks.seeds, step + backprop.MASKS, batch, networks.n_hidden)
    rate = networks.dropout[:, None].float()
    return (u >= rate) / (1 - rate)


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


def _own(values: Float[Array, "..."] | float | int, networks: Networks, n: int) -> Float[Array, "instance n"]:
    """Values for each instance and feature, of their own to write to."""
    return np.broadcast_to(np.asarray(values, np.float32), (len(networks.seeds), n)).copy()


def _compiled(networks: Networks, task: Task) -> tuple[backprop.Shape, backprop.Settings]:
    """A stack and its task as `backprop` takes them, checked."""
    n_out = networks.n_in // 2 if task.target in PAIRED else networks.n_in
    if networks.n_out != n_out:
        raise ValueError(f"target {task.target!r} of {networks.n_in} inputs has {n_out} outputs, not {networks.n_out}")
    density, importance = _own(task.density, networks, networks.n_in), _own(task.importance, networks, n_out)
    if not ((density > 0) & (density <= 1)).all():
        raise ValueError(f"density must lie in (0, 1], got {density.min():g} to {density.max():g}")
    number = lambda names, known: np.array([list(known).index(name) for name in names])
    kinds = number([task.inputs], INPUTS)[0], number([task.target], TARGETS)[0]
    activations = number(networks.hidden, ACTIVATIONS), number(networks.output, ACTIVATIONS)
    shape = backprop.Shape(networks.n_in, networks.n_hidden, n_out, networks.tied, *kinds)
    regular = networks.dropout.float().numpy(), networks.l1.float().numpy()
    return shape, backprop.Settings(np.array(networks.seeds, np.uint64), density, importance, *activations, *regular)


def through(
    stops: Sequence[int],
    stretch: Callable[[int, int], None],
    state: dict[str, Array],
    job: runs.Job,
    key: str,
    description: str,
) -> None:
    """Go from each of the rising `stops` to the next by `stretch(start, stop)`, which changes the arrays of `state` in place.

    A run that was killed goes on from the job's last checkpoint, named `key`, to the bit-identical end."""
    done = stops[0]
    if saved := job.load_checkpoint(key):
        done = int(saved["done"])
        for name, array in state.items():
            array[...] = saved[name]
    with job.progress(description, stops[-1]) as progress:
        progress.advance(done)
        for start, stop in pairwise(stops):
            if start >= done:
                stretch(start, stop)
                progress.advance(stop - start)
                job.save_checkpoint(key, state | {"done": np.array(stop)})


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
    """Train every network in place for `steps` batches of its own data, on the CPU.

    The loss is recorded `records` times, evenly; `snapshots` are steps (0 to `steps`) after which the weights are kept.
    Under a `job` there is progress to see, and a run that was killed goes on from its last checkpoint, named `key`.
    Raises ValueError for a task that doesn't fit the networks, or a snapshot outside the training."""
    if any(not 0 <= step <= steps for step in snapshots):
        raise ValueError(f"snapshots must lie between 0 and {steps} steps, got {sorted(snapshots)}")
    shape, settings = _compiled(networks, task)
    theta, rates, asked = networks.theta.detach().numpy(), optimiser.rates(steps), np.array(snapshots, int)
    records_at = np.unique(np.linspace(0, steps, records + 1).astype(int))
    state = {"theta": theta, "first": np.zeros_like(theta), "second": np.zeros_like(theta)}
    state["loss"] = np.zeros((len(records_at) - 1, len(theta)))
    state["kept"] = np.zeros((len(asked), *theta.shape), theta.dtype)
    state["kept"][asked == 0] = theta

    def stretch(start: int, stop: int) -> None:
        loss = backprop.advance(
            shape, settings, theta, state["first"], state["second"], start, rates[start:stop], batch,
            optimiser.weight_decay, optimiser.beta1, optimiser.beta2, optimiser.eps,
        )  # fmt: skip
        record = np.searchsorted(records_at, stop)
        state["loss"][record - 1] += loss * (stop - start) / (records_at[record] - records_at[record - 1])
        state["kept"][asked == stop] = theta

    stops = np.unique([*records_at, *asked]).astype(int).tolist()
    through(stops, stretch, state, job or runs.Job(), key, f"{len(theta)} networks")
    return History(records_at[1:], state["loss"], *networks._split(state["kept"]))


def evaluate(networks: Networks, task: Task, batches: int = 64, batch: int = 4096) -> Float[Array, "instance"]:
    """The loss of each network on held-out data of its own, without dropout and L1: what the task alone costs."""
    shape, settings = _compiled(networks, task)
    plain = settings._replace(dropout=0 * settings.dropout, l1=0 * settings.l1)
    theta, held_out = networks.theta.detach().numpy(), range(features.HELD_OUT, features.HELD_OUT + batches)
    return np.mean([backprop.gradients(shape, plain, theta, step, batch)[0] for step in held_out], axis=0)
