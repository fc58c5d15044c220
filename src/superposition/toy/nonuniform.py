"""A pentagon with one odd feature, rarer or less important than the others: it deforms, and then it jumps to a square.
Elhage et al. 2022, "Non-Uniform Superposition": both shapes are followed as far as they are minima, and trained for."""

import numpy as np
from jaxtyping import Float, Int
from scipy import optimize

from superposition import formulas, runs
from superposition.toy import intro
from superposition.toy.engine import training
from superposition.toy.engine.features import variance
from superposition.toy.engine.networks import Networks, Task
from superposition.toy.theory.stratified_loss import Strata, minimise
from superposition.training import AdamW

Array = np.ndarray

AXES = ("density", "importance")
BRANCHES = ("pentagon", "square")
SHAPES = ("pentagon", "square", "another square", "other")


class Config(runs.Config):
    n_features: int
    n_hidden: int
    density: float
    lowest: float
    highest: float
    multipliers: int
    power: int
    disturbance: float
    replicates: int
    trained_multipliers: int
    seeds: int
    steps: int
    batch: int
    lr: float
    map_importances: int
    map_multipliers: int


DEVICES = ("cpu", "cuda")
SCHEMA = {
    "multiplier": "multiplier",
    "branch_W": "axis branch multiplier n_features n_hidden",
    "branch_b": "axis branch multiplier n_features",
    "branch_loss": "axis branch multiplier",
    "stable": "axis multiplier",
    "crossing": "axis replicate",
    "trained_multiplier": "point",
    "W": "axis point seed n_features n_hidden",
    "b": "axis point seed n_features",
    "loss": "axis point seed",
    "shape": "axis point seed",
    "polished": "axis point",
    "polished_shape": "axis point",
    "map_importance": "row",
    "map_multiplier": "column",
    "map_gain": "row column",
}


def setting(config: Config, density: float | int = 1.0, importance: float | int = 1.0) -> tuple[Array, Array]:
    """Densities and importances of all features when those of the odd one, the first, are multiplied by these."""
    p, weight = np.full(config.n_features, config.density), np.ones(config.n_features)
    p[0], weight[0] = p[0] * density, weight[0] * importance
    return p, weight


def along(config: Config, axis: str, multiplier: float | int) -> tuple[Array, Array]:
    """The setting at a point of one of AXES."""
    return setting(config, **{axis: float(multiplier)})


def classify(W: Float[Array, "*batch 5 2"]) -> Int[Array, "*batch"]:
    """The shape of each model as an index into SHAPES, the odd feature being the first.

    All five represented (‖W_i‖ > ½) is a *pentagon*, however deformed; two antipodal pairs of the others a *square*,
    with the odd one in a pair *another square*."""
    there = formulas.is_represented(W)
    cross = intro.classify(W) == intro.SHAPES.index("two pairs")
    square, another = cross & ~there[..., 0], cross & there[..., 0]
    return np.select([there.all(-1), square, another], [0, 1, 2], 3)


def regular() -> tuple[Float[Array, "5 2"], Float[Array, "5"]]:
    """A regular pentagon, from which the minimum with five equal features is found."""
    angle = 2 * np.pi * np.arange(5) / 5
    return np.stack([np.cos(angle), np.sin(angle)], 1), np.full(5, -0.25)


def square(strata: Strata, p: Float[Array, "5"], importance: Float[Array, "5"]) -> tuple[Array, Array, float]:
    """The best square: the odd feature is given up and guessed at its mean, p/2, and the others have the plane.

    The guess costs I (p/3 - p²/4), and the odd feature touches nobody else."""
    rest = strata.without(0)
    W, b, loss = minimise(rest, np.array([[1.0, 0], [0, 1], [-1, 0], [0, -1]]), np.zeros(4), p[1:], importance[1:])
    W, b = np.vstack([np.zeros(2), W]), np.concatenate([[p[0] / 2], b])
    return W, b, loss + float(importance[0] * variance(p[0]))


def _disturbed(W, config):
    """W with a little noise, so that no minimum is kept that isn't one."""
    return W + config.disturbance * np.random.default_rng(config.seed).standard_normal(W.shape)


