"""Clusters of directions, on clouds whose groups are known."""

import numpy as np
import pytest

from superposition import metrics
from superposition.stories.measures import clustering

GROUP = np.arange(60) % 4


def grouped(seed=0):
    rng = np.random.default_rng(seed)
    return 4 * rng.standard_normal((4, 20))[GROUP] + 0.2 * rng.standard_normal((60, 20))


def test_groups_are_found_and_are_the_same_for_parts_of_the_rows():
    cosine = metrics.cosines(grouped())
    assert clustering.agreement(clustering.clusters(cosine, [4])[0], GROUP) == pytest.approx(1)
    assert clustering.stability(cosine, [4], 4, np.random.default_rng(0)).mean() == pytest.approx(1)


def test_rotated_rows_keep_mean_and_spectrum_and_lose_the_groups():
    unit, rng = metrics.unit(grouped()), np.random.default_rng(0)
    null = clustering.rotated(unit, rng)
    before, after = (np.linalg.eigvalsh(one)[-4:] for one in (unit @ unit.T, null))
    np.testing.assert_allclose(after, before, rtol=0.3)
    assert np.linalg.norm(clustering.coordinates(null).mean(0)) == pytest.approx(np.linalg.norm(unit.mean(0)), rel=0.3)
    assert clustering.stability(null, [4], 4, rng).mean() < 0.75


def test_coordinates_have_the_cosines_that_they_are_made_from():
    cosine = metrics.cosines(grouped())
    unit = clustering.coordinates(cosine)
    np.testing.assert_allclose(unit @ unit.T, cosine, atol=1e-6)


def test_neighbours_are_those_of_brute_force_and_by_lot_few_are_shared():
    rng = np.random.default_rng(0)
    one, other = (metrics.cosines(rng.standard_normal((200, 8))) for _ in range(2))
    near = clustering.neighbours(one, 5)
    for row in range(200):
        others = [k for k in range(200) if k != row]
        assert near[row].tolist() == sorted(others, key=lambda k: -one[row, k])[:5]
    assert clustering.shared(near, near) == 1
    assert clustering.shared(near, clustering.neighbours(other, 5)) == pytest.approx(5 / 199, abs=0.02)
