"""Claims are registered once, gathered from every part, and evaluated on the results they name."""

import json
import math

import pytest

from superposition import claims, runs

FIELDS = {
    "source": "Elhage et al. 2022, §1", "statement": "Five features form a pentagon.", "measure": "Share of seeds.",
    "tolerance": "At least half.", "experiments": ("toy/walk",),
}  # fmt: skip
FINDING = {"verdict": "reproduced", "value": 0.5, "low": 0.4, "high": 0.6, "seeds": 8}


@pytest.fixture
def empty(monkeypatch):
    """A registry without the book's own claims."""
    monkeypatch.setattr(claims, "_registered", {})
    monkeypatch.setattr(claims, "iter_modules", lambda *_: [])


def register(id, check=lambda walk: claims.Finding(**FINDING), **changed):
    return claims.claim(id=id, **(FIELDS | changed))(check)


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
        return claims.Finding(**FINDING)

    assert register("toy/intro/a", check) is check


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"value": math.nan}, "finite"),
        ({"high": math.inf}, "finite"),
        ({"baseline": math.nan}, "finite"),
        ({"value": 0.7}, "outside its interval"),
        ({"low": 0.6, "high": 0.4}, "outside its interval"),
        ({"seeds": 0}, "at least 1"),
    ],
)
def test_a_finding_that_makes_no_sense_is_refused(changed, message):
    with pytest.raises(claims.ClaimError, match=message):
        claims.Finding(**(FINDING | changed))


def test_an_unknown_verdict_is_refused():
    with pytest.raises(Exception, match="(?i)verdict"):
        claims.Finding(**(FINDING | {"verdict": "proved"}))


def test_a_check_is_handed_the_results_it_names_in_order(empty, scratch):
    for leaf, steps in (("walk", 3), ("other", 4)):
        runs.run(scratch.experiment(leaf, f"steps = {steps}"))

    def check(other, walk):
        assert (other.name, walk.name) == ("toy/other", "toy/walk")
        length = float(len(other["path"]))
        return claims.Finding("partly", length, length, length, 1, baseline=3.0, unit="steps", note="Short.")

    register("toy/intro/a", check, experiments=("toy/other", "toy/walk"))
    register("toy/wide/b")
    evaluated = claims.evaluate("toy/intro")
    assert json.loads(json.dumps(claims.as_json(evaluated))) == [
        {
            "id": "toy/intro/a", **FIELDS, "experiments": ["toy/other", "toy/walk"], "verdict": "partly",
            "value": 4.0, "low": 4.0, "high": 4.0, "baseline": 3.0, "unit": "steps", "seeds": 1, "note": "Short.",
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
        "@claim(id='toy/walk/a', source='s', statement='s', measure='m', tolerance='t', experiments=('toy/walk',))\n"
        "def a(walk):\n    return Finding('reproduced', 1.0, 1.0, 1.0, 1)\n",
    )
    found = [claim.id for claim in claims.registry()]  # with those of other parts, where they are imported first here
    assert [name for name in found if name.startswith("toy/")] == ["toy/walk/a"]
