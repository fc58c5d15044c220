"""Which neurons of a model of stories belong together: by what they read and write, and by when they fire on text.
Clusters with their stability, how far weights and activations agree, maps in the plane, and each neuron's strongest tokens."""

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from superposition import formulas, runs
from superposition.stories.engine import models, subjects, text, tokenizer
from superposition.stories.measures import clustering, firing, reading

Array = np.ndarray
SPACES = ("W_in", "W_out", "both", "activations")
W_IN, W_OUT, BOTH, ACTIVATIONS = range(len(SPACES))
COMPARISONS = ("W_in, activations", "W_out, activations", "both, activations", "W_in, W_out", "activations, two halves of text")
IN_ACT, OUT_ACT, BOTH_ACT, IN_OUT, HALVES = range(len(COMPARISONS))
VIEWS = (BOTH, ACTIVATIONS)  # those that are drawn in the plane
WARD, K_MEANS = range(len(clustering.ALGORITHMS))
K = 10  # neighbours of a neuron


class Config(runs.Config):
    """`neurons` of each layer, 0 for all; `counts` of clusters, tried on `pairs` of parts and `draws` of the null.

    `strongest` tokens of each neuron, of those `seen` so often; `maps` starts of the map of each view, in so many `rounds`."""

    model: str
    source: text.Source
    n_stories: int
    seen: int
    strongest: int
    neurons: int
    counts: tuple[int, ...]
    pairs: int
    draws: int
    permutations: int
    maps: int
    perplexity: float
    rounds: int


SCHEMA = {
    "stability": "seed layer space algorithm pair count",
    "null_stability": "seed layer space algorithm draw count",
    "chosen": "seed layer space",
    "labels": "seed layer space neuron",
    "agreement": "seed layer comparison count",
    "null_agreement": "seed layer comparison permutation count",
    "neighbours": "seed layer comparison",
    "map": "seed layer view start neuron xy",
    "map_seeds": "seed layer view start_pair",
    "map_kept": "seed layer view start",
    "null_map_seeds": "seed layer view",
    "strongest": "seed layer neuron rank",
    "tokens": "",
}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Analyse every layer of every seed's model."""
    trained = runs.load(config.model)
    texts = list(text.read(config.source, "valid", config.n_stories, config.seed))
    tokens, taken = reading.rows(tokenizer.of_array(trained["tokenizer"]), texts, trained.config.context)
    seeds, layers = trained["h.mlp.c_fc.weight"].shape[:2]
    items = [(trained, seed, layer, tokens, taken, config) for seed in range(seeds) for layer in range(layers)]
    arrays = runs.stacked(job.map(analysed, items, "layers"), seeds, layers)
    return arrays | {"tokens": np.array(int(taken.sum()))}, {
        "agreement of W_out and activations": float(arrays["agreement"][:, :, OUT_ACT].max(-1).mean()),
        "neighbours by W_out that are neighbours by activations": float(arrays["neighbours"][:, :, OUT_ACT].mean()),
    }


def analysed(item: tuple[runs.Results, int, int, Array, Array, Config]) -> dict[str, Array]:
    """All that is said of one layer of one model."""
    trained, seed, layer, tokens, taken, config = item
    model = models.of_stacked({name: trained[name][seed] for name in models.PARAMETERS}, trained.config.n_heads)
    halves = [firing.Statistics.of(model, layer, tokens[half::2], taken[half::2]) for half in range(2)]
    whole, some = halves[0] + halves[1], slice(config.neurons or None)
    fire = [clustering.coordinates(one.correlations()[some, some]) for one in (whole, *halves)]
    spaces = [*weights(trained, seed, layer, some), fire[0]]
    rng = np.random.default_rng([config.seed, seed, layer])
    pairs = [(space, fire[0]) for space in spaces[:ACTIVATIONS]] + [(spaces[W_IN], spaces[W_OUT]), (fire[1], fire[2])]
    views = [spaces[view] for view in VIEWS]
    found = divided(spaces, config, rng) | compared(pairs, config, rng) | drawn(views, config, rng)
    arrays = {name: array.astype(np.float32) if array.dtype == np.float64 else array for name, array in found.items()}
    arrays["map"] = arrays["map"].astype(np.float16)
    return arrays | {"strongest": whole.strongest(config.strongest, config.seen)[some].astype(np.uint16)}


