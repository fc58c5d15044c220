"""Skip trigrams that were put into a text are found in it, prompts differ in A alone, and heads that are off say nothing."""

import numpy as np
import pytest
import torch

from superposition import runs
from superposition.stories import attention, train
from superposition.stories.engine import models
from superposition.stories.measures import head_switches, trigrams_in_text

A, C, B = np.arange(1, 9), np.arange(11, 19), 9


@pytest.fixture(scope="module")
def text():
    """Stories END A … B C, in which C goes with A in every other story, and is A itself in the others."""
    rng = np.random.default_rng(0)
    return np.array([[0, A[k % 8], *rng.integers(20, 60, 6), B, (C if k // 8 % 2 else A)[k % 8]] for k in range(1600)], np.uint16)


def found(text, features=8):
    return trigrams_in_text.find(text.ravel(), 64, 6, features, 12, 20, 2.0)


def test_the_trigrams_of_a_text_are_found_with_their_probability_copies_apart(text):
    associations, copies = found(text)
    assert associations.destination == copies.destination == B
    for task, target in ((associations, C), (copies, A)):
        assert dict(zip(task.source.tolist(), task.target.tolist(), strict=True)) == dict(
            zip(A.tolist(), target.tolist(), strict=True)
        )
        np.testing.assert_allclose(task.probability, (100 + 10 / 16) / 210, rtol=0.05)


def test_a_text_without_enough_of_them_is_refused(text):
    with pytest.raises(ValueError, match="9 skip trigrams of each kind end, got 8"):
        found(text, 9)


def test_prompts_of_a_context_differ_at_one_place_and_there_hold_each_A(text):
    task, _ = found(text)
    tokens, last = trigrams_in_text.prompts(text[:5].astype(np.int64), task, 12, 4)
    assert tokens.shape == (4, 8, 10) and last.tolist() == [8] * 4
    assert ((tokens != tokens[:, :1]).any(1).sum(-1) == 1).all()
    assert (tokens[:, :, 1] == task.source).all() and (tokens[:, :, 8] == B).all()


def test_prompts_need_two_contexts(text):
    with pytest.raises(ValueError, match="1 stories: expected two"):
        trigrams_in_text.prompts(text[:1].astype(np.int64), found(text)[0], 12, 4)


@pytest.fixture(scope="module")
def place(text):
    model = models.create(1, 16, 2, 16, 64, 0).eval()
    for p in model.parameters():
        p.data *= 10  # at its start every head sees all places alike
    task, _ = found(text)
    tokens, last = trigrams_in_text.prompts(text[:5].astype(np.int64), task, 12, 4)
    return head_switches.Place.of(model, tokens, last), task, tokens, last


def test_with_all_heads_on_logits_and_probabilities_are_the_models_own(place):
    at, task, tokens, last = place
    with torch.no_grad():
        whole = at.model(torch.from_numpy(tokens[2])).logits[:, last[2]]
    np.testing.assert_allclose(at.logits(np.ones(2), np.arange(64))[2], whole, rtol=1e-3, atol=1e-3)
    own = whole.log_softmax(-1).numpy()[np.arange(8), task.target]
    np.testing.assert_allclose(at.likely(np.ones(2), task.target)[2], own, rtol=1e-3, atol=1e-3)


def test_with_all_heads_off_nothing_is_said_of_A_and_with_the_mlp_off_only_heads_say_it(place):
    at, task, _, _ = place
    for mlp in (True, False):
        assert np.ptp(at.logits(np.zeros(2), task.target, mlp), axis=1).max() < 1e-3
        assert np.abs(attention.said_by_heads(at, task, mlp)["gain"]).max() > 1e-3
    with torch.no_grad():
        heads = torch.nn.functional.linear(at.z.flatten(2), at.model.transformer.h[0].attn.attention.out_proj.weight)
        by_hand = at.model.transformer.ln_f(at.direct + heads + at.still) @ at.model.lm_head.weight.T
    np.testing.assert_allclose(at.logits(np.ones(2), np.arange(64), mlp=False), by_hand, rtol=1e-3, atol=1e-3)


def test_an_effect_is_what_the_lead_of_C_loses_without_a_head_and_all_of_it_where_there_is_one_head(place):
    at, task, tokens, last = place
    one = models.create(1, 16, 1, 16, 64, 1).eval()
    said = attention.said_by_heads(head_switches.Place.of(one, tokens, last), task, True)
    np.testing.assert_allclose(said["effect"][:, 0], said["gain"], rtol=1e-5)
    np.testing.assert_allclose(said["alone"][:, 0], said["together"])
    logits = np.zeros((1, 2, 2)) + [[3.0, 1.0], [0.0, 4.0]]
    assert attention.lead(logits).tolist() == [1, 2]


def test_turned_heads_keep_the_size_of_what_is_read_and_where_they_look():
    weights = models.stacked(models.create(1, 16, 2, 16, 64, 0))
    key = "h.attn.attention.v_proj.weight"
    turned = head_switches.turned(weights, 2, np.random.default_rng(0))
    before, after = (np.linalg.norm(one[key].astype(float).reshape(2, 8, 16), axis=1) for one in (weights, turned))
    np.testing.assert_allclose(after, before, rtol=0.01)
    assert np.abs(turned[key].astype(float) - weights[key]).max() > 0.01
    assert all((turned[name] == weights[name]).all() for name in weights if name != key)


def test_a_head_without_a_plan_copies_apart_tokens_at_right_angles_and_of_a_line_its_ends(monkeypatch):
    source = np.array([[0] * 4, [0, 1, 2, 3]])
    asked = runs.Results("made/asked", attention.Config.model_construct(model="made"), {"source": source})
    config = train.Config.model_construct(d_model=8, n_heads=1)
    for embedding, told in ((np.eye(8)[:4], 4), (np.arange(1, 5)[:, None] * np.eye(8)[:1], 2)):
        made = runs.Results("made/model", config, {"wte.weight": embedding[None]})
        monkeypatch.setattr(attention.runs, "load", lambda name, made=made: made)
        assert attention.copied_by_projection(asked).tolist() == [told]
