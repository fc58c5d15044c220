"""The recipes that come nearer to adding all sums: their data, a small run of them, and the stored models."""

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


def test_a_small_run_stores_what_pytorch_finds_in_its_models():
    sizes = {"seeds": 2, "n_heads": 2, "d_head": 2, "n_train": 300, "n_test": 40, "epochs": 2, "batch": 64}
    config = balanced.Config(seed=1, lr=0.01, weight_decay=0.01, shares=(0.0, 1.0), **sizes)
    arrays, found = balanced.run(config, runs.Job())
    assert arrays["epoch"].tolist() == [0, 1, 2]
    for recipe, seed in ((0, 0), (1, 1)):
        model = Transformer.of({name: arrays[name][recipe, seed] for name in learning_curves.PARAMETERS})
        for split, chained in enumerate((0, 1)):
            pairs = carry_chains.draw(1 + 1000 * (split + 1) + seed, 40, chained)
            answers = torch.from_numpy(data.answers(*pairs.T)).long()
            with torch.no_grad():
                logits = model(torch.from_numpy(data.tokens(*pairs.T)))[:, data.N_INPUTS :]
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), answers.flatten())
            assert arrays["loss"][recipe, -1, seed, split] == pytest.approx(loss.item(), rel=1e-4)
            right = (logits.argmax(-1) == answers).float().mean(0)
            assert arrays["digit_accuracy"][recipe, -1, seed, split] == pytest.approx(right.numpy(), abs=1e-6)
    assert found["recipe 1 long"] == pytest.approx(arrays["sum_accuracy"][1, -1, :, 1].mean())


def test_of_the_sums_trained_on_as_many_are_judged_as_are_kept_for_the_test():
    """After many steps on few sums the models know them: more of these are right than of others."""
    sizes = {"seeds": 2, "n_heads": 4, "d_head": 4, "n_train": 64, "n_test": 40, "epochs": 120, "batch": 32}
    config = balanced.Config(seed=0, lr=0.02, weight_decay=0.0, shares=(0.0,), **sizes)
    arrays, _ = balanced.run(config, runs.Job())
    for seed in (0, 1):
        model = Transformer.of({name: arrays[name][0, seed] for name in learning_curves.PARAMETERS})
        pairs = carry_chains.draw(seed, 64, 0.0)[:40]
        with torch.no_grad():
            said = model(torch.from_numpy(data.tokens(*pairs.T)))[:, data.N_INPUTS :].argmax(-1).numpy()
        right = (said == data.answers(*pairs.T)).all(1).mean()
        assert arrays["train_sum_accuracy"][0, seed] == pytest.approx(right, abs=1 / 39) and right > 0.5
