"""Which random streams a run draws from, told by the generators' states: two purposes with one stream draw the same numbers."""

import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import numpy as np
import torch


@contextmanager
def made() -> Iterator[dict[object, set[str]]]:
    """The first state of each generator that is made in a `with` block, with the functions of the package that make it.

    A part's `streams` makes generators for others, so it is its callers that count."""
    found: dict[object, set[str]] = defaultdict(set)
    numpys, torchs, own = np.random.default_rng, torch.manual_seed, torch.Generator

    def default_rng(seed=None):
        generator = numpys(seed)
        if not isinstance(seed, np.random.Generator):
            found[str(generator.bit_generator.state)].add(_place())
        return generator

    def manual_seed(seed):
        found["torch", seed].add(_place())
        return torchs(seed)

    class Generator(own):
        def manual_seed(self, seed):
            found["torch", seed].add(_place())
            return super().manual_seed(seed)

    own_ones = {"default_rng": (np.random, default_rng), "manual_seed": (torch, manual_seed), "Generator": (torch, Generator)}
    with ExitStack() as patches:
        for name, (module, replacement) in own_ones.items():
            patches.enter_context(patch.object(module, name, replacement))
        yield found


def _place() -> str:
    frame = sys._getframe(2)
    while not (name := frame.f_globals.get("__name__", "")).startswith("superposition.") or name.endswith(".streams"):
        frame = frame.f_back
    return f"{name.removeprefix('superposition.')}.{frame.f_code.co_qualname.partition('.<')[0]}"


def shared(found: dict[object, set[str]]) -> set[tuple[str, ...]]:
    """The functions that draw the same numbers as others, together with these."""
    return {tuple(sorted(functions)) for functions in found.values() if len(functions) > 1}
