"""A fixed task for the heads of a one-layer model of stories, with more features than heads: skip trigrams A … B → C.
In the same contexts only A changes, so all that differs has passed through a head; the MLP can be kept from saying it."""

from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from superposition import formulas, runs, sharing
from superposition.stories.engine import models, pretraining, text, tokenizer
from superposition.stories.measures import head_switches, trigrams_in_text
from superposition.stories.measures.head_switches import Place

Array = np.ndarray
TASKS = ("association", "copy")  # C is another token than A, or A itself
ASSOCIATION, COPY = range(len(TASKS))
MODES = ("MLP on", "MLP off")
ON, OFF = range(len(MODES))
TOLD = 0.5  # a feature is told apart where it is recognised in more than this share of contexts


class Config(runs.Config):
    """`destinations`: how many tokens are tried as B; `drawn` stories of `length` tokens are the model's own.

    `controls`: as many times the heads are turned at random."""

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


# Of every mode: what the trained model does, and, turned_…, what it does with its heads turned at random.
SCHEMA = {
    "destination": "",
    "source": "task feature",
    "target": "task feature",
    "count": "task feature",
    "probability": "task feature",
    "lift": "task feature",
    "contexts": "seed task",
    "likely": "seed task mode all_or_none feature",
    "right": "seed task mode",
    "gain": "seed task mode feature",
    "effect": "seed task mode feature head",
    "spread": "seed task mode measure",
    "together": "seed task mode feature",
    "alone": "seed task mode feature head",
    "dimensions": "seed task head",
    "turned_spread": "seed task draw mode measure",
    "turned_together": "seed task draw mode feature",
    "turned_alone": "seed task draw mode feature head",
}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Find the tasks in the text, and put them to the model of every seed, and to the same with its heads turned."""
    trained = runs.load(config.model)
    codec = tokenizer.of_array(trained["tokenizer"])
    tokens, _ = tokenizer.encode(codec, text.read(config.source, "train", config.n_stories, config.seed))
    tasks = trigrams_in_text.find(
        tokens, codec.get_vocab_size(), config.destinations, config.features, config.window, config.least, config.lift
    )
    items = [(trained, seed, tasks, config) for seed in range(trained.config.seeds)]
    arrays = runs.stacked(job.map(asked, items, "seeds"), trained.config.seeds)
    arrays |= {name: np.stack([getattr(task, name) for task in tasks]) for name in trigrams_in_text.Task._fields[1:]}
    arrays["destination"] = np.array(tasks[ASSOCIATION].destination)
    best = (arrays["alone"][:, ASSOCIATION] > TOLD).sum(-2).max(-1).mean(0)
    return {name: array.astype(np.float32) if array.dtype == np.float64 else array for name, array in arrays.items()}, {
        f"associations that the best head tells apart alone, {mode}": float(best[k]) for k, mode in enumerate(MODES)
    }


def asked(item: tuple[runs.Results, int, tuple[trigrams_in_text.Task, trigrams_in_text.Task], Config]) -> dict[str, Array]:
    """Both tasks on one seed's model and on its controls, in stories that this model has drawn."""
    trained, seed, tasks, config = item
    weights, n_heads = {name: trained[name][seed] for name in models.PARAMETERS}, trained.config.n_heads
    model, rng = models.of_stacked(weights, n_heads), np.random.default_rng([config.seed, seed, 10])
    controls = [models.of_stacked(head_switches.turned(weights, n_heads, rng), n_heads) for _ in range(config.controls)]
    drawn = pretraining.sample(model, config.drawn, config.length, config.seed)
    return runs.stacked([tried(model, controls, drawn, task, config) for task in tasks], len(tasks))


def tried(
    model: Any, controls: list[Any], drawn: Int[Array, "story position"], task: trigrams_in_text.Task, config: Config
) -> dict[str, Array]:
    """One task on a model and on its controls."""
    tokens, last = trigrams_in_text.prompts(drawn, task, config.window, config.contexts)
    place, n_heads = Place.of(model, tokens, last), model.config.num_heads
    others = [in_both_modes(Place.of(control, tokens, last), task) for control in controls]
    turn = (place.z - place.z.mean(1, keepdim=True)).mean(0).numpy().astype(np.float64)
    return in_both_modes(place, task) | {
        "contexts": np.array(len(tokens)),
        "likely": np.stack([
            [place.likely(np.full(n_heads, on), task.target, mlp).mean(0) for on in (1.0, 0.0)] for mlp in (True, False)
        ]),
        "dimensions": formulas.effective_rank(turn.swapaxes(0, 1)),
        **{f"turned_{name}": np.stack([one[name] for one in others]) for name in ("spread", "together", "alone")},
    }  # fmt: skip


def in_both_modes(place: Place, task: trigrams_in_text.Task) -> dict[str, Array]:
    """What heads do with the MLP on and with it off."""
    each = [said_by_heads(place, task, mlp) for mlp in (True, False)]
    return {name: np.stack([one[name] for one in each]) for name in each[0]}


