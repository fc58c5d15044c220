"""Language models of one layer that read the grammar, whose features are known: superposition measured against the truth.
How many neurons a feature has and how many features a neuron, what probes find, and the features' shares of a dimension."""

from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from superposition import formulas, runs
from superposition.stories.engine import grammar, models, pretraining, text, tokenizer
from superposition.stories.measures import probes, reading

Array = np.ndarray
PLACES = ("embedding", "MLP in", "neurons")
SPACES = ("MLP in", "W_in")
# Whose shares of a dimension: the model's features, those of the same model before training, and what chance gives.
OF = ("trained", "before training", "shuffled values", "random directions", "W_in rotated")
WHEN = OF[:2]
SERVES = 0.9  # a neuron serves a value that it tells apart from the slot's others with an area of so much, or of 1 less that
_SLOT = np.array([list(grammar.SLOTS).index(feature.partition("=")[0]) for feature in grammar.FEATURES])


class Config(runs.Config):
    n_stories: int
    n_probed: int
    n_entries: int
    d_models: tuple[int, ...]
    n_heads: int
    seeds: int
    context: int
    steps: int
    batch: int
    lrs: tuple[float, ...]
    warmup: int
    weight_decay: float
    rotations: int


SCHEMA = {
    "d_model": "width",
    "density": "feature",
    "entropy": "",
    "loss": "width seed",
    "seen_loss": "width seed",
    "auc": "width seed when place feature",
    "null_auc": "width seed when place feature",
    "neuron_auc": "width seed when feature",
    "null_neuron_auc": "width seed when feature",
    "neurons_per_feature": "width seed when feature",
    "null_neurons_per_feature": "width seed when feature",
    "features_per_neuron": "width seed when count",
    "effective_neurons": "width seed when feature",
    "rotated_effective_neurons": "width seed when feature",
    "dimensionality": "width seed of space feature",
    "cosine": "width seed when feature other",
    "repeatable": "width seed when feature",
}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train a model of every width and seed, and read off each what the known features are to it.

    Raises ValueError where there is not one learning rate for each width."""
    rates = zip(config.d_models, config.lrs, strict=True)
    items = [(config, d_model, lr, config.seed + k) for d_model, lr in rates for k in range(config.seeds)]
    arrays = runs.stacked(job.map(_one, items, "models"), len(config.d_models), config.seeds)
    corpus = _Corpus.of(config)
    arrays |= {
        "d_model": np.array(config.d_models), "density": corpus.density, "entropy": np.array(corpus.entropy),
    }  # fmt: skip
    above = (arrays["loss"] - arrays["entropy"]).mean(1)
    return arrays, {f"loss above the entropy, {d_model}": above[k] for k, d_model in enumerate(config.d_models)}


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
    """What all models share: stories to train on, a row each, and others to validate and to probe, with their features."""

    def __init__(self, config):
        drawn = list(text.read("grammar", "train", config.n_stories, config.seed))
        self.codec = tokenizer.train(drawn, config.n_entries)
        self.train = reading.rows(self.codec, drawn, config.context)
        stories = list(grammar.stories(config.n_probed, [config.seed, 2]))
        self.tokens, self.taken = reading.rows(self.codec, [story.text for story in stories], config.context)
        self.entropy = best_loss(stories) * len(stories) / self.taken.sum()
        needed = reading.needed(self.codec, stories, config.context)
        self.where = needed.any(2) & self.taken
        self.labels, self.density = needed[self.where], needed[self.taken].mean(0)
        self.shuffled = _shuffled(stories, needed, config.seed)[self.where]
        first = np.arange(len(stories)) < len(stories) // 2  # the probes learn from these, and are tried on the others
        self.learn = np.broadcast_to(first[:, None], self.where.shape)[self.where]

    @staticmethod
    @lru_cache(maxsize=1)
    def of(config):
        return _Corpus(config)


def _shuffled(stories, active, seed):
    """The same slots at the same places, but with the values of another story: each slot's are dealt anew."""
    rng, dealt = np.random.default_rng([seed, 3]), np.zeros_like(active)
    for number, (slot, values) in enumerate(grammar.SLOTS.items()):
        columns = np.flatnonzero(_SLOT == number)
        value = np.array([values.index(story.values[slot]) for story in stories])[rng.permutation(len(stories))]
        dealt[np.arange(len(stories)), :, columns[value]] = active[:, :, columns].any(2)
    return dealt


