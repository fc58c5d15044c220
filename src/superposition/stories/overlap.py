"""Do the directions of a language model's tokens and neurons overlap as 1 / m does, and does the loss fall with it?
Liu, Liu and Gore 2025, on siblings of several widths that read the same stories for the same number of steps."""

import numpy as np
import torch
from scipy.optimize import lsq_linear

from superposition import metrics, runs
from superposition.stories.engine import corpora, models, text, tokenizer, training
from superposition.stories.measures import overlaps

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
    lr: float
    warmup: int
    weight_decay: float
    frequent: int


SCHEMA = {
    "d_model": "width",
    "loss": "width seed",
    "overlap": "width seed matrix form",
    "start_overlap": "width seed matrix form",
    "welch": "width matrix",
    "exponent": "seed matrix form",
    "local_exponent": "step seed matrix form",
    "loss_exponent": "seed",
    "loss_floor": "seed",
    "local_loss_exponent": "step seed",
}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train a model of every width and seed, and fit how overlaps and loss fall with the width."""
    items = [(config, d_model, config.seed + k) for d_model in config.d_models for k in range(config.seeds)]
    each = job.map(_one, items, "models")
    grid = len(config.d_models), config.seeds
    arrays = {name: np.stack([one[name] for one in each]).reshape(*grid, *each[0][name].shape) for name in each[0]}
    arrays["welch"] = arrays["welch"][:, 0]
    m, seeds = np.log(config.d_models), range(config.seeds)
    fits = [power_law(np.array(config.d_models), arrays["loss"][:, k]) for k in seeds]
    overlap = np.log(arrays["overlap"])
    arrays |= {
        "d_model": np.array(config.d_models),
        "exponent": np.stack([_slope(m, overlap[:, k]) for k in seeds]),
        "local_exponent": -np.diff(overlap, axis=0) / np.diff(m)[:, None, None, None],
        "loss_exponent": np.array([alpha for alpha, _ in fits]), "loss_floor": np.array([floor for _, floor in fits]),
        "local_loss_exponent": -np.diff(np.log(arrays["loss"]), axis=0) / np.diff(m)[:, None],
    }  # fmt: skip
    named = {f"exponent, {name}": metrics.mean_interval(arrays["exponent"][:, k, 0])[0] for k, name in enumerate(MATRICES)}
    return arrays, named | {"exponent, loss": arrays["loss_exponent"].mean(), "loss, widest": arrays["loss"][-1].mean()}


def power_law(m: Array, loss: Array) -> tuple[float, float]:
    """The exponent and the floor of loss = A / m^exponent + floor, A and floor not negative, with the least squared error.

    The exponent is sought between 0.05 and 4, in steps of 0.005."""
    exponents = np.arange(0.05, 4, 0.005)
    fits = [lsq_linear(np.stack([m**-alpha, np.ones(len(m))], 1), loss, (0, np.inf)) for alpha in exponents]
    best = int(np.argmin([fit.cost for fit in fits]))
    return float(exponents[best]), float(fits[best].x[1])


def _slope(m, logs):
    """Minus the slope of the least-squares line through all widths, for every matrix and form."""
    centred = m - m.mean()
    return -np.tensordot(centred, logs, 1) / (centred**2).sum()


def _one(item):
    """The model of one width and seed: its loss, and its overlaps before and after training."""
    config, d_model, seed = item
    codec = corpora.codec(config)
    train, _ = tokenizer.encode(codec, text.read(config.source, "train", config.n_stories, config.seed))
    valid, _ = tokenizer.encode(codec, text.read(config.source, "valid", config.n_stories, config.seed))
    frequent = np.bincount(train, minlength=codec.get_vocab_size()).argsort(kind="stable")[::-1][: config.frequent]
    schedule = training.Schedule(
        config.epochs, config.batch, config.context, config.lr, config.warmup, config.weight_decay, 1.0, "float32"
    )
    model = models.create(1, d_model, d_model // config.d_head, config.context, codec.get_vocab_size(), seed)
    start = _overlaps(model, frequent)
    losses = training.train(model, train, valid, schedule, seed, 1, runs.Job(), "model")
    return {
        "loss": losses["valid_loss"][-1], "overlap": _overlaps(model, frequent), "start_overlap": start,
        "welch": np.array([overlaps.welch(len(W), d_model) for W in _matrices(model, frequent)]),
    }  # fmt: skip


def _matrices(model, frequent):
    """The rows of each of MATRICES, one for a token or a neuron, along the model's dimensions."""
    mlp = model.transformer.h[0].mlp
    with torch.no_grad():
        embedding, W_in, W_out = (W.numpy() for W in (model.transformer.wte.weight, mlp.c_fc.weight, mlp.c_proj.weight.T))
    return embedding, embedding[frequent], W_in, W_out


def _overlaps(model, frequent):
    return np.array([[overlaps.mean_squared(W), overlaps.mean_squared(overlaps.centred(W))] for W in _matrices(model, frequent)])
