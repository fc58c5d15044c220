"""All ANDs of pairs: examples by brute force, and what can be done without neurons and with one for each pair."""

import numpy as np
import pytest
import torch

from superposition import runs
from superposition.toy import universal_and
from superposition.toy.engine.labelled import Stack

EXPERIMENT = "toy/universal_and"


def test_examples_are_all_inputs_with_so_many_on_and_the_and_of_each_pair():
    x, y = universal_and.examples(4, 3)
    every = np.array([[int(bit) for bit in f"{number:04b}"] for number in range(15)])
    assert {tuple(row) for row in x[:, :4]} == {tuple(row) for row in every}
    assert (x[:, 4] == 1).all()
    pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    assert all(y[e, k] == (row[i] and row[j]) for e, row in enumerate(x) for k, (i, j) in enumerate(pairs))


@pytest.mark.parametrize("on", [2, 3])
def test_without_neurons_every_and_is_a_quarter_off_at_worst_and_no_better_can_be(on):
    x, y = universal_and.examples(5, on)
    W, error = universal_and.without_neurons(5)
    assert np.abs(x @ W - y).max(0) == pytest.approx(np.full(10, error))
    from scipy.optimize import linprog  # the least worst error of one output, over all maps

    rows = np.concatenate([np.c_[x, -np.ones(len(x))], np.c_[-x, -np.ones(len(x))]])
    best = linprog([0] * 6 + [1], rows, np.concatenate([y[:, 0], -y[:, 0]]), bounds=[(None, None)] * 7)
    assert best.fun == pytest.approx(error)


def test_a_neuron_for_each_pair_makes_no_error_and_the_worst_error_is_over_all_inputs():
    x, y = universal_and.examples(4, 3)
    i, j = np.triu_indices(4, 1)
    W1 = np.zeros((5, 6), np.float32)
    W1[i, range(6)], W1[j, range(6)], W1[4] = 1, 1, -1
    W2 = np.eye(6, dtype=np.float32)
    W2[0, 0] = 0.7
    found = universal_and.worst(Stack(torch.from_numpy(W1)[None], torch.from_numpy(W2)[None]), x, y)
    assert found[0] == pytest.approx([0.3, 0, 0, 0, 0, 0], abs=1e-6)


def test_fewest_is_the_number_of_pairs_where_no_error_is_allowed_and_holds_of_matrices_near_the_identity():
    assert universal_and.fewest(10, 0.0) == pytest.approx(10)
    directions = np.random.default_rng(0).standard_normal((300, 60))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    near = directions @ directions.T
    assert universal_and.fewest(300, np.abs(near - np.eye(300)).max()) <= 60


def test_needed_is_the_fewest_tried_from_which_all_pairs_are_right_and_the_exponent_is_a_slope():
    config = runs.configs.read(EXPERIMENT).full
    pairs = np.array([n * (n - 1) // 2 for n in config.inputs])
    neurons = np.round(np.outer(pairs, [0.25, 0.5, 1])).astype(int)
    worst = np.full((len(pairs), 3, 2, pairs.max()), np.nan)
    for k, count in enumerate(pairs):
        worst[k, :, :, :count] = np.array([0.3, 0.1, 0.1])[:, None, None]
    worst[:, 1, 1, 0] = 0.3  # the second seed lacks one pair with so few
    results = runs.Results(EXPERIMENT, config, {"worst": worst, "neurons": neurons})
    assert universal_and.needed(results, 0.2).T.tolist() == [neurons[:, 1].tolist(), neurons[:, 2].tolist()]
    assert np.isnan(universal_and.needed(results, 0.05)).all()
    assert universal_and.exponent(results, 0.2) == pytest.approx([1, 1], abs=0.02)
    assert universal_and.computed(worst, 0.2)[0].tolist() == [[0, 0], [pairs[0], pairs[0] - 1], [pairs[0], pairs[0]]]


def test_no_network_has_fewer_neurons_than_its_rank_needs(either):
    pairs = [n * (n - 1) // 2 for n in either.config.inputs]
    for (size, count, seed), whole in np.ndenumerate(universal_and.computed(either["worst"], 0.2)):
        if whole == pairs[size]:
            assert either["neurons"][size, count] >= universal_and.fewest(pairs[size], 0.2), seed
