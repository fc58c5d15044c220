"""Where heads attend at the seven answers: the share of each place, how many places that is, and on which digits it falls.
A pattern's places are the six digits of a, the six of b, and the answers' own, which all hold `=`."""

import numpy as np
import torch
from jaxtyping import Float, UInt8

from superposition.addition.engine import data
from superposition.addition.engine.lookup import Lookup
from superposition.addition.engine.transformer import Transformer

Array = np.ndarray
SHARES = ("own column", "column below", "columns further down", "columns above", "=")
OWN, BELOW, FURTHER, ABOVE, EQUALS = range(len(SHARES))


def attended(model: Transformer, seen: UInt8[Array, "example n_ctx"]) -> tuple[Array, Array]:
    """The mean attention over sums (answer, head, place), and how many places a head attends to (answer, head).

    The number of places is 2 to the mean entropy in bits: 1 for a head that always looks at one place, n for one that looks
    at n alike."""
    with torch.no_grad():
        pattern = Lookup.of(model).attend(torch.from_numpy(seen)).pattern
        entropy = torch.special.entr(pattern).sum(-1).mean(0)
    return pattern.mean(0).numpy(), entropy.exp().numpy()


def shares(pattern: Float[Array, "*batch answer head place"]) -> Float[Array, "*batch share answer head"]:
    """How much of each head's attention at each answer falls on each of SHARES.

    The millions have no column of their own: their share there is 0, and the hundred thousands are the column below."""
    columns = pattern[..., : data.N_DIGITS] + pattern[..., data.N_DIGITS : data.N_INPUTS]
    above = np.arange(data.N_DIGITS) - np.arange(data.N_ANSWERS)[:, None]  # answer, column
    which = [above == 0, above == -1, above < -1, above > 0]
    on_digits = [(columns * one[:, None]).sum(-1) for one in which]
    return np.stack([*on_digits, pattern[..., data.N_INPUTS :].sum(-1)], -3)


def even() -> Float[Array, "answer 1 place"]:
    """The pattern of a head that looks at all places up to its own alike, as it does where all scores are equal."""
    seen = np.tri(data.N_CTX)[data.N_INPUTS :]
    return (seen / seen.sum(-1, keepdims=True))[:, None]
