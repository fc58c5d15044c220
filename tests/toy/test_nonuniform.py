"""The two branches with an odd feature: names of shapes, closed forms, and independent samples at the stored minima."""

import numpy as np
import pytest

from superposition import runs
from superposition.toy import nonuniform
from superposition.toy.theory.stratified_loss import Strata


@pytest.fixture(scope="module")
def results():
    return runs.load("toy/nonuniform")


def arrows(*degrees: float | None) -> np.ndarray:
    """Features of length one at these angles, and of none where there is no angle."""
    return np.array([(0, 0) if d is None else (np.cos(np.radians(d)), np.sin(np.radians(d))) for d in degrees])


@pytest.mark.parametrize(
    ("W", "name"),
    [
        (arrows(0, 72, 144, 216, 288), "pentagon"),
        (arrows(0, 60, 140, 220, 300), "pentagon"),
        (arrows(None, 10, 100, 190, 280), "square"),
        (arrows(0, 90, None, 180, 270), "another square"),
        (arrows(None, 0, 50, 180, 270), "other"),
        (arrows(0, 90, None, None, 180), "other"),
    ],
)
def test_a_shape_is_named_by_who_is_in_it(W, name):
    assert nonuniform.SHAPES[nonuniform.classify(W)] == name


def test_a_point_of_an_axis_changes_the_odd_feature_alone(results):
    p, importance = nonuniform.along(results.config, "density", 0.1)
    assert p == pytest.approx([0.005, 0.05, 0.05, 0.05, 0.05]) and (importance == 1).all()
    p, importance = nonuniform.along(results.config, "importance", 0.1)
    assert importance == pytest.approx([0.1, 1, 1, 1, 1]) and (p == 0.05).all()


@pytest.mark.parametrize("axis", nonuniform.AXES)
def test_the_square_costs_the_odd_features_variance_and_a_little_less_than_two_perfect_pairs(axis, results):
    for multiplier in (0.01, 1.0, 10.0):
        p, importance = nonuniform.along(results.config, axis, multiplier)
        W, b, loss = nonuniform.square(Strata(5), p, importance)
        variance = importance[0] * (p[0] / 3 - p[0] ** 2 / 4)
        pairs = 2 * 2 * 0.05**2 / 6
        assert 0.97 * pairs < loss - variance < pairs * 1.001
        assert loss == pytest.approx(Strata(5, 1).loss(W, b, p, importance)[0], rel=2e-3)


def test_the_stored_losses_and_which_shape_is_better_hold_on_two_million_random_inputs(results):
    rng, importance = np.random.default_rng(0), np.ones(5)
    for multiplier in (0.16, 0.6):
        k = int(np.abs(np.log(results["multiplier"] / multiplier)).argmin())
        p, _ = nonuniform.along(results.config, "density", results["multiplier"][k])
        x = rng.random((2_000_000, 5)) * (rng.random((2_000_000, 5)) < p)
        each = []
        for branch in range(2):
            W, b = results["branch_W"][0, branch, k], results["branch_b"][0, branch, k]
            each.append((importance * (x - np.maximum(x @ W @ W.T + b, 0)) ** 2).sum(1))
            error = each[-1].std() / np.sqrt(len(x))
            assert each[-1].mean() == pytest.approx(results["branch_loss"][0, branch, k], abs=5 * error)
        gain = each[1] - each[0]
        assert (gain.mean() > 0) == (multiplier == 0.6)
        assert abs(gain.mean()) > 5 * gain.std() / np.sqrt(len(x))


def test_the_pentagon_deforms_in_small_steps_until_it_ends(results):
    for axis in range(2):
        W = results["branch_W"][axis, 0]
        products = W @ W.swapaxes(-1, -2)
        there = np.isfinite(products[:, 0, 0])
        assert there[there.argmax() :].all()  # no gap: one stretch, up to the largest multiple
        assert abs(np.diff(products[there], axis=0)).max() < 0.3


def test_no_trained_model_ends_below_the_better_branch(results):
    k = [int(np.abs(np.log(results["multiplier"] / at)).argmin()) for at in results["trained_multiplier"]]
    best = np.nanmin(results["branch_loss"], 1)[:, k]
    assert (results["polished"] > 0.995 * best).all()


def test_near_the_square_a_small_gain_is_won_only_by_an_odd_feature_twice_as_dense_as_the_others(results):
    """The second-order calculation of the chapter: a small arrow gains where (2I - 1) p > 2 I p₀."""
    stable, multiplier = results["stable"].astype(bool), results["multiplier"]
    assert stable[0, multiplier < 1.7].all() and not stable[0, multiplier > 3].any()
    assert stable[1].all()
