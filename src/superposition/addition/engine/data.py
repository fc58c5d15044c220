"""The sums that the transformer learns: two six-digit numbers and their sum, each written least significant digit first.
As tokens these are 6 + 6 + 7 digits; what the model sees in the last seven places depends on how it is asked."""

from typing import Literal

import numpy as np
from jaxtyping import Int, UInt8

from superposition.addition.engine import streams

Array = np.ndarray
Reading = Literal["at once", "one by one"]

VOCAB = "0123456789=^"
EQUALS = VOCAB.index("=")
N_DIGITS = 6
N_ANSWERS = N_DIGITS + 1
N_INPUTS = 2 * N_DIGITS
N_CTX = N_INPUTS + N_ANSWERS


def digits(number: Int[Array, "*batch"], count: int) -> UInt8[Array, "*batch count"]:
    """The last `count` decimal digits, least significant first."""
    return (number[..., None] // 10 ** np.arange(count) % 10).astype(np.uint8)


def answers(a: Int[Array, "*batch"], b: Int[Array, "*batch"]) -> UInt8[Array, "*batch n_answers"]:
    """The seven digits of a + b, least significant first."""
    return digits(a + b, N_ANSWERS)


def tokens(a: Int[Array, "*batch"], b: Int[Array, "*batch"], reading: Reading = "at once") -> UInt8[Array, "*batch n_ctx"]:
    """What the model sees: the digits of a and b, then seven places to answer in.

    `at once`, the original's way, each of these holds `=`. `one by one`, as the write-up's text has it, the first holds `=`
    and each later one the true digit before its own."""
    marks = np.full((*a.shape, N_ANSWERS), EQUALS, np.uint8)
    if reading == "one by one":
        marks[..., 1:] = answers(a, b)[..., :-1]
    return np.concatenate([digits(a, N_DIGITS), digits(b, N_DIGITS), marks], -1)


def carries(a: Int[Array, "*batch"], b: Int[Array, "*batch"]) -> Int[Array, "*batch n_answers"]:
    """The carry into each column: 0 or 1."""
    modulus = 10 ** np.arange(N_ANSWERS)
    return (a[..., None] % modulus + b[..., None] % modulus) // modulus


def chains(a: Int[Array, "*batch"], b: Int[Array, "*batch"]) -> Int[Array, "*batch n_answers"]:
    """How many columns right below each one sum to 9 without a break: how far down one must look for its carry."""
    nines = digits(a, N_ANSWERS) + digits(b, N_ANSWERS) == 9
    found = np.zeros(nines.shape, int)
    for k in range(1, N_ANSWERS):
        found[..., k] = np.where(nines[..., k - 1], found[..., k - 1] + 1, 0)
    return found


def draw(seed: int, count: int) -> Int[Array, "count 2"]:
    """Distinct pairs of numbers below a million, uniform, that depend on the seed alone."""
    pairs = streams.generator(seed, stream=streams.SUMS).choice(10 ** (2 * N_DIGITS), count, replace=False)
    return np.stack(np.divmod(pairs, 10**N_DIGITS), -1)
