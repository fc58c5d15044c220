"""Beam search: alone as in a batch, as transformers does it, on odd input; and what passes for no translation."""

import numpy as np
import pytest
import torch

from superposition.bottleneck.engine import beam_search, narrowing
from superposition.bottleneck.engine.beam_search import EMPTY, FINE, REPEATING, UNENDED
from superposition.bottleneck.engine.bilingual import pairs
from superposition.bottleneck.engine.marian import END_ID, PAD_ID

ENGLISH = [pair.english for pair in pairs(7, 4)]


def translate(translator, sentences, batch, change=None):
    return beam_search.translate(translator, translator.of_english(sentences), 3, 12, batch, change)


@pytest.mark.parametrize("through", [False, True])
def test_a_sentence_translates_the_same_alone_and_in_any_batch(translator, through):
    way = narrowing.two_linears(16, 8, seed=1, uniform=1.0) if through else None
    alone = translate(translator, ENGLISH, 1, way)
    assert len(set(alone.sentences)) > 2
    for batch in (2, 7):
        together = translate(translator, ENGLISH, batch, way)
        assert together.sentences == alone.sentences and together.fault.tolist() == alone.fault.tolist()
    assert translate(translator, ENGLISH[::-1], 3, way).sentences == alone.sentences[::-1]


def test_without_a_change_it_is_transformers_own_beam_search(translator):
    model = translator.model
    for sentence, found in zip(ENGLISH, translate(translator, ENGLISH, 7).sentences, strict=True):
        own = model.generate(
            input_ids=torch.tensor(translator.of_english([sentence])), num_beams=3, max_new_tokens=12, suppress_tokens=[PAD_ID]
        )
        assert found == translator.to_french([[k for k in own[0].tolist() if k not in (PAD_ID, END_ID)]])[0]


def test_where_nothing_comes_through_all_sentences_of_a_length_translate_alike(translator):
    blocked = narrowing.Bottleneck(torch.zeros(16, 1), torch.zeros(1, 16), torch.ones(16))
    rows = [[5, 9, 30, END_ID], [77, 8, 200, END_ID]]
    assert len(set(beam_search.translate(translator, rows, 3, 12, 2, blocked).sentences)) == 1
    assert len(set(beam_search.translate(translator, rows, 3, 12, 2).sentences)) == 2


def test_empty_padded_and_very_long_input_is_answered(translator):
    rows = [[], [END_ID], [PAD_ID, PAD_ID], *translator.of_english(["", "dog " * 900, ENGLISH[0]])]
    found = beam_search.translate(translator, rows, 3, 12, 3)
    assert found.sentences[:4] == [""] * 4 and found.fault[:4].tolist() == [EMPTY] * 4
    assert found.sentences[4] and found.sentences[5] == translate(translator, ENGLISH[:1], 1).sentences[0]
    assert beam_search.translate(translator, [], 3, 12, 3).sentences == []


@pytest.mark.parametrize(
    ("tokens", "text", "ended", "fault"),
    [
        ([], "", True, EMPTY),
        ([4], " ", True, EMPTY),
        ([5, 6, 7], "a b c", True, FINE),
        ([5, 6, 7], "a b c", False, UNENDED),
        ([5, 7, 7, 7], "a b b b", True, FINE),
        ([7, 7, 7, 7], "b b b b", True, REPEATING),
        ([5, 7, 7, 7, 7, 3], "a b b b b .", True, REPEATING),
        ([5] + [7, 8, 9] * 4, "…", False, REPEATING),
        ([5] + [7, 8, 9] * 3, "…", True, FINE),
        ([1, 2, 3, 4, 5, 6] * 4, "…", True, REPEATING),
        ([1, 2, 3, 4, 5, 6, 7] * 4, "…", True, FINE),
    ],
)
def test_what_is_wrong_with_a_translation_is_told_by_its_tokens(tokens, text, ended, fault):
    assert beam_search.fault(tokens, text, ended) == fault


def test_faults_are_marked_sentence_by_sentence(translator):
    marks = translate(translator, [*ENGLISH, ""], 3).fault
    assert marks.dtype == np.int8 and marks[-1] == EMPTY and set(marks.tolist()) <= {FINE, EMPTY, REPEATING, UNENDED}
