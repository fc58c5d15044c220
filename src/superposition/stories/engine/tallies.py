"""What is kept of every neuron's activations while a corpus streams by, in memory that doesn't grow with it.
All of it is exact and independent of how the corpus was cut: two tallies merge into that of both parts, to the bit."""

import heapq
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float, Int, Integer, UInt64

from superposition.errors import SuperpositionError
from superposition.stories.engine import tally_kernel
from superposition.stories.engine.tally_kernel import BELOW, BINS, SCALE

Array = np.ndarray
LEVEL = -6  # the narrowest bins are 2^-6 wide
NO_KEY = np.uint64(0xFFFFFFFFFFFFFFFF)


class TallyError(SuperpositionError):
    """Activations that cannot be counted."""


@dataclass(frozen=True)
class Sizes:
    """How much is kept: texts with the highest and the lowest activations, tokens, and tokens drawn to correlate neurons."""

    top: int = 20
    low: int = 4
    tokens: int = 24
    drawn: int = 4096


@dataclass
class Tally:
    """The tally of some neurons over some rows of tokens.

    A place is row × context + position. `counts` are of bins 2^level wide, BELOW of them below zero; the level is the
    lowest whose bins hold every value. Of each bin, and of all tokens together (`drawn`), those with the smallest keys are
    kept, which is a draw without replacement. `top_value` is a row's highest activation, `low_value` the negative of its
    lowest, from high to low, at equal values the earlier place first; `token_value` the highest at each token."""

    level: Int[Array, "neuron"]
    counts: Int[Array, "neuron bin"]
    bin_key: UInt64[Array, "neuron bin"]
    bin_place: Int[Array, "neuron bin"]
    top_value: Float[Array, "neuron top"]
    top_place: Int[Array, "neuron top"]
    low_value: Float[Array, "neuron low"]
    low_place: Int[Array, "neuron low"]
    token_value: Float[Array, "neuron kept"]
    token_id: Int[Array, "neuron kept"]
    total: Int[Array, "neuron"]
    squares: Int[Array, "neuron"]
    positive: Int[Array, "neuron"]
    n_tokens: Int[Array, ""]
    drawn_key: UInt64[Array, "drawn"]
    drawn_place: Int[Array, "drawn"]
    drawn_value: Float[Array, "drawn neuron"]

    @classmethod
    def empty(cls, n: int, sizes: Sizes = Sizes()) -> "Tally":
        """Of no rows yet."""
        lists = {}
        for name, size in (("top", sizes.top), ("low", sizes.low), ("token", sizes.tokens)):
            lists[f"{name}_value"] = np.full((n, size), -np.inf, np.float32)
            lists["token_id" if name == "token" else f"{name}_place"] = np.full((n, size), -1)
        zeros = {name: np.zeros(n, np.int64) for name in ("total", "squares", "positive")}
        return cls(
            level=np.full(n, LEVEL), counts=np.zeros((n, BINS), np.int64), bin_key=np.full((n, BINS), NO_KEY),
            bin_place=np.full((n, BINS), -1), **lists, **zeros, n_tokens=np.array(0), drawn_key=np.full(sizes.drawn, NO_KEY),
            drawn_place=np.full(sizes.drawn, -1), drawn_value=np.zeros((sizes.drawn, n), np.float32),
        )  # fmt: skip

    def add(
        self, acts: Float[Array, "row position neuron"], tokens: Integer[Array, "row position"], lengths: Integer[Array, "row"],
        skip: int, first: int, context: int, seed: int,
    ) -> None:  # fmt: skip
        """Take in the activations of rows `first` and on, each so long, without the first `skip` positions.

        Raises TallyError where one of them is not a finite number."""
        rows, positions, _ = acts.shape
        places = (first + np.arange(rows))[:, None] * context + np.arange(positions)
        keys = tally_kernel.keys(places.ravel(), seed).reshape(places.shape)
        finite = tally_kernel.look(
            np.ascontiguousarray(acts, np.float32), np.asarray(tokens, np.int64), np.asarray(lengths, np.int64), skip, first,
            context, keys, self.level, self.counts, self.bin_key, self.bin_place, self.top_value, self.top_place,
            self.low_value, self.low_place, self.token_value, self.token_id, self.total, self.squares, self.positive,
        )  # fmt: skip
        if not finite:
            raise TallyError(f"rows {first} to {first + rows - 1}: the model gave an activation that is not a finite number")
        at = np.arange(positions)
        taken = np.flatnonzero((at >= skip) & (at < np.asarray(lengths)[:, None]))
        self.n_tokens = self.n_tokens + len(taken)
        values = acts.reshape(rows * positions, -1)
        self._draw(keys.ravel()[taken], places.ravel()[taken], lambda k: values[taken[k]])

    def merge(self, other: "Tally") -> None:
        """Take in the tally of other rows."""
        for mine, theirs in ((self, other), (other, self)):
            tally_kernel.widen(mine.level, theirs.level, mine.counts, mine.bin_key, mine.bin_place)
        self.counts += other.counts
        self.bin_place = np.where(other.bin_key < self.bin_key, other.bin_place, self.bin_place)
        self.bin_key = np.minimum(self.bin_key, other.bin_key)
        for name in ("top", "low"):
            value, place = (np.concatenate([getattr(t, f"{name}_{w}") for t in (self, other)], 1) for w in ("value", "place"))
            last = np.where(place < 0, np.iinfo(np.int64).max, place)
            order = np.lexsort((last, -value))[:, : value.shape[1] // 2]
            setattr(self, f"{name}_value", np.take_along_axis(value, order, 1))
            setattr(self, f"{name}_place", np.take_along_axis(place, order, 1))
        tally_kernel.meet_all(self.token_value, self.token_id, other.token_value, other.token_id)
        for name in ("total", "squares", "positive"):
            getattr(self, name).__iadd__(getattr(other, name))
        self.n_tokens = self.n_tokens + other.n_tokens
        there = other.drawn_place >= 0
        self._draw(other.drawn_key[there], other.drawn_place[there], lambda k: other.drawn_value[there][k])

    def _draw(self, keys, places, value_of):
        """Keep the tokens with the smallest keys; the order of the slots is settled in `state`."""
        size = len(self.drawn_key)
        if not size:
            return
        heap = [(-int(key), slot) for slot, key in enumerate(self.drawn_key)]
        heapq.heapify(heap)
        chosen = {}
        for k in np.flatnonzero(keys < NO_KEY if heap[0][0] == -int(NO_KEY) else keys < np.uint64(-heap[0][0])):
            if int(keys[k]) < -heap[0][0]:
                slot = heapq.heapreplace(heap, (-int(keys[k]), heap[0][1]))[1]
                chosen[slot] = k
        if chosen:
            slots, taken = np.array(list(chosen)), np.array(list(chosen.values()))
            self.drawn_key[slots], self.drawn_place[slots], self.drawn_value[slots] = keys[taken], places[taken], value_of(taken)

    def state(self) -> dict[str, Array]:
        """Its arrays by name, the same for the same rows however they came."""
        order = np.argsort(self.drawn_key, kind="stable")
        self.drawn_key, self.drawn_place, self.drawn_value = (
            self.drawn_key[order], self.drawn_place[order], self.drawn_value[order],
        )  # fmt: skip
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def of_state(cls, state: dict[str, Array]) -> "Tally":
        """The tally of these arrays: the inverse of `state`."""
        return cls(**{field.name: np.array(state[field.name]) for field in fields(cls)})

    def mean(self) -> Float[Array, "neuron"]:
        """Of each neuron's activation over all tokens."""
        return self.total / SCALE / max(1, int(self.n_tokens))

    def deviation(self) -> Float[Array, "neuron"]:
        """The standard deviation of each neuron's activation over all tokens."""
        return np.sqrt(np.maximum(self.squares / SCALE / max(1, int(self.n_tokens)) - self.mean() ** 2, 0))

    def edges(self) -> Float[Array, "neuron edge"]:
        """Where each neuron's bins begin, and the last one ends."""
        return (np.arange(BINS + 1) - BELOW) * 2.0 ** self.level[:, None]