def follow(
    strata: Strata, config: Config, settings: list[tuple[Array, Array]], W: Array, b: Array
) -> list[tuple[Array, Array, float]]:
    """The pentagon's minimum at one setting after the other, each found from the last; ends where there is none."""
    branch = []
    for p, importance in settings:
        W, b, loss = minimise(strata, _disturbed(W, config), b, p, importance)
        if classify(W) != SHAPES.index("pentagon"):
            break
        branch.append((W, b, loss))
    return branch


def _branches(config, strata, axis, multiplier):
    """Both branches along one axis, and whether the square is a minimum against small disturbances."""
    count, n, m = len(multiplier), config.n_features, config.n_hidden
    W, b = np.full((2, count, n, m), np.nan), np.full((2, count, n), np.nan)
    loss, stable = np.full((2, count), np.nan), np.zeros(count, int)
    middle = int(np.abs(np.log(multiplier)).argmin())
    for order in (range(middle, -1, -1), range(middle, count)):
        settings = [along(config, axis, multiplier[k]) for k in order]
        for k, found in zip(order, follow(strata, config, settings, *regular())):
            W[0, k], b[0, k], loss[0, k] = found
    for k, at in enumerate(multiplier):
        p, importance = along(config, axis, at)
        W[1, k], b[1, k], loss[1, k] = square(strata, p, importance)
        left, _, _ = minimise(strata, _disturbed(W[1, k], config), b[1, k], p, importance)
        stable[k] = not formulas.is_represented(left)[0]
    return W, b, loss, stable


def crossing(config: Config, strata: Strata, axis: str, multiplier: Array, W: Array, b: Array, loss: Array) -> float:
    """The multiplier at which pentagon and square cost the same, from the branches on a grid; NaN where they don't cross."""
    change = np.flatnonzero(np.diff(np.sign(loss[0] - loss[1])) == -2)
    if not len(change):
        return float("nan")
    low = int(change[-1])

    def difference(log):
        p, importance = along(config, axis, np.exp(log))
        five = minimise(strata, W[0, low + 1], b[0, low + 1], p, importance)
        return five[2] - square(strata, p, importance)[2]

    return float(np.exp(optimize.brentq(difference, *np.log(multiplier[[low, low + 1]]), xtol=1e-4)))


def _map(config, strata):
    """What the pentagon gains over the square, in the plane of both multipliers; NaN where it wasn't reached as a minimum.

    Each row is followed from dense to rare: from the right edge, or from equal density where the odd feature matters more."""
    importance = np.geomspace(0.1, 10, config.map_importances)
    multiplier = np.geomspace(0.01, 10, config.map_multipliers)
    gain = np.full((len(importance), len(multiplier)), np.nan)
    middle = int(np.abs(np.log(importance)).argmin())
    for order, first in ((range(middle, -1, -1), 10), (range(middle + 1, len(importance)), 1)):
        W, b = regular()
        columns = np.flatnonzero(multiplier < first * 1.001)[::-1]
        for row in order:
            settings = [setting(config, float(d), float(importance[row])) for d in multiplier[columns]]
            branch = follow(strata, config, settings, W, b)
            if not branch:
                break
            W, b, _ = branch[0]
            for column, at, found in zip(columns, settings, branch):
                gain[row, column] = square(strata, *at)[2] - found[2]
    return {"map_importance": importance, "map_multiplier": multiplier, "map_gain": gain}


def _train(config, job):
    """Seeds × multipliers × axes models, trained from random starts, and the best of each point brought to its minimum."""
    at = np.geomspace(config.lowest, config.highest, config.trained_multipliers)
    settings = np.array([[along(config, axis, k) for k in at] for axis in AXES])
    grid = len(AXES), len(at), config.seeds
    each = np.broadcast_to(settings[:, :, None], (*grid, 2, config.n_features)).reshape(-1, 2, config.n_features)
    seeds = [config.seed + k for k in range(len(each))]
    networks = Networks(seeds, config.n_features, config.n_hidden, hidden="identity", tied=True).to(job.device)
    task, optimiser = Task("uniform", "identity", each[:, 0], each[:, 1]), AdamW(config.lr, schedule="cosine")
    training.train(networks, task, config.steps, config.batch, optimiser, job=job)
    loss, weights = training.evaluate(networks, task).reshape(grid), networks.weights(*grid)
    trained = {"W": weights["W1"], "b": weights["b"], "loss": loss, "shape": classify(weights["W1"])}
    return {"trained_multiplier": at} | trained, settings


