"""The model against its formula written out, and the linear optimum against brute force."""

import numpy as np
import pytest
import torch
from scipy import optimize

from superposition.toy.engine.autoencoders import Autoencoders, linear_optimum


def test_the_forward_pass_is_relu_of_W_transpose_W_x_plus_b_for_each_instance():
    model = Autoencoders([1, 2], 4, 3, [True, False]).double()
    with torch.no_grad():
        model.b += torch.tensor([[0.1, -0.2, 0.3, -0.4], [0.4, 0.3, -0.2, 0.1]])
    x = torch.rand(5, 2, 4, dtype=torch.float64)
    for k in range(2):
        expected = x[:, k] @ model.W[k] @ model.W[k].T + model.b[k]
        torch.testing.assert_close(model(x)[:, k], expected.relu() if k == 0 else expected)


def test_the_loss_weighs_each_features_squared_error_by_its_importance():
    model = Autoencoders([1], 3, 2)
    x, importance = torch.rand(7, 1, 3), torch.tensor([[1.0, 0.5, 0.0]])
    output = model(x).detach()
    slow = sum(float(importance[0, i] * (x[e, 0, i] - output[e, 0, i]) ** 2) for e in range(7) for i in range(3)) / 7
    assert model.loss(x, importance).item() == pytest.approx(slow, rel=1e-5)


def test_the_start_depends_on_the_seed_alone_and_not_on_how_many_instances_there_are():
    one, many = Autoencoders([5], 30, 10), Autoencoders(list(range(50)), 30, 10)
    torch.testing.assert_close(one.W[0], many.W[5], rtol=0, atol=0)
    assert many.W.std().item() == pytest.approx(np.sqrt(2 / 40), rel=0.02)
    assert (many.W < 0).float().mean().item() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("density", [1.0, 0.4])
def test_no_linear_model_beats_the_linear_optimum(density):
    """The expected loss of any W and b from the moments of the data, minimised from many starts."""
    n, m, rng = 4, 2, np.random.default_rng(0)
    importance = 0.8 ** np.arange(n)
    mean, variance = density / 2, density / 3 - density**2 / 4

    def expected(parameters):
        W, b = parameters[: n * m].reshape(n, m), parameters[n * m :]
        error = np.eye(n) - W @ W.T
        return importance @ ((error @ np.full(n, mean) - b) ** 2 + variance * (error**2).sum(1))

    best = min(optimize.minimize(expected, rng.standard_normal(n * m + n)).fun for _ in range(20))
    assert best == pytest.approx(linear_optimum(np.array([density]), importance, m).item(), rel=1e-6)
