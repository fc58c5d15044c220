"""Claims: what others wrote, how it is measured here, and the verdict, computed from stored results.
Each part registers its own in its module `claims`; `registry` gathers them all."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any, Literal, get_args

import superposition
from superposition import runs
from superposition.errors import SuperpositionError, did_you_mean

Verdict = Literal["reproduced", "partly", "not reproduced", "corrected"]
_ID = re.compile(r"[a-z0-9_]+/[a-z0-9_]+/[a-z0-9_-]+")


class ClaimError(SuperpositionError):
    """A claim that is malformed, registered twice, or not there."""


@dataclass(frozen=True)
class Finding:
    """What a claim's check found: a value with its interval over seeds, a baseline to hold it against, a verdict.

    `unit` follows the number in print; `note` is a sentence on what differs from the claim, where something does.
    Raises ClaimError for an unknown verdict, a number that is not finite, or a value outside its interval."""

    verdict: Verdict
    value: float
    low: float
    high: float
    seeds: int
    baseline: float | None = None
    unit: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if self.verdict not in get_args(Verdict):
            raise ClaimError(f"verdict {self.verdict!r}: expected one of {', '.join(get_args(Verdict))}")
        numbers = [self.value, self.low, self.high] + ([] if self.baseline is None else [self.baseline])
        if not all(math.isfinite(number) for number in numbers):
            raise ClaimError(f"expected finite numbers, got {numbers}")
        slack = 1e-9 * max(1.0, abs(self.value))
        if not self.low - slack <= self.value <= self.high + slack:
            raise ClaimError(f"value {self.value} lies outside its interval, {self.low} to {self.high}")
        if self.seeds < 1:
            raise ClaimError(f"seeds: expected at least 1, got {self.seeds}")


@dataclass(frozen=True)
class Claim:
    """A statement of a source, how it is measured here, the tolerance, and the check that decides it.

    The check takes the loaded results of `experiments`, in order, and returns a Finding."""

    id: str
    source: str
    statement: str
    measure: str
    tolerance: str
    experiments: tuple[str, ...]
    check: Callable[..., Finding]

    @property
    def chapter(self) -> str:
        """The chapter that makes the claim: the id's first two parts, such as toy/intro."""
        return self.id.rpartition("/")[0]


_registered: dict[str, Claim] = {}


def claim(
    *, id: str, source: str, statement: str, measure: str, tolerance: str, experiments: tuple[str, ...]
) -> Callable[[Callable[..., Finding]], Callable[..., Finding]]:
    """Register the decorated check as a claim and return it unchanged.

    Raises ClaimError for an id that is taken or not of the form part/chapter/claim, and for an empty field."""

    def register(check: Callable[..., Finding]) -> Callable[..., Finding]:
        new = Claim(id, source, statement, measure, tolerance, experiments, check)
        if not _ID.fullmatch(id):
            raise ClaimError(f"claim {id!r}: expected an id such as toy/intro/pentagon")
        if id in _registered:
            raise ClaimError(f"claim {id!r} is registered twice, by {_registered[id].check.__module__} and {check.__module__}")
        empty = [name for name in ("source", "statement", "measure", "tolerance", "experiments") if not getattr(new, name)]
        if empty:
            raise ClaimError(f"claim {id!r}: {', '.join(empty)}: expected something, got nothing")
        _registered[id] = new
        return check

    return register


def registry() -> list[Claim]:
    """All claims of all parts, sorted by id."""
    for part in iter_modules(superposition.__path__, "superposition."):
        if part.ispkg and find_spec(f"{part.name}.claims"):
            import_module(f"{part.name}.claims")
    return sorted(_registered.values(), key=lambda claim: claim.id)


def evaluate(chapter: str | None = None) -> list[tuple[Claim, Finding]]:
    """Every claim, or those of one chapter, with what its check finds in the stored results.

    Raises ClaimError for a chapter without claims, and ResultsError where results are missing or of another config."""
    known = registry()
    chosen = [claim for claim in known if chapter in (None, claim.chapter)]
    if chapter is not None and not chosen:
        chapters = sorted({claim.chapter for claim in known})
        raise ClaimError(f"no claims of chapter {chapter!r}.{did_you_mean(chapter, chapters)} There are: {', '.join(chapters)}")
    loaded = {name: runs.load(name) for name in sorted({name for claim in chosen for name in claim.experiments})}
    return [(claim, claim.check(*(loaded[name] for name in claim.experiments))) for claim in chosen]


def as_json(evaluated: list[tuple[Claim, Finding]]) -> list[dict[str, Any]]:
    """Claims and findings as plain dictionaries: the content of data/claims.json."""
    return [
        {
            "id": claim.id,
            "source": claim.source,
            "statement": claim.statement,
            "measure": claim.measure,
            "tolerance": claim.tolerance,
            "experiments": list(claim.experiments),
            "verdict": finding.verdict,
            "value": float(finding.value),
            "low": float(finding.low),
            "high": float(finding.high),
            "baseline": None if finding.baseline is None else float(finding.baseline),
            "unit": finding.unit,
            "seeds": int(finding.seeds),
            "note": finding.note,
        }
        for claim, finding in evaluated
    ]
