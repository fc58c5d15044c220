"""The two branches with an odd feature: names of shapes, closed forms, and independent samples at the stored minima."""

import numpy as np
import pytest

from superposition import runs
from superposition.toy import nonuniform
from superposition.toy.theory.stratified_loss import Strata

EXPERIMENT = "toy/nonuniform"


@pytest.fixture(scope="module")
def results():
    return runs.load(EXPERIMENT)


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


def test_branches_are_laid_out_by_axis_shape_and_multiple_each_with_its_own_loss(either):
    config, strata = either.config, Strata(5, either.config.seed, either.config.power)
    for axis, name in enumerate(nonuniform.AXES):
        for k in range(0, len(either["multiplier"]), 8):
            p, importance = nonuniform.along(config, name, either["multiplier"][k])
            for branch in range(2):
                parts = (either[f"branch_{part}"][axis, branch, k] for part in ("W", "b", "loss"))
                W, b, loss = parts
                assert np.isnan(loss) or strata.loss(W, b, p, importance)[0] == pytest.approx(loss, rel=2e-3)
        assert np.isfinite(either["branch_loss"][axis, 1]).all()


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


def test_models_are_missed_that_end_in_the_dearer_shape_where_both_are_minima(results):
    """The pentagon is better below the crossing... at 1, above it: on the grid both are minima from 0.1 to 10."""
    multiplier = np.array([0.01, 0.1, 1.0, 10.0, 100.0])
    pentagon, square_stable = np.array([np.nan, 1, 1, 1, 1]), np.array([True, True, True, True, False])
    shape = np.array([[1, 1], [1, 0], [0, 3], [0, 0]])
    made = runs.Results("made", results.config, {
        "multiplier": multiplier, "branch_loss": np.stack([pentagon, np.ones(5)])[None], "stable": square_stable[None],
        "trained_multiplier": np.array([0.05, 0.1, 10.0, 50.0]), "crossing": np.array([[0.9, 1.1]]), "shape": shape[None],
    })  # fmt: skip
    assert nonuniform.bistable(made, 0) == (0.1, 10.0)
    assert nonuniform.both_minima(made, 0).tolist() == [False, True, True, False]
    assert nonuniform.above(made, 0).tolist() == [False, False, True, True, True]
    assert nonuniform.missed(made, 0).tolist() == [[False, True], [False, True]]
    assert nonuniform.worse(made, 0).tolist() == [[False, True], [False, False]]


def test_the_angle_to_the_neighbour_is_the_same_from_either_side_and_for_any_lengths():
    angle = np.radians([[100, 100 + 72], [100, 100 - 130]])
    W = np.zeros((2, 5, 2))
    W[:, :2] = np.stack([np.cos(angle), np.sin(angle)], -1) * np.array([[0.2], [1.3]])
    np.testing.assert_allclose(nonuniform.neighbour_angle(W), [72, 130])


def test_two_shapes_cost_the_same_where_the_gain_changes_its_sign_and_nowhere_else():
    multiplier, nothing = np.array([0.01, 0.1, 1.0, 10.0]), np.nan
    gain = np.array([[nothing, -1, 1, 3], [nothing, nothing, 1, 2], [-4, -2, -1, nothing], [-1, 3, -1, 2]])
    np.testing.assert_allclose(nonuniform.equal_cost(gain, multiplier), [10**-0.5, nothing, nothing, 10**-1.75])
