"""What absorption costs, in closed form, against brute force, and against a solver that knows nothing of it."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from superposition import formulas
from superposition.sparse.engine import oracle
from superposition.sparse.theory import absorption

RNG = np.random.default_rng(0)


def directions(count, m, rng=RNG):
    return formulas.unit(rng.standard_normal((count, m)))


def test_the_least_cost_of_a_code_is_what_an_iterative_solver_comes_to():
    h, rows = RNG.standard_normal((40, 3)), directions(4, 3)
    cost, z = absorption.least_cost(h, rows, 0.4)
    assert cost == pytest.approx(((h - z @ rows) ** 2).sum(-1) + 0.4 * z.sum(-1))
    assert (z >= 0).all()
    best = oracle.best_code(torch.tensor(h)[None], torch.tensor(rows)[None], torch.tensor([0.4]), steps=3000)[0].numpy()
    assert cost == pytest.approx(((h - best @ rows) ** 2).sum(-1) + 0.4 * best.sum(-1), abs=1e-6)


def test_activity_in_closed_form_is_that_of_the_best_code_without_error():
    for delta in (0.0, 0.3, 1.0):
        rows = np.array([[1, 0], [delta, 1] / np.hypot(delta, 1)])
        _, z = absorption.least_cost(np.array([[1.0, 1.0], [1.0, 0.0]]), rows, 1e-9)
        assert absorption.activity(delta, 0.2, 0.7) == pytest.approx(z.sum(1) @ [0.2, 0.7], abs=1e-6)


def test_no_dictionary_pays_less_than_the_floor_and_a_latent_along_each_point_pays_just_that():
    h = RNG.standard_normal((30, 3)) * RNG.random((30, 1))
    floor = absorption.floor(formulas.norms(h), 0.3)
    for _ in range(20):
        assert (absorption.least_cost(h, directions(5, 3), 0.3)[0] >= floor - 1e-12).all()
    for point, least in zip(h, floor, strict=True):
        assert absorption.least_cost(point[None], formulas.unit(point[None]), 0.3)[0] == pytest.approx([least])


@pytest.mark.parametrize(("spread", "child_alone"), [(0.0, 0.0), (0.5, 0.0), (0.0, 0.01)])
def test_of_all_pairs_of_directions_the_parent_and_the_absorbing_child_pay_least(spread, child_alone):
    h, probability = absorption.points(0.05 - child_alone, 0.2, child_alone, spread, nodes=8)
    rows = lambda angles: np.stack([np.cos(angles), np.sin(angles)], -1)
    cost = lambda angles: absorption.expected_loss(rows(angles), 0.1, h, probability)
    found = min(
        (minimize(cost, start, method="Nelder-Mead") for start in ([0.3, 0.8], [-0.2, 1.4], [0.1, 1.0])), key=lambda r: r.fun
    )
    delta = absorption.best_delta(0.1, h, probability)
    assert cost(np.array([0, np.arctan2(1, delta)])) == pytest.approx(found.fun, rel=5e-3)
    assert np.sort(found.x)[1] == pytest.approx(np.arctan2(1, delta), abs=0.06)


def test_as_lambda_vanishes_a_child_takes_as_much_of_its_parent_as_always_comes_along():
    for spread in (0.0, 0.5):
        h, probability = absorption.points(0.05, 0.2, 0, spread, nodes=40)
        assert absorption.best_delta(1e-5, h, probability) == pytest.approx(absorption.deepest(spread), abs=0.03)


def test_quadrature_over_sizes_agrees_with_drawn_ones():
    rows = np.array([[1, 0], [0.6, 0.8]])
    exact = absorption.expected_loss(rows, 0.2, *absorption.points(1, 0, 0, 1.0))
    drawn = absorption.least_cost(2 * RNG.random((100_000, 2)), rows, 0.2)[0]
    assert exact == pytest.approx(drawn.mean(), abs=5 * drawn.std() / 100_000**0.5)


def test_a_lone_latent_lies_between_features_that_come_together_and_along_one_that_comes_alone():
    assert absorption.best_lone(0.1, *absorption.points(0.1, 0, 0, 0)) == pytest.approx([0.5**0.5, 0.5**0.5], abs=1e-3)
    assert absorption.best_lone(0.1, *absorption.points(0, 0.3, 0.1, 0)) == pytest.approx([1, 0], abs=1e-3)
