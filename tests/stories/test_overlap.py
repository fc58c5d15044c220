"""Overlaps against pairs taken one by one and known frames; the fit of a power law on made-up losses."""

import numpy as np
import pytest

from superposition.stories import overlap
from superposition.stories.measures import overlaps


def test_the_mean_squared_overlap_is_that_of_all_pairs():
    W = np.random.default_rng(0).standard_normal((7, 3))
    cosine = [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for i, a in enumerate(W) for b in W[:i]]
    assert overlaps.mean_squared(W) == pytest.approx(np.mean(np.square(cosine)))


def test_random_directions_overlap_by_one_over_the_dimension():
    found = [overlaps.mean_squared(np.random.default_rng(k).standard_normal((500, 20))) for k in range(20)]
    assert np.mean(found) == pytest.approx(1 / 20, rel=0.01)


@pytest.mark.parametrize("rows", [3, 5, 8])
def test_a_regular_polygon_reaches_the_welch_bound_and_nothing_is_below_it(rows):
    angle = 2 * np.pi * np.arange(rows) / rows
    polygon = np.stack([np.cos(angle), np.sin(angle)], 1)
    assert overlaps.mean_squared(polygon) == pytest.approx(overlaps.welch(rows, 2))
    for seed in range(50):
        assert overlaps.mean_squared(np.random.default_rng(seed).standard_normal((rows, 2))) >= overlaps.welch(rows, 2)


def test_rows_no_more_than_dimensions_need_not_overlap():
    assert overlaps.welch(4, 4) == overlaps.welch(3, 4) == 0 == overlaps.mean_squared(np.eye(4))


def test_a_mean_that_all_rows_share_overlaps_until_it_is_taken_off():
    W = np.random.default_rng(0).standard_normal((400, 30)) + 5
    assert overlaps.mean_squared(W) > 0.5
    assert overlaps.mean_squared(overlaps.centred(W)) == pytest.approx(1 / 30, rel=0.1)


def test_a_power_law_with_a_floor_is_found_again():
    m = np.array([32, 48, 64, 96, 128, 192])
    assert overlap.power_law(m, 20 / m + 1.5) == pytest.approx((1.0, 1.5), abs=0.01)
    assert overlap.power_law(m, 7 * m**-0.5) == pytest.approx((0.5, 0), abs=0.03)
    flat, floor = overlap.power_law(m, np.full(6, 3.0) + 1e-9 * np.arange(6))
    assert floor == pytest.approx(3, abs=1e-3)


def test_the_slope_of_a_power_of_the_width_is_its_exponent():
    m = np.log([32, 64, 192])
    logs = np.stack([3 - 1.0 * m, 2 - 0.3 * m], 1)[:, :, None]
    np.testing.assert_allclose(overlap._slope(m, logs)[:, 0], [1.0, 0.3])
