"""What is known of a sum at one of its answers, such as digits, pairs, sums and carries, and how well directions tell it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.stats import rankdata
from torch import Tensor

from superposition.addition.engine import data
from superposition.matching import Detectors

Array = np.ndarray
FAMILIES = (
    "digit", "pair", "sum", "range of sums", "carry in", "carry out", "answer", "digit below", "pair below", "sum below",
)  # fmt: skip
MEASURES = ("gain", "F1", "precision", "recall", "AUC")
GAIN, F1, PRECISION, RECALL, AUC = range(len(MEASURES))
N_SUMS = 19


@dataclass(frozen=True)
class Concepts:
    """Truth values of many sums, each with a name and the number of its family in FAMILIES."""

    names: tuple[str, ...]
    family: Int[Array, "concept"]
    holds: Bool[Array, "example concept"]


def labels(pairs: Int[Array, "example 2"], answer: int) -> dict[str, Int[Array, "example"]]:
    """What is known of sums at an answer, each as a number: those of its own column, its carries, and the column below.

    A pair is without order, 10 times the smaller digit and the larger one. What an answer doesn't have is left out."""
    (a, b), carry = (data.digits(number, data.N_ANSWERS).astype(int) for number in pairs.T), data.carries(*pairs.T)
    found = {}
    for where, column in (("", answer), (" below", answer - 1)):
        if 0 <= column < data.N_DIGITS:
            x, y = a[:, column], b[:, column]
            found |= {f"a{where}": x, f"b{where}": y, f"pair{where}": 10 * np.minimum(x, y) + np.maximum(x, y)}
            found[f"sum{where}"] = x + y
    if answer > 0:
        found["carry in"] = carry[:, answer]
    if answer < data.N_DIGITS:
        found |= {"carry out": carry[:, answer + 1], "answer": (a + b + carry)[:, answer] % 10}
    return found


def ranges() -> list[tuple[int, int]]:
    """Least and greatest of every run of two or more sums of a column that at most half of all pairs of digits have."""
    ways = np.convolve(np.ones(10, int), np.ones(10, int))
    runs = [(low, high) for low in range(N_SUMS) for high in range(low + 1, N_SUMS)]
    return [(low, high) for low, high in runs if 2 * ways[low : high + 1].sum() <= ways.sum()]


def concepts(known: Mapping[str, Int[Array, "example"]]) -> Concepts:
    """Every value of the labels, and every one of the `ranges`, as a truth value."""
    rows = []
    for label, values in known.items():
        family = {"a": "digit", "b": "digit"}.get(label[0], label.removesuffix(" below"))
        family = family if not label.endswith(" below") else f"{family} below"
        family = label if label in FAMILIES else family
        every = {"pair": [10 * x + y for x in range(10) for y in range(x, 10)], "sum": range(N_SUMS)}
        every |= {"carry in": range(2), "carry out": range(2)}
        for value in every.get(label.removesuffix(" below"), range(10)):
            name = f"{label} {value // 10}, {value % 10}" if "pair" in label else f"{label} {value}"
            rows.append((name, family, values == value))
    if "sum" in known:
        for low, high in ranges():
            rows.append((f"sum {low} to {high}", "range of sums", (known["sum"] >= low) & (known["sum"] <= high)))
    names, families, holds = zip(*rows, strict=True)
    return Concepts(names, np.array([FAMILIES.index(one) for one in families]), np.stack(holds, 1))


@dataclass(frozen=True)
class Told:
    """How well a set of directions tells every concept, and what each direction tells best; on sums that chose neither.

    `best` is each concept's measures with the direction and threshold that are its best; `concept` is what each live direction
    tells best and `gain` how well; both are of the live directions alone, in order."""

    best: Float[Array, "concept measure"]
    concept: Int[Array, "live"]
    gain: Float[Array, "live"]

    def by_family(self, family: Int[Array, "concept"]) -> dict[str, Array]:
        """Means over the concepts of each family, and the share of the directions that tell one of it best; NaN where none is."""
        members = family == np.arange(len(FAMILIES))[:, None]
        count = members.sum(1)[:, None]
        mean = np.divide(members @ self.best, count, out=np.full((len(FAMILIES), len(MEASURES)), np.nan), where=count > 0)
        share = np.bincount(family[self.concept], minlength=len(FAMILIES)) / max(1, len(self.concept))
        return {"told": mean, "share": share, "latent_gain": np.array(self.gain.mean() if len(self.gain) else 0.0)}


def told(
    choose: Float[Tensor, "example direction"],
    score: Float[Tensor, "example direction"],
    known: tuple[Concepts, Concepts],
    quantiles: tuple[float, ...],
) -> Told:
    """Directions as detectors, by their activities: each fires above 0, above a quantile of its own activities, or always.

    The gain is (F1 − F1 of always) / (1 − F1 of always): 0 of a detector that always fires, 1 of a perfect one. Direction and
    threshold are chosen for every concept, and a concept for every direction, on the first half, and scored on the other."""
    never = torch.full((choose.shape[1],), -torch.inf)
    thresholds = [torch.zeros_like(never), *choose.quantile(torch.tensor(quantiles), 0), never]
    halves = [_detectors(some, one.holds, thresholds) for some, one in zip((choose, score), known, strict=True)]
    chosen, scored = (_gain(half) for half in halves)
    count, concept = choose.shape[1], np.arange(chosen.shape[1])
    best = chosen.argmax(0)
    auc = _auc(score[:, best % count].numpy(), known[1].holds)
    rest = [table[best, concept] for table in (scored, halves[1].f1(), halves[1].precision(), halves[1].recall())]
    live = ((choose > 0).any(0) & (score > 0).any(0)).numpy()
    of_direction = np.moveaxis(chosen.reshape(len(thresholds), count, -1), 1, 0).reshape(count, -1).argmax(1)
    row, column = of_direction // len(concept) * count + np.arange(count), of_direction % len(concept)
    return Told(np.stack([*rest, auc], 1), column[live], scored[row, column][live])


def _detectors(activity, holds, thresholds):
    on = torch.cat([(activity > threshold).float() for threshold in thresholds], 1)
    active = torch.from_numpy(holds).float()
    return Detectors((on.T @ active).numpy(), on.sum(0).numpy(), active.sum(0).numpy(), len(activity))


def _gain(detectors):
    always = detectors.always_f1()
    return (detectors.f1() - always) / np.maximum(1 - always, 1e-6)


def _auc(activity, holds):
    """The chance that an example of the concept has more activity than one that isn't: a tie counts half."""
    rank, count = rankdata(activity, axis=0), holds.sum(0)
    above = (rank * holds).sum(0) - count * (count + 1) / 2
    return above / np.maximum(1, count * (len(holds) - count))
