"""A language model as Neuroscope needs it, whatever its architecture: TransformerLens' bridge, and the bytes of its tokens.
Everything that could be wrong with a model is found here, before any text is read, and said in one sentence."""

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import tokenizers
import torch
from jaxtyping import Float, Int, Integer

from superposition import runs
from superposition.errors import SuperpositionError
from superposition.stories.engine import models
from superposition.weights import PICKLED

Array = np.ndarray


class SubjectError(SuperpositionError):
    """A model that Neuroscope cannot look at: says which, and what is wrong with it."""


class _Enough(Exception):
    """Raised by the last hook: nothing behind it is wanted."""


@dataclass(frozen=True)
class Neurons:
    """Which neurons are looked at: the layer of each, and its number there."""

    layer: Int[Array, "neuron"]
    index: Int[Array, "neuron"]

    def __len__(self) -> int:
        return len(self.layer)

    @cached_property
    def layers(self) -> list[int]:
        """The layers that have any, in order."""
        return sorted(set(self.layer.tolist()))


class Subject:
    """A model with MLP neurons: `bridge` is TransformerLens', `codec` the tokenizer; `begin` opens every row of tokens.

    Raises SubjectError where there are no neurons."""

    def __init__(self, name: str, bridge: Any, codec: tokenizers.Tokenizer, begin: int | None, context: int | None = None):
        self.name, self.bridge, self.codec, self.begin = name, bridge, codec, begin
        longest = int(bridge.cfg.n_ctx)
        self.context = min(context or longest, longest)
        self.hooks = [f"blocks.{layer}.mlp.hook_post" for layer in range(bridge.cfg.n_layers)]
        if not bridge.cfg.d_mlp or any(hook not in bridge.hook_dict for hook in self.hooks):
            raise SubjectError(f"{name}: its blocks have no MLP neurons (no {self.hooks[0]}), so there is nothing to look at")
        self.sizes = [int(self.weights(layer)[1].shape[0]) for layer in range(bridge.cfg.n_layers)]
        if codec.get_vocab_size() > self.unembed().shape[1]:
            raise SubjectError(
                f"{name}: the tokenizer has {codec.get_vocab_size():,} entries, and the model knows {self.unembed().shape[1]:,}: "
                "it is another model's"
            )

    @property
    def skip(self) -> int:
        """How many positions of a row are no text: the one that marks its beginning, where there is one."""
        return int(self.begin is not None)

    def neurons(self, layers: Sequence[int] = (), indices: Sequence[int] = ()) -> Neurons:
        """Those of the layers and numbers named, or all. Raises SubjectError for one that isn't there."""
        for layer in layers:
            if not 0 <= layer < len(self.sizes):
                raise SubjectError(f"--layers: {self.name} has layers 0 to {len(self.sizes) - 1}, and no {layer}")
        chosen = list(layers) or range(len(self.sizes))
        for index in indices:
            if not 0 <= index < min(self.sizes[layer] for layer in chosen):
                raise SubjectError(f"--neurons: expected 0 to {min(self.sizes[k] for k in chosen) - 1}, got {index}")
        pairs = [(layer, k) for layer in sorted(set(chosen)) for k in (sorted(set(indices)) or range(self.sizes[layer]))]
        return Neurons(*np.array(pairs, np.int64).T)

    def activations(
        self, tokens: Integer[Array, "row position"], neurons: Neurons, through: bool = False
    ) -> tuple[Float[Array, "row position neuron"], Float[Array, "row position"] | None]:
        """What the neurons give at every position; with `through`, also the loss of every token, of the first nan.

        Without it the forward pass ends behind the last layer that is asked for."""
        found: dict[int, torch.Tensor] = {}

        def keep(layer):
            def hook(value, hook):
                found[layer] = value
                if layer == neurons.layers[-1] and not through:
                    raise _Enough

            return hook

        logits = self._forward(tokens, [(self.hooks[layer], keep(layer)) for layer in neurons.layers])
        each = []
        for layer in neurons.layers:
            own = neurons.index[neurons.layer == layer]
            each.append(found[layer] if len(own) == self.sizes[layer] else found[layer][..., torch.from_numpy(own)])
        acts = (torch.cat(each, -1) if len(each) > 1 else each[0]).float().numpy()
        return acts, self._losses(logits, tokens) if through else None

    def ablated(
        self, tokens: Integer[Array, "1 position"], layer: int, indices: Int[Array, "some"], means: Float[Array, "some"]
    ) -> Float[Array, "some position"]:
        """The loss of every token of one row, with each of these neurons in turn held at its mean everywhere."""
        which, mean = torch.from_numpy(indices), torch.from_numpy(means.astype(np.float32))

        def hook(value, hook):
            value = value.clone()
            value[torch.arange(len(which)), :, which] = mean[:, None].to(value.dtype)
            return value

        rows = np.repeat(tokens, len(indices), 0)
        return self._losses(self._forward(rows, [(self.hooks[layer], hook)]), rows)

    def _forward(self, tokens, hooks):
        """The logits, or None where a hook said that it is enough."""
        with torch.no_grad(), self.bridge.hooks(fwd_hooks=hooks):
            try:
                return self.bridge(torch.from_numpy(np.asarray(tokens, np.int64)), return_type="logits")
            except _Enough:
                return None

    def _losses(self, logits, tokens):
        found = np.full(tokens.shape, np.nan, np.float32)
        with torch.no_grad():
            next_ = torch.from_numpy(np.asarray(tokens[:, 1:], np.int64)).flatten()
            given = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1).float(), next_, reduction="none")
            found[:, 1:] = given.view(len(tokens), -1).numpy()
        return found

    def weights(self, layer: int) -> tuple[Float[Array, "d_model d_mlp"], Float[Array, "d_mlp d_model"]]:
        """What the layer's neurons read, as columns, and what they write, as rows."""
        mlp = self.bridge.blocks[layer].mlp
        return mlp.W_in.detach().float().numpy(), mlp.W_out.detach().float().numpy()

    def unembed(self) -> Float[Array, "d_model d_vocab"]:
        """What turns the last residual stream into logits, without the last layer norm."""
        return self.bridge.W_U.detach().float().numpy()

    def effects(self, written: Float[Array, "some d_model"]) -> Float[Array, "some d_vocab"]:
        """By how much these directions, added to the last residual stream, raise each token's logit above the mean of all.

        Of the last layer norm the centring and the weights are applied, as both are linear; its division is left out,
        which is the same for all tokens and differs from place to place. Layers in between are left out."""
        if self.norm == "LN":
            written = written - written.mean(1, keepdims=True)
        if self.norm:
            written = written * self.bridge.ln_final.weight.detach().float().numpy()
        found = written @ self.unembed()[:, : self.codec.get_vocab_size()]
        return found - found.mean(1, keepdims=True)

    @property
    def norm(self) -> str:
        """The kind of the last layer norm: LN, RMS, or empty where there is none."""
        kind = str(self.bridge.cfg.normalization_type or "")
        return "" if kind == "None" or not hasattr(self.bridge.ln_final, "weight") else "RMS" if kind.startswith("RMS") else "LN"

    @cached_property
    def digest(self) -> str:
        """SHA-256 over parameters and tokenizer."""
        found = hashlib.sha256(self.codec.to_str().encode())
        for name, tensor in sorted(self.bridge.original_model.state_dict().items()):
            found.update(name.encode() + tensor.detach().contiguous().view(torch.uint8).numpy().tobytes())
        return found.hexdigest()

    def bytes_of(self) -> list[bytes]:
        """The bytes of every token, by its number; those of a token that stands for something else are its name's."""
        return token_bytes(self.codec)


