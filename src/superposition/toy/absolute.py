"""|x| of a hundred features in forty neurons, and of six in ten: what sparsity does to neurons that compute.
Elhage et al. 2022, "Computation in Superposition", with a count of its asymmetric superposition motif."""

import numpy as np
from jaxtyping import Bool, Float

from superposition import formulas, runs
from superposition.toy.engine.networks import Networks
from superposition.toy.engine.training import train
from superposition.toy.theory import dedicated_neurons
from superposition.training import AdamW

Array = np.ndarray


class Config(runs.Config):
    n_features: int
    n_hidden: int
    importance_decay: float
    sparsities: tuple[float, ...]
    seeds: int
    steps: int
    batch: int
    lr: float
    motif_features: int
    motif_hidden: int
    motif_sparsities: tuple[float, ...]
    motif_seeds: int
    motif_steps: int
    shuffles: int
    judge_batches: int
    judge_batch: int


SCHEMA = {
    "sparsity": "sparsity",
    "loss": "sparsity seed n_features",
    "inputs_per_neuron": "sparsity seed n_hidden",
    "size": "sparsity seed n_hidden",
    "neurons_per_feature": "sparsity seed n_features",
    "start_inputs_per_neuron": "seed n_hidden",
    "best_W1": "sparsity n_features n_hidden",
    "best_W2": "sparsity n_hidden n_features",
    "motif_sparsity": "motif_sparsity",
    "motif_W1": "motif_sparsity motif_seed motif_features motif_hidden",
    "motif_W2": "motif_sparsity motif_seed motif_hidden motif_features",
    "motif_b": "motif_sparsity motif_seed motif_features",
    "motif_loss": "motif_sparsity motif_seed motif_features",
    "motifs": "motif_sparsity motif_seed",
    "shuffled_motifs": "motif_sparsity motif_seed",
}

SERVED = 0.5  # a neuron serves a feature if it gives at least half of |x| on one side of 0
STRONG = 1.0  # strong interference: as large as the answer for the other feature itself
LOPSIDED = 4.0  # and at least so many times as large as the interference the other way
LEFT = 0.1  # cancelled: at most this share of the strong interference is left


def service(W1: Float[Array, "*batch n m"], W2: Float[Array, "*batch m n"]) -> Float[Array, "*batch n m"]:
    """How much of |x_i| each neuron gives to output i, on the side of 0 on which it fires."""
    return np.abs(W1) * W2.swapaxes(-1, -2)


def reach(W1: Float[Array, "*batch n m"], W2: Float[Array, "*batch m k"], sign: int) -> Float[Array, "*batch n m k"]:
    """What every neuron adds to every output when feature i alone is 1, or -1."""
    return np.maximum(sign * W1, 0)[..., None] * W2[..., None, :, :]


def motifs(W1: Float[Array, "n m"], W2: Float[Array, "m n"]) -> list[tuple[int, int, int, int]]:
    """Every asymmetric superposition motif: feature A, feature B, the neuron that serves both, the neuron that inhibits.

    The first neuron serves both, and A would drive B's output strongly through it, but B hardly A's. The second fires with A
    as well and takes at least half of that away from B, and of the sum over all neurons next to nothing is left."""
    own, found = service(W1, W2) >= SERVED, []
    for sign in (1, -1):
        effect = reach(W1, W2, sign)
        for k in np.flatnonzero(own.sum(0) > 1):
            for a in np.flatnonzero(own[:, k] & (sign * W1[:, k] > 0)):
                for b in np.flatnonzero(own[:, k] & (np.arange(len(W1)) != a)):
                    strong, back = effect[a, k, b], abs(W1[b, k]) * W2[k, a]
                    inhibitor = int(effect[a, :, b].argmin())
                    lopsided = strong >= STRONG and strong >= LOPSIDED * back
                    cancelled = effect[a, inhibitor, b] <= -strong / 2 and effect[a, :, b].sum() <= LEFT * strong
                    if lopsided and cancelled:
                        found.append((int(a), int(b), int(k), inhibitor))
    return found


def shuffled(W1: Float[Array, "n m"], W2: Float[Array, "m n"], rng: np.random.Generator) -> Float[Array, "m n"]:
    """W2 with the weights onto each output shuffled among the neurons that don't serve it."""
    other = W2.copy()
    for i, free in enumerate(service(W1, W2) < SERVED):
        other[free, i] = rng.permutation(other[free, i])
    return other


def neurons_per_feature(W1: Float[Array, "*batch n m"], W2: Float[Array, "*batch m n"]) -> Float[Array, "*batch n"]:
    """Effective number of neurons that serve each feature, the participation ratio of its service."""
    return formulas.polysemanticity(np.maximum(service(W1, W2), 0).swapaxes(-1, -2))


