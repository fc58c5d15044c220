"""Language models of one layer that read the grammar, whose features are known: superposition measured against the truth.
How many neurons a feature has and how many features a neuron, what probes find, and the features' shares of a dimension."""

from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float

from superposition import metrics, runs
from superposition.stories.engine import grammar, models, text, tokenizer, pretraining
from superposition.stories.measures import probes, reading

Array = np.ndarray
PLACES = ("embedding", "MLP in", "neurons")
SPACES = ("MLP in", "W_in")
_SLOT = np.array([list(grammar.SLOTS).index(feature.partition("=")[0]) for feature in grammar.FEATURES])


class Config(runs.Config):
    n_stories: int
    n_probed: int
    n_entries: int
    d_models: tuple[int, ...]
    n_heads: int
    seeds: int
    context: int
    epochs: float
    batch: int
    lr: float
    warmup: int
    weight_decay: float
    shown: int


SCHEMA = {
    "d_model": "width",
    "density": "feature",
    "best_loss": "",
    "valid_loss": "width seed",
    "auc": "width seed place feature",
    "null_auc": "width seed place feature",
    "neuron_auc": "width seed feature",
    "null_neuron_auc": "width seed feature",
    "dimensionality": "width seed space feature",
    "null_dimensionality": "width seed space feature",
    "neurons_per_feature": "width seed feature",
    "rotated_neurons_per_feature": "width seed feature",
    "features_per_neuron": "width seed",
    "rotated_features_per_neuron": "width seed",
    "effect": "feature neuron",
}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train a model of every width and seed, and read off each what the known features are to it."""
    items = [(config, d_model, config.seed + k) for d_model in config.d_models for k in range(config.seeds)]
    each = job.map(_one, items, "models")
    grid = len(config.d_models), config.seeds
    names = [name for name in each[0] if name != "effect"]
    arrays = {name: np.stack([one[name] for one in each]).reshape(*grid, *each[0][name].shape) for name in names}
    corpus = _Corpus.of(config)
    arrays |= {
        "d_model": np.array(config.d_models), "density": corpus.labels.mean(0), "best_loss": np.array(corpus.best_loss),
        "effect": each[config.d_models.index(config.shown) * config.seeds]["effect"],
    }  # fmt: skip
    above = (arrays["valid_loss"].mean(1) - arrays["best_loss"])[-1]
    return arrays, {
        "loss above the grammar's entropy": above,
        **{f"probes' AUC, {d_model}": np.nanmedian(arrays["auc"][k, :, -1]) for k, d_model in enumerate(config.d_models)},
        **{f"dimensionality, {d_model}": arrays["dimensionality"][k, :, -1].mean() for k, d_model in enumerate(config.d_models)},
    }


def best_loss(stories: list[grammar.Story]) -> float:
    """The grammar's own negative logarithm of the stories' probability, in nats a story: what no model can stay below.

    A text has one derivation: each row of the plot was drawn evenly, and each value that the text tells by its weight."""
    plot = sum(np.log(len(row)) for row in grammar.PLOT)
    values = [_surprise(story, slot) for story in stories for slot in sorted({slot for *_, slot in story.mentions})]
    return plot + float(np.sum(values)) / len(stories)


def _surprise(story, slot):
    def share(value):
        values = grammar.SLOTS[slot]
        return 1 / (values.index(value) + 1) / (1 / np.arange(1, len(values) + 1)).sum()

    left = 1 - share(story.values["hero"]) if slot == "friend" else 1.0
    return -np.log(share(story.values[slot]) / left)


class _Corpus:
    """What all models share: the stories' tokens to train on and to validate, and those to probe with their features."""

    def __init__(self, config):
        self.codec = tokenizer.train(text.read("grammar", "train", config.n_stories, config.seed), config.n_entries)
        self.train, _ = tokenizer.encode(self.codec, text.read("grammar", "train", config.n_stories, config.seed))
        stories = list(grammar.stories(config.n_probed, [config.seed, 2]))
        self.valid, _ = tokenizer.encode(self.codec, [story.text for story in stories])
        self.best_loss = best_loss(stories) * len(stories) / (len(self.valid) - 1)
        self.tokens, self.taken = reading.rows(self.codec, [story.text for story in stories], config.context)
        active = reading.features(self.codec, stories, config.context)
        self.labels = active[self.taken]
        self.shuffled = _shuffled(stories, active, config.seed)[self.taken]
        first = np.arange(len(stories)) < len(stories) // 2  # the probes learn from these, and are tried on the others
        self.learn = np.broadcast_to(first[:, None], self.taken.shape)[self.taken]

    @staticmethod
    @lru_cache(maxsize=1)
    def of(config):
        return _Corpus(config)


