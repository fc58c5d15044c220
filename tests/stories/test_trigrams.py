"""Skip trigrams that were put into a text are found in it, and prompts differ in A alone."""

import numpy as np
import pytest

from superposition.stories.engine import models
from superposition.stories.measures import heads, trigrams

A, C, B = np.arange(1, 9), np.arange(11, 19), 9


@pytest.fixture(scope="module")
def text():
    """Stories END A … B C, in which C goes with A."""
    rng = np.random.default_rng(0)
    stories = [[0, A[k % 8], *rng.integers(20, 60, 6), B, C[k % 8]] for k in range(800)]
    return np.array(stories, np.uint16)


def found(text, features=8):
    return trigrams.find(text.ravel(), 64, 6, features, 12, 20, 2.0)


def test_the_trigrams_of_a_text_are_found_with_their_probability(text):
    task = found(text)
    assert task.destination == B
    assert dict(zip(task.source.tolist(), task.target.tolist(), strict=True)) == dict(zip(A.tolist(), C.tolist(), strict=True))
    np.testing.assert_allclose(task.probability, (100 + 10 / 8) / 110, rtol=0.05)


def test_a_text_without_enough_of_them_is_refused(text):
    with pytest.raises(ValueError, match="9 skip trigrams"):
        found(text, 9)


def test_prompts_of_a_context_differ_at_one_place_and_there_hold_each_A(text):
    task = found(text)
    tokens, last = trigrams.prompts(text[:5].astype(np.int64), task, 12, 4)
    assert tokens.shape == (4, 8, 10) and last.tolist() == [8] * 4
    assert ((tokens != tokens[:, :1]).any(1).sum(-1) == 1).all()
    assert (tokens[:, :, 1] == task.source).all() and (tokens[:, :, 8] == B).all()


@pytest.fixture(scope="module")
def place(text):
    model = models.create(1, 16, 2, 16, 64, 0).eval()
    for p in model.parameters():
        p.data *= 10  # at its start every head sees all places alike
    tokens, last = trigrams.prompts(text[:5].astype(np.int64), found(text), 12, 4)
    return heads.Place.of(model, tokens, last), tokens, last


def test_with_all_heads_on_the_logits_are_the_models_own(place):
    import torch

    at, tokens, last = place
    with torch.no_grad():
        whole = at.model(torch.from_numpy(tokens[2])).logits[:, last[2]]
    np.testing.assert_allclose(at.logits(np.ones(2))[2], whole, rtol=1e-3, atol=1e-3)


def test_with_all_heads_off_nothing_is_said_of_A_and_with_the_mlp_off_only_heads_say_it(place):
    at, _, _ = place
    for mlp in (True, False):
        assert np.ptp(at.logits(np.zeros(2), None, mlp), axis=1).max() < 1e-3
    assert np.abs(at.logits(np.ones(2), None, True) - at.logits(np.ones(2), None, False)).max() > 1e-3


def test_turned_heads_keep_the_size_of_what_is_read():
    weights = models.stacked(models.create(1, 16, 2, 16, 64, 0))
    key = "h.attn.attention.v_proj.weight"
    turned = heads.turned(weights, 2, 0)
    before, after = (np.linalg.norm(one[key].astype(float).reshape(2, 8, 16), axis=1) for one in (weights, turned))
    np.testing.assert_allclose(after, before, rtol=0.01)
    assert np.abs(turned[key].astype(float) - weights[key]).max() > 0.01