def live(size: Float[Array, "*batch m"]) -> Bool[Array, "*batch m"]:
    """Neurons that are used: their weights in and out multiply to more than a tenth."""
    return size > 0.1


def _grid(n: int, m: int, sparsities: tuple[float, ...], seeds: int, steps: int, config: Config, job: runs.Job, key: str):
    """Train sparsities × seeds on |x| from the same starts: the weights and each output's share of its variance, on the grid."""
    count, grid = len(sparsities) * seeds, (len(sparsities), seeds)
    networks = Networks([config.seed + i % seeds for i in range(count)], n, m)
    on = np.repeat(1 - np.array(sparsities), seeds)
    given = dedicated_neurons.task("abs", on[:, None], config.importance_decay ** np.arange(n))
    start = networks.weights(*grid)
    train(networks, given, steps, config.batch, AdamW(config.lr, schedule="cosine"), job=job, key=key)
    left = dedicated_neurons.judge(networks, "abs", on, config.judge_batches, config.judge_batch)[0]
    return start, networks.weights(*grid), left.reshape(*grid, n)


def _counted(config: Config, W1: Float[Array, "*grid n m"], W2: Float[Array, "*grid m n"]) -> tuple[Array, Array]:
    """Motifs in every network, and their mean number where W2 is shuffled."""
    rng, counts, null = np.random.default_rng(config.seed), [], []
    for one, two in zip(W1.reshape(-1, *W1.shape[2:]), W2.reshape(-1, *W2.shape[2:]), strict=True):
        counts.append(len(motifs(one, two)))
        null.append(np.mean([len(motifs(one, shuffled(one, two, rng))) for _ in range(config.shuffles)]))
    return np.array(counts).reshape(W1.shape[:2]), np.array(null).reshape(W1.shape[:2])


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """The large networks over the sparsities, then the small ones and their motifs."""
    importance = config.importance_decay ** np.arange(config.n_features)
    start, large, loss = _grid(
        config.n_features, config.n_hidden, config.sparsities, config.seeds, config.steps, config, job, "large"
    )  # fmt: skip
    small = config.motif_features, config.motif_hidden, config.motif_sparsities, config.motif_seeds, config.motif_steps
    _, motif, motif_loss = _grid(*small, config, job, "motif")
    W1, W2, best = large["W1"], large["W2"], (loss @ importance).argmin(1)
    chosen, rows = np.arange(len(best)), np.linalg.norm
    counts, null = _counted(config, motif["W1"], motif["W2"])
    arrays = {
        "sparsity": np.array(config.sparsities), "loss": loss,
        "inputs_per_neuron": formulas.polysemanticity(W1), "size": rows(W1, axis=-2) * rows(W2, axis=-1),
        "neurons_per_feature": neurons_per_feature(W1, W2),
        "start_inputs_per_neuron": formulas.polysemanticity(start["W1"][0]),
        "best_W1": W1[chosen, best], "best_W2": W2[chosen, best],
        "motif_sparsity": np.array(config.motif_sparsities), "motif_loss": motif_loss, "motifs": counts, "shuffled_motifs": null,
    } | {f"motif_{name}": values for name, values in motif.items()}  # fmt: skip
    return arrays, {f"motifs at {s:g}": float(n.mean()) for s, n in zip(config.motif_sparsities, counts, strict=True)}


def two_neurons(results: runs.Results) -> np.ndarray:
    """Whether each feature computed well in dense data has two effective neurons, 1.8 to 2.2: (feature of any seed)."""
    per = results["neurons_per_feature"][0][results["loss"][0] < 0.1]
    return (per >= 1.8) & (per <= 2.2)


def lopsidedness(W1: np.ndarray, W2: np.ndarray) -> np.ndarray:
    """Larger over smaller weight in of the neurons that serve two features, geometric mean of each network that has any."""
    size, served = np.abs(W1), service(W1, W2) >= SERVED
    two = served.sum(-2) == 2
    high, low = np.where(served, size, 0).max(-2), np.where(served, size, np.inf).min(-2)
    logs = [np.log(h[t] / l[t]).mean() for h, l, t in zip(high, low, two, strict=True) if t.any()]
    return np.exp(np.array(logs, float))


def monosemantic(results: runs.Results, prefix: str = "") -> np.ndarray:
    """The share of live neurons with fewer than 1.5 effective features: (sparsity, seed)."""
    alive = live(results[f"{prefix}size"])
    return (alive & (results[f"{prefix}inputs_per_neuron"] < 1.5)).sum(-1) / np.maximum(1, alive.sum(-1))


def computed(loss: np.ndarray) -> np.ndarray:
    """How many features leave less than half of their variance: (sparsity, seed)."""
    return (loss < 0.5).sum(-1)
