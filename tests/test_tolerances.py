"""A tolerance is written once: it gives the verdict on a finding, and the words that are printed."""

import pytest

from superposition.estimates import ClaimError, Estimate, Finding
from superposition.tolerances import (
    BASELINE,
    MOST,
    Above,
    AtLeast,
    AtMost,
    Below,
    Equal,
    Every,
    Holding,
    Inside,
    MoreThan,
    Of,
    Some,
    Tolerance,
    Within,
)  # fmt: skip


def finding(value, low=None, high=None, baseline=None, **also):
    low, high = value if low is None else low, value if high is None else high
    return Finding(Estimate(value, low, high, "none" if low == high else "seeds", 4), baseline, also=also)


@pytest.mark.parametrize(
    ("condition", "holds", "fails", "said"),
    [
        (AtLeast(5), [(5,), (6, 4, 7)], [(4.9, 4, 6)], "from 5%"),
        (AtMost(5), [(5,), (4, 3, 7)], [(5.1, 4, 6)], "up to 5%"),
        (MoreThan(5), [(5.1,)], [(5,)], "above 5%"),
        (Equal(5), [(5,)], [(5.1,)], "where it is 5%"),
        (Within(2, 5), [(3,), (7, 0, 9)], [(2.9,), (7.1,)], "at most 2 points off 5%"),
        (Above(5), [(6, 5.1, 7)], [(6, 5, 7)], "where the interval lies above 5%"),
        (Below(-5), [(-6, -7, -5.1)], [(-6, -7, -5)], "where the interval lies below −5%"),
        (Inside(2, 8), [(4, 2, 8)], [(4, 1.9, 7), (4, 3, 8.1)], "where the interval lies between 2% and 8%"),
        (Holding(5), [(6, 5, 7), (5,)], [(6, 5.1, 7), (3, 2, 4.9)], "where the interval holds 5%"),
        (AtLeast(5) & Below(9), [(6, 5, 8)], [(4, 3, 8), (6, 5, 9)], "from 5% and where the interval lies below 9%"),
        (AtLeast(5) | Below(2), [(5,), (1, 0, 1.5)], [(3, 1, 4)], "from 5% or where the interval lies below 2%"),
    ],
)
def test_conditions_ask_the_value_or_the_whole_interval(condition, holds, fails, said):
    assert condition.text("%") == said
    assert [condition.holds(finding(*numbers)) for numbers in holds] == [True] * len(holds)
    assert [condition.holds(finding(*numbers)) for numbers in fails] == [False] * len(fails)


@pytest.mark.parametrize(
    ("bar", "least", "said"),
    [(BASELINE, 4, "the baseline"), (2 * BASELINE, 8, "twice the baseline"), (0.5 * BASELINE, 2, "half of the baseline")],
)
def test_a_bar_may_be_a_multiple_of_the_baseline(bar, least, said):
    condition = AtLeast(bar)
    assert condition.holds(finding(least, baseline=4)) and not condition.holds(finding(least - 0.01, baseline=4))
    assert condition.text("%") == f"from {said}"
    with pytest.raises(ClaimError, match="asks for a baseline"):
        condition.holds(finding(9))


def test_what_stands_beside_the_value_is_asked_by_name():
    asked = finding(0, share=0.5, width={"5": Estimate(1, 0.9, 1.1, "seeds", 8), "9": 3})
    assert Of("share", AtLeast(0.5)).holds(asked) and not Of("share", AtLeast(0.6)).holds(asked)
    assert Every("width", Above(0.8)).holds(asked) and not Every("width", Above(0.95)).holds(asked)
    assert Some("width", Above(0.95)).holds(asked) and not Some("width", Above(3)).holds(asked)
    assert Of("the share", AtLeast(0.5)).text("%") == "where the share is at least 0.5"
    assert Of("the share", Above(0)).text("%") == "where the interval of the share lies above 0"
    assert Every("width", AtMost(2)).text("%") == "up to 2% at every width"
    assert Some("width", AtMost(2)).text("%") == "up to 2% at some width"
    with pytest.raises(ClaimError, match="asks for 'rate', and the finding has share, width"):
        Of("rate", AtLeast(1)).holds(asked)
    with pytest.raises(ClaimError, match="'share': expected estimates by label"):
        Every("share", AtLeast(1)).holds(asked)


@pytest.mark.parametrize(("value", "verdict"), [(95, "reproduced"), (90, "reproduced"), (60, "partly"), (49, "not reproduced")])
def test_the_first_condition_that_holds_decides(value, verdict):
    assert MOST.verdict(finding(value)) == verdict
    assert MOST.verdicts == ("reproduced", "partly", "not reproduced")
    assert MOST.text("%") == "reproduced from 90%, partly from 50%"


def test_a_tolerance_says_what_else_there_is():
    rule = Tolerance(corrected=Within(5, BASELINE), not_reproduced=AtMost(50), otherwise="reproduced")
    assert [rule.verdict(finding(value, baseline=40)) for value in (44, 46, 51)] == ["corrected", "not reproduced", "reproduced"]
    assert rule.text("%") == "corrected at most 5 points off the baseline, not reproduced up to 50%, else reproduced"
    assert Tolerance(otherwise="cannot fail").text() == "cannot fail"


@pytest.mark.parametrize("wrong", [{"proved": AtLeast(1)}, {"reproduced": AtLeast(1), "otherwise": "reproduced"}])
def test_a_tolerance_gives_known_verdicts_each_once(wrong):
    with pytest.raises(ClaimError, match="verdict '(proved|reproduced)'"):
        Tolerance(**wrong)


def test_a_verdict_in_capitals_is_answered_with_its_word():
    with pytest.raises(ClaimError, match=r"Did you mean reproduced\?"):
        Tolerance(REPRODUCED=AtLeast(1))
