"""A translator with a bottleneck on its encoder's output: how well it translates through it, at which width, found how.
And what measures of superposition say of the bottleneck. No sentence of the data is stored."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import sacrebleu
import torch
from jaxtyping import Float

from superposition import formulas, metrics, runs, training
from superposition.bottleneck.engine import beam_search, marian, narrowing, pairs

Array = np.ndarray
METHODS = ("random", "PCA", "trained")
RANDOM, PCA, TRAINED = range(3)
FEATURES = ("coordinates", "tokens")
GAUGES = ("as it is", "whitened")
MEASURES = (
    "dimensionality", "frobenius", "interference", "polysemanticity", "effective_features", "effective_rank", "squared_cosine",
)  # fmt: skip
LONGEST = 400  # bytes of a translation that is shown
EXAMPLES = (
    "A woman is reading an old book on the train.",
    "Two children are throwing a red ball over the wall.",
    "The dog sleeps under the table while the cook is making soup.",
    "an old nurse draws the big apples near the river .",
)


class Config(runs.Config):
    models: tuple[str]
    source: pairs.Source
    n_pairs: int
    n_train: int
    n_test: int
    widths: tuple[int, ...]
    seeds: int
    epochs: int
    batch: int
    lr: float
    beams: int
    limit: int
    tokens: int
    draws: int
    original_train: int
    original_test: int
    original_epochs: int
    original_length: int


SCHEMA = {
    **{name: "method width seed" for name in ("bleu", "bleu_fine", "chrf", "loss", "explained")},
    "faults": "method width seed fault",
    "train_loss": "method width seed step",
    **{name: "method width seed features gauge measure" for name in ("measure", "null_measure")},
    **{f"end_{name}": "end" for name in ("bleu", "chrf", "loss")},
    "end_faults": "end fault",
    **{f"original_{name}": "seed epoch" for name in ("around", "through", "counted", "masked", "degenerate")},
    "original_padding": "seed",
    "intro_cosines": "seed pair which",
    "intro_through": "seed",
}  # fmt: skip
ENDS = ("the translator itself", "nothing comes through")


class Tested(NamedTuple):
    """The translator and what it is tested on."""

    translator: marian.Translator
    english: list[list[int]]
    french: list[list[int]]
    references: list[str]
    hidden: list[Float[torch.Tensor, "_ d"]]
    pairs: tuple[list[str], list[str]]  # to learn from


class Given(NamedTuple):
    """What the bottlenecks of a seed learn from."""

    hidden: list[Float[torch.Tensor, "_ d"]]
    french: list[list[int]]
    moments: narrowing.Moments
    tokens: Float[Array, "token d"]


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float], dict[str, pa.Table]]:
    """All bottlenecks of every seed and width, the two ends between which they lie, and the originals' ways."""
    d_model = _tested(config).translator.model.config.d_model
    if max(config.widths) > d_model:
        raise runs.RunError(
            f"widths: {config.models[0]} has {d_model} dimensions, and a bottleneck of {max(config.widths)} is none"
        )
    seeds = range(config.seeds)
    ends = job.map(_ends, [(config,)], "ends")[0]
    grid = [(config, seed, width, method) for seed in seeds for width in config.widths for method in range(len(METHODS))]
    each = runs.stacked(job.map(_narrowed, grid, "widths"), len(seeds), len(config.widths), len(METHODS))
    found = {name: np.moveaxis(array, (0, 1, 2), (2, 1, 0)) for name, array in each.items()}
    originals = runs.stacked(job.map(_originals, [(config, seed) for seed in seeds], "originals"), len(seeds))
    said = found.pop("said")
    table = pa.table({
        "method": [METHODS[k] for k in range(len(METHODS)) for _ in config.widths for _ in EXAMPLES],
        "width": [width for _ in METHODS for width in config.widths for _ in EXAMPLES],
        "sentence": [text for _ in METHODS for _ in config.widths for text in EXAMPLES],
        "translation": [_of_bytes(own) for method in said[:, :, 0] for one in method for own in one],
    })  # fmt: skip
    narrow = [found["bleu"][k, 0].mean() for k in (RANDOM, PCA, TRAINED)]
    return found | originals | ends, {
        "BLEU of the translator": ends["end_bleu"][0],
        "BLEU where nothing comes through": ends["end_bleu"][1],
        "BLEU, narrowest, random": narrow[0], "BLEU, narrowest, PCA": narrow[1], "BLEU, narrowest, trained": narrow[2],
        "degenerate translations": float(found["faults"].sum()),
    }, {"examples": table}  # fmt: skip


@lru_cache(maxsize=1)
def _tested(config: Config) -> Tested:
    splits = pairs.read(config.source, {"train": config.n_pairs, "test_2016_flickr": config.n_test}, config.seed)
    translator = marian.load(config.models[0])
    translator.model.requires_grad_(False)
    (english, french), learnt = splits["test_2016_flickr"], splits["train"]
    rows = translator.of_english(english)
    return Tested(translator, rows, translator.of_french(french), french, narrowing.said(translator.model, rows), learnt)