def weights(trained: runs.Results, seed: int, layer: int, some: slice = slice(None)) -> list[Float[Array, "neuron dim"]]:
    """Unit rows of what the neurons read, of what they write, and of both side by side, whose cosines are the mean of both.

    All reading is behind a layer norm: its gains belong to what a neuron reads, and no one sees the mean over dimensions."""
    gain = trained["h.ln_2.weight"][seed, layer].astype(np.float64)
    W_in, W_out = (trained[f"h.mlp.{name}.weight"][seed, layer].astype(np.float64) for name in ("c_fc", "c_proj"))
    read, write = (formulas.unit(W - W.mean(1, keepdims=True)) for W in (W_in[some] * gain, W_out.T[some]))
    return [read, write, np.hstack([read, write]) / np.sqrt(2)]


def divided(spaces: list[Float[Array, "neuron _"]], config: Config, rng: np.random.Generator) -> dict[str, Array]:
    """Clusters of every space, and of clouds without structure; those by Ward's rule are kept whose number stands out most."""
    found: dict[str, list[Any]] = {name: [] for name in ("stability", "null_stability", "chosen", "labels")}
    for unit in spaces:
        clouds = [unit] * config.pairs + [clustering.mixed(unit, rng) for _ in range(config.draws)]
        stable = np.array([
            [clustering.stability(cloud, algorithm, config.counts, rng) for cloud in clouds]
            for algorithm in clustering.ALGORITHMS.values()
        ])  # fmt: skip
        own, null = stable[:, : config.pairs], stable[:, config.pairs :]
        chosen = int(excess(own, null)[WARD].argmax())
        found["stability"].append(own)
        found["null_stability"].append(null)
        found["chosen"].append(chosen)
        found["labels"].append(clustering.ward(unit, config.counts[chosen : chosen + 1])[0].astype(np.uint16))
    return {name: np.array(values) for name, values in found.items()}


def excess(stable: Float[Array, "*space pair count"], null: Float[Array, "*space draw count"]) -> Float[Array, "*space count"]:
    """How many standard deviations of the null's draws the mean stability lies above the null's, for every number of clusters."""
    return (stable.mean(-2) - null.mean(-2)) / np.maximum(null.std(-2), 1e-9)


def compared(pairs: list[tuple[Array, Array]], config: Config, rng: np.random.Generator) -> dict[str, Array]:
    """How far clusters by Ward's rule and nearest neighbours agree in each of COMPARISONS; and clusters, with neurons by lot."""
    found: dict[str, list[Any]] = {name: [] for name in ("agreement", "null_agreement", "neighbours")}
    for pair in pairs:
        one, other = (clustering.ward(unit, config.counts) for unit in pair)
        agree = lambda a, b: [clustering.agreement(*both) for both in zip(a, b, strict=True)]
        found["agreement"].append(agree(one, other))
        found["null_agreement"].append([agree(rng.permuted(one, axis=1), other) for _ in range(config.permutations)])
        found["neighbours"].append(clustering.shared(*(clustering.neighbours(unit, K) for unit in pair)))
    return {name: np.array(values) for name, values in found.items()}


def drawn(views: list[Float[Array, "neuron _"]], config: Config, rng: np.random.Generator) -> dict[str, Array]:
    """Maps in the plane from several starts; how alike two are, how much each keeps; and how alike two maps of a null are."""
    found: dict[str, list[Any]] = {name: [] for name in ("map", "map_seeds", "map_kept", "null_map_seeds")}
    for unit in views:
        maps, near = _maps(unit, config, config.maps)
        found["map"].append(maps)
        found["map_seeds"].append([clustering.shared(near[i], near[j]) for i in range(config.maps) for j in range(i)])
        found["map_kept"].append([clustering.shared(clustering.neighbours(unit, K), one) for one in near])
        _, null = _maps(clustering.mixed(unit, rng), config, 2)
        found["null_map_seeds"].append(clustering.shared(*null))
    return {name: np.array(values) for name, values in found.items()}


