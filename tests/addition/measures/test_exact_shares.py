"""Exact shares against a closed form, where attention is even, and against sums drawn at random, where it isn't."""

import numpy as np
import pytest
import torch

from superposition.addition.engine import data
from superposition.addition.engine.lookup import Lookup
from superposition.addition.engine.transformer import Transformer
from superposition.addition.measures import exact_shares
from superposition.addition.measures.exact_shares import ABOVE, BELOW, DIGITS, PAIR, SUM


def test_where_attention_is_even_each_digit_has_a_twelfth_and_pairs_have_no_more_than_their_digits():
    model = Transformer(n_heads=3, seed=1)
    even = Lookup.of(Transformer.of(model.state_dict() | {"W_Q": torch.zeros_like(model.W_Q), "b_Q": torch.zeros(3, 2)}))
    found = exact_shares.shares(even, 2)
    assert found[[DIGITS, PAIR, BELOW, ABOVE]] == pytest.approx(np.full(4, 1 / 6), abs=1e-9)
    V = even.V[0, :10].detach().double().numpy().reshape(10, -1)
    V = V - V.mean(0)
    along = [sum(V[i] + V[s - i] for i in range(10) if 0 <= s - i <= 9) for s in range(19)]
    ways = np.convolve(np.ones(10), np.ones(10))
    own = sum((one**2).sum() / w for one, w in zip(along, ways, strict=True)) / 100
    assert found[SUM] == pytest.approx(own / (12 * (V**2).sum() / 10), rel=1e-6)
    assert exact_shares.shares(even, 6)[[DIGITS, PAIR, SUM, ABOVE]].tolist() == [0, 0, 0, 0]


def test_variance_and_shares_are_those_of_random_sums(random_model):
    tables = Lookup.of(random_model(torch.float32, 0, 4, 2))
    rng = np.random.default_rng(0)
    x, y, answer, each = *np.divmod(np.repeat(np.arange(100), 400), 10), 3, 400
    a, b = rng.integers(0, 10**6, (2, 100 * each))
    with_own = [n - n // 1000 % 10 * 1000 + 1000 * d for n, d in ((a, x), (b, y))]
    with torch.no_grad():
        z = tables.attend(torch.from_numpy(data.tokens(*with_own))).z[:, answer].flatten(1).double().numpy()
    exact = exact_shares._Exact(tables, answer)
    assert exact.variance().ravel() == pytest.approx(z.var(0), rel=0.03)
    assert exact.mean(()).ravel() == pytest.approx(z.mean(0), abs=0.02 * z.std())
    groups = z.reshape(100, each, -1)
    between = groups.mean(1).var(0, ddof=1).sum() - groups.var(1, ddof=1).mean(0).sum() / each
    assert exact_shares.shares(tables, answer)[PAIR] == pytest.approx(between / z.var(0).sum(), rel=0.03)
