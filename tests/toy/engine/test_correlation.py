"""The sampler of features in sets against its probabilities, PCA against sampled data, the compiled step against autograd."""

import numpy as np
import pytest
import torch

from superposition import runs
from superposition.toy.engine import correlation
from superposition.toy.engine.training import AdamW

ACTIVE = correlation.stack([correlation.windows(kind, 2, 2, 0.3) for kind in correlation.KINDS])


@pytest.fixture(scope="module")
def x():
    return correlation.sample([1, 2, 3], 5, 200_000, ACTIVE)


def test_every_feature_has_its_density_and_uniform_values_in_each_kind(x):
    assert (x > 0).float().mean(0).numpy() == pytest.approx(np.full((3, 4), 0.3), abs=0.005)
    values = x[x > 0]
    assert values.mean().item() == pytest.approx(1 / 2, abs=0.003)
    assert values.var().item() == pytest.approx(1 / 12, abs=0.002)


def test_a_pair_is_active_together_always_by_chance_or_never(x):
    together = ((x[..., 0] > 0) & (x[..., 1] > 0)).float().mean(0).tolist()
    assert together == pytest.approx([0.3, 0.09, 0], abs=0.004)
    assert together[2] == 0


def test_pairs_are_independent_of_each_other(x):
    together = ((x[..., 1] > 0) & (x[..., 2] > 0)).float().mean(0).numpy()
    assert together == pytest.approx(np.full(3, 0.09), abs=0.004)


def test_the_covariance_is_that_of_the_data(x):
    for k, kind in enumerate(correlation.KINDS):
        np.testing.assert_allclose(correlation.covariance(kind, 2, 2, 0.3), np.cov(x[:, k].numpy().T), atol=0.002)


def test_features_that_exclude_each_other_cannot_be_active_more_often_than_always():
    with pytest.raises(ValueError, match="above 1"):
        correlation.windows("anticorrelated", 2, 2, 0.6)


def test_pca_loss_is_that_of_the_singular_vectors_of_sampled_data(x):
    centred = (x[:, 0] - x[:, 0].mean(0)).double()
    singular = torch.linalg.svdvals(centred)
    assert correlation.pca_loss("correlated", 2, 2, 0.3, 2) == pytest.approx(float((singular[2:] ** 2).sum() / len(x)), rel=0.02)


def test_pca_loss_of_a_pair_in_one_dimension_is_its_difference():
    assert correlation.pca_loss("correlated", 1, 2, 0.2, 1) == pytest.approx(0.2 / 12)


def test_the_compiled_gradient_is_that_of_autograd_on_the_sampled_batch():
    W, b = correlation.start([1, 2, 3], 4, 2), np.full((3, 4), 0.1, np.float32)
    loss, dW, db = correlation.gradients(W, b, ACTIVE, [1, 2, 3], 7, 300)
    x, weights, bias = (
        correlation.sample([1, 2, 3], 7, 300, ACTIVE),
        torch.tensor(W, requires_grad=True),
        torch.tensor(b, requires_grad=True),
    )
    output = torch.relu(torch.einsum("bif,ifh,igh->big", x, weights, weights) + bias)
    expected = ((x - output) ** 2).sum(-1).mean(0)
    expected.sum().backward()
    np.testing.assert_allclose(loss, expected.detach(), rtol=1e-5)
    np.testing.assert_allclose(dW, weights.grad, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(db, bias.grad, rtol=1e-4, atol=1e-6)


def test_a_training_that_was_killed_goes_on_to_the_same_bytes(tmp_path):
    class Killed(Exception):
        pass

    class Fragile(runs.Job):
        checkpoint_seconds = 0.0
        lives = 99

        def save_checkpoint(self, key, state, force=False):
            super().save_checkpoint(key, state, force)
            self.lives -= 1
            if self.lives == 0:
                raise Killed

    def train(job):
        W, b = correlation.start([1, 2, 3], 4, 2), np.zeros((3, 4), np.float32)
        return correlation.train(W, b, ACTIVE, [1, 2, 3], 12, 64, AdamW(0.01), [0, 4, 8, 12], job, "x")

    whole = train(runs.Job())
    dying = Fragile(folder=tmp_path)
    dying.lives = 2
    with pytest.raises(Killed):
        train(dying)
    for ours, expected in zip(train(Fragile(folder=tmp_path)), whole, strict=True):
        np.testing.assert_array_equal(ours, expected)
