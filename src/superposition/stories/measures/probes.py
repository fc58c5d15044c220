"""Linear probes for many features at once, and how well a score tells where a feature is in play."""

import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import rankdata

Array = np.ndarray


def ridge(
    x: Float[Array, "token dim"], y: Bool[Array, "token feature"] | Float[Array, "token feature"], penalty: float = 1e-3
) -> tuple[Float[Array, "feature dim"], Float[Array, "feature"]]:
    """Weights and offsets of the linear scores with the least squared error; the penalty is in units of the mean variance."""
    mean, mean_y = x.mean(0, dtype=np.float64), y.mean(0, dtype=np.float64)
    centred = x - mean
    gram = centred.T @ centred
    gram[np.diag_indices_from(gram)] += penalty * np.trace(gram) / len(gram)
    weights = np.linalg.solve(gram, centred.T @ (y - mean_y)).T
    return weights, mean_y - weights @ mean


def auc(scores: Float[Array, "token score"], y: Bool[Array, "token feature"]) -> Float[Array, "score feature"]:
    """For every score and feature, how often the score is higher where the feature is in play than where it is not.

    Ties count half; 1/2 is chance, and nan stands where a feature is never or always in play.
    Source: the area under the ROC curve as the Mann-Whitney statistic."""
    ranks = rankdata(scores, axis=0)
    positive = y.sum(0).astype(np.float64)
    with np.errstate(invalid="ignore"):
        return (ranks.T @ y.astype(np.float64) - positive * (positive + 1) / 2) / (positive * (len(y) - positive))


def paired_auc(scores: Float[Array, "token feature"], y: Bool[Array, "token feature"]) -> Float[Array, "feature"]:
    """The same of every feature's own score."""
    return np.array([auc(scores[:, k : k + 1], y[:, k : k + 1])[0, 0] for k in range(y.shape[1])])
