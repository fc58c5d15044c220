"""The exact loss under dropout against sampling and finite differences, and the stored optima against the chapter on phases."""

import numpy as np
import pytest

from superposition import metrics, runs
from superposition.toy import dropout_exact, phase


@pytest.fixture(scope="module")
def results():
    return runs.load("toy/dropout_exact")


def model(n=3, m=2, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(1, n, m)), 0.2 * rng.normal(size=(1, n)), np.full((1, n), 0.6), rng.uniform(0.5, 1, (1, n))


def test_the_exact_loss_under_dropout_is_the_mean_over_samples_of_data_and_masks():
    (V, b, density, importance), rate, rng = model(), 0.3, np.random.default_rng(1)
    W = (1 - rate) ** 0.5 * V[0]
    x = rng.uniform(size=(400_000, 3)) * (rng.uniform(size=(400_000, 3)) < density)
    keep = (rng.uniform(size=(400_000, 2)) >= rate) / (1 - rate)
    loss = (np.maximum(x @ W * keep @ W.T + b, 0) - x) ** 2 @ importance[0]
    exact = dropout_exact.gradients(V, b, density, importance, np.array([rate]))[0][0]
    assert loss.mean() == pytest.approx(exact, abs=4 * loss.std() / len(x) ** 0.5)


def test_its_gradient_is_that_of_finite_differences():
    (V, b, density, importance), rate, eps = model(), np.array([0.4]), 1e-6
    value = lambda V, b: dropout_exact.gradients(V, b, density, importance, rate)[0][0]
    _, dV, db = dropout_exact.gradients(V, b, density, importance, rate)
    for i, k in np.ndindex(3, 2):
        step = np.zeros_like(V)
        step[0, i, k] = eps
        assert (value(V + step, b) - value(V - step, b)) / (2 * eps) == pytest.approx(dV[0, i, k], abs=1e-6)
    step = np.array([[eps, 0, 0]])
    assert (value(V, b + step) - value(V, b - step)) / (2 * eps) == pytest.approx(db[0, 0], abs=1e-6)


def test_a_neuron_that_is_never_there_leaves_the_bias_to_guess_the_mean():
    """One neuron, almost always dropped: the best loss is nearly p/3 - p²/4 for each feature."""
    start = np.array([[[1.0], [0.5]]])
    *_, loss = dropout_exact.descend(
        start, np.zeros((1, 2)), np.full((1, 2), 0.5), np.ones((1, 2)), np.array([0.999]), 0.03 * np.linspace(1, 0, 300)
    )
    assert loss[0] == pytest.approx(2 * (0.5 / 3 - 0.25 / 4), rel=0.01)


def test_without_dropout_the_diagram_is_that_of_the_chapter_on_phases(results):
    known = runs.load("toy/phase")
    log = lambda x: np.log(np.asarray(x))
    at_importance = abs(log(results["importance"])[:, None] - log(known["importance"])).argmin(1)
    at_density = abs(log(results["density"])[:, None] - log(known["density"])).argmin(1)
    same = phase.classify(results["V"][0]) == known["phase"][np.ix_(at_importance, at_density)]
    assert same.mean() > 0.9  # the grids differ by less than a cell


def test_a_pair_alone_in_two_neurons_shares_both_under_dropout_and_four_features_take_a_neuron_a_pair(results):
    crowds, rates = results.config.crowds, results.config.crowd_rates
    sparse, half = results.config.sparsities.index(0.8), rates.index(0.5)
    two, four = (results["crowd_V"][crowds.index(n), half, sparse, :n] for n in (2, 4))
    assert metrics.basis_alignment(two) == pytest.approx(1, abs=0.1)
    assert metrics.basis_alignment(four) == pytest.approx(2, abs=0.1)


def test_without_dropout_a_turn_costs_nothing_and_with_it_no_fixed_shape_beats_the_best_of_many_starts(results):
    two, four = np.eye(2), np.vstack([np.eye(2), -np.eye(2)])
    for shape in (two, four):
        assert dropout_exact.turned_loss(shape, 30, 0) == pytest.approx(dropout_exact.turned_loss(shape, 0, 0), rel=1e-9)
    config = results.config
    for k, rate in enumerate(config.crowd_rates):
        best = results["crowd_loss"][config.crowds.index(4), k, config.sparsities.index(0.8)]
        assert min(dropout_exact.turned_loss(four, degrees, rate) for degrees in (0, 22.5, 45)) > best * (1 - 1e-6)


def test_the_turned_loss_is_the_least_of_the_grid_by_the_loss_itself():
    shape, p = np.eye(2), np.full((1, 2), 0.2)
    angle = np.radians(45)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    at = [(1.0, 0.0), (1.1, 0.01), (0.98, -0.02)]
    losses = [
        dropout_exact.gradients(c * (shape @ turn)[None], np.full((1, 2), b), p, np.ones((1, 2)), np.array([0.5]))[0][0]
        for c, b in at
    ]
    assert 0.9 * min(losses) < dropout_exact.turned_loss(shape, 45, 0.5) <= min(losses)
