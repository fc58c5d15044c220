"""A byte-level tokenizer of our own: byte-pair merges learned from the stories, so that every text has tokens and back.
Its first entry marks the beginning and the end of a story."""

from collections.abc import Iterable
from itertools import islice

import numpy as np
import tokenizers
from jaxtyping import UInt8, UInt16
from tokenizers import decoders, models, pre_tokenizers, trainers

Array = np.ndarray
END = "<|endoftext|>"
END_ID = 0


def train(stories: Iterable[str], n_entries: int) -> tokenizers.Tokenizer:
    """A tokenizer of at most `n_entries`: the end of a story, the 256 bytes, and the most frequent merges."""
    codec = tokenizers.Tokenizer(models.BPE())
    codec.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    codec.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=n_entries, special_tokens=[END], initial_alphabet=alphabet, show_progress=False)
    codec.train_from_iterator(stories, trainer)
    return codec


def to_array(codec: tokenizers.Tokenizer) -> UInt8[Array, "byte"]:
    """The bytes of its tokenizer.json."""
    return np.frombuffer(codec.to_str().encode(), np.uint8)


def of_array(data: UInt8[Array, "byte"]) -> tokenizers.Tokenizer:
    """The tokenizer of these bytes."""
    return tokenizers.Tokenizer.from_str(data.tobytes().decode())


def encode(codec: tokenizers.Tokenizer, stories: Iterable[str]) -> tuple[UInt16[Array, "token"], int]:
    """All stories in one line, END before, between and after them; and how many characters they have, which END has none of."""
    pieces, characters = [np.array([END_ID], np.uint16)], 0
    waiting = iter(stories)
    while some := list(islice(waiting, 1000)):
        characters += sum(map(len, some))
        for encoding in codec.encode_batch_fast(some, add_special_tokens=False):
            pieces.append(np.array([*encoding.ids, END_ID], np.uint16))
    return np.concatenate(pieces), characters
