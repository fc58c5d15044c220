"""Tied and untied autoencoders with dropout on their linear hidden layer, over rates and sparsities.
The write-up "Experiments in Superposition", project 4; each model is compared with rotations of itself."""

import copy

import numpy as np
import torch
from jaxtyping import Float

from superposition import formulas, runs
from superposition.toy.engine import features
from superposition.toy.engine.networks import Networks, Task, keep, sample
from superposition.toy.engine.training import evaluate, train
from superposition.toy.measures import redundancy, rotations
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


def _alignments(W: Float[Array, "model n m"], turns: Float[Array, "draw m m"]) -> dict[str, Array]:
    """Basis alignment of every model, its mean over rotations of the model, and its rank among them."""
    own, turned = formulas.basis_alignment(W), rotations.each(formulas.basis_alignment, W, turns)
    return {"alignment": own, "null_alignment": turned.mean(-1), "rank": rotations.rank(own, turned)}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train rates × sparsities × seeds, and turn each model many times. Weights are stored in half precision."""
    grid, networks, task = stack(config)
    train(networks, task, config.steps, config.batch, AdamW(config.lr, schedule="cosine"), records=20, job=job)
    noisy, turned = noisy_losses(networks, task, rotations.draw(config.n_hidden, config.turns, config.seed))
    trained = networks.weights(*grid)
    W = trained["W1"]
    small = {
        "W": W, "b": trained["b"],
        "diagonal": torch.einsum("inm,imn->in", networks.W1, networks.W2).detach().numpy().reshape(*grid, -1),
    }  # fmt: skip
    losses = {"loss": evaluate(networks, task, batches=8), "noisy_loss": noisy, "turned_loss": turned}
    turns = rotations.draw(config.n_hidden, config.rotations, config.seed + 1)
    aligned = _alignments(networks.W1.detach().numpy().astype(float), turns)
    arrays = {
        "rate": np.array(config.rates), "sparsity": np.array(config.sparsities), "importance": np.array(task.importance),
        **{name: array.astype(np.float16) for name, array in small.items()},
        **{name: array.reshape(grid).astype(np.float32) for name, array in (losses | aligned).items()},
    }  # fmt: skip
    per_dimension = formulas.features_per_dimension(W.astype(float)).mean((1, 2))
    ends = zip(config.rates, per_dimension, strict=True)
    return arrays, {f"features per dimension, rate {rate:g}": float(x) for rate, x in ends}


ANTI, ALIGNED = 0.05, 0.95  # ranks among a model's own rotations


def weights(results: runs.Results, rate: float | int, sparsity: float | int) -> Float[np.ndarray, "seed n m"]:
    """W of one cell, in double precision."""
    return results["W"][index(results["rate"], rate), index(results["sparsity"], sparsity)].astype(float)


def index(values: np.ndarray, wanted: float | int) -> int:
    """The place of a value in a list of them."""
    return int(np.abs(values - wanted).argmin())


def ratio(results: runs.Results, measure, rate: float | int, sparsity: float | int) -> Float[np.ndarray, "seed"]:
    """A measure at a rate over the same without dropout, seed by seed."""
    return measure(weights(results, rate, sparsity)) / measure(weights(results, 0, sparsity))


def directions(W: Float[np.ndarray, "*batch n m"]) -> Float[np.ndarray, "*batch"] | np.floating:
    """Neurons for each direction in use: n_hidden over the effective rank."""
    return W.shape[-1] / formulas.effective_rank(W)


def dimensions_per_feature(W: Float[np.ndarray, "*batch n m"]) -> Float[np.ndarray, "*batch"] | np.floating:
    """m / ‖W‖_F²."""
    return 1 / formulas.features_per_dimension(W)


def largest_fall(results: runs.Results) -> Float[np.ndarray, "seed"]:
    """Effective features over those without dropout in the cell, of S from 0.5 on, where they fall most on average."""
    sparse = results["sparsity"] >= 0.5
    count = formulas.effective_features(results["W"][:, sparse].astype(float))
    relative = (count / count[:1]).reshape(-1, count.shape[-1])
    return relative[relative.mean(-1).argmin()]


def beyond(results: runs.Results, low: float, high: float, side: str) -> np.ndarray:
    """Which models with S of 0.5 and more and a rate from low to high are `anti`-aligned, or `aligned`: seeds first."""
    rates = (results["rate"] >= low - 1e-9) & (results["rate"] <= high + 1e-9)
    ranks = results["rank"][rates][:, results["sparsity"] >= 0.5].reshape(-1, results.config.seeds).T
    return ranks < ANTI if side == "anti" else ranks > ALIGNED


def half_learnt(results: runs.Results, rate: float | int) -> Float[np.ndarray, "seed"]:
    """The share of features of intermediate length, mean over S of 0.5 and more."""
    W = results["W"][index(results["rate"], rate), results["sparsity"] >= 0.5].astype(float)
    return redundancy.halfway(W).mean(0)


def jumps(exact: runs.Results) -> Float[np.ndarray, "rate importance"]:
    """For each rate and importance, by how much the shorter vector of the optimum changes at most from cell to cell."""
    return np.abs(np.diff(formulas.norms(exact["V"]).min(-1), axis=-1)).max(-1)


def in_pairs(results: runs.Results, rate: float | int) -> Float[np.ndarray, "sparsity seed"]:
    """The share of represented features that have an antipode, at S of 0.5 and more."""
    return redundancy.paired(results["W"][index(results["rate"], rate), results["sparsity"] >= 0.5].astype(float))
