"""A sibling end to end: what is stored is what was trained, and transformers and TransformerLens load it."""

import numpy as np
import pytest
import torch

from superposition import runs, stories
from superposition.stories import train
from superposition.stories.engine import corpora, models, pretraining, text, tokenizer


def schedule(config):
    return pretraining.Schedule(**{name: getattr(config, name) for name in pretraining.Schedule.__annotations__})


def test_the_stored_loss_is_that_of_the_stored_weights(tiny):
    codec, config = tokenizer.of_array(tiny["tokenizer"]), tiny.config
    tokens, characters = tokenizer.encode(codec, text.read("grammar", "valid", config.n_stories, config.seed))
    assert (tiny["valid_tokens"], tiny["valid_characters"]) == (len(tokens) - 1, characters)
    for seed in range(2):
        loss = pretraining.evaluate(stories.load("stories/tiny", seed), tokens, schedule(config))
        assert loss.mean() == pytest.approx(tiny["valid_loss"][seed, -1], rel=1e-6)
        np.testing.assert_allclose(loss.reshape(-1, 16).mean(0), tiny["position_loss"][seed], rtol=1e-5)


def test_the_loss_falls_and_is_told_a_token_and_a_character(tiny):
    assert (tiny["valid_loss"][:, -1] < tiny["valid_loss"][:, 0] - 1).all()
    tokens, characters = (tiny.record["metrics"][f"validation loss, nats a {unit}"] for unit in ("token", "character"))
    assert tokens == pytest.approx(tiny["valid_loss"][:, -1].mean())
    assert characters / tokens == pytest.approx(tiny["valid_tokens"] / tiny["valid_characters"])


def test_each_seed_is_another_model(tiny):
    assert (tiny["h.mlp.c_fc.weight"][0] != tiny["h.mlp.c_fc.weight"][1]).mean() > 0.9


def test_no_text_is_stored_and_what_is_drawn_is_what_the_stored_model_draws(tiny):
    assert "sample" not in tiny.arrays
    ids = pretraining.sample(stories.load("stories/tiny", 1), 1, 20, tiny.config.seed + 1)[0].tolist()
    assert train.drawn(tiny, 20, seed=1) == tokenizer.of_array(tiny["tokenizer"]).decode(ids, skip_special_tokens=True)


def test_the_exported_folder_loads_with_transformers_and_its_tokenizer(tiny, tmp_path):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    stories.export("stories/tiny", tmp_path / "model")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "model", dtype=torch.float32)
    tokens = torch.tensor([[0, 5, 300, 17]])
    with torch.no_grad():
        np.testing.assert_array_equal(model(tokens).logits, stories.load("stories/tiny")(tokens).logits)
    codec = AutoTokenizer.from_pretrained(tmp_path / "model")
    assert codec("Tom felt sad.")["input_ids"] == tokenizer.of_array(tiny["tokenizer"]).encode("Tom felt sad.").ids
    assert (codec.bos_token_id, codec.eos_token_id) == (tokenizer.END_ID, tokenizer.END_ID)
    assert {path.suffix for path in (tmp_path / "model").iterdir()} <= {".json", ".safetensors", ".jinja"}


def test_transformer_lens_boots_the_exported_folder(tiny, tmp_path):
    from transformer_lens.model_bridge import TransformerBridge

    stories.export("stories/tiny", tmp_path / "model")
    bridge = TransformerBridge.boot_transformers(str(tmp_path / "model"), device="cpu", dtype=torch.float32)
    tokens = torch.tensor([[0, 5, 300, 17]])
    with torch.no_grad():
        logits, cache = bridge.run_with_cache(tokens)
        np.testing.assert_allclose(logits, models.logits(stories.load("stories/tiny"), tokens), atol=1e-4)
    assert cache["blocks.0.mlp.hook_post"].shape == (1, 4, 64)
    W_in = tiny["h.mlp.c_fc.weight"][0, 0].astype(np.float32).T
    np.testing.assert_allclose(bridge.blocks[0].mlp.W_in.detach(), W_in, atol=1e-6)


def test_a_full_run_without_a_path_ends_in_one_line_that_says_what_is_wanted(monkeypatch):
    monkeypatch.delenv(text.VARIABLE, raising=False)
    config = runs.configs.read("stories/train_1l").full
    with pytest.raises(text.TextError, match="the real stories are wanted"):
        train.run(config, runs.Job())


def test_the_real_texts_tokenizer_is_the_stored_one():
    config = runs.configs.read("stories/train_2l").full
    assert corpora.codec(config).to_str() == tokenizer.of_array(runs.load("stories/corpus")["tokenizer"]).to_str()


def test_the_gain_over_counting_is_each_seeds_and_its_spread_the_range(tiny):
    results = tiny
    assert results["ngram_loss"].min() - train.gain(results) == pytest.approx(results["valid_loss"][:, -1])
    assert train.seed_spread(results) == pytest.approx(abs(results["valid_loss"][0, -1] - results["valid_loss"][-1, -1]))


@pytest.mark.parametrize(
    "told, opening",
    [
        ('Tom said, "Go!" But the', 'Tom said, "Go!"'),
        ("Tom ran. But the", "Tom ran."),
        ("But the", ""),
        ('Tom ran.\n\n"Go', "Tom ran."),
    ],
)
def test_an_opening_ends_with_its_last_sentence_and_the_mark_that_closes_a_quotation(told, opening):
    assert train.opening(told, 1000) == opening
