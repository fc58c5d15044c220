"""Sparse autoencoders of five kinds in plain PyTorch; a stack of one kind trains at once, each with a penalty of its own.
z = f((h - c) E + e) and ĥ = z D + c, with rows of D of length one; the kinds differ in f and in what keeps z sparse."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from superposition.training import AdamW

# L1: Bricken et al. 2023. TopK: Gao et al. 2024. BatchTopK: Bussmann et al. 2024. JumpReLU and gated: Rajamanoharan et al. 2024.
KINDS = ("L1", "TopK", "BatchTopK", "JumpReLU", "gated")


@dataclass
class Autoencoders:
    """A stack of one of KINDS. `penalty` is λ, or for both TopK how many latents may be active in an example.

    `more` is a JumpReLU's log θ (one row), or what makes a gated one's magnitudes: log scale and bias (two rows).
    `bandwidth` is the width of the window around θ in which a JumpReLU's θ feels the loss."""

    kind: str
    penalty: Float[Tensor, "model"]
    E: Float[Tensor, "model m latent"]
    e: Float[Tensor, "model latent"]
    D: Float[Tensor, "model latent m"]
    c: Float[Tensor, "model m"]
    more: Float[Tensor, "row model latent"]
    bandwidth: float

    @classmethod
    def create(
        cls, kind: str, penalty: Float[Tensor, "model"], m: int, latents: int, bandwidth: float, generator: torch.Generator
    ) -> "Autoencoders":
        """D starts in random directions, E at Dᵀ, biases at 0, θ at 0.1. Raises ValueError for a kind that there isn't."""
        if kind not in KINDS:
            raise ValueError(f"kind {kind!r}: expected one of {', '.join(KINDS)}")
        D = functional.normalize(torch.randn(len(penalty), latents, m, generator=generator), dim=-1)
        more = torch.zeros({"JumpReLU": 1, "gated": 2}.get(kind, 0), len(penalty), latents)
        if kind == "JumpReLU":
            more += torch.tensor(0.1).log()
        return cls(
            kind, penalty, D.mT.clone(), torch.zeros(len(penalty), latents), D, torch.zeros(len(penalty), m), more, bandwidth
        )

    @property
    def rows(self) -> Float[Tensor, "model latent m"]:
        """The directions of the latents."""
        return functional.normalize(self.D, dim=-1)

    def code(self, h: Float[Tensor, "model batch m"]) -> Float[Tensor, "model batch latent"]:
        """What each latent says of a hidden vector. A BatchTopK's depends on the batch: it should be a large one."""
        return self._code(torch.baddbmm(self.e[:, None], h - self.c[:, None], self.E))[0]

    def decode(self, z: Float[Tensor, "model batch latent"]) -> Float[Tensor, "model batch m"]:
        """The hidden vectors that codes stand for."""
        return torch.baddbmm(self.c[:, None], z, self.rows)

    def loss(self, h: Float[Tensor, "model batch m"]) -> Float[Tensor, "model"]:
        """‖h - ĥ‖² and what the kind is trained on besides, mean over the batch."""
        z, price = self._code(torch.baddbmm(self.e[:, None], h - self.c[:, None], self.E))
        total = ((h - self.decode(z)) ** 2).sum((1, 2))
        if self.kind == "gated":  # the gates alone must be able to reconstruct, by a decoder that doesn't hear of it
            alone = torch.baddbmm(self.c.detach()[:, None], price, self.rows.detach())
            total = total + ((h - alone) ** 2).sum((1, 2))
        if price is not None:
            total = total + self.penalty * price.sum((1, 2))
        return total / h.shape[1]

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


def train(stack: Autoencoders, draw: Callable[[], Float[Tensor, "model batch m"]], steps: int, lr: float) -> None:
    """Train a stack in place with Adam on a fresh batch at each step, the rate brought to 0 along a cosine."""
    parameters = [stack.E, stack.e, stack.D, stack.c, stack.more]
    for parameter in parameters:
        parameter.requires_grad_(True)
    adam = torch.optim.Adam(parameters, lr, fused=True)
    for rate in AdamW(lr, schedule="cosine").rates(steps):
        adam.param_groups[0]["lr"] = float(rate)
        adam.zero_grad()
        stack.loss(draw()).sum().backward()
        adam.step()
    for parameter in parameters:
        parameter.requires_grad_(False)
