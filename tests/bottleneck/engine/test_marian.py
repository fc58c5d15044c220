"""Losses against transformers' own; models from folders, by name and from stored results; what cannot be loaded."""

import warnings

import numpy as np
import pytest
import torch

from superposition.bottleneck.engine import marian
from superposition.bottleneck.engine.marian import END_ID, PAD_ID, padded

ENGLISH = ["the dog sees a ball .", "some old horses find the small apples in the garden .", "a cat ."]
FRENCH = ["le chien voit un ballon .", "des vieux chevaux trouvent les petites pommes dans le jardin .", "un chat ."]


def batch(translator, chosen=slice(None)):
    (english, mask), (french, asked) = (
        padded(rows[chosen], PAD_ID) for rows in (translator.of_english(ENGLISH), translator.of_french(FRENCH))
    )
    hidden = marian.encoded(translator.model, english, mask)
    return english, mask, hidden, french, asked


@torch.no_grad()
def test_the_loss_of_a_token_is_that_of_transformers_own_pass_with_padding_masked(translator):
    english, mask, hidden, french, asked = batch(translator)
    found = marian.nats(translator.model, hidden, mask, french, asked)
    labels = french.masked_fill(~asked, -100)
    theirs = translator.model(input_ids=english, attention_mask=mask.long(), labels=labels)
    assert float(found.mean()) == pytest.approx(float(theirs.loss), rel=1e-5)
    logits = theirs.logits[asked].log_softmax(-1)
    np.testing.assert_allclose(found, -logits[torch.arange(len(logits)), french[asked]], rtol=1e-4)


@torch.no_grad()
def test_a_sentences_losses_are_the_same_alone_and_beside_longer_ones(translator):
    _, mask, hidden, french, asked = batch(translator)
    together = marian.nats(translator.model, hidden, mask, french, asked).split(asked.sum(1).tolist())
    for k in range(3):
        _, mask, hidden, french, asked = batch(translator, slice(k, k + 1))
        np.testing.assert_allclose(marian.nats(translator.model, hidden, mask, french, asked), together[k], atol=1e-5)


def test_what_is_stored_of_a_model_is_the_model_in_half_precision(translator):
    again = marian.of_stacked(marian.stacked(translator.model), n_heads=2, positions=40)
    assert again.config.to_dict() == translator.model.config.to_dict()
    ours, theirs = marian.trained(translator.model), marian.trained(again)
    assert ours.keys() == theirs.keys() and all(torch.equal(p.half().float(), theirs[name]) for name, p in ours.items())
    assert again.lm_head.weight is again.model.shared.weight


def test_sentences_have_tokens_and_back_end_in_end_and_are_cut_where_there_are_no_positions_left(translator):
    (row,) = translator.of_french(["l'étoile « à l'école » est \U0001f600 ."])
    assert row[-1] == END_ID and translator.to_french([row[:-1]]) == ["l'étoile « à l'école » est \U0001f600 ."]
    assert translator.of_english([""]) == [[END_ID]]
    (long,) = translator.of_english(["dog " * 500])
    assert len(long) == translator.longest == 40 and long[-1] == END_ID


@pytest.fixture
def opus(tmp_path):
    """A folder as Helsinki-NLP/opus-mt-en-fr has it: MarianMTModel, and MarianTokenizer with its two sentencepiece models."""
    import json

    import sentencepiece
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    (tmp_path / "text").write_text("\n".join([*ENGLISH, *FRENCH]))
    for side in ("source", "target"):
        sentencepiece.SentencePieceTrainer.train(
            input=str(tmp_path / "text"), model_prefix=str(tmp_path / side), vocab_size=60, minloglevel=2, hard_vocab_limit=False
        )
    names = set()
    for side in ("source", "target"):
        pieces = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / f"{side}.model"))
        names |= {pieces.id_to_piece(k) for k in range(3, pieces.get_piece_size())}
    vocabulary = {name: k for k, name in enumerate(["</s>", "<unk>", *sorted(names), "<pad>"])}
    (tmp_path / "vocab.json").write_text(json.dumps(vocabulary))
    models = (str(tmp_path / name) for name in ("source.model", "target.model", "vocab.json"))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Recommended: pip install sacremoses")
        tokenizer = MarianTokenizer(*models, source_lang="en", target_lang="fr")
    pad = vocabulary["<pad>"]
    model = MarianMTModel(
        MarianConfig(
            vocab_size=len(vocabulary),
            d_model=8,
            encoder_layers=1,
            decoder_layers=1,
            encoder_attention_heads=2,
            decoder_attention_heads=2,
            encoder_ffn_dim=8,
            decoder_ffn_dim=8,
            max_position_embeddings=48,
            scale_embedding=True,
            activation_function="swish",
            pad_token_id=pad,
            decoder_start_token_id=pad,
            eos_token_id=0,
            forced_eos_token_id=0,
        )  # fmt: skip
    )
    folder = tmp_path / "opus"
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder, model, tokenizer


def test_a_folder_of_opus_classes_loads_and_translates_with_its_own_tokenizer(opus):
    folder, model, tokenizer = opus
    from superposition.bottleneck.engine import beam_search

    loaded = marian.load(folder)
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), loaded.model.parameters(), strict=True))
    assert loaded.of_english(ENGLISH) == tokenizer(ENGLISH)["input_ids"]
    assert loaded.of_french(FRENCH) == tokenizer(text_target=FRENCH)["input_ids"]
    assert loaded.to_french(loaded.of_french(FRENCH)) == FRENCH
    assert len(loaded.of_english(["dog " * 500])[0]) == 48
    found = beam_search.translate(loaded, loaded.of_english([*ENGLISH, ""]), 2, 6, 2)
    assert len(found.sentences) == 4 and found.fault[3] == beam_search.EMPTY


def test_a_name_on_a_hub_is_handed_to_transformers_as_it_is(opus, monkeypatch):
    from transformers import AutoTokenizer, MarianMTModel

    folder, model, tokenizer = opus
    asked = []
    original = MarianMTModel.from_pretrained
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(
        MarianMTModel, "from_pretrained", lambda name, **how: asked.append((name, how)) or original(folder, **how)
    )
    monkeypatch.setattr(AutoTokenizer, "from_pretrained", lambda name: tokenizer)
    marian.load("Helsinki-NLP/opus-mt-en-fr")
    assert asked[0][0] == "Helsinki-NLP/opus-mt-en-fr" and asked[0][1]["use_safetensors"]


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("nowhere", "no such experiment or folder, and not a name on a hub"),
        ("./no/where", "no such experiment or folder, and not a name on a hub"),
        ("Helsinki-NLP/opus-mt-en-fr", "HF_HUB_OFFLINE is set, so no hub is asked"),
    ],
)
def test_what_cannot_be_loaded_is_said_in_one_sentence(name, fault, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(marian.TranslatorError, match=fault) as error:
        marian.load(name)
    assert str(error.value).startswith(f"{name}: ")


def test_a_pickled_model_is_refused(translator, tmp_path):
    translator.model.save_pretrained(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    torch.save(translator.model.state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(marian.TranslatorError, match="could not be loaded as a Marian model"):
        marian.load(tmp_path)
