"""An n-gram model to hold a language model against: interpolated, modified Kneser-Ney (Chen and Goodman 1999, section 3).
It counts n-grams as whole numbers of 63 bits, so that all counting is sorting."""

import numpy as np
from jaxtyping import Float, Integer

Array = np.ndarray


def kneser_ney(
    train: Integer[Array, "token"], text: Integer[Array, "position"], order: int, n_vocab: int
) -> Float[Array, "position"]:
    """The negative logarithm, in nats, of each token's probability after the `order` - 1 tokens before it in `text`.

    The first tokens have shorter histories. Raises ValueError where an n-gram of that order doesn't fit into 63 bits."""
    bits = int(n_vocab - 1).bit_length()
    if order * bits > 63:
        raise ValueError(f"order {order} of {n_vocab} tokens: expected order × bits of a token at most 63, got {order * bits}")
    seen, count = np.unique(_keys(train, order, bits), return_counts=True)
    levels = [(seen, count)]
    for n in range(order - 1, 0, -1):  # a shorter n-gram counts the different tokens that it was seen after
        seen, count = np.unique(levels[-1][0] & ((1 << n * bits) - 1), return_counts=True)
        levels.append((seen, count))
    p = np.full(len(text), 1 / n_vocab)
    for n, (seen, count) in zip(range(1, order + 1), reversed(levels), strict=True):
        p[n - 1 :] = _interpolated(seen, count, _keys(text, n, bits), bits, p[n - 1 :])
    return -np.log(p)


def _keys(tokens, n, bits):
    """Every run of n tokens as one number, the last token in its lowest bits."""
    keys = np.zeros(len(tokens) - n + 1, np.int64)
    for k in range(n):
        keys = keys << bits | tokens[k : len(tokens) - n + 1 + k].astype(np.int64)
    return keys


def _interpolated(seen, count, wanted, bits, shorter):
    """Probabilities of the wanted n-grams' last tokens, from counts with their discounts and from the next shorter n-grams."""
    of_count = [(count == k).sum() for k in range(1, 5)]
    y = of_count[0] / max(of_count[0] + 2 * of_count[1], 1)
    steps = [k - (k + 1) * y * of_count[k] / max(of_count[k - 1], 1) for k in (1, 2, 3)]
    discount = np.clip([0, *steps], 0, [0, 1, 2, 3])[np.minimum(count, 3)]
    histories, first = np.unique(seen >> bits, return_index=True)
    total, saved = np.add.reduceat(count, first), np.add.reduceat(discount, first)
    history = _find(histories, wanted >> bits)
    found = _find(seen, wanted)
    own = np.where(found >= 0, (count - discount)[found], 0.0)
    return np.where(history >= 0, (own + saved[history] * shorter) / total[history], shorter)


def _find(sorted_keys, wanted):
    """Where each wanted key stands, or -1."""
    at = np.searchsorted(sorted_keys, wanted).clip(max=len(sorted_keys) - 1)
    return np.where(sorted_keys[at] == wanted, at, -1)
