"""A small model as a page runs it: its weights by TransformerLens' names, checked here against the model itself.
Whether an architecture is one that the page's script computes is found by computing, not by its name."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy.special import erf

from superposition import runs
from superposition.stories.engine import tokenizer
from superposition.stories.engine.subjects import Subject, is_byte_level

Array = np.ndarray
LARGEST = 12_000_000  # parameters
CLOSE = 1e-3
_FUNCTIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "gelu_new": lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
    "gelu": lambda x: 0.5 * x * (1 + erf(x / np.sqrt(2))),
    "silu": lambda x: x / (1 + np.exp(-x)),
}


@dataclass(frozen=True)
class PageModel:
    """What `forward.js` and `bpe.js` need: config, arrays, those of each layer, merges and special tokens by number."""

    config: dict[str, Any]
    arrays: dict[str, Array]
    layers: list[dict[str, Any]]
    merges: list[tuple[int, int]]
    special: list[int]


def of_subject(subject: Subject) -> tuple[PageModel | None, str]:
    """The model for the page, or None and a sentence that says why the page can't run it."""
    size = sum(p.numel() for p in subject.bridge.original_model.parameters())
    if size > LARGEST:
        return None, f"This model has {size / 1e6:,.0f} million parameters, too many to run in a page."
    words = _merges(subject.codec)
    if words is None:
        return None, "This model's tokenizer is not GPT-2's byte-level kind, which is the one that runs in a page."
    tokens = np.random.default_rng(0).integers(0, subject.codec.get_vocab_size(), (1, min(subject.context, 48)))
    truth, _ = subject.activations(tokens, subject.neurons())
    try:
        config, arrays, layers = _arrays(subject)
    except (AttributeError, TypeError, ValueError, KeyError):
        return None, _OTHER
    for scale in (config["d_head"] ** -0.5, 1.0):
        for precision in (np.float16, np.float32):
            stored = lambda group, kind=precision: {k: v.astype(kind) if isinstance(v, Array) else v for k, v in group.items()}
            page = PageModel(config | {"scale": scale}, stored(arrays), [stored(layer) for layer in layers], *words)
            if np.abs(np.concatenate(activations(page, tokens[0]), -1) - truth[0]).max() < CLOSE:
                return page, ""
    return None, _OTHER


_OTHER = "This model's architecture is not one that the page's script computes, so it cannot run in a page."


def of_stacked(trained: runs.Results, seed: int) -> PageModel:
    """The same of a sibling, from its stored results and without a bridge: GPT-Neo's names are known."""
    get = lambda name: trained[name][seed]
    heads, d = trained.config.n_heads, get("wte.weight").shape[1]
    layers: list[dict[str, Any]] = []
    for k in range(len(get("h.ln_1.weight"))):
        of = lambda name, k=k: np.ascontiguousarray(get(f"h.{name}")[k].T)
        layer = {"window": 1 << 30, **{f"b_{name}": np.zeros(d, np.float16) for name in "QKV"}}
        for name in "qkv":
            layer[f"W_{name.upper()}"] = of(f"attn.attention.{name}_proj.weight")
        layer |= {"W_O": of("attn.attention.out_proj.weight"), "b_O": of("attn.attention.out_proj.bias")}
        layer |= {f"ln{j}_{end[0]}": of(f"ln_{j}.{end}") for j in (1, 2) for end in ("weight", "bias")}
        layer |= {f"b_{to}": of(f"mlp.{proj}.bias") for to, proj in (("in", "c_fc"), ("out", "c_proj"))}
        layer |= {f"W_{to}": of(f"mlp.{proj}.weight") for to, proj in (("in", "c_fc"), ("out", "c_proj"))}
        layers.append(layer)
    config = {"d": d, "heads": heads, "d_head": d // heads, "act": "gelu_new", "eps": 1e-5, "scale": 1.0}
    words = _merges(tokenizer.of_array(trained["tokenizer"]))
    assert words is not None  # our tokenizer is of that kind
    return PageModel(config, {"W_E": get("wte.weight"), "W_pos": get("wpe.weight")}, layers, *words)


def activations(page: PageModel, tokens: Int[Array, "position"]) -> list[Float[Array, "position neuron"]]:
    """What `forward.js` computes, in double precision."""
    config, wide = page.config, lambda x: np.asarray(x, np.float64)
    x = wide(page.arrays["W_E"])[tokens] + wide(page.arrays["W_pos"])[: len(tokens)]
    found, at = [], np.arange(len(tokens))
    for layer in page.layers:
        h = _normed(x, layer["ln1_w"], layer["ln1_b"], config["eps"])
        q, k, v = (
            (h @ wide(layer[f"W_{name}"]) + wide(layer[f"b_{name}"])).reshape(len(tokens), config["heads"], -1) for name in "QKV"
        )
        score = np.einsum("thd,shd->hts", q, k) * config["scale"]
        behind = at[:, None] - at
        score = np.where((behind >= 0) & (behind < layer["window"]), score, -np.inf)
        pattern = np.exp(score - score.max(-1, keepdims=True))
        z = np.einsum("hts,shd->thd", pattern / pattern.sum(-1, keepdims=True), v).reshape(len(tokens), -1)
        x = x + z @ wide(layer["W_O"]) + wide(layer["b_O"])
        read = _normed(x, layer["ln2_w"], layer["ln2_b"], config["eps"]) @ wide(layer["W_in"]) + wide(layer["b_in"])
        found.append(_FUNCTIONS[config["act"]](read))
        x = x + found[-1] @ wide(layer["W_out"]) + wide(layer["b_out"])
    return found


def _normed(x, weight, bias, eps):
    if weight is None:
        return x
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + eps) * weight.astype(np.float64) + bias.astype(np.float64)


