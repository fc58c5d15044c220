"""The smallest sets of heads of other shapes: all sets of few heads tried one by one, and bounds that must hold."""

from itertools import product

import numpy as np
import pytest
import torch

from superposition import runs
from superposition.addition import shapes
from superposition.addition.circuits import ENOUGH
from superposition.addition.engine import data
from superposition.addition.measures import ablation
from superposition.addition.measures.ablation import Parts

EXPERIMENT = "addition/shapes"


@pytest.fixture(scope="module")
def results():
    return runs.load(EXPERIMENT)


@pytest.fixture(scope="module")
def heads():
    trained = runs.load("addition/sweep")
    return np.repeat(trained["heads"], trained.config.seeds)


def least(model, seed, each):
    """By trying all sets: the fewest heads that keep enough of the ones digits, the others at their means."""
    pair = ablation.balanced(seed + 1000, each)
    parts, answers = Parts.of(model, pair), data.answers(*ablation.numbers(pair))[:, 0]
    said, mean = parts.heads[:, 0], parts.heads[:, 0].mean(0)
    sets = np.array(list(product([False, True], repeat=model.n_heads)))
    right = np.array([
        ((parts.direct[0] + said[:, on].sum(1) + mean[~on].sum(0)).argmax(-1) == answers).sum() for on in sets
    ])  # fmt: skip
    return [sets.sum(1)[right >= enough * right[-1]].min() for enough in ENOUGH]


@pytest.mark.parametrize("seed", range(3))
def test_of_a_small_model_the_smallest_sets_are_those_of_all_sets(random_model, seed):
    model, config = random_model(torch.float32, seed, 5, 2), shapes.Config(models=1, each=3, beam=2, nodes=10**6)
    found = shapes.analysed((model, seed, config))
    assert found["smallest"].tolist() == found["at_least"].tolist() == least(model, seed, 3)


def test_the_stored_sizes_of_the_last_model_are_the_least_of_all_256_sets(results, heads):
    model, seed = shapes.trained(0)[-1]
    assert model.n_heads == heads[-1] == 8
    assert results["smallest"][-1].tolist() == least(model, seed, results.config.each)


def test_a_smallest_set_is_no_smaller_than_proven(either, heads):
    sizes, bounds = either["smallest"], either["at_least"]
    assert (bounds <= sizes).all() and (sizes <= heads[: len(sizes), None]).all()


def test_the_smallest_sets_of_few_heads_are_exact(results, heads):
    assert (results["at_least"] == results["smallest"])[heads <= 16].all()
