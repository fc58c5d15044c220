"""The recipes that come nearer to adding all sums: their data, and the stored models."""

import numpy as np
import pytest
import torch

from superposition import configs, runs
from superposition.addition import balanced
from superposition.addition.engine import carry_chains, data, learning_curves
from superposition.addition.engine.transformer import Transformer


@pytest.fixture(scope="module")
def results():
    return runs.load("addition/balanced")


def test_recipes_are_tried_on_sums_that_they_were_not_trained_on():
    config = configs.read("addition/balanced").full
    for seed in range(config.seeds):
        tried = carry_chains.draw(1000 + seed, config.n_test, 0) @ [10**6, 1]
        for share in config.shares:
            assert not np.isin(tried, carry_chains.draw(seed, config.n_train, share) @ [10**6, 1]).any()


def test_checkpoints_run_from_the_start_to_the_end():
    assert balanced.checkpoints(80) == [5 * k for k in range(17)] and balanced.checkpoints(4) == [0, 1, 2, 3, 4]


def test_the_stored_models_add_as_well_as_recorded(results):
    for recipe in range(len(results.config.shares)):
        for seed in range(results.config.seeds):
            model = Transformer.of({name: results[name][recipe, seed] for name in learning_curves.PARAMETERS})
            pairs = carry_chains.draw(1000 + seed, results.config.n_test, 0)[:4000]
            with torch.no_grad():
                said = model(torch.from_numpy(data.tokens(*pairs.T)))[:, data.N_INPUTS :].argmax(-1).numpy()
            right = (said == data.answers(*pairs.T)).all(1).mean()
            assert right == pytest.approx(results["sum_accuracy"][recipe, -1, seed, 0], abs=0.02)


def test_long_chains_in_training_help_with_long_chains(results):
    """Every seed's network, on sums with long chains: the difference is far beyond the spread of seeds."""
    uniform, chained = results["sum_accuracy"][:, -1, :, 1]
    assert chained.min() > uniform.max()


def test_both_recipes_end_above_the_originals_training_on_uniform_sums(results):
    original = runs.load("addition/train")["sum_accuracy"][-1, :, 2]
    assert (results["sum_accuracy"][:, -1, :, 0] > original.mean()).all()
