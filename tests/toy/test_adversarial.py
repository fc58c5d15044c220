"""Attacks against brute force, closed forms and their upper bound; the models without superposition against theory."""

import numpy as np
import pytest
import torch

from superposition import runs
from superposition.toy import adversarial
from superposition.toy.engine import largest_feature
from superposition.toy.measures import attacks
from superposition.toy.theory import linear_model


@pytest.fixture(scope="module")
def results():
    return runs.load("toy/adversarial")


def stack(seed: int, n: int = 4):
    """Two random small models, and inputs for them."""
    rng = torch.Generator().manual_seed(seed)
    C = torch.randn((2, n, n), generator=rng)
    return C, 0.3 * torch.randn((2, n), generator=rng), torch.rand((2, 7, n), generator=rng)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_attack_finds_what_a_dense_search_of_the_circle_finds(seed):
    C, b, x = stack(seed, n=2)
    to = attacks.Target(x, torch.tensor([1.0, 0.6]))
    worst = attacks.attack(C, b, x, to, torch.tensor([0.1, 0.3]), 30, seed)
    angle = torch.linspace(0, 2 * torch.pi, 2001)[:-1]
    circle = torch.stack([angle.cos(), angle.sin()], -1)
    for radius, model in ((0.1, 0), (0.3, 1)):
        tried = attacks.output(C[[model]], b[[model]], (x[model][:, None] + radius * circle).reshape(1, -1, 2))
        error = (to.weight * (x[model][:, None] - tried.reshape(7, -1, 2)) ** 2).sum(-1).amax(-1)
        assert (worst.error[model] >= error * (1 - 1e-3)).all()


def test_the_attack_stays_within_its_radius_and_reports_the_error_that_it_causes():
    C, b, x = stack(3)
    weight, radius = torch.linspace(1, 0.4, 4), torch.tensor([0.1, 0.5])
    worst = attacks.attack(C, b, x, attacks.Target(x, weight), radius, 10, 0)
    assert (worst.delta.norm(dim=-1) <= radius[:, None] * (1 + 1e-5)).all()
    error = (weight * (x - (torch.einsum("kpi,kij->kpj", x + worst.delta, C) + b[:, None]).clamp(min=0)) ** 2).sum(-1)
    torch.testing.assert_close(worst.error, error)
    assert (worst.error >= torch.maximum(worst.by_feature, worst.by_random)).all() and (worst.by_feature >= worst.clean).all()


def test_no_attack_exceeds_the_bound_and_where_all_is_linear_it_is_reached():
    C, b, x = stack(4)
    radius, one = torch.tensor([0.2, 0.2]), torch.ones(4)
    for bias, reached in ((b, False), (b + 20, True)):
        worst = attacks.attack(C, bias, x, attacks.Target(attacks.output(C, bias, x), one), radius, 60, 0)
        bound = attacks.gain_bound(C, bias, x, radius, one)
        gain = worst.error.sqrt() / radius[:, None]
        assert (gain <= bound * (1 + 1e-4)).all()
        if reached:
            np.testing.assert_allclose(bound[:, 0], np.linalg.norm(C.numpy(), 2, axis=(1, 2)), rtol=1e-5)
            np.testing.assert_allclose(gain, bound, rtol=0.03)


@pytest.mark.parametrize(("bias", "bound"), [(-0.61, 1.0), (-0.59, 3 * 0.5)])
def test_the_bound_counts_the_outputs_that_the_radius_can_bring_above_zero_by_the_root_of_their_weights(bias, bound):
    C, b = torch.diag(torch.tensor([1.0, 3.0]))[None], torch.tensor([[0.0, bias]])
    found = attacks.gain_bound(C, b, torch.zeros(1, 1, 2), torch.tensor([0.2]), torch.tensor([1.0, 0.25]))
    assert found.item() == pytest.approx(bound)


def test_dead_outputs_hide_from_the_gradient_but_not_from_the_attacks_on_single_outputs():
    C, b, x = torch.eye(3)[None], torch.tensor([[-0.09, -0.09, -0.09]]), torch.zeros(1, 1, 3)
    worst = attacks.attack(C, b, x, attacks.Target(x, torch.tensor([1.0, 0.0, 0.0])), torch.tensor([0.1]), 5, 0)
    assert worst.error.item() == pytest.approx(0.01**2, rel=1e-3)


def test_a_dedicated_model_of_whole_dimensions_has_the_loss_of_the_linear_optimum():
    importance, density = 0.9 ** np.arange(20), np.array([1.0, 0.3, 0.01])
    for k in (0, 5, 12):
        loss = linear_model.linear_optimum(density, importance, k)
        dimensions, diagonal, _ = adversarial.dedicated(loss, density, importance)
        np.testing.assert_allclose(dimensions, k, atol=1e-6)
        np.testing.assert_allclose(diagonal, np.broadcast_to(np.arange(20) < k, (3, 20)), atol=1e-6)