@lru_cache(maxsize=1)
def _given(config: Config, seed: int) -> Given:
    """Pairs drawn for this seed, what the encoder says of them, and the mean of that for each of the most frequent tokens."""
    translator, learnt = _tested(config).translator, _tested(config).pairs
    chosen = np.random.default_rng([config.seed + seed, 3]).permutation(len(learnt[0]))[: config.n_train]
    english = translator.of_english([learnt[0][k] for k in chosen])
    hidden = narrowing.said(translator.model, english)
    of = narrowing.moments(hidden)
    ids, said = np.concatenate([np.array(row) for row in english]), torch.cat(hidden).double().numpy()
    ids[ids == translator.model.config.eos_token_id] = -1
    kinds, counts = np.unique(ids[ids >= 0], return_counts=True)
    frequent = kinds[np.argsort(-counts, kind="stable")[: config.tokens]]
    tokens = np.stack([said[ids == kind].mean(0) for kind in frequent]) - of.mean
    return Given(hidden, translator.of_french([learnt[1][k] for k in chosen]), of, tokens)


def _ends(item: tuple[Config]) -> dict[str, Array]:
    """The translator without a bottleneck, and with one through which nothing comes."""
    (config,) = item
    each = [_quality(config, None), _quality(config, narrowing.nothing(_given(config, 0).moments))]
    return {f"end_{name}": np.stack([one[name] for one in each]) for name in ("bleu", "chrf", "loss", "faults")}