def _arrays(subject):
    """Config and weights, as far as the bridge gives them by these names."""
    bridge, cfg = subject.bridge, subject.bridge.cfg
    plain = lambda tensor: tensor.detach().float().numpy()
    d, heads = int(cfg.d_model), int(cfg.n_heads)
    kinds = getattr(getattr(bridge.original_model, "config", None), "attention_layers", None) or ["global"] * cfg.n_layers
    near = int(getattr(bridge.original_model.config, "window_size", 0) or 0) if "local" in kinds else 0
    layers = []
    for kind, block in zip(kinds, bridge.blocks, strict=True):
        attn, mlp, layer = block.attn, block.mlp, {"window": near if kind == "local" else 1 << 30}
        for name in ("W_Q", "W_K", "W_V"):
            layer[name] = plain(getattr(attn, name)).transpose(1, 0, 2).reshape(d, -1)
        layer["W_O"] = plain(attn.W_O).reshape(-1, d)
        for name in ("b_Q", "b_K", "b_V", "b_O"):
            bias = getattr(attn, name, None)
            layer[name] = np.zeros(layer["W_" + name[2]].shape[1], np.float32) if bias is None else plain(bias).reshape(-1)
        for norm in ("ln1", "ln2"):
            own = getattr(block, norm)
            there = getattr(own, "weight", None) is not None
            layer |= {f"{norm}_w": plain(own.weight) if there else None, f"{norm}_b": plain(own.bias) if there else None}
        layer |= {"W_in": plain(mlp.W_in), "b_in": plain(mlp.b_in), "W_out": plain(mlp.W_out), "b_out": plain(mlp.b_out)}
        layers.append(layer)
    if cfg.act_fn not in _FUNCTIONS:
        raise KeyError(cfg.act_fn)
    config = {"d": d, "heads": heads, "d_head": int(cfg.d_head), "act": cfg.act_fn, "eps": float(cfg.eps)}
    return config, {"W_E": plain(bridge.W_E), "W_pos": plain(bridge.W_pos)[: subject.context]}, layers


def _merges(codec):
    """Merges and special tokens by number, or None where `bpe.js` would give other tokens."""
    told = json.loads(codec.to_str())
    model, before = told["model"], told.get("pre_tokenizer") or {}
    plain = (
        model.get("type") == "BPE" and is_byte_level(codec) and told.get("normalizer") is None
        and before.get("type") == "ByteLevel" and not before.get("add_prefix_space") and before.get("use_regex", True)
        and not model.get("ignore_merges") and not model.get("dropout") and not model.get("byte_fallback")
    )  # fmt: skip
    odd = lambda token: not token.get("special") or token.get("lstrip") or token.get("rstrip")
    if not plain or any(map(odd, told.get("added_tokens", []))):
        return None
    number = model["vocab"]
    pairs = (pair.split(" ") if isinstance(pair, str) else pair for pair in model["merges"])
    return [(number[a], number[b]) for a, b in pairs], [token["id"] for token in told.get("added_tokens", [])]
