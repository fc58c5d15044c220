"""Marian, the architecture of the opus-mt translators (Junczys-Dowmunt et al. 2018): made anew, from stored results, by name
or folder. What is stored of one: half precision, the layers stacked, and its tokenizer."""

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tokenizers
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor

from superposition import runs
from superposition.errors import SuperpositionError

Array = np.ndarray
PAD, END = "<pad>", "</s>"
PAD_ID, END_ID = 0, 1

_ATTENTION = {
    f"{projection}_proj.{what}": axes
    for projection in ("q", "k", "v", "out")
    for what, axes in (("weight", "d_model d_model"), ("bias", "d_model"))
}
_NORM = {"weight": "d_model", "bias": "d_model"}
_MLP = {
    "fc1.weight": "d_mlp d_model", "fc1.bias": "d_mlp", "fc2.weight": "d_model d_mlp", "fc2.bias": "d_model",
    **{f"final_layer_norm.{name}": axes for name, axes in _NORM.items()},
}  # fmt: skip


def _attending(kind: str) -> dict[str, str]:
    own = {f"{kind}.{name}": axes for name, axes in _ATTENTION.items()}
    return own | {f"{kind}_layer_norm.{name}": axes for name, axes in _NORM.items()}


_LAYERS = {"encoder": _attending("self_attn") | _MLP, "decoder": _attending("self_attn") | _attending("encoder_attn") | _MLP}
# The parameters by Marian's own names and their axes; those of `encoder.layers.0`, `encoder.layers.1` … are stacked.
PARAMETERS = {"shared.weight": "d_vocab d_model"} | {
    f"{side}.layers.{name}": f"layer {axes}" for side, layer in _LAYERS.items() for name, axes in layer.items()
}


class TranslatorError(SuperpositionError):
    """A translator that cannot be loaded: says its name or folder, and what is wrong."""


@dataclass(frozen=True)
class Translator:
    """A Marian model with its tokenizer: the tokens of English and of French sentences, END last, and back to French."""

    model: Any
    of_english: Callable[[Sequence[str]], list[list[int]]]
    of_french: Callable[[Sequence[str]], list[list[int]]]
    to_french: Callable[[Sequence[Sequence[int]]], list[str]]
    token: Callable[[int], str]

    @property
    def longest(self) -> int:
        """How many tokens a sentence may have, END included."""
        return int(self.model.config.max_position_embeddings)


def create(n_layers: int, d_model: int, n_heads: int, d_mlp: int, positions: int, n_vocab: int, dropout: float, seed: int) -> Any:
    """A MarianMTModel at its start: as opus-mt, but smaller; one embedding reads both languages and unembeds."""
    from transformers import MarianConfig, MarianMTModel

    config = MarianConfig(
        vocab_size=n_vocab, max_position_embeddings=positions, d_model=d_model, encoder_layers=n_layers, decoder_layers=n_layers,
        encoder_attention_heads=n_heads, decoder_attention_heads=n_heads, encoder_ffn_dim=d_mlp, decoder_ffn_dim=d_mlp,
        activation_function="swish", dropout=dropout, scale_embedding=True, init_std=d_model**-0.5,
        pad_token_id=PAD_ID, eos_token_id=END_ID, forced_eos_token_id=None, decoder_start_token_id=PAD_ID,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MarianMTModel(config).eval()


def train_codec(sentences: Sequence[str], n_entries: int) -> tokenizers.Tokenizer:
    """A byte-level tokenizer of at most `n_entries`: padding, the end of a sentence, the 256 bytes, the most frequent merges."""
    from tokenizers import decoders, models, pre_tokenizers, trainers

    codec = tokenizers.Tokenizer(models.BPE())
    codec.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    codec.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=n_entries, special_tokens=[PAD, END], initial_alphabet=alphabet, show_progress=False)
    codec.train_from_iterator(sentences, trainer)
    return codec


def to_array(codec: tokenizers.Tokenizer) -> UInt8[Array, "byte"]:
    """The bytes of its tokenizer.json."""
    return np.frombuffer(codec.to_str().encode(), np.uint8)


def ours(model: Any, codec: tokenizers.Tokenizer) -> Translator:
    """A model of our own with its tokenizer. A sentence longer than the model's positions is cut, and ends in END."""
    longest = int(model.config.max_position_embeddings)

    def encode(sentences: Sequence[str]) -> list[list[int]]:
        found = codec.encode_batch_fast(list(sentences), add_special_tokens=False)
        return [[*encoding.ids[: longest - 1], END_ID] for encoding in found]

    def decode(rows: Sequence[Sequence[int]]) -> list[str]:
        return [codec.decode(list(row)).strip() for row in rows]

    return Translator(model, encode, encode, decode, lambda k: codec.decode([k]))


def padded(rows: Sequence[Sequence[int]], pad: int) -> tuple[Int[Tensor, "row position"], Bool[Tensor, "row position"]]:
    """The tokens side by side, the shorter ones filled up with `pad`, and where they are tokens."""
    length = max(map(len, rows), default=0)
    tokens = torch.tensor([[*row, *[pad] * (length - len(row))] for row in rows], dtype=torch.long).reshape(len(rows), length)
    return tokens, torch.arange(length) < torch.tensor([len(row) for row in rows])[:, None]


