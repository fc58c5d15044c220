"""The weights of a language model put in order: neighbours alike along a path, as *Experiments in Superposition* did it.
Of every weight matrix three orders, the score of each, what surrogate matrices score, a map, and its spots."""

import json
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int, Int8

from superposition import formulas, runs
from superposition.stories.engine import feedforward
from superposition.stories.measures import orders, spots, surrogates

Array = np.ndarray
ALGORITHMS = ("greedy", "leaves", "tour")
GREEDY, LEAVES, TOUR = range(3)
CONTROLS = ("gaussian", "shuffled")
DRAWN = ("weights", "rotated", "gaussian")  # what there are pictures of
NAMED = 6  # tokens that say what a spot is about
UNIT = 127  # what stands for a cosine of 1 where cosines are stored as bytes


class Config(runs.Config):
    models: tuple[str, ...]
    kinds: tuple[Literal["W_in", "W_out", "both", "W_E"], ...]
    rows: int
    leaves: int
    kicks: int
    draws: int
    controls: int
    maps: tuple[str, ...]
    overview: int
    decay: int
    spots: int


SCHEMA = {
    "order": "algorithm place",
    "score": "matrix algorithm",
    "mean_squared": "matrix",
    "null": "matrix draw",
    "control": "matrix kind control",
    "level": "matrix",
    "overview": "matrix which pixel pixel",
    "decay": "matrix which offset",
    "map": "pair",
}


class Matrix(NamedTuple):
    """One weight matrix of one model."""

    model: str
    seed: int
    layer: int
    kind: str

    @property
    def name(self) -> str:
        """Such as L1 W_out; the embeddings belong to no layer."""
        return self.kind if self.kind == "W_E" else f"L{self.layer} {self.kind}"


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float], dict[str, pa.Table]]:
    """Order every matrix of every model, and as many surrogates of it by the greedy path alone, which is the quick one."""
    matrices = [
        Matrix(model, seed, layer, kind)
        for model in config.models
        for seed in range(feedforward.seeds(model))
        for layer, kind in _each(config.kinds, len(feedforward.read(model, seed).W_in))
    ]
    found = job.map(_one, [(config, matrix, k) for k, matrix in enumerate(matrices)], "matrices")
    arrays = {name: np.stack([one[name] for one in found]) for name in SCHEMA if name not in ("order", "map")}
    arrays |= {
        "order": np.concatenate([one["order"] for one in found], axis=1),
        "map": np.concatenate([one["map"] for one in found]),
    }  # fmt: skip
    rows = [one["order"].shape[1] for one in found]
    table = pa.table({
        "model": [m.model for m in matrices], "seed": [m.seed for m in matrices], "layer": [m.layer for m in matrices],
        "kind": [m.kind for m in matrices], "name": [m.name for m in matrices], "rows": rows,
        "dim": [int(one["dim"]) for one in found], "place": np.cumsum([0, *rows])[:-1].tolist(),
        "pair": np.cumsum([0, *(len(one["map"]) for one in found)])[:-1].tolist(),
        "mapped": [len(one["map"]) > 0 for one in found],
    })  # fmt: skip
    named = [{"matrix": k} | spot for k, one in enumerate(found) for spot in json.loads(one["spots"].tobytes())]
    schema = pa.schema(
        [(name, pa.int64()) for name in ("matrix", "start", "stop")]
        + [(name, pa.float64()) for name in ("squared", "cosine", "peak")]
        + [(name, pa.list_(pa.string())) for name in ("reads", "writes", "tokens")]
    )
    p = surrogates.adjusted(arrays["score"][:, GREEDY], arrays["null"])
    return (
        arrays,
        {"matrices": len(matrices), "beyond norms and spectrum, Holm p < 0.05": float((p < 0.05).sum())},
        {"matrices": table, "spots": pa.Table.from_pylist(named, schema=schema)},
    )


def _each(kinds, layers):
    """Layer and kind of a model's matrices; the embeddings come last, and once."""
    return [(k, kind) for k in range(layers) for kind in kinds if kind != "W_E"] + [(-1, kind) for kind in kinds if kind == "W_E"]


