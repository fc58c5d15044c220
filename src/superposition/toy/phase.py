"""Phase diagrams: is the last feature ignored, dedicated or superposed, by its importance and the features' density?
One feature more than dimensions, on the exact loss: the true optimum of every cell, and how often training finds it."""

import itertools

import numpy as np
from jaxtyping import Float, Int

from superposition import formulas, runs
from superposition.toy.engine.features import variance
from superposition.toy.theory import expected_loss
from superposition.training import AdamW

Array = np.ndarray

PHASES = ("ignored", "dedicated", "dedicated, others share", "superposed")
SHARING = 0.1  # a feature shares its direction from this interference on
# What counts as having found the optimum: a loss at most so many times the optimum's.
FOUND = 1.01


class Config(runs.Config):
    n_features: int
    n_hidden: int
    lowest_importance: float
    highest_importance: float
    importances: int
    lowest_density: float
    densities: int
    starts: int
    positive_starts: int
    steps: int
    lr: float


SCHEMA = {
    "importance": "importance",
    "density": "density",
    "W": "importance density n_features n_hidden",
    "b": "importance density n_features",
    "loss": "importance density",
    "phase": "importance density",
    "start_loss": "start importance density",
    "start_minimum": "start importance density",
    "start_norm": "start importance density",
    "start_phase": "start importance density",
    "positive_loss": "positive importance density",
    "fixed_loss": "importance density",
    "fixed_phase": "importance density",
    "border": "importance",
}


def classify(W: Float[Array, "*batch n m"]) -> Int[Array, "*batch"]:
    """The phase of each model, as an index into PHASES: what the last feature's direction is to the model.

    *Ignored*: shorter than ½. *Superposed*: the others overlap it, Σ_j (Ŵ_n·W_j)² > 0.1. Else *dedicated*, and then
    either at most as many features as dimensions are represented, or the others share theirs."""
    there = formulas.is_represented(W)
    crowded = there.sum(-1) > W.shape[-1]
    alone = np.where(crowded, PHASES.index("dedicated, others share"), PHASES.index("dedicated"))
    shared = formulas.interference(W)[..., -1] > SHARING
    return np.where(~there[..., -1], PHASES.index("ignored"), np.where(shared, PHASES.index("superposed"), alone))


def fixed_shapes(n: int) -> tuple[Float[Array, "shape n hidden"], Float[Array, "shape n n"], Float[Array, "shape n n"]]:
    """Unit vectors on the axes of n - 1 dimensions: (W, dropped, paired), each feature dropped once, each pair antipodal once.

    `dropped[k]` and `paired[k]` have ones on the diagonal for the features that shape k drops or pairs."""
    shapes, dropped, paired = [], [], []
    for left_out in itertools.chain([(k,) for k in range(n)], itertools.combinations(range(n), 2)):
        W = np.zeros((n, n - 1))
        kept = [k for k in range(n) if k != left_out[-1]]
        W[kept, np.arange(n - 1)] = 1
        if len(left_out) == 2:
            W[left_out[1]] = -W[left_out[0]]
        marked = np.diag(np.isin(np.arange(n), left_out).astype(float))
        shapes.append(W)
        dropped.append(marked * (len(left_out) == 1))
        paired.append(marked * (len(left_out) == 2))
    return np.array(shapes), np.array(dropped), np.array(paired)


def fixed_losses(density: Float[Array, "*cell n"], importance: Float[Array, "*cell n"]) -> Float[Array, "shape *cell"]:
    """The losses of the fixed shapes: p/3 - p²/4 for a dropped feature, p²/6 for each of an antipodal pair, no bias else.

    Source: zroe1/toy-models-of-superposition, there for two features in one dimension."""
    _, dropped, paired = fixed_shapes(density.shape[-1])
    alone, together = importance * variance(density), importance * density**2 / 6
    return np.stack([alone @ d.diagonal() + together @ q.diagonal() for d, q in zip(dropped, paired, strict=True)])


def fixed_border(importance: Float[Array, "*any"]) -> Float[Array, "*any"]:
    """The density at which an antipodal pair of importances 1 and r costs as much as dropping the less important one.

    min(1, r) (p/3 - p²/4) = (1 + r) p²/6. Source: as `fixed_losses`."""
    least = np.minimum(1, importance)
    return 4 * least / (2 * (1 + importance) + 3 * least)


def _axes(config: Config) -> tuple[Float[Array, "importance"], Float[Array, "density"]]:
    importance = np.geomspace(config.lowest_importance, config.highest_importance, config.importances)
    return importance, np.geomspace(1, config.lowest_density, config.densities)


