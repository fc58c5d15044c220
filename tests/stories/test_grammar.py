"""The grammar's stories and the features that are known in them."""

import re

import numpy as np
import pytest

from superposition.stories.engine import grammar, tokenizer

STORIES = list(grammar.stories(400, [0]))


def words(story):
    """Each word with its place, and the sentence that it stands in."""
    return [(word.start(), word.end(), word[0]) for word in re.finditer(r"\w+", story.text)]


def test_a_story_follows_its_seed_and_a_longer_list_begins_as_a_shorter_one():
    assert list(grammar.stories(5, [0])) == STORIES[:5]
    assert list(grammar.stories(5, [1])) != STORIES[:5]
    assert len({story.text for story in STORIES}) > 390


def test_stories_are_plain_sentences():
    for story in STORIES:
        assert re.fullmatch(r"([A-Z\"][\w ,\"]+[.!?]\"? ?)+", story.text), story.text
        assert "{" not in story.text and "  " not in story.text


@pytest.mark.parametrize("slot", grammar.SLOTS)
def test_values_are_drawn_as_one_over_their_rank(slot):
    drawn = [story.values[slot] for story in grammar.stories(4000, [7])]
    values = grammar.SLOTS[slot]
    expected = 1 / np.arange(1, len(values) + 1)
    expected /= expected.sum()
    if slot != "friend":  # who is drawn again where hero and friend are one
        np.testing.assert_allclose([drawn.count(value) / 4000 for value in values], expected, atol=0.035)
    assert set(drawn) == set(values)


def test_hero_and_friend_are_two():
    assert all(story.values["hero"] != story.values["friend"] for story in STORIES)


def test_a_feature_is_in_play_from_the_word_that_refers_to_it_to_the_end_of_its_sentence():
    story = grammar.Story(
        "Tom had a red kite. He flew it.",
        {"hero": "Tom", "friend": "Sue", "place": "park", "thing": "kite", "colour": "red", "feeling": "sad"},
        ((0, 19, "hero"), (10, 19, "colour"), (14, 19, "thing"), (20, 31, "hero"), (23, 31, "thing")),
    )
    ends = np.array([3, 7, 9, 13, 18, 19, 22, 27, 30, 31])  # Tom had a red kite . He flew it .
    names = [{grammar.FEATURES[k] for k in np.flatnonzero(row)} for row in story.features(ends)]
    hero, all_ = {"hero=Tom"}, {"hero=Tom", "colour=red", "thing=kite"}
    both = {"hero=Tom", "thing=kite"}
    assert names == [hero, hero, hero, hero | {"colour=red"}, all_, all_, hero, both, both, both]


def test_nothing_is_in_play_before_its_value_could_be_known():
    """Every value in play has been named, or told by a word that no other value has."""
    telling = grammar.DOES | grammar.MEETS | grammar.SHOWS
    for story in STORIES:
        ends = np.array([end for _, end, _ in words(story)])
        for end, active in zip(ends, story.features(ends), strict=True):
            for column in np.flatnonzero(active):
                value = grammar.FEATURES[column].partition("=")[2]
                told = telling.get(value, value).split()[0]
                assert value in story.text[:end] or told in story.text[:end]


def test_words_that_stand_for_a_value_stand_for_it_alone():
    for table, slot in ((grammar.DOES, "thing"), (grammar.MEETS, "place"), (grammar.SHOWS, "feeling")):
        assert set(table) == set(grammar.SLOTS[slot])
        assert len(set(table.values())) == len(table)


def test_every_feature_occurs_and_none_is_always_in_play():
    rows = [story.features(np.array([end for _, end, _ in words(story)])) for story in grammar.stories(3000, [0])]
    share = np.concatenate(rows).mean(0)
    assert (share > 0).all() and (share < 0.5).all()


def test_the_words_of_the_grammar_are_tokens_of_a_tokenizer_trained_on_it():
    codec = tokenizer.train((story.text for story in STORIES), 1024)
    encoding = codec.encode(STORIES[0].text)
    whole = sum(token.removeprefix("Ġ").isalpha() for token in encoding.tokens)
    assert whole == len(words(STORIES[0]))
