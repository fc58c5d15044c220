"""The compiled gradient against PyTorch's, the exact loss against integration, polygons against what is printed of them."""

import numpy as np
import pytest
import torch
from scipy.integrate import quad

from superposition import runs
from superposition.figures.scaling import polygons as polygon_figures
from superposition.figures.scaling import samples as figures
from superposition.scaling import polygons, samples
from superposition.scaling.engine import full_batch
from superposition.scaling.theory import lone_features
from superposition.training import AdamW


def dense(drawn, n):
    x = np.zeros((len(drawn[0]), n), np.float32)
    for row, index, value in zip(x, *drawn, strict=True):
        np.add.at(row, index, value)
    return torch.from_numpy(x)


def torch_loss(p, x):
    W, b = p[: 2 * (len(p) // 3)].reshape(2, -1).T, p[2 * (len(p) // 3) :]
    return ((x - torch.relu(x @ W @ W.T + b)) ** 2).sum(1).mean()


def model(n=30, scale=0.6):
    p = full_batch.start(np.random.default_rng(1), n, scale)
    p[2 * n :] = 0.1 * np.random.default_rng(2).standard_normal(n)
    return p


@pytest.mark.parametrize("count", [3, 8])
def test_loss_and_gradient_on_samples_are_those_of_pytorch(count):
    drawn = full_batch.draw(np.random.default_rng(0), count, 30, 0.1)
    p = torch.tensor(model(), requires_grad=True)
    torch_loss(p, dense(drawn, 30)).backward()
    loss, gradient = full_batch.gradient(model(), drawn)
    assert loss == pytest.approx(torch_loss(p, dense(drawn, 30)).item(), rel=1e-5)
    np.testing.assert_allclose(gradient, p.grad.numpy(), atol=2e-5, rtol=1e-4)


def test_training_on_samples_takes_the_steps_of_pytorchs_adamw():
    drawn, ours = full_batch.draw(np.random.default_rng(0), 8, 30, 0.1), AdamW(0.01, 0.1, schedule="cosine", warmup=3)
    p = torch.tensor(model(), requires_grad=True)
    optimiser = torch.optim.AdamW([p], weight_decay=0.1)
    for rate in ours.rates(20):
        optimiser.param_groups[0]["lr"] = float(rate)
        optimiser.zero_grad()
        torch_loss(p, dense(drawn, 30)).backward()
        optimiser.step()
    np.testing.assert_allclose(full_batch.train(model(), drawn, ours, 20), p.detach().numpy(), atol=1e-4)


def test_samples_have_length_one_and_their_features_the_density_and_none_is_empty():
    drawn = full_batch.draw(np.random.default_rng(0), 4000, 50, 0.05)
    x = dense(drawn, 50).numpy()
    assert np.linalg.norm(x, axis=1) == pytest.approx(np.ones(4000), abs=1e-5)
    assert (x > 0).mean() == pytest.approx(0.05 / (1 - 0.95**50), rel=0.03)


def test_a_hidden_vector_is_the_sample_times_the_weights():
    drawn, p = full_batch.draw(np.random.default_rng(0), 5, 30, 0.1), model()
    np.testing.assert_allclose(full_batch.hidden(p, drawn), dense(drawn, 30).numpy() @ full_batch.features(p), atol=1e-5)


def test_a_model_that_gives_nothing_loses_one():
    drawn = full_batch.draw(np.random.default_rng(0), 7, 30, 0.1)
    assert full_batch.loss(np.zeros(90, np.float32), drawn) == pytest.approx(1, abs=1e-6)


def lone_error(mu, i, W, b):
    return ((mu * np.eye(len(W))[i] - np.maximum(0, mu * W @ W[i] + b)) ** 2).sum()


def test_the_loss_of_lone_features_is_the_integral_and_its_slope_the_difference_quotient():
    n, rng = 4, np.random.default_rng(0)
    for p in (rng.standard_normal(3 * n), np.zeros(3 * n), np.concatenate([np.zeros(2 * n), np.full(n, 0.1)])):
        slope = np.zeros(3 * n)
        loss = lone_features.loss(p, slope)
        assert loss == pytest.approx(
            np.mean([quad(lone_error, 0, 1, (i, p[: 2 * n].reshape(n, 2), p[2 * n :]), limit=200)[0] for i in range(n)]), abs=1e-8
        )
        step = 1e-6 * np.eye(3 * n)
        rise = [(lone_features.loss(p + one, slope.copy()) - lone_features.loss(p - one, slope.copy())) / 2e-6 for one in step]
        if p.any():  # where all is 0 the ReLU has a corner
            assert slope == pytest.approx(rise, abs=1e-7)


def test_four_features_lose_nothing_and_ten_corners_are_the_golden_ratio():
    assert lone_features.polygon(4).loss == pytest.approx(0, abs=1e-12)
    assert lone_features.polygon(10).length == pytest.approx((1 + 5**0.5) / 2, abs=1e-9)


def test_polygons_are_level_places_and_no_step_nearby_loses_less():
    shape, slope, rng = lone_features.polygon(6), np.zeros(18), np.random.default_rng(0)
    at = shape.parameters(6)
    least = lone_features.loss(at, slope)
    assert np.abs(slope).max() < 1e-12
    assert all(lone_features.loss(at + 1e-3 * rng.standard_normal(18), slope) >= least for _ in range(100))


def test_a_left_out_feature_loses_least_at_one_over_twice_the_number():
    shape, slope = lone_features.polygon(5), np.zeros(18)
    for bias, wanted in ((0.0, shape.among(6, bias=False)), (1 / 12, shape.among(6))):
        assert lone_features.loss(shape.parameters(6, bias), slope) == pytest.approx(wanted, abs=1e-12)
    assert lone_features.loss(shape.parameters(6, 0.1), slope) > shape.among(6)


def test_a_feature_is_there_if_at_least_half_of_it_comes_back():
    assert lone_features.there(lone_features.polygon(5).parameters(6)) == 5
    assert lone_features.there(lone_features.polygon(6).parameters(6)) == 6


def test_replica_exchange_samples_the_prior_where_there_are_no_samples():
    share, accepted, _ = lone_features.exchange(np.zeros((2, 9)), np.array([0.0, 1e-9]), 4000, 8, 0.35, 0)
    W, b = np.random.default_rng(0).standard_normal((100_000, 3, 2)), np.random.default_rng(1).standard_normal((100_000, 3))
    drawn = ((W**2).sum(-1) + b >= lone_features.THERE).sum(-1)
    assert share[0] == pytest.approx([(drawn == k).mean() for k in range(4)], abs=0.04)
    assert accepted.min() > 0.9


def test_the_switch_is_where_the_two_shares_cross():
    n = np.array([10.0, 100.0, 1000.0])
    assert polygons.switch(n, np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9]])) == pytest.approx(10**2.5)
    assert polygons.switch(n, np.array([[0.1, 0.9]] * 3)) == 10
    assert polygons.switch(n, np.array([[0.9, 0.1]] * 3)) == 1000


