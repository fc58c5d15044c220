"""GPT-Neo, the architecture of the TinyStories models (Eldan and Li 2023): made anew, from stored results, by name or folder.
Its forward pass in one screen, and what is stored of it: half precision, the layers stacked."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from superposition import runs
from superposition.errors import SuperpositionError
from superposition.stories.engine import tokenizer

Array = np.ndarray

_LAYER = {
    "ln_1.weight": "d_model", "ln_1.bias": "d_model", "ln_2.weight": "d_model", "ln_2.bias": "d_model",
    "attn.attention.q_proj.weight": "d_model d_model", "attn.attention.k_proj.weight": "d_model d_model",
    "attn.attention.v_proj.weight": "d_model d_model", "attn.attention.out_proj.weight": "d_model d_model",
    "attn.attention.out_proj.bias": "d_model",
    "mlp.c_fc.weight": "d_mlp d_model", "mlp.c_fc.bias": "d_mlp",
    "mlp.c_proj.weight": "d_model d_mlp", "mlp.c_proj.bias": "d_model",
}  # fmt: skip
# The parameters by GPT-Neo's own names and their axes; those of its layers `h.0`, `h.1` … are stacked as `h`.
PARAMETERS = {
    "wte.weight": "d_vocab d_model", "wpe.weight": "position d_model",
    **{f"h.{name}": f"layer {axes}" for name, axes in _LAYER.items()},
    "ln_f.weight": "d_model", "ln_f.bias": "d_model",
}  # fmt: skip


class ModelError(SuperpositionError):
    """A model that cannot be loaded: says its name or folder, and what is wrong."""


def create(n_layers: int, d_model: int, n_heads: int, context: int, n_vocab: int, seed: int) -> Any:
    """A GPTNeoForCausalLM at its start: as the originals, but smaller; its embedding is its unembedding."""
    from transformers import GPTNeoConfig, GPTNeoForCausalLM

    kinds = [[["global", "local"], n_layers // 2]] if n_layers % 2 == 0 else [[["global"], n_layers]]
    config = GPTNeoConfig(
        vocab_size=n_vocab, max_position_embeddings=context, hidden_size=d_model, num_layers=n_layers, num_heads=n_heads,
        intermediate_size=4 * d_model, attention_types=kinds, window_size=context,
        bos_token_id=tokenizer.END_ID, eos_token_id=tokenizer.END_ID,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return GPTNeoForCausalLM(config)


def logits(model: Any, tokens: Int[Tensor, "batch position"]) -> Float[Tensor, "batch position d_vocab"]:
    """The model's forward pass with PyTorch's fused kernels, about twice as fast as transformers' own.

    For texts no longer than the window of its local layers, in which these see as far as the global ones."""
    body, n_heads = model.transformer, model.config.num_heads
    x = body.wte(tokens) + body.wpe.weight[: tokens.shape[1]]
    for block in body.h:
        attention, h = block.attn.attention, block.ln_1(x)
        projections = attention.q_proj, attention.k_proj, attention.v_proj
        q, k, v = (project(h).unflatten(-1, (n_heads, -1)).transpose(1, 2) for project in projections)
        z = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=1.0)  # GPT-Neo does not scale its scores
        x = x + attention.out_proj(z.transpose(1, 2).flatten(2))
        x = x + block.mlp.c_proj(F.gelu(block.mlp.c_fc(block.ln_2(x)), approximate="tanh"))
    return model.lm_head(body.ln_f(x))


def stacked(model: Any) -> dict[str, Array]:
    """The parameters of PARAMETERS, in half precision."""
    state = {name.removeprefix("transformer."): p.detach().cpu().numpy() for name, p in model.named_parameters()}
    arrays = {name: state[name] for name in PARAMETERS if name in state}
    for name in _LAYER:
        arrays[f"h.{name}"] = np.stack([state[f"h.{layer}.{name}"] for layer in range(model.config.num_layers)])
    return {name: array.astype(np.float16) for name, array in arrays.items()}


def of_stacked(arrays: Mapping[str, Array], n_heads: int) -> Any:
    """The GPTNeoForCausalLM with these parameters, in single precision: the inverse of `stacked`."""
    n_vocab, d_model = arrays["wte.weight"].shape
    n_layers = len(arrays["h.ln_1.weight"])
    model = create(n_layers, d_model, n_heads, len(arrays["wpe.weight"]), n_vocab, 0)
    state = {f"transformer.{name}": arrays[name] for name in PARAMETERS if not name.startswith("h.")}
    for name in _LAYER:
        state |= {f"transformer.h.{layer}.{name}": arrays[f"h.{name}"][layer] for layer in range(n_layers)}
    tensors = {name: torch.from_numpy(array.astype(np.float32)) for name, array in state.items()}
    model.load_state_dict(tensors | {"lm_head.weight": tensors["transformer.wte.weight"]})
    return model.eval()


def load(name: str | Path, seed: int = 0) -> Any:
    """A GPTNeoForCausalLM: of our experiment (`stories/train_1l`, its `seed`-th model), of a folder, or by its name on a hub.

    Only safetensors are read. A hub is asked only for a name that is neither, and never where HF_HUB_OFFLINE is set.
    Raises ModelError.

    >>> load("roneneldan/TinyStories-2Layers-33M").config.num_layers  # doctest: +SKIP
    2"""
    if str(name) in runs.names():
        results = runs.load(str(name))
        return of_stacked({key: results[key][seed] for key in PARAMETERS}, results.config.n_heads)
    folder = Path(name)
    if not folder.is_dir() and (str(name).count("/") != 1 or str(name).startswith((".", "/"))):
        raise ModelError(f"{name}: no such experiment or folder, and not a name on a hub (owner/name)")
    if not folder.is_dir() and os.environ.get("HF_HUB_OFFLINE", "0") not in ("0", ""):
        raise ModelError(f"{name}: no such experiment or folder, and HF_HUB_OFFLINE is set, so no hub is asked")
    from transformers import GPTNeoForCausalLM

    try:
        return GPTNeoForCausalLM.from_pretrained(str(name), use_safetensors=True, dtype=torch.float32).eval()
    except Exception as error:  # whatever the network, the hub and their libraries raise
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"{name}: could not be loaded as a GPT-Neo in safetensors ({type(error).__name__}: {reason})") from None


def export(name: str, folder: Path, seed: int = 0) -> None:
    """Write the model of an experiment, such as `stories/train_1l`, as a folder for transformers, with its tokenizer."""
    from transformers import PreTrainedTokenizerFast

    load(name, seed).half().save_pretrained(folder)
    codec = tokenizer.of_array(runs.load(name)["tokenizer"])
    PreTrainedTokenizerFast(tokenizer_object=codec, bos_token=tokenizer.END, eos_token=tokenizer.END).save_pretrained(folder)
