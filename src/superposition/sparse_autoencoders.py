"""Sparse autoencoders of five kinds in plain PyTorch; a stack of one kind trains at once, each with a penalty of its own.
z = f((h - c) E + e) and ĥ = z D + c, with rows of D of length one; the kinds differ in f and in what keeps z sparse.
`Autoencoders.loss` says what is trained; the step that trains it is compiled, in `sparse_kernel`."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from threadpoolctl import threadpool_limits
from torch import Tensor
from torch.nn import functional

from superposition import sparse_kernel
from superposition.training import AdamW

# L1: Bricken et al. 2023. TopK: Gao et al. 2024. BatchTopK: Bussmann et al. 2024. JumpReLU and gated: Rajamanoharan et al. 2024.
KINDS = ("L1", "TopK", "BatchTopK", "JumpReLU", "gated")


@dataclass
class Autoencoders:
    """A stack of one of KINDS. `penalty` is λ, or for both TopK how many latents may be active in an example.

    With tied weights there is no E of its own: `encoder` is then the transposed rows of D, and else E.
    `more` is a JumpReLU's log θ (one row), or what makes a gated one's magnitudes: log scale and bias (two rows).
    `bandwidth` is the width of the window around θ in which a JumpReLU's θ feels the loss."""

    kind: str
    penalty: Float[Tensor, "model"]
    E: Float[Tensor, "model m latent"] | None
    e: Float[Tensor, "model latent"]
    D: Float[Tensor, "model latent m"]
    c: Float[Tensor, "model m"]
    more: Float[Tensor, "row model latent"]
    bandwidth: float

    @classmethod
    def create(
        cls,
        kind: str,
        penalty: Float[Tensor, "model"],
        m: int,
        latents: int,
        bandwidth: float,
        generator: torch.Generator,
        tied: bool = False,
    ) -> "Autoencoders":
        """D starts in random directions, E at Dᵀ, biases at 0, θ at 0.1. Raises ValueError for a kind that there isn't."""
        if kind not in KINDS:
            raise ValueError(f"kind {kind!r}: expected one of {', '.join(KINDS)}")
        D = functional.normalize(torch.randn(len(penalty), latents, m, generator=generator), dim=-1)
        more = torch.zeros({"JumpReLU": 1, "gated": 2}.get(kind, 0), len(penalty), latents)
        if kind == "JumpReLU":
            more += torch.tensor(0.1).log()
        E, e, c = None if tied else D.mT.clone(), torch.zeros(len(penalty), latents), torch.zeros(len(penalty), m)
        return cls(kind, penalty, E, e, D, c, more, bandwidth)

    @property
    def encoder(self) -> Float[Tensor, "model m latent"]:
        """What each latent looks for."""
        return self.rows.mT if self.E is None else self.E

    @property
    def rows(self) -> Float[Tensor, "model latent m"]:
        """The directions of the latents."""
        return functional.normalize(self.D, dim=-1)

    def code(self, h: Float[Tensor, "model batch m"]) -> Float[Tensor, "model batch latent"]:
        """What each latent says of a hidden vector. A BatchTopK's depends on the batch: it should be a large one."""
        return self._code(self._before(h))[0]

    def decode(self, z: Float[Tensor, "model batch latent"]) -> Float[Tensor, "model batch m"]:
        """The hidden vectors that codes stand for."""
        return torch.baddbmm(self.c[:, None], z, self.rows)

    def loss(self, h: Float[Tensor, "model batch m"]) -> Float[Tensor, "model"]:
        """‖h - ĥ‖² and what the kind is trained on besides, mean over the batch."""
        z, price = self._code(self._before(h))
        total = ((h - self.decode(z)) ** 2).sum((1, 2))
        if self.kind == "gated":  # the gates alone must be able to reconstruct, by a decoder that doesn't hear of it
            alone = torch.baddbmm(self.c.detach()[:, None], price, self.rows.detach())
            total = total + ((h - alone) ** 2).sum((1, 2))
        if price is not None:
            total = total + self.penalty * price.sum((1, 2))
        return total / h.shape[1]

    def _before(self, h):
        return torch.baddbmm(self.e[:, None], h - self.c[:, None], self.encoder)

    def _code(self, before):
        """The code, and what λ is the price of: activity, the number of active latents, or openness of gates."""
        if self.kind == "L1":
            z = before.relu()
            return z, z
        if self.kind == "JumpReLU":
            theta = self.more[0, :, None].exp()
            near = ((before.detach() - theta) / self.bandwidth).clamp(-0.5, 0.5)
            on = (before > theta) + (near - near.detach())  # steps up, and has the slope of the window
            return before.relu() * on, on
        if self.kind == "gated":
            scale, bias = self.more
            magnitude = ((before - self.e[:, None]) * scale[:, None].exp() + bias[:, None]).relu()
            return (before > 0) * magnitude, before.relu()
        z = before.relu()
        return z * (z >= self._least(z.detach())), None

    def _least(self, z):
        """The activity from which a latent may stay active: the k-th largest of its example, or of k for each of the batch."""
        among = z if self.kind == "TopK" else z.flatten(1)[:, None]
        examples = 1 if self.kind == "TopK" else z.shape[1]
        allowed = (self.penalty * examples).round().long().clamp(1, among.shape[-1])
        least = torch.empty(*among.shape[:-1], 1)
        for count in allowed.unique().tolist():
            own = allowed == count
            least[own] = among[own].kthvalue(among.shape[-1] + 1 - count, keepdim=True).values
        return least


AHEAD = 16  # batches that are drawn before a model takes as many steps, its weights staying in the cache


def train(stack: Autoencoders, draw: Callable[[], Float[Tensor, "drawn batch m"]], steps: int, lr: float) -> None:
    """Train a stack in place with Adam on a fresh batch at each step, the rate brought to 0 along a cosine.

    `draw` gives a batch for every model; where it gives fewer, each is shared by as many models in a row."""
    shape, theta = _shape(stack), _packed(stack)
    first, second = np.zeros_like(theta), np.zeros_like(theta)
    adam = AdamW(lr, weight_decay=0, schedule="cosine")
    rates = adam.rates(steps)
    with threadpool_limits(1, "blas"):  # models train side by side
        for step in range(0, steps, AHEAD):
            now = rates[step : step + AHEAD]
            h = np.stack([draw().numpy() for _ in now])
            sparse_kernel.advance(shape, stack.penalty.numpy(), theta, first, second, h, step, now, adam.numbers)
    _unpack(stack, theta)


def _shape(stack):
    latents, m = stack.D.shape[1:]
    return sparse_kernel.Shape(KINDS.index(stack.kind), m, latents, len(stack.more), stack.E is None, stack.bandwidth)


def _parts(stack):
    """The parameters in the order of the kernel, each with the model as its first axis."""
    own = [] if stack.E is None else [stack.E.mT]
    return [*own, stack.e, stack.D, stack.c, stack.more.movedim(0, 1)]


def _packed(stack):
    """All parameters, a row a model."""
    return torch.cat([part.flatten(1) for part in _parts(stack)], 1).numpy()


def _unpack(stack, theta):
    """Take up parameters from such rows."""
    parts = _parts(stack)
    for part, own in zip(parts, torch.from_numpy(theta).split([part[0].numel() for part in parts], 1), strict=True):
        part.copy_(own.reshape(part.shape))
