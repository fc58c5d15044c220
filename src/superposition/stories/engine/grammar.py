"""A small probabilistic grammar of stories whose features are known, token by token.
A story draws a value for each slot (who, with whom, where, what, its colour, a feeling), and its sentences refer to them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Integer

Array = np.ndarray

# Values of each slot, the most frequent first: the k-th has a probability proportional to 1 / (k + 1).
GIRLS = ("Lily", "Mia", "Sue", "Anna", "Lucy", "Jane", "Zoe", "Amy")
BOYS = ("Tom", "Tim", "Ben", "Max", "Sam", "Jack", "Leo", "Bob")
NAMES = tuple(name for pair in zip(GIRLS, BOYS, strict=True) for name in pair)
SLOTS = {
    "hero": NAMES,
    "friend": NAMES,
    "place": ("park", "garden", "house", "forest", "beach", "school", "farm", "zoo"),
    "thing": ("ball", "doll", "book", "kite", "cake", "car", "drum", "hat", "boat", "flower", "bike", "apple"),
    "colour": ("red", "blue", "green", "yellow", "pink", "white", "brown", "black"),
    "feeling": ("happy", "sad", "scared", "angry", "tired", "hungry", "proud", "sick"),
}
FEATURES = tuple(f"{slot}={value}" for slot, values in SLOTS.items() for value in values)

# What one does with a thing, what one meets in a place, what a feeling makes one do: words that follow from a slot's value.
DOES = {
    "ball": "kicked", "doll": "hugged", "book": "read", "kite": "flew", "cake": "ate", "car": "drove",
    "drum": "hit", "hat": "wore", "boat": "sailed", "flower": "smelled", "bike": "rode", "apple": "bit",
}  # fmt: skip
MEETS = {
    "park": "swing", "garden": "bee", "house": "cat", "forest": "owl", "beach": "crab", "school": "teacher",
    "farm": "cow", "zoo": "lion",
}  # fmt: skip
SHOWS = {
    "happy": "laughed and danced", "sad": "cried and cried", "scared": "hid and shook", "angry": "shouted and stamped",
    "tired": "yawned and slept", "hungry": "looked for food", "proud": "stood up tall", "sick": "went to bed",
}  # fmt: skip

# A story is one sentence of each row, in order, where `None` is none; what stands in braces refers to the slot before the dot.
PLOT = (
    ("Once upon a time there was a {hero.kind} named {hero}.", "One day, a {hero.kind} named {hero} was at the {place}."),
    ("{hero.He} went to the {place}.", "{hero.He} liked to play at the {place}.", None),
    ("There was a {place.meets} at the {place}.", "{hero} saw a {place.meets}.", None),
    ("{hero.He} found a {colour} {thing}.", "{hero} had a {colour} {thing}.", "On the ground was a {colour} {thing}."),
    ("{hero.He} {thing.does} the {thing}.", "{hero} {thing.does} the {colour} {thing} all day.", None),
    ("Then {friend} came.", "{hero} had a friend named {friend}.", "{hero.His} friend {friend} was there too."),
    ("{friend} {thing.does} the {thing} with {hero}.", "{friend} said, \"I like the {colour} {thing}, {hero}!\"", None),
    ("{hero.He} felt {feeling}.", "{hero} was very {feeling}.", "But {hero} was {feeling}."),
    ("{hero.He} {feeling.shows}.", "{hero} {feeling.shows} with {friend}.", None),
    ("{friend} said, \"Why are you {feeling}, {hero}?\"", "{friend} saw that {hero} was {feeling}.", None),
    ("{friend} gave {hero} the {thing}.", "{hero} gave {friend} the {colour} {thing}.", None),
    ("They went home from the {place}.", "{hero} and {friend} played with the {thing}.", "The {place.meets} went away."),
    ("The end.", "{hero} loved the {colour} {thing}.", "{hero} and {friend} were friends.", None),
)  # fmt: skip


@dataclass(frozen=True)
class Story:
    """A story's text, and where in it which features are in play.

    `values` holds each slot's value. A mention (at, until, slot) puts the slot in play from the character at which the
    word that refers to it starts to that at which its sentence ends: nothing is in play before a reader could know it.
    A pronoun is always the hero's."""

    text: str
    values: dict[str, str]
    mentions: tuple[tuple[int, int, str], ...]

    def features(self, ends: Integer[Array, "token"]) -> Bool[Array, "token feature"]:
        """Which of FEATURES are in play at the tokens whose last characters end there (exclusive)."""
        active = np.zeros((len(ends), len(FEATURES)), bool)
        for at, until, slot in self.mentions:
            column = FEATURES.index(f"{slot}={self.values[slot]}")
            active[:, column] |= (ends > at) & (ends <= until)
        return active


def stories(count: int, seed: Sequence[int]) -> Iterator[Story]:
    """So many stories, each drawn from its own generator, so that a longer list begins as a shorter one does."""
    for index in range(count):
        yield story(np.random.default_rng([*map(int, seed), index]))


def story(rng: np.random.Generator) -> Story:
    """One story."""
    values = {slot: _pick(rng, options) for slot, options in SLOTS.items()}
    while values["friend"] == values["hero"]:
        values["friend"] = _pick(rng, NAMES)
    text, mentions = "", []
    for row in PLOT:
        sentence = row[rng.integers(len(row))]
        if sentence is not None:
            text, own = _told(sentence, values, text + " " if text else "")
            mentions += [(at, len(text), slot) for at, slot in own]
    return Story(text, values, tuple(mentions))


def _pick(rng, options):
    weights = 1 / np.arange(1, len(options) + 1)
    return options[rng.choice(len(options), p=weights / weights.sum())]


def _told(sentence, values, text):
    """The text with the sentence at its end, and where each slot is mentioned in it."""
    mentions = []
    for piece in sentence.split("{"):
        reference, brace, rest = piece.partition("}")
        if brace:
            slot, _, form = reference.partition(".")
            if form != "kind":  # a girl may be any of eight
                mentions.append((len(text), slot))
            text += _word(values[slot], form) + rest
        else:
            text += piece
    return text, mentions


def _word(value, form):
    girl = value in GIRLS
    forms = {"kind": ("boy", "girl"), "He": ("He", "She"), "His": ("His", "Her")}
    if form in forms:
        return forms[form][girl]
    return {"": {}, "does": DOES, "meets": MEETS, "shows": SHOWS}[form].get(value, value)
