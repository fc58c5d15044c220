"""Intervals over seeds: what lies within a seed is no sample, and seeds that agree are not certain."""

import math

import numpy as np
import pytest
from scipy import stats

from superposition.estimates import ClaimError, Estimate, Finding, exactly, jackknife, over_seeds


def test_yes_or_no_a_seed_has_wilsons_interval():
    found, z = over_seeds(np.array([True] * 3 + [False] * 5)), stats.norm.ppf(0.975)
    centre, half = (3 / 8 + z**2 / 16) / (1 + z**2 / 8), z * math.sqrt(3 / 8 * 5 / 8 / 8 + z**2 / 256) / (1 + z**2 / 8)
    assert (found.value, found.low, found.high) == pytest.approx((3 / 8, centre - half, centre + half))
    assert (found.over, found.count, found.tied) == ("seeds", 8, False)


def test_what_lies_within_a_seed_is_averaged_first():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(6, 1)) + 0.01 * rng.normal(size=(6, 1000))
    found, alone = over_seeds(values), over_seeds(values.mean(1))
    assert (found.value, found.low, found.high) == pytest.approx((alone.value, alone.low, alone.high))
    half = stats.t.ppf(0.975, 5) * values.mean(1).std(ddof=1) / math.sqrt(6)
    assert found.high - found.value == pytest.approx(half)


@pytest.mark.parametrize(
    ("values", "bounds", "expected"),
    [
        (np.ones(8, bool), None, (1, 1 - 0.32441, 1)),  # z² / (n + z²) with z = 1.96
        (np.ones((8, 50), bool), None, (1, 1 - 0.32441, 1)),  # 400 models of 8 seeds are 8
        (np.zeros((8, 50)), (0, 1), (0, 0, 0.32441)),
        (np.full(8, 0.25), (0, 1), (0.25, 0.25 - 0.32441 * 0.25, 0.25 + 0.32441 * 0.75)),
    ],
)
def test_seeds_that_all_gave_the_same_have_the_bound_that_so_many_allow(values, bounds, expected):
    found = over_seeds(values, bounds)
    assert found.tied and (found.value, found.low, found.high) == pytest.approx(expected, abs=1e-4)


def test_seeds_that_all_gave_the_same_need_bounds():
    with pytest.raises(ClaimError, match=r"all 8 seeds gave 3.0: give the bounds"):
        over_seeds(np.full(8, 3.0))


def test_the_interval_of_a_share_ends_at_its_bounds():
    found = over_seeds(np.array([[True, True, True, False], [True] * 4, [True] * 4]))
    assert found.value == pytest.approx(11 / 12) and found.high == 1 and found.low < 0.75
    assert over_seeds(np.array([0.75, 1, 1])).high > 1  # no share, as far as one can tell


def test_the_jackknife_of_a_mean_is_students_interval():
    values = np.random.default_rng(0).normal(size=(12, 3))
    found, known = jackknife(lambda x: x.mean(), values), over_seeds(values)
    assert (found.value, found.low, found.high) == pytest.approx((known.value, known.low, known.high))


def test_the_jackknife_of_a_ratio_is_the_delta_methods_interval():
    x, y = np.random.default_rng(0).normal([[2.0], [5.0]], 0.1, (2, 400))
    found = jackknife(lambda both: both[:, 0].mean() / both[:, 1].mean(), np.stack([x, y], 1))
    slope = (x - found.value * y) / y.mean()
    assert found.high - found.low == pytest.approx(2 * 1.966 * slope.std(ddof=1) / 20, rel=0.01)


def test_an_estimate_may_be_scaled():
    found = Estimate(0.5, 0.25, 0.75, "seeds", 8)
    assert found.percent == Estimate(50, 25, 75, "seeds", 8)
    assert found.map(math.exp).low == pytest.approx(math.exp(0.25))
    assert exactly(3) == Estimate(3.0, 3.0, 3.0, "none", 1)


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((math.nan, 0, 1, "seeds", 8), "finite"),
        ((0, 0, math.inf, "seeds", 8), "finite"),
        ((0.7, 0, 0.5, "seeds", 8), "outside its interval"),
        ((0.5, 0.6, 0.4, "seeds", 8), "outside its interval"),
        ((0.5, 0.4, 0.6, "seeds", 0), "at least 1"),
        ((0.5, 0.5, 0.5, "seeds", 8), "no width"),
        ((0.5, 0.4, 0.6, "cells", 8), "(?s)over.*cells"),
    ],
)
def test_an_estimate_that_makes_no_sense_is_refused(numbers, message):
    with pytest.raises(Exception, match=message):
        Estimate(*numbers)


def test_a_baseline_is_finite():
    with pytest.raises(ClaimError, match="finite baseline"):
        Finding(exactly(1), math.nan)
