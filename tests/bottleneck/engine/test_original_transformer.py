"""The original's program: its loss in closed form, and that its attention neither does nor learns anything."""

import numpy as np
import pytest
import torch

from superposition.bottleneck.engine import original_transformer
from superposition.bottleneck.engine.original_transformer import OriginalTransformer


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_its_densities_go_from_one_to_a_twentieth_and_its_importance_falls_by_a_tenth_a_feature():
    np.testing.assert_allclose(original_transformer.densities(10), 20 ** -torch.linspace(0, 1, 10).numpy(), rtol=1e-6)
    np.testing.assert_allclose(original_transformer.importance(3), [1, 0.9, 0.81])


def test_a_batch_is_as_dense_as_each_instance_says():
    p = torch.tensor([1.0, 0.2])
    x = original_transformer.batch(500, p, 20, generator())
    np.testing.assert_allclose((x > 0).float().mean((0, 2)), p, atol=0.02)
    assert x[:, 0].mean() == pytest.approx(0.5, abs=0.02)


def test_attention_over_one_position_is_a_linear_map_that_leaves_queries_and_keys_without_a_gradient():
    model = OriginalTransformer(6, 8, 2, 0)
    x = torch.rand(5, 3, 6)
    loss = ((model(x) - x) ** 2).mean()
    loss.backward()
    for block in model.transformer.h:
        gradient = block.attn.c_attn.weight.grad
        assert gradient[:, :16].abs().max() < 1e-6 * gradient[:, 16:].abs().max()
    model.eval()
    with torch.no_grad():
        before = model(x)
        for block in model.transformer.h:
            block.attn.c_attn.weight[:, :16] = torch.randn(8, 16)
        torch.testing.assert_close(model(x), before)


def test_all_instances_go_through_the_same_weights():
    model, x = OriginalTransformer(6, 8, 1, 0).eval(), torch.rand(4, 3, 6)
    with torch.no_grad():
        torch.testing.assert_close(model(x)[:, [2, 0, 1]], model(x[:, [2, 0, 1]]))


def test_training_leaves_queries_and_keys_to_the_decay_of_weights_and_moves_values():
    model = OriginalTransformer(6, 8, 1, 0)
    start = [part(model).copy() for part in (original_transformer.query_key, original_transformer.value)]
    losses = original_transformer.train(model, 3, 30, 8, 0.001, generator(), 0)
    end = [part(model) for part in (original_transformer.query_key, original_transformer.value)]
    assert len(losses) == 30 and losses[-5:].mean() < losses[:5].mean()
    np.testing.assert_allclose(end[0], start[0] * (1 - 0.001 * 0.01) ** 30, atol=1e-6)
    assert np.abs(end[1] - start[1]).max() > 0.005


@pytest.mark.parametrize("told", [False, True])
def test_the_loss_of_a_constant_is_that_of_samples(told):
    p = original_transformer.densities(4)
    x = original_transformer.batch(40_000, torch.from_numpy(p).float(), 5, generator()).numpy()
    guess = x.mean((0, 2), keepdims=True) if told else x.mean()
    expected = (original_transformer.importance(5) * (x - guess) ** 2).mean()
    assert original_transformer.constant_loss(4, 5, told) == pytest.approx(expected, rel=0.01)


def test_what_is_explained_of_outputs_that_never_move_is_nothing_at_most():
    model = OriginalTransformer(5, 8, 1, 0).eval()
    torch.nn.init.zeros_(model.output_projection.weight)
    torch.nn.init.constant_(model.output_projection.bias, 0.5)  # the mean of the densest instance
    found = original_transformer.explained(model, 3, 20_000, generator())
    np.testing.assert_allclose(found[0], 0, atol=0.01)
    assert (found[1:] < 0).all()
