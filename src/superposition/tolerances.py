"""Tolerances of claims as data, each written once: it gives the verdict on a finding and the words that are printed.
A tolerance is a ladder of verdicts, each with a condition: the first that holds decides."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from superposition.errors import did_you_mean
from superposition.estimates import ClaimError, Estimate, Finding, exactly

Verdict = Literal["reproduced", "partly", "not reproduced", "corrected", "cannot fail"]
_TIMES = {0.1: "a tenth of ", 0.5: "half of ", 0.9: "nine tenths of ", 1: "", 2: "twice ", 3: "three times "}


@dataclass(frozen=True)
class Baseline:
    """A multiple of the finding's baseline, in place of a number: `2 * BASELINE`."""

    times: float = 1

    def __rmul__(self, factor: float) -> "Baseline":
        return Baseline(factor * self.times)


BASELINE = Baseline()
Bar = float | Baseline


def _number(bar: Bar, baseline: float | None) -> float:
    if not isinstance(bar, Baseline):
        return bar
    if baseline is None:
        raise ClaimError("the tolerance asks for a baseline, and the finding has none")
    return bar.times * baseline


def _words(bar: Bar, unit: str) -> str:
    if isinstance(bar, Baseline):
        return _TIMES.get(bar.times, f"{bar.times:g} times ") + "the baseline"
    return f"{bar:,g}".replace("-", "−") + ("%" if unit == "%" else "")


class Condition(ABC):
    """Something that holds of a finding or does not; two are joined by `&`, or by `|` where one is enough."""

    @abstractmethod
    def holds(self, finding: Finding) -> bool:
        """Whether it holds of the finding. Raises ClaimError where the finding lacks what the condition asks for."""

    @abstractmethod
    def text(self, unit: str) -> str:
        """In words that follow a verdict: "from 90%", "where the interval lies above 3"."""

    def __and__(self, other: "Condition") -> "Condition":
        return _Two(self, "and", other)

    def __or__(self, other: "Condition") -> "Condition":
        return _Two(self, "or", other)


@dataclass(frozen=True)
class _Two(Condition):
    one: Condition
    joined: Literal["and", "or"]
    other: Condition

    def holds(self, finding: Finding) -> bool:
        return {"and": all, "or": any}[self.joined](each.holds(finding) for each in (self.one, self.other))

    def text(self, unit: str) -> str:
        return f"{self.one.text(unit)} {self.joined} {self.other.text(unit)}"


# By name: the words after a verdict, those about a named quantity, and the test of an estimate against one or two bars.
_SIMPLE: dict[str, tuple[str, str, Callable[[Estimate, list[float]], bool]]] = {
    "at least": ("from {}", "{it} is at least {}", lambda e, bar: e.value >= bar[0]),
    "at most": ("up to {}", "{it} is at most {}", lambda e, bar: e.value <= bar[0]),
    "more than": ("above {}", "{it} is above {}", lambda e, bar: e.value > bar[0]),
    "equal": ("where it is {}", "{it} is {}", lambda e, bar: e.value == bar[0]),
    "within": ("at most {1} off {0}", "{it} lies at most {1} off {0}", lambda e, bar: abs(e.value - bar[0]) <= bar[1]),
    "above": ("where the interval lies above {}", "the interval of {it} lies above {}", lambda e, bar: e.low > bar[0]),
    "below": ("where the interval lies below {}", "the interval of {it} lies below {}", lambda e, bar: e.high < bar[0]),
    "inside": (
        "where the interval lies between {} and {}",
        "the interval of {it} lies between {} and {}",
        lambda e, bar: bar[0] <= e.low and e.high <= bar[1],
    ),
    "holding": ("where the interval holds {}", "the interval of {it} holds {}", lambda e, bar: e.low <= bar[0] <= e.high),
}


@dataclass(frozen=True)
class Simple(Condition):
    """A condition on one estimate: the finding's own, or one that `Of`, `Every` or `Some` names."""

    kind: str
    bars: tuple[Bar, ...]

    def met(self, estimate: "float | Estimate", baseline: float | None) -> bool:
        estimate = estimate if isinstance(estimate, Estimate) else exactly(estimate)
        return bool(_SIMPLE[self.kind][2](estimate, [_number(bar, baseline) for bar in self.bars]))

    def holds(self, finding: Finding) -> bool:
        return self.met(finding.estimate, finding.baseline)

    def text(self, unit: str) -> str:
        words = _SIMPLE[self.kind][0].format(*(_words(bar, unit) for bar in self.bars))
        return words.replace("% off", " points off")

    def about(self, it: str) -> str:
        return _SIMPLE[self.kind][1].format(*(_words(bar, "") for bar in self.bars), it=it)


