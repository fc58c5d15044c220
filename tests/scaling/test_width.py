"""Slopes against autograd, the dial against its formulas, what is measured against brute force and closed forms."""

import numpy as np
import pytest
import torch

from superposition import formulas, runs
from superposition.scaling import width
from superposition.scaling.engine import rare
from superposition.training import AdamW

EXPERIMENT = "scaling/width"
RNG = np.random.default_rng(0)


def dense(examples, n):
    """The same examples as a matrix."""
    x = np.zeros((len(examples.begin) - 1, n), np.float32)
    for e in range(len(x)):
        own = slice(examples.begin[e], examples.begin[e + 1])
        x[e, examples.feature[own]] = examples.value[own]
    return x


def examples(n=12, batch=50):
    return rare.draw(rare.frequencies(n, 0.5), batch, np.random.default_rng(1))


def test_features_are_active_with_their_frequencies_and_then_uniform_up_to_2():
    p = rare.frequencies(20, 1)
    assert p.sum() == pytest.approx(1) and p[0] / p[9] == pytest.approx(10)
    x = dense(rare.draw(p, 40_000, RNG), 20)
    assert (x > 0).mean(0) == pytest.approx(p, abs=0.006)
    assert np.quantile(x[x > 0], [0.25, 0.5, 0.75]) == pytest.approx([0.5, 1, 1.5], abs=0.03)
    assert (x**2).sum(1).mean() == pytest.approx(width.IGNORED, rel=0.02)


