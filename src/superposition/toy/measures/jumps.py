"""Jumps of a feature's dimensionality over training, the falling of the loss, and whether the two go together.
Two nulls: jumps at random times of the same training, and the jumps of the other seeds, which keep the timetable."""

import numpy as np
from jaxtyping import Float, Int
from scipy import ndimage

Array = np.ndarray

# Not yet on the way below the one, in an antipodal pair above the other. On the plateau after the first descent features that
# will pair wait at 0.1 to 0.2, so a lower level would count the waiting.
LOW, HIGH = 0.25, 0.4
SMOOTH = 3  # snapshots: the width of the Gaussian that smooths slopes


def jumps(D: Float[Array, "snapshot n_features"], low: float = LOW) -> Int[Array, "jump 4"]:
    """Every passage of a feature between the levels 0 and ½, by time: (snapshot, feature, +1 or -1, snapshots it took).

    A feature jumps when it was below `low` and comes above HIGH, or the reverse; the time is that of its last crossing of
    the middle between the two, and it takes as long as it spends between them."""
    found = []
    for feature, series in enumerate(D.T):
        settled = np.flatnonzero((series < low) | (series > HIGH))
        high = series[settled] > HIGH
        for k in np.flatnonzero(high[1:] != high[:-1]):
            before, after = settled[k], settled[k + 1]
            above = series[before : after + 1] > (low + HIGH) / 2
            at = before + np.flatnonzero(above != high[k + 1])[-1] + 1
            found.append((at, feature, 1 if high[k + 1] else -1, after - before))
    return np.array(sorted(found), dtype=int).reshape(-1, 4)


def fall(loss: Float[Array, "*series snapshot"]) -> Float[Array, "*series snapshot"]:
    """How fast the loss falls: minus its slope per snapshot, smoothed."""
    return -ndimage.gaussian_filter1d(loss.astype(float), SMOOTH, axis=-1, order=1, mode="nearest")


def speed(D: Float[Array, "*series snapshot n_features"]) -> Float[Array, "*series snapshot"]:
    """How fast the dimensionalities move: the sum over features of |slope| per snapshot, smoothed."""
    return np.abs(ndimage.gaussian_filter1d(D.astype(float), SMOOTH, axis=-2, order=1, mode="nearest")).sum(-1)


def plateau(rate: Float[Array, "snapshot"]) -> int:
    """The snapshot at which the first descent is over: the rate of fall has come down to ½ % of its highest."""
    top = int(rate.argmax())
    slow = np.flatnonzero(rate[top:] < 0.005 * rate[top])
    return top + int(slow[0]) if len(slow) else len(rate) - 1


def match(
    D: Float[Array, "seed snapshot n_features"], loss: Float[Array, "seed snapshot"], first: int, last: int
) -> Float[Array, "seed seed"]:
    """The correlation over the snapshots [first, last) of how fast D moves in one seed and the loss falls in another.

    The diagonal is a run against itself; the rest is the null that keeps the timetable which all runs share."""
    moving, falling = speed(D)[:, first:last], fall(loss)[:, first:last]
    return np.corrcoef(moving, falling)[: len(D), len(D) :]


def excess(at: Int[Array, "jump"], rate: Float[Array, "snapshot"], first: int, last: int) -> float:
    """The mean rate of fall at the jumps over its mean on the snapshots [first, last), which is what jumps at random times
    would have: 1 where jumps don't care for the loss."""
    inside = at[(at >= first) & (at < last)]
    return float(rate[inside].mean() / rate[first:last].mean())
