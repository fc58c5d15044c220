"""The stored networks that compute, against brute force, proven bounds and one another."""

import numpy as np
import pytest

from superposition import runs
from superposition.toy.absolute import lopsidedness
from superposition.toy.computation import (
    LOGIC,
    answering_zero,
    balance,
    balanced,
    extremeness,
    final_losses,
    frames,
    gain,
    geometric,
    known,
    parts,
    printed_constants,
    solved,
    stack,
)
from superposition.toy.theory import dedicated_neurons, shared_neurons
from superposition.toy.theory.dedicated_neurons import TARGETS

EXPERIMENT = "toy/computation"


@pytest.fixture(scope="module")
def results():
    return runs.load(EXPERIMENT)


def test_activations_are_compared_on_the_same_starts_and_data():
    networks, on = stack("abs", 3, 6, (1.0, 0.1), 4, 0)
    half = len(networks.seeds) // 2
    assert networks.seeds[:half] == networks.seeds[half:] and networks.hidden == ["relu"] * half + ["gelu"] * half
    assert (networks.W1[:half] == networks.W1[half:]).all() and on.tolist() == [1.0] * 4 + [0.1] * 4 + [1.0] * 4 + [0.1] * 4


def test_the_film_begins_at_the_start_ends_at_the_end_and_shows_no_step_twice():
    steps = frames(8000)
    assert steps[0] == 0 and steps[-1] == 8000 and (np.diff(steps) > 0).all()


@pytest.mark.parametrize("target", LOGIC)
def test_losses_of_the_logic_are_those_of_the_weights_beside_them_on_every_input(target, either):
    t = LOGIC.index(target)
    values = dedicated_neurons.VALUES[dedicated_neurons.INPUTS[target]]
    x = np.array([[a, b] for a in values for b in values], float)
    y = {"and": x.min(1), "or": x.max(1), "max": np.abs(x).max(1)}[target]
    on = either.config.original_on[1]
    one = np.array([on / len(values) + (1 - on) * (v == 0) for v in values])
    weight = np.outer(one, one).ravel()
    W1, W2, b = (either[f"logic_{name}"][t, 0, 1].astype(float) for name in ("W1", "W2", "b"))
    out = np.maximum(np.maximum(x @ W1, 0) @ W2 + b[:, None], 0)[..., 0]
    left = ((out - y) ** 2 @ weight) / (weight @ y**2 - (weight @ y) ** 2)
    assert either["original_loss"][t, 0, 1] == pytest.approx(left, rel=1e-4, abs=1e-7)


def test_no_network_does_better_than_the_best_known(results):
    t = [TARGETS.index(name) for name in LOGIC]
    least = results["original_loss"][t].min(-1)
    assert (least > results["original_share"][t, :, :, 2] * 0.999 - 5e-4).all()


def test_relu_neurons_that_read_one_input_alone_never_beat_the_bound_for_a_square(results):
    square = TARGETS.index("square")
    for name, on in (("share", results.config.on), ("original_share", results.config.original_on)):
        bound = np.array([p * dedicated_neurons.HINGE_LOSS / dedicated_neurons.variance("square", p) for p in on])
        assert (results[name][square, 0] > 0.9999 * bound[:, None]).all()


def test_relu_networks_that_read_three_inputs_lie_a_little_below_that_bound_at_best(results):
    hinge, on = dedicated_neurons.HINGE_LOSS, results.config.original_on
    bound = np.array([p * hinge / dedicated_neurons.variance("square", p) for p in on])
    ratio = results["original_loss"][TARGETS.index("square"), 0] / bound[:, None]
    assert (ratio[0] < 1).sum() > 5 and 0.97 < ratio.min() < 1


def test_with_all_inputs_on_the_mean_of_six_neurons_is_below_dedicated_ones_for_or_with_relus_and_for_nothing_else(results):
    below = []
    for target in TARGETS:
        left, least = gain(results, target)
        below += [(target, a) for a in range(2) if left[a, 0].mean() < least[a, 0]]
    assert below == [("or", 0)]


def test_with_rare_inputs_every_relu_network_of_or_max_abs_and_square_is_below_any_that_shares_no_neuron(results):
    staged, outputs, on = runs.load("toy/gradual"), results.config.outputs, results.config.on[-1]
    for target in ("or", "max", "abs", "square"):
        least = shared_neurons.silence(target, on, outputs) * gain(results, target)[1][0, -1]
        assert (staged["loss"][TARGETS.index(target), 0, -1].mean(-1) < least).all()


def test_the_write_ups_units_count_two_outputs_of_one_target_with_weights_of_1_and_09_as_their_mean(results):
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    error = (x.min(1) - 0.25)[:, None] ** 2 * np.array([1, 0.9])
    assert printed_constants(results, "and")[0] == pytest.approx(error.mean())


