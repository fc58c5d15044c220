"""Attention at the answers: TransformerLens' pattern, shares that add up, heads that look at known places."""

import numpy as np
import pytest
import torch

from superposition.addition.engine import data
from superposition.addition.engine.transformer import Transformer, to_bridge
from superposition.addition.measures import attention_patterns as patterns
from superposition.addition.measures.attention_patterns import ABOVE, BELOW, EQUALS, FURTHER, OWN, Attention


def looking(*places):
    """A head that at each answer looks at these places, alike; places are counted from the answer's own digit of a."""
    pattern = np.zeros((1, 7, 1, 19))
    for answer in range(7):
        pattern[0, answer, 0, [answer + place for place in places]] += 1 / len(places)
    return pattern


def test_the_pattern_is_transformerlens_and_places_are_e_to_its_entropy(random_model):
    model, seen = random_model(torch.float32), data.tokens(*data.draw(5, 40).T)
    pattern, places = patterns.attended(model, seen)
    _, cache = to_bridge(model).run_with_cache(torch.from_numpy(seen).long())
    truth = cache["blocks.0.attn.hook_pattern"][:, :, data.N_INPUTS :].double().detach()
    assert pattern == pytest.approx(truth.mean(0).swapaxes(0, 1).numpy(), abs=1e-5)
    entropy = -(truth * truth.clamp(min=1e-300).log()).sum(-1).mean(0).T
    assert places == pytest.approx(entropy.exp().numpy(), rel=1e-4)


def test_shares_name_the_column_and_add_up_to_one():
    one = patterns.shares(looking(0, 6))[0, :, :6, 0]  # the millions have no digit of their own
    assert one[OWN] == pytest.approx(1) and one.sum(0) == pytest.approx(1)
    even = np.tri(19)[12:][None, :, None] / np.arange(13, 20)[:, None, None]
    found = patterns.shares(even)[0, ..., 0]
    assert found.sum(0) == pytest.approx(1)
    assert found[OWN] * np.arange(13, 20) == pytest.approx([2] * 6 + [0])
    assert found[BELOW] * np.arange(13, 20) == pytest.approx([0] + [2] * 6)
    assert found[FURTHER] * np.arange(13, 20) == pytest.approx([0, 0, 2, 4, 6, 8, 10])
    assert found[ABOVE] * np.arange(13, 20) == pytest.approx([10, 8, 6, 4, 2, 0, 0])
    assert found[EQUALS] * np.arange(13, 20) == pytest.approx(range(1, 8))


def test_a_head_looks_hard_where_over_half_of_its_attention_is_on_its_answers_column():
    half, more = np.zeros((1, 7, 2, 19)), 0.51
    half[..., 18] = 1
    half[0, 3, 0, [3, 9, 18]] = more / 2, more / 2, 1 - more
    half[0, 2, 1, [2, 18]] = 0.49, 0.51
    attention = Attention(half, np.full((1, 7, 2), 2.0))
    assert patterns.hard(attention).sum() == 1 and patterns.hard(attention)[0, 3, 0]
    share, places = patterns.distinctive(attention)
    assert share == pytest.approx([0.5]) and places == pytest.approx([2])


def test_at_its_random_start_a_head_looks_nearly_everywhere_alike():
    start = Attention.of([Transformer(seed=0)], sums=20)
    assert start.places[0] == pytest.approx(np.repeat(np.arange(13, 20.0)[:, None], 32, 1), rel=0.01)
    assert not patterns.hard(start).any()
