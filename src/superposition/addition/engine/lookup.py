"""What the transformer exactly is: sums of table entries, one division a head, and one product for the logits.
A head at an answer is Σ_p E V / Σ_p E, where E and V depend on a token and its place alone; ablations act on its result."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

from superposition.addition.engine.data import N_ANSWERS, N_CTX, N_INPUTS, VOCAB
from superposition.addition.engine.transformer import Transformer

N_TOKENS = len(VOCAB)
Tokens = Int[Tensor, "batch n_ctx"] | UInt8[Tensor, "batch n_ctx"]


class Heads(NamedTuple):
    """What every head does at every answer: where it attends, and what it finds there (`hook_z`)."""

    pattern: Float[Tensor, "batch answer head n_ctx"]
    z: Float[Tensor, "batch answer head d_head"]


@dataclass(frozen=True)
class Lookup:
    """The model reduced to what its logits depend on: a fifth of its numbers.

    QKV: queries, keys and values of the 12 tokens, then of the 19 positions, with the biases in the latter.
    out: logits that a token (then a position) gives itself at an answer, with the biases in the latter.
    WOU: what the two values of a head do to the logits, W_O W_U."""

    QKV: Float[Tensor, "qkv row head d_head"]
    out: Float[Tensor, "row n_out"]
    WOU: Float[Tensor, "head d_head n_out"]

    @classmethod
    def of(cls, model: Transformer) -> "Lookup":
        """The tables of a model; gradients go through them back to its parameters."""
        rows = torch.cat([model.W_E, model.W_pos])
        place = (torch.arange(len(rows)) >= N_TOKENS).to(rows.dtype)
        weights, biases = torch.stack([model.W_Q, model.W_K, model.W_V]), torch.stack([model.b_Q, model.b_K, model.b_V])
        QKV = torch.einsum("rm,xhmd->xrhd", rows, weights) + place[:, None, None] * biases[:, None]
        out = rows @ model.W_U + place[:, None] * (model.b_O @ model.W_U + model.b_U)
        return cls(QKV, out, model.W_O @ model.W_U)

    @cached_property
    def V(self) -> Float[Tensor, "position token head d_head"]:
        """The value of each token in each place."""
        tokens, places = self.QKV[2].split([N_TOKENS, N_CTX])
        return places[:, None] + tokens

    @cached_property
    def scores(self) -> tuple[Float[Tensor, "answer asking token head"], Float[Tensor, "answer asking position head"]]:
        """The score that a query (an answer place and the token that stands in it) gives a key: a term each for the key's
        token and its place, the latter -inf after the query's own. Scaled by 1/√d_head, as attention is."""
        (q, q_place), (k, k_place) = (part.split([N_TOKENS, N_CTX]) for part in self.QKV[:2])
        query = (q_place[N_INPUTS:, None] + q) / self.WOU.shape[1] ** 0.5
        later = torch.arange(N_CTX) > torch.arange(N_INPUTS, N_CTX)[:, None]
        by_place = torch.einsum("achd,phd->acph", query, k_place).masked_fill(later[:, None, :, None], -torch.inf)
        return torch.einsum("achd,khd->ackh", query, k), by_place

    def E(self, asking: int) -> Float[Tensor, "answer position token head"]:
        """The table of exp(score), 1 at its largest, for answers in whose place `asking` stands: `=` in the original."""
        by_token, by_place = self.scores
        score = by_place[:, asking, :, None] + by_token[:, asking, None]
        return (score - score.amax((1, 2), keepdim=True)).exp()

    def attend(self, tokens: Tokens) -> Heads:
        """Every head at every answer: the table entries of the tokens that it sees, two sums of them, and the division."""
        tokens = tokens.long()
        answer, asking = torch.arange(N_ANSWERS)[:, None], tokens[:, N_INPUTS:, None]
        by_token, by_place = self.scores
        score = by_token[answer, asking, tokens[:, None]] + by_place[answer, asking, torch.arange(N_CTX)]
        pattern = score.softmax(2).mT
        V = self.V[torch.arange(N_CTX), tokens]
        return Heads(pattern, torch.einsum("bahp,bphd->bahd", pattern, V))

    def direct(self, tokens: Tokens) -> Float[Tensor, "batch answer n_out"]:
        """The logits without any head."""
        return self.out[tokens[:, N_INPUTS:].long()] + self.out[N_TOKENS + N_INPUTS :]

    def contributions(self, z: Float[Tensor, "*batch head d_head"]) -> Float[Tensor, "*batch head n_out"]:
        """What each head adds to the logits."""
        return torch.einsum("...hd,hdc->...hc", z, self.WOU)

    def read(
        self, z: Float[Tensor, "*batch head d_head"], direct: Float[Tensor, "*#batch n_out"]
    ) -> Float[Tensor, "*batch n_out"]:
        """The logits from what the heads found, and those without them."""
        return direct + z.flatten(-2) @ self.WOU.flatten(0, 1)

    def logits(self, tokens: Tokens) -> Float[Tensor, "batch answer n_out"]:
        """The logits of the seven answers: the transformer's own, but for rounding."""
        return self.read(self.attend(tokens).z, self.direct(tokens))


def ablated(
    z: Float[Tensor, "*batch head d_head"],
    keep: Bool[Tensor, "*#batch head"],
    instead: Float[Tensor, "*#batch head d_head"] | float | int = 0,
) -> Float[Tensor, "*batch head d_head"]:
    """z with the heads that are not kept replaced: by nothing, by a mean over the batch, by another example's z.

    Zero: 0. Mean: `z.mean(0)`. Resample: `z[permutation]`. Then `Lookup.read` gives the logits."""
    return torch.where(keep[..., None], z, torch.as_tensor(instead, dtype=z.dtype))