def AtLeast(bar: Bar) -> Simple:
    """The value is at least so much."""
    return Simple("at least", (bar,))


def MoreThan(bar: Bar) -> Simple:
    """The value is more than so much."""
    return Simple("more than", (bar,))


def AtMost(bar: Bar) -> Simple:
    """The value is at most so much."""
    return Simple("at most", (bar,))


def Equal(bar: Bar) -> Simple:
    """The value is this very number."""
    return Simple("equal", (bar,))


def Within(distance: float, of: Bar) -> Simple:
    """The value is at most `distance` off."""
    return Simple("within", (of, distance))


def Above(bar: Bar) -> Simple:
    """The interval lies above."""
    return Simple("above", (bar,))


def Below(bar: Bar) -> Simple:
    """The interval lies below."""
    return Simple("below", (bar,))


def Inside(least: Bar, most: Bar) -> Simple:
    """The interval lies between."""
    return Simple("inside", (least, most))


def Holding(bar: Bar) -> Simple:
    """The interval holds the number."""
    return Simple("holding", (bar,))


def _named(finding: Finding, name: str) -> Any:
    if name not in finding.also:
        raise ClaimError(f"the tolerance asks for {name!r}, and the finding has {', '.join(finding.also) or 'nothing else'}")
    return finding.also[name]


@dataclass(frozen=True)
class Of(Condition):
    """A condition on a quantity that the finding names in `also`."""

    name: str
    condition: Simple

    def holds(self, finding: Finding) -> bool:
        return self.condition.met(_named(finding, self.name), finding.baseline)

    def text(self, unit: str) -> str:
        return f"where {self.condition.about(self.name)}"


@dataclass(frozen=True)
class Every(Condition):
    """A condition on each of several estimates that the finding names in `also`, such as one a width."""

    name: str
    condition: Simple

    def holds(self, finding: Finding) -> bool:
        return all(self.condition.met(one, finding.baseline) for one in _several(finding, self.name))

    def text(self, unit: str) -> str:
        return f"{self.condition.text(unit)} at every {self.name}"


@dataclass(frozen=True)
class Some(Condition):
    """The same on one at least of several."""

    name: str
    condition: Simple

    def holds(self, finding: Finding) -> bool:
        return any(self.condition.met(one, finding.baseline) for one in _several(finding, self.name))

    def text(self, unit: str) -> str:
        return f"{self.condition.text(unit)} at some {self.name}"


def _several(finding: Finding, name: str) -> list[Any]:
    several = _named(finding, name)
    if not isinstance(several, Mapping) or not several:
        raise ClaimError(f"{name!r}: expected estimates by label, got {several!r}")
    return list(several.values())


class Tolerance:
    """Verdicts with their conditions, in order: the first that holds decides, else `otherwise`.

        Tolerance(reproduced=AtLeast(90), partly=AtLeast(50))
        Tolerance(reproduced=Above(2 * BASELINE), partly=Above(BASELINE))
        Tolerance(reproduced=Holding(BASELINE), otherwise="corrected")
        Tolerance(otherwise="cannot fail")

    Raises ClaimError for what is no verdict, and for one that is named twice."""

    def __init__(self, *, otherwise: Verdict = "not reproduced", **conditions: Condition) -> None:
        self.ladder: tuple[tuple[Any, Condition], ...] = tuple((v.replace("_", " "), c) for v, c in conditions.items())
        self.otherwise: Verdict = otherwise
        for name in self.verdicts:
            if name not in get_args(Verdict) or self.verdicts.count(name) > 1:
                raise ClaimError(
                    f"verdict {name!r}: expected each of {', '.join(get_args(Verdict))} at most once, as in "
                    f"Tolerance(reproduced=AtLeast(90)).{did_you_mean(name.lower(), get_args(Verdict))}"
                )

    @property
    def verdicts(self) -> tuple[str, ...]:
        """Those it can give."""
        return *(verdict for verdict, _ in self.ladder), self.otherwise

    def verdict(self, finding: Finding) -> Verdict:
        return next((verdict for verdict, condition in self.ladder if condition.holds(finding)), self.otherwise)

    def text(self, unit: str = "") -> str:
        said = [f"{verdict} {condition.text(unit)}" for verdict, condition in self.ladder]
        if self.otherwise != "not reproduced":
            said.append(f"else {self.otherwise}" if said else self.otherwise)
        return ", ".join(said)


MOST = Tolerance(reproduced=AtLeast(90), partly=AtLeast(50))