def _polished(strata, trained, settings):
    """The expected loss and the shape of each point's best model after a search for the nearest minimum."""
    best = trained["loss"].argmin(-1)
    loss, shape = np.zeros(best.shape), np.zeros(best.shape, int)
    for place, seed in np.ndenumerate(best):
        start = (trained[name][*place, seed].astype(float) for name in ("W", "b"))
        W, _, loss[place] = minimise(strata, *start, *settings[place])
        shape[place] = classify(W)
    return {"polished": loss, "polished_shape": shape}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Follow both branches, find where they cross, map it over both axes, and see what training finds."""
    multiplier = np.geomspace(config.lowest, config.highest, config.multipliers)
    trained, settings = _train(config, job)
    samples = [Strata(config.n_features, config.seed + k, config.power) for k in range(config.replicates)]
    with job.progress("branches", len(AXES)) as progress:
        parts = []
        for axis in AXES:
            parts.append(_branches(config, samples[0], axis, multiplier))
            progress.advance()
    W, b, loss, stable = (np.stack(part) for part in zip(*parts, strict=True))
    cross = [
        [crossing(config, sample, axis, multiplier, W[k], b[k], loss[k]) for sample in samples] for k, axis in enumerate(AXES)
    ]
    arrays = trained | _polished(samples[0], trained, settings) | _map(config, samples[0]) | {
        "multiplier": multiplier, "branch_W": W, "branch_b": b, "branch_loss": loss, "stable": stable,
        "crossing": np.array(cross),
    }  # fmt: skip
    return arrays, {f"crossing in {axis}": float(np.mean(found)) for axis, found in zip(AXES, cross, strict=True)}


def above(results: runs.Results, axis: int) -> np.ndarray:
    """The multiples on the branches' grid at which the pentagon is the better shape."""
    return results["multiplier"] >= results["crossing"][axis].mean()


def bistable(results: runs.Results, axis: int) -> tuple[float, float]:
    """The least and the largest multiple at which both shapes are minima."""
    both = np.isfinite(results["branch_loss"][axis, 0]) & results["stable"][axis].astype(bool)
    return float(results["multiplier"][both].min()), float(results["multiplier"][both].max())


def both_minima(results: runs.Results, axis: int) -> np.ndarray:
    """At which of the trained multiples both shapes are minima."""
    at, (low, high) = results["trained_multiplier"], bistable(results, axis)
    return (at >= low * 0.999) & (at <= high * 1.001)


def better(results: runs.Results, axis: int) -> np.ndarray:
    """Which of SHAPES, pentagon or square, costs less at each of these."""
    return (results["trained_multiplier"][both_minima(results, axis)] < results["crossing"][axis].mean()).astype(int)


def missed(results: runs.Results, axis: int, shapes: int = len(SHAPES)) -> np.ndarray:
    """Which trained models, where both shapes are minima, ended in another of the first `shapes` than the best,
    by point and seed."""
    shape = results["shape"][axis, both_minima(results, axis)]
    return (shape < shapes) & (shape != better(results, axis)[:, None])


def worse(results: runs.Results, axis: int) -> np.ndarray:
    """Which of them ended in the one of the two minima that costs more."""
    return missed(results, axis, len(BRANCHES))


def neighbour_angle(W: Float[Array, "*batch 5 2"]) -> Float[Array, "*batch"]:
    """The angle, in degrees, between the odd feature and the next one, its neighbour in the pentagon."""
    first, second = W[..., 0, :], W[..., 1, :]
    cross = first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]
    return np.degrees(np.arctan2(np.abs(cross), (first * second).sum(-1)))


def equal_cost(gain: Float[Array, "row column"], multiplier: Float[Array, "column"]) -> Float[Array, "row"]:
    """The multiple at which the pentagon's gain over the square first turns positive, in each row of the map.

    NaN where it doesn't: there the pentagon is best to its very end, or was followed to no place where it isn't."""
    log, found = np.log(multiplier), np.full(len(gain), np.nan)
    for row, values in enumerate(gain):
        for k in np.flatnonzero((values[:-1] < 0) & (values[1:] >= 0))[:1]:
            found[row] = np.exp(np.interp(0, values[k : k + 2], log[k : k + 2]))
    return found
