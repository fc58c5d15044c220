"""What the speed of training sparse autoencoders is measured against: plain PyTorch with `torch.compile` and fused Adam.
That is one module for the whole stack, some ten times faster here than one module an autoencoder; both sides see the same
hidden vectors, drawn beforehand."""

from collections.abc import Callable, Iterator
from itertools import cycle

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from superposition import sparse_autoencoders
from superposition.bench import Comparison
from superposition.sparse.engine.hidden import Hidden
from superposition.sparse_autoencoders import Autoencoders

MODELS, PENALTIES, BATCH, DENSITY = 16, (0.02, 0.06, 0.2, 0.6), 128, 0.1
SIZES = ((5, 2, 1600), (20, 5, 800))  # n_features, n_hidden, and steps a measured stretch
LR = 0.003


def _drawn(n: int, m: int) -> list[Float[Tensor, "model batch m"]]:
    """Batches of the hidden vectors of MODELS models with features in random directions."""
    generator = torch.Generator().manual_seed(0)
    W = functional.normalize(torch.randn(MODELS, n, m, generator=generator), dim=-1)
    hidden = Hidden(W, torch.full((MODELS,), DENSITY), 1, generator)
    return [hidden.vectors(hidden.features(BATCH)) for _ in range(64)]


def _penalty() -> Float[Tensor, "stack"]:
    """All PENALTIES for each model."""
    return torch.tensor(PENALTIES).repeat(MODELS)


def _ours(batches: list[Tensor], latents: int, steps: int) -> Callable[[], None]:
    penalty, m = _penalty(), batches[0].shape[-1]
    stack = Autoencoders.create("L1", penalty, m, latents, 0.05, torch.Generator().manual_seed(0))
    drawn = cycle(batches)
    return lambda: sparse_autoencoders.train(stack, lambda: next(drawn), steps, LR)


class Plain(nn.Module):
    """L1 autoencoders as a researcher would write a stack of them."""

    def __init__(self, stack: int, m: int, latents: int) -> None:
        super().__init__()
        D = functional.normalize(torch.randn(stack, latents, m), dim=-1)
        self.W_enc, self.b_enc = nn.Parameter(D.mT.clone()), nn.Parameter(torch.zeros(stack, 1, latents))
        self.W_dec, self.b_dec = nn.Parameter(D), nn.Parameter(torch.zeros(stack, 1, m))

    def forward(self, h: Tensor, penalty: Tensor) -> Tensor:
        z = torch.baddbmm(self.b_enc, h - self.b_dec, self.W_enc).relu()
        back = torch.baddbmm(self.b_dec, z, functional.normalize(self.W_dec, dim=-1))
        return (((h - back) ** 2).sum((1, 2)) + penalty * z.sum((1, 2))).sum() / h.shape[1]


def _reference(batches: list[Tensor], latents: int, steps: int) -> Callable[[], None]:
    penalty, m = _penalty(), batches[0].shape[-1]
    module = Plain(len(penalty), m, latents)
    compiled, adam = torch.compile(module), torch.optim.Adam(module.parameters(), LR, fused=True)
    drawn = cycle([batch.repeat_interleave(len(PENALTIES), 0) for batch in batches])

    def stretch() -> None:
        for _ in range(steps):
            adam.zero_grad()
            compiled(next(drawn), penalty).backward()
            adam.step()

    return stretch


def comparisons() -> Iterator[Comparison]:
    """A training step of a stack, size by size."""
    count = MODELS * len(PENALTIES)
    for n, m, steps in SIZES:
        batches = _drawn(n, m)
        yield Comparison(
            name=f"sparse {n}/{m}x{count}",
            what=f"a training step of {count} L1 autoencoders with {n} latents on {m} dimensions, batch {BATCH}, against "
            f"torch.compile",
            ours=_ours(batches, n, steps),
            reference=_reference(batches, n, steps),
            repeats=5,
            units=steps,
            products=5 * 2 * BATCH * count * n * m,
        )
