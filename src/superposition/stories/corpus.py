"""The stories that the language models read, counted, and the tokenizer that is learned from them.
Of the text itself only counts are stored."""

import numpy as np

from superposition import runs
from superposition.stories.engine import text, tokenizer

Array = np.ndarray
SPLITS = ("train", "valid")


class Config(runs.Config):
    source: text.Source
    n_stories: int
    n_entries: int
    longest: int


SCHEMA = {
    "tokenizer": "byte",
    "stories": "split",
    "repeated": "split",
    "characters": "split",
    "tokens": "split",
    "frequency": "split d_vocab",
    "length": "split length",
}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Learn the tokenizer from the training stories, and count stories and tokens of both splits."""
    codec = tokenizer.train(text.read(config.source, "train", config.n_stories, config.seed), config.n_entries)
    counts = [_count(text.read(config.source, split, config.n_stories, config.seed), codec, config.longest) for split in SPLITS]
    arrays = {name: np.stack([count[name] for count in counts]) for name in counts[0]}
    metrics = {
        f"{name}, {split}": float(arrays[name][k]) for name in ("stories", "repeated", "tokens") for k, split in enumerate(SPLITS)
    }
    metrics["characters a token"] = float(arrays["characters"][0] / (arrays["tokens"] - arrays["stories"])[0])
    return arrays | {"tokenizer": tokenizer.to_array(codec)}, metrics


def _count(stories, codec, longest):
    """What there is in one split; `length` counts the stories of so many tokens, the last entry those of more, too."""
    tokens, characters = tokenizer.encode(codec, stories)
    ends = np.flatnonzero(tokens == tokenizer.END_ID)
    lengths = np.diff(ends) - 1
    return {
        "stories": np.array(len(lengths)), "repeated": np.array(stories.repeated), "characters": np.array(characters),
        "tokens": np.array(len(tokens) - 1), "frequency": np.bincount(tokens, minlength=codec.get_vocab_size()),
        "length": np.bincount(lengths.clip(max=longest), minlength=longest + 1),
    }  # fmt: skip
