"""Every claim of the book, taken through made-up findings to each verdict that it can give; the verdicts are written by hand."""

from importlib import import_module
from pathlib import Path

import pytest

from superposition import claims
from superposition.estimates import Estimate, Finding, exactly


def table():
    """tests/verdicts/*.py: ROWS = {ids: [(verdict, value, low, high, baseline, also), ...]}.

    Ids may share rows, as a tuple; what follows a value may be left out: no interval, no baseline, nothing else."""
    modules = sorted(path.stem for path in Path(__file__).with_name("verdicts").glob("*.py"))
    rows = [item for module in modules for item in import_module(f"verdicts.{module}").ROWS.items()]
    return {id: own for ids, own in rows for id in ([ids] if isinstance(ids, str) else ids)}


CLAIMS = claims.registry()
TABLE = table()


def finding(value, low=None, high=None, baseline=None, also=None):
    estimate = exactly(value) if low is None else Estimate(value, low, high, "seeds", 8)
    return Finding(estimate, baseline, "A note.", also or {})


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_a_claim_comes_to_each_verdict_that_it_can_give(claim):
    assert claim.id in TABLE, f"tests/verdicts/ has no rows for {claim.id}"
    given = [(verdict, claim.verdict(finding(*numbers))) for verdict, *numbers in TABLE[claim.id]]
    assert [verdict for _, verdict in given] == [verdict for verdict, _ in given]
    assert {verdict for verdict, _ in given} == set(claim.tolerance.verdicts)


def test_a_claim_that_can_be_corrected_says_what_is():
    assert all(bool(claim.corrects) == ("corrected" in claim.tolerance.verdicts) for claim in CLAIMS)


def test_no_row_stands_for_a_claim_that_is_not_there():
    assert set(TABLE) <= {claim.id for claim in CLAIMS}
