"""The heat maps of heads as the hackathon drew them, from its notebook: single heads, zero ablation, position 11.
The map of a head shows the logit of (a + b) mod 10 for every pair of digits; nothing here is ours but the reading."""

import numpy as np
import torch
from jaxtyping import Float

from superposition.addition.engine import data
from superposition.addition.engine.transformer import Transformer

Array = np.ndarray
POSITION = 2 * data.N_DIGITS - 1  # the notebook's `position_idx`: the last digit of b, one before the first answer
PROBES = ("position 11", "answers given", "zeros around", "random around")
A, B = np.divmod(np.arange(100), 10)
RIGHT = (A + B) % 10


def inputs(given: bool = True) -> torch.Tensor:
    """Its 100 inputs: a and b of one digit each, all other digits 0, and, if `given`, the sum itself in place of `=`."""
    tokens = data.tokens(A, B)
    if given:
        tokens[:, data.N_INPUTS :] = data.answers(A, B)
    return torch.from_numpy(tokens)


def heat_maps(model: Transformer) -> tuple[Float[Array, "head pair"], Float[Array, "n_out"]]:
    """The map of every head with all others zeroed, and the logits with every head zeroed, the same for every pair."""
    state = model.state_dict()
    weight, eye = state["W_O"], torch.eye(model.n_heads, dtype=torch.bool)

    def only(keep: torch.Tensor) -> Array:
        twin = Transformer.of(state | {"W_O": weight * keep[:, None, None]})
        with torch.no_grad():
            return twin(inputs())[:, POSITION].numpy()

    return np.stack([only(keep)[range(100), RIGHT] for keep in eye]), only(torch.zeros_like(eye[0]))[0]


def probed(model: Transformer, tokens: torch.Tensor, answer: Array) -> Float[Array, "probe"]:
    """How often the first digit is right, by way of asking (PROBES); `tokens` are random sums with that first `answer`."""
    ways = (inputs(), POSITION, RIGHT), (inputs(), POSITION + 1, RIGHT), (inputs(False), POSITION + 1, RIGHT)
    with torch.no_grad():
        said = [
            (model(seen)[:, place].argmax(-1).numpy(), truth) for seen, place, truth in (*ways, (tokens, POSITION + 1, answer))
        ]
    return np.array([(found == truth).mean() for found, truth in said])


def stripes(heat: Float[Array, "*batch pair"]) -> Float[Array, "*batch"]:
    """The share of a map's variance that (a + b) mod 10 accounts for: 1 for pure diagonal stripes, 1/11 for noise."""
    centred = heat - heat.mean(-1, keepdims=True)
    by_sum = np.stack([centred[..., RIGHT == c].mean(-1) for c in range(10)], -1)
    total = (centred**2).mean(-1)
    return np.divide((by_sum**2).mean(-1), total, out=np.zeros_like(total), where=total > 0)
