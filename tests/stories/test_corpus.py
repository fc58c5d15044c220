"""What is counted of the stories, on made-up ones; and what is stored of the real ones."""

import numpy as np
import pytest

from superposition import runs
from superposition.stories import corpus
from superposition.stories.engine import text, tokenizer


def config(**changes):
    return corpus.Config(**{"source": "text", "n_stories": 100, "n_entries": 300, "longest": 9} | changes)


def test_stories_characters_and_tokens_are_counted_and_repeated_stories_once(tmp_path, monkeypatch):
    train = ["A cat.", "A dog.", "A cat.", "A cat and a dog and another cat."]
    for split, stories in (("train", train), ("valid", ["A dog."])):
        (tmp_path / f"TinyStories-{split}.txt").write_text("".join(f"{story}\n<|endoftext|>\n" for story in stories))
    monkeypatch.setenv(text.VARIABLE, str(tmp_path))
    arrays, metrics = corpus.run(config(), runs.Job())
    codec = tokenizer.of_array(arrays["tokenizer"])
    each = [codec.encode(story).ids for story in (train[0], train[1], train[3])]
    assert arrays["stories"].tolist() == [3, 1] and arrays["repeated"].tolist() == [1, 0]
    assert arrays["characters"].tolist() == [44, 6]
    assert arrays["tokens"].tolist() == [sum(map(len, each)) + 3, len(each[1]) + 1]
    assert arrays["length"][0].tolist() == np.bincount([min(len(ids), 9) for ids in each], minlength=10).tolist()
    assert arrays["frequency"][0, 1:].tolist() == np.bincount(sum(each, []), minlength=codec.get_vocab_size())[1:].tolist()
    assert metrics["characters a token"] == pytest.approx(44 / sum(map(len, each)))


def test_a_full_run_without_a_path_ends_in_one_line_that_says_what_is_wanted(monkeypatch):
    monkeypatch.delenv(text.VARIABLE, raising=False)
    with pytest.raises(text.TextError, match="set SUPERPOSITION_TINYSTORIES to the folder of TinyStories-train.txt") as caught:
        corpus.run(config(), runs.Job())
    assert "\n" not in str(caught.value)


def test_the_stored_counts_agree_with_each_other():
    stored = runs.load("stories/corpus")
    assert (stored["length"].sum(1) == stored["stories"]).all()
    assert (stored["frequency"].sum(1) == stored["tokens"] + 1).all()
    assert (stored["frequency"][:, tokenizer.END_ID] == stored["stories"] + 1).all()
    codec = tokenizer.of_array(stored["tokenizer"])
    assert codec.get_vocab_size() == stored.config.n_entries == stored["frequency"].shape[1]
    assert codec.decode(codec.encode("Zoë’s cat — 猫 — sat.").ids) == "Zoë’s cat — 猫 — sat."
