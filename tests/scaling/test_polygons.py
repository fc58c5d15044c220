"""The exact loss of lone features against integration, polygons against closed forms, the sampler against its prior."""

import numpy as np
import pytest
from scipy.integrate import quad

from superposition import runs
from superposition.figures.scaling import polygons as figures
from superposition.scaling import polygons
from superposition.scaling.theory import lone_features


def lone_error(mu, i, W, b):
    return ((mu * np.eye(len(W))[i] - np.maximum(0, mu * W @ W[i] + b)) ** 2).sum()


def test_the_loss_of_lone_features_is_the_integral_and_its_slope_the_difference_quotient():
    n, rng = 4, np.random.default_rng(0)
    for p in (rng.standard_normal(3 * n), np.zeros(3 * n), np.concatenate([np.zeros(2 * n), np.full(n, 0.1)])):
        slope = np.zeros(3 * n)
        loss = lone_features.loss(p, slope)
        assert loss == pytest.approx(
            np.mean([quad(lone_error, 0, 1, (i, p[: 2 * n].reshape(n, 2), p[2 * n :]), limit=200)[0] for i in range(n)]), abs=1e-8
        )
        step = 1e-6 * np.eye(3 * n)
        rise = [(lone_features.loss(p + one, slope.copy()) - lone_features.loss(p - one, slope.copy())) / 2e-6 for one in step]
        if p.any():  # where all is 0 the ReLU has a corner
            assert slope == pytest.approx(rise, abs=1e-7)


def test_four_features_lose_nothing_and_ten_corners_are_the_golden_ratio():
    assert lone_features.polygon(4).loss == pytest.approx(0, abs=1e-12)
    assert lone_features.polygon(10).length == pytest.approx((1 + 5**0.5) / 2, abs=1e-9)


def test_polygons_are_level_places_and_no_step_nearby_loses_less():
    shape, slope, rng = lone_features.polygon(6), np.zeros(18), np.random.default_rng(0)
    at = shape.parameters(6)
    least = lone_features.loss(at, slope)
    assert np.abs(slope).max() < 1e-12
    assert all(lone_features.loss(at + 1e-3 * rng.standard_normal(18), slope) >= least for _ in range(100))


def test_a_left_out_feature_loses_least_at_one_over_twice_the_number():
    shape, slope = lone_features.polygon(5), np.zeros(18)
    for bias, wanted in ((0.0, shape.among(6, bias=False)), (1 / 12, shape.among(6))):
        assert lone_features.loss(shape.parameters(6, bias), slope) == pytest.approx(wanted, abs=1e-12)
    assert lone_features.loss(shape.parameters(6, 0.1), slope) > shape.among(6)


def test_a_feature_is_there_if_at_least_half_of_it_comes_back():
    assert lone_features.there(lone_features.polygon(5).parameters(6)) == 5
    assert lone_features.there(lone_features.polygon(6).parameters(6)) == 6


def test_replica_exchange_samples_the_prior_where_there_are_no_samples():
    share, accepted, _ = lone_features.exchange(np.zeros((2, 9)), np.array([0.0, 1e-9]), 4000, 8, 0.35, 0)
    W, b = np.random.default_rng(0).standard_normal((100_000, 3, 2)), np.random.default_rng(1).standard_normal((100_000, 3))
    drawn = ((W**2).sum(-1) + b >= lone_features.THERE).sum(-1)
    assert share[0] == pytest.approx([(drawn == k).mean() for k in range(4)], abs=0.04)
    assert accepted.min() > 0.9


def test_the_switch_is_where_the_two_shares_cross():
    n = np.array([10.0, 100.0, 1000.0])
    assert polygons.switch(n, np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9]])) == pytest.approx(10**2.5)
    assert polygons.switch(n, np.array([[0.1, 0.9]] * 3)) == 10
    assert polygons.switch(n, np.array([[0.9, 0.1]] * 3)) == 1000


def test_a_descent_is_at_a_polygon_if_its_loss_is():
    shapes = [lone_features.polygon(k) for k in (5, 6)]
    arrays = {"corners": np.array([5, 6]), "loss": np.array([s.loss for s in shapes])}
    arrays["descent_end"] = np.array([shapes[0].among(6), shapes[0].among(6, bias=False), shapes[1].among(6), 0.1])
    results = runs.Results("scaling/polygons", runs.configs.read("scaling/polygons").full, arrays)
    near, chance = polygons.at_polygons(results)
    assert near.tolist() == [True, True, True, False]
    assert chance == pytest.approx(3 * 2e-4 * 3)


def test_the_figure_of_the_posterior_has_a_line_for_each_chain_and_one_for_their_mean():
    share = np.random.default_rng(0).random((3, 4, 7))
    (ax,) = figures.believed(np.geomspace(10, 100, 4), share, 30.0, 60.0).axes
    assert sum(len(line.get_xdata()) == 4 for line in ax.lines) == 5 * (3 + 1)