def _maps(unit, config, count):
    maps = [clustering.plane(unit, config.perplexity, config.rounds, config.seed + start) for start in range(count)]
    return maps, [clustering.near(one, K) for one in maps]


# --- what came of it ----------------------------------------------------------------------------------------------------


def chance(results: runs.Results) -> float:
    """The share of a neuron's neighbours that are its neighbours elsewhere by lot."""
    return K / (results["labels"].shape[-1] - 1)


def at_best(results: runs.Results, algorithm: int = WARD) -> Float[Array, "which seed layer space"]:
    """The mean stability at the number of clusters that stands out most from the null, and below what 95 in 100 of that lie."""
    stable, null = (results[name][:, :, :, algorithm].astype(float) for name in ("stability", "null_stability"))
    best = excess(stable, null).argmax(-1)[..., None]
    high = np.quantile(null, 0.95, axis=-2)
    return np.stack([np.take_along_axis(values, best, -1)[..., 0] for values in (stable.mean(-2), high)])


def stable_p(results: runs.Results, algorithm: int = WARD) -> Float[Array, "seed layer space"]:
    """How often the null's own best number of clusters stands out as far as that of the neurons; for all numbers together.

    A draw of the null is one pair of parts, the neurons' are the mean of several: the null scatters more, so this is strict."""
    stable, null = (results[name][:, :, :, algorithm].astype(float) for name in ("stability", "null_stability"))
    observed = excess(stable, null).max(-1)
    draws = ((null - null.mean(-2, keepdims=True)) / np.maximum(null.std(-2, keepdims=True), 1e-9)).max(-1)
    return (1 + (draws >= observed[..., None]).sum(-1)) / (1 + draws.shape[-1])


def best_agreement(results: runs.Results) -> Float[Array, "seed layer comparison"]:
    """The adjusted mutual information at the number of clusters at which it is largest."""
    return results["agreement"].max(-1)


def lot_agreement(results: runs.Results) -> Float[Array, "seed layer comparison"]:
    """The same by lot, each draw at its own best number: 95 in 100 lie below."""
    return np.quantile(results["null_agreement"].max(-1), 0.95, axis=-1)


def strongest_tokens(results: runs.Results, seed: int = 0) -> list[list[list[str]]]:
    """For every layer and neuron of a seed, the tokens that it is strongest at, the strongest first."""
    codec = tokenizer.of_array(runs.load(results.config.model)["tokenizer"])
    words = [token.decode("utf-8", "backslashreplace") for token in subjects.token_bytes(codec)]
    return [[[words[token] for token in neuron] for neuron in layer] for layer in results["strongest"][seed].tolist()]


class Theme(NamedTuple):
    """A cluster's neurons: how many, the tokens that most of them are strongest at, the share at the first, and that by lot."""

    neurons: int
    tokens: list[str]
    share: float
    lot: float


def themes(results: runs.Results, layer: int = 0, space: int = ACTIVATIONS, least: int = 5, seed: int = 0) -> list[Theme]:
    """Of each cluster of at least so many neurons, what these are strongest at; those that most agree on a token come first.

    By lot: the mean share at the commonest token of fifty groups of as many neurons."""
    label, words = results["labels"][seed, layer, space], strongest_tokens(results, seed)[layer]
    rng, found = np.random.default_rng(seed), []
    for own in (np.flatnonzero(label == k) for k in range(label.max() + 1)):
        if len(own) >= least:
            lots = [_common(words, rng.permutation(len(words))[: len(own)])[0][1] for _ in range(50)]
            common = _common(words, own)
            found.append(
                Theme(len(own), [token for token, _ in common], common[0][1] / len(own), float(np.mean(lots)) / len(own))
            )
    return sorted(found, key=lambda theme: -theme.share)


def _common(words, own):
    """The five tokens that most of these neurons are strongest at, each with their number."""
    return Counter(token for k in own for token in words[k]).most_common(5)
