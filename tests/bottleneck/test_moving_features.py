"""Features through a transformer: what is stored is what it says it is, and follows from each seed and task alone."""

import numpy as np
import pytest

from superposition import metrics, runs
from superposition.bottleneck import moving_features
from superposition.bottleneck.moving_features import KINDS, MOVED, NONE, OWN, PREVIOUS, Plan


@pytest.fixture(scope="module")
def stored():
    return runs.load("bottleneck/transformer")


def test_directions_are_measured_at_a_mean_square_length_of_one_whatever_their_scale():
    W = np.random.default_rng(0).standard_normal((2, 12, 4))
    found, large = moving_features.of_directions(W, 3, 0), moving_features.of_directions(100 * W, 3, 0)
    for name in moving_features.OF_WEIGHTS:
        np.testing.assert_allclose(large[name], found[name])
        np.testing.assert_allclose(large[f"null_{name}"], found[f"null_{name}"])
    np.testing.assert_allclose(large["frobenius"], 1e4 * found["frobenius"])
    alike = metrics.unit(W)
    of_alike = moving_features.of_directions(3 * alike, 1, 0)["dimensionality"]
    np.testing.assert_allclose(of_alike, 1 / metrics.feature_dimensionality(alike).mean(-1))


def test_random_directions_are_their_own_null():
    found = moving_features.of_directions(np.random.default_rng(1).standard_normal((40, 32, 8)), 20, 0)
    for name in moving_features.OF_WEIGHTS:
        assert found[name].mean() == pytest.approx(found[f"null_{name}"].mean(), rel=0.03)
    assert found["squared_cosine"].mean() == pytest.approx(1, rel=0.02)


def test_a_record_is_the_mean_of_the_losses_since_the_one_before():
    losses = np.arange(20.0).reshape(10, 2)
    np.testing.assert_array_equal(moving_features.record_steps(10, 2), [5, 10])
    np.testing.assert_array_equal(moving_features.averaged(losses, 2), [[4, 5], [14, 15]])


def test_what_is_carried_counts_no_feature_that_is_given_back_worse_than_its_mean():
    assert moving_features.carried(np.array([[1.0, 0.5, -7.0]]), 3) == pytest.approx([0.5])


def test_what_is_stored_of_a_stack_depends_on_its_kind_width_and_seed_alone():
    config = runs.configs.read("bottleneck/transformer").quick
    plan = Plan(MOVED, 6, 4, 1, config.sparsities, 5, 8, 1, moving_features.feature_transformer.scaled(4))
    one = moving_features.train_stack((config, plan))
    moving_features.train_stack((config, plan._replace(kind=OWN)))
    again = moving_features.train_stack((config, plan))
    for name, array in one.items():
        np.testing.assert_array_equal(again[name], array)


def test_the_stored_carried_is_the_positive_part_of_what_each_feature_gets_explained(stored):
    truth = np.maximum(stored["explained"], 0).sum(-1) / stored["n_hidden"][:, None, None]
    np.testing.assert_allclose(stored["carried"], truth, rtol=1e-4)
    assert (stored["explained"] <= 1).all()


def test_without_attention_cutting_it_changes_nothing_and_where_features_are_moved_it_takes_all(stored):
    np.testing.assert_allclose(stored["cut"][NONE], stored["carried"][NONE], atol=0.1)  # on other samples
    assert (stored["cut"][[MOVED, PREVIOUS]] < 0.15).all()  # what chance gives on so many samples


def test_what_nobody_asked_for_arrives_nowhere_without_attention(stored):
    np.testing.assert_array_equal(stored["unasked"][NONE], 0)
    assert (stored["attention"] >= 0).all() and (stored["attention"] <= 1).all()


def test_the_film_begins_at_one_start_for_all_sparsities_and_its_measures_are_of_it(stored):
    film = stored["film_W"].astype(float)
    np.testing.assert_array_equal(film[:, :, 0], np.broadcast_to(film[:1, :1, 0], film[:, :, 0].shape))
    assert stored["film_step"][0] == 0 and stored["film_step"][-1] == stored.config.steps
    rank = metrics.effective_rank(film)
    np.testing.assert_allclose(stored["film_rank"][:, 0, :, 0], rank, rtol=5e-3)


def test_the_originals_weights_are_stored_feature_by_feature_and_barely_turn(stored):
    for name in moving_features.ORIGINALS:
        start, end = stored[f"{name}_W"].astype(float)
        turned = (metrics.unit(start) * metrics.unit(end)).sum(-1)
        np.testing.assert_allclose(stored[f"{name}_turned"][0], turned, rtol=1e-3)


def test_every_kind_has_a_task_and_the_names_of_the_metrics(stored):
    assert len(KINDS) == len(moving_features.TASKS) == len(stored["carried"])
    assert [f"carried by a dimension, {name}" for name in KINDS] == list(stored.metrics)[1:]
