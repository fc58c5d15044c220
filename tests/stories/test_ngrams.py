"""Kneser-Ney against the formulas written out with dictionaries, and against a text with a known entropy."""

from collections import Counter, defaultdict

import numpy as np
import pytest

from superposition.stories.engine import ngrams

V = 40


def by_dictionaries(train, order):
    """p(token, history) as in Chen and Goodman 1999: counts of the highest order, of different predecessors below it."""
    counts = {order: Counter(tuple(train[k : k + order]) for k in range(len(train) - order + 1))}
    for n in range(order - 1, 0, -1):
        counts[n] = Counter(gram[1:] for gram in counts[n + 1])
    discounts = {}
    for n, table in counts.items():
        of = Counter(table.values())
        y = of[1] / (of[1] + 2 * of[2])
        discounts[n] = [0] + [min(max(k - (k + 1) * y * of[k + 1] / of[k], 0), k) for k in (1, 2, 3)]
    followers = defaultdict(dict)
    for n, table in counts.items():
        for gram, count in table.items():
            followers[n, gram[:-1]][gram[-1]] = count

    def p(token, history, n):
        if n == 0:
            return 1 / V
        shorter = p(token, history[1:], n - 1)
        seen = followers.get((n, history))
        if not seen:
            return shorter
        d = {follower: discounts[n][min(count, 3)] for follower, count in seen.items()}
        return (seen.get(token, 0) - d.get(token, 0) + sum(d.values()) * shorter) / sum(seen.values())

    return p


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_probabilities_are_those_of_the_formulas_written_out_and_sum_to_one(order):
    rng = np.random.default_rng(order)
    train = (V * rng.random(600) ** 4).astype(np.uint16)
    p, history = by_dictionaries(train.tolist(), order), tuple(map(int, rng.integers(0, V, order - 1)))
    texts = [np.array([*history, token], np.uint16) for token in range(V)]
    ours = np.array([np.exp(-ngrams.kneser_ney(train, text, order, V)[-1]) for text in texts])
    np.testing.assert_allclose(ours, [p(token, history, order) for token in range(V)], rtol=1e-12)
    assert ours.sum() == pytest.approx(1)


def test_on_a_markov_chain_the_loss_is_its_entropy():
    rng, transitions = np.random.default_rng(0), np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]])
    chain = [0]
    for draw in rng.random(60_000):
        chain.append(int((transitions[chain[-1]].cumsum() < draw).sum()))
    chain = np.array(chain)
    entropy = -(np.bincount(chain, minlength=3) / len(chain)) @ (transitions * np.log(transitions)).sum(1)
    losses = [ngrams.kneser_ney(chain[:50_000], chain[50_000:], order, 3)[5:].mean() for order in (1, 2, 3)]
    assert losses[0] > entropy + 0.1
    assert losses[1:] == pytest.approx([entropy, entropy], abs=0.02)


def test_an_order_that_does_not_fit_into_63_bits_is_refused():
    with pytest.raises(ValueError, match="order 6 of 4096 tokens"):
        ngrams.kneser_ney(np.arange(9), np.arange(9), 6, 4096)
