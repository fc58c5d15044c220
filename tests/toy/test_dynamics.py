"""Jumps, falls and their match on made-up trainings whose jumps are known, and the stored runs against what must hold."""

import numpy as np
import pytest

from superposition import runs
from superposition.toy import dynamics
from superposition.toy.measures import jumps

TIME = np.arange(400)


def climb(at: float, width: float = 4.0) -> np.ndarray:
    """From 0 to ½ around a time."""
    return 0.5 / (1 + np.exp(-(TIME - at) / width))


@pytest.fixture(scope="module")
def results():
    return runs.load("toy/dynamics")


def test_a_jump_up_and_one_down_are_found_at_their_times_with_their_features():
    D = np.stack([climb(100), np.zeros(400), climb(120) - climb(300)], axis=1)
    found = jumps.jumps(D)
    assert found[:, 1:3].tolist() == [[0, 1], [2, 1], [2, -1]]
    assert found[:, 0] == pytest.approx([101, 121, 299], abs=2)


def test_a_jump_takes_as_long_as_the_way_between_the_levels():
    # The logistic passes 0.15, its middle and 0.4 at log(0.15 / 0.35), 0 and log(0.4 / 0.1) widths from its middle.
    above = 10 * np.log(0.4 / 0.1)
    assert jumps.jumps(climb(200, 10)[:, None])[0, 3] == pytest.approx(above, abs=2)
    assert jumps.jumps(climb(200, 10)[:, None], 0.15)[0, 3] == pytest.approx(above - 10 * np.log(0.15 / 0.35), abs=2)


def test_on_the_plateau_hardly_a_feature_has_left_the_lower_level_yet(results):
    """A level that features stand on while they wait would count the waiting as a part of the jump."""
    each = zip(results["D"], jumps.fall(results["loss"]), strict=True)
    waiting = np.concatenate([D[jumps.plateau(rate), D[-1] > jumps.HIGH] for D, rate in each])
    assert (waiting < jumps.LOW).mean() > 0.99 and (waiting > 0.1).mean() > 0.99


def test_wavering_below_the_upper_level_is_no_jump():
    assert len(jumps.jumps((0.6 * climb(100) + 0.05 * np.sin(TIME))[:, None])) == 0


def test_the_rate_of_fall_is_minus_the_slope():
    assert jumps.fall(10 - 0.02 * TIME)[20:-20] == pytest.approx(0.02, rel=1e-3)


def test_the_plateau_begins_where_the_first_descent_has_ended():
    loss = 5 * np.exp(-TIME / 10) - climb(300)
    assert 50 < jumps.plateau(jumps.fall(loss)) < 290


def test_runs_match_their_own_loss_and_not_the_others_where_jumps_make_drops():
    at = np.random.default_rng(0).uniform(50, 350, (6, 4))
    D = np.stack([np.stack([climb(t) for t in row], axis=1) for row in at])
    match = jumps.match(D, 9 - D.sum(-1), 0, 400)
    others = match[~np.eye(6, dtype=bool)]
    assert np.diag(match) == pytest.approx(np.ones(6), abs=1e-6)
    assert abs(others.mean()) < 0.3


def test_jumps_at_any_time_have_no_excess_and_those_at_drops_have_much():
    loss = 9 - sum(climb(t) for t in (100, 200, 300))
    rate = jumps.fall(loss)
    assert jumps.excess(np.array([100, 200, 300]), rate, 0, 400) > 5
    assert jumps.excess(np.arange(400), rate, 0, 400) == pytest.approx(1)


def test_the_held_out_loss_hardly_rises_once_the_first_descent_is_over(results):
    loss = results["loss"]
    assert (loss[:, 100:] <= np.minimum.accumulate(loss, axis=1)[:, 100:] + 0.01).all()


def test_dimensionalities_add_up_to_at_most_the_hidden_dimensions(results):
    """Σ D_i ≤ n_hidden for any W: the sum of D_i is at most the rank."""
    assert (results["D"].sum(-1) <= results.config.n_hidden * 1.001).all()


def test_the_correlated_sets_end_without_error_and_above_it_on_the_way(results):
    assert results["set_loss"][:, -1].max() < 1e-3 * results["set_loss"][:, 0].min()


def test_a_run_that_goes_with_its_own_loss_by_so_much_more_is_beyond_the_others_by_that_much():
    """Some speeds go better with every loss, some losses with every speed: neither counts."""
    rows, columns = np.random.default_rng(0).normal(size=(2, 5))
    match = rows[:, None] + columns + 0.3 * np.eye(5)
    assert dynamics.own_beyond(match) == pytest.approx(np.full(5, 0.3))
    own, others = dynamics.own_and_others(match)
    assert own[2] == match[2, 2] and others[2] == pytest.approx(np.mean([match[2, k] for k in (0, 1, 3, 4)]))


def test_losses_by_lot_are_never_a_runs_own():
    match = np.arange(9.0).reshape(3, 3)
    both = {(match[0, 1] + match[1, 2] + match[2, 0]) / 3, (match[0, 2] + match[1, 0] + match[2, 1]) / 3}
    assert set(dynamics.derangements(match, 40)) == both
    assert (dynamics.derangements(np.eye(6), 20) == 0).all()


def test_the_correlated_sets_are_tightest_where_the_least_cosine_within_them_is_largest(results):
    """PCA leaves out three of the four differences within two sets of three: p / 12 each."""
    apart, near, split = np.eye(3)[[0, 1, 2] * 2], np.ones((6, 3)), np.repeat([[1.0], [1.0], [-1.0]], 2, 0).repeat(3, 1)
    made = runs.Results("made", results.config, {
        "set_W": np.stack([apart, near, split])[None], "set_loss": np.array([[5.0, 3, 1]]), "set_step": np.array([0, 10, 20]),
    })  # fmt: skip
    assert dynamics.pca(made) == pytest.approx(3 * results.config.set_density / 12)
    assert dynamics.tightest(made) == pytest.approx([3 / dynamics.pca(made)])
    cosine, loss = dynamics.opening_times(made)
    assert cosine.tolist() == [10] and loss.tolist() == [20]


def test_the_last_time_above_a_level_is_of_each_seed_and_counts_returns():
    step, values = np.array([0, 10, 20, 30]), np.array([[5.0, 2, 3, 0], [1, 1, 0, 0], [9, 9, 9, 9]])
    assert dynamics.last_above(step, values, 1.5).tolist() == [20, 0, 30]
    assert dynamics.last_above(step, values, np.array([4, 0.5, 9])).tolist() == [0, 10, 0]