def encoded(
    model: Any, tokens: Int[Tensor, "row position"], mask: Bool[Tensor, "row position"]
) -> Float[Tensor, "row position d"]:
    """What the encoder says of each token."""
    return model.model.encoder(input_ids=tokens, attention_mask=mask.long()).last_hidden_state


def nats(
    model: Any,
    hidden: Float[Tensor, "row position d"],
    mask: Bool[Tensor, "row position"],
    target: Int[Tensor, "row place"],
    asked: Bool[Tensor, "row place"],
    smoothing: float = 0.0,
) -> Float[Tensor, "token"]:
    """The loss, in nats, of each token of the translations that is asked for, from what the encoder said.

    The decoder reads the translation up to that token. `asked` leaves padding out."""
    begin = model.config.decoder_start_token_id
    read = torch.cat([torch.full_like(target[:, :1], begin), target[:, :-1]], 1)
    states = model.model.decoder(
        input_ids=read, encoder_hidden_states=hidden, encoder_attention_mask=mask.long(), use_cache=False
    ).last_hidden_state[asked]
    logits = model.lm_head(states) + model.final_logits_bias
    return F.cross_entropy(logits.float(), target[asked], reduction="none", label_smoothing=smoothing)


def trained(model: Any) -> dict[str, torch.nn.Parameter]:
    """The parameters that training changes, by their names: not the sines and cosines of the positions."""
    return {name.removeprefix("model."): p for name, p in model.named_parameters() if p.requires_grad}


def stacked(model: Any) -> dict[str, Array]:
    """The parameters of PARAMETERS, in half precision."""
    state = {name: p.detach().numpy() for name, p in trained(model).items()}
    arrays = {"shared.weight": state["shared.weight"]}
    for side, layer in _LAYERS.items():
        count = getattr(model.config, f"{side}_layers")
        arrays |= {
            f"{side}.layers.{name}": np.stack([state[f"{side}.layers.{k}.{name}"] for k in range(count)]) for name in layer
        }
    return {name: array.astype(np.float16) for name, array in arrays.items()}


def of_stacked(arrays: Mapping[str, Array], n_heads: int, positions: int) -> Any:
    """The MarianMTModel with these parameters, in single precision: the inverse of `stacked`."""
    n_vocab, d_model = arrays["shared.weight"].shape
    n_layers, d_mlp = arrays["encoder.layers.fc1.bias"].shape
    model = create(n_layers, d_model, n_heads, d_mlp, positions, n_vocab, 0.0, 0)
    with torch.no_grad():
        for name, p in trained(model).items():
            side, _, rest = name.partition(".layers.")
            layer, _, own = rest.partition(".")
            array = arrays[f"{side}.layers.{own}"][int(layer)] if rest else arrays[name]
            p.copy_(torch.from_numpy(array.astype(np.float32)))
    return model


def load(name: str | Path) -> Translator:
    """A translator: of our experiment (`bottleneck/translator`), of a folder, or by its name on a hub.

    Only safetensors are read. A hub is asked only for a name that is neither, and never where HF_HUB_OFFLINE is set.
    Raises TranslatorError.

    >>> load("Helsinki-NLP/opus-mt-en-fr").model.config.d_model  # doctest: +SKIP
    512"""
    if str(name) in runs.names():
        results = runs.load(str(name))
        model = of_stacked(results.arrays, results.config.n_heads, results.config.positions)
        return ours(model, tokenizers.Tokenizer.from_str(results["tokenizer"].tobytes().decode()))
    folder = Path(name)
    if not folder.is_dir() and (str(name).count("/") != 1 or str(name).startswith((".", "/"))):
        raise TranslatorError(f"{name}: no such experiment or folder, and not a name on a hub (owner/name)")
    if not folder.is_dir() and os.environ.get("HF_HUB_OFFLINE", "0") not in ("0", ""):
        raise TranslatorError(f"{name}: no such experiment or folder, and HF_HUB_OFFLINE is set, so no hub is asked")
    from transformers import AutoTokenizer, MarianMTModel

    try:
        model = MarianMTModel.from_pretrained(str(name), use_safetensors=True, dtype=torch.float32).eval()
        with warnings.catch_warnings():  # it would rather have another package, which changes some quotation marks
            warnings.filterwarnings("ignore", "Recommended: pip install sacremoses")
            tokenizer = AutoTokenizer.from_pretrained(str(name))
    except Exception as error:  # whatever the network, the hub and their libraries raise
        reason = " ".join(str(error).split())[:200]
        raise TranslatorError(f"{name}: could not be loaded as a Marian model ({type(error).__name__}: {reason})") from None
    longest = int(model.config.max_position_embeddings)
    return Translator(
        model,
        lambda sentences: tokenizer(list(sentences), truncation=True, max_length=longest)["input_ids"],
        lambda sentences: tokenizer(text_target=list(sentences), truncation=True, max_length=longest)["input_ids"],
        lambda rows: tokenizer.batch_decode([list(row) for row in rows], skip_special_tokens=True),
        lambda k: tokenizer.convert_ids_to_tokens(int(k)).replace("▁", " "),
    )
