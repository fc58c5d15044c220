"""The tokens of single stories, and what a model's MLP takes in and gives out at each of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tokenizers
import torch
from jaxtyping import Bool, Float, Int

from superposition.stories.engine import grammar, tokenizer

Array = np.ndarray


def rows(
    codec: tokenizers.Tokenizer, texts: Sequence[str], context: int
) -> tuple[Int[Array, "story position"], Bool[Array, "story position"]]:
    """Each story's tokens in a row of its own, after an END, cut at the context; and which of the places are taken."""
    tokens = np.full((len(texts), context), tokenizer.END_ID, np.int64)
    taken = np.zeros(tokens.shape, bool)
    for k, encoding in enumerate(codec.encode_batch(list(texts), add_special_tokens=False)):
        ids = [tokenizer.END_ID, *encoding.ids][:context]
        tokens[k, : len(ids)], taken[k, : len(ids)] = ids, True
    return tokens, taken


def needed(codec: tokenizers.Tokenizer, stories: Sequence[grammar.Story], context: int) -> Bool[Array, "story position feature"]:
    """At which places of `rows` the next token begins a word that follows from a value the story has told, and from which.

    There a reader who has the value can tell what comes next, and one who has not can't."""
    active = np.zeros((len(stories), context, len(grammar.FEATURES)), bool)
    for k, story in enumerate(stories):
        ends = np.array([end for _, end in codec.encode(story.text, add_special_tokens=False).offsets])
        told = set()
        for at, _, slot in sorted(story.mentions):
            place = np.searchsorted(ends, at, side="right")  # of the token before it, behind the END
            if slot in told and place < context:
                active[k, place, grammar.FEATURES.index(f"{slot}={story.values[slot]}")] = True
            told.add(slot)
    return active


def mlp(
    model: Any, tokens: Int[Array, "story position"], taken: Bool[Array, "story position"], layer: int = 0, batch: int = 64
) -> tuple[Float[Array, "token d_model"], Float[Array, "token d_mlp"]]:
    """What a layer's MLP takes in, behind its layer norm, and what its neurons give, at every place taken."""
    found: dict[str, list[Array]] = {"in": [], "out": []}
    block = model.transformer.h[layer]
    hooks = [
        module.register_forward_hook(lambda _, __, output, key=key: found[key].append(output.numpy()[here]))
        for key, module in (("in", block.ln_2), ("out", block.mlp.act))
    ]
    try:
        with torch.no_grad():
            for start in range(0, len(tokens), batch):
                here = taken[start : start + batch]
                model.transformer(torch.from_numpy(tokens[start : start + batch]), use_cache=False)
    finally:
        for hook in hooks:
            hook.remove()
    return np.concatenate(found["in"]), np.concatenate(found["out"])
