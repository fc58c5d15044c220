"""Training in stages: what it is compared with is the same, and its networks keep what the dense data taught them."""

import numpy as np
import pytest

from superposition import runs
from superposition.toy.gradual import weighted


@pytest.fixture(scope="module")
def results():
    return runs.load("toy/gradual")


@pytest.fixture(scope="module")
def direct():
    return runs.load("toy/computation"), runs.load("toy/absolute")


def test_weighted_losses_are_weighted_means_over_the_features():
    assert weighted(np.array([[0.2, 0.8], [1.0, 1.0]]), 0.5) == pytest.approx([(0.2 + 0.4) / 1.5, 1])


def test_networks_in_stages_have_the_sizes_the_rates_and_the_number_of_steps_of_those_trained_directly(results, direct):
    own, (crowds, hundred) = results.config, (one.config for one in direct)
    assert own.on == crowds.on[1:] and own.hidden == crowds.hidden[1] and own.seeds == crowds.seeds
    assert len(own.stages) * own.stage_steps + own.steps == crowds.steps and own.batch == crowds.batch and own.lr == crowds.lr
    assert own.sparsities == hundred.sparsities and own.hundred_batch == hundred.batch and own.hundred_lr == hundred.lr
    assert len(own.sparsity_stages) * own.hundred_stage_steps + own.hundred_steps == hundred.steps


def test_stages_leave_less_than_direct_training_of_relus_in_sparse_data(results, direct):
    crowds, hundred = direct
    assert (results["loss"][:, 0, -1].mean((1, 2)) < crowds["loss"][:, 1, 0, -1].mean((1, 2))).all()
    for s in (-1, -2):
        assert weighted(results["hundred_loss"][s], 0.8).max() < weighted(hundred["loss"][s], 0.8).min()


def test_the_stored_best_networks_for_and_answer_as_well_as_their_losses_say(results):
    """An own forward pass: alone, each pair that leaves little must say yes to two ones and no to one."""
    W1, W2 = results["logic_best_W1"][0, 0, -1], results["logic_best_W2"][0, 0, -1]
    best = results["loss"][0, 0, -1].mean(-1).argmin()
    for k in np.flatnonzero(results["alone"][0, 0, -1, best] < 0.05):
        one, other, both = (
            np.maximum(v @ W1, 0) @ W2[:, k]
            for v in (np.eye(16)[2 * k], np.eye(16)[2 * k + 1], np.eye(16)[2 * k : 2 * k + 2].sum(0))
        )
        assert both - max(one, other) > 0.8
