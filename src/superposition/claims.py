"""Claims: what others wrote, how it is measured here, and the verdict, computed from stored results.
Each part registers its own in its module `claims`; `registry` gathers them all."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any, Literal, get_args

import superposition
from superposition import runs
from superposition.errors import did_you_mean
from superposition.estimates import ClaimError, Estimate, Finding
from superposition.tolerances import Tolerance, Verdict

_ID = re.compile(r"[a-z0-9_]+/[a-z0-9_]+/[a-z0-9_-]+")
AFTER_LOOKING = "set after looking"
Corrects = Literal["", "the reason", "the reading", "the method"]


@dataclass(frozen=True)
class Claim:
    """A statement of a source, how it is measured here and in which unit, the tolerance, and the check that measures it.

    `corrects`: of a claim that may be corrected, what is: the reason, where what is seen is so for another one; the reading,
    where what is seen doesn't show what was said of it; the method, where a measure or a program doesn't do what it should.
    `after_looking`: the tolerance or the measure was set after a look at results. The check takes the loaded results of
    `experiments`, in order, and returns a Finding."""

    id: str
    source: str
    statement: str
    measure: str
    tolerance: Tolerance
    experiments: tuple[str, ...]
    check: Callable[..., Finding]
    unit: str = ""
    after_looking: bool = False
    corrects: Corrects = ""

    @property
    def chapter(self) -> str:
        """The chapter that makes the claim: the id's first two parts, such as toy/intro."""
        return self.id.rpartition("/")[0]

    def verdict(self, finding: Finding) -> Verdict:
        """What the tolerance says of it. Raises ClaimError where that needs a note, and there is none."""
        verdict = self.tolerance.verdict(finding)
        if verdict in ("corrected", "cannot fail") and not finding.note:
            raise ClaimError(f"claim {self.id!r} is {verdict}: expected a note that says what is so instead, or why, got none")
        return verdict


_registered: dict[str, Claim] = {}


def claim(
    *,
    id: str,
    source: str,
    statement: str,
    measure: str,
    tolerance: Tolerance,
    experiments: tuple[str, ...],
    unit: str = "",
    after_looking: bool = False,
    corrects: Corrects = "",
) -> Callable[[Callable[..., Finding]], Callable[..., Finding]]:
    """Register the decorated check as a claim and return it unchanged.

    Raises ClaimError for an id that is taken or not of the form part/chapter/claim, and for an empty field."""

    def register(check: Callable[..., Finding]) -> Callable[..., Finding]:
        new = Claim(id, source, statement, measure, tolerance, experiments, check, unit, after_looking, corrects)
        if not _ID.fullmatch(id):
            raise ClaimError(f"claim {id!r}: expected an id such as toy/intro/pentagon")
        if id in _registered:
            raise ClaimError(f"claim {id!r} is registered twice, by {_registered[id].check.__module__} and {check.__module__}")
        empty = [name for name in ("source", "statement", "measure", "experiments") if not getattr(new, name)]
        if empty:
            raise ClaimError(f"claim {id!r}: {', '.join(empty)}: expected something, got nothing")
        _registered[id] = new
        return check

    return register


def registry() -> list[Claim]:
    """All claims of all parts, sorted by id."""
    for part in iter_modules(superposition.__path__, "superposition."):
        if part.ispkg and find_spec(f"{part.name}.claims"):
            package = import_module(f"{part.name}.claims")
            for module in iter_modules(getattr(package, "__path__", []), f"{package.__name__}."):
                import_module(module.name)
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


def counts(evaluated: Sequence[tuple[Claim, Finding]]) -> dict[str, int]:
    """How many claims have each verdict, and, under "set after looking", how many say so."""
    verdicts = Counter(claim.verdict(finding) for claim, finding in evaluated)
    return {v: verdicts[v] for v in get_args(Verdict)} | {AFTER_LOOKING: sum(claim.after_looking for claim, _ in evaluated)}


def as_json(evaluated: list[tuple[Claim, Finding]]) -> list[dict[str, Any]]:
    """Claims and findings as plain dictionaries: the content of data/claims.json."""
    return [
        {
            "id": claim.id,
            "source": claim.source,
            "statement": claim.statement,
            "measure": claim.measure,
            "tolerance": claim.tolerance.text(claim.unit),
            "after_looking": claim.after_looking,
            "experiments": list(claim.experiments),
            "verdict": claim.verdict(finding),
            "corrects": claim.corrects,
            **_plain(finding.estimate),
            "baseline": None if finding.baseline is None else float(finding.baseline),
            "unit": claim.unit,
            "also": {name: _plain(part) for name, part in finding.also.items()},
            "note": finding.note,
        }
        for claim, finding in evaluated
    ]


def _plain(part: Any) -> Any:
    if isinstance(part, Mapping):
        return {label: _plain(one) for label, one in part.items()}
    return asdict(part) if isinstance(part, Estimate) else float(part)
