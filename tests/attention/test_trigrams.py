"""Skip trigrams against brute force, heads against plain attention, exact weights against their promises, what is read off."""

from itertools import product

import numpy as np
import pytest
import torch

from superposition import runs, sharing
from superposition.attention import trigrams
from superposition.attention.engine import attention_stack
from superposition.attention.engine.attention_stack import Heads
from superposition.attention.engine.skip_trigrams import Contexts, bayes_loss, n_tokens, sequences, triggered
from superposition.attention.measures import turning
from superposition.attention.theory import order_blind, two_heads
from superposition.figures.attention import missed_by_heads, missed_by_scale, strengths

A, B, C, BOS = range(4)  # of a single rule


def generator():
    return torch.Generator().manual_seed(0)


def stack(models=2, heads=3, rules=2, d_head=2):
    made = Heads.create(models, heads, n_tokens(rules), d_head, generator())
    for p in made.parameters:
        p += 0.5 * torch.randn(p.shape, generator=generator())
    return made


CONTEXTS = Contexts.draw(2, 40, 8, False, np.random.default_rng(0))


def every(length, once):
    """Every sequence of one rule with its probability, and for each place the distribution of the next token, from the rule."""
    for tail in product(range(4), repeat=length - 1):
        token, chance, nexts, waiting = (BOS, *tail), 1.0, [], False
        for t, now in enumerate(token):
            due = waiting and now == B
            if now == A:
                waiting = True
            elif due and once:
                waiting = False
            free = np.array([0, 1, 1, 1]) / 3 if once and waiting else np.ones(4) / 4
            nexts.append(np.eye(4)[C] if due else free)
            if t + 1 < length:
                chance *= nexts[-1][token[t + 1]]
        if chance:
            yield token, chance, nexts


def entropy(p):
    return -(p[p > 0] * np.log(p[p > 0])).sum()


def test_how_often_a_c_is_forced_and_the_best_loss_are_those_of_all_sequences():
    length, told, loss = 5, np.zeros(5), 0.0
    for _, chance, nexts in every(length, once=False):
        told += chance * np.array([p[C] == 1 for p in nexts])
        loss += chance * np.mean([entropy(p) for p in nexts[:-1]])
    assert triggered(1, length) == pytest.approx(told)
    assert bayes_loss(1, length) == pytest.approx(loss)


def test_the_floors_with_and_without_order_are_those_of_all_sequences():
    length, bags, ordered = 5, {}, 0.0
    for token, chance, nexts in every(length, once=True):
        for t in range(length - 1):
            ordered += chance * entropy(nexts[t])
            key = t, tuple(sorted(token[: t + 1])), token[t]
            weight, mixed = bags.get(key, (0.0, np.zeros(4)))
            bags[key] = weight + chance, mixed + chance * nexts[t]
    blind = sum(weight * entropy(mixed / weight) for weight, mixed in bags.values())
    assert order_blind.floors(1, length) == pytest.approx((ordered / (length - 1), blind / (length - 1)))


@pytest.mark.parametrize("once", [False, True])
def test_random_sequences_keep_the_rule(once):
    token, forced, _ = sequences(3, 300, 11, once, np.random.default_rng(0))
    assert (token[:, 1:][forced[:, :-1]] == token[:, :-1][forced[:, :-1]] + 3).all()
    for row, due in zip(token, forced, strict=True):
        waiting = False
        for now, is_due in zip(row, due, strict=True):
            assert is_due == (waiting and 1 <= now <= 3)
            waiting = (waiting or now == 0) and not (once and is_due)


def test_a_bag_of_tokens_is_attended_as_a_sequence_is():
    made, token = stack(), torch.tensor([5, 0, 2, 2, 4, 1])
    counts = torch.zeros(6, 1, 6)
    counts[1, 0] = torch.bincount(token, minlength=6).float()
    counts[[0, 2, 3, 4, 5], 0, 5] = 1
    for model in range(2):
        wanted = made.direct[model, 1].clone()
        for head in range(3):
            query = made.W_Q[model, head, 1] + made.b_Q[model, head]
            key, value = (w[model, head][token] + b[model, head] for w, b in ((made.W_K, made.b_K), (made.W_V, made.b_V)))
            wanted += (key @ query / 2**0.5).softmax(0) @ value @ made.W_O[model, head]
        torch.testing.assert_close(made.logits(counts)[model, 1, 0], wanted)


