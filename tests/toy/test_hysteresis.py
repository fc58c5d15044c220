"""Prices that rise and fall on the same models: where each way begins, and that every stored loss is that of its weights."""

import numpy as np
import pytest

from superposition import configs, runs
from superposition.toy import hysteresis

CONFIG = configs.read("toy/hysteresis").quick


@pytest.fixture(scope="module")
def quick():
    return runs.Results("toy/hysteresis", CONFIG, hysteresis.run(CONFIG, runs.Job())[0])


def test_a_rising_path_begins_as_a_fresh_start_without_a_price_and_a_falling_one_goes_on_from_its_end(quick):
    W = quick["W"].astype(float)
    np.testing.assert_array_equal(W[0, 0], W[1, 0])  # the same seeds, start and data
    further, back = (np.linalg.norm(W[way, -1] - W[1, -1], axis=(-2, -1)) for way in (0, 2))
    assert (back < further).all()


def test_stored_losses_are_those_of_the_stored_weights_and_a_price_adds_its_activity(quick):
    rng, p = np.random.default_rng(0), 1 - CONFIG.sparsity
    x = rng.random((200_000, CONFIG.n_features)) * (rng.random((200_000, CONFIG.n_features)) < p)
    for at in np.ndindex(quick["loss"].shape):
        activity = np.abs(x @ quick["W"][at].astype(float)).sum(1).mean()
        assert quick["loss"][at] - quick["task_loss"][at] == pytest.approx(quick["l1"][at[1]] * activity, rel=0.2, abs=1e-4)


def test_held_features_are_those_longer_than_a_half(quick):
    length = np.linalg.norm(quick["W"].astype(float), axis=-1)
    np.testing.assert_array_equal(hysteresis.held(quick), (length > 0.5).sum(-1))


def test_without_a_price_the_stored_models_hold_every_feature():
    results = runs.load("toy/hysteresis")
    assert (hysteresis.held(results)[:2, 0] == results.config.n_features).all()