def said_by_heads(place: Place, task: trigrams_in_text.Task, mlp: bool) -> dict[str, Array]:
    """What all heads together, all but one, and each alone say of each feature."""
    every, none = np.eye(place.z.shape[2]), np.zeros(place.z.shape[2])
    together, without = (place.logits(on, task.target, mlp) for on in (none + 1, none))
    effect = np.stack([lead(together) - lead(place.logits(1 - head, task.target, mlp)) for head in every], -1)
    return {
        "right": np.array((together.argmax(-1) == np.arange(len(task.target))).mean()),
        "gain": lead(together) - lead(without),
        "effect": effect,
        "spread": sharing.measured(effect),
        "together": sharing.recognised(together),
        "alone": np.stack([sharing.recognised(place.logits(head, task.target, mlp)) for head in every], -1),
    }


def lead(logits: Float[Array, "context feature candidate"]) -> Float[Array, "feature"]:
    """By how much each C's logit, with its A there, leads the mean of all the task's C, mean over contexts."""
    own = np.diagonal(logits, axis1=-2, axis2=-1)
    return (own - logits.mean(-1)).mean(0, dtype=np.float64)


# --- what came of it ----------------------------------------------------------------------------------------------------


def told(results: runs.Results, of: str = "") -> Bool[Array, "seed task *draw mode feature head"]:
    """Which features each head tells apart alone. `of`: "turned_" for heads turned at random."""
    return results[f"{of}alone"] > TOLD


def left(results: runs.Results) -> Float[Array, "seed task"]:
    """The share of what C gains from A, in logits, that is left with the MLP off."""
    gained = results["gain"].mean(-1)
    return gained[..., OFF] / gained[..., ON]


def shared(results: runs.Results, mode: int, task: int = ASSOCIATION) -> dict[str, Float[Array, "seed"]]:
    """How heads share the features of a task: the score of spread, what it is held against, and what heads tell apart."""
    features, n_heads = results["effect"].shape[-2:]
    alone, turned = told(results)[:, task, mode], told(results, "turned_")[:, task, :, mode]
    own, rng = np.arange(features)[:, None] * n_heads // features == np.arange(n_heads), np.random.default_rng(0)
    every = np.ones(len(alone))
    work = sharing.shared_work(alone)
    return {
        "score of spread": results["spread"][:, task, mode, sharing.SCORE],
        "of the same heads turned at random": results["turned_spread"][:, task, :, mode, sharing.SCORE].mean(1),
        "of heads that divide the features": every * sharing.measured(sharing.diffuse(own, 0, rng))[sharing.SCORE],
        "of these, with a fifth of the damage elsewhere": every * sharing.measured(sharing.diffuse(own, 0.2, rng))[sharing.SCORE],
        "of noise": every * sharing.measured(rng.standard_normal((200, features, n_heads)))[:, sharing.SCORE].mean(),
        "features that any head tells apart": work["features"],
        "the same, heads turned at random": sharing.shared_work(turned)["features"].mean(1),
        "heads a feature": work["heads a feature"],
        "heads a feature by lot": sharing.by_lot(alone),
    }


def heads_by_ease(results: runs.Results, known: runs.Results, mode: int) -> Float[Array, "seed"]:
    """Heads an association by lot, where one is the likelier drawn the more heads of `known`'s other seeds tell it apart."""
    alone, theirs = (told(one)[:, ASSOCIATION, mode] for one in (results, known))
    others = [np.delete(theirs, seed, 0) if known is results else theirs for seed in range(len(alone))]
    ease = [0.5 + other.sum((0, 2)) for other in others]  # none is impossible
    return np.array([sharing.by_lot_of_unequal(one, own) for one, own in zip(alone, ease, strict=True)])


def copied_by_projection(results: runs.Results, draws: int = 20) -> Int[Array, "seed"]:
    """How many copies a head without any plan would tell apart: one that reads the embedding through a random projection to as
    many dimensions as a head has, and writes through the same one, in more than half of the draws."""
    trained, rng = runs.load(results.config.model), np.random.default_rng(0)
    embedded = trained["wte.weight"][:, results["source"][COPY]].astype(float)
    random = np.linalg.qr(rng.standard_normal((draws, embedded.shape[-1], dimensions(results))))[0]
    read = embedded[:, None] @ random
    return (sharing.recognised(read @ read.swapaxes(-1, -2)) > TOLD).sum(-1)


def dimensions(results: runs.Results) -> int:
    """Of a head of the model that was asked."""
    trained = runs.load(results.config.model)
    return trained.config.d_model // trained.config.n_heads


def words(results: runs.Results, tokens: Int[Array, "token"]) -> list[str]:
    """Tokens of the model that was asked, as text."""
    codec = tokenizer.of_array(runs.load(results.config.model)["tokenizer"])
    return [codec.decode([token]) for token in tokens.tolist()]
