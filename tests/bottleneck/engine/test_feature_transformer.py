"""The transformer over features: its parts are GPT-2's, its data what the task says, and attention alone can move a feature."""

import numpy as np
import pytest
import torch

from superposition.bottleneck.engine import feature_transformer
from superposition.bottleneck.engine.feature_transformer import FeatureTransformer


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def small(seed=0):
    return FeatureTransformer(n_features=6, d_model=4, n_layers=2, n_heads=2, d_mlp=8, context=5, seed=seed)


def test_its_start_depends_on_the_seed_alone_and_leaves_the_global_one_where_it_was():
    torch.manual_seed(3)
    first = torch.rand(1)
    torch.manual_seed(3)
    one, same, other = small(1), small(1), small(2)
    assert torch.equal(torch.rand(1), first)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(one.W_in, other.W_in)


def test_features_go_in_by_the_rows_of_w_in_and_out_by_the_columns_of_w_out():
    model, x = small().eval(), torch.rand(3, 5, 6)
    with torch.no_grad():
        hidden = model.blocks(inputs_embeds=torch.einsum("bpf,fh->bph", x, model.W_in)).last_hidden_state
        expected = torch.relu(torch.einsum("bph,hf->bpf", hidden, model.W_out) + model.b)
        torch.testing.assert_close(model(x), expected)
    assert (model.W_in.shape, model.W_out.shape) == ((6, 4), (4, 6))


def test_a_position_sees_itself_and_those_before_it_and_a_single_one_is_all_there_is():
    model, x = small().eval(), torch.rand(2, 5, 6)
    later = x.clone()
    later[:, 3:] = 0
    with torch.no_grad():
        torch.testing.assert_close(model(x)[:, :3], model(later)[:, :3])
        assert not torch.allclose(model(x)[:, 4], model(later)[:, 4])


@pytest.mark.parametrize("task", ["single", "own", "previous"])
def test_what_is_asked_for_is_what_the_task_says(task):
    x, target, asked = feature_transformer.batch(task, 0.5, 4, 5, 6, generator())
    assert x.shape == target.shape == (4, 1 if task == "single" else 5, 6)
    if task == "previous":
        np.testing.assert_array_equal(target[:, 1:], x[:, :-1])
        assert asked.tolist() == [False] + [True] * 4
    else:
        np.testing.assert_array_equal(target, x)
        assert asked.all()


def test_nothing_but_attention_brings_anything_from_another_position():
    model, x = small().eval(), torch.rand(2, 5, 6)
    for block in model.blocks.h:
        torch.nn.init.zeros_(block.attn.c_proj.weight)
    later = x.clone()
    later[:, :4] = torch.rand(2, 4, 6)
    with torch.no_grad():
        torch.testing.assert_close(model(x)[:, 4], model(later)[:, 4])


def test_it_learns_to_give_back_the_features_of_the_position_before():
    model = FeatureTransformer(4, 16, 1, 2, 32, context=2, seed=0)
    losses = feature_transformer.train(model, "previous", 1.0, 300, 64, 2, 0.005, generator())
    assert len(losses) == 300 and losses[-30:].mean() < losses[:10].mean() / 10
    assert feature_transformer.explained(model, "previous", 1.0, 500, 2, generator(1)).min() > 0.9
