"""A transformer over sparse features: n of them squeezed into the width of a GPT-2, through its blocks, and out again.
What it has to give back may stand at its own position, or at the one before, from where attention must bring it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from superposition.bottleneck.engine import tied_bottleneck
from superposition.training import AdamW

Array = np.ndarray
Task = Literal["own", "moved", "previous"]
Parameters = dict[str, Tensor]  # by name, each with a first axis for the model


class Start(NamedTuple):
    """The standard deviations of a model's weights before training, and its outputs' bias."""

    blocks: float
    into: float
    out: float
    bias: float


def plain(n_features: int, d_model: int) -> Start:
    """As GPT-2 and PyTorch's linear layers come: what the original starts from."""
    return Start(0.02, (3 * n_features) ** -0.5, (3 * d_model) ** -0.5, 0.0)


def scaled(d_model: int) -> Start:
    """GPT-2's at this width: 0.02 there, where a vector has 768 entries, is 0.02 √(768 / d_model) here.

    The readout starts small and its bias above most features, so that no output begins where its ReLU passes no gradient."""
    spread = 0.02 * (768 / d_model) ** 0.5
    return Start(spread, spread, spread / 10, 0.3)


class FeatureTransformer(nn.Module):
    """x → x W_in → GPT-2's blocks → ReLU(· W_out + b): a sequence of feature vectors to another.

    W_in is (n_features, d_model), a row a feature; W_out is (d_model, n_features). The blocks are transformers' own
    `GPT2Model`, with its learned positions and layer norms, an MLP of 4 d_model neurons, without dropout. What it starts
    from depends on the seed and `start` alone. Source: mmjerge/superposition_replication, `transformer_superposition`."""

    def __init__(self, n_features: int, d_model: int, n_layers: int, n_heads: int, context: int, start: Start, seed: int):
        super().__init__()
        from transformers import GPT2Config, GPT2Model

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            config = GPT2Config(
                vocab_size=1, n_positions=context, n_embd=d_model, n_layer=n_layers, n_head=n_heads, n_inner=4 * d_model,
                resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=None, eos_token_id=None,
                initializer_range=start.blocks, attn_implementation="eager",
            )  # fmt: skip
            self.blocks: Any = GPT2Model(config).eval()
            self.W_in = nn.Parameter(torch.randn(n_features, d_model) * start.into)
            self.W_out = nn.Parameter(torch.randn(d_model, n_features) * start.out)
        self.b = nn.Parameter(torch.full((n_features,), start.bias))

    def hidden(self, x: Float[Tensor, "batch pos n_features"]) -> Float[Tensor, "batch pos d_model"]:
        """The hidden vectors that are read out: the last block's, after GPT-2's last layer norm."""
        return self.blocks(inputs_embeds=x @ self.W_in, use_cache=False).last_hidden_state

    def patterns(self, x: Float[Tensor, "batch pos n_features"]) -> Float[Tensor, "layer batch head query key"]:
        """Where each head looks."""
        return torch.stack(self.blocks(inputs_embeds=x @ self.W_in, use_cache=False, output_attentions=True).attentions)

    def forward(self, x: Float[Tensor, "batch pos n_features"]) -> Float[Tensor, "batch pos n_features"]:
        return torch.relu(self.hidden(x) @ self.W_out + self.b)


@dataclass(frozen=True)
class Lessons:
    """What each model of a stack is to learn, at which density of its features, and whether its attention writes at all.

    "own": to give back each position's own features, for which attention is not needed. "moved": those of the position
    before, at positions that have none of their own. "previous": the same where every position has its own, so that a
    position's vector holds features that nobody asks for."""

    tasks: Sequence[Task]
    density: Float[Tensor, "model"]
    attends: Bool[Tensor, "model"]
    context: int

    def asked(self) -> Bool[Tensor, "model pos"]:
        """At which positions features are asked for."""
        odd = torch.arange(self.context) % 2 == 1
        of = {"own": torch.ones_like(odd), "moved": odd, "previous": torch.arange(self.context) > 0}
        return torch.stack([of[task] for task in self.tasks])

    def batch(
        self, size: int, n: int, generator: torch.Generator
    ) -> tuple[Float[Tensor, "model size pos n"], Float[Tensor, "model size pos n"]]:
        """Sequences for every model, and what is to be given back."""
        x = tied_bottleneck.sample(self.density, size * self.context, n, generator).reshape(-1, size, self.context, n)
        here, empty = (torch.tensor([task == name for task in self.tasks])[:, None, None, None] for name in ("own", "moved"))
        x = torch.where(empty & (torch.arange(self.context) % 2 == 1)[:, None], 0.0, x)
        return x, torch.where(here, x, x.roll(1, dims=2))


