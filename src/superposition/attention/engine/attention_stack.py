"""Stacks of one-layer attention-only models without positions or layer norm, on one-hot tokens, trained at once.
A context is a bag of tokens, so a head's attention is a table, tokens by tokens, weighted by how often each occurs."""

import math
from dataclasses import dataclass, fields

import torch
from jaxtyping import Float
from torch import Tensor

from superposition.attention.engine.skip_trigrams import Contexts
from superposition.training import AdamW


@dataclass
class Heads:
    """The weights of a stack of models, by TransformerLens' names; embedding and unembedding are the identity.

    `direct` is what the last token alone adds to the logits: the identity where embedding and unembedding are all there is,
    as in cmathw/gated-attn, and 0 where that path is cut."""

    W_Q: Float[Tensor, "model head token d_head"]
    W_K: Float[Tensor, "model head token d_head"]
    W_V: Float[Tensor, "model head token d_head"]
    W_O: Float[Tensor, "model head d_head token"]
    b_Q: Float[Tensor, "model head d_head"]
    b_K: Float[Tensor, "model head d_head"]
    b_V: Float[Tensor, "model head d_head"]
    direct: Float[Tensor, "model token token"]

    @classmethod
    def create(cls, models: int, heads: int, tokens: int, d_head: int, generator: torch.Generator) -> "Heads":
        """Xavier's normal start of the weights, as cmathw/gated-attn has it, biases and the direct path at zero."""
        deviation = (2 / (tokens * d_head + heads * d_head)) ** 0.5  # as torch counts the fans of a (head, token, d_head)
        draw = lambda *shape: torch.randn(models, heads, *shape, generator=generator) * deviation
        weights = [draw(tokens, d_head) for _ in range(3)] + [draw(d_head, tokens)]
        return cls(*weights, *(torch.zeros(models, heads, d_head) for _ in range(3)), torch.zeros(models, tokens, tokens))

    @property
    def parameters(self) -> list[Tensor]:
        """All weights, the direct path last."""
        return [getattr(self, field.name) for field in fields(self)]

    def pattern(self) -> Float[Tensor, "model head last token"]:
        """How much attention a single token of each kind gets from each last token, relative to the one with the most.

        None is zero, so that any context has some to share out."""
        query, key = self.W_Q + self.b_Q[:, :, None], self.W_K + self.b_K[:, :, None]
        scores = query @ key.mT / query.shape[-1] ** 0.5
        least = 0.95 * math.log(torch.finfo(scores.dtype).tiny)
        return (scores - scores.amax(-1, keepdim=True)).clamp(min=least).exp()

    def z(self, counts: Float[Tensor, "last context token"]) -> Float[Tensor, "model last context head d_head"]:
        """What each head takes from each context: the mean of the values by attention."""
        models, heads, tokens, d_head = self.W_V.shape
        value = self.W_V + self.b_V[:, :, None]
        weighed = torch.cat([value, torch.ones_like(value[..., :1])], -1)[:, :, None] * self.pattern()[..., None]
        sums = torch.bmm(counts.to(weighed.dtype), weighed.permute(2, 3, 0, 1, 4).reshape(tokens, tokens, -1))
        sums = sums.reshape(*counts.shape[:2], models, heads, d_head + 1).permute(2, 0, 1, 3, 4)
        return sums[..., :-1] / sums[..., -1:]

    def logits(self, counts: Float[Tensor, "last context token"]) -> Float[Tensor, "model last context token"]:
        """What the models say of every context."""
        z = self.z(counts)
        said = torch.bmm(z.reshape(len(z), -1, self.W_O.shape[1] * self.W_O.shape[2]), self.W_O.flatten(1, 2))
        return said.reshape(*z.shape[:3], -1) + self.direct[:, :, None]

    def losses(self, contexts: Contexts) -> Float[Tensor, "model last context"]:
        """The cross-entropy (nats) in every context, expected over what comes next."""
        logits = self.logits(contexts.counts)
        return logits.logsumexp(-1) - (logits * contexts.next).sum(-1)

    def loss(self, contexts: Contexts) -> Float[Tensor, "model"]:
        """Its mean over contexts, each last token as often as it comes."""
        each = self.losses(contexts).mean(-1)
        return each @ contexts.share.to(each.dtype)

    def missed(self, contexts: Contexts) -> Float[Tensor, "model"]:
        """The loss above the least there can be, over that of a model that says nothing: 0 is perfect, 1 nothing learnt."""
        tokens, share = self.W_O.shape[-1], contexts.share.double()
        silent = share @ (math.log(tokens) - contexts.entropy).mean(-1)
        return (self.losses(contexts).double() - contexts.entropy).mean(-1) @ share / silent


def train(
    stack: Heads, contexts: Contexts, batch: int, steps: int, rates: Float[Tensor, "model"], generator: torch.Generator,
    schedule: str = "cosine", direct: bool = False,
) -> None:  # fmt: skip
    """Train a stack in place with Adam, each model at its own rate, on `batch` contexts for every last token at each step.

    `direct`: whether the direct path is trained too."""
    parameters = stack.parameters if direct else stack.parameters[:-1]
    first, second = ([torch.zeros_like(p) for p in parameters] for _ in range(2))
    shaped = [rates.reshape(-1, *[1] * (p.dim() - 1)) for p in parameters]
    beta1, beta2, eps = 0.9, 0.999, 1e-8
    for step, scale in enumerate(AdamW(1.0, schedule=schedule).rates(steps)):
        for p in parameters:
            p.requires_grad_(True)
        some = contexts.some(batch, generator)
        gradients = torch.autograd.grad(stack.loss(some).sum(), parameters)
        for p in parameters:
            p.requires_grad_(False)
        torch._foreach_lerp_(first, gradients, 1 - beta1)
        torch._foreach_mul_(second, beta2)
        torch._foreach_addcmul_(second, gradients, gradients, 1 - beta2)
        root = torch._foreach_sqrt(second)
        torch._foreach_div_(root, (1 - beta2 ** (step + 1)) ** 0.5)
        torch._foreach_add_(root, eps)
        move = torch._foreach_div(first, root)
        torch._foreach_mul_(move, shaped)
        torch._foreach_add_(parameters, move, alpha=-scale / (1 - beta1 ** (step + 1)))
