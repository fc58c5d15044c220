"""Where neurons fire most, read off what Neuroscope has gathered: at which tokens, how alike, and how much of it all that is."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy import special

from superposition import runs
from superposition.stories.engine import gathering
from superposition.stories.engine.gathering import STEPS
from superposition.stories.engine.tallies import BELOW, BINS

Array = np.ndarray


class Window(NamedTuple):
    """A piece of text around a peak: its tokens, what the neuron gives at each, and which of them is the peak."""

    tokens: list[bytes]
    values: Float[Array, "token"]
    peak: int


def peaks(results: runs.Results) -> Int[Array, "neuron text"]:
    """The token at the peak of each of a neuron's highest texts; -1 where there are fewer texts."""
    text, at = (results[name][:, : results.config.top].astype(int) for name in ("example", "at"))
    return np.where(text >= 0, results["text"][results["start"][np.maximum(text, 0)] + at].astype(int), -1)


def sameness(tokens: Int[Array, "neuron text"]) -> Float[Array, "neuron"]:
    """The share of a neuron's highest texts that peak at its most frequent token."""
    return np.array([np.bincount(row[row >= 0]).max() / max(1, (row >= 0).sum()) for row in tokens])


def by_chance(tokens: Int[Array, "neuron text"], draws: int, seed: int) -> Float[Array, "draw neuron"]:
    """The same where each neuron's peaks are dealt out anew from those of all neurons."""
    rng, flat = np.random.default_rng(seed), tokens.ravel()
    return np.stack([sameness(rng.permutation(flat).reshape(tokens.shape)) for _ in range(draws)])


def edges(results: runs.Results, n: int) -> Float[Array, "edge"]:
    """Where the bins of a neuron's histogram begin, and the last one ends."""
    return (np.arange(BINS + 1) - BELOW) * 2.0 ** float(results["level"][n])


def share_at_the_top(results: runs.Results, from_: float) -> Float[Array, "neuron"]:
    """How much of all that a neuron gives above zero, summed over tokens, it gives above that share of its highest.

    By the middles of the histogram's bins; 0 for one that never fires."""
    middle = (np.arange(BELOW, BINS) - BELOW + 0.5) * 2.0 ** results["level"][:, None].astype(float)
    mass = results["counts"][:, BELOW:] * middle
    high = middle >= from_ * results["peak"][:, :1]
    return (mass * high).sum(1) / np.maximum(mass.sum(1), 1e-300)


def normal_share_at_the_top(count: int, from_: float) -> float:
    """The same of so many standard normal numbers whose highest is the value that one of them exceeds on average.

    Above a the integral of x over the density is the density at a."""
    highest = -special.ndtri(1 / count)
    return float(np.exp(-((from_ * highest) ** 2) / 2))


def windows(
    results: runs.Results, vocabulary: Sequence[bytes], n: int, examples: Sequence[int], before: int, after: int
) -> list[Window]:
    """Some of a neuron's texts, cut close around their peaks."""
    a, config, found = results, results.config, []
    there = a["example"] >= 0
    lengths = np.diff(a["start"])[np.maximum(a["example"], 0)]
    begin, end, offset = gathering.windows(a["at"].astype(np.int64), lengths, there, config.before, config.after)
    for e in (e for e in examples if there[n, e]):
        at, place = int(a["at"][n, e]), n * there.shape[1] + e
        values = a["window"][offset[place] : offset[place + 1]] * (a["scale"][n] / STEPS)
        near = slice(max(int(begin[n, e]), at - before), min(int(end[n, e]), at + after + 1))
        tokens = a["text"][a["start"][a["example"][n, e]] :][near]
        shown = values[near.start - begin[n, e] : near.stop - begin[n, e]].astype(float)
        found.append(Window([vocabulary[t] for t in tokens], shown, at - near.start))
    return found