def test_a_dedicated_model_has_the_loss_that_it_was_made_for():
    importance, density = 0.9 ** np.arange(20), np.full(2, 0.2)
    loss = np.array([0.5, 3.1]) * (density / 3 - density**2 / 4)
    _, diagonal, bias = adversarial.dedicated(loss, density, importance)
    rng = np.random.default_rng(0)
    x = rng.random((200_000, 1, 20)) * (rng.random((200_000, 1, 20)) < 0.2)
    np.testing.assert_allclose((importance * (x - x * diagonal - bias) ** 2).sum(-1).mean(0), loss, rtol=0.02)


def test_a_classifiers_distance_is_where_its_answer_flips():
    rng = np.random.default_rng(1)
    C, c, x = rng.standard_normal((6, 6)), rng.standard_normal(6) / 9, rng.random((400, 6))
    right, distance = largest_feature.distances(C, c, x)
    label = x.argmax(-1)
    np.testing.assert_array_equal(right, (x @ C + c).argmax(-1) == label)
    assert right.sum() > 20
    for k in np.flatnonzero(right)[:20]:
        around = rng.standard_normal((4000, 6))
        around /= np.linalg.norm(around, axis=-1, keepdims=True)
        inside = ((x[k] + 0.999 * distance[k] * around) @ C + c).argmax(-1)
        assert (inside == label[k]).all()
        steps = C - C[:, label[k], None]
        steps = steps / np.maximum(np.linalg.norm(steps, axis=0), 1e-12)
        assert (((x[k] + 1.001 * distance[k] * steps.T) @ C + c).argmax(-1) != label[k]).any()


def test_the_identity_flips_exactly_where_another_feature_becomes_the_largest():
    x = np.random.default_rng(2).random((50, 8))
    right, distance = largest_feature.distances(np.eye(8), np.zeros(8), x)
    assert right.all()
    np.testing.assert_allclose(distance, largest_feature.true_distance(x))


def test_the_stored_models_without_superposition_err_under_attack_by_its_square(results):
    """A dedicated feature passes the change through: the excess is the squared radius, a little more at the feature in part."""
    ratio = results["equal_excess"] / results.config.radius**2
    whole = np.abs(results["equal_dimensions"] - results["equal_dimensions"].round()) < 0.02
    np.testing.assert_allclose(ratio[whole], 1, rtol=0.15)
    assert (ratio > 0.98).all()


def test_no_stored_attack_exceeds_its_upper_bound(results):
    assert (results["gain"] <= results["gain_bound"] * 1.0001).all()
    assert (results["lower_checked"] <= results["upper_checked"] * 1.0001).all()


@pytest.mark.parametrize("k", [0, 6, 11])
def test_the_stored_gain_is_what_a_search_along_singular_vectors_finds_or_more_and_no_more_than_the_spectral_norm(results, k):
    """On the same inputs: of the outputs that are on, and of all, the direction that moves them most, both ways."""
    config, seeds = results.config, results["gain"].shape[1]
    W, b = (torch.from_numpy(results[name][k, 0]).double() for name in ("W", "b"))
    x = largest_feature.held_out([config.seed + k * seeds], results["density"][[k]], config.inputs, len(b))[
        0, : config.bounded
    ].double()
    C = W @ W.T
    out, ours = (x @ C + b).clamp(min=0), 0.0
    for given, on in zip(x, out > 0, strict=True):
        for mask in (on, torch.ones_like(on)):
            for sign in (1, -1):
                moved = given + sign * config.radius * torch.linalg.svd(C * mask)[0][:, 0]
                ours = max(ours, float(((moved @ C + b).clamp(min=0) - (given @ C + b).clamp(min=0)).norm() / config.radius))
    assert 0.98 * ours <= results["gain"][k, 0] <= np.linalg.norm(C.numpy(), 2) * 1.0001
    assert ours > 0.5 * results["gain"][k, 0]


def test_an_attack_of_length_nothing_leaves_the_replications_ratio_as_it_is_for_a_linear_model():
    importance = 0.9 ** np.arange(6)
    given = np.eye(6)[None, :, :3], np.zeros((1, 6)), np.array([0.1]), np.array([0.1]), importance
    one = adversarial.replication_ratio(*given, 0.1)
    none = adversarial.replication_ratio(*given, 0.0)
    assert one == pytest.approx(1) and none == pytest.approx(1)
