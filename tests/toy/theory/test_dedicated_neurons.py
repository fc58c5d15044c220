"""What a few neurons can do: exact circuits against brute force, bounds against calculus, dealing out against trying all."""

from itertools import product

import numpy as np
import pytest
import torch
from scipy import integrate, optimize

from superposition.toy.engine.networks import Networks
from superposition.toy.engine.training import evaluate
from superposition.toy.theory import dedicated_neurons

FUNCTIONS = {"and": min, "or": max, "max": lambda x, y: max(abs(x), abs(y)), "abs": abs, "square": lambda x: x * x}
ALL = {"and": (0, 1), "or": (0, 1), "max": (-1, 0, 1), "abs": np.linspace(-1, 1, 201)}


@pytest.mark.parametrize("target", dedicated_neurons.EXACT)
def test_the_exact_circuits_make_no_error_on_any_input(target):
    W1, w2, b = (np.array(part, float) for part in dedicated_neurons.EXACT[target])
    for x in product(ALL[target], repeat=dedicated_neurons.inputs_of(target)):
        hidden = [max(0, float(np.dot(x, column))) for column in W1.T]
        assert max(0, float(np.dot(hidden, w2) + b)) == pytest.approx(FUNCTIONS[target](*x), abs=1e-15)
    assert dedicated_neurons.loss(target, 0.3, W1, w2, b) == pytest.approx(0, abs=1e-30)


def test_the_circuit_for_max_is_exact_on_the_whole_plane():
    W1, w2, b = (np.array(part, float) for part in dedicated_neurons.EXACT["max"])
    x = np.random.default_rng(0).normal(size=(1000, 2))
    assert np.maximum(x @ W1, 0) @ w2 + b == pytest.approx(np.abs(x).max(1))


@pytest.mark.parametrize("target", dedicated_neurons.TARGETS)
@pytest.mark.parametrize("on", [1.0, 0.3])
def test_the_variance_is_that_of_a_large_sample_drawn_another_way(target, on):
    rng, kind = np.random.default_rng(1), dedicated_neurons.INPUTS[target]
    size = 400_000, dedicated_neurons.inputs_of(target)
    value = rng.uniform(-1, 1, size) if kind == "signed" else rng.choice(dedicated_neurons.VALUES[kind], size)
    x = value * (rng.random(size) < on)
    y = {"and": x.min(1), "or": x.max(1), "max": np.abs(x).max(1), "abs": np.abs(x[:, 0]), "square": x[:, 0] ** 2}[target]
    assert dedicated_neurons.variance(target, on) == pytest.approx(y.var(), rel=0.02)


def test_the_bound_for_a_square_is_the_least_loss_of_one_relu_on_each_side():
    def error(p):
        return integrate.quad(lambda x: (x * x - max(0, p[0] * x + p[1])) ** 2, 0, 1, points=[min(1, max(0, -p[1] / p[0]))])[0]

    least = optimize.minimize(error, [1.4, -0.4], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-14})
    assert least.fun == pytest.approx(dedicated_neurons.HINGE_LOSS, rel=1e-6)
    assert -least.x[1] / least.x[0] == pytest.approx(dedicated_neurons.HINGE, rel=1e-4)


def test_no_number_of_relu_neurons_beats_the_bound_for_a_square():
    bound = dedicated_neurons.HINGE_LOSS / dedicated_neurons.variance("square", 1.0)
    for k in (2, 4):
        assert bound * (1 - 1e-3) < dedicated_neurons.best("square", np.ones(1), k, "relu", 16, 800, 0)[0] < 1.1 * bound


def test_one_relu_neuron_is_as_good_at_or_as_a_linear_fit_and_no_better():
    x, y = np.array([[1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 1]]), np.array([0, 1, 1, 1])
    residual = np.linalg.lstsq(x, y, rcond=None)[1][0] / 4 / y.var()
    assert dedicated_neurons.best("or", np.ones(1), 1, "relu", 32, 1500, 0)[0] == pytest.approx(residual, rel=1e-3)


def test_three_relu_neurons_are_not_enough_for_max_and_four_are():
    three, four = (dedicated_neurons.best("max", np.ones(1), k, "relu", 48, 1500, 0)[0] for k in (3, 4))
    assert three > 0.1 and four < 1e-4


def test_neurons_are_dealt_out_as_trying_every_deal_would():
    rng = np.random.default_rng(2)
    share = np.sort(rng.random((3, 4)))[:, ::-1]
    for neurons in (0, 2, 5, 20):
        deals = [deal for deal in product(range(4), repeat=3) if sum(deal) <= neurons]
        tried = [min(np.mean([row[k] for k in deal]) for deal in deals) for row in share]
        assert dedicated_neurons.dedicated(share, 3, neurons) == pytest.approx(tried)


@pytest.fixture
def apart():
    """Three exact circuits for |x| side by side: nothing passes between them; the last one is too small by half."""
    networks = Networks([7], 3, 6, 3)
    with torch.no_grad():
        networks.theta.zero_()
        for i in range(3):
            networks.W1[0, i, 2 * i], networks.W1[0, i, 2 * i + 1] = 1, -1
            networks.W2[0, 2 * i : 2 * i + 2, i] = 0.5 if i == 2 else 1
    return networks


def test_without_interference_an_output_is_as_good_in_company_as_alone(apart):
    company, alone = dedicated_neurons.judge(apart, "abs", np.array([0.4]), 16, 3 * 1024)
    half = (0.4 / 3 / 4) / dedicated_neurons.variance("abs", 0.4)  # (|x| / 2)² over the variance
    assert company[0] == pytest.approx([0, 0, half], rel=0.02)
    assert alone[0] == pytest.approx([0, 0, half], rel=0.03)


def test_interference_costs_in_company_only_and_the_sum_is_the_engines_loss(apart):
    with torch.no_grad():
        apart.W2[0, 0, 1] = 0.5
    company, alone = dedicated_neurons.judge(apart, "abs", np.array([0.4]), 16, 3 * 1024)
    assert alone[0, 1] < 1e-9 and company[0, 1] > 0.05
    task = dedicated_neurons.task("abs", np.array([[0.4]]))
    assert company.sum() * dedicated_neurons.variance("abs", 0.4) == pytest.approx(evaluate(apart, task)[0], rel=0.03)
