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


def fresh(weights: dict[str, Array], seed: int) -> dict[str, Array]:
    """The same parameters, but for the heads' matrices, whose entries are drawn anew with the same spread."""
    rng, drawn = np.random.default_rng([seed, 9]), dict(weights)
    for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
        key = f"h.attn.attention.{name}.weight"
        drawn[key] = rng.normal(scale=float(weights[key].std(dtype=np.float64)), size=weights[key].shape).astype(np.float16)
    return drawn


def turned(weights: dict[str, Array], n_heads: int, seed: int) -> dict[str, Array]:
    """The same parameters, but what each head has read is turned at random among its dimensions before it is written.

    Where heads look, how much they read and how much they write stays; what they write has nothing to do with what they read."""
    rng, drawn = np.random.default_rng([seed, 10]), dict(weights)
    key = "h.attn.attention.v_proj.weight"
    heads = weights[key].astype(np.float64).reshape(len(weights[key]), n_heads, -1, weights[key].shape[-1])
    size = heads.shape[2]
    turns = np.stack([np.linalg.qr(rng.standard_normal((size, size)))[0] for _ in range(n_heads)])
    drawn[key] = np.einsum("hij,lhjd->lhid", turns, heads).reshape(weights[key].shape).astype(np.float16)
    return drawn


@dataclass(frozen=True)
class Place:
    """What a one-layer model holds at one place of every text, and the weights behind it.

    `z`: what each head read. `direct`: all that stands in the residual stream there without the heads."""

    model: Any
    z: Float[Tensor, "context feature head d_head"]
    direct: Float[Tensor, "context feature d_model"]

    @classmethod
    def of(cls, model: Any, tokens: Int[Array, "context feature position"], last: Int[Array, "context"]) -> "Place":
        """At the place `last` of every text. Raises ValueError for a model of more than one layer."""
        if len(model.transformer.h) != 1:
            raise ValueError(f"expected a model of one layer, got {len(model.transformer.h)}")
        body, n_heads = model.transformer, model.config.num_heads
        attention, norm = body.h[0].attn.attention, body.h[0].ln_1
        flat, ends = torch.from_numpy(tokens).flatten(0, 1), torch.from_numpy(last).repeat_interleave(tokens.shape[1])
        z, stream = [], []
        with torch.no_grad():
            for some, end in zip(flat.split(BATCH), ends.split(BATCH), strict=True):
                x = body.wte(some) + body.wpe.weight[: some.shape[1]]
                here, h = torch.arange(len(some)), norm(x)
                q = attention.q_proj(h[here, end]).unflatten(-1, (n_heads, -1))
                k, v = (project(h).unflatten(-1, (n_heads, -1)) for project in (attention.k_proj, attention.v_proj))
                scores = torch.einsum("bhd,bphd->bhp", q, k)  # GPT-Neo does not scale its scores
                scores[(torch.arange(some.shape[1]) > end[:, None])[:, None].expand_as(scores)] = -torch.inf
                z.append(torch.einsum("bhp,bphd->bhd", scores.softmax(-1), v))
                stream.append(x[here, end] + attention.out_proj.bias)
        shape = tokens.shape[:2]
        return cls(model, torch.cat(z).unflatten(0, shape), torch.cat(stream).unflatten(0, shape))

    def logits(
        self, on: Float[Array, "head"], targets: Int[Array, "candidate"] | None = None, mlp: bool = True
    ) -> Float[Array, "context feature candidate"]:
        """Logits of the targets, or of all tokens, with these heads on (1) and the others off (0), and the MLP on or off."""
        body = self.model.transformer
        block, out = body.h[0], body.h[0].attn.attention.out_proj.weight
        rows = self.model.lm_head.weight if targets is None else self.model.lm_head.weight[torch.from_numpy(targets)]
        with torch.no_grad():
            switch = torch.from_numpy(np.asarray(on, np.float32))[:, None]
            mean = self.z.mean(1, keepdim=True)
            stream = self.direct + F.linear((mean + (self.z - mean) * switch).flatten(2), out)
            through = block.mlp(block.ln_2(stream))
            if not mlp:
                whole = self.direct + F.linear(self.z.flatten(2), out)
                through = block.mlp(block.ln_2(whole)).mean(1, keepdim=True)
            return F.linear(body.ln_f(stream + through), rows).numpy()
