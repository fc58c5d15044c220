"""What the laboratory in the page needs: the trained model as small tables, and its own still picture as arrays.
The tables are those of `lookup`, for answers in whose place `=` stands: a browser needs no more to run the model exactly."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from superposition.addition.engine import data
from superposition.addition.engine.lookup import Lookup, Tokens, ablated

Array = np.ndarray


class View(NamedTuple):
    """One sum as the laboratory shows it, for one answer digit; everything else follows from the model."""

    a: int
    b: int
    answer: int
    answers: Int[Array, "n_answers"]
    pattern: Float[Array, "n_answers n_ctx"]
    contributions: Float[Array, "head n_out"]
    logits: Float[Array, "n_out"]
    varied: Int[Array, "digit_of_a digit_of_b"]


def tables(model: Lookup, seen: Tokens) -> dict[str, Float[Array, "..."]]:
    """The model's tables in float64; `mean` is what each head finds at each answer, on average over the sums `seen`.

    They are as exact as the model: logits of a thousand are differences of larger terms, so make it in float64.

    by_token: (answer, token 0–9 and =, head) and by_place: (answer, position, head), the two terms of a score, the latter
    -inf after the answer's own place. V_token, V_place: (row, head, d_head), the two terms of a value. direct: (answer,
    n_out). WOU: (head, d_head, n_out)."""
    asking = data.EQUALS
    by_token, by_place = model.scores
    V_token, V_place = model.QKV[2].split([len(data.VOCAB), data.N_CTX])
    found = {
        "by_token": by_token[:, asking, : asking + 1], "by_place": by_place[:, asking],
        "V_token": V_token[: asking + 1], "V_place": V_place,
        "direct": model.direct(torch.full((1, data.N_CTX), asking))[0], "WOU": model.WOU, "mean": model.attend(seen).z.mean(0),
    }  # fmt: skip
    return {name: table.detach().numpy().astype(np.float64) for name, table in found.items()}


def view(model: Lookup, a: int, b: int, answer: int, keep: Bool[Array, "head"] | None = None) -> View:
    """The sum a + b with the heads that `keep` names (all, unless told), the others giving nothing.

    `pattern` is the mean over these heads. `varied`: the answer digit where the two digits of its column (the last one
    for the carry out) are others, those typed standing elsewhere."""
    here = torch.ones(model.WOU.shape[0], dtype=torch.bool) if keep is None else torch.from_numpy(keep)
    column = min(answer, data.N_DIGITS - 1)
    seen = torch.from_numpy(data.tokens(np.array(a), np.array(b)))[None].repeat(101, 1)
    pairs = torch.cartesian_prod(torch.arange(10), torch.arange(10)).to(seen.dtype)
    seen[1:, [column, column + data.N_DIGITS]] = pairs
    heads = model.attend(seen)
    z = ablated(heads.z, here)
    logits = model.read(z, model.direct(seen)).detach()
    return View(
        a, b, answer, logits[0].argmax(-1).numpy(), heads.pattern[0, :, here].mean(1).detach().numpy(),
        model.contributions(z[0, answer]).detach().numpy(), logits[0, answer].numpy(),
        logits[1:, answer].argmax(-1).reshape(10, 10).numpy(),
    )  # fmt: skip