def _cells(config: Config) -> tuple[Float[Array, "importance density n"], Float[Array, "importance density n"]]:
    """Density and importance of every cell's features; only the last feature's importance varies."""
    importance, density = _axes(config)
    r, p = np.broadcast_arrays(importance[:, None], density)
    weights = np.ones((*r.shape, config.n_features))
    weights[..., -1] = r
    return np.repeat(p[..., None], config.n_features, axis=-1), weights


def _polish(W, b, density, importance):
    """`expected_loss.polish` for any leading axes: weights with more of them than the cells get each cell's density."""
    lead, (n, m) = W.shape[:-2], W.shape[-2:]
    p, weights = (np.broadcast_to(array, (*lead, n)).reshape(-1, n) for array in (density, importance))
    W, b, loss = expected_loss.polish(W.reshape(-1, n, m), b.reshape(-1, n), p, weights)
    return W.reshape(*lead, n, m), b.reshape(*lead, n), loss.reshape(lead)


def _train(W, density, importance, rates):
    """Descend from W and zero biases: the loss and the weights where training ends, and the minimum that is near."""
    lead, (n, m) = W.shape[:-2], W.shape[-2:]
    p, weights = (np.broadcast_to(array, (*lead, n)).reshape(-1, n) for array in (density, importance))
    end = expected_loss.descend(W.reshape(-1, n, m), np.zeros((len(p), n)), p, weights, rates)
    trained, loss = end[0].reshape(W.shape), expected_loss.loss(*end, p, weights).reshape(lead)
    return trained, loss, *_polish(trained, end[1].reshape(*lead, n), density, importance)


def _best(W, b, loss):
    """The candidate of least loss along the first axis."""
    least = loss.argmin(0)[None]
    return (
        np.take_along_axis(W, least[..., None, None], 0)[0],
        np.take_along_axis(b, least[..., None], 0)[0],
        np.take_along_axis(loss, least, 0)[0],
    )


def train_row(item: tuple[Config, int]) -> dict[str, Array]:
    """All starts of the cells of one importance, which depend on the config and the row's number alone.

    Starts are Xavier-normal, the first `positive_starts` of them once more with every weight made positive."""
    config, row = item
    n, m = config.n_features, config.n_hidden
    density, importance = (array[row] for array in _cells(config))
    rng = np.random.default_rng([config.seed, row])
    start = rng.standard_normal((config.starts, len(density), n, m)) * (2 / (n + m)) ** 0.5
    rates = AdamW(config.lr, schedule="cosine").rates(config.steps)
    trained, loss, W, b, minimum = _train(start, density, importance, rates)
    _, positive, *also = _train(np.abs(start[: config.positive_starts]), density, importance, rates)
    shapes, dropped, _ = fixed_shapes(n)
    guess = (dropped.diagonal(axis1=1, axis2=2)[:, None] * density / 2, np.repeat(shapes[:, None], len(density), 1))
    known = _polish(guess[1], guess[0], density, importance)
    best = _best(*(np.concatenate(parts) for parts in zip((W, b, minimum), also, known, strict=True)))
    return {
        "W": best[0], "b": best[1], "loss": best[2],
        "start_loss": loss.astype(np.float32), "start_minimum": minimum.astype(np.float32),
        "start_norm": formulas.norms(trained)[..., -1].astype(np.float32), "start_phase": classify(trained).astype(np.int8),
        "positive_loss": positive.astype(np.float32),
    }  # fmt: skip


def spread(W, b, loss, density, importance, rounds: int = 20):
    """Try every cell's optimum in its neighbours, until no cell gets better by it: (W, b, loss)."""
    for _ in range(rounds):
        before = loss
        for axis, step in itertools.product((0, 1), (1, -1)):
            nearby = _polish(np.roll(W, step, axis), np.roll(b, step, axis), density, importance)
            W, b, loss = _best(*(np.stack(pair) for pair in zip((W, b, loss), nearby, strict=True)))
        if (loss > before * (1 - 1e-9)).all():
            break
    return W, b, loss


