"""Tied and untied autoencoders with dropout on their linear hidden layer, over rates and sparsities.
The write-up "Experiments in Superposition", project 4; each model is compared with rotations of itself."""

import copy

import numpy as np
import torch
from jaxtyping import Float
from scipy import stats

from superposition import metrics, runs
from superposition.toy.engine import features
from superposition.toy.engine.networks import Networks, Task, keep, sample
from superposition.toy.engine.training import evaluate, train
from superposition.training import AdamW

Array = np.ndarray


class Config(runs.Config):
    n_features: int
    n_hidden: int
    importance_decay: float
    tied: bool
    rates: tuple[float, ...]
    sparsities: tuple[float, ...]
    seeds: int
    steps: int
    batch: int
    lr: float
    rotations: int
    turns: int


# `diagonal` is that of the product of both layers, W Wᵀ in a tied model. `noisy_loss` is held out, with dropout;
# `turned_loss` is the same on the same data and masks, after random turns of the hidden space.
SCHEMA = {
    "rate": "rate",
    "sparsity": "sparsity",
    "importance": "n_features",
    "W": "rate sparsity seed n_features n_hidden",
    "b": "rate sparsity seed n_features",
    "diagonal": "rate sparsity seed n_features",
    "loss": "rate sparsity seed",
    "noisy_loss": "rate sparsity seed",
    "turned_loss": "rate sparsity seed",
    "alignment": "rate sparsity seed",
    "null_alignment": "rate sparsity seed",
    "rank": "rate sparsity seed",
}


def stack(config: Config) -> tuple[tuple[int, int, int], Networks, Task]:
    """The grid rates × sparsities × seeds, its untrained networks, and their task.

    A seed sees the same data from the same start at every rate, so that rates can be compared pair by pair."""
    grid = len(config.rates), len(config.sparsities), config.seeds
    rate, sparsity, _ = np.meshgrid(config.rates, config.sparsities, np.arange(config.seeds), indexing="ij")
    seeds = np.broadcast_to(config.seed + np.arange(grid[1] * grid[2]).reshape(grid[1:]), grid)
    networks = Networks(
        seeds.ravel().tolist(), config.n_features, config.n_hidden, hidden="identity", tied=config.tied, dropout=rate.ravel()
    )
    importance = config.importance_decay ** np.arange(config.n_features)
    return grid, networks, Task("uniform", "identity", (1 - sparsity).reshape(-1, 1), importance)


def _turned(networks: Networks, turn: Float[Array, "m m"]) -> Networks:
    """The same networks with the hidden space turned: out = x (W1 R) (Rᵀ W2) + b."""
    other, R = copy.deepcopy(networks), torch.from_numpy(turn.astype(np.float32))
    W1, W2 = networks.W1 @ R, R.T @ networks.W2
    with torch.no_grad():
        other.W1.copy_(W1)
        other.W2.copy_(W2)
    return other


def noisy_losses(
    networks: Networks, task: Task, turns: Float[Array, "turn m m"], batch: int = 512
) -> tuple[Float[Array, "instance"], Float[Array, "instance"]]:
    """Held-out loss with dropout on, as trained and after turns: a batch for each turn, the same data and masks for both."""
    importance, losses = torch.tensor(np.float32(task.importance)), []
    with torch.no_grad():
        for k, turn in enumerate(turns):
            x = sample(task, networks, features.HELD_OUT + k, batch)
            mask = keep(networks, features.HELD_OUT + k, batch)
            losses.append([one.loss(x, x, importance, mask).numpy() for one in (networks, _turned(networks, turn))])
    own, turned = np.mean(losses, axis=0)
    return own, turned


def _alignments(W: Float[Array, "*grid n m"], rotations: Float[Array, "draw m m"]) -> dict[str, Array]:
    """Basis alignment of every model, its mean over rotations of the model, and its rank among them."""
    own = metrics.basis_alignment(W)
    turned = np.stack([metrics.basis_alignment(W @ R) for R in rotations])
    return {"alignment": own, "null_alignment": turned.mean(0), "rank": (turned < own).mean(0)}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train rates × sparsities × seeds, and turn each model many times. Weights are stored in half precision."""
    grid, networks, task = stack(config)
    train(networks, task, config.steps, config.batch, AdamW(config.lr, schedule="cosine"), records=20, job=job)
    noisy, turned = noisy_losses(networks, task, stats.special_ortho_group(config.n_hidden, seed=config.seed).rvs(config.turns))
    trained = networks.weights(*grid)
    W = trained["W1"]
    small = {
        "W": W, "b": trained["b"],
        "diagonal": torch.einsum("inm,imn->in", networks.W1, networks.W2).detach().numpy().reshape(*grid, -1),
    }  # fmt: skip
    losses = {"loss": evaluate(networks, task, batches=8), "noisy_loss": noisy, "turned_loss": turned}
    rotations = stats.special_ortho_group(config.n_hidden, seed=config.seed + 1).rvs(config.rotations)
    arrays = {
        "rate": np.array(config.rates), "sparsity": np.array(config.sparsities), "importance": np.array(task.importance),
        **{name: array.astype(np.float16) for name, array in small.items()},
        **{name: array.reshape(grid).astype(np.float32) for name, array in losses.items()},
        **{name: array.astype(np.float32) for name, array in _alignments(W.astype(float), rotations).items()},
    }  # fmt: skip
    per_dimension = metrics.features_per_dimension(W.astype(float)).mean((1, 2))
    ends = zip(config.rates, per_dimension, strict=True)
    return arrays, {f"features per dimension, rate {rate:g}": float(x) for rate, x in ends}
