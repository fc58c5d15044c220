"""The original's transformer over features, as its program has it: ten sparsities through one model, one position at a time.
Source: mmjerge/superposition_replication, `transformer_superposition` and `intro_diagram_transformer_superposition`."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

Array = np.ndarray
SMALLEST_DENSITY, IMPORTANCE_DECAY = 1 / 20, 0.9  # of the program


class OriginalTransformer(nn.Module):
    """x → Linear → GPT-2 on a sequence of length one → Linear → ReLU, with GPT-2's own dropout, which training has on."""

    def __init__(self, n_features: int, d_model: int, n_layers: int, seed: int):
        super().__init__()
        from transformers import GPT2Config, GPT2Model

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            config = GPT2Config(
                vocab_size=1, n_positions=32, n_embd=d_model, n_layer=n_layers, n_head=4, n_inner=4 * d_model,
                bos_token_id=None, eos_token_id=None,
            )  # fmt: skip
            self.input_projection = nn.Linear(n_features, d_model)
            self.transformer: Any = GPT2Model(config)
            self.output_projection = nn.Linear(d_model, n_features)

    def forward(self, x: Float[Tensor, "batch instance n"]) -> Float[Tensor, "batch instance n"]:
        hidden = self.input_projection(x.flatten(0, 1))[:, None]
        hidden = self.transformer(inputs_embeds=hidden).last_hidden_state[:, 0]
        return torch.relu(self.output_projection(hidden)).view_as(x)


def densities(instances: int) -> Float[Array, "instance"]:
    """From 1 to a twentieth."""
    return SMALLEST_DENSITY ** np.linspace(0, 1, instances)


def importance(n_features: int) -> Float[Array, "n"]:
    """Of each feature nine tenths of that of the one before."""
    return IMPORTANCE_DECAY ** np.arange(n_features)


def batch(size: int, density: Float[Tensor, "instance"], n: int, generator: torch.Generator) -> Float[Tensor, "size instance n"]:
    """Sparse features of every instance."""
    shape = (size, len(density), n)
    value, there = torch.rand(shape, generator=generator), torch.rand(shape, generator=generator)
    return torch.where(there <= density[:, None], value, 0.0)


def train(
    model: OriginalTransformer, instances: int, steps: int, size: int, lr: float, generator: torch.Generator, seed: int
) -> Float[Array, "steps"]:
    """Train in place as the program does; returns its loss at every step, a mean over batch, instances and features."""
    density = torch.from_numpy(densities(instances)).float()
    n = model.output_projection.out_features
    weight = torch.from_numpy(importance(n)).float()
    adam, losses = torch.optim.AdamW([p for name, p in model.named_parameters() if "wte" not in name], lr=lr), []
    with torch.random.fork_rng(devices=[]):  # dropout draws from the global generator
        torch.manual_seed(seed)
        model.train()
        for _ in range(steps):
            x = batch(size, density, n, generator)
            loss = (weight * (x - model(x)) ** 2).mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
            losses.append(float(loss.detach()))
        model.eval()
    return np.array(losses, np.float32)


def query_key(model: OriginalTransformer) -> Float[Array, "layer d_model columns"]:
    """The weights that make queries and keys, from which attention's scores come."""
    return _attention(model, slice(None, 2 * model.input_projection.out_features))


def value(model: OriginalTransformer) -> Float[Array, "layer d_model columns"]:
    """The weights that make values."""
    return _attention(model, slice(2 * model.input_projection.out_features, None))


def _attention(model, columns):
    return np.stack([block.attn.c_attn.weight.detach().numpy()[:, columns] for block in model.transformer.h])


def explained(model: OriginalTransformer, instances: int, size: int, generator: torch.Generator) -> Float[Array, "instance n"]:
    """The share of each feature's variance that is given back in each instance, on a fresh batch."""
    p = torch.from_numpy(densities(instances)).float()
    x = batch(size, p, model.output_projection.out_features, generator)
    with torch.no_grad():
        error = ((x - model(x)) ** 2).mean(0)
    return (1 - error / (p / 3 - p**2 / 4)[:, None]).numpy()


def constant_loss(instances: int, n: int, told: bool) -> float:
    """The program's loss of outputs that don't look at their input: the mean of each instance, or of all of them."""
    p = densities(instances)
    square, mean = (p / 3).mean(), (p / 2) if told else (p / 2).mean()
    return float(importance(n).mean() * (square - np.mean(mean**2)))
