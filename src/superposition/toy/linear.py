"""Many directions in a plane without a ReLU: a loss that looks at one target feature alone, and whether it can be told apart.
After "Alternative Models of Superposition", LessWrong 2025; beside random directions, even ones, clusters, and identical rows."""

import numpy as np
import torch
from jaxtyping import Float

from superposition import formulas, runs

Array = np.ndarray

BUILT = ("evenly spaced", "random", "in four clusters", "identical")


class Config(runs.Config):
    n: int
    m: int
    ps: tuple[float, ...]
    largest: float
    seeds: int
    steps: int
    lr: float
    start: float
    draws: int


SCHEMA = {
    "p": "p",
    "W": "p seed n m",
    "start_W": "seed n m",
    # Of trained models, and of rows that are built: the loss at their best common length, and how often the target's output is
    # the largest of all.
    "loss": "p seed",
    "identified": "p seed",
    "built_loss": "p built seed",
    "built_identified": "p built seed",
    "full_loss": "p seed",  # of the same models, if the loss looked at all outputs
    "ignored_loss": "p",  # the same of no weights at all
}


def company(p: Float[Array, "p"], largest: float) -> tuple[Float[Array, "p"], Float[Array, "p"]]:
    """Mean and variance of another feature: present with probability p, and then uniform on [0, largest]."""
    mean = p * largest / 2
    return mean, p * largest**2 / 3 - mean**2


def target_loss(
    W: Float[torch.Tensor, "*model n m"], mean: Float[torch.Tensor, "*#model"], variance: Float[torch.Tensor, "*#model"]
) -> Float[torch.Tensor, "*model"]:
    """The exact E (1 - x̂_t)² of x̂ = x W Wᵀ, mean over the targets t: a target is 1, and the others keep it company.

    >>> target_loss(torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.tensor(0.0), torch.tensor(0.0))  # identical unit rows
    tensor(0.)
    """
    G = W @ W.mT
    own = G.diagonal(dim1=-2, dim2=-1)
    off = 1 - own - mean[..., None] * (G.sum(-1) - own)
    return (off**2 + variance[..., None] * ((G**2).sum(-1) - own**2)).mean(-1)


def full_loss(W: Float[Array, "n m"], mean: float, variance: float) -> float:
    """The exact E Σ_i (x_i - x̂_i)² of the same inputs, mean over the targets: what an autoencoder is asked."""
    D = W @ W.T - np.eye(len(W))
    far = D + mean * (D.sum(0) - D)  # row t: the mean error where t is the target
    spread = variance * ((D**2).sum() - (D**2).sum(1))
    return float(((far**2).sum(1) + spread).mean())


def identified(W: Float[Array, "n m"], p: float, largest: float, draws: int, rng: np.random.Generator) -> float:
    """How often the target's output is the largest, over targets and draws of the others; of equal ones each has its share."""
    n = len(W)
    x = rng.uniform(0, largest, (draws, n, n)) * (rng.random((draws, n, n)) < p)
    x[:, np.arange(n), np.arange(n)] = 1
    out = x @ (W @ W.T)
    own, most = np.einsum("dtt->dt", out), out.max(-1)
    ties = (out >= most[..., None] - 1e-6).sum(-1)
    return float(((own >= most - 1e-6) / ties).mean())


def built(kind: str, n: int, m: int, rng: np.random.Generator) -> Float[Array, "n m"]:
    """Unit rows: evenly spaced in a plane, random, in four clusters at right angles, or all the same."""
    if kind == "random":
        return formulas.unit(rng.standard_normal((n, m)))
    angle = {"evenly spaced": np.arange(n) / n, "in four clusters": np.arange(n) % 4 / 4, "identical": np.zeros(n)}[kind]
    plane = np.stack([np.cos(2 * np.pi * angle), np.sin(2 * np.pi * angle)], 1)
    return np.pad(plane, [(0, 0), (0, m - 2)])


def at_best_length(W: Float[Array, "n m"], mean: float, variance: float) -> tuple[Float[Array, "n m"], float]:
    """Unit rows brought to the common length at which the loss is least, and that loss: it is quadratic in the length squared."""
    G = W @ W.T
    linear = np.diag(G) + mean * (G.sum(1) - np.diag(G))
    square = linear**2 + variance * ((G**2).sum(1) - np.diag(G) ** 2)
    scale = max(0.0, linear.sum() / square.sum())
    return scale**0.5 * W, float((1 - 2 * scale * linear + scale**2 * square).mean())


def _trained(config, p, start):
    mean, variance = (torch.from_numpy(part.astype(np.float32))[:, None] for part in company(p, config.largest))
    W = torch.from_numpy(np.broadcast_to(start, (len(p), *start.shape)).astype(np.float32)).clone().requires_grad_()
    adam = torch.optim.Adam([W], config.lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, config.steps)
    for _ in range(config.steps):
        adam.zero_grad()
        target_loss(W, mean, variance).sum().backward()
        adam.step()
        schedule.step()
    return W.detach().numpy()


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train all models on the exact loss, then judge them and what is built."""
    p, rng = np.array(config.ps), np.random.default_rng(config.seed)
    start = config.start * rng.standard_normal((config.seeds, config.n, config.m))
    W = _trained(config, p, start)
    grid, moments = (len(p), config.seeds), np.stack(company(p, config.largest), 1).tolist()
    found = {name: np.zeros(grid) for name in ("loss", "identified", "full_loss")}
    beside = {name: np.zeros((len(p), len(BUILT), config.seeds)) for name in ("built_loss", "built_identified")}
    for k, s in np.ndindex(grid):
        mean, variance = moments[k]
        own = W[k, s].astype(float)
        found["loss"][k, s] = target_loss(*(torch.tensor(part, dtype=torch.float64) for part in (own, mean, variance)))
        found["full_loss"][k, s] = full_loss(own, mean, variance)
        found["identified"][k, s] = identified(own, p[k], config.largest, config.draws, rng)
        for b, kind in enumerate(BUILT):
            rows, beside["built_loss"][k, b, s] = at_best_length(built(kind, config.n, config.m, rng), mean, variance)
            beside["built_identified"][k, b, s] = identified(rows, p[k], config.largest, config.draws, rng)
    ignored = [full_loss(np.zeros((config.n, 1)), *of_p) for of_p in moments]
    arrays = {"p": p, "W": W, "start_W": start.astype(np.float32), "ignored_loss": np.array(ignored)}
    ends = {f"identified, others {when}": float(found["identified"][k].mean()) for k, when in ((0, "rarest"), (-1, "commonest"))}
    return arrays | found | beside, ends
