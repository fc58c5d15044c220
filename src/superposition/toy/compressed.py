"""Compressed computation: ReLU of a hundred inputs in fifty neurons, with labels that mix the inputs and with clean ones.
Beside what the labels themselves allow; and with the fourth power of the error in place of the square."""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from superposition import runs
from superposition.toy.engine.labelled import Examples, Stack, train
from superposition.toy.theory import label_spectrum
from superposition.training import AdamW

Array = np.ndarray

KINDS = ("embedding", "symmetric", "asymmetric", "none")
TRAININGS = (("L2", 2, False), ("L4", 4, False), ("L4, no ReLU", 4, True))


class Config(runs.Config):
    n: int
    m: int
    embedding: int
    symmetric: float
    asymmetric: float
    p: float
    seeds: int
    steps: int
    batch: int
    lr: float
    start: float
    lone_steps: int
    other_lrs: tuple[float, ...]
    other_starts: tuple[float, ...]
    other_steps: int
    sigmas: tuple[float, ...]
    dense: tuple[float, ...]
    dense_steps: int
    dense_batch: int
    crowd_n: int
    crowd_m: int
    crowd_p: float
    crowd_steps: int
    crowd_batch: int
    crowd_lr: float
    judged: int


SCHEMA = {
    "M_spread": "kind seed",
    # Each input active with probability p: the loss of an output, over p, and the least that its labels allow.
    "loss": "kind seed",
    "least": "kind seed",
    # One input active at a time: the same; for the originals' training, and for others.
    "lone_loss": "kind seed",
    "lone_least": "kind seed",
    "other_loss": "other kind seed",
    # Trained one at a time with M, then judged by clean labels: at once, and after training on those.
    "moved": "kind seed",
    "settled": "kind seed",
    "aligned": "kind seed",  # share of ‖W1‖² in the m leading directions of the labels
    "sigma": "sigma",
    "sweep_loss": "noise sigma seed",
    "sweep_least": "noise sigma seed",
    "dense_loss": "dense seed",
    "dense_least": "dense",
    # Other powers of the error, clean labels: by feature, the squared error where its input is positive, and negative; the
    # output for 1 and for -1 alone; and both losses over p.
    "positive": "training crowd_seed feature",
    "negative": "training crowd_seed feature",
    "up": "training crowd_seed feature",
    "down": "training crowd_seed feature",
    "crowd_l2": "training crowd_seed",
    "crowd_l4": "training crowd_seed",
}


def mixing(kind: str, config: Config, seed: int, sigma: float | None = None) -> Float[Array, "n n"]:
    """M: what the labels have besides ReLU(x); of a random embedding, symmetric or any noise, or 0."""
    rng, n = np.random.default_rng((config.seed, seed)), config.n
    if kind == "none":
        return np.zeros((n, n))
    if kind == "embedding":
        W = rng.standard_normal((n, config.embedding))
        W /= np.linalg.norm(W, axis=1, keepdims=True)
        return np.eye(n) - W @ W.T
    noise = rng.standard_normal((n, n)) * (getattr(config, kind) if sigma is None else sigma)
    return (noise + noise.T) / 2**0.5 if kind == "symmetric" else noise


def labels(x: Float[Tensor, "batch n"], M: Float[Tensor, "model n n"]) -> Float[Tensor, "model batch n"]:
    """ReLU(x) + M x."""
    return torch.baddbmm(x.relu().expand(len(M), -1, -1), x.expand(len(M), -1, -1), M.mT)


def sparse(batch: int, n: int, p: float, generator: torch.Generator) -> Float[Tensor, "active n"]:
    """Inputs that are each active with probability p, and then uniform on [-1, 1]; examples that are all 0 are left out."""
    u = torch.rand(batch, n, generator=generator)
    x = torch.where(u < p, u * (2 / p) - 1, 0.0)
    return x[x.any(1)]


def alone(M: Float[Tensor, "model n n"]) -> Examples:
    """Each input alone at 1 and at -1. A network without biases is as good at all smaller sizes, in proportion."""
    x = torch.cat([torch.eye(M.shape[-1]), -torch.eye(M.shape[-1])])
    return Examples(x, labels(x, M), len(x))


