"""Which columns each head reads, whether the answer there needs it, and whether it says the same of all of them.
Reads the models of `addition/train` and `addition/sweep`: when they are trained again, this has to be run again."""

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8

from superposition import formulas, runs, sharing
from superposition.addition import circuits, circuits_all_columns, shapes
from superposition.addition.engine import data, streams
from superposition.addition.engine.lookup import Lookup
from superposition.addition.engine.transformer import Transformer
from superposition.addition.measures import ablation
from superposition.addition.measures.ablation import Parts

Array = np.ndarray
N_OUT = 10
READS = 0.5  # a head reads a column whose pair of digits accounts for more than this share of what it says there
NEEDED = 0.05  # and is needed there, if more than this share of the sums goes wrong for what it says of the pair alone
MADE_UP = ("modules with diffuse damage", "noise")
MODULES, NOISE = range(len(MADE_UP))


class Config(runs.Config):
    """`each` sums for every pair of digits, `contexts` for every digit of an answer; `models` 0 means all of them.

    `damage`: how much a made-up module says at the answers that are not its own, over what it says at its own."""

    models: int
    each: int
    contexts: int
    damage: float


_MEASURED = {
    "own": "column head", "lost": "column head", "specific": "column head", "floor": "column head",
    "alike": "column column_too head", "between": "column",
}  # fmt: skip
SUMMARY = ("heads to a column", "share of heads that read several columns", "alike", "alike, two heads of a column")
HEADS, SEVERAL, ALIKE, BETWEEN = range(len(SUMMARY))
SCHEMA = (
    {name: f"seed {axes}" for name, axes in _MEASURED.items()}
    | {"told": "seed column digit head"}
    | {f"made_up_{name}": f"kind {axes}" for name, axes in _MEASURED.items()}
    | {"shape_summary": "model measure"}
)


# --- what a head says of a column ---------------------------------------------------------------------------------------


def own_share(said: Float[Array, "example head n_out"], pair: Int[Array, "example"]) -> Float[Array, "head"]:
    """The share of the variance of what heads say that the pair of digits accounts for, from 0 to 1.

    The intraclass correlation, all outputs together: what sums of one pair have in common by chance is taken off, so a head
    that knows nothing of the pair has about 0 however few sums there are."""
    each = len(pair) // ablation.N_PAIRS
    ordered = said[np.argsort(pair, kind="stable")].reshape(ablation.N_PAIRS, each, *said.shape[1:]).astype(float)
    within = ordered.var(1, ddof=1).mean(0).sum(-1)
    between = ordered.mean(1).var(0, ddof=1).sum(-1) - within / each
    return np.maximum(between, 0) / np.maximum(np.maximum(between, 0) + within, 1e-30)


def cosines(maps: Float[Array, "one head pair n_out"], others: Float[Array, "one head_too pair n_out"]) -> Array:
    """How alike two heads' maps are, from −1 to 1, over the mean of their pairs (one, head, head_too)."""
    flat = [formulas.unit((part - part.mean(2, keepdims=True)).reshape(*part.shape[:2], -1)) for part in (maps, others)]
    return flat[0] @ flat[1].swapaxes(-1, -2)


def measured(parts: Parts, seed: int) -> dict[str, Array]:
    """Of every column and head: the own pair's share in what it says; sums lost with the head at its mean, with what it says of
    the pair taken away, and with as much taken away for pairs that are another sum's; and how alike its maps of columns are.

    `between`: the median of how alike the maps of two heads that read one column are, whatever the sign; 0 where fewer do."""
    columns, right = range(data.N_DIGITS), parts.right(parts.logits)
    maps = ablation.maps(parts)
    own = np.stack([own_share(parts.heads[:, t], parts.pair[:, t]) for t in columns])
    lost = np.stack([right & ~parts.right(logits) for logits in parts.without(parts.instead("mean"))], -1).mean(0)
    mixed = streams.generator(seed, stream=streams.MIXED).permuted(parts.pair, axis=0)
    shuffled = Parts(parts.heads, parts.direct, parts.answers, mixed)
    heads = cosines(maps, maps)
    return {
        "own": own, "lost": lost[: data.N_DIGITS],
        "specific": circuits_all_columns.without_pair(parts).mean(1),
        "floor": circuits_all_columns.without_pair(shuffled).mean(1),
        "alike": np.moveaxis(cosines(maps.swapaxes(0, 1), maps.swapaxes(0, 1)), 0, -1),
        "between": np.array([_median(np.abs(heads[t][np.ix_(reads, reads)])) for t, reads in enumerate(own > READS)]),
    }  # fmt: skip


def _median(square):
    pairs = square[np.triu_indices(len(square), 1)]
    return float(np.median(pairs)) if len(pairs) else 0.0


# --- which digits a head tells apart ------------------------------------------------------------------------------------


def contexts(column: int, count: int, rng: np.random.Generator) -> UInt8[Array, "context digit n_ctx"]:
    """Random sums, each ten times: with pairs of digits in one column that make its answer 0, 1, …, 9."""
    a, b = (rng.integers(0, 10, (count, N_OUT, data.N_DIGITS)) for _ in range(2))
    a[:], b[:] = a[:, :1], b[:, :1]
    place = 10 ** np.arange(data.N_DIGITS)
    carry = data.carries(a[:, 0] @ place, b[:, 0] @ place)[:, column]
    a[..., column] = rng.integers(0, 10, (count, N_OUT))
    b[..., column] = (np.arange(N_OUT) - carry[:, None] - a[..., column]) % 10
    return data.tokens(a @ place, b @ place)