def _shuffled(stories, active, seed):
    """The same slots in play at the same places, but with the values of another story: each slot's are dealt anew."""
    rng, dealt = np.random.default_rng([seed, 3]), np.zeros_like(active)
    for number, (slot, values) in enumerate(grammar.SLOTS.items()):
        columns = np.flatnonzero(_SLOT == number)
        value = np.array([values.index(story.values[slot]) for story in stories])[rng.permutation(len(stories))]
        dealt[np.arange(len(stories)), :, columns[value]] = active[:, :, columns].any(2)
    return dealt


def directions(x: Float[Array, "token dim"], labels: Bool[Array, "token feature"]) -> Float[Array, "feature dim"]:
    """What sets each value apart from the others of its slot.

    Least squares on all features at once; then each slot's mean is taken off, which says only that the slot is in play.
    So k values that are told apart without any interference have k - 1 dimensions, and D_i = 1 - 1/k each.
    A value that is never in play has no direction."""
    effects, seen = probes.ridge(labels.astype(np.float64), x.astype(np.float64), penalty=1e-6)[0].T, labels.any(0)
    for slot in range(len(grammar.SLOTS)):
        effects[seen & (slot == _SLOT)] -= effects[seen & (slot == _SLOT)].mean(0)
    return effects


def told_apart(
    x: Float[Array, "token dim"], labels: Bool[Array, "token feature"], learn: Bool[Array, "token"]
) -> tuple[Float[Array, "feature"], Float[Array, "feature"]]:
    """How well the values of a slot are told apart where it is in play: by a linear probe, and by one neuron.

    Both are chosen on the tokens to learn from, and the areas under their curves are those on the others; 1/2 is chance,
    whatever x says of the slot being in play. A neuron may also be silent where the value is in play."""
    probed, alone = np.full((2, labels.shape[1]), np.nan)
    for slot in range(len(grammar.SLOTS)):
        own = slot == _SLOT
        here = labels[:, own].any(1)
        known, tried = here & learn, here & ~learn
        weights, offset = probes.ridge(x[known], labels[known][:, own])
        probed[own] = probes.paired_auc(x[tried] @ weights.T + offset, labels[tried][:, own])
        each = np.nan_to_num(probes.auc(x[known], labels[known][:, own]), nan=0.5) - 0.5
        best = np.abs(each).argmax(0)
        scores = x[tried][:, best] * np.sign(each[best, np.arange(own.sum())])
        alone[own] = probes.paired_auc(scores, labels[tried][:, own])
    return probed, alone


def _one(item):
    """The model of one width and seed."""
    config, d_model, seed = item
    corpus, rng = _Corpus.of(config), np.random.default_rng([seed, 4])
    schedule = pretraining.Schedule(
        config.epochs, config.batch, config.context, config.lr, config.warmup, config.weight_decay, 1.0, "float32"
    )
    model = models.create(1, d_model, config.n_heads, config.context, corpus.codec.get_vocab_size(), seed)
    losses = pretraining.train(model, corpus.train, corpus.valid, schedule, seed, 1, runs.Job(), "model")
    taken_in, neurons = reading.mlp(model, corpus.tokens, corpus.taken)
    wte, wpe = (table.weight.detach().numpy() for table in (model.transformer.wte, model.transformer.wpe))
    places = (wte[corpus.tokens] + wpe)[corpus.taken], taken_in, neurons
    told = np.stack([told_apart(x, corpus.labels, corpus.learn) for x in places])
    null = np.stack([told_apart(x, corpus.shuffled, corpus.learn) for x in places])
    W_in = model.transformer.h[0].mlp.c_fc.weight.detach().numpy().T
    own = directions(taken_in, corpus.labels)
    random = rng.standard_normal(own.shape)
    random *= (metrics.norms(own) / metrics.norms(random))[:, None]
    effect = directions(neurons / neurons.std(0).clip(min=1e-6), corpus.labels)
    turned = effect @ np.linalg.qr(rng.standard_normal((effect.shape[1],) * 2))[0]
    return {
        "valid_loss": losses["valid_loss"][-1],
        "auc": told[:, 0], "null_auc": null[:, 0], "neuron_auc": told[-1, 1], "null_neuron_auc": null[-1, 1],
        "dimensionality": np.stack([metrics.feature_dimensionality(W) for W in (own, own @ W_in)]),
        "null_dimensionality": np.stack([metrics.feature_dimensionality(W) for W in (random, random @ W_in)]),
        "neurons_per_feature": metrics.polysemanticity(effect.T),
        "rotated_neurons_per_feature": metrics.polysemanticity(turned.T),
        "features_per_neuron": metrics.polysemanticity(effect).mean(),
        "rotated_features_per_neuron": metrics.polysemanticity(turned).mean(),
        "effect": effect.astype(np.float32),
    }  # fmt: skip