def token_bytes(codec: tokenizers.Tokenizer) -> list[bytes]:
    """The bytes that each token of a tokenizer stands for."""
    special = {number for number, token in codec.get_added_tokens_decoder().items() if token.special}
    names = [codec.id_to_token(k) or "" for k in range(codec.get_vocab_size())]
    if not is_byte_level(codec):
        return [name.replace("▁", " ").encode() for name in names]
    back = {letter: byte for byte, letter in enumerate(byte_letters())}
    as_bytes = lambda name: bytes(back[c] for c in name) if all(c in back for c in name) else name.encode()
    return [name.encode() if k in special else as_bytes(name) for k, name in enumerate(names)]


def is_byte_level(codec: tokenizers.Tokenizer) -> bool:
    """Whether its tokens are written in GPT-2's letters for bytes."""
    return '"ByteLevel"' in json.dumps(json.loads(codec.to_str()).get("decoder"))


def byte_letters() -> list[str]:
    """The letter that GPT-2's tokenizer writes for each byte. Source: `bytes_to_unicode` of GPT-2's encoder.py."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(byte) if byte in plain else chr(next(others)) for byte in range(256)]


def load(name: str, context: int | None = None, seed: int = 0) -> Subject:
    """The model of one of our experiments (`stories/train_1l`), of a folder, or of a hub. Raises SubjectError.

    A folder holds config.json, weights in safetensors, and a tokenizer; nothing is ever unpickled."""
    if _is_ours(name):
        if missing := sorted(models.PARAMETERS.keys() - runs.load(name).arrays.keys()):
            raise SubjectError(f"{name}: holds no language model (no {missing[0]}): expected one such as stories/train_1l")
        with tempfile.TemporaryDirectory() as folder, _quietly():
            models.export(name, Path(folder), seed)
            return _boot(name, folder, context)
    path = Path(name)
    if path.is_dir():
        _check_folder(path)
    elif path.exists() or str(name).count("/") > 1 or str(name).startswith((".", "/")):
        raise SubjectError(f"{name}: expected a model's folder, an experiment of ours, or a name on a hub (owner/name)")
    elif os.environ.get("HF_HUB_OFFLINE", "0") not in ("0", ""):
        raise SubjectError(f"{name}: no such experiment or folder, and HF_HUB_OFFLINE is set, so no hub is asked")
    with _quietly():
        return _boot(name, str(name), context)


@contextmanager
def _quietly() -> Iterator[None]:
    """Transformers' progress bars and reports, and what the hub's library says of each attempt, off in a `with` block."""
    from transformers.utils import logging as bars

    shown = bars.is_progress_bar_enabled()
    loggers = [logging.getLogger(library) for library in ("transformers", "huggingface_hub")]
    levels = [logger.level for logger in loggers]
    bars.disable_progress_bar()
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        if shown:
            bars.enable_progress_bar()


def _is_ours(name):
    try:
        return name in runs.names()
    except FileNotFoundError:  # without the repository there are none
        return False


def _check_folder(path):
    names = [file.name for file in path.iterdir()]
    weights = [name for name in names if name.endswith(".safetensors")]
    pickled = sorted(name for name in names if name.endswith(PICKLED))
    if "config.json" not in names:
        raise SubjectError(f"{path}: holds no config.json, so it is not a model's folder")
    if not weights:
        why = f"{pickled[0]} is a pickle, which is never opened" if pickled else "no weights are there"
        raise SubjectError(f"{path}: {why}: expected weights in safetensors")
    if not {"tokenizer.json", "vocab.json", "tokenizer.model", "spiece.model"} & set(names):
        raise SubjectError(f"{path}: holds no tokenizer.json, and without a tokenizer no text can be read")
    for name in weights:
        size = (path / name).stat().st_size
        with open(path / name, "rb") as file:
            header = int.from_bytes(file.read(8), "little")
            try:
                entries = json.loads(file.read(header)) if header < 1 << 27 else {}
                end = max(entry["data_offsets"][1] for key, entry in entries.items() if key != "__metadata__")
            except (ValueError, TypeError, KeyError, AttributeError):
                raise SubjectError(f"{path / name}: not a safetensors file, or a truncated one ({size:,} bytes)") from None
        if size < 8 + header + end:
            raise SubjectError(f"{path / name}: truncated: {size:,} of {8 + header + end:,} bytes")


def _boot(name, place, context):
    """The bridge over the transformers model at that place."""
    from transformer_lens.model_bridge import TransformerBridge
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        model, told = AutoModelForCausalLM.from_pretrained(
            place, use_safetensors=True, dtype=torch.float32, output_loading_info=True, ignore_mismatched_sizes=True
        )  # what is missing or of another shape transformers draws at random
        for key, got, wanted in sorted(told["mismatched_keys"]):
            raise SubjectError(f"{name}: {key}: expected shape {tuple(wanted)} by config.json, got {tuple(got)}")
        if missing := sorted(told["missing_keys"]):
            raise SubjectError(f"{name}: its weights lack {len(missing)} of config.json's tensors, such as {missing[0]}")
        model.eval()
        tokenizer = AutoTokenizer.from_pretrained(place)
        bridge = TransformerBridge.boot_transformers(place, hf_model=model, tokenizer=tokenizer, device="cpu")
    except SuperpositionError:
        raise
    except Exception as error:  # whatever the network, the hub and their libraries raise
        reason = " ".join(str(error).split())[:200]
        raise SubjectError(f"{name}: could not be loaded ({type(error).__name__}: {reason})") from None
    codec = getattr(tokenizer, "backend_tokenizer", None)
    if codec is None:
        raise SubjectError(f"{name}: its tokenizer has no fast version (tokenizer.json)")
    begin = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    return Subject(name, bridge, tokenizers.Tokenizer.from_str(codec.to_str()), begin, context)