def test_the_loss_and_its_slopes_are_those_of_autograd():
    drawn = examples()
    model = rare.Model(12, 4, -1.0, 1.0, np.random.default_rng(2))
    W, b = (torch.tensor(value, requires_grad=True) for value in (model.W, model.b))
    x = torch.tensor(dense(drawn, 12))
    loss = (((x @ W @ W.T + b).relu() - x) ** 2).sum(1).mean()
    loss.backward()
    dW, db = np.empty_like(model.W), np.empty_like(model.b)
    assert model.loss(drawn, dW, db) == pytest.approx(loss.item(), rel=1e-5)
    np.testing.assert_allclose(dW, W.grad, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(db, b.grad, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("gamma", [0.5, 0.0, -1.0])
def test_a_step_is_pytorchs_adam_and_then_the_dial(gamma):
    drawn = examples()
    model = rare.Model(12, 4, gamma, 1.0, np.random.default_rng(2))
    W, b = (torch.tensor(value, requires_grad=True) for value in (model.W, model.b))
    adam, x = torch.optim.Adam([W, b], lr=0.01), torch.tensor(dense(drawn, 12))
    for step in range(3):
        adam.zero_grad()
        (((x @ W @ W.T + b).relu() - x) ** 2).sum(1).mean().backward()
        adam.step()
        with torch.no_grad():
            pull = 1 if gamma >= 0 else 1 - 1 / W.norm(dim=1, keepdim=True)
            W -= 0.01 * abs(gamma) * pull * W
        model.step(drawn, 0.01, AdamW(weight_decay=0.0), step)
    np.testing.assert_allclose(model.W, W.detach(), rtol=1e-3, atol=2e-5)
    np.testing.assert_allclose(model.b, b.detach(), rtol=1e-3, atol=2e-5)


def test_without_a_dial_directions_stay_and_lengths_are_the_same():
    model = rare.Model(12, 4, None, 0.0, np.random.default_rng(2))
    before = model.W.copy()
    losses = []
    for step in range(200):
        losses.append(model.loss(examples()))
        model.step(examples(), 0.02, AdamW(weight_decay=0.0), step)
    np.testing.assert_allclose(formulas.unit(model.W), before, atol=1e-6)
    assert np.ptp(formulas.norms(model.W)) < 1e-6 and losses[-1] < 0.8 * losses[0]


def test_what_is_measured_of_a_triangle_beside_a_feature_that_is_left_out():
    p = np.array([0.4, 0.3, 0.2, 0.1])
    angles = 2 * np.pi * np.arange(3) / 3
    triangle = np.stack([np.cos(angles), np.sin(angles)], 1)
    told = width.measured(np.concatenate([triangle, [[0.1, 0]]]).astype(np.float32), p)
    assert told["represented"] == 0.75 and told["unlearned"] == pytest.approx(4 / 3 * 0.1)
    assert told["overlap"] == pytest.approx(1 / 4) and told["welch"] == pytest.approx(1 / 4)
    assert told["positive"] == pytest.approx(0) and told["tails"] == pytest.approx(1)
    alone = width.measured(np.eye(4, 6, dtype=np.float32)[:1], p[:1])
    assert (alone["represented"], alone["unlearned"]) == (1, 0) and np.isnan(alone["overlap"])


def test_random_directions_overlap_by_one_over_m_as_often_with_either_sign_and_with_known_tails():
    told = width.measured(RNG.standard_normal((800, 10)).astype(np.float32), rare.frequencies(800, 0))
    assert told["overlap"] == pytest.approx(0.1, rel=0.02)
    assert told["positive"] == pytest.approx(0.5, rel=0.02)
    assert told["tails"] == pytest.approx(3 * 10 / 12, rel=0.03)


def test_exponents_are_those_of_a_power_law_and_the_tail_is_what_is_not_among_the_first():
    config = runs.configs.read("scaling/width").full
    m = np.array(config.n_hidden, float)
    np.testing.assert_allclose(width.slopes(config, 3 * m**-1.7), 1.7)
    assert width.exponent(config.n_hidden, 3 * m**-1.7) == pytest.approx(1.7)
    n = config.n_features
    np.testing.assert_allclose(width.tail(config, 0), 4 / 3 * (1 - m / n))


def made_up(n, widths):
    """Results in which the loss of the last γ at the only α is (n / m)^0.7 / m, that of the others 1."""
    config = runs.configs.read(EXPERIMENT).full.model_copy(
        update={"n_features": n, "n_hidden": widths, "alphas": (2.0,), "gammas": (0.0, 1.0, -1.0)}
    )
    loss, m = np.ones((1, 2, 3, len(widths))), np.array(widths, float)
    loss[0, :, 2] = (n / m) ** 0.7 / m
    return runs.Results("made up", config, {"loss": loss})


def test_at_the_same_share_of_dimensions_a_loss_of_that_share_over_m_has_exponent_1():
    found = width.at_the_same_share(made_up(100, (5, 8, 30)), made_up(200, (8, 13, 20, 40)), 2)
    assert list(found) == [5, 8]
    np.testing.assert_allclose([*found.values()], 1)


def test_weak_is_the_greatest_gamma_where_the_tail_is_a_power_law_and_strong_the_least():
    results = made_up(100, (5, 8))
    assert (width.weak(results, "loss") == 1).all()
    np.testing.assert_allclose(width.strong(results, "loss", 2)[0], [(100 / 5) ** 0.7 / 5, (100 / 8) ** 0.7 / 8])


def test_tokens_that_share_a_direction_overlap_less_when_it_is_taken_off():
    W = RNG.standard_normal((2, 300, 8))
    plain, shared = width.token_overlaps(W), width.token_overlaps(W + 3)
    assert plain == pytest.approx(np.ones((2, 2)), rel=0.05)
    assert (shared[:, 0] > 5).all() and shared[:, 1] == pytest.approx(plain[:, 1], rel=1e-3)


def test_shares_lie_between_0_and_1_and_no_overlap_is_below_the_welch_bound(either):
    for name in ("represented", "positive"):
        there = either[name][~np.isnan(either[name])]
        assert ((there >= 0) & (there <= 1)).all(), name
    assert (either["loss"] > 0).all() and (either["unlearned"] <= width.IGNORED + 1e-6).all()
    known = ~np.isnan(either["overlap"])
    assert (either["overlap"] >= either["welch"] - 1e-6)[known].all()
    assert (either["represented"].shape, either["loss"].shape) == (either["overlap"].shape,) * 2
