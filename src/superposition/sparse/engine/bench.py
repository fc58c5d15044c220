"""What the speed of training sparse autoencoders is measured against: plain PyTorch with `torch.compile` and fused Adam.
That is one module for a whole stack, faster here than one module an autoencoder, on fresh features of two uniform draws."""

from collections.abc import Callable, Iterator

import torch
from torch import nn
from torch.nn import functional

from superposition import sparse_autoencoders
from superposition.bench import Comparison
from superposition.sparse.engine.hidden import Hidden
from superposition.sparse_autoencoders import Autoencoders

MODELS, PENALTIES, BATCH, DENSITY = 16, (0.02, 0.06, 0.2, 0.6), 128, 0.1
SIZES = ((5, 2, 800), (20, 5, 400))  # n_features, n_hidden, and steps a measured stretch
LR = 0.003


def _given(n: int, m: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Random features of MODELS models, and the penalty of each autoencoder: all PENALTIES for each model."""
    generator = torch.Generator().manual_seed(0)
    return functional.normalize(torch.randn(MODELS, n, m, generator=generator), dim=-1), torch.tensor(PENALTIES).repeat(MODELS)


def _ours(n: int, m: int, steps: int) -> Callable[[], None]:
    W, penalty = _given(n, m)
    generator = torch.Generator().manual_seed(0)
    hidden = Hidden(W, torch.full((MODELS,), DENSITY), 1, generator)
    stack = Autoencoders.create("L1", penalty, m, n, 0.05, generator)
    return lambda: sparse_autoencoders.train(stack, lambda: hidden.vectors(hidden.features(BATCH)), steps, LR)


class Plain(nn.Module):
    """A stack of L1 autoencoders as one would write it; without leading sizes, a single one."""

    def __init__(self, m: int, latents: int, *stack: int) -> None:
        super().__init__()
        D = functional.normalize(torch.randn(*stack, latents, m), dim=-1)
        self.W_enc, self.b_enc = nn.Parameter(D.mT.clone()), nn.Parameter(torch.zeros(*stack, 1, latents))
        self.W_dec, self.b_dec = nn.Parameter(D), nn.Parameter(torch.zeros(*stack, 1, m))

    def forward(self, h: torch.Tensor, penalty: torch.Tensor) -> torch.Tensor:
        z = torch.baddbmm(self.b_enc, h - self.b_dec, self.W_enc).relu()
        back = torch.baddbmm(self.b_dec, z, functional.normalize(self.W_dec, dim=-1))
        return (((h - back) ** 2).sum((1, 2)) + penalty * z.sum((1, 2))).sum() / h.shape[1]


def _reference(n: int, m: int, steps: int) -> Callable[[], None]:
    W, penalty = _given(n, m)
    module = Plain(m, n, len(penalty))
    compiled, adam = torch.compile(module), torch.optim.Adam(module.parameters(), LR, fused=True)

    def stretch() -> None:
        for _ in range(steps):
            values = torch.rand(MODELS, BATCH, n)
            x = torch.where(torch.rand(MODELS, BATCH, n) <= DENSITY, values, torch.zeros(()))
            adam.zero_grad()
            compiled((x @ W).repeat_interleave(len(PENALTIES), 0), penalty).backward()
            adam.step()

    return stretch


def comparisons() -> Iterator[Comparison]:
    """A training step of a stack, size by size."""
    for n, m, steps in SIZES:
        count = MODELS * len(PENALTIES)
        yield Comparison(
            name=f"sparse {n}/{m}x{count}",
            what=f"a training step of {count} L1 autoencoders with {n} latents for {m} dimensions, batch {BATCH}, against one "
            f"compiled stack",
            ours=_ours(n, m, steps),
            reference=_reference(n, m, steps),
            repeats=5,
            units=steps,
            products=5 * 2 * BATCH * count * n * m,
        )
