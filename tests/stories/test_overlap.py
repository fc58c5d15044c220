"""Overlaps against pairs taken one by one and known frames; exponents and fits on made-up results."""

import numpy as np
import pytest

from superposition import metrics, runs
from superposition.stories import overlap

WIDTHS = np.array([16, 32, 64, 128])


def results_of(**arrays):
    return runs.Results("stories/overlap", runs.configs.read("stories/overlap").full, arrays)


def test_the_mean_squared_overlap_is_that_of_all_pairs():
    W = np.random.default_rng(0).standard_normal((7, 3))
    cosine = [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for i, a in enumerate(W) for b in W[:i]]
    assert metrics.squared_cosine(W) == pytest.approx(np.mean(np.square(cosine)))


@pytest.mark.parametrize("rows", [3, 5, 8])
def test_a_regular_polygon_reaches_the_welch_bound_and_nothing_is_below_it(rows):
    angle = 2 * np.pi * np.arange(rows) / rows
    polygon = np.stack([np.cos(angle), np.sin(angle)], 1)
    assert metrics.squared_cosine(polygon) == pytest.approx(metrics.welch_bound(rows, 2))
    for seed in range(50):
        assert metrics.squared_cosine(np.random.default_rng(seed).standard_normal((rows, 2))) >= metrics.welch_bound(rows, 2)


def test_a_mean_that_all_rows_share_overlaps_until_it_is_taken_off():
    W = np.random.default_rng(0).standard_normal((400, 30)).astype(np.float32) + 5
    as_it_is, centred = overlap.in_both_forms(W)
    assert as_it_is > 0.5 and centred == pytest.approx(1 / 30, rel=0.1)


def test_exponents_are_those_of_the_powers_that_overlaps_are_made_of():
    seeds = np.array([1.0, 0.3])
    overlaps = (5 * WIDTHS[:, None] ** -seeds)[..., None, None]
    results = results_of(d_model=WIDTHS, overlap=overlaps)
    np.testing.assert_allclose(overlap.exponents(results)[:, 0, 0], seeds)
    np.testing.assert_allclose(overlap.local_exponents(results)[..., 0, 0], np.tile(seeds, (3, 1)))


def test_a_power_law_with_a_floor_is_found_again():
    assert overlap.power_law(WIDTHS, 20 / WIDTHS + 1.5) == pytest.approx((1.0, 20, 1.5), abs=0.01)
    assert overlap.power_law(WIDTHS, 7 * WIDTHS**-0.5)[::2] == pytest.approx((0.5, 0), abs=0.03)
    flat = overlap.power_law(WIDTHS, np.full(4, 3.0) + 1e-9 * np.arange(4))
    assert flat[2] == pytest.approx(3, abs=1e-3)


def test_power_laws_are_fitted_seed_by_seed():
    values = np.stack([20 / WIDTHS + 1.5, 7 / WIDTHS], 1)
    assert overlap.power_laws(WIDTHS, values) == pytest.approx(np.array([[1, 20, 1.5], [1, 7, 0]]), abs=0.05)


def test_before_training_all_rows_overlap_as_random_directions_do():
    config = runs.configs.read("stories/overlap").quick.model_copy(
        update={"d_models": (16,), "lrs": (0.01,), "seeds": 1, "n_stories": 20, "evaluations": 1}
    )
    arrays, _ = overlap.run(config, runs.Job())
    np.testing.assert_allclose(arrays["start_overlap"] * 16, 1, rtol=0.3)
    assert (arrays["overlap"][..., 0] >= arrays["welch"][:, None]).all()
