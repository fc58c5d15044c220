"""How the circuits of all six columns together share heads, whatever the size of these; and what is left without noise.
Reads the models of `addition/train` and `addition/sweep`: when they are trained again, this has to be run again."""

import numpy as np
from jaxtyping import Float

from superposition import formulas, runs, sharing
from superposition.addition import circuits, shapes
from superposition.addition.engine import data, streams
from superposition.addition.engine.transformer import Transformer
from superposition.addition.measures import ablation
from superposition.addition.measures.ablation import Parts

Array = np.ndarray
KINDS = (*ablation.EFFECTS, "lost without its pair")
MEASURES = (*sharing.MEASURES, "patterns")
LOGIT, LOST, ZEROED, RESAMPLED, OWN = range(len(KINDS))
HEADS, CIRCUITS, SCORE, RANK, PATTERNS = range(len(MEASURES))
LOTS = ("heads keep their effects", "circuits keep their effects")
MEDIAN = 1  # of sharing.QUANTILES
ALL = data.N_DIGITS  # the last of the matrices: the circuits of all columns


class Config(runs.Config):
    """`each` sums for every pair of digits; `draws` of each lot; `models` 0 means all of them."""

    models: int
    each: int
    draws: int
    beam: int
    nodes: int


SCHEMA = {
    "measured": "seed kind matrix measure",
    "lot": "seed kind matrix lot quantile measure",
    "group_kept": "seed column",
    "least": "seed enough",
    "least_proven": "seed enough",
    "shape_measured": "model kind matrix measure",
    "shape_lot": "model kind matrix lot quantile measure",
}


def without_pair(parts: Parts) -> Float[Array, "column pair head"]:
    """The share of sums that come out wrong where a head says of the pair of digits what it says of pairs on average, while
    all that it says of the other digits is left: mean ablation, but for the noise that other heads cancel."""
    right, logits, lost = parts.right(parts.logits), parts.logits, []
    for column, heads in enumerate(ablation.maps(parts)):
        pair, answer = parts.pair[:, column], parts.answers[:, column]
        wrong = [(logits[:, column] - said[pair]).argmax(-1) != answer for said in heads]
        lost.append(ablation.by_pair((right[:, column, None] & np.stack(wrong, -1)).astype(np.float32), pair))
    return np.stack(lost)


def matrices(effect: Float[Array, "column pair head"]) -> list[Float[Array, "circuit head"]]:
    """The circuits of each column by heads, and those of all columns."""
    return [*effect, effect.reshape(-1, effect.shape[-1])]


def measured(effect: Float[Array, "*batch circuit head"]) -> Float[Array, "*batch measure"]:
    """The MEASURES of effects: those of `sharing`, and how many singular values count by the participation of their squares."""
    values = np.linalg.svd(effect, compute_uv=False)
    return np.concatenate([sharing.measured(effect), formulas.polysemanticity(values[..., None])], -1)


def lot(effect: Float[Array, "circuit head"], draws: int, seed: int) -> Float[Array, "lot quantile measure"]:
    """The MEASURES where heads and circuits meet by lot, each time all of one random matrix.

    First each head keeps its effects and draws lots for the circuits that they go to; then each circuit keeps its own and
    draws lots for heads."""
    rng = streams.generator(seed, stream=streams.COLUMNS_BY_LOT)
    found = [[measured(rng.permuted(effect, axis=axis)) for _ in range(draws)] for axis in (0, 1)]
    return np.quantile(found, sharing.QUANTILES, axis=1).swapaxes(0, 1)


def shared(parts: Parts, config: Config, seed: int) -> dict[str, Array]:
    """How the circuits of a model share heads, by KINDS of effects, in each column and over all; and by lot."""
    effects = np.concatenate([ablation.effects(parts), without_pair(parts)[None]]).astype(float)
    found = [[(measured(one), lot(one, config.draws, seed)) for one in matrices(effect)] for effect in effects]
    return {name: np.array([[one[k] for one in kind] for kind in found]) for k, name in enumerate(("measured", "lot"))}


def quiet(parts: Parts, column: int) -> Parts:
    """One sum for each pair of digits of a column, in which every head says what it says of the pair on average."""
    pair = parts.pair[:, column]
    heads = ablation.by_pair(parts.heads[:, column], pair)[:, None]
    answers = parts.answers[np.unique(pair, return_index=True)[1], column, None]
    return Parts(heads, parts.direct[column, None], answers, np.arange(ablation.N_PAIRS)[:, None])


def of_shape(item: tuple[Transformer, int, Config]) -> dict[str, Array]:
    """How the circuits of a model of any shape share heads."""
    model, seed, config = item
    return shared(Parts.of(model, ablation.balanced(seed, config.each)), config, seed)


def analysed(item: tuple[Transformer, int, Config]) -> dict[str, Array]:
    """The same of a fully trained model; and for how much of a digit the heads are enough that look at its column alone."""
    model, seed, config = item
    parts = Parts.of(model, ablation.balanced(seed, config.each))
    own, mean = ablation.own_alone(ablation.explained(parts)), parts.instead("mean")
    group = [circuits.kept(parts, column, heads, mean) for column, heads in enumerate(own)]
    size, proven = circuits.smallest(quiet(parts, 0), 0, config.beam, config.nodes)
    return shared(parts, config, seed) | {"group_kept": np.array(group), "least": size, "least_proven": proven}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Take every model apart."""
    full = job.map(analysed, [(*one, config) for one in circuits.trained(config.models)], "models")
    cut = job.map(of_shape, [(*one, config) for one in shapes.trained(config.models)], "shapes")
    arrays = {name: np.stack([one[name] for one in full]) for name in full[0]}
    arrays |= {f"shape_{name}": np.stack([one[name] for one in cut]) for name in cut[0]}
    arrays = {name: array.astype(np.float32) if array.dtype == float else array for name, array in arrays.items()}
    return arrays, {"score over all columns": float(arrays["measured"][:, LOST, ALL, SCORE].mean())}


# --- what came of it ----------------------------------------------------------------------------------------------------


def modules(heads: int | Array, whole: bool = True) -> float | Array:
    """The score of heads that divide the columns evenly, and serve all pairs of theirs; in one column, where not `whole`."""
    return heads / data.N_DIGITS ** (1 if whole else 0.5)


def lot_score(results: runs.Results, of: str = "") -> Float[Array, "model kind matrix"]:
    """The score where heads and circuits meet by lot: the median, of that lot in which it is larger.

    `of`: "shape_" for the models of addition/sweep."""
    return results[f"{of}lot"][..., MEDIAN, SCORE].astype(float).max(-1)


def diffuse_score(heads: int, share: float, seed: int = 0) -> float:
    """The score of `modules` whose heads also break a little everywhere else: `share` of the damage in their own column on
    the circuits of all others, of half-normal size. No head of these has two tasks."""
    rng, circuit = streams.generator(seed, stream=streams.DIFFUSE), np.repeat(np.arange(data.N_DIGITS), ablation.N_PAIRS)
    own = circuit[:, None] == np.arange(heads) * data.N_DIGITS // heads
    return float(sharing.measured(sharing.diffuse(own, share, rng))[SCORE])


def noise_score(heads: int, seed: int = 0) -> float:
    """The score of effects that are independent noise, half-normal."""
    effect = streams.generator(seed, stream=streams.NOISE).standard_normal((data.N_DIGITS * ablation.N_PAIRS, heads))
    return float(sharing.measured(effect)[SCORE])