def superposition_border(W, b, loss, density, importance, steps: int = 40) -> Float[Array, "importance"]:
    """The density, for every importance, at which sharing stops to beat the best model without sharing, by bisection.

    Starts from the densest cell whose optimum beats it. NaN where there is no such cell, or no denser one."""
    without = fixed_losses(density, importance)[: density.shape[-1]].min(0)
    shares = loss < without * (1 - 1e-9)
    inner = shares.argmax(1)  # densities fall along the row
    rows = np.flatnonzero(shares.any(1) & ~shares[:, 0])
    low, high = density[rows, inner[rows], 0], density[rows, inner[rows] - 1, 0]
    W, b, weights = W[rows, inner[rows]], b[rows, inner[rows]], importance[rows, 0]
    for _ in range(steps):
        middle = np.sqrt(low * high)
        p = np.repeat(middle[:, None], density.shape[-1], 1)
        new_W, new_b, new_loss = _polish(W, b, p, weights)
        better = new_loss < fixed_losses(p, weights)[: p.shape[-1]].min(0) * (1 - 1e-9)
        low, high = np.where(better, middle, low), np.where(better, high, middle)
        W, b = np.where(better[:, None, None], new_W, W), np.where(better[:, None], new_b, b)
    border = np.full(len(density), np.nan)
    border[rows] = np.sqrt(low * high)
    return border


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train every cell from every start, row by row, then settle each cell's optimum."""
    importance, density = _axes(config)
    p, weights = _cells(config)
    rows = job.map(train_row, [(config, row) for row in range(config.importances)], "rows")
    arrays = {key: np.stack([row[key] for row in rows], -2 if key.startswith(("start", "positive")) else 0) for key in rows[0]}
    from_starts = arrays["loss"]
    arrays["W"], arrays["b"], arrays["loss"] = spread(arrays["W"], arrays["b"], arrays["loss"], p, weights)
    fixed, shapes = fixed_losses(p, weights), fixed_shapes(config.n_features)[0]
    arrays |= {
        "importance": importance, "density": density, "phase": classify(arrays["W"]).astype(np.int8),
        "fixed_loss": fixed.min(0), "fixed_phase": classify(shapes)[fixed.argmin(0)].astype(np.int8),
        "border": superposition_border(arrays["W"], arrays["b"], arrays["loss"], p, weights),
    }  # fmt: skip
    found = arrays["start_loss"] <= FOUND * arrays["loss"]
    found_positive = arrays["positive_loss"] <= FOUND * arrays["loss"]
    return arrays, {
        "found": float(found.mean()),
        "found from positive starts": float(found_positive.mean()),
        "cells where no start found it": float((~found.any(0)).mean()),
        "cells that a neighbour improved": float((arrays["loss"] < from_starts * (1 - 1e-6)).mean()),
    }


def shortest(W: np.ndarray) -> np.ndarray:
    """The length of each model's shortest feature vector."""
    return formulas.norms(W).min(-1)


def jump(diagram: runs.Results, halvings: int = 16) -> np.ndarray:
    """The shortest vector's length before and after the largest step of the optimum, by importance: a column each.

    Between the two cells the density is halved again and again, each time into the half with the larger step: what is
    continuous shrinks to nothing, and what is left is a jump."""
    W, b, density = diagram["W"], diagram["b"], diagram["density"]
    importance = np.ones(b[:, 0].shape)
    importance[:, -1] = diagram["importance"]
    rows, first = np.arange(len(W)), np.abs(np.diff(shortest(W), axis=1)).argmax(1)
    denser, sparser = ([density[k], W[rows, k], b[rows, k]] for k in (first, first + 1))
    for _ in range(halvings):
        p = np.sqrt(denser[0] * sparser[0])
        each = [expected_loss.polish(*end[1:], np.repeat(p[:, None], b.shape[-1], 1), importance) for end in (denser, sparser)]
        middle = [p, *_where(each[0][2] <= each[1][2], each[0][:2], each[1][:2])]
        steps = [np.abs(shortest(end[1]) - shortest(middle[1])) for end in (denser, sparser)]
        denser, sparser = _where(steps[0] >= steps[1], denser, middle), _where(steps[0] >= steps[1], middle, sparser)
    return np.stack([shortest(denser[1]), shortest(sparser[1])], 1)


def _where(mask, yes, no):
    """Of each two arrays the rows of the first where the mask holds, else those of the second."""
    return [np.where(mask.reshape(-1, *[1] * (a.ndim - 1)), a, b) for a, b in zip(yes, no, strict=True)]


def whole(lengths: np.ndarray) -> np.ndarray:
    """At which importances the optimum goes in one jump from nothing (a length below 0.05) to a represented feature."""
    return (lengths[:, 0] < 0.05) & (lengths[:, 1] > formulas.REPRESENTED)


def found(diagram: runs.Results, starts: str = "start") -> np.ndarray:
    """Whether training ended within 1% of the optimum's loss, by start and cell."""
    return diagram[f"{starts}_loss"] <= FOUND * diagram["loss"]


def best_norm(diagram: runs.Results) -> np.ndarray:
    """The length of the last feature's vector in the best of each cell's training runs."""
    return np.take_along_axis(diagram["start_norm"], diagram["start_loss"].argmin(0)[None], 0)[0]


def rough(picture: np.ndarray, threshold: float = 0.05) -> np.ndarray:
    """The inner cells of a picture that differ from the mean of their four neighbours by more than the threshold."""
    around = (picture[:-2, 1:-1] + picture[2:, 1:-1] + picture[1:-1, :-2] + picture[1:-1, 2:]) / 4
    return np.abs(picture[1:-1, 1:-1] - around) > threshold
