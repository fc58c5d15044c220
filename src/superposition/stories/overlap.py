"""Do the directions of a language model's tokens and neurons overlap as 1 / m does, and does the loss fall with it?
Liu, Liu and Gore 2025, on siblings of several widths that read the same stories for the same number of steps."""

from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.optimize import nnls

from superposition import formulas, runs
from superposition.stories.engine import models, pretraining, text, tokenizer

Array = np.ndarray
MATRICES = ("embedding", "W_in", "W_out")
FORMS = ("as they are", "mean taken off")
DEVICES = ("cpu",)  # whoever trains asks; a model of these sizes is quickest there


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
    often: int


SCHEMA = {
    "d_model": "width",
    "tokens": "",
    "loss": "width seed evaluation",
    "overlap": "width seed matrix form",
    "start_overlap": "width seed matrix form",
    "welch": "width matrix",
}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train a model of every width and seed; its loss, and the overlaps of its rows before and after.

    Raises ValueError where there is not one learning rate for each width."""
    rates = zip(config.d_models, config.lrs, strict=True)
    items = [(config, d_model, lr, config.seed + k) for d_model, lr in rates for k in range(config.seeds)]
    arrays = runs.stacked(job.map(_one, items, "models"), len(config.d_models), config.seeds)
    arrays |= {"d_model": np.array(config.d_models), "welch": arrays["welch"][:, 0], "tokens": arrays["tokens"][0, 0]}
    losses = arrays["loss"][..., -1].mean(1)
    return arrays, {f"loss, width {d_model}": loss for d_model, loss in zip(config.d_models, losses, strict=True)}


@lru_cache(maxsize=1)
def _corpus(source, n_stories, n_entries, seed):
    """The size of the stories' own vocabulary, and their tokens to train on and to validate."""
    read = {split: list(text.read(source, split, n_stories, seed)) for split in ("train", "valid")}
    codec = tokenizer.train(read["train"], n_entries)
    return codec.get_vocab_size(), *(tokenizer.encode(codec, stories)[0] for stories in read.values())


def _one(item):
    """The model of one width and seed."""
    config, d_model, lr, seed = item
    n_vocab, train, valid = _corpus(config.source, config.n_stories, config.n_entries, config.seed)
    schedule = pretraining.Schedule(
        config.epochs, config.batch, config.context, lr, config.warmup, config.weight_decay, 1.0, "float32"
    )
    model = models.create(1, d_model, d_model // config.d_head, config.context, n_vocab, seed)
    often = np.bincount(train, minlength=n_vocab) >= config.often
    start = _overlaps(model, often)
    losses = pretraining.train(model, train, valid, schedule, seed, config.evaluations, runs.Job(), "model")
    return {
        "loss": losses["valid_loss"], "overlap": _overlaps(model, often), "start_overlap": start,
        "welch": np.array([formulas.welch_bound(len(W), d_model) for W in _matrices(model, often)]),
        "tokens": often.sum(),
    }  # fmt: skip


def _matrices(model, often):
    """The rows of each of MATRICES, one for a token that occurs often or a neuron, along the model's dimensions.

    Tokens that hardly occur are all pushed the same way, away from what does."""
    mlp = model.transformer.h[0].mlp
    with torch.no_grad():
        embedding, W_in, W_out = (W.numpy() for W in (model.transformer.wte.weight, mlp.c_fc.weight, mlp.c_proj.weight.T))
    return embedding[often], W_in, W_out


def _overlaps(model, often):
    return np.array([in_both_forms(W) for W in _matrices(model, often)])


def in_both_forms(W: Float[Array, "row dim"]) -> list[float]:
    """The mean squared cosine of two rows, for each of FORMS: a mean that all rows share tells none from another."""
    return [float(formulas.squared_cosine(form.astype(np.float64))) for form in (W, W - W.mean(0))]


def exponents(results: runs.Results, name: str = "overlap") -> Float[Array, "seed matrix form"]:
    """For each seed the exponent a of overlap ∝ m⁻ᵃ: minus the slope of the least-squares line through all widths."""
    m = np.log(results["d_model"])
    m = m - m.mean()
    return -np.tensordot(m, np.log(results[name]), 1) / (m**2).sum()


def local_exponents(results: runs.Results, name: str = "overlap") -> Float[Array, "step seed matrix form"]:
    """The same between each width and the next."""
    return -np.diff(np.log(results[name]), axis=0) / np.diff(np.log(results["d_model"]))[:, None, None, None]


def power_laws(m: Int[Array, "width"], values: Float[Array, "width seed"]) -> Float[Array, "seed 3"]:
    """For each seed what `power_law` gives: exponent, scale and floor."""
    return np.array([power_law(m, own) for own in values.T])


def power_law(m: Int[Array, "width"], values: Float[Array, "width"]) -> tuple[float, float, float]:
    """The α, A and B of A / m^α + B, A and B not negative, with the least squared error.

    α is sought between 0.05 and 4, in steps of 0.005. Source: Liu, Liu and Gore 2025, who fit losses so."""
    tried = np.arange(0.05, 4, 0.005)
    fits = [nnls(np.stack([m ** -float(alpha), np.ones(len(m))], 1), values) for alpha in tried]
    least = int(np.argmin([error for _, error in fits]))
    return float(tried[least]), *map(float, fits[least][0])
