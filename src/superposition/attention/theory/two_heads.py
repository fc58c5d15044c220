"""Models with exact weights that keep any number of skip trigrams A … B_i → C_i, up to a loss that vanishes with their scale.
B_i and C_i lie on an arc, at the same angle; on it a B points at its own C more than at any other, in two dimensions."""

import math

import numpy as np
import torch
from jaxtyping import Float

from superposition.attention.engine.attention_stack import Heads
from superposition.attention.engine.skip_trigrams import A, n_tokens

Array = np.ndarray
_AWAY = -40.0  # a score that leaves nothing


def _silent(rules: int, heads: int, d_head: int) -> Heads:
    """One model with all weights at zero."""
    n = n_tokens(rules)
    shapes = [(heads, n, d_head)] * 3 + [(heads, d_head, n)] + [(heads, d_head)] * 3 + [(n, n)]
    return Heads(*(torch.zeros(1, *shape, dtype=torch.float64) for shape in shapes))


def arc(rules: int) -> Float[Array, "rule 2"]:
    """Directions in the first quadrant, evenly, none on its border."""
    angle = np.pi / 2 * (np.arange(rules) + 0.5) / rules
    return np.stack([np.cos(angle), np.sin(angle)], -1)


def _places(rules: int) -> tuple[slice, slice, int]:
    """Where the B, the C and BOS are among the tokens."""
    return slice(1, rules + 1), slice(rules + 1, 2 * rules + 1), 2 * rules + 1


def dedicated(rules: int, scale: float) -> Heads:
    """A head of one dimension for every rule: from B_i head i alone attends to A, and writes C_i."""
    model, (b, c, _) = _silent(rules, rules, 1), _places(rules)
    own = torch.eye(rules, dtype=torch.float64)
    model.W_Q[0, :, :, 0] = _AWAY
    model.W_Q[0, :, b, 0] = _AWAY + (30.0 - _AWAY) * own
    model.W_K[0, :, A] = 1.0
    model.W_V[0, :, A] = 1.0
    model.W_O[0, :, 0, c] = scale * own
    return model


def two_heads(rules: int, scale: float) -> Heads:
    """The two heads of Circuits Updates, July 2023; of two dimensions each.

    Head 0 attends to the B that it is at and writes its C. Head 1 takes that back, but attends to A where there is one,
    and writes nothing there."""
    model, (b, c, _) = _silent(rules, 2, 2), _places(rules)
    place, margin = torch.from_numpy(arc(rules)), 2 * math.log(scale)  # by which the other B fall behind in attention
    sharp = margin / (1 - float(place[0] @ place[1]))
    model.W_Q[0, :] = -(2**0.5) * margin  # from any other token away from the B, to what says nothing
    model.W_Q[0, :, b] = 2**0.5 * sharp * place
    model.W_K[0, :, b] = place
    model.W_K[0, 1, A] = (1 + margin / sharp) / float(place[0].sum())  # ahead of the B itself by the margin, or more
    model.W_V[0, :, b] = place
    model.W_O[0, 0, :, c] = scale * place.T
    model.W_O[0, 1, :, c] = -scale * place.T
    return model


def one_head_and_bigrams(rules: int, scale: float) -> Heads:
    """The second of those heads alone, where a direct path from the last token to the logits does what the first one does."""
    both, (b, c, _) = two_heads(rules, scale), _places(rules)
    model, place = _silent(rules, 1, 2), torch.from_numpy(arc(rules))
    for name in ("W_Q", "W_K", "W_V", "W_O"):
        getattr(model, name)[:] = getattr(both, name)[:, 1:]
    model.direct[0, b, c] = scale * place @ place.T
    return model


def by_strength(rules: int, scale: float) -> Heads:
    """Two heads of one dimension each, silent unless there is an A; how much of it each takes tells the rules apart.

    At B_i the two attend to A in the proportions of a direction on the arc, faintly, the rest of their attention being with
    BOS; and together they write, along that direction, what favours C_i."""
    model, (b, c, bos), faint = _silent(rules, 2, 1), _places(rules), 1 / scale
    place = torch.from_numpy(arc(rules))
    model.W_Q[0, :, :, 0] = _AWAY
    model.W_Q[0, :, b, 0] = (faint * place).log().T
    model.W_K[0, :, :, 0] = 4.0  # times a negative query: nothing for the other tokens
    model.W_K[0, :, A] = 1.0
    model.W_K[0, :, bos] = 0.0
    model.W_V[0, :, A] = 1 / faint
    model.W_O[0, :, 0, c] = scale * place.T
    return model
