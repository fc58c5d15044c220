"""The best that a model without positions can do where an A serves only the first B after it: exactly, over all bags."""

from collections import defaultdict

import numpy as np

from superposition.attention.engine.skip_trigrams import n_tokens

_CLOSED, _WAITING, _FORCED = range(3)


def floors(rules: int, length: int) -> tuple[float, float]:
    """The least cross-entropy (nats) with and without order, over the positions that are asked for the next token.

    A bag is told by how many A and BOS it has, how many B and C of every rule, and the token that it ends with; rules are
    interchangeable, so one bag stands for all that differ by their names."""
    n, nothing = n_tokens(rules), (0, 0)
    # How many A and BOS, the other rules' B and C, the kind of the last token, and its rule's B and C.
    bags = {(0, 1, (nothing,) * rules, "BOS", ()): np.array([1.0, 0.0, 0.0])}
    ordered = blind = 0.0
    for _ in range(length - 1):
        following: dict[tuple, np.ndarray] = defaultdict(lambda: np.zeros(3))
        for (a, bos, others, _, last), each in bags.items():
            closed, waiting, forced = each
            ordered += closed * np.log(n) + waiting * np.log(n - 1)
            usual = closed / n + waiting / (n - 1)
            spread = np.array([closed / n, usual + forced, *[usual] * (n - 2)])
            blind -= (spread[spread > 0] * np.log(spread[spread > 0] / each.sum())).sum()
            if forced:
                following[a, bos, others, "C", (last[0], last[1] + 1)][_CLOSED] += forced
            every = (*others, last) if last else others
            following[a + 1, bos, tuple(sorted(every)), "A", ()][_WAITING] += closed / n
            stay = np.array([closed / n, waiting / (n - 1), 0.0])
            following[a, bos + 1, tuple(sorted(every)), "BOS", ()] += stay
            for pair in set(every):
                rest = list(every)
                rest.remove(pair)
                b, c = pair
                times, left = every.count(pair), tuple(sorted(rest))
                following[a, bos, left, "C", (b, c + 1)] += times * stay
                following[a, bos, left, "B", (b + 1, c)] += times * np.array([closed / n, 0.0, waiting / (n - 1)])
        bags = following
    return ordered / (length - 1), blind / (length - 1)