def _one(item: tuple[Config, Matrix, int]) -> dict[str, Array]:
    """All that is found of one matrix, the `number`-th."""
    config, matrix, number = item
    weights = feedforward.read(matrix.model, matrix.seed)
    rng = np.random.default_rng([config.seed, number])
    W, chosen = _rows(weights, matrix, config.rows, rng)
    drawn = [_walked(one, config) for one in (W, surrogates.rotated(W, rng), surrogates.gaussian(W, rng))]
    G, greedy, tour, ordered, _ = drawn[0]
    found = [greedy, np.full(len(G), -1), tour]
    if len(G) <= config.leaves:
        found[LEAVES] = orders.leaves(G)
    score = [orders.score(G, order) if order[0] >= 0 else np.nan for order in found]
    null, level = np.empty(config.draws), np.empty(config.draws)
    for k in range(config.draws):
        squares = _squares(surrogates.rotated(W, rng))
        null[k], level[k] = squares.mean(), np.quantile(squares, 0.99)
    controls = [[_squares(f(W, rng)).mean() for _ in range(config.controls)] for f in (surrogates.gaussian, surrogates.shuffled)]
    mapped = matrix.kind in config.maps or matrix.name in config.maps
    named = [
        spot._asdict() | _said(weights, matrix, W[where], chosen[where])
        for spot in spots.find(ordered.astype(np.float32) / UNIT, float(level.mean()), config.spots)
        for where in [tour[spot.start : spot.stop]]
    ]
    return {
        "order": np.stack([np.where(order < 0, -1, chosen[order]) for order in found]).astype(np.int32),
        "score": np.array(score), "null": null, "control": np.array(controls), "level": level.mean(),
        "mean_squared": np.array(float(((G.astype(np.float64) ** 2).sum() - np.trace(G**2)) / (len(G) * (len(G) - 1)))),
        "overview": np.stack([shrunk(one.ordered, config.overview) for one in drawn]),
        "decay": np.stack([one.decay for one in drawn]),
        "map": ordered[np.triu_indices(len(ordered), 1)] if mapped else np.empty(0, np.int8),
        "dim": np.array(W.shape[1]), "spots": np.frombuffer(json.dumps(named).encode(), np.uint8),
    }  # fmt: skip


def _rows(weights, matrix, most, rng):
    """The matrix, a row a neuron or a token, and which these are: all, or as many as are wanted, drawn at random.

    In `both`, what a neuron reads and what it writes stand side by side, each of length one."""
    if matrix.kind == "both":
        W = np.hstack([formulas.unit(weights.W_in[matrix.layer]), formulas.unit(weights.W_out[matrix.layer])])
    else:
        W = weights.W_E if matrix.kind == "W_E" else getattr(weights, matrix.kind)[matrix.layer]
    chosen = np.sort(rng.permutation(len(W))[:most])
    return W[chosen], chosen


class _Walked(NamedTuple):
    """Cosines of rows, the greedy path and the tour, the map of the tour, and how alikeness falls along the greedy path."""

    G: Float[Array, "row row"]
    greedy: Int[Array, "row"]
    tour: Int[Array, "row"]
    ordered: Int8[Array, "row row"]
    decay: Float[Array, "offset"]


def _walked(W, config):
    G = orders.cosines(W)
    greedy, tour = orders.greedy(G), orders.tour(G, config.seed, config.kicks)
    ordered = np.rint(G[np.ix_(tour, tour)] * UNIT).astype(np.int8)
    return _Walked(G, greedy, tour, ordered, spots.decay(G[np.ix_(greedy, greedy)], config.decay))


def _squares(W):
    """The squared cosines along the greedy path."""
    G = orders.cosines(W)
    order = orders.greedy(G)
    return G[order[:-1], order[1:]].astype(np.float64) ** 2


