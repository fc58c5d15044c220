"""Clusters of directions, on clouds whose groups are known; and when neurons fire, on a model that can be asked."""

import numpy as np
import pytest

from superposition import metrics, runs
from superposition.stories import clusters
from superposition.stories.engine import models
from superposition.stories.measures import clustering, firing, reading

GROUP = np.arange(60) % 4


def grouped(seed=0):
    rng = np.random.default_rng(seed)
    return metrics.unit(4 * rng.standard_normal((4, 20))[GROUP] + 0.2 * rng.standard_normal((60, 20)))


@pytest.mark.parametrize("algorithm", clustering.ALGORITHMS.values(), ids=clustering.ALGORITHMS)
def test_groups_are_found_and_are_the_same_for_parts_of_the_rows_and_mixed_rows_have_none(algorithm):
    unit, rng = grouped(), np.random.default_rng(0)
    assert clustering.agreement(algorithm(unit, [4])[0], GROUP) == pytest.approx(1)
    assert clustering.stability(unit, algorithm, [4], rng) == pytest.approx(1)
    assert clustering.agreement(algorithm(clustering.mixed(unit, rng), [4])[0], GROUP) < 0.3


def test_mixed_rows_keep_mean_and_spectrum():
    rng = np.random.default_rng(0)
    unit = metrics.unit(rng.standard_normal((400, 30)) * np.linspace(1, 3, 30) + 0.5)
    null = clustering.mixed(unit, rng)
    before, after = (np.linalg.eigvalsh(one.T @ one) for one in (unit, null))
    np.testing.assert_allclose(after, before, rtol=0.1)
    np.testing.assert_allclose(null.mean(0), unit.mean(0), atol=0.02)


def test_coordinates_have_the_cosines_that_they_are_made_from():
    cosine = metrics.cosines(grouped())
    unit = clustering.coordinates(cosine)
    np.testing.assert_allclose(unit @ unit.T, cosine, atol=1e-6)


def test_neighbours_are_those_of_brute_force_and_by_lot_few_are_shared():
    rng = np.random.default_rng(0)
    one, other = (metrics.unit(rng.standard_normal((200, 8))) for _ in range(2))
    near, cosine = clustering.neighbours(one, 5), one @ one.T
    for row in range(200):
        others = [k for k in range(200) if k != row]
        assert near[row].tolist() == sorted(others, key=lambda k: -cosine[row, k])[:5]
    assert clustering.shared(near, near) == 1
    assert clustering.shared(near, clustering.neighbours(other, 5)) == pytest.approx(5 / 199, abs=0.02)
    points = rng.standard_normal((50, 2))
    nearest = clustering.near(points, 1)[:, 0]
    distance = np.linalg.norm(points[:, None] - points, axis=-1) + 1e9 * np.eye(50)
    assert (nearest == distance.argmin(1)).all()


def test_a_map_from_two_starts_puts_the_same_groups_together():
    maps = [clustering.plane(grouped(), 10.0, 300, start) for start in range(2)]
    assert not np.allclose(*maps)
    for points in maps:
        assert (GROUP[clustering.near(points, 5)] == GROUP[:, None]).mean() > 0.95


@pytest.fixture(scope="module")
def fired():
    """What a small model's neurons do at every place taken of a few texts, and the tokens there."""
    model = models.create(1, 16, 2, 16, 40, 0).eval()
    tokens = np.random.default_rng(0).integers(0, 40, (70, 12))
    taken = np.arange(12) < np.random.default_rng(1).integers(4, 12, (70, 1))
    return model, tokens, taken, reading.mlp(model, tokens, taken, 0)[1].astype(float)


def test_statistics_are_those_of_all_activations_at_once_and_of_two_halves_together(fired):
    model, tokens, taken, active = fired
    whole = firing.Statistics.of(model, 0, tokens, taken)
    halves = firing.Statistics.of(model, 0, tokens[::2], taken[::2]) + firing.Statistics.of(model, 0, tokens[1::2], taken[1::2])
    for found in (whole, halves):
        np.testing.assert_allclose(found.correlations(), np.corrcoef(active.T), atol=1e-6)
        assert found.count.sum() == taken.sum()


def test_the_strongest_tokens_are_those_of_the_largest_mean_among_those_seen_often(fired):
    model, tokens, taken, active = fired
    strongest = firing.Statistics.of(model, 0, tokens, taken).strongest(3, 12)
    here = tokens[taken]
    often = [token for token in range(40) if (here == token).sum() >= 12]
    for neuron in (0, 17):
        mean = {token: active[here == token, neuron].mean() for token in often}
        assert strongest[neuron].tolist() == sorted(often, key=lambda token: -mean[token])[:3]


def made(**arrays):
    """Results made by hand."""
    return runs.Results("stories/clusters_1l", runs.Config(), arrays)


def test_the_number_of_clusters_that_stands_out_is_read_off_against_the_null_and_so_is_its_p():
    null = np.zeros((1, 1, 1, 1, 4, 2)) + np.array([[0.1, 0.5], [0.3, 0.5], [0.1, 0.6], [0.3, 0.6]])
    stable = np.zeros((1, 1, 1, 1, 2, 2)) + [0.9, 0.6]
    results = made(stability=stable, null_stability=null)
    found, high = clusters.at_best(results)
    assert found.item() == pytest.approx(0.9) and high.item() == pytest.approx(0.3)
    assert clusters.stable_p(results).item() == pytest.approx(1 / 5)
    assert clusters.stable_p(made(stability=null, null_stability=null)).item() == pytest.approx(4 / 5)


def test_agreement_is_taken_at_its_best_number_for_the_neurons_and_for_the_lots():
    results = made(agreement=np.array([[[[0.1, 0.4]]]]), null_agreement=np.array([[[[[0.0, 0.1], [0.2, 0.0]]]]]))
    assert clusters.best_agreement(results).item() == 0.4
    assert clusters.lot_agreement(results).item() == pytest.approx(np.quantile([0.1, 0.2], 0.95))
