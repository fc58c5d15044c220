"""The transformer over features: its parts are GPT-2's, a stack is its models, and attention alone can move a feature."""

import numpy as np
import pytest
import torch

from superposition.bottleneck.engine import feature_transformer
from superposition.bottleneck.engine.feature_transformer import FeatureTransformer, Lessons, scaled
from superposition.training import AdamW

BIG = 1.0  # weights so large that everything in a model matters


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def small(seed=0, context=4, start=feature_transformer.Start(BIG, BIG, BIG, 0.0)):
    return FeatureTransformer(n_features=6, d_model=4, n_layers=2, n_heads=2, context=context, start=start, seed=seed)


def lessons(tasks, density=0.5, attends=True, context=4):
    return Lessons(tasks, torch.full((len(tasks),), density), torch.full((len(tasks),), attends), context)


def test_its_start_depends_on_the_seed_alone_and_leaves_the_global_one_where_it_was():
    torch.manual_seed(3)
    first = torch.rand(1)
    torch.manual_seed(3)
    one, same, other = small(1), small(1), small(2)
    assert torch.equal(torch.rand(1), first)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(one.W_in, other.W_in)


def test_at_gpt2s_own_width_the_scaled_start_is_gpt2s():
    assert scaled(768).blocks == pytest.approx(0.02)
    model = FeatureTransformer(400, 64, 1, 4, 2, scaled(64), 0)
    spreads = [model.W_in.std(), model.blocks.h[0].attn.c_attn.weight.std(), 10 * model.W_out.std()]
    np.testing.assert_allclose([float(s.detach()) for s in spreads], 0.02 * 12**0.5, rtol=0.03)


def test_the_plain_start_has_the_spread_of_pytorchs_linear_layers():
    start = feature_transformer.plain(400, 64)
    assert start.into == pytest.approx(float(torch.nn.Linear(400, 300).weight.detach().std()), rel=0.02)
    assert start.out == pytest.approx(float(torch.nn.Linear(64, 900).weight.detach().std()), rel=0.02)


def test_features_go_in_by_the_rows_of_w_in_and_out_by_the_columns_of_w_out():
    model, x = small(), torch.rand(3, 4, 6)
    with torch.no_grad():
        hidden = model.blocks(inputs_embeds=torch.einsum("bpf,fh->bph", x, model.W_in)).last_hidden_state
        expected = torch.relu(torch.einsum("bph,hf->bpf", hidden, model.W_out) + model.b)
        torch.testing.assert_close(model(x), expected)
    assert (model.W_in.shape, model.W_out.shape) == ((6, 4), (4, 6))


def test_a_position_sees_itself_and_those_before_it():
    model, x = small(), torch.rand(2, 4, 6)
    later = x.clone()
    later[:, 3:] = 0
    with torch.no_grad():
        torch.testing.assert_close(model(x)[:, :3], model(later)[:, :3])
        assert not torch.allclose(model(x)[:, 3], model(later)[:, 3])
        seen = model.patterns(x)
    assert seen.shape == (2, 2, 2, 4, 4)
    torch.testing.assert_close(seen.sum(-1), torch.ones(2, 2, 2, 4))
    assert (seen.triu(1) == 0).all()


def test_what_is_asked_for_is_what_the_task_says():
    given = lessons(["own", "moved", "previous"])
    x, target = given.batch(50, 6, generator())
    assert x.shape == target.shape == (3, 50, 4, 6)
    own, moved, previous = range(3)
    np.testing.assert_array_equal(target[own], x[own])
    assert (x[moved, :, 1::2] == 0).all() and (x[moved, :, 0::2] > 0).any()
    for k in (moved, previous):
        np.testing.assert_array_equal(target[k, :, 1:], x[k, :, :-1])
    assert (x[previous] > 0).float().mean() == pytest.approx(0.5, abs=0.05)
    assert given.asked().tolist() == [[True] * 4, [False, True, False, True], [False, True, True, True]]


