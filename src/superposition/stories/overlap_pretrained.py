"""How much the directions of tokens and neurons overlap in a model that no one here trained, layer by layer."""

import numpy as np

from superposition import formulas, runs
from superposition.stories.engine import feedforward
from superposition.stories.overlap import in_both_forms

Array = np.ndarray
MATRICES = ("W_in", "W_out")


class Config(runs.Config):
    model: str
    tokens: int


SCHEMA = {
    "d_model": "",
    "tokens": "form",
    "neurons": "matrix layer form",
    "tokens_welch": "",
    "neurons_welch": "",
}


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """The overlaps of the rows of the embedding, some of them drawn at random, and of all neurons of every layer."""
    W_E, *both, _ = feedforward.read(config.model)
    rng = np.random.default_rng(config.seed)
    drawn = W_E[rng.choice(len(W_E), min(config.tokens, len(W_E)), replace=False)]
    neurons = np.array([[in_both_forms(W) for W in layers] for layers in both])
    m = W_E.shape[1]
    arrays = {
        "d_model": np.array(m), "tokens": np.array(in_both_forms(drawn)), "neurons": neurons,
        "tokens_welch": np.array(formulas.welch_bound(len(W_E), m)),
        "neurons_welch": np.array(formulas.welch_bound(both[0].shape[1], m)),
    }  # fmt: skip
    of = {f"m times the overlap, {name}": m * neurons[k, :, 0].mean() for k, name in enumerate(MATRICES)}
    return arrays, {"m times the overlap, tokens": m * arrays["tokens"][0]} | of
