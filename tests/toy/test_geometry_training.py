"""Several trainings of the same features: what they share, what tells them apart, and how they are held against each other."""

from dataclasses import replace

import numpy as np
import pytest

from superposition import configs, runs
from superposition.toy import geometry_training, polytope_prices
from superposition.toy.measures import polytopes

NAMES = ["toy/geometry_training", "toy/geometry_training_longer", "toy/geometry_training_400_30"]
CONFIG = configs.read(NAMES[0]).quick


@pytest.fixture(scope="module")
def quick():
    return runs.Results("toy/geometry_training", CONFIG, geometry_training.run(CONFIG, runs.Job())[0])


def test_trainings_begin_with_the_same_weights_and_a_bias_of_zero_or_of_the_features_mean():
    zero, mean = (geometry_training.started(CONFIG, way).weights(2, 2) for way in (0, 1))
    assert (zero["W1"] == mean["W1"]).all() and len(np.unique(zero["W1"])) == zero["W1"].size
    assert (zero["b"] == 0).all()
    x = np.random.default_rng(0).random((4000, 2)) * (
        np.random.default_rng(1).random((4000, 2)) < 1 - np.array(CONFIG.sparsities)
    )
    np.testing.assert_allclose(mean["b"][:, :, 0], np.tile(x.mean(0), (2, 1)), atol=0.015)


def test_trainings_are_told_apart_by_rate_schedule_and_bias():
    names = geometry_training.names(CONFIG)
    assert names[0] == "0.01 falling, bias from zero" and names[5] == "0.001, bias from mean" and len(set(names)) == 6


def test_models_are_laid_out_by_training_seed_and_density_each_with_the_loss_of_its_own_weights(quick):
    rng = np.random.default_rng(2)
    for at in np.ndindex(quick["loss"].shape):
        W, b, p = quick["W"][at].astype(float), quick["b"][at].astype(float), quick["density"][at[-1]]
        x = rng.random((4000, len(b))) * (rng.random((4000, len(b))) < p)
        each = ((x - np.maximum(x @ W @ W.T + b, 0)) ** 2).sum(1)
        assert quick["loss"][at] == pytest.approx(each.mean(), abs=6 * each.std() / 63), at


def test_triangles_and_tetrahedra_are_counted_by_their_corners(quick):
    W = np.zeros((2, 2, 2, 20, 6))  # training, seed, density
    W[0, 0, 0, :3, :2], W[0, 0, 0, 3:7, 2:5], W[0, 0, 0, 7, 5] = polytopes.CORNERS[2], polytopes.CORNERS[3], 1
    W[1, 1, 1, :2, 0] = 1, -1
    counted = geometry_training.solids(replace(quick, arrays=quick.arrays | {"W": W}))
    assert counted[0, 0, 0] == 2 and counted.sum() == 2


@pytest.mark.parametrize("name", NAMES)
def test_no_stored_model_beats_perfect_polytopes_by_a_percent_and_only_those_with_dead_features_lose_more_than_guessing(name):
    results = runs.load(name)
    n, m = results["W"].shape[-2:]
    over, dead = geometry_training.over_least(results), geometry_training.dead(results)
    best = polytope_prices.over_least(runs.load("toy/polytope_prices"), n, m, results["density"]).min(0)
    assert (over > best - 0.01).all() and (dead[over > n / (n - m)] > 0).all()
    assert (dead[[start == "mean" for start in results.config.bias]] == 0).all()
