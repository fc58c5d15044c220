"""Claims are registered once, gathered from every part, and evaluated on the results they name."""

import json

import pytest

from superposition import claims, runs
from superposition.estimates import Estimate, exactly
from superposition.tolerances import AtLeast, AtMost, Tolerance

FIELDS = {
    "source": "Elhage et al. 2022, §1", "statement": "Five features form a pentagon.", "measure": "Share of seeds.",
    "experiments": ("toy/walk",),
}  # fmt: skip
HALF = Tolerance(reproduced=AtLeast(0.5), partly=AtLeast(0.25))
FINDING = claims.Finding(Estimate(0.5, 0.4, 0.6, "seeds", 8))


@pytest.fixture
def empty(monkeypatch):
    """A registry without the book's own claims."""
    monkeypatch.setattr(claims, "_registered", {})
    monkeypatch.setattr(claims, "iter_modules", lambda *_: [])


def register(id, check=lambda walk: FINDING, **changed):
    return claims.claim(id=id, **(FIELDS | {"tolerance": HALF} | changed))(check)


def test_claims_come_sorted_by_id_whatever_the_order_of_registration(empty):
    for id in ("toy/intro/b", "toy/demonstrating/z", "toy/intro/a"):
        register(id)
    assert [claim.id for claim in claims.registry()] == ["toy/demonstrating/z", "toy/intro/a", "toy/intro/b"]
    assert [claim.chapter for claim in claims.registry()] == ["toy/demonstrating", "toy/intro", "toy/intro"]


def test_a_second_claim_of_the_same_id_is_refused(empty):
    register("toy/intro/a")
    with pytest.raises(claims.ClaimError, match="'toy/intro/a' is registered twice"):
        register("toy/intro/a")


@pytest.mark.parametrize("id", ["pentagon", "toy/intro", "toy/intro/a/b", "Toy/intro/a", "toy//a"])
def test_an_id_is_part_chapter_claim(empty, id):
    with pytest.raises(claims.ClaimError, match="expected an id such as toy/intro/pentagon"):
        register(id)


@pytest.mark.parametrize("field", FIELDS)
def test_no_field_of_a_claim_is_empty(empty, field):
    with pytest.raises(claims.ClaimError, match=f"{field}: expected something"):
        register("toy/intro/a", **{field: () if field == "experiments" else ""})


def test_the_decorator_returns_the_check_itself(empty):
    def check(walk):
        return FINDING

    assert register("toy/intro/a", check) is check


@pytest.mark.parametrize("verdict", ["corrected", "cannot fail"])
def test_a_claim_that_is_corrected_or_cannot_fail_says_what_is_so_instead(empty, verdict):
    register("toy/intro/a", tolerance=Tolerance(otherwise=verdict))
    (claim,) = claims.registry()
    with pytest.raises(claims.ClaimError, match=f"is {verdict}: expected a note"):
        claim.verdict(FINDING)
    assert claim.verdict(claims.Finding(FINDING.estimate, note="Ten do.")) == verdict


def test_verdicts_are_counted_and_so_is_what_was_set_after_looking(empty, monkeypatch):
    monkeypatch.setattr(runs, "load", lambda name: None)
    for id, value in (("toy/intro/a", 0.6), ("toy/intro/b", 0.3), ("toy/intro/c", 0.7)):
        register(id, lambda walk, value=value: claims.Finding(exactly(value)), after_looking=value < 0.5)
    counted = claims.counts(claims.evaluate())
    assert {what: number for what, number in counted.items() if number} == {"reproduced": 2, "partly": 1, "set after looking": 1}
    assert "cannot fail" in counted


def test_a_check_is_handed_the_results_it_names_in_order(empty, scratch):
    for leaf, steps in (("walk", 3), ("other", 4)):
        runs.run(scratch.experiment(leaf, f"steps = {steps}"))

    def check(other, walk):
        assert (other.name, walk.name) == ("toy/other", "toy/walk")
        length = float(len(other["path"]))
        return claims.Finding(exactly(length), 3.0, "Short.", {"width": {"5": 1, "10": Estimate(2, 1, 3, "seeds", 4)}})

    rule = Tolerance(reproduced=AtLeast(9), partly=AtMost(4))
    register("toy/intro/a", check, experiments=("toy/other", "toy/walk"), tolerance=rule, unit="steps", after_looking=True)
    register("toy/wide/b")
    evaluated = claims.evaluate("toy/intro")
    assert json.loads(json.dumps(claims.as_json(evaluated))) == [
        {
            "id": "toy/intro/a", **FIELDS, "experiments": ["toy/other", "toy/walk"], "verdict": "partly", "corrects": "",
            "tolerance": "reproduced from 9, partly up to 4", "after_looking": True,
            "value": 4.0, "low": 4.0, "high": 4.0, "over": "none", "count": 1, "tied": False,
            "baseline": 3.0, "unit": "steps", "note": "Short.",
            "also": {"width": {"5": 1.0, "10": {"value": 2, "low": 1, "high": 3, "over": "seeds", "count": 4, "tied": False}}},
        }
    ]  # fmt: skip
    assert len(claims.evaluate()) == 2


def test_a_chapter_without_claims_gets_the_nearest_name(empty):
    register("toy/intro/a")
    with pytest.raises(claims.ClaimError, match=r"Did you mean toy/intro\? There are: toy/intro"):
        claims.evaluate("toy/inro")


def test_missing_results_are_an_error_that_names_the_command(empty, scratch):
    scratch.experiment("walk")
    register("toy/intro/a")
    with pytest.raises(runs.ResultsError, match="superposition run toy/walk"):
        claims.evaluate()


def test_the_claims_of_a_part_are_found_in_its_module_claims(scratch, monkeypatch):
    monkeypatch.setattr(claims, "_registered", {})
    scratch.module(
        "claims",
        "from superposition.claims import Finding, claim\n"
        "from superposition.estimates import exactly\n"
        "from superposition.tolerances import MOST\n"
        "@claim(id='toy/walk/a', source='s', statement='s', measure='m', tolerance=MOST, experiments=('toy/walk',))\n"
        "def a(walk):\n    return Finding(exactly(1))\n",
    )
    found = [claim.id for claim in claims.registry()]  # with those of other parts, where they are imported first here
    assert [name for name in found if name.startswith("toy/")] == ["toy/walk/a"]
