"""The stored networks that compute, against brute force, proven bounds and one another."""

import numpy as np
import pytest

from superposition import runs
from superposition.toy import circuits
from superposition.toy.circuits import TARGETS
from superposition.toy.claims.computation import known, parts, solved
from superposition.toy.computation import LOGIC, frames, stack


@pytest.fixture(scope="module")
def results():
    return runs.load("toy/computation")


def test_activations_are_compared_on_the_same_starts_and_data():
    networks, on = stack("abs", 3, 6, (1.0, 0.1), 4, 0)
    half = len(networks.seeds) // 2
    assert networks.seeds[:half] == networks.seeds[half:] and networks.hidden == ["relu"] * half + ["gelu"] * half
    assert (networks.W1[:half] == networks.W1[half:]).all() and on.tolist() == [1.0] * 4 + [0.1] * 4 + [1.0] * 4 + [0.1] * 4


def test_the_film_begins_at_the_start_ends_at_the_end_and_shows_no_step_twice():
    steps = frames(8000)
    assert steps[0] == 0 and steps[-1] == 8000 and (np.diff(steps) > 0).all()


@pytest.mark.parametrize("target", LOGIC)
def test_losses_of_the_logic_are_those_of_the_stored_weights_on_every_input(target, results):
    t = LOGIC.index(target)
    values = circuits.VALUES[circuits.INPUTS[target]]
    x = np.array([[a, b] for a in values for b in values], float)
    y = {"and": x.min(1), "or": x.max(1), "max": np.abs(x).max(1)}[target]
    on = results.config.original_on[1]
    one = np.array([on / len(values) + (1 - on) * (v == 0) for v in values])
    weight = np.outer(one, one).ravel()
    W1, W2, b = (results[f"logic_{name}"][t, 0, 1].astype(float) for name in ("W1", "W2", "b"))
    out = np.maximum(np.maximum(x @ W1, 0) @ W2 + b[:, None], 0)[..., 0]
    left = ((out - y) ** 2 @ weight) / (weight @ y**2 - (weight @ y) ** 2)
    assert results["original_loss"][t, 0, 1] == pytest.approx(left, rel=1e-4, abs=1e-7)


def test_no_network_does_better_than_the_best_known(results):
    t = [TARGETS.index(name) for name in LOGIC]
    least = results["original_loss"][t].min(-1)
    assert (least > results["original_share"][t, :, :, 2] * 0.999 - 5e-4).all()


def test_no_relu_network_beats_the_bound_for_a_square(results):
    bound = np.array([p * circuits.HINGE_LOSS / circuits.variance("square", p) for p in results.config.original_on])
    assert (results["original_loss"][TARGETS.index("square"), 0] > 0.97 * bound[:, None]).all()


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
