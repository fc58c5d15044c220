"""What labels allow: second moments against samples, and the least error against projections."""

import numpy as np
import pytest

from superposition.toy.theory import label_spectrum

RNG = np.random.default_rng(0)
M = 0.2 * RNG.standard_normal((6, 6))


def sampled(p, examples=400_000):
    x = RNG.uniform(-1, 1, (examples, 6)) * (RNG.random((examples, 6)) < p)
    y = np.maximum(x, 0) + x @ M.T
    return y.T @ y / examples / p


@pytest.mark.parametrize("p", [0.2, 1.0])
def test_the_second_moment_is_that_of_samples(p):
    assert label_spectrum.active(M, p) == pytest.approx(sampled(p), abs=0.005)


def test_one_input_at_a_time_has_the_second_moment_of_plus_and_minus_one_at_a_third():
    y = np.concatenate([np.eye(6) + M.T, -M.T])
    assert label_spectrum.lone(M) == pytest.approx(y.T @ y / 6)


def test_the_least_error_is_that_of_the_leading_directions_and_of_no_other():
    second = label_spectrum.lone(M)
    error = lambda Q: (np.trace(second) - np.trace(Q.T @ second @ Q)) / 6
    least = label_spectrum.least(second, 2)
    assert error(label_spectrum.leading(second, 2)) == pytest.approx(least)
    assert all(error(np.linalg.qr(RNG.standard_normal((6, 2)))[0]) > least for _ in range(200))


def test_clean_labels_leave_what_dedicated_neurons_leave():
    assert label_spectrum.least(label_spectrum.lone(np.zeros((100, 100))), 50) == pytest.approx(1 / 12)
