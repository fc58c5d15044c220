"""The original's transformer, trained on its sums for its thousand epochs, from several seeds.
The seven answers are read all at once, each at a place that holds `=`; one seed's tables are kept at every checkpoint."""

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import mannwhitneyu, rankdata

from superposition import runs
from superposition.addition.engine import learning_curves
from superposition.addition.engine.data import N_DIGITS
from superposition.addition.engine.learning_curves import FRESH, TRAIN

Array = np.ndarray
Config = learning_curves.Config
SCHEMA = learning_curves.PARAMETERS | learning_curves.MEASURES | learning_curves.FILM


def run(config: Config, job: runs.Job) -> tuple[dict[str, Array], dict[str, float]]:
    """Train every seed, and say how well it adds."""
    _, _, arrays = learning_curves.learn(config, "at once", job)
    return arrays, learning_curves.metrics(arrays)


# --- what came of it: of this training, and of those of addition/autoregressive and addition/whole -----------------

# What the original's three notebooks print at the end: the shares of right digits on sums trained on, and on test sums.
PRINTED: dict[str, tuple[float, float]] = {
    "Integer_Addition_Transformer_Attention_Head_Superposition.ipynb": (0.9868315077319586, 0.9799107142857143),
    "Narmeen_integer_transformer-more_training.ipynb": (0.9845360824742269, 0.9795121173469388),
    "integer-transformer.animate_head_projections_over_training.ipynb": (0.987700202503682, 0.9813456632653061),
}


def printed(split: int) -> Float[Array, "notebook"]:
    """What the notebooks print of TRAIN or of TEST."""
    return np.array([shares[split] for shares in PRINTED.values()])


def odds_of_printed(right: Float[Array, "seed"], split: int) -> float:
    """In one of how many draws the notebooks' numbers would lie as far up among all if they came from where the seeds do.

    The exact test of Mann and Whitney, one-sided."""
    return float(1 / mannwhitneyu(printed(split), right, alternative="greater", method="exact").pvalue)


def right_digits(results: runs.Results, split: int) -> Float[Array, "seed"]:
    """The share of digits that are right at the end."""
    return results["digit_accuracy"][-1, :, split].astype(float).mean(-1)


def right_sums(results: runs.Results, split: int) -> Float[Array, "seed"]:
    """The share of whole sums that are right at the end."""
    return results["sum_accuracy"][-1, :, split].astype(float)


def generalisation_gap(results: runs.Results) -> Float[Array, "seed"]:
    """By how much the share of right sums trained on exceeds that of unseen ones, at the checkpoint where it does most."""
    right = results["sum_accuracy"].astype(float)
    return (right[:, :, TRAIN] - right[:, :, FRESH]).max(0)


def by_chain(results: runs.Results, split: int = FRESH) -> Float[Array, "seed chain"]:
    """Accuracy at the end of digits by how many columns right below them sum to 9; 0 where there are no such digits."""
    count = results["carry_count"][:, split]
    right = (results["carry_accuracy"][-1, :, split] * count).sum(1)
    return right / np.maximum(1, count.sum(1))


def after_nines(results: runs.Results, split: int = FRESH) -> Float[Array, "seed"]:
    """Accuracy at the end of the digits above one column that sums to 9, or several."""
    count = results["carry_count"][:, split, :, 1:]
    right = results["carry_accuracy"][-1, :, split, :, 1:].astype(float) * count
    return right.sum((1, 2)) / count.sum((1, 2))


def reached(results: runs.Results, level: float, split: int = FRESH) -> Int[Array, "seed answer"]:
    """The first checkpoint's epoch at which each digit is right so often. Raises ValueError where one never is."""
    there = results["digit_accuracy"][:, :, split].astype(float) >= level
    if not there.any(0).all():
        raise ValueError(f"a digit is never right in {level} of the sums")
    return results["epoch"][there.argmax(0)]


def order(results: runs.Results, level: float) -> Float[Array, "seed digit"]:
    """The place of each of the five middle digits in the order in which they reach the level, from 1; equals share one."""
    return rankdata(reached(results, level)[:, 1:N_DIGITS], axis=1)


def odds(order: Float[Array, "seed digit"], draws: int = 50_000) -> float:
    """In one of how many draws of random orders the seeds agree at least as well, by the spread of the digits' sums of places."""
    rng = np.random.default_rng(0)
    drawn = rng.permuted(np.broadcast_to(order, (draws, *order.shape)), axis=-1).sum(1)
    return draws / (drawn.var(1) >= order.sum(0).var() - 1e-9).sum()


def settled(results: runs.Results, answer: int, level: float) -> int:
    """The epoch from which on a digit of unseen sums is right so often at every checkpoint, in every seed."""
    below = (results["digit_accuracy"][:, :, FRESH, answer] < level).any(1)
    return int(results["epoch"][1 + np.flatnonzero(below).max()])
