"""Our forward pass against transformers' own; models by name, from folders and stored results; what cannot be loaded."""

import numpy as np
import pytest
import torch

from superposition import stories
from superposition.stories.engine import models


def saved(folder, **changes):
    """A GPT-Neo of random weights in a folder, as transformers saves it."""
    from transformers import GPTNeoConfig, GPTNeoForCausalLM

    shape = {"hidden_size": 8, "num_layers": 2, "num_heads": 2, "vocab_size": 11, "max_position_embeddings": 16}
    shape |= {"attention_types": [[["global", "local"], 1]], "bos_token_id": 0, "eos_token_id": 0}
    made = GPTNeoForCausalLM(GPTNeoConfig(**shape | changes))
    made.save_pretrained(folder)
    return made


@pytest.mark.parametrize("n_layers", [1, 2])
def test_our_forward_pass_is_transformers_own(n_layers):
    made = models.create(n_layers, 16, 4, 12, 30, seed=n_layers)
    with torch.no_grad():
        for p in made.parameters():
            p.add_(0.3 * torch.randn(p.shape, generator=torch.Generator().manual_seed(p.numel())))
        tokens = torch.randint(0, 30, (3, 12), generator=torch.Generator().manual_seed(0))
        np.testing.assert_allclose(models.logits(made, tokens), made(tokens).logits, atol=1e-4)


def test_what_is_stored_of_a_model_is_the_model_in_half_precision():
    made = models.create(2, 16, 4, 12, 30, seed=5)
    again = models.of_stacked(models.stacked(made), n_heads=4)
    assert again.config.to_dict() == made.config.to_dict()
    for (name, p), (other, q) in zip(made.named_parameters(), again.named_parameters(), strict=True):
        assert name == other and torch.equal(p.half().float(), q)


def test_a_start_follows_its_seed_and_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    one, two, other = (models.create(1, 8, 2, 8, 10, seed) for seed in (1, 1, 2))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(one.transformer.wte.weight, two.transformer.wte.weight)
    assert not torch.equal(one.transformer.wte.weight, other.transformer.wte.weight)


def test_a_model_of_the_33m_originals_shape_loads_from_its_folder(tmp_path):
    """roneneldan/TinyStories-2Layers-33M: 2 layers of 1,024, 16 heads, 4,096 neurons, 50,257 tokens."""
    shape = {"hidden_size": 1024, "num_heads": 16, "vocab_size": 50257, "max_position_embeddings": 2048}
    made = saved(tmp_path, **shape, bos_token_id=50256, eos_token_id=50256)
    loaded = stories.load(tmp_path)
    assert loaded.transformer.h[1].mlp.c_proj.weight.shape == (1024, 4096)
    assert torch.equal(loaded.transformer.h[1].mlp.c_proj.weight, made.transformer.h[1].mlp.c_proj.weight)
    assert loaded.lm_head.weight is loaded.transformer.wte.weight


def test_a_name_on_a_hub_is_handed_to_transformers_as_it_is(tmp_path, monkeypatch):
    from transformers import GPTNeoForCausalLM

    made, asked = saved(tmp_path), []
    original = GPTNeoForCausalLM.from_pretrained
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(
        GPTNeoForCausalLM, "from_pretrained", lambda name, **how: asked.append((name, how)) or original(str(tmp_path), **how)
    )
    loaded = stories.load("roneneldan/TinyStories-2Layers-33M")
    assert torch.equal(loaded.transformer.wte.weight, made.transformer.wte.weight)
    assert asked[0][0] == "roneneldan/TinyStories-2Layers-33M" and asked[0][1]["use_safetensors"]


def test_a_pickled_model_is_refused(tmp_path):
    made = saved(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    torch.save(made.state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(models.ModelError, match="could not be loaded as a GPT-Neo in safetensors"):
        stories.load(tmp_path)


@pytest.mark.parametrize(
    ("name", "offline", "said"),
    [
        ("no/such/folder", "", "no such experiment or folder, and not a name on a hub"),
        ("./nowhere", "", "no such experiment or folder, and not a name on a hub"),
        ("roneneldan/TinyStories-1M", "1", "HF_HUB_OFFLINE is set, so no hub is asked"),
    ],
)
def test_what_is_nowhere_ends_in_one_line(name, offline, said, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", offline)
    with pytest.raises(models.ModelError, match=said) as caught:
        stories.load(name)
    assert "\n" not in str(caught.value)


def test_an_empty_folder_ends_in_one_line(tmp_path):
    with pytest.raises(models.ModelError, match="could not be loaded as a GPT-Neo") as caught:
        stories.load(tmp_path)
    assert "\n" not in str(caught.value) and str(tmp_path) in str(caught.value)
