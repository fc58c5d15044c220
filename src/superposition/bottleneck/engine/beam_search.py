"""Translate with beam search, from what the encoder says or through a bottleneck behind it, and mark what is no translation.
A sentence is translated as if it were alone, in whatever batch it stands."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int8
from torch import Tensor

from superposition.bottleneck.engine import marian

Array = np.ndarray
Change = Callable[[Float[Tensor, "row position d"]], Float[Tensor, "row position d"]]

FINE, EMPTY, REPEATING, UNENDED = range(4)
"""What may be wrong with a translation: nothing in it, its end the same few tokens again and again, or no end at all."""
FAULTS = (EMPTY, REPEATING, UNENDED)
_PERIOD, _TIMES = 6, 4  # so many tokens at most, so many times one after another


class Translations(NamedTuple):
    """The sentences, and of each whether it is FINE, or what it is."""

    sentences: list[str]
    fault: Int8[Array, "sentence"]


def translate(
    translator: marian.Translator,
    rows: Sequence[Sequence[int]],
    beams: int,
    limit: int,
    batch: int,
    change: Change | None = None,
) -> Translations:
    """The translations of sentences given as tokens, each of at most `limit` tokens, by a beam search of so many beams.

    `change` is what becomes of the encoder's output on its way to the decoder, such as a bottleneck. A sentence without a
    token, or of nothing but END and padding, has the empty translation."""
    special = {translator.model.config.pad_token_id, translator.model.config.eos_token_id}
    filled = [k for k, row in enumerate(rows) if set(row) - special]
    order = sorted(filled, key=lambda k: len(rows[k]))  # like lengths together: less padding
    given: list[list[int]] = [[] for _ in rows]
    ended = [True] * len(rows)
    for start in range(0, len(order), batch):
        own = order[start : start + batch]
        for k, found in zip(own, _search(translator.model, [rows[k] for k in own], beams, limit, change), strict=True):
            ended[k] = translator.model.config.eos_token_id in found
            given[k] = [token for token in found if token not in special]
    sentences = translator.to_french(given)
    faults = [fault(row, sentence, end) for row, sentence, end in zip(given, sentences, ended, strict=True)]
    return Translations(sentences, np.array(faults, np.int8))


def fault(tokens: Sequence[int], sentence: str, ended: bool) -> int:
    """What is wrong with a translation of these tokens: EMPTY, REPEATING, UNENDED, or FINE.

    It repeats where its last tokens, a full stop apart, are the same one to six tokens at least four times running.

    >>> fault([5, 7, 8, 7, 8, 7, 8, 7, 8], "…", True) == REPEATING
    True
    """
    if not sentence.strip():
        return EMPTY
    for end in (tokens, tokens[:-1]):
        for period in range(1, _PERIOD + 1):
            tail = end[-period * _TIMES :]
            if len(tail) == period * _TIMES and list(tail[period:]) == list(tail[:-period]):
                return REPEATING
    return FINE if ended else UNENDED


def _search(model: Any, rows: Sequence[Sequence[int]], beams: int, limit: int, change: Change | None) -> list[list[int]]:
    """The tokens that the beam search finds for each row, up to and with END, where there is one."""
    from transformers import GenerationConfig
    from transformers.modeling_outputs import BaseModelOutput

    end, pad = model.config.eos_token_id, model.config.pad_token_id
    tokens, mask = marian.padded(rows, pad)
    model.generation_config = GenerationConfig(
        num_beams=beams, max_new_tokens=limit, pad_token_id=pad, eos_token_id=end, suppress_tokens=[pad],
        decoder_start_token_id=model.config.decoder_start_token_id,
    )  # fmt: skip
    with torch.no_grad():
        hidden = marian.encoded(model, tokens, mask)
        found = model.generate(
            encoder_outputs=BaseModelOutput(last_hidden_state=change(hidden) if change else hidden), attention_mask=mask.long()
        )[:, 1:].tolist()
    return [row[: row.index(end) + 1] if end in row else row for row in found]