def test_training_is_adam_with_a_rate_for_each_model():
    made = stack()
    alone = Heads(*(p[1:].clone() for p in made.parameters))
    attention_stack.train(made, CONTEXTS, 8, 3, torch.tensor([0.1, 0.02]), generator())
    weights = [p.requires_grad_() for p in alone.parameters[:-1]]
    adam, drawn = torch.optim.Adam(weights), generator()
    for step in range(3):
        adam.param_groups[0]["lr"] = 0.02 * (1 + np.cos(np.pi * step / 3)) / 2
        adam.zero_grad()
        alone.loss(CONTEXTS.some(8, drawn)).sum().backward()
        adam.step()
    for name in ("W_Q", "W_K", "W_V", "W_O", "b_Q", "b_V"):  # no softmax sees b_K, so its slope is only rounding
        torch.testing.assert_close(getattr(made, name)[1:], getattr(alone, name).detach(), atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("rules", [2, 5])
@pytest.mark.parametrize("name", trigrams.EXACT)
def test_exact_weights_miss_ever_less_and_nothing_in_the_end(name, rules):
    contexts = Contexts.draw(rules, 100, 11, False, np.random.default_rng(0))
    missed = [trigrams.EXACT[name](rules, scale).missed(contexts).item() for scale in (10.0, 100.0, 1e4)]
    assert missed[0] > missed[1] > missed[2] - 1e-6
    assert missed[2] == pytest.approx(0, abs=1e-5)


def test_a_head_with_an_a_more_is_between_what_it_said_and_what_a_says_whatever_its_size():
    made = stack(d_head=4)
    more = CONTEXTS.counts.clone()
    more[..., A] += 1
    before, after = turning.said(made, CONTEXTS.counts), turning.said(made, more)
    of_a = torch.einsum("mhd,mhdt->mht", made.W_V[:, :, A] + made.b_V, made.W_O)
    of_a = (of_a - of_a.mean(-1, keepdim=True))[:, None, None]
    share = ((after - before) * (of_a - before)).sum(-1, keepdim=True) / ((of_a - before) ** 2).sum(-1, keepdim=True)
    assert 0 < share.min() and share.max() < 1
    torch.testing.assert_close(after, before + share * (of_a - before), atol=1e-5, rtol=1e-4)


def test_dedicated_heads_overlap_by_nothing_one_mechanism_wholly_and_strengths_as_their_arc():
    contexts = Contexts.draw(4, 60, 11, False, np.random.default_rng(0))
    read = {name: turning.turns(make(4, 1000.0), 4, contexts, 30) for name, make in trigrams.EXACT.items()}
    overlap = {name: float(sharing.overlap(one["turn"])[0]) for name, one in read.items()}
    cosine = two_heads.arc(4) @ two_heads.arc(4).T
    assert overlap["dedicated heads"] == pytest.approx(0)
    assert overlap["write and cancel"] == pytest.approx(1)
    assert overlap["by strength"] == pytest.approx((cosine.sum() - 4) / 12, abs=0.01)
    assert read["write and cancel"]["loud"] == pytest.approx(2, abs=0.01)
    assert read["by strength"]["loud"] == pytest.approx(0, abs=0.01)


def test_a_zeroed_head_costs_what_the_model_without_it_loses_more():
    made = stack()
    found = turning.effects(made, 2, CONTEXTS, generator())[turning.EFFECTS.index("loss, zeroed") - 1]
    whole = made.losses(CONTEXTS)[:, 1:3].mean(-1)
    for head in range(3):
        less = Heads(*(p.clone() for p in made.parameters))
        less.W_O[:, head] = 0
        assert found[:, :, head] == pytest.approx((less.losses(CONTEXTS)[:, 1:3].mean(-1) - whole).numpy(), abs=1e-5)


def test_the_pictures_show_every_rule_every_start_and_every_scale():
    arrows = np.array([[[2.0, 1.0], [1.0, 3.0], [np.nan, np.nan]]])
    (ax,) = strengths(arrows, ["two rules"]).axes
    tips = np.concatenate([line.get_xydata() for line in ax.lines])
    assert sorted(map(tuple, tips)) == [(0.5, 1.0), (1.0, pytest.approx(1 / 3))]
    missed = np.full((2, 3, 1, 4), 0.1)
    (ax,) = missed_by_heads(missed, [2, 3], [1, 2, 4], [1], 0.01).axes
    assert sum(line.get_xydata().size // 2 for line in ax.lines if line.get_linestyle() == "None") == missed.size
    (ax,) = missed_by_scale(np.array([1.0, 10.0]), {"one": np.array([[0.5, 0.0]])}, [2]).axes
    assert ax.lines[0].get_ydata() == pytest.approx([0.5, 1e-5])


def test_stored_models_of_one_head_solve_nothing_and_some_of_two_solve_every_number_of_rules():
    results = runs.load("attention/trigrams")
    solved = trigrams.solved(results)
    assert not solved[:, results.config.heads.index(1)].any()
    assert solved[:, results.config.heads.index(2)].any((-1, -2)).all()
