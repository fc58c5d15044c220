"""A fixed task for the heads of a one-layer model of stories, with more features than heads: skip trigrams A … B → C.
In the same contexts only A changes, so all that differs has passed through a head; the MLP can be kept from saying it."""

from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from superposition import metrics, runs, sharing
from superposition.stories.engine import models, pretraining, text, tokenizer
from superposition.stories.measures import heads, trigrams

Array = np.ndarray
MODES = ("MLP on", "MLP off")
ON, OFF = range(len(MODES))
MODELS = ("trained", "turned", "fresh")  # turned: what heads read is turned before it is written; fresh: new random heads
TRAINED, TURNED, FRESH = range(len(MODELS))
QUANTILES = (0.05, 0.5, 0.95)


class Config(runs.Config):
    """`destinations`: how many tokens are tried as B; `drawn` stories of `length` tokens are the model's own."""

    model: str
    source: text.Source
    n_stories: int
    destinations: int
    features: int
    window: int
    least: int
    lift: float
    drawn: int
    length: int
    contexts: int
    controls: int
    draws: int


SCHEMA = {
    "destination": "",
    "source": "feature",
    "target": "feature",
    "count": "feature",
    "probability": "feature",
    "lift": "feature",
    "contexts": "seed",
    "likely": "seed all_or_none mode feature",
    "right": "seed model mode",
    "gain": "seed mode feature",
    "effect": "seed mode feature head",
    "together": "seed model mode feature",
    "alone": "seed model mode feature head",
    "pull": "seed model mode head",
    "alone_null": "seed mode quantile",
    "spread": "seed model mode measure",
    "dimensions": "seed model head",
}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Find the task in the text, and put it to the model of every seed, and to models with other heads."""
    trained = runs.load(config.model)
    codec = tokenizer.of_array(trained["tokenizer"])
    tokens, _ = tokenizer.encode(codec, text.read(config.source, "train", config.n_stories, config.seed))
    task = trigrams.find(
        tokens, codec.get_vocab_size(), config.destinations, config.features, config.window, config.least, config.lift
    )
    each = job.map(tried, [(trained, seed, task, config) for seed in range(trained.config.seeds)], "seeds")
    arrays = {name: np.stack([one[name] for one in each]) for name in each[0]}
    arrays |= {"destination": np.array(task.destination), **{name: getattr(task, name) for name in task._fields[1:]}}
    told = arrays["alone"][:, TRAINED, OFF] > 0.5
    return {name: array.astype(np.float32) if array.dtype == np.float64 else array for name, array in arrays.items()}, {
        "right among the features, MLP on": float(arrays["right"][:, TRAINED, ON].mean()),
        "features that the best head tells alone, MLP off": float(told.sum(1).max(-1).mean()),
    }


def tried(item: tuple[runs.Results, int, trigrams.Task, Config]) -> dict[str, Array]:
    """The task on one seed's model and on its controls, with prompts that this model has drawn."""
    trained, seed, task, config = item
    weights = {name: trained[name][seed] for name in models.PARAMETERS}
    n_heads = trained.config.n_heads
    model = models.of_stacked(weights, n_heads)
    drawn = pretraining.sample(model, config.drawn, config.length, config.seed)
    tokens, last = trigrams.prompts(drawn, task, config.window, config.contexts)
    place = heads.Place.of(model, tokens, last)
    own = effects(place, task)
    confusion = _confusion(place, task)
    found: dict[str, list[Any]] = {name: [] for name in ("right", "together", "alone", "pull", "spread", "dimensions")}
    draws = {
        TURNED: [heads.turned(weights, n_heads, config.seed + k) for k in range(config.controls)],
        FRESH: [heads.fresh(weights, config.seed + k) for k in range(config.controls)],
    }
    for kind in range(len(MODELS)):
        places = [place] if kind == TRAINED else [
            heads.Place.of(models.of_stacked(drawn, n_heads), tokens, last) for drawn in draws[kind]
        ]  # fmt: skip
        several = [_measured(one, task) for one in places]
        for name, values in found.items():
            values.append(np.mean([one[name] for one in several], axis=0))
    null = sharing.by_lot(confusion, config.draws, config.seed).mean(-1)
    return {name: np.array(values) for name, values in found.items()} | {
        "contexts": np.array(len(tokens)), "effect": own, "gain": gains(place, task), "likely": likely(place, task),
        "alone_null": np.quantile(null, QUANTILES, axis=0).T,
    }  # fmt: skip


