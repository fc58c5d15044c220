"""The byte-level tokenizer: any text there and back, the end of a story apart, and all stories in one line."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from superposition.stories.engine import tokenizer

CODEC = tokenizer.train(["Tom saw a cat. The cat saw Tom."] * 20, 300)


@given(st.text())
def test_any_text_comes_back_from_its_tokens(text):
    if tokenizer.END not in text:
        assert CODEC.decode(CODEC.encode(text).ids) == text


def test_the_first_entry_is_the_end_and_the_next_256_are_the_bytes():
    assert CODEC.id_to_token(0) == tokenizer.END
    assert CODEC.get_vocab_size() <= 300
    assert sorted(len(CODEC.id_to_token(k)) for k in range(1, 257)) == [1] * 256


def test_a_tokenizer_comes_back_from_its_bytes():
    again = tokenizer.of_array(tokenizer.to_array(CODEC))
    assert again.to_str() == CODEC.to_str()


def test_stories_become_one_line_with_an_end_before_between_and_after():
    tokens, characters = tokenizer.encode(CODEC, iter(["Tom saw", "é"]))
    ends = np.flatnonzero(tokens == tokenizer.END_ID)
    assert ends[0] == 0 and ends[-1] == len(tokens) - 1 and len(ends) == 3
    assert CODEC.decode(tokens[1 : ends[1]].tolist()) == "Tom saw"
    assert tokens[ends[1] + 1 : -1].tolist() == CODEC.encode("é").ids
    assert characters == 8


def test_many_stories_are_encoded_as_each_alone():
    stories = [f"Tom saw {k}" for k in range(2500)]
    tokens, characters = tokenizer.encode(CODEC, stories)
    alone = [0] + [token for story in stories for token in [*CODEC.encode(story).ids, 0]]
    assert tokens.tolist() == alone and characters == sum(map(len, stories))


def test_no_story_at_all_is_one_end():
    assert tokenizer.encode(CODEC, [])[0].tolist() == [0]
