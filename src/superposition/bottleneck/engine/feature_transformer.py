"""A transformer over sparse features: n of them squeezed into the width of a GPT-2, through its blocks, and out again.
What it has to give back may stand at its own position, or at the one before, from where attention must bring it."""

from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from superposition.bottleneck.engine import tied_bottleneck

Array = np.ndarray
Task = Literal["single", "own", "previous"]


class FeatureTransformer(nn.Module):
    """x → x W_in → GPT-2's blocks → ReLU(· W_out + b): a sequence of feature vectors to another.

    W_in is (n_features, d_model), a row a feature; W_out is (d_model, n_features). The blocks are transformers' own
    `GPT2Model`, with its learned positions and layer norms. The start depends on the seed alone.
    Source: mmjerge/superposition_replication, `transformer_superposition`."""

    def __init__(self, n_features: int, d_model: int, n_layers: int, n_heads: int, d_mlp: int, context: int, seed: int):
        super().__init__()
        from transformers import GPT2Config, GPT2Model

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            config = GPT2Config(
                vocab_size=1, n_positions=context, n_embd=d_model, n_layer=n_layers, n_head=n_heads, n_inner=d_mlp,
                resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=None, eos_token_id=None,
            )  # fmt: skip
            self.blocks: Any = GPT2Model(config)
            into, out = nn.Linear(n_features, d_model, bias=False), nn.Linear(d_model, n_features)
        self.W_in = nn.Parameter(into.weight.detach().T.clone())
        self.W_out = nn.Parameter(out.weight.detach().T.clone())
        self.b = nn.Parameter(torch.zeros(n_features))

    def forward(self, x: Float[Tensor, "batch pos n_features"]) -> Float[Tensor, "batch pos n_features"]:
        hidden = self.blocks(inputs_embeds=x @ self.W_in, use_cache=False).last_hidden_state
        return torch.relu(hidden @ self.W_out + self.b)


def batch(
    task: Task, density: float, size: int, context: int, n: int, generator: torch.Generator
) -> tuple[Float[Tensor, "size pos n"], Float[Tensor, "size pos n"], Bool[Tensor, "pos"]]:
    """Sparse features at each position, what is to be given back there, and at which positions that is asked.

    "single": sequences of one position, as in the original. "own": each position its own features, so that attention is
    there but need not be used. "previous": those of the position before, which nothing but attention can bring."""
    length = 1 if task == "single" else context
    x = tied_bottleneck.sample(torch.tensor([density]), size * length, n, generator)[0].reshape(size, length, n)
    asked = torch.ones(length, dtype=torch.bool)
    if task != "previous":
        return x, x, asked
    asked[0] = False
    return x, x.roll(1, dims=1), asked


def explained(
    model: FeatureTransformer, task: Task, density: float, size: int, context: int, generator: torch.Generator
) -> Float[Array, "n_features"]:
    """The share of each feature's variance that is given back where it is asked for, on a fresh batch; see `tied_bottleneck`."""
    with torch.no_grad():
        x, target, asked = batch(task, density, size, context, len(model.W_in), generator)
        error = ((target - model(x)) ** 2)[:, asked].mean((0, 1))
    return (1 - error / (density / 3 - density**2 / 4)).numpy()


def train(
    model: FeatureTransformer,
    task: Task,
    density: float,
    steps: int,
    size: int,
    context: int,
    lr: float,
    generator: torch.Generator,
) -> Float[Array, "steps"]:
    """Train in place on the squared error where features are asked for, summed over them; returns it for each step."""
    losses: list[float] = []

    def loss() -> Tensor:
        x, target, asked = batch(task, density, size, context, len(model.W_in), generator)
        value = ((target - model(x)) ** 2)[:, asked].sum(-1).mean()
        losses.append(float(value.detach()))
        return value

    unused = {model.blocks.wte.weight}
    tied_bottleneck.descend([p for p in model.parameters() if p not in unused], loss, steps, lr)
    return np.array(losses, np.float32)
