"""Which neurons of a model of stories belong together: by what they read and write, and by when they fire on text.
Clusters with their stability, how far weights and activations agree, a map in the plane, and each neuron's strongest tokens."""

from typing import Any

import numpy as np
from jaxtyping import Float

from superposition import metrics, runs
from superposition.stories.engine import models, text, tokenizer
from superposition.stories.measures import clustering, firing, reading

Array = np.ndarray
SPACES = ("W_in", "W_out", "both", "activations")
W_IN, W_OUT, BOTH, ACTIVATIONS = range(len(SPACES))
PAIRS = ((W_IN, ACTIVATIONS), (W_OUT, ACTIVATIONS), (BOTH, ACTIVATIONS), (W_IN, W_OUT))
VIEWS = (BOTH, ACTIVATIONS)  # those that are drawn in the plane
K = 10  # neighbours of a neuron


class Config(runs.Config):
    """`neurons` of each layer, 0 for all; `counts` of clusters; `maps` starts of the map of each view."""

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
    dense: int
    maps: int
    perplexity: float
    rounds: int


SCHEMA = {
    "stability": "seed layer space pair count",
    "null_stability": "seed layer space draw count",
    "chosen": "seed layer space",
    "labels": "seed layer space neuron",
    "dense": "seed layer space what",
    "null_dense": "seed layer space draw what",
    "agreement": "seed layer comparison count",
    "agreement_chosen": "seed layer comparison",
    "null_agreement": "seed layer comparison permutation",
    "neighbours": "seed layer comparison",
    "map": "seed layer view neuron xy",
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
    each = job.map(layer, items, "layers")
    arrays = {name: np.stack([one[name] for one in each]) for name in each[0]}
    arrays = {name: array.reshape(seeds, layers, *array.shape[1:]) for name, array in arrays.items()}
    return arrays | {"tokens": np.array(int(taken.sum()))}, {
        "agreement of W_out and activations": float(arrays["agreement_chosen"][..., PAIRS.index((W_OUT, ACTIVATIONS))].mean()),
        "neighbours by W_out that are neighbours by activations": float(arrays["neighbours"][..., 1].mean()),
    }


def layer(item: tuple[runs.Results, int, int, Array, Array, Config]) -> dict[str, Array]:
    """All that is said of one layer of one model."""
    trained, seed, layer, tokens, taken, config = item
    model = models.of_stacked({name: trained[name][seed] for name in models.PARAMETERS}, trained.config.n_heads)
    statistics = firing.Statistics.of(model, layer, tokens, taken)
    some = slice(config.neurons or None)
    spaces = cosines(trained, seed, layer)[..., some, some]
    spaces = np.concatenate([spaces, statistics.correlations[None, some, some]])
    rng = np.random.default_rng([config.seed, seed, layer])
    found = divided(spaces, config, rng)
    found |= compared(spaces, found["labels"], config, rng) | drawn(spaces[list(VIEWS)], config, rng)
    arrays = {name: array.astype(np.float32) if array.dtype == np.float64 else array for name, array in found.items()}
    arrays["map"] = arrays["map"].astype(np.float16)
    return arrays | {"strongest": statistics.strongest(config.strongest, config.seen)[some].astype(np.uint16)}


def cosines(trained: runs.Results, seed: int, layer: int) -> Float[Array, "space neuron neuron"]:
    """Of what the neurons read, of what they write, and the mean of both.

    A neuron reads the input of the layer norm before it, whose gains belong to its weights."""
    gain = trained["h.ln_2.weight"][seed, layer].astype(np.float64)
    W_in, W_out = (trained[f"h.mlp.{name}.weight"][seed, layer].astype(np.float64) for name in ("c_fc", "c_proj"))
    read, write = metrics.cosines(W_in * gain), metrics.cosines(W_out.T)
    return np.stack([read, write, (read + write) / 2])


def divided(spaces: Float[Array, "space neuron neuron"], config: Config, rng: np.random.Generator) -> dict[str, Array]:
    """Clusters of every space, by the number that is most stable beside the null; and dense regions."""
    found: dict[str, list[Any]] = {
        name: [] for name in ("stability", "null_stability", "chosen", "labels", "dense", "null_dense")
    }
    for cosine in spaces:
        stable = clustering.stability(cosine, config.counts, config.pairs, rng)
        unit = clustering.coordinates(cosine)
        null, regions = [], []
        for _ in range(config.draws):
            surrogate = clustering.rotated(unit, rng)
            null.append(clustering.stability(surrogate, config.counts, 1, rng)[0])
            regions.append(clustering.dense(surrogate, config.dense))
        chosen = int(excess(stable, np.array(null)).argmax())
        found["stability"].append(stable)
        found["null_stability"].append(null)
        found["chosen"].append(chosen)
        found["labels"].append(clustering.clusters(cosine, config.counts[chosen : chosen + 1])[0].astype(np.uint16))
        found["dense"].append(clustering.dense(cosine, config.dense))
        found["null_dense"].append(regions)
    return {name: np.array(values) for name, values in found.items()}


def excess(stable: Float[Array, "pair count"], null: Float[Array, "draw count"]) -> Float[Array, "count"]:
    """How many standard deviations of the null's draws the mean stability lies above the null's, for every number of clusters."""
    return (stable.mean(0) - null.mean(0)) / np.maximum(null.std(0), 1e-9)


def compared(
    spaces: Float[Array, "space neuron neuron"], labels: Array, config: Config, rng: np.random.Generator
) -> dict[str, Array]:
    """How far the clusters of two spaces agree, at equal numbers and at those chosen, and their nearest neighbours."""
    cuts = [clustering.clusters(cosine, config.counts) for cosine in spaces]
    near = [clustering.neighbours(cosine, K) for cosine in spaces]
    null = [[clustering.agreement(rng.permutation(labels[a]), labels[b]) for _ in range(config.permutations)] for a, b in PAIRS]
    return {
        "agreement": np.array([[clustering.agreement(*both) for both in zip(cuts[a], cuts[b], strict=True)] for a, b in PAIRS]),
        "agreement_chosen": np.array([clustering.agreement(labels[a], labels[b]) for a, b in PAIRS]),
        "null_agreement": np.array(null),
        "neighbours": np.array([clustering.shared(near[a], near[b]) for a, b in PAIRS]),
    }


def drawn(views: Float[Array, "view neuron neuron"], config: Config, rng: np.random.Generator) -> dict[str, Array]:
    """Maps in the plane from several starts: the first; how alike two are, how much they keep; and both starts of a null."""
    found: dict[str, list[Any]] = {name: [] for name in ("map", "map_seeds", "map_kept", "null_map_seeds")}
    for cosine in views:
        maps, near = _maps(cosine, config, config.maps)
        found["map"].append(maps[0])
        found["map_seeds"].append([clustering.shared(near[i], near[j]) for i in range(config.maps) for j in range(i)])
        found["map_kept"].append([clustering.shared(clustering.neighbours(cosine, K), one) for one in near])
        _, null = _maps(clustering.rotated(clustering.coordinates(cosine), rng), config, 2)
        found["null_map_seeds"].append(clustering.shared(*null))
    return {name: np.array(values) for name, values in found.items()}


def _maps(cosine, config, count):
    maps = [clustering.plane(cosine, config.perplexity, config.rounds, config.seed + start) for start in range(count)]
    return maps, [clustering.near(one, K) for one in maps]


# --- what came of it ----------------------------------------------------------------------------------------------------


def chance(results: runs.Results) -> float:
    """The share of a neuron's neighbours that are its neighbours elsewhere by lot."""
    return K / (results["labels"].shape[-1] - 1)


def at_chosen(values: Float[Array, "seed layer space draw count"], chosen: Array) -> Float[Array, "seed layer space draw"]:
    """The values at the number of clusters that was chosen."""
    return np.take_along_axis(values, chosen[..., None, None].astype(int), -1)[..., 0]


def stable_p(results: runs.Results) -> Float[Array, "seed layer space"]:
    """How often the null's own best number of clusters stands out as far as the chosen one does; for all numbers together."""
    stable, null = results["stability"].mean(-2), results["null_stability"].astype(float)
    mean, spread = null.mean(-2), np.maximum(null.std(-2), 1e-9)
    observed = ((stable - mean) / spread).max(-1)
    draws = ((null - mean[..., None, :]) / spread[..., None, :]).max(-1)
    # one pair of parts a draw of the null, several of the model: the null scatters more, which makes the test strict
    return (1 + (draws >= observed[..., None]).sum(-1)) / (1 + draws.shape[-1])


def agreement_p(results: runs.Results) -> Float[Array, "seed layer comparison"]:
    """How often labels by lot agree as far as the clusters do."""
    null, found = results["null_agreement"], results["agreement_chosen"]
    return (1 + (null >= found[..., None]).sum(-1)) / (1 + null.shape[-1])