def told(model: Transformer, column: int, config: Config, seed: int) -> Float[Array, "digit head"]:
    """In what share of contexts each head by itself speaks most for the digit that is the answer; by lot it is one in ten."""
    seen = contexts(column, config.contexts, streams.generator(seed, stream=streams.CONTEXTS, part=column))
    tables = Lookup.of(model)
    with torch.no_grad():
        z = torch.cat([tables.attend(some).z[:, column] for some in torch.from_numpy(seen).flatten(0, 1).split(500)])
        said = tables.contributions(z).numpy()
    logits = np.moveaxis(said.reshape(*seen.shape[:2], *said.shape[1:]), 2, 0)
    return sharing.recognised(logits - logits.mean(-1, keepdims=True)).T


# --- heads whose tasks are known ------------------------------------------------------------------------------------------


def made_up(kind: str, config: Config, heads: int = 32) -> Parts:
    """Parts of no model. Modules: heads that divide the columns, and say a random table of their pair of digits, with the right
    digit foremost; at all other answers what they say is noise of `damage` times that size. Noise: nothing else anywhere."""
    rng = streams.generator(config.seed, stream=streams.MADE_UP, part=MADE_UP.index(kind))
    pair = ablation.balanced(config.seed, config.each)
    said = rng.standard_normal((len(pair), data.N_ANSWERS, heads, N_OUT)).astype(np.float32)
    digit = (pair // 10 + pair % 10) % 10
    if kind == MADE_UP[MODULES]:
        said *= config.damage
        for head, column in enumerate(np.arange(heads) * data.N_DIGITS // heads):
            table = rng.standard_normal((ablation.N_PAIRS, N_OUT))
            said[:, column, head] = table[pair[:, column]] + np.eye(N_OUT)[digit[:, column]]
    answers = np.pad(digit, ((0, 0), (0, 1))).astype(np.uint8)
    return Parts(said - said.mean(-1, keepdims=True), np.zeros((data.N_ANSWERS, N_OUT), np.float32), answers, pair)


# --- all of it --------------------------------------------------------------------------------------------------------------


def of_model(model: Transformer, seed: int, config: Config) -> dict[str, Array]:
    """What `measured` says of a model."""
    return measured(Parts.of(model, ablation.balanced(seed, config.each)), seed)


def of_shape(item: tuple[Transformer, int, Config]) -> dict[str, Array]:
    """The SUMMARY of a model of any shape."""
    return {"shape_summary": summary(of_model(*item))}


def analysed(item: tuple[Transformer, int, Config]) -> dict[str, Array]:
    """The same of a fully trained model, and which digits its heads tell apart."""
    model, seed, config = item
    return of_model(*item) | {"told": np.stack([told(model, column, config, seed) for column in range(data.N_DIGITS)])}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Ask every head of every model, and those of the made-up ones."""
    full = job.map(analysed, [(*one, config) for one in circuits.trained(config.models)], "models")
    cut = job.map(of_shape, [(*one, config) for one in shapes.trained(config.models)], "shapes")
    arrays = runs.stacked(full, len(full)) | runs.stacked(cut, len(cut))
    nulls = [measured(made_up(kind, config), config.seed) for kind in MADE_UP]
    arrays |= {f"made_up_{name}": one for name, one in runs.stacked(nulls, len(nulls)).items()}
    arrays = {name: array.astype(np.float32) if array.dtype == float else array for name, array in arrays.items()}
    return arrays, {"heads that read several columns": float((columns_read(arrays["own"]) > 1).mean())}


# --- what came of it ----------------------------------------------------------------------------------------------------------


def columns_read(own: Float[Array, "*batch column head"]) -> Int[Array, "*batch head"]:
    """How many columns each head reads."""
    return (own > READS).sum(-2)


def needed(found: Mapping[str, Array] | runs.Results, of: str = "") -> Bool[Array, "*batch column head"]:
    """Whether an answer needs what a head says of the pair of its column, over what it needs of another sum's pair."""
    return found[f"{of}specific"].astype(float) - found[f"{of}floor"] > NEEDED


def alike(found: Mapping[str, Array], of: str = "") -> Float[Array, "pair"]:
    """How alike a head's maps of two columns are, for all pairs of columns that one head reads; of one model."""
    reads = found[f"{of}own"] > READS
    both = reads[:, None] & reads & np.triu(np.ones((len(reads), len(reads)), bool), 1)[..., None]
    return found[f"{of}alike"][both].astype(float)


def summary(found: Mapping[str, Array], of: str = "") -> Float[Array, "measure"]:
    """The SUMMARY of one model; 0 where no head reads two columns, or no two heads read one."""
    reads, pairs, between = found[f"{of}own"] > READS, alike(found, of), found[f"{of}between"]
    medians = [float(np.median(one)) if len(one) else 0.0 for one in (pairs, between[between > 0])]
    return np.array([reads.sum(-1).mean(), (reads.sum(-2) > 1).mean(), *medians])


def of_each(results: runs.Results, of: str = "") -> Float[Array, "model measure"]:
    """The SUMMARY of every model: of the trained ones, or of the "made_up_" ones."""
    names = [f"{of}{name}" for name in ("own", "alike", "between")]
    return np.stack([summary({name: results[name][k] for name in names}, of) for k in range(len(results[names[0]]))])


def several_by_lot(part: Float[Array, "*batch column"]) -> Float[Array, "*batch"]:
    """The share of heads that would read several columns if every column drew by lot which heads read it, this part of them."""
    one = sum(part[..., k] * np.delete(1 - part, k, -1).prod(-1) for k in range(part.shape[-1]))
    return 1 - (1 - part).prod(-1) - one


def by_lot(summary: Float[Array, "*batch measure"], n_heads: int) -> Float[Array, "*batch"]:
    """The same of models of which only the SUMMARY is known: every column is read by the mean number of heads."""
    return several_by_lot(np.repeat(summary[..., HEADS, None] / n_heads, data.N_DIGITS, -1))