def lone_loss(stack: Stack, M: Float[Tensor, "model n n"]) -> Float[Array, "model"]:
    """The exact loss of an output over p where one input is active at a time: half of them positive, E x² = 1/3."""
    given = alone(M)
    return (((stack(given.x) - given.y) ** 2).sum((1, 2)) / (6 * M.shape[-1])).double().numpy()


def _adam(config, lr=None):
    return AdamW(lr or config.lr, schedule="cosine")


def _tensor(mixings):
    return torch.from_numpy(np.stack(mixings).astype(np.float32))


def _new(config, seed, count, start=None):
    size = start or config.start
    return Stack.create([1000 * config.seed + seed] * count, config.n, config.m, config.n, (size, size))


@torch.no_grad()
def _judged(stack, M, n, p, examples, generator):
    """The mean loss of an output over p, on held-out inputs."""
    total = torch.zeros(len(stack.W1), dtype=torch.float64)
    for _ in range(0, examples, 4096):
        x = sparse(4096, n, p, generator)
        total += ((stack(x) - labels(x, M)) ** 2).sum((1, 2))
    return (total / (-(-examples // 4096) * 4096 * n * p)).numpy()


def _at_p(item):
    """One seed of every kind, with each input active with probability p, as Braun et al. trained."""
    config, seed = item
    M = _tensor([mixing(kind, config, seed) for kind in KINDS])
    generator = torch.Generator().manual_seed(1000 * config.seed + seed)

    def draw():
        x = sparse(config.batch, config.n, config.p, generator)
        return Examples(x, labels(x, M), config.batch)

    stack = train(_new(config, seed, len(M)), draw, config.steps, _adam(config))
    return {"loss": _judged(stack, M, config.n, config.p, config.judged, generator)}


def _alone(item):
    """One seed of every kind, with one input active at a time: the originals' training, others, and a move to clean labels."""
    config, seed = item
    mixings = [mixing(kind, config, seed) for kind in KINDS]
    M, clean = _tensor(mixings), torch.zeros(len(KINDS), config.n, config.n)
    given, plain = alone(M), alone(clean)
    stack = train(_new(config, seed, len(M)), lambda: given, config.lone_steps, _adam(config))
    first = [label_spectrum.leading(label_spectrum.lone(one), config.m) for one in mixings]
    W1 = stack.W1.double().numpy()
    found = {
        "lone_loss": lone_loss(stack, M), "moved": lone_loss(stack, clean),
        "aligned": np.array([((Q.T @ W) ** 2).sum() / (W**2).sum() for Q, W in zip(first, W1, strict=True)]),
    }  # fmt: skip
    others = [
        train(_new(config, seed, len(M), start), lambda: given, config.other_steps, _adam(config, lr))
        for lr in config.other_lrs for start in config.other_starts
    ]  # fmt: skip
    train(stack, lambda: plain, config.other_steps, _adam(config))
    return found | {"other_loss": np.stack([lone_loss(one, M) for one in others]), "settled": lone_loss(stack, clean)}


def _sweep(item):
    """One seed over the sizes of both kinds of noise, one input active at a time."""
    config, seed = item
    mixings = [mixing(kind, config, seed, sigma) for kind in KINDS[1:3] for sigma in config.sigmas]
    M = _tensor(mixings)
    given = alone(M)
    stack = train(_new(config, seed, len(M)), lambda: given, config.other_steps, _adam(config, max(config.other_lrs)))
    least = np.array([label_spectrum.least(label_spectrum.lone(one), config.m) for one in mixings])
    grid = 2, len(config.sigmas)
    return {"sweep_loss": lone_loss(stack, M).reshape(grid), "sweep_least": least.reshape(grid)}


def _dense(item):
    """One seed on clean labels, with more of the inputs active."""
    config, p, seed = item
    M, generator = torch.zeros(1, config.n, config.n), torch.Generator().manual_seed(1000 * config.seed + seed)

    def draw():
        x = sparse(config.dense_batch, config.n, p, generator)
        return Examples(x, x.relu()[None], config.dense_batch)

    stack = train(_new(config, seed, 1), draw, config.dense_steps, _adam(config))
    return {"dense_loss": _judged(stack, M, config.n, p, config.judged, generator)}


@torch.no_grad()
def _crowd(item):
    """Many more features than neurons, clean labels, with one power of the error: what each feature's output is like."""
    config, (_, power, linear), seed = item
    n, p, generator = config.crowd_n, config.crowd_p, torch.Generator().manual_seed(1000 * config.seed + seed)

    def draw():
        x = sparse(config.crowd_batch, n, p, generator)
        return Examples(x, x.relu()[None], config.crowd_batch)

    sizes = config.start, config.start
    stack = Stack.create([1000 * config.seed + seed], n, config.crowd_m, n, sizes, power, linear)
    train(stack, draw, config.crowd_steps, _adam(config, config.crowd_lr))
    error, often = torch.zeros(2, n), torch.zeros(2, n)
    total, batches = np.zeros(2), -(-config.judged // 2048)
    for _ in range(batches):
        x = sparse(2048, n, p, generator)
        squared = (stack(x)[0] - x.relu()) ** 2
        signs = torch.stack([x > 0, x < 0])
        error, often = error + (squared * signs).sum(1), often + signs.sum(1)
        total += [float(squared.sum()), float((squared**2).sum())]
    positive, negative = (error / often.clamp(min=1)).numpy()
    l2, l4 = total / (batches * 2048 * n * p)
    up, down = (stack(sign * torch.eye(n))[0].diagonal().numpy() for sign in (1, -1))
    return {
        "positive": positive, "negative": negative, "up": up, "down": down, "crowd_l2": np.array(l2), "crowd_l4": np.array(l4),
    }  # fmt: skip


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """All trainings, seed by seed, and what the labels allow."""
    seeds = range(config.seeds)
    each = {
        "at-p": (_at_p, [(config, seed) for seed in seeds]),
        "alone": (_alone, [(config, seed) for seed in seeds]),
        "sweep": (_sweep, [(config, seed) for seed in seeds]),
    }
    arrays: dict[str, Array] = {}
    for key, (function, items) in each.items():
        stacked = runs.stacked(job.map(function, items, key), config.seeds)
        arrays |= {name: np.moveaxis(one, 0, -1) for name, one in stacked.items()}
    dense = [(config, p, seed) for p in config.dense for seed in seeds]
    trained = runs.stacked(job.map(_dense, dense, "dense"), len(config.dense), config.seeds)
    arrays["dense_loss"] = trained["dense_loss"][..., 0]
    crowds = [(config, training, seed) for training in TRAININGS for seed in seeds]
    arrays |= runs.stacked(job.map(_crowd, crowds, "crowd"), len(TRAININGS), config.seeds)
    mixings = [[mixing(kind, config, seed) for seed in seeds] for kind in KINDS]
    least = lambda second: [[label_spectrum.least(second(M), config.m) for M in of_kind] for of_kind in mixings]
    off = ~np.eye(config.n, dtype=bool)
    arrays |= {
        "M_spread": np.array([[M[off].std() for M in of_kind] for of_kind in mixings]),
        "least": np.array(least(lambda M: label_spectrum.active(M, config.p))),
        "lone_least": np.array(least(label_spectrum.lone)),
        "dense_least": np.array([label_spectrum.least(label_spectrum.active(mixings[-1][0], p), config.m) for p in config.dense]),
        "sigma": np.array(config.sigmas),
    }
    metrics = {f"loss one at a time, {kind}": float(arrays["lone_loss"][k].mean()) for k, kind in enumerate(KINDS)}
    return arrays, metrics


def best_alone(results: runs.Results) -> Float[Array, "kind seed"]:
    """The least loss of all trainings, one input active at a time."""
    return np.minimum(results["lone_loss"], results["other_loss"].min(0))


def naive(n: int, m: int) -> float:
    """The loss of an output over p of m dedicated neurons on clean labels, and nothing for the others: E ReLU(x)² is 1/6."""
    return (1 - m / n) / 6


def learned(results: runs.Results, training: int) -> Int[Array, "crowd_seed"]:
    """How many features leave less than half of the squared error, where positive, that ignoring them leaves: 1/3."""
    return (results["positive"][training] < 1 / 6).sum(-1)
