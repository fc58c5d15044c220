"""Features that keep company: which of them may be active together and how often, and hidden vectors drawn from that."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

Array = np.ndarray


@dataclass(frozen=True)
class World:
    """Patterns of active features, 1 where one is active, with the probability of each."""

    patterns: Float[Array, "pattern n"]
    probability: Float[Array, "pattern"]

    def beside(self, *others: "World") -> "World":
        """All features of several worlds, each world independent of the others."""
        worlds = (self, *others)
        chosen = list(product(*(range(len(world.patterns)) for world in worlds)))
        patterns = [np.concatenate([w.patterns[k] for w, k in zip(worlds, one, strict=True)]) for one in chosen]
        probability = [np.prod([w.probability[k] for w, k in zip(worlds, one, strict=True)]) for one in chosen]
        return World(np.array(patterns), np.array(probability))

    @property
    def density(self) -> Float[Array, "n"]:
        """How often each feature is active."""
        return self.probability @ self.patterns


def lone(p: float) -> World:
    """One feature, active with probability p."""
    return World(np.array([[0.0], [1.0]]), np.array([1 - p, p]))


def together(p: float, q: float, company: float) -> float:
    """How often two features are both active: from never, at company -1, over p q at 0, to as often as can be, at 1."""
    return p * q + company * ((min(p, q) - p * q) if company > 0 else p * q)


def company(p: float, q: float, company: float) -> World:
    """Two features of densities p and q that come together more often than by chance, or less often; at 1 the rarer one comes
    only where the other is."""
    both = together(p, q, company)
    patterns = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    return World(patterns, np.array([1 - p - q + both, p - both, q - both, both]))


def family(p: float, children: int) -> World:
    """A parent of density p, and with it one of its children or, as often as each of them, none."""
    alone = np.zeros((1, children + 1))
    with_it = np.concatenate([np.ones((children + 1, 1)), np.eye(children + 1)[:, 1:]], 1)
    return World(np.concatenate([alone, with_it]), np.array([1 - p] + [p / (children + 1)] * (children + 1)))


PAIRS = np.array([[1.0, 0, 1, 0], [1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 0, 1]])  # of x₁, x₂, y₁, y₂


def composed(p: float, alone: float) -> World:
    """One of x₁, x₂ with one of y₁, y₂ in a share p of examples; in a share `alone` of these one feature only."""
    share = [1 - p, *[p * (1 - alone) / 4] * 4, *[p * alone / 4] * 4]
    return World(np.concatenate([np.zeros((1, 4)), PAIRS, np.eye(4)]), np.array(share))


@dataclass(frozen=True)
class Drawn:
    """Examples of a stack of worlds that differ in their probabilities; an active feature's size is uniform on [1 - s, 1 + s]."""

    patterns: Float[Tensor, "pattern n"]
    probability: Float[Tensor, "world pattern"]
    spread: Float[Tensor, "world"]
    W: Float[Tensor, "world n m"]
    generator: torch.Generator

    @classmethod
    def create(
        cls, worlds: Sequence[World], spread: Sequence[float], W: Float[Array, "world n m"], generator: torch.Generator
    ) -> "Drawn":
        """Of worlds that share their patterns."""
        probability = np.stack([world.probability for world in worlds])
        given = (worlds[0].patterns, probability, np.array(spread), W)
        return cls(*(torch.from_numpy(array.astype(np.float32)) for array in given), generator)

    def features(self, batch: int) -> Float[Tensor, "world batch n"]:
        """A batch of features for each world."""
        upto = self.probability.cumsum(-1)
        at = torch.searchsorted(upto / upto[:, -1:], torch.rand(len(upto), batch, generator=self.generator))
        u = torch.rand(*at.shape, self.patterns.shape[-1], generator=self.generator)
        return self.patterns[at.clamp(max=len(self.patterns) - 1)] * (1 + self.spread[:, None, None] * (2 * u - 1))

    def vectors(self, x: Float[Tensor, "world batch n"]) -> Float[Tensor, "world batch m"]:
        """The hidden vectors of features."""
        return x @ self.W