def _said(weights, matrix, rows, members):
    """How much of a spot's direction lies on one coordinate of the residual stream, and the tokens that say what it is about.

    They are those whose embeddings lie nearest to what its neurons read and write; or, of the embeddings, its own."""
    peak = {"peak": float((spots.direction(rows) ** 2).max())}
    if matrix.kind == "W_E":
        return peak | {"reads": [], "writes": [], "tokens": [weights.tokens[k] for k in members[:NAMED]]}
    embeddings = formulas.unit(weights.W_E - weights.W_E.mean(0))
    near = {
        key: [weights.tokens[k] for k in np.argsort(-(embeddings @ spots.direction(W[matrix.layer][members])))[:NAMED]]
        for key, W in (("reads", weights.W_in), ("writes", weights.W_out))
    }
    return peak | near | {"tokens": []}


def shrunk(ordered: Int8[Array, "row row"], size: int) -> Int8[Array, "size size"]:
    """A smaller map, of `size` pixels a side: the root mean square of the cosines in each square, with the sign of their sum.

    The diagonal, where all cosines are 1, is left out. A map that is not that large is filled up with zeros."""
    n = len(ordered)
    bare = np.where(np.eye(n, dtype=bool), 0, ordered.astype(np.float32))
    step = -(-n // size)
    padded = np.pad(bare, (0, step * size - n))
    blocks = padded.reshape(size, step, size, step)
    return np.rint(np.sqrt((blocks**2).mean((1, 3))) * np.sign(blocks.sum((1, 3)))).astype(np.int8)


def order(results: runs.Results, matrix: int | np.integer, algorithm: int = TOUR) -> Int[Array, "row"]:
    """The rows of the matrix in that order: numbers of neurons or of tokens."""
    place, rows = (results["matrices"][name][matrix].as_py() for name in ("place", "rows"))
    return results["order"][algorithm, place : place + rows]


def ordered_map(results: runs.Results, matrix: int | np.integer) -> Int8[Array, "row row"]:
    """The stored map of the matrix: cosines in the order of the tour, in steps of 1/127.

    Raises ValueError where that matrix has none."""
    name, rows, pair, mapped = (results["matrices"][key][matrix].as_py() for key in ("name", "rows", "pair", "mapped"))
    if not mapped:
        raise ValueError(f"{results.name}: {name}: no map is stored of matrix {matrix}")
    whole = np.zeros((rows, rows), np.int8)
    whole[np.triu_indices(rows, 1)] = results["map"][pair : pair + rows * (rows - 1) // 2]
    return whole + whole.T + np.diag(np.full(rows, UNIT, np.int8))


def adjusted(results: runs.Results) -> Float[Array, "matrix"]:
    """Holm's p-value of each matrix: that a surrogate with its norms and spectrum would score as high."""
    return surrogates.adjusted(results["score"][:, GREEDY], results["null"])


def ratio(results: runs.Results, control: int | None = None) -> Float[Array, "matrix"]:
    """By how much each matrix's greedy path scores above the mean of its surrogates, those of `control` or the strict ones."""
    against = results["null"] if control is None else results["control"][:, control]
    return results["score"][:, GREEDY] / against.mean(-1)


def chosen(results: runs.Results, kind: str, model: str | None = None) -> Int[Array, "chosen"]:
    """Which of the matrices are of that kind, of all models or of one."""
    table = results["matrices"]
    right = [k == kind and model in (None, m) for k, m in zip(table["kind"].to_pylist(), table["model"].to_pylist())]
    return np.flatnonzero(right)


def spectral_share(results: runs.Results) -> Float[Array, "matrix"]:
    """Of what each matrix's greedy path scores above random directions, the share that its strict surrogates score as well."""
    random, strict = results["control"][:, 0].mean(-1), results["null"].mean(-1)
    return (strict - random) / (results["score"][:, GREEDY] - random)


def spots_of(results: runs.Results, matrix: int | np.integer) -> list[dict[str, Any]]:
    """The spots of the matrix as they are stored, the largest first."""
    return [spot for spot in results["spots"].to_pylist() if spot["matrix"] == matrix]


def one_sided(results: runs.Results, matrices: Int[Array, "chosen"]) -> float:
    """The median over these matrices' spots of mean cosine / root mean squared cosine: 1 where all rows point one way.

    Near 0 half of the rows point against the others."""
    sides = [spot["cosine"] / np.sqrt(spot["squared"]) for k in matrices for spot in spots_of(results, k)]
    return float(np.median(sides))