def stacked(model: FeatureTransformer, count: int) -> Parameters:
    """The parameters of a stack of models, all equal to this one. What GPT-2 has for tokens is left out."""
    parameters, _ = stack_module_state([model] * count)
    return {name: p.detach().clone() for name, p in parameters.items() if name != "blocks.wte.weight"}


def outputs(
    model: FeatureTransformer,
    parameters: Mapping[str, Tensor],
    attends: Bool[Tensor, "model"],
    x: Float[Tensor, "model batch pos n"],
) -> Float[Tensor, "model batch pos n"]:
    """What each model of the stack gives back; `model` is one of their shape, whose own parameters don't matter.

    Where a model does not attend, its attention writes nothing."""

    def one(p: Mapping[str, Tensor], attends: Tensor, x: Tensor) -> Tensor:
        return functional_call(model, {name: w * attends if "attn.c_proj" in name else w for name, w in p.items()}, (x,))

    return vmap(one)(parameters, attends.float(), x)


def errors(
    model: FeatureTransformer, parameters: Mapping[str, Tensor], lessons: Lessons, x: Tensor, target: Tensor
) -> Float[Tensor, "model n"]:
    """The mean squared error of every feature where it is asked for."""
    squares = ((target - outputs(model, parameters, lessons.attends, x)) ** 2).mean(1)
    asked = lessons.asked().float()
    return torch.einsum("mpn,mp->mn", squares, asked) / asked.sum(1, keepdim=True)


def explained(
    model: FeatureTransformer, parameters: Mapping[str, Tensor], lessons: Lessons, size: int, generator: torch.Generator
) -> Float[Array, "model n"]:
    """The share of each feature's variance that is given back where it is asked for, on a fresh batch; see `tied_bottleneck`."""
    with torch.no_grad():
        error = errors(model, parameters, lessons, *lessons.batch(size, len(model.b), generator))
    p = lessons.density[:, None]
    return (1 - error / (p / 3 - p**2 / 4)).numpy()


def train(
    model: FeatureTransformer,
    parameters: Parameters,
    lessons: Lessons,
    steps: int,
    size: int,
    optimiser: AdamW,
    generator: torch.Generator,
    snapshots: Sequence[int] = (),
) -> tuple[Float[Array, "steps model"], Float[Array, "snapshot model n d_model"]]:
    """Train the stack in place on the squared error, summed over features, each model on data of its own.

    Returns the loss of every step, and W_in after each of the steps `snapshots`, 0 being the start."""
    adam = torch.optim.AdamW(parameters.values(), betas=optimiser.numbers[1:3], weight_decay=optimiser.weight_decay, foreach=True)
    losses, kept = [], {0: parameters["W_in"].clone()}
    for p in parameters.values():
        p.requires_grad_(True)
    for step, rate in enumerate(optimiser.rates(steps), start=1):
        adam.param_groups[0]["lr"] = rate
        loss = errors(model, parameters, lessons, *lessons.batch(size, len(model.b), generator)).sum(1)
        adam.zero_grad()
        loss.sum().backward()
        adam.step()
        losses.append(loss.detach())
        if step in snapshots:
            kept[step] = parameters["W_in"].detach().clone()
    for p in parameters.values():
        p.requires_grad_(False)
    return torch.stack(losses).numpy(), torch.stack([kept[step] for step in snapshots or (0,)]).numpy()


def pick(model: FeatureTransformer, parameters: Mapping[str, Tensor], k: int) -> FeatureTransformer:
    """The same model with the parameters of the stack's k-th."""
    model.load_state_dict({name: p[k] for name, p in parameters.items()}, strict=False)
    return model


def arrivals(model: FeatureTransformer, density: float, source: int, at: int, empty: bool) -> Float[Array, "n d_model"]:
    """By how much, and where to, each feature at position `source` moves the hidden vector that is read at position `at`.

    The feature goes from 0 to 1 while the others keep their mean. `empty`: the odd positions have no features."""
    n, context = len(model.b), model.blocks.config.n_positions
    x = torch.full((n, context, n), density / 2)
    if empty:
        x[:, 1::2] = 0
    with torch.no_grad():
        ends = []
        for value in (0.0, 1.0):
            x[range(n), source, range(n)] = value
            ends.append(model.hidden(x)[:, at])
    return (ends[1] - ends[0]).numpy()