def story_loss(model: object, tokens: Int[Array, "story position"], taken: Bool[Array, "story position"]) -> Float[Tensor, ""]:
    """The loss, in nats, of the stories' tokens and of the END behind each, read from the story's beginning on.

    Of a story that fills the context the last token is left out."""
    longest = min(int(taken.sum(1).max()), tokens.shape[1] - 1)
    seen, next_ = torch.from_numpy(tokens[:, :longest]), torch.from_numpy(tokens[:, 1 : longest + 1])
    here = torch.from_numpy(taken[:, :longest])
    return F.cross_entropy(models.logits(model, seen)[here], next_[here])


def _trained(config, d_model, lr, seed, corpus):
    """The model of one width and seed, and its loss on the stories of its last steps."""
    model = models.create(1, d_model, config.n_heads, config.context, corpus.codec.get_vocab_size(), seed)
    schedule = pretraining.Schedule(1.0, config.batch, config.context, lr, config.warmup, config.weight_decay, 1.0, "float32")
    optimiser, rng, losses = pretraining.adamw(model, schedule), np.random.default_rng([seed, 1]), np.zeros(config.steps)
    tokens, taken = corpus.train
    for step in range(config.steps):
        for group in optimiser.param_groups:
            group["lr"] = schedule.rate(step, config.steps)
        batch = rng.integers(len(tokens), size=config.batch)
        loss = story_loss(model, tokens[batch], taken[batch])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), schedule.clip)
        optimiser.step()
        optimiser.zero_grad()
        losses[step] = loss.item()
    return model, losses[-(config.steps // 20 + 1) :].mean()


def directions(x: Float[Array, "token dim"], labels: Bool[Array, "token feature"]) -> Float[Array, "feature dim"]:
    """What each value adds to x, apart from what all values of its slot add: W_i of the toy models, x = Σ_i f_i W_i.

    Least squares on all features at once: a difference of means that other features at the same places don't bend. The
    weights of a probe are no such directions: they are turned away from what disturbs them, and would show less overlap
    than there is. Each slot's mean is taken off, which says only that the slot is needed; so k values that are told apart
    without any interference have k - 1 dimensions, and D_i = 1 - 1/k each.
    A value that is never needed has no direction."""
    effects, seen = probes.ridge(labels.astype(np.float64), x.astype(np.float64), penalty=1e-6)[0].T, labels.any(0)
    for slot in range(len(grammar.SLOTS)):
        effects[seen & (slot == _SLOT)] -= effects[seen & (slot == _SLOT)].mean(0)
    return effects


def told_apart(
    x: Float[Array, "token dim"], labels: Bool[Array, "token feature"], learn: Bool[Array, "token"]
) -> Float[Array, "feature"]:
    """How well linear probes tell the values of a slot apart where it is needed: areas under curves, 1/2 is chance.

    The probes learn from some tokens and are tried on the others; that the slot is needed is no help to them."""
    areas = np.full(labels.shape[1], np.nan)
    for slot in range(len(grammar.SLOTS)):
        own = slot == _SLOT
        here = labels[:, own].any(1)
        known, tried = here & learn, here & ~learn
        weights, offset = probes.ridge(x[known], labels[known][:, own])
        areas[own] = probes.paired_auc(x[tried] @ weights.T + offset, labels[tried][:, own])
    return areas


def single_neurons(
    neurons: Float[Array, "token neuron"], labels: Bool[Array, "token feature"], learn: Bool[Array, "token"]
) -> tuple[Float[Array, "feature"], Float[Array, "neuron feature"]]:
    """The same of single neurons: the best for each value, chosen on the tokens to learn from, and all of them.

    Both are areas on the other tokens. A neuron may also be silent where the value is needed: what counts is then 1 less
    its area."""
    best, each = np.full(labels.shape[1], np.nan), np.full((neurons.shape[1], labels.shape[1]), np.nan)
    for slot in range(len(grammar.SLOTS)):
        own = np.flatnonzero(slot == _SLOT)
        here = labels[:, own].any(1)
        seen, tried = (probes.auc(neurons[at], labels[at][:, own]) for at in (here & learn, here & ~learn))
        chosen = np.abs(np.nan_to_num(seen, nan=0.5) - 0.5).argmax(0)
        picked = chosen, np.arange(len(own))
        best[own] = np.where(seen[picked] >= 0.5, tried[picked], 1 - tried[picked])
        each[:, own] = tried
    return best, each


def serves(areas: Float[Array, "neuron feature"]) -> Bool[Array, "neuron feature"]:
    """Which neurons tell which values apart from the others of their slots."""
    return np.abs(np.nan_to_num(areas, nan=0.5) - 0.5) >= SERVES - 0.5


def _one(item):
    """The model of one width and seed, measured before training and after."""
    config, d_model, lr, seed = item
    corpus, rng = _Corpus.of(config), np.random.default_rng([seed, 4])
    start = models.create(1, d_model, config.n_heads, config.context, corpus.codec.get_vocab_size(), seed)
    model, seen_loss = _trained(config, d_model, lr, seed, corpus)
    before, after = _measured(start, corpus, rng), _measured(model, corpus, rng)
    arrays = {name: np.stack([after[name], before[name]]) for name in after if not name.startswith("_")}
    own, shuffled, W_in = after["_own"], after["_shuffled"], after["_W_in"]
    chance = [_as_long(directions_, own) for directions_ in (shuffled, rng.standard_normal(own.shape))]
    spaces = [[own, own @ W_in], [before["_own"], before["_own"] @ before["_W_in"]]] + [[W, W @ W_in] for W in chance]
    shares = [[formulas.feature_dimensionality(W) for W in both] for both in spaces]
    turned = [formulas.feature_dimensionality(own @ _rotation(d_model, rng) @ W_in) for _ in range(config.rotations)]
    with torch.no_grad():
        loss = story_loss(model, corpus.tokens, corpus.taken).item()
    return arrays | {
        "loss": np.array(loss), "seen_loss": np.array(seen_loss),
        "dimensionality": np.stack([*map(np.stack, shares), np.stack([shares[0][0], np.mean(turned, 0)])]),
    }  # fmt: skip


def _as_long(directions_, own):
    """Each row scaled to the length of the other's."""
    length = formulas.norms(directions_)
    return directions_ * np.divide(formulas.norms(own), length, out=np.zeros_like(length), where=length > 0)[:, None]


def _rotation(dim, rng):
    """An orthogonal matrix drawn evenly, with the signs that make it so."""
    Q, R = np.linalg.qr(rng.standard_normal((dim, dim)))
    return Q * np.sign(np.diag(R))


def _measured(model, corpus, rng):
    """What the features are to one model; what starts with _ is for comparisons and not stored."""
    taken_in, neurons = reading.mlp(model, corpus.tokens, corpus.where)
    wte, wpe = (table.weight.detach().numpy() for table in (model.transformer.wte, model.transformer.wpe))
    places = (wte[corpus.tokens] + wpe[: corpus.tokens.shape[1]])[corpus.where], taken_in, neurons
    own = directions(taken_in, corpus.labels)
    halves = [directions(taken_in[half], corpus.labels[half]) for half in (corpus.learn, ~corpus.learn)]
    effect = directions(neurons / neurons.std(0).clip(min=1e-6), corpus.labels)
    best, each = single_neurons(neurons, corpus.labels, corpus.learn)
    null_best, null_each = single_neurons(neurons, corpus.shuffled, corpus.learn)
    return {
        "auc": np.stack([told_apart(x, corpus.labels, corpus.learn) for x in places]),
        "null_auc": np.stack([told_apart(x, corpus.shuffled, corpus.learn) for x in places]),
        "neuron_auc": best, "null_neuron_auc": null_best,
        "neurons_per_feature": serves(each).sum(0), "null_neurons_per_feature": serves(null_each).sum(0),
        "features_per_neuron": np.bincount(serves(each).sum(1), minlength=len(_SLOT) + 1),
        "effective_neurons": formulas.polysemanticity(effect.T),
        "rotated_effective_neurons": formulas.polysemanticity((effect @ _rotation(effect.shape[1], rng)).T),
        "cosine": formulas.cosines(own).astype(np.float32),
        "repeatable": np.diag(_cosines(*halves)),
        "_own": own, "_shuffled": directions(taken_in, corpus.shuffled),
        "_W_in": model.transformer.h[0].mlp.c_fc.weight.detach().numpy().T,
    }  # fmt: skip


def _cosines(A, B):
    unit = [_as_long(W, np.ones((len(W), 1))) for W in (A, B)]
    return unit[0] @ unit[1].T


def shared_names(results: runs.Results) -> Float[Array, "width seed when"]:
    """The mean cosine of a name as hero and the same as friend, less that of a name as hero and another as friend."""
    roles = [np.flatnonzero(_SLOT == list(grammar.SLOTS).index(slot)) for slot in ("hero", "friend")]
    block = results["cosine"][..., roles[0][:, None], roles[1][None]]
    same = np.eye(len(grammar.NAMES), dtype=bool)
    return block[..., same].mean(-1) - block[..., ~same].mean(-1)


def by_slot(results: runs.Results, name: str) -> Float[Array, "width seed place slot"]:
    """The median over each slot's values of the areas of that name, of the trained models."""
    areas = results[name][:, :, 0]
    return np.stack([np.nanmedian(areas[..., slot == _SLOT], axis=-1) for slot in range(len(grammar.SLOTS))], -1)
