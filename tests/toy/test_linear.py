"""A loss on one target against samples, and what identical, even and clustered rows give by hand."""

import numpy as np
import pytest
import torch

from superposition.toy import linear

EXPERIMENT = "toy/linear"
RNG = np.random.default_rng(0)


def sampled(W, p, largest, of_all, examples=200_000):
    n = len(W)
    target = RNG.integers(n, size=examples)
    x = RNG.uniform(0, largest, (examples, n)) * (RNG.random((examples, n)) < p)
    x[np.arange(examples), target] = 1
    error = (x - x @ W @ W.T) ** 2
    return error.sum(1).mean() if of_all else error[np.arange(examples), target].mean()


def test_both_losses_are_those_of_samples():
    W = RNG.standard_normal((5, 2))
    mean, variance = (float(part[0]) for part in linear.company(np.array([0.4]), 0.5))
    exact = linear.target_loss(*(torch.tensor(part, dtype=torch.float64) for part in (W, mean, variance)))
    assert float(exact) == pytest.approx(sampled(W, 0.4, 0.5, False), rel=0.02)
    assert linear.full_loss(W, mean, variance) == pytest.approx(sampled(W, 0.4, 0.5, True), rel=0.02)


def test_with_no_company_any_unit_rows_lose_nothing_and_identical_ones_tell_nothing():
    for kind in linear.BUILT:
        W, loss = linear.at_best_length(linear.built(kind, 20, 2, RNG), 0.0, 0.0)
        assert loss == pytest.approx(0, abs=1e-12), kind
        wanted = {"in four clusters": 4 / 20, "identical": 1 / 20}.get(kind, 1)
        assert linear.identified(W, 0.0, 0.1, 3, RNG) == pytest.approx(wanted), kind


def test_clusters_cost_what_even_directions_cost():
    mean, variance = (float(part[0]) for part in linear.company(np.array([0.3]), 0.1))
    even, clustered = (linear.at_best_length(linear.built(kind, 20, 2, RNG), mean, variance)[1] for kind in linear.BUILT[::2])
    assert even == pytest.approx(clustered)


def test_the_best_length_is_that_of_a_search():
    mean, variance = (float(part[0]) for part in linear.company(np.array([0.5]), 0.1))
    rows = linear.built("random", 12, 2, RNG)
    found, loss = linear.at_best_length(rows, mean, variance)
    given = [torch.tensor(part, dtype=torch.float64) for part in (mean, variance)]
    tried = [float(linear.target_loss(torch.from_numpy(length * rows), *given)) for length in np.linspace(0, 1.5, 301)]
    assert loss == pytest.approx(min(tried), abs=1e-4) == float(linear.target_loss(torch.from_numpy(found), *given))


def test_shares_lie_between_chance_and_one(either):
    assert (either["identified"] >= 0).all() and (either["identified"] <= 1).all()
    assert (either["loss"] >= 0).all()
