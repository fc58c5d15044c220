"""How many directions fit into m dimensions when they may overlap a little, and how many sparse features can be told apart.
Published bounds and exact chances, each with its source; an overlap is the absolute cosine between two directions."""

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq, minimize_scalar
from scipy.special import beta, betainc, betaincinv, gammaln, log_ndtr, ndtr, ndtri
from scipy.stats import norm

Array = np.ndarray
_ORDERS = np.arange(1, 33)


def overlap_chance(dimensions: int, overlap: float | Float[Array, "*any"]) -> float | Float[Array, "*any"]:
    """The chance that two random directions overlap by more than ε: I(1 − ε²; (m − 1)/2, 1/2), as a squared cosine is Beta.

    Exact for directions that are uniform on the sphere, in m ≥ 2 dimensions.

    >>> round(float(overlap_chance(3, 0.25)), 6)  # in three dimensions a cosine is uniform
    0.75"""
    return betainc((dimensions - 1) / 2, 0.5, 1 - np.square(overlap))


def overlap_density(dimensions: int, cosine: Float[Array, "*any"]) -> Float[Array, "*any"]:
    """The density of the cosine c between two random directions, proportional to (1 − c²)^((m − 3)/2), in m ≥ 3 dimensions.

    >>> overlap_density(3, np.array([-0.5, 0.9])).tolist()
    [0.5, 0.5]"""
    return (1 - np.square(cosine)) ** ((dimensions - 3) / 2) / beta(0.5, (dimensions - 1) / 2)


def drawn(dimensions: int, overlap: float) -> int:
    """So many random directions can be drawn that, with a chance of at least one half, no two overlap by more than ε.

    The expected number of pairs that do is n(n − 1)/2 times the chance for one, and at most one half.

    >>> drawn(100, 0.5)
    3135"""
    return int((1 + np.sqrt(1 + 4 / overlap_chance(dimensions, overlap))) / 2)


def johnson_lindenstrauss(dimensions: int, overlap: float) -> float:
    """exp(ε² m / 4) directions fit at least: the argument of Johnson and Lindenstrauss (1984), with Ball's bound for a cap.

    Two random directions overlap by more than ε with a chance of at most 2 exp(−ε² m / 2) (Ball 1997, lemma 2.2), and among
    so many the expected number of such pairs is below 1: some draw has none."""
    return float(np.exp(overlap**2 * dimensions / 4))


def at_most(dimensions: int, overlap: float) -> float:
    """No more directions than this fit: the least of Welch's bounds (1974), of all orders up to 32, and of that by caps.

    Welch: n vectors of length 1 have some overlap with ε^2k ≥ (n / C(m + k − 1, k) − 1)/(n − 1), for every k.
    Caps: around the ends of n lines that are θ apart lie 2n caps of radius θ/2, which don't meet."""
    count = np.exp(gammaln(dimensions + _ORDERS) - gammaln(_ORDERS + 1) - gammaln(dimensions))
    slack = 1 / count - overlap ** (2.0 * _ORDERS)
    welch = np.where(slack > 0, (1 - overlap ** (2.0 * _ORDERS)) / np.where(slack > 0, slack, 1), np.inf)
    with np.errstate(divide="ignore"):  # more than a float can count
        caps = 1 / betainc((dimensions - 1) / 2, 0.5, (1 - overlap) / 2)
    return float(min(welch.min(), caps))


def least_overlap(dimensions: int, directions: int) -> float:
    """What some pair of n directions overlaps by at least: the least that `at_most` allows; 0 where n ≤ m.

    For n up to m(m + 1)/2 it is Welch's √((n − m)/(m (n − 1))), nearly."""
    if directions <= dimensions:
        return 0.0
    return float(brentq(lambda overlap: np.log(at_most(dimensions, overlap) / directions), 1e-9, 1 - 1e-9))


def typical_overlap(dimensions: int, directions: int) -> float:
    """The greatest overlap among n random directions, in the median: as if pairs were independent of each other.

    >>> round(typical_overlap(3, 2), 3)  # a single pair, whose cosine is uniform
    0.5"""
    chance = -np.expm1(-np.log(2) / (directions * (directions - 1) / 2))
    return float(np.sqrt(1 - betaincinv((dimensions - 1) / 2, 0.5, chance)))


def best_decoder(features: int, active: int) -> float:
    """The dimensions from which k active features of n can be told apart, by the best decoder that is convex.

    The statistical dimension of the cone in which the sum of non-negative features does not grow, by the bound of Amelunxen
    et al. (2014), min over τ of k (1 + τ²) + (n − k) E[(g − τ)₊²], which is exact but for a few per cent: with more random
    dimensions the least sum names the right features nearly always, with fewer nearly never."""
    return float(minimize_scalar(lambda t: active * (1 + t * t) + (features - active) * _beyond(t), (0.0, 2.0)).fun)


def _beyond(threshold: float) -> float:
    """E[(g − τ)₊²] of a normal g."""
    return (1 + threshold**2) * ndtr(-threshold) - threshold * norm.pdf(threshold)


def best_decoder_bound(features: float, active: int) -> float:
    """2 k log(n/k) + 5k/4, which is never less than `best_decoder` (Chandrasekaran et al. 2012, proposition 3.10)."""
    return 2 * active * np.log(features / active) + 5 * active / 4


def one_look(features: float, active: int) -> float:
    """The dimensions from which features are read off one by one, each by its own overlap with the hidden vector.

    Ours: k active features of size 1 along random directions overlap 1 with themselves, and with the other active ones by a
    sum that is normal, nearly, with a variance of 1/m for each. The lowest of k active features and the highest of the n − k
    others meet, in the median, at m = (z(k) √(k − 1) + z(n − k) √k)², where z(N) is the median of the greatest of N normals;
    for many features this grows as 2k (√log k + √log(n − k))²."""
    return float((_greatest(active) * np.sqrt(active - 1) + _greatest(features - active) * np.sqrt(active)) ** 2)


def _greatest(count: float) -> float:
    """The median of the greatest of so many normals."""
    return float(ndtri(2 ** (-1 / count)))


def features_of_best(dimensions: float, active: int) -> float:
    """So many features can be told apart for sure by the best decoder: `best_decoder_bound` solved for n, k exp(m/2k − 5/8)."""
    return float(active * np.exp(dimensions / (2 * active) - 5 / 8))


def features_in_one_look(dimensions: float, active: int) -> float:
    """So many features can be read off one by one: `one_look` solved for n; 0 where there is no room for one more."""
    clear = (np.sqrt(dimensions) - _greatest(active) * np.sqrt(active - 1)) / np.sqrt(active)
    return float(active - np.log(2) / log_ndtr(clear)) if clear >= 0 else 0.0