def test_a_matrix_and_its_negative_have_balances_that_add_up_to_one_and_are_balanced_alike():
    W = np.random.default_rng(1).standard_normal((50, 3, 6))
    assert balance(W) + balance(-W) == pytest.approx(np.ones(50)) and (balanced(W) == balanced(-W)).all()
    assert balance(np.array([[[3.0, -1.0]]])) == pytest.approx([0.75]) and 0 < balanced(W).sum() < 50


def test_lopsidedness_is_the_ratio_of_the_two_weights_in_of_a_neuron_that_serves_two_features():
    W1, W2 = np.array([[2.0, 1.0], [-0.5, 0.0]]), np.array([[0.5, 2.0], [0.5, 3.0]])
    assert lopsidedness(np.stack([W1, 0 * W1]), np.stack([W2, W2])) == pytest.approx([4])


def test_two_relu_neurons_never_solve_max(results):
    assert not solved(results)[TARGETS.index("max"), 0].any()


def test_what_is_known_of_dedicated_neurons_holds_what_is_proven_and_never_rises_with_their_number(results):
    for name in ("share", "original_share"):
        share = known(results, name)
        assert (np.diff(share, axis=-1) <= 0).all() and (share <= results[name] * 1.001 + 1e-3).all()
        assert (share[TARGETS.index("and"), 0, :, 1] == 0).all() and (share[TARGETS.index("max"), 0, :, 4] == 0).all()


def test_more_dedicated_neurons_never_cost_more_than_the_search_is_uncertain(results):
    for name in ("share", "original_share"):
        assert (results[name][..., 0] == 1).all()
        assert (np.diff(results[name], axis=-1) < 0.01).all()


def test_the_product_of_the_weights_shows_nothing_of_a_solved_absolute_value(results):
    odd, even = parts(results)
    assert len(odd) > 0 and np.abs(odd).max() < 0.15 and np.abs(even - 1).max() < 0.15


def test_the_film_ends_with_the_best_network_of_its_cell(results):
    assert (results["film_W1"][-1] == results["single_best_W1"][0, 0, -1]).all()
    assert (results["film_W2"][-1] == results["single_best_W2"][0, 0, -1]).all()
    best = results["loss"][TARGETS.index("abs"), 1, 0, -1].mean(-1).min()
    assert results["film_loss"][-1] == pytest.approx(best, rel=0.25)  # a frame is judged on fewer inputs


def test_a_geometric_mean_has_the_interval_of_the_logarithms():
    mean, low, high = geometric(np.array([1.0, 4.0]))
    assert mean == pytest.approx(2) and low * high == pytest.approx(4)
    assert np.log(high / 2) == pytest.approx(12.706 * np.log(2), rel=1e-3)  # Student's, of two values, from a printed table


def test_extremeness_is_the_largest_weight_of_gelu_over_that_of_relu_whichever_layer_it_is_in(results):
    W1, W2 = np.ones((2, 2, 2, 3, 3, 6)), np.ones((2, 2, 2, 3, 6, 3))
    W1[1, 0, ..., 0, 0], W2[1, 1, 0, :, 0, 0], W1[1, 1, 1, :, 2, 2] = -2, -6, 24
    made = runs.Results("made", results.config, {"single_W1": W1, "single_W2": W2})
    assert extremeness(made) == pytest.approx(np.full(3, (3 * 12) ** 0.5))


def test_what_the_write_ups_program_would_print_is_the_mean_over_densities_in_its_units(results):
    count = len(results.config.original_on)
    left = np.zeros((5, 2, count, 10))
    left[0, 1] = np.arange(count)[:, None]
    left[TARGETS.index("abs"), 0, 0] = np.arange(10)
    made = runs.Results("made", results.config, {"original_loss": left})
    expected = (np.arange(count) * printed_constants(results, "and")).mean()
    assert final_losses(made, "and")[1] == pytest.approx(np.full(10, expected))
    assert final_losses(made, "abs")[0] == pytest.approx(printed_constants(results, "abs")[0] * np.array([2, 7]))


def test_a_dense_and_network_that_answers_zero_leaves_what_the_constant_zero_leaves(results):
    zero, left = answering_zero(results, "and"), results["original_loss"][TARGETS.index("and"), 0, 0]
    assert zero.any() and not zero.all()
    np.testing.assert_allclose(left[zero], 0.25 / (0.25 * 0.75), rtol=1e-4)  # E y² = ¼, over its variance
    assert (left[~zero] < 0.25 / (0.25 * 0.75) * (1 - 1e-6)).all()
