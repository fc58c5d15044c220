"""The one-layer transformer that adds, as TransformerLens defines it, and as one screen of PyTorch.
32 heads of 2 dimensions on a stream of 128, causal attention, learned positions, biases, no layer norm, no MLP."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor, nn

from superposition.addition.engine import streams
from superposition.addition.engine.data import N_CTX, VOCAB

D_MODEL = 128
N_OUT = 10


def shapes(n_heads: int = 32, d_head: int = 2) -> dict[str, tuple[int, ...]]:
    """The parameters by TransformerLens' names, each with its shape."""
    inward, bias = (n_heads, D_MODEL, d_head), (n_heads, d_head)
    return {
        "W_E": (len(VOCAB), D_MODEL), "W_pos": (N_CTX, D_MODEL),
        "W_Q": inward, "W_K": inward, "W_V": inward, "b_Q": bias, "b_K": bias, "b_V": bias,
        "W_O": (n_heads, d_head, D_MODEL), "b_O": (D_MODEL,), "W_U": (D_MODEL, N_OUT), "b_U": (N_OUT,),
    }  # fmt: skip


class Transformer(nn.Module):
    """The transformer with the parameters that `shapes` lists, for reading: `attention_kernel` trains it,
    `lookup` takes it apart.

    Starts as the original does: every weight is normal with deviation 0.8 / √128, every bias zero."""

    def __init__(self, n_heads: int = 32, d_head: int = 2, seed: int = 0):
        super().__init__()
        rng = streams.generator(seed, stream=streams.START)
        self.n_heads, self.d_head = n_heads, d_head
        for name, shape in shapes(n_heads, d_head).items():
            draw = 0.8 / D_MODEL**0.5 * rng.standard_normal(shape) if name.startswith("W") else np.zeros(shape)
            self.register_parameter(name, nn.Parameter(torch.from_numpy(draw.astype(np.float32))))

    @classmethod
    def of(cls, parameters: Mapping[str, np.ndarray | Tensor]) -> "Transformer":
        """The transformer with these parameters, which are copied; their precision is its own."""
        n_heads, _, d_head = parameters["W_Q"].shape
        model = cls(n_heads, d_head)
        tensors = {name: torch.as_tensor(parameters[name]) for name in shapes(n_heads, d_head)}
        model.to(tensors["W_E"].dtype).load_state_dict(tensors)
        return model

    def forward(self, tokens: Int[Tensor, "batch n_ctx"] | UInt8[Tensor, "batch n_ctx"]) -> Float[Tensor, "batch n_ctx n_out"]:
        """The logits at every position; those of the last seven are the digits of the sum, and no others are ever trained."""
        x = self.W_E[tokens.long()] + self.W_pos
        q, k, v = (
            torch.einsum("bpm,hmd->bhpd", x, W) + b[:, None]
            for W, b in ((self.W_Q, self.b_Q), (self.W_K, self.b_K), (self.W_V, self.b_V))
        )
        scores = q @ k.mT / self.d_head**0.5
        future = torch.ones(N_CTX, N_CTX, dtype=torch.bool, device=x.device).triu(1)
        z = scores.masked_fill(future, -torch.inf).softmax(-1) @ v
        x = x + torch.einsum("bhpd,hdm->bpm", z, self.W_O) + self.b_O
        return x @ self.W_U + self.b_U


def bridge_config(n_heads: int = 32, d_head: int = 2, seed: int = 0) -> Any:
    """TransformerLens' config of the same model."""
    from transformer_lens.config import TransformerBridgeConfig

    return TransformerBridgeConfig(
        n_layers=1, n_heads=n_heads, d_head=d_head, d_model=D_MODEL, n_ctx=N_CTX, d_vocab=len(VOCAB), d_vocab_out=N_OUT,
        attn_only=True, act_fn=None, normalization_type=None, seed=seed, initializer_range=0.8 / D_MODEL**0.5,
    )  # fmt: skip


def to_bridge(model: Transformer) -> Any:
    """The model in TransformerLens, with all its hooks: a TransformerBridge.

    A native bridge has no parameter b_U. It keeps it as a buffer, which its forward pass adds and which training leaves as
    it is; nothing is lost with it, since b_O reaches the logits too, through W_U."""
    from transformer_lens.model_bridge import TransformerBridge
    from transformer_lens.utilities.tl_checkpoint_conversion import convert_tl_checkpoint

    config = bridge_config(model.n_heads, model.d_head)
    prefix = {"W_E": "embed", "W_pos": "pos_embed", "W_U": "unembed", "b_U": "unembed"}
    named = {f"{prefix.get(name, 'blocks.0.attn')}.{name}": tensor for name, tensor in model.state_dict().items()}
    bridge = TransformerBridge.boot_native(config, dtype=model.W_E.dtype)
    bridge.load_state_dict(convert_tl_checkpoint(named, config))
    return bridge


def from_bridge(bridge: Any) -> Transformer:
    """The model of a bridge that `bridge_config` made."""
    stacked = ("W_Q", "W_K", "W_V", "b_Q", "b_K", "b_V", "W_O", "b_O")
    heads = {name: getattr(bridge, name)[0].detach() for name in stacked}
    return Transformer.of(heads | {name: getattr(bridge, name).detach() for name in ("W_E", "W_pos", "W_U", "b_U")})