def likely(place: heads.Place, task: trigrams.Task) -> Float[Array, "all_or_none mode feature"]:
    """The log probability of each C, in nats, among all tokens, with its A before it: with all heads on, and with all off."""
    n_heads, features = place.z.shape[2], np.arange(len(task.target))
    found = []
    for on in (np.ones(n_heads), np.zeros(n_heads)):
        for mlp in (True, False):
            logits = place.logits(on, None, mlp).astype(np.float64)
            top = logits.max(-1, keepdims=True)
            normaliser = top[..., 0] + np.log(np.exp(logits - top).sum(-1))
            found.append((logits[:, features, task.target] - normaliser).mean(0))
    return np.array(found).reshape(2, len(MODES), -1)


def effects(place: heads.Place, task: trigrams.Task) -> Float[Array, "mode feature head"]:
    """By how much each C loses on the mean of all the features' C, in logits, when a head no longer says which A is there."""
    every = np.eye(place.z.shape[2])
    losses = [[_lead(place, task, 0 * one + 1, mlp) - _lead(place, task, 1 - one, mlp) for one in every] for mlp in (True, False)]
    return np.array(losses, np.float64).swapaxes(1, 2)


def gains(place: heads.Place, task: trigrams.Task) -> Float[Array, "mode feature"]:
    """By how much each C leads the mean of all the features' C more with all heads on than with all off, in logits."""
    on, off = np.ones(place.z.shape[2]), np.zeros(place.z.shape[2])
    return np.array([_lead(place, task, on, mlp) - _lead(place, task, off, mlp) for mlp in (True, False)], np.float64)


def _lead(place, task, on, mlp):
    """By how much each C's logit, with its A there, leads the mean of all the features' C."""
    features, logits = np.arange(len(task.target)), place.logits(on, task.target, mlp)
    return (logits[:, features, features] - logits.mean(-1)).mean(0)


def _confusion(place: heads.Place, task: trigrams.Task) -> Float[Array, "mode head feature feature"]:
    """What each head alone, all others off, says of each feature."""
    n_heads = place.z.shape[2]
    return np.stack([
        [sharing.confusion(place.logits(np.eye(n_heads)[head], task.target, mlp)) for head in range(n_heads)]
        for mlp in (True, False)
    ])  # fmt: skip


def _measured(place: heads.Place, task: trigrams.Task) -> dict[str, Array]:
    """What can be said of a model and of one with other heads alike."""
    alone = np.diagonal(_confusion(place, task), axis1=-2, axis2=-1).swapaxes(1, 2)
    whole = [place.logits(np.ones(place.z.shape[2]), task.target, mlp) for mlp in (True, False)]
    together = [np.diagonal(sharing.confusion(logits)) for logits in whole]
    effect = effects(place, task)
    turn = (place.z - place.z.mean(1, keepdim=True)).mean(0).numpy().astype(np.float64)
    return {
        "right": np.array([(logits.argmax(-1) == np.arange(len(task.target))).mean() for logits in whole]),
        "together": np.array(together), "alone": alone, "pull": effect.mean(1), "spread": sharing.measured(effect),
        "dimensions": metrics.effective_rank(turn.swapaxes(0, 1)),
    }  # fmt: skip


# --- what came of it ----------------------------------------------------------------------------------------------------


def told(results: runs.Results, model: int = TRAINED, mode: int = OFF) -> Bool[Array, "seed feature head"]:
    """Which features each head tells apart alone: in more than half of the contexts."""
    return results["alone"][:, model, mode] > 0.5


def copies(results: runs.Results) -> float:
    """The share of the features whose C is their A."""
    return float((results["source"] == results["target"]).mean())


def modules(results: runs.Results, share: float, draws: int = 200) -> float:
    """The score of spread of heads that divide the features and break a little of all others, mean over draws."""
    features, n_heads = results["effect"].shape[-2:]
    own = np.arange(features)[:, None] * n_heads // features == np.arange(n_heads)
    rng = np.random.default_rng(0)
    return float(np.mean([sharing.measured(sharing.diffuse(own, share, rng))[sharing.SCORE] for _ in range(draws)]))


def noise(results: runs.Results, draws: int = 200) -> float:
    """The score of spread of effects that are independent noise, half-normal, mean over draws."""
    rng = np.random.default_rng(0)
    return float(sharing.measured(rng.standard_normal((draws, *results["effect"].shape[-2:])))[..., sharing.SCORE].mean())
