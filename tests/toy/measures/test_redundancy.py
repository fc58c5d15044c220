"""The theory of dropout on a linear layer against sums over all masks, and measures on matrices whose answer is known."""

import itertools

import numpy as np
import pytest

from superposition.toy.measures import redundancy

RNG = np.random.default_rng(0)


def linear_loss(W, b, x, importance, rate):
    """The linear model's loss on each row of x, the mean over all masks."""
    total = 0
    for mask in itertools.product((0, 1), repeat=W.shape[1]):
        weight = np.prod([1 - rate if stays else rate for stays in mask])
        total = total + weight * ((x @ W * mask / (1 - rate) @ W.T + b - x) ** 2 @ importance)
    return total


def test_dropout_adds_to_the_linear_models_loss_what_the_formula_says():
    n, m, rate, density = 6, 3, 0.3, 0.4
    W, b, importance = RNG.normal(size=(n, m)), RNG.normal(size=n), RNG.uniform(0.2, 1, n)
    x = RNG.uniform(size=(400_000, n)) * (RNG.uniform(size=(400_000, n)) < density)
    added = linear_loss(W, b, x, importance, rate) - ((x @ W @ W.T + b - x) ** 2) @ importance
    hidden = ((x @ W) ** 2).mean(0)
    assert added.mean() == pytest.approx(rate / (1 - rate) * hidden @ (importance @ W**2), rel=1e-9)  # on any sample, exactly
    theory = redundancy.penalty(W, density, importance, rate)
    assert added.mean() == pytest.approx(theory, abs=4 * added.std() / len(x) ** 0.5)


@pytest.mark.parametrize(("neurons", "rate"), [(1, 0.5), (4, 0.5), (3, 0.2)])
def test_a_feature_that_k_neurons_share_loses_what_the_formula_says(neurons, rate):
    """One feature, k equal weights: the best length by brute force, with a sum over all masks."""
    x = np.ones((1, 1))
    weights = [np.full((1, neurons), (s / neurons) ** 0.5) for s in np.linspace(0, 1, 2001)]
    losses = [linear_loss(W, np.zeros(1), x, np.ones(1), rate)[0] for W in weights]
    assert min(losses) == pytest.approx(redundancy.lost(neurons, rate), abs=1e-6)


def test_a_full_orthonormal_code_pays_the_same_penalty_in_every_basis_and_a_smaller_one_does_not():
    turn = np.linalg.qr(RNG.normal(size=(4, 4)))[0]
    full, part = np.eye(4), np.eye(4)[:2]
    cost = lambda W: redundancy.penalty(W - W.mean(0), 0.5, np.ones(len(W)), 0.5)  # mean 0: features that no constant drives
    assert cost(np.vstack([full, -full]) @ turn) == pytest.approx(cost(np.vstack([full, -full])))
    assert cost(np.vstack([part, -part]) @ turn) < 0.95 * cost(np.vstack([part, -part]))


def test_measures_do_not_mind_shorter_weights_and_know_known_cases():
    pairs = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1], [0.2, 0.1]])
    assert redundancy.paired(pairs) == redundancy.paired(0.1 * pairs) == 1
    assert redundancy.paired(np.eye(3)) == 0 and redundancy.crowding(np.eye(3)) == pytest.approx(0)
    assert redundancy.represented(0.01 * pairs).tolist() == [True] * 4 + [False]
    assert redundancy.crowding(pairs[:4]) == pytest.approx(0.5)
    assert redundancy.halfway(np.diag([1.0, 0.9, 0.5, 0.1])) == pytest.approx(1 / 4)
    assert redundancy.at_levels(pairs[:4]) == 1