def test_a_stack_gives_what_each_of_its_models_gives():
    models, x = [small(seed) for seed in range(3)], torch.rand(3, 5, 4, 6)
    parameters = {name: torch.stack([dict(m.named_parameters())[name] for m in models]).detach() for name in
                  feature_transformer.stacked(models[0], 1)}  # fmt: skip
    with torch.no_grad():
        found = feature_transformer.outputs(models[0], parameters, torch.tensor([True, True, True]), x)
        for k in range(3):
            torch.testing.assert_close(found[k], models[k](x[k]))
    picked = feature_transformer.pick(small(9), parameters, 2)
    with torch.no_grad():
        torch.testing.assert_close(picked(x[2]), models[2](x[2]))


def test_nothing_but_attention_brings_anything_from_another_position():
    model, x = small(), torch.rand(2, 5, 4, 6)
    other = x.clone()
    other[:, :, :3] = torch.rand(2, 5, 3, 6)
    of = lambda x: feature_transformer.outputs(model, feature_transformer.stacked(model, 2), torch.tensor([False, True]), x)
    with torch.no_grad():
        before, after = of(x)[:, :, 3], of(other)[:, :, 3]
    torch.testing.assert_close(before[0], after[0])
    assert not torch.allclose(before[1], after[1])


def test_an_error_is_counted_where_a_feature_is_asked_for_alone():
    model, given = small(), lessons(["moved", "own"])
    x, target = given.batch(5, 6, generator())
    parameters = feature_transformer.stacked(model, 2)
    with torch.no_grad():
        found = feature_transformer.errors(model, parameters, given, x, target)
        squares = [(target[k] - model(x[k])) ** 2 for k in range(2)]
    torch.testing.assert_close(found[0], squares[0][:, [1, 3]].mean((0, 1)))
    torch.testing.assert_close(found[1], squares[1].mean((0, 1)))


def test_outputs_that_are_the_mean_explain_nothing_and_less_where_they_are_off():
    model = small(start=scaled(4))
    torch.nn.init.zeros_(model.W_out)
    torch.nn.init.constant_(model.b, 0.25)  # half of the density
    parameters = feature_transformer.stacked(model, 1)
    explained = lambda p: feature_transformer.explained(model, parameters, lessons(["own"], p), 20_000, generator())
    np.testing.assert_allclose(explained(0.5), 0, atol=0.01)
    assert (explained(0.9) < -0.05).all()


def test_what_arrives_is_how_far_a_feature_moves_the_hidden_vector_and_nothing_comes_from_later():
    model = small()
    found = feature_transformer.arrivals(model, 0.4, 1, 3, False)
    x = torch.full((2, 4, 6), 0.2)
    x[0, 1, 5], x[1, 1, 5] = 0, 1
    with torch.no_grad():
        low, high = model.hidden(x)[:, 3]
    np.testing.assert_allclose(found[5], high - low, atol=1e-5)
    np.testing.assert_array_equal(feature_transformer.arrivals(model, 0.4, 3, 2, False), np.zeros((6, 4)))
    assert not np.allclose(feature_transformer.arrivals(model, 0.4, 1, 3, True), found)


def test_with_attention_it_learns_to_give_back_the_features_of_the_position_before_and_without_it_does_not():
    model = FeatureTransformer(4, 16, 1, 2, 2, scaled(16), 0)
    given = Lessons(["previous", "previous"], torch.ones(2), torch.tensor([True, False]), 2)
    parameters = feature_transformer.stacked(model, 2)
    optimiser = AdamW(0.005, schedule="cosine", warmup=20)
    losses, kept = feature_transformer.train(model, parameters, given, 300, 64, optimiser, generator(), (0, 300))
    assert losses.shape == (300, 2) and losses[-30:, 0].mean() < losses[:10, 0].mean() / 10
    with_, without = feature_transformer.explained(model, parameters, given, 500, generator(1))
    assert with_.min() > 0.9 and without.max() < 0.05
    np.testing.assert_array_equal(kept[0], model.W_in.detach().expand(2, -1, -1))
    np.testing.assert_array_equal(kept[1], parameters["W_in"])
