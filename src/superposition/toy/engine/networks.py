"""Toy models, as a stack of independent instances that train at once: autoencoders, and networks that compute.
hidden = f(x W1), out = g(dropout(hidden) W2 + b), to be read and tested against; `training` trains them.

The autoencoder of Elhage et al. 2022 has tied weights and no f: x' = ReLU(x W Wᵀ + b), or without the ReLU."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from superposition.toy.engine import features, kernel
from superposition.toy.engine.features import Windows

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
    """What a stack is trained on: each input is 0, or where it is `active` what `inputs` says an active one is.

    That is uniform on [0, 1] (uniform) or on [-1, 1] (signed), 1 (binary), or 1 and -1 alike (sign). The target is made of
    each input, or of each pair (2k, 2k + 1): the smaller (and), the larger (or), or the larger size (max).
    `active` is the probability of being active, which broadcasts to (instance, n_in), or the windows of features that keep
    company; `importance`, the weight of each output in the loss, broadcasts to (instance, n_out).

    >>> Task("signed", "abs", active=0.1).targets(torch.tensor([-0.5, 0.0]))
    tensor([0.5000, 0.0000])
    """

    inputs: str
    target: str
    active: Float[Array, "..."] | Windows | float | int
    importance: Float[Array, "..."] | float | int = 1.0

    def targets(self, x: Float[Tensor, "*batch n_in"]) -> Float[Tensor, "*batch n_out"]:
        """What the network shall say about x."""
        pair = (x[..., 0::2], x[..., 1::2]) if self.target in PAIRED else (x,)
        return TARGETS[self.target](*pair)


class Networks(nn.Module):
    """A stack of networks: out = g(dropout(f(x W1)) W2 + b), each with activations, a dropout rate and an L1 of its own.

    `theta` holds an instance's parameters as one vector: W1, then W2ᵀ unless the weights are tied, then b. Its start depends
    on its seed alone: W1 and W2 are `scale` times Xavier-normal, b is zero. Raises ValueError for what no network can be.

    >>> stack = Networks(seeds=[0, 1, 2], n_in=4, n_hidden=3)
    >>> stack.W1.shape, stack(torch.rand(10, 3, 4)).shape
    (torch.Size([3, 4, 3]), torch.Size([10, 3, 4]))
    """

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
        # As PyTorch's xavier_normal_, matrix by matrix.
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

    def put(self, W1: Float[Array, "instance n_in n_hidden"], b: Float[Array, "instance n_out"]) -> "Networks":
        """These networks, with other weights in place of their tied ones, and another bias."""
        with torch.no_grad():
            self.W1.copy_(torch.from_numpy(W1))
            self.b.copy_(torch.from_numpy(b))
        return self

    def weights(self, *grid: int) -> dict[str, Array]:
        """What to store: W1, b and, unless it is W1ᵀ, W2, with the instances laid out along the axes of a grid."""
        W1, W2, b = (part.reshape(*grid, *part.shape[1:]) for part in self._split(self.theta.detach().cpu().numpy().copy()))
        return {"W1": W1, "b": b} | ({} if self.tied else {"W2": W2})


def _activate(names: list[str], z: Float[Tensor, "batch instance n"]) -> Float[Tensor, "batch instance n"]:
    return torch.stack([ACTIVATIONS[name](z[:, i]) for i, name in enumerate(names)], 1)


def sample(task: Task, networks: Networks, step: int, batch: int) -> Float[Tensor, "batch instance n_in"]:
    """The inputs of batch `step`: what `features.sample` draws, made into the task's kind."""
    active = task.active if isinstance(task.active, Windows) else own(task.active, networks, networks.n_in)
    u = features.sample(networks.seeds, step, batch, active, str(networks.theta.device))
    return torch.where(u > 0, INPUTS[task.inputs](u), 0.0)


def keep(networks: Networks, step: int, batch: int) -> Float[Tensor, "batch instance n_hidden"]:
    """What dropout multiplies the hidden layer by in batch `step`: 0 at each instance's rate, else 1 / (1 - rate)."""
    u = features.uniform(networks.seeds, step + kernel.MASKS, batch, networks.n_hidden, str(networks.theta.device))
    rate = networks.dropout[:, None].float()
    return (u >= rate) / (1 - rate)


def own(values: Float[Array, "..."] | float | int, networks: Networks, n: int) -> Float[Array, "instance n"]:
    """Values for each instance and feature, of their own to write to."""
    return np.broadcast_to(np.asarray(values, np.float32), (len(networks.seeds), n)).copy()
