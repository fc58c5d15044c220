"""The small translator: what is said of it is said of what is stored, and no sentence is."""

import numpy as np
import pytest
import sacrebleu
import tokenizers

from superposition import configs, runs
from superposition.bottleneck import translator
from superposition.bottleneck.engine import beam_search, marian, pairs


@pytest.fixture(scope="module")
def trained():
    config = configs.read("bottleneck/translator").quick.model_copy(
        update={"epochs": 12, "n_train": 120, "lr": 0.02, "n_valid": 12}
    )
    return config, *translator.run(config, runs.Job())


def test_bleu_chrf_and_faults_are_those_of_the_stored_weights(trained):
    config, arrays, metrics = trained
    model = marian.of_stacked({name: arrays[name] for name in marian.PARAMETERS}, config.n_heads, config.positions)
    own = marian.ours(model, tokenizers.Tokenizer.from_str(arrays["tokenizer"].tobytes().decode()))
    counts = {"train": config.n_train, "val": config.n_valid, "test_2016_flickr": config.n_test}
    english, french = pairs.read("grammar", counts, config.seed)["test_2016_flickr"]
    found = beam_search.translate(own, own.of_english(english), config.beams, config.limit, 3)
    assert metrics["chrF"] == pytest.approx(sacrebleu.CHRF().corpus_score(found.sentences, [french]).score)
    assert metrics["BLEU"] == pytest.approx(sacrebleu.BLEU().corpus_score(found.sentences, [french]).score)
    assert metrics["chrF"] > 15 and metrics["degenerate translations"] == (found.fault > 0).sum()
    np.testing.assert_array_equal(arrays["fault"], found.fault)


def test_the_translator_learns_more_than_which_words_are_frequent(trained):
    config, arrays, metrics = trained
    frequencies = np.log(config.n_entries)
    assert metrics["validation loss, nats a token"] < 0.6 * frequencies < arrays["valid_loss"][0]


def test_of_the_sentences_only_pieces_of_words_are_stored(trained):
    config, arrays, _ = trained
    stored = b"".join(array.tobytes() for array in arrays.values()) + arrays["tokenizer"].tobytes().replace("Ġ".encode(), b" ")
    counts = {"train": config.n_train, "val": config.n_valid, "test_2016_flickr": config.n_test}
    for english, french in pairs.read("grammar", counts, config.seed).values():
        assert not [text for text in (*english, *french) if text.encode() in stored]


def test_without_the_real_pairs_a_full_run_ends_in_one_sentence(monkeypatch):
    monkeypatch.delenv(pairs.VARIABLE, raising=False)
    with pytest.raises(
        pairs.PairsError, match="^the real sentence pairs are wanted, and no path to them is given: set SUPERPOSITION_"
    ):
        translator.run(configs.read("bottleneck/translator").full, runs.Job())
