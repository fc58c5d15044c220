"""A number with its interval, 95%, and what the interval is over: what the check of a claim measures."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from jaxtyping import Bool, Float, Num

from superposition import metrics
from superposition.errors import SuperpositionError

Over = Literal["seeds", "models", "samples", "sums", "importances", "published numbers", "none"]


class ClaimError(SuperpositionError):
    """A claim or finding that is malformed, registered twice, or not there."""


@dataclass(frozen=True)
class Estimate:
    """A value and its interval over `count` of what `over` says; over "none" there is no interval.

    `tied`: all of them gave the same value, and the interval is the bound that so many allow, not their spread.
    Raises ClaimError for a number that is not finite, a value outside its interval, an interval without a width over
    anything, a count below 1."""

    value: float
    low: float
    high: float
    over: Over
    count: int
    tied: bool = False

    def __post_init__(self) -> None:
        if self.over not in get_args(Over):
            raise ClaimError(f"over {self.over!r}: expected one of {', '.join(get_args(Over))}")
        if not all(map(math.isfinite, (self.value, self.low, self.high))):
            raise ClaimError(f"expected finite numbers, got {self.value} ({self.low} to {self.high})")
        slack = 1e-9 * max(1.0, abs(self.value))
        if not self.low - slack <= self.value <= self.high + slack:
            raise ClaimError(f"value {self.value} lies outside its interval, {self.low} to {self.high}")
        if self.low == self.high and self.over != "none":
            raise ClaimError(f"the interval over {self.over} has no width at {self.value}: give its bounds, or over none")
        if self.count < 1:
            raise ClaimError(f"count: expected at least 1, got {self.count}")

    def map(self, function: Callable[[float], float]) -> "Estimate":
        """The same of an increasing function of the value, such as `np.exp` of a mean of logarithms."""
        value, low, high = (float(function(x)) for x in (self.value, self.low, self.high))
        return Estimate(value, low, high, self.over, self.count, self.tied)

    @property
    def percent(self) -> "Estimate":
        """The same in per cent."""
        return self.map(lambda share: 100 * share)


@dataclass(frozen=True)
class Finding:
    """What the check of a claim measured: an estimate, a baseline to hold it against, and what else the tolerance asks.

    `also`: further quantities by name, each a number, an estimate, or several of them by label (such as one a width).
    `note`: a sentence on what differs from the claim. Raises ClaimError for a baseline that is not finite."""

    estimate: Estimate
    baseline: float | None = None
    note: str = ""
    also: Mapping[str, "float | Estimate | Mapping[str, float | Estimate]"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.baseline is not None and not math.isfinite(self.baseline):
            raise ClaimError(f"expected a finite baseline, got {self.baseline}")


def exactly(value: float) -> Estimate:
    """A value without an interval: computed, counted, or of all that there are."""
    return Estimate(float(value), float(value), float(value), "none", 1)


def tied(each: Float[np.ndarray, "seed"]) -> bool:
    """Whether all seeds gave the same, but for rounding."""
    return bool(np.ptp(each) <= 1e-12 * np.abs(each).max())


def over_seeds(
    values: Bool[np.ndarray, "seed *rest"] | Num[np.ndarray, "seed *rest"], bounds: tuple[float, float] | None = None
) -> Estimate:
    """The mean over seeds, of each seed's own mean, with its interval: what lies within a seed is no independent sample.

    Truth values are shares. Yes or no a seed has Wilson's interval; all else has Student's, cut off at `bounds`, between
    which a value of a seed can lie (0 and 1 of a share). Where all seeds gave the same, their spread says nothing: up to
    a share q of all seeds may differ, by Wilson's interval, and the mean lies as far off as these could shift it.
    Raises ClaimError where all seeds gave the same and there are no bounds."""
    values = np.asarray(values)
    single, truth = values[0].size == 1, values.dtype == bool
    each = values.reshape(len(values), -1).mean(1, dtype=np.float64)
    least, most = bounds or ((0.0, 1.0) if truth else (-math.inf, math.inf))
    if tied(each):
        if not (math.isfinite(least) and math.isfinite(most)):
            raise ClaimError(f"all {len(each)} seeds gave {each[0]}: give the bounds of a seed's value")
        differ = metrics.rate_interval(0, len(each))[2]
        value = float(np.clip(each[0], least, most))
        return Estimate(value, value - differ * (value - least), value + differ * (most - value), "seeds", len(each), tied=True)
    if truth and single:
        return Estimate(*metrics.rate_interval(int(each.sum()), len(each)), "seeds", len(each))
    mean, low, high = (float(x) for x in metrics.mean_interval(each))
    return Estimate(mean, max(low, min(least, mean)), min(high, max(most, mean)), "seeds", len(each))


def jackknife(statistic: Callable[[np.ndarray], float], values: Num[np.ndarray, "seed *rest"]) -> Estimate:
    """A statistic of all seeds together, with Student's interval of its pseudo-values, each from leaving a seed out.

    The value is the statistic of all, not the mean of the pseudo-values. Source: Tukey 1958."""
    count, whole = len(values), float(statistic(values))
    without = np.array([statistic(np.delete(values, seed, 0)) for seed in range(count)], float)
    mean, low, _ = metrics.mean_interval(count * whole - (count - 1) * without)
    half = float(mean - low)
    return Estimate(whole, whole - half, whole + half, "seeds", count)
