"""Where heads attend at the seven answers: the share of each place, how many places that is, and on which digits it falls.
A pattern's places are the six digits of a, the six of b, and the answers' own, which all hold `=`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8

from superposition import runs
from superposition.addition.engine import data, learning_curves
from superposition.addition.engine.lookup import Lookup
from superposition.addition.engine.transformer import Transformer

Array = np.ndarray
SHARES = ("own column", "column below", "columns further down", "columns above", "=")
OWN, BELOW, FURTHER, ABOVE, EQUALS = range(len(SHARES))


def attended(model: Transformer, seen: UInt8[Array, "example n_ctx"]) -> tuple[Array, Array]:
    """The mean attention over sums (answer, head, place), and how many places a head attends to (answer, head).

    The number of places is e to the mean entropy: 1 for a head that always looks at one place, n for one that looks at n
    alike."""
    with torch.no_grad():
        pattern = Lookup.of(model).attend(torch.from_numpy(seen)).pattern
        entropy = torch.special.entr(pattern).sum(-1)
    return pattern.mean(0).numpy(), entropy.mean(0).exp().numpy()


@dataclass(frozen=True)
class Attention:
    """Of models on sums that none was trained on: the pattern of every head, and to how many places it attends."""

    pattern: Float[Array, "model answer head place"]
    places: Float[Array, "model answer head"]

    @classmethod
    def of(cls, models: Sequence[Transformer], sums: int = 500) -> "Attention":
        """Where these models attend."""
        seen = data.tokens(*data.draw(99, sums).T)
        each = [attended(model, seen) for model in models]
        return cls(*(np.stack(one) for one in zip(*each, strict=True)))


def before_and_after(trained: runs.Results) -> tuple[Attention, Attention]:
    """Where the models of `addition/train` attend at their random start, and at the end."""
    size = trained.config
    start = [Transformer(size.n_heads, size.d_head, size.seed + k) for k in range(size.seeds)]
    return Attention.of(start), Attention.of(learning_curves.transformers(trained))


def shares(pattern: Float[Array, "*batch answer head place"]) -> Float[Array, "*batch share answer head"]:
    """How much of each head's attention at each answer falls on each of SHARES.

    The millions have no column of their own: their share there is 0, and the hundred thousands are the column below."""
    columns = pattern[..., : data.N_DIGITS] + pattern[..., data.N_DIGITS : data.N_INPUTS]
    above = np.arange(data.N_DIGITS) - np.arange(data.N_ANSWERS)[:, None]  # answer, column
    which = [above == 0, above == -1, above < -1, above > 0]
    on_digits = [(columns * one[:, None]).sum(-1) for one in which]
    return np.stack([*on_digits, pattern[..., data.N_INPUTS :].sum(-1)], -3)


def hard(attention: Attention) -> Bool[Array, "model answer head"]:
    """Whether a head puts over half of its attention at an answer on the digits of that answer's column; not of the millions."""
    return shares(attention.pattern)[:, OWN, : data.N_DIGITS] > 0.5


def distinctive(attention: Attention) -> tuple[Float[Array, "model"], Float[Array, "model"]]:
    """The share of heads that look so hard at one answer or more; and to how many places heads attend, mean over answers."""
    return hard(attention).any(1).mean(-1), attention.places[:, : data.N_DIGITS].mean((1, 2))
