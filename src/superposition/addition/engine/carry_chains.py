"""Sums in which carries travel far: columns that sum to 9 pass on the carry from below, and in uniform sums chains of them
are rare."""

import numpy as np
from jaxtyping import Int

from superposition.addition.engine import streams
from superposition.addition.engine.data import N_DIGITS

Array = np.ndarray
SPLITS = ("test", "long")  # uniform sums, and sums with long chains
TEST, LONG = range(len(SPLITS))
NINES = 0.5  # how often a column sums to 9 in sums with long chains


def draw(seed: int, count: int, share: float | int) -> Int[Array, "count 2"]:
    """Pairs of numbers below a million, of which a `share` have long chains; the others are uniform.

    They depend on the seed alone. Nothing keeps a pair from coming twice but its chance of about one in 10¹²."""
    rng = streams.generator(seed, stream=streams.LONG_CHAINS)
    a, b = rng.integers(0, 10, (2, count, N_DIGITS))
    chosen = (rng.random((count, 1)) < share) & (rng.random(b.shape) < NINES)
    return numbers(a, np.where(chosen, 9 - a, b))


def of_depth(rng: np.random.Generator, count: int, answer: int, depth: int) -> Int[Array, "count 2"]:
    """Random pairs in which just `depth` columns right below an answer sum to 9."""
    a, b = rng.integers(0, 10, (2, count, N_DIGITS))
    low = answer - depth
    b[:, low:answer] = 9 - a[:, low:answer]
    if low > 0:
        other = rng.integers(0, 9, count)  # any digit but the one that would go on with the chain
        b[:, low - 1] = other + (other >= 9 - a[:, low - 1])
    return numbers(a, b)


def numbers(a: Int[Array, "count n_digits"], b: Int[Array, "count n_digits"]) -> Int[Array, "count 2"]:
    """The numbers with these digits, least significant first."""
    return np.stack([a, b], 1) @ 10 ** np.arange(N_DIGITS)