def _narrowed(item: tuple[Config, int, int, int]) -> dict[str, Array]:
    """The bottleneck of a seed and a width that a method finds. The trained one starts from the principal components."""
    config, seed, width, method = item
    test, given = _tested(config), _given(config, seed)
    rng = np.random.default_rng([config.seed + seed, 4, width])
    bottleneck = narrowing.random(width, given.moments, rng) if method == RANDOM else narrowing.principal(width, given.moments)
    losses = np.full(config.epochs * -(-len(given.french) // config.batch), np.nan, np.float32)
    if method == TRAINED:
        rates = training.AdamW(config.lr, weight_decay=0.0, schedule="cosine")
        after, losses = narrowing.train(
            test.translator.model, bottleneck, given.hidden, given.french, rates, config.epochs, config.batch, seed
        )
        bottleneck = after[-1]
    measure, null = _measured(bottleneck.down.double().numpy(), given, config.draws, rng)
    return _quality(config, bottleneck) | {
        "train_loss": losses, "measure": measure, "null_measure": null,
        "explained": np.array(narrowing.explained(bottleneck, test.hidden)), "said": _examples(config, bottleneck),
    }  # fmt: skip


def _quality(config: Config, bottleneck: narrowing.Bottleneck | None, count: int | None = None) -> dict[str, Array]:
    """BLEU, with and without what is no translation, chrF, loss, and how many translations have each fault."""
    test = _tested(config)
    found = beam_search.translate(test.translator, test.english[:count], config.beams, config.limit, 100, bottleneck)
    fine = [k for k, fault in enumerate(found.fault) if fault == beam_search.FINE]
    references = test.references[:count]
    of_fine = [found.sentences[k] for k in fine], [[references[k] for k in fine]]
    return {
        "bleu": np.array(sacrebleu.corpus_bleu(found.sentences, [references]).score),
        "bleu_fine": np.array(sacrebleu.corpus_bleu(*of_fine).score if fine else np.nan),
        "chrf": np.array(sacrebleu.corpus_chrf(found.sentences, [references]).score),
        "loss": np.array(narrowing.loss(test.translator.model, bottleneck, test.hidden[:count], test.french[:count])),
        "faults": np.array([(found.fault == fault).sum() for fault in beam_search.FAULTS]),
    }  # fmt: skip


def _measured(down, given, draws, rng):
    """The measures of the bottleneck's directions, and of random ones of the same lengths, mean over some draws."""
    found, null = np.empty((len(FEATURES), len(GAUGES), len(MEASURES))), np.zeros((len(FEATURES), len(GAUGES), len(MEASURES)))
    for k, own in enumerate((down, narrowing.whitened(down, given.moments.covariance))):
        for f, W in enumerate((own, given.tokens @ own)):
            found[f, k] = measures(W)
            lengths = formulas.norms(W)[:, None]
            null[f, k] = np.mean([measures(formulas.unit(rng.standard_normal(W.shape)) * lengths) for _ in range(draws)], 0)
    return found, null


def measures(W: Float[Array, "n m"]) -> Float[Array, "measure"]:
    """The MEASURES of directions, a row a feature, each a mean over features or neurons where it has one for each."""
    values = {
        "dimensionality": formulas.feature_dimensionality(W).mean(), "frobenius": formulas.features_per_dimension(W),
        "interference": formulas.interference(W).mean(), "polysemanticity": formulas.polysemanticity(W).mean(),
        "effective_features": formulas.effective_features(W), "effective_rank": formulas.effective_rank(W),
        "squared_cosine": formulas.squared_cosine(W),
    }  # fmt: skip
    return np.array([values[name] for name in MEASURES], float)


def _originals(item: tuple[Config, int]) -> dict[str, Array]:
    """Both scripts of the original: the translation with half the width, epoch by epoch, and the diagram with a narrow one."""
    config, seed = item
    test, given = _tested(config), _given(config, seed)
    model, count, length = test.translator.model, config.original_train, config.original_length
    d_model = int(model.config.d_model)
    hidden, french = given.hidden[:count], [row[:length] for row in given.french[:count]]
    wide, narrow = narrowing.two_linears(d_model, d_model // 2, seed), narrowing.two_linears(d_model, config.widths[0], seed, 0.5)
    after, _ = narrowing.train(model, wide, hidden, french, training.AdamW(1e-4), config.original_epochs, 16, seed, length)
    each = []
    for bottleneck in (wide, *after):
        around, through = (_quality(config, way, config.original_test) for way in (None, bottleneck))
        asked = test.hidden[: config.original_test], [row[:length] for row in test.french[: config.original_test]]
        each.append({
            "around": around["bleu"], "through": through["bleu"], "masked": through["loss"],
            "counted": np.array(narrowing.loss(model, bottleneck, *asked, length)), "degenerate": through["faults"].sum(),
        })  # fmt: skip
    drawn = narrowing.train(model, narrow, hidden[:500], french[:500], training.AdamW(1e-2), 3, 8, seed, length)[0][-1]
    units = drawn.down.double().numpy().T
    pair = np.triu_indices(len(units), 1)
    cosines = np.stack([formulas.cosines(W)[pair] for W in (units[:, :2], units)], 1)
    return {f"original_{name}": np.array([one[name] for one in each], float) for name in each[0]} | {
        "original_padding": np.array(1 - sum(map(len, french)) / (len(french) * length)), "intro_cosines": cosines,
        "intro_through": _quality(config, drawn, config.original_test)["bleu"],
    }  # fmt: skip


def _examples(config: Config, bottleneck: narrowing.Bottleneck) -> Array:
    """Translations of sentences of our own, as bytes; none where it is one that the data have."""
    test = _tested(config)
    found = beam_search.translate(
        test.translator, test.translator.of_english(EXAMPLES), config.beams, config.limit, 100, bottleneck
    )
    seen = {*test.pairs[1], *test.references}
    said = [("" if one in seen else one).encode()[:LONGEST] for one in found.sentences]
    return np.stack([np.frombuffer(one.ljust(LONGEST, b"\0"), np.uint8) for one in said])


def _of_bytes(said: Array) -> str:
    return said.tobytes().rstrip(b"\0").decode(errors="ignore")


def half(results: runs.Results) -> int:
    """The place of the width that is nearest to half of the widest."""
    return metrics.nearest(np.array(results.config.widths), max(results.config.widths) / 2)


def kept(results: runs.Results) -> Float[Array, "method width seed"]:
    """The share of the translator's own BLEU that it has through each bottleneck."""
    return results["bleu"] / results["end_bleu"][0]


def against_random(results: runs.Results) -> Float[Array, "method width seed features gauge measure"]:
    """What each measure says of a bottleneck over what it says of random directions of the same lengths."""
    return results["measure"] / results["null_measure"]


def gauge_ratio(results: runs.Results, name: str) -> Float[Array, "method width seed"]:
    """A measure of the tokens in the bottleneck as it is, over the same where its numbers are uncorrelated."""
    as_it_is, whitened = np.moveaxis(results["measure"][..., FEATURES.index("tokens"), :, MEASURES.index(name)], -1, 0)
    return as_it_is / whitened


def picture(results: runs.Results) -> tuple[Float[Array, "seed"], float]:
    """Over pairs of hidden units, how the cosine in two coordinates goes with the cosine in all; and what chance gives.

    Of two random vectors in d dimensions, two coordinates hold 2/d of the scalar product's variance."""
    found = np.array([np.corrcoef(own.T)[0, 1] for own in results["intro_cosines"]])
    return found, float(np.sqrt(2 / max(results.config.widths)))


def agreement(results: runs.Results) -> tuple[Float[Array, "seed measure"], Float[Array, "seed measure"]]:
    """Spearman's correlation with BLEU of each measure of the tokens, in numbers that are uncorrelated, and last of the share
    of the variance that comes through: over all bottlenecks of a seed, and over its methods at one width, mean of the widths.

    The widest, through which all comes whatever the method, is left out."""
    from scipy import stats

    tokens = results["measure"][..., FEATURES.index("tokens"), GAUGES.index("whitened"), :]
    said = np.concatenate([tokens, results["explained"][..., None]], -1)[:, :-1]
    bleu = results["bleu"][:, :-1]
    rank = lambda one, other: stats.spearmanr(one, other).statistic if np.ptp(one) and np.ptp(other) else 0.0
    kinds, seeds = range(said.shape[-1]), range(said.shape[2])
    overall = [[rank(said[:, :, s, k].ravel(), bleu[:, :, s].ravel()) for k in kinds] for s in seeds]
    within = [[np.mean([rank(said[:, w, s, k], bleu[:, w, s]) for w in range(said.shape[1])]) for k in kinds] for s in seeds]
    return np.array(overall), np.array(within)
