"""The tokenizer that goes with a source of stories."""

from typing import Any

import tokenizers

from superposition import runs
from superposition.stories.engine import text, tokenizer


def codec(config: Any) -> tokenizers.Tokenizer:
    """The stored one for the real text; one of its own for the grammar, whose words are few."""
    if config.source == "text":
        return tokenizer.of_array(runs.load("stories/corpus")["tokenizer"])
    return tokenizer.train(text.read("grammar", "train", config.n_stories, config.seed), config.n_entries)
