"""What the coming of an A changes in what each head says, rule by rule; and what the loss of a head costs each rule."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from superposition import formulas, sharing
from superposition.attention.engine.attention_stack import Heads
from superposition.attention.engine.skip_trigrams import A, Contexts

Array = np.ndarray
EFFECTS = ("turn", "right logit", "loss, at its mean", "loss, zeroed", "loss, resampled")
MEASURES = (*sharing.MEASURES, "overlap")


def said(stack: Heads, counts: Float[Tensor, "last context token"]) -> Float[Tensor, "model last context head token"]:
    """What each head adds to the logits in every context, over their mean."""
    each = stack.z(counts)[..., None] * stack.W_O[:, None, None]
    each = each.sum(-2)
    return each - each.mean(-1, keepdim=True)


def paired(contexts: Contexts, each: int) -> tuple[Float[Tensor, "last context token"], Float[Tensor, "last context token"]]:
    """The same contexts with every token in turn at their end, as they come with an A, and with their A taken out."""
    before = contexts.counts[1][contexts.forced[1]][:each].clone()
    before[:, 1] -= 1
    tokens = contexts.counts.shape[-1]
    with_a = before[None] + torch.eye(tokens)[:, None]
    without = with_a.clone()
    without[1:, :, A] = 0
    return with_a, without


def turns(stack: Heads, rules: int, contexts: Contexts, each: int) -> dict[str, Array]:
    """Of every model: how much each head turns for each rule, how far each tells rules apart, how loud heads are without A.

    `turn` is the length of the change that an A brings (nats), `strength` the same of heads of one dimension with its sign,
    each head's mostly positive; `told` as in `sharing.recognised`; `loud` is what heads say without A over what they say with
    it, in lengths."""
    own = slice(1, rules + 1)
    with_a, without = (said(stack, counts)[:, own] for counts in paired(contexts, each))
    change = (with_a - without).mean(2)
    length = change.norm(dim=-1)
    along = torch.einsum("mrht,mht->mrh", change, stack.W_O.sum(2) - stack.W_O.sum(2).mean(-1, keepdim=True))
    signed = length * along.sign()
    signed = signed * signed.sum(1, keepdim=True).sign()
    candidates = with_a[..., rules + 1 : 2 * rules + 1].permute(0, 3, 2, 1, 4)
    loud = without.norm(dim=-1).sum((1, 2, 3)) / with_a.norm(dim=-1).sum((1, 2, 3))
    ties = np.random.default_rng(0).standard_normal(candidates.shape) * 1e-5 * float(candidates.abs().max())  # fall by lot
    told = sharing.recognised(candidates.numpy() + ties)
    return {
        "turn": length.numpy(), "strength": signed.numpy(), "told": told.swapaxes(-1, -2), "loud": loud.numpy(),
        "rank": formulas.effective_rank(change.flatten(2).numpy()),
    }  # fmt: skip


def effects(stack: Heads, rules: int, contexts: Contexts, generator: torch.Generator) -> Float[Array, "effect model rule head"]:
    """What each rule has of each head, EFFECTS but the first: its part of the right logit where the rule applies, over its mean,
    and how much the loss (nats) rises in contexts with the rule's B when the head is off."""
    own, each = slice(1, rules + 1), said(stack, contexts.counts)
    weight = contexts.share.to(each.dtype)
    mean = torch.einsum("mlcht,l->mht", each, weight / each.shape[2])[:, None, None]
    here, following = each[:, own], contexts.next[own].to(each.dtype)
    whole = here.sum(3) + stack.direct[:, own, None]
    other = torch.multinomial(contexts.share, here.shape[1] * here.shape[2], True, generator=generator)
    context = torch.randint(here.shape[2], other.shape, generator=generator)
    resampled = each[:, other, context].reshape(here.shape)
    loss = lambda logits: (logits.logsumexp(-1) - (logits * following).sum(-1)).mean(-1)
    lost = []
    for instead in (mean.expand_as(here), torch.zeros_like(here), resampled):
        without = [loss(whole - here[:, :, :, h] + instead[:, :, :, h]) - loss(whole) for h in range(here.shape[3])]
        lost.append(torch.stack(without, -1))
    forced = contexts.forced[own].to(each.dtype)
    right = torch.einsum("mrchr->mrch", (here - mean)[..., rules + 1 : 2 * rules + 1])
    right = torch.einsum("mrch,rc->mrh", right, forced / forced.sum(-1, keepdim=True))
    return torch.stack([right, *lost]).numpy()


def measured(effect: Float[Array, "*batch rule head"]) -> Float[Array, "*batch measure"]:
    """The MEASURES of effects."""
    return np.concatenate([sharing.measured(effect), np.asarray(sharing.overlap(effect))[..., None]], -1)
