"""Transformers that give back their own features, asked at as few positions as those that have to bring them from elsewhere.
What they lose is what fewer answers to learn from cost by themselves."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from superposition import runs
from superposition.bottleneck import moving_features
from superposition.bottleneck.engine import feature_transformer
from superposition.bottleneck.engine.feature_transformer import FeatureTransformer, Lessons, Task
from superposition.bottleneck.moving_features import OWN, SITES
from superposition.training import AdamW

Array = np.ndarray
LIKE: tuple[Task, ...] = ("moved", "previous")  # those that are asked at fewer positions
MOVED, PREVIOUS = range(len(LIKE))


class Config(runs.Config):
    """As that of `bottleneck/transformer`."""

    n_features: int
    hidden: tuple[int, ...]
    sparsities: tuple[float, ...]
    seeds: int
    context: int
    n_heads: int
    steps: int
    batch: int
    lr: float
    warmup: int
    held_out: int
    null_draws: int


SCHEMA = {name: "like width sparsity seed" for name in ("carried", "dimensionality", "null_dimensionality")}


@dataclass(frozen=True)
class Fewer(Lessons):
    """The same lessons, asked where those of `like` are."""

    like: Task = "own"

    def asked(self) -> Bool[Tensor, "model pos"]:
        return Lessons([self.like] * len(self.tasks), self.density, self.attends, self.context).asked()


def trained(item: tuple[Config, Task, int, int]) -> dict[str, Array]:
    """All sparsities of one width and seed: the features that a dimension carries, and how crowded they go in."""
    config, like, m, seed = item
    count = len(config.sparsities)
    lessons = Fewer(["own"] * count, 1 - torch.tensor(config.sparsities), torch.ones(count, dtype=bool), config.context, like)
    start, generator = feature_transformer.scaled(m), torch.Generator().manual_seed(1000 * seed + m)
    model = FeatureTransformer(config.n_features, m, 1, config.n_heads, config.context, start, seed)
    parameters = feature_transformer.stacked(model, count)
    optimiser = AdamW(config.lr, schedule="cosine", warmup=config.warmup)
    feature_transformer.train(model, parameters, lessons, config.steps, config.batch, optimiser, generator)
    explained = feature_transformer.explained(model, parameters, lessons, config.held_out, generator)
    found = moving_features.of_directions(parameters["W_in"].numpy().astype(float), config.null_draws, seed)
    return {name: found[name] for name in ("dimensionality", "null_dimensionality")} | {
        "carried": moving_features.carried(explained, m)
    }


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Every width and seed, asked at fewer positions in either way."""
    items = [(config, like, m, config.seed + k) for like in LIKE for m in config.hidden for k in range(config.seeds)]
    found = runs.stacked(job.map(trained, items, "stacks"), len(LIKE), len(config.hidden), config.seeds)
    arrays = {name: np.moveaxis(array, 2, 3).astype(np.float32) for name, array in found.items()}
    return arrays, {f"carried, asked as {like}": float(one.mean()) for like, one in zip(LIKE, arrays["carried"], strict=True)}


# --- what came of it: beside the models of bottleneck/transformer that are asked at every position ------------------------


def carried_over_all(results: runs.Results, whole: runs.Results) -> Float[Array, "like width sparsity seed"]:
    """The features that a dimension carries, over those where every position is asked."""
    return results["carried"] / whole["carried"][OWN]


def crowding_over_all(results: runs.Results, whole: runs.Results) -> Float[Array, "like width sparsity seed"]:
    """The same of features per dimension by D_i of what goes in, each over that of random directions."""
    fewer, every = (one["dimensionality"] / one["null_dimensionality"] for one in (results, whole))
    return fewer / every[OWN, ..., SITES.index("going in")]
