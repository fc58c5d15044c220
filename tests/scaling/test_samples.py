"""The compiled gradient and training against PyTorch's, and what is read off models against cases made by hand."""

import numpy as np
import pytest
import torch

from superposition import runs
from superposition.figures.scaling import samples as figures
from superposition.scaling import samples
from superposition.scaling.engine import full_batch
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
    assert samples.turned(made_up(plain_test=test)) == 2
    assert samples.turned(made_up(plain_test=test[:, :2])) == 2
    assert samples.turned(made_up(plain_test=test[:, 1:2])) == 0


def test_models_that_memorise_are_told_from_others_by_their_test_loss():
    both = {"train": np.array([0.3, 0.2, 0.4]), "test": np.array([2.0, 0.9, 3.0])}
    given = {f"{way}_{of}": values.reshape(3, 1) for way in ("plain",) for of, values in both.items()}
    given |= {f"{way}_{of}": 0.5 + 0 * both[of].reshape(3, 1, 1) for way in ("found", "carried") for of in both}
    kinds = samples.by_kind(made_up(**given))
    np.testing.assert_array_equal(kinds["memorising"][:, 0], [0.3, np.nan, 0.4])
    np.testing.assert_array_equal(kinds["generalising"][:, 0], [0.5, 0.2, 0.5])


def test_the_figure_of_losses_has_a_dot_for_each_seed():
    values = np.array([[0.1, 0.2], [0.9, 1.1]])
    fig = figures.loss_by_samples(np.array([5, 50]), {"plain": values}, {"plain": 10 * values})
    dots = [ax.lines[2].get_ydata().tolist() for ax in fig.axes]
    assert dots == [values[:, 0].tolist(), (10 * values)[:, 0].tolist()]