def test_corners_and_the_five_largest_D_are_those_of_a_pentagon():
    angle = 2 * np.pi * np.arange(5) / 5
    pentagon = np.stack([np.cos(angle), np.sin(angle)], 1)
    assert samples.corners(pentagon) == 1
    assert samples.corners(np.concatenate([pentagon, 0.1 * pentagon])) == 0.5
    assert samples.corners(pentagon * [1, 0]) == 0.4
    assert samples.top(pentagon) == pytest.approx(0.4)


def test_D_of_any_vectors_add_up_to_at_most_their_dimensions():
    for scale in (1, [1, 0.1]):
        h = np.random.default_rng(0).standard_normal((300, 2)) * scale
        total = samples.formulas.feature_dimensionality(h).sum()
        assert total <= 2 + 1e-9
    assert total < 1.5


def made_up(**arrays):
    config = runs.configs.read("scaling/samples").full
    return runs.Results("scaling/samples", config, {"samples": np.array([5, 50, 500])} | arrays)


def test_the_bump_ends_after_the_last_test_loss_of_one_or_more():
    test = np.array([[0.9, 0.9, 2.0], [3.0, 0.9, 2.0], [0.9, 0.9, 1.0]])
    assert samples.end_of_bump(made_up(plain_test=test), "plain").tolist() == [500, 5, np.inf]


def test_models_that_memorise_are_told_from_others_by_their_test_loss():
    both = {"train": np.array([0.3, 0.2, 0.4]), "test": np.array([2.0, 0.9, 3.0])}
    given = {f"{way}_{of}": values.reshape(3, 1) for way in ("plain",) for of, values in both.items()}
    given |= {f"{way}_{of}": 0.5 + 0 * both[of].reshape(3, 1, 1) for way in ("found", "carried") for of in both}
    kinds = samples.by_kind(made_up(**given))
    np.testing.assert_array_equal(kinds["memorising"][:, 0], [0.3, np.nan, 0.4])
    np.testing.assert_array_equal(kinds["generalising"][:, 0], [0.5, 0.2, 0.5])


def test_a_descent_is_at_a_polygon_if_its_loss_is():
    shapes = [lone_features.polygon(k) for k in (5, 6)]
    arrays = {"corners": np.array([5, 6]), "loss": np.array([s.loss for s in shapes])}
    arrays["descent_end"] = np.array([shapes[0].among(6), shapes[0].among(6, bias=False), shapes[1].among(6), 0.1])
    results = runs.Results("scaling/polygons", runs.configs.read("scaling/polygons").full, arrays)
    near, chance = polygons.at_polygons(results)
    assert near.tolist() == [True, True, True, False]
    assert chance == pytest.approx(3 * 2e-4 * 3)


def test_figures_draw_the_seeds_and_the_chains():
    values = np.array([[0.1, 0.2], [0.9, 1.1]])
    fig = figures.loss_by_samples(np.array([5, 50]), {"plain": values}, {"plain": 10 * values})
    dots = [ax.lines[2].get_ydata().tolist() for ax in fig.axes]
    assert dots == [values[:, 0].tolist(), (10 * values)[:, 0].tolist()]
    share = np.random.default_rng(0).random((3, 4, 7))
    (ax,) = polygon_figures.believed(np.geomspace(10, 100, 4), share, 30.0, 60.0).axes
    assert sum(len(line.get_xdata()) == 4 for line in ax.lines) == 5 * (3 + 1)
