"""A one-layer model at one place of a text: what each head brings there, and what comes out with heads or the MLP off.
Off means: it says the same whatever the feature is, its mean over all features in that context."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

Array = np.ndarray
BATCH = 256  # texts at a time


def turned(weights: dict[str, Array], n_heads: int, rng: np.random.Generator) -> dict[str, Array]:
    """The same parameters, but what each head has read is turned at random among its dimensions before it is written.

    Where heads look, how much they read and how much they write stays; what they write has nothing to do with what they read."""
    key = "h.attn.attention.v_proj.weight"
    heads = weights[key].astype(np.float64).reshape(len(weights[key]), n_heads, -1, weights[key].shape[-1])
    turns = np.stack([np.linalg.qr(rng.standard_normal((heads.shape[2],) * 2))[0] for _ in range(n_heads)])
    return weights | {key: np.einsum("hij,lhjd->lhid", turns, heads).reshape(weights[key].shape).astype(np.float16)}


@dataclass(frozen=True)
class Place:
    """What a one-layer model holds at one place of every text, and the weights behind it.

    `z`: what each head read. `direct`: all that stands in the residual stream there without the heads. `still`: what the MLP
    gives, its mean over features."""

    model: Any
    z: Float[Tensor, "context feature head d_head"]
    direct: Float[Tensor, "context feature d_model"]
    still: Float[Tensor, "context 1 d_model"]

    @classmethod
    def of(cls, model: Any, tokens: Int[Array, "context feature position"], last: Int[Array, "context"]) -> "Place":
        """At the place `last` of every text. Raises ValueError for a model of more than one layer."""
        if len(model.transformer.h) != 1:
            raise ValueError(f"expected a model of one layer, got {len(model.transformer.h)}")
        body, n_heads = model.transformer, model.config.num_heads
        block, attention = body.h[0], body.h[0].attn.attention
        flat, ends = torch.from_numpy(tokens).flatten(0, 1), torch.from_numpy(last).repeat_interleave(tokens.shape[1])
        found, direct = [], []
        with torch.no_grad():
            for some, end in zip(flat.split(BATCH), ends.split(BATCH), strict=True):
                x = body.wte(some) + body.wpe.weight[: some.shape[1]]
                here, h = torch.arange(len(some)), block.ln_1(x)
                q = attention.q_proj(h[here, end]).unflatten(-1, (n_heads, -1))
                k, v = (project(h).unflatten(-1, (n_heads, -1)) for project in (attention.k_proj, attention.v_proj))
                scores = torch.einsum("bhd,bphd->bhp", q, k)  # GPT-Neo does not scale its scores
                scores[(torch.arange(some.shape[1]) > end[:, None])[:, None].expand_as(scores)] = -torch.inf
                found.append(torch.einsum("bhp,bphd->bhd", scores.softmax(-1), v))
                direct.append(x[here, end] + attention.out_proj.bias)
            z, stream = (torch.cat(one).unflatten(0, tokens.shape[:2]) for one in (found, direct))
            still = block.mlp(block.ln_2(stream + F.linear(z.flatten(2), attention.out_proj.weight))).mean(1, keepdim=True)
        return cls(model, z, stream, still)

    def stream(self, on: Float[Array, "head"], mlp: bool = True) -> Float[Tensor, "context feature d_model"]:
        """What the unembedding reads, with these heads on (1) and the others off (0), and the MLP on or off."""
        body = self.model.transformer
        block, out = body.h[0], body.h[0].attn.attention.out_proj.weight
        with torch.no_grad():
            mean = self.z.mean(1, keepdim=True)
            said = mean + (self.z - mean) * torch.from_numpy(np.asarray(on, np.float32))[:, None]
            stream = self.direct + F.linear(said.flatten(2), out)
            return body.ln_f(stream + (block.mlp(block.ln_2(stream)) if mlp else self.still))

    def logits(
        self, on: Float[Array, "head"], targets: Int[Array, "candidate"], mlp: bool = True
    ) -> Float[Array, "context feature candidate"]:
        """The logits of these tokens."""
        with torch.no_grad():
            return F.linear(self.stream(on, mlp), self.model.lm_head.weight[torch.from_numpy(targets)]).numpy()

    def likely(
        self, on: Float[Array, "head"], targets: Int[Array, "feature"], mlp: bool = True
    ) -> Float[Array, "context feature"]:
        """The log probability of each feature's own token, in nats, among all tokens."""
        own = torch.from_numpy(targets)[:, None]
        with torch.no_grad():
            every = [F.linear(one, self.model.lm_head.weight).log_softmax(-1) for one in self.stream(on, mlp)]
            return torch.stack([one.gather(1, own)[:, 0] for one in every]).numpy()
