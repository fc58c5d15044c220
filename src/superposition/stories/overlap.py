"""Do the directions of a language model's tokens and neurons overlap as 1 / m does, and does the loss fall with it?
Liu, Liu and Gore 2025, on siblings of several widths that read the same stories for the same number of steps."""

import numpy as np
import torch
from jaxtyping import Float
from scipy.optimize import nnls

from superposition import metrics, runs
from superposition.stories.engine import corpora, models, pretraining, text, tokenizer

Array = np.ndarray
MATRICES = ("embedding", "embedding, frequent tokens", "W_in", "W_out")
FORMS = ("as they are", "mean taken off")


class Config(runs.Config):
    source: text.Source
    n_stories: int
    n_entries: int
    d_models: tuple[int, ...]
    d_head: int
    seeds: int
    context: int
    epochs: float
    batch: int
    lrs: tuple[float, ...]
    warmup: int
    weight_decay: float
    evaluations: int
    frequent: int


SCHEMA = {
    "d_model": "width",
    "loss": "width rate seed evaluation",
    "overlap": "width rate seed matrix form",
    "start_overlap": "width rate seed matrix form",
    "welch": "width matrix",
}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train a model of every width, learning rate and seed; its loss, and the overlaps of its rows before and after."""
    items = [
        (config, d_model, lr, config.seed + k) for d_model in config.d_models for lr in config.lrs for k in range(config.seeds)
    ]
    each = job.map(_one, items, "models")
    grid = len(config.d_models), len(config.lrs), config.seeds
    arrays = {name: np.stack([one[name] for one in each]).reshape(*grid, *each[0][name].shape) for name in each[0]}
    arrays |= {"d_model": np.array(config.d_models), "welch": arrays["welch"][:, 0, 0]}
    losses = arrays["loss"][..., -1].mean(2).min(1)
    return arrays, {f"loss, width {d_model}": loss for d_model, loss in zip(config.d_models, losses, strict=True)}


def _one(item):
    """The model of one width, learning rate and seed."""
    config, d_model, lr, seed = item
    codec = corpora.codec(config)
    train, _ = tokenizer.encode(codec, text.read(config.source, "train", config.n_stories, config.seed))
    valid, _ = tokenizer.encode(codec, text.read(config.source, "valid", config.n_stories, config.seed))
    frequent = np.bincount(train, minlength=codec.get_vocab_size()).argsort(kind="stable")[::-1][: config.frequent]
    schedule = pretraining.Schedule(
        config.epochs, config.batch, config.context, lr, config.warmup, config.weight_decay, 1.0, "float32"
    )
    model = models.create(1, d_model, d_model // config.d_head, config.context, codec.get_vocab_size(), seed)
    start = _overlaps(model, frequent)
    losses = pretraining.train(model, train, valid, schedule, seed, config.evaluations, runs.Job(), "model")
    return {
        "loss": losses["valid_loss"], "overlap": _overlaps(model, frequent), "start_overlap": start,
        "welch": np.array([metrics.welch_bound(len(W), d_model) for W in _matrices(model, frequent)]),
    }  # fmt: skip


def _matrices(model, frequent):
    """The rows of each of MATRICES, one for a token or a neuron, along the model's dimensions."""
    mlp = model.transformer.h[0].mlp
    with torch.no_grad():
        embedding, W_in, W_out = (W.numpy() for W in (model.transformer.wte.weight, mlp.c_fc.weight, mlp.c_proj.weight.T))
    return embedding, embedding[frequent], W_in, W_out


def _overlaps(model, frequent):
    return np.array([in_both_forms(W) for W in _matrices(model, frequent)])


def in_both_forms(W: Float[Array, "row dim"]) -> list[float]:
    """The mean squared cosine of two rows, for each of FORMS: a mean that all rows share tells none from another."""
    return [float(metrics.squared_cosine(form.astype(np.float64))) for form in (W, W - W.mean(0))]


def best(results: runs.Results, name: str) -> Float[Array, "width seed *rest"]:
    """An array at the learning rate that gives each width its least loss, over the mean of its seeds."""
    rate = results["loss"][..., -1].mean(2).argmin(1)
    return results[name][np.arange(len(rate)), rate]


def exponents(results: runs.Results, name: str = "overlap") -> Float[Array, "seed matrix form"]:
    """For each seed the exponent a of overlap ∝ m⁻ᵃ: minus the slope of the least-squares line through all widths."""
    m = np.log(results["d_model"])
    m = m - m.mean()
    return -np.tensordot(m, np.log(best(results, name)), 1) / (m**2).sum()


def local_exponents(results: runs.Results, name: str = "overlap") -> Float[Array, "step seed matrix form"]:
    """The same between each width and the next."""
    return -np.diff(np.log(best(results, name)), axis=0) / np.diff(np.log(results["d_model"]))[:, None, None, None]


def loss_fits(results: runs.Results) -> Float[Array, "seed 3"]:
    """For each seed the exponent, the scale and the floor of its losses, as `power_law` gives them."""
    losses = best(results, "loss")[..., -1]
    return np.array([power_law(results["d_model"], loss) for loss in losses.T])


def power_law(m: Array, loss: Array) -> tuple[float, float, float]:
    """The α, A and B of loss = A / m^α + B, A and B not negative, with the least squared error.

    α is sought between 0.05 and 4, in steps of 0.005. Source: Liu, Liu and Gore 2025, who fit the same."""
    tried = np.arange(0.05, 4, 0.005)
    fits = [nnls(np.stack([m**-alpha, np.ones(len(m))], 1), loss) for alpha in tried]
    least = int(np.argmin([error for _, error in fits]))
    return float(tried[least]), *map(float, fits[least][0])
