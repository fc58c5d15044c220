"""What a neuron gains by reading others' inputs, against brute force and exact sums."""

import numpy as np
import pytest

from superposition.toy.theory import dedicated_neurons, shared_neurons


@pytest.mark.parametrize("n_in", [6, 16])
def test_one_neuron_that_reads_all_inputs_solves_a_dense_or_but_where_all_are_off(n_in):
    W1, w2, b = shared_neurons.one_or(n_in)
    x = (np.arange(2**n_in)[:, None] >> np.arange(n_in)) & 1
    out = np.maximum(b + w2 * np.maximum(x @ W1, 0), 0)
    wrong = out != x[:, :2].max(1)
    assert wrong.sum() == 1 and not x[wrong].any()
    assert ((out - x[:, :2].max(1)) ** 2).mean() / (3 / 16) == pytest.approx(shared_neurons.one_or_share(n_in))


def test_ors_are_judged_with_their_best_bias_over_all_inputs():
    W1, w2, _ = shared_neurons.one_or(6)
    left = shared_neurons.or_left(W1[:, None], np.array([[w2, 0.0, 0.0]]))
    assert left[0] == pytest.approx(shared_neurons.one_or_share(6), rel=1e-6) and left[1:] == pytest.approx([1, 1], rel=0.02)


def test_only_the_largest_weight_out_of_each_neuron_is_kept():
    assert (shared_neurons.largest(np.array([[1.0, -2.0], [0.5, 0.0]])) == [[0, -2], [0.5, 0]]).all()


def test_neurons_that_read_many_inputs_beat_every_number_of_neurons_that_read_one_at_a_square():
    bound = dedicated_neurons.HINGE_LOSS / dedicated_neurons.variance("square", 1.0)
    assert shared_neurons.blurred_square(1, 50) > 0.999 * bound - 0.0005
    assert shared_neurons.blurred_square(8, 500) < 0.9 * bound
    assert shared_neurons.blurred_square(32, 1000) < 0.01


@pytest.mark.parametrize("target, on", [("and", 0.3), ("max", 0.1), ("abs", 0.03)])
def test_the_others_are_silent_as_often_as_the_exact_sum_over_one_output_says(target, on):
    x, weight, _ = dedicated_neurons.points(target, on)
    assert shared_neurons.silence(target, on, 4) == pytest.approx(weight[(x == 0).all(1)].sum() ** 3)
