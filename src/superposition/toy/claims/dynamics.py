"""The claims of the chapter on learning dynamics."""

import numpy as np
from scipy import stats

from superposition import metrics
from superposition.claims import Finding, claim
from superposition.runs import Results
from superposition.toy.measures import jumps
from superposition.toy.claims.common import PAPER, share
from superposition.toy.correlated import partners, within
from superposition.toy.theory.linear_model import pca_loss

SOURCE = f"{PAPER}, Superposition and Learning Dynamics"


def window(runs_of: Results) -> tuple[int, int]:
    """The snapshots between the first descent and the last jump, over all seeds: where there is something to explain."""
    rates = jumps.fall(runs_of["loss"])
    last = [found[-1, 0] for D in runs_of["D"] if len(found := jumps.jumps(D))]
    first = max(jumps.plateau(rate) for rate in rates)
    return first, max(first + 10, int(np.median(last)) if last else 0)


def climbing(D: np.ndarray, loss: np.ndarray, low: float = jumps.LOW) -> np.ndarray:
    """Per seed with jumps the median of the time that one takes, in % of that from the first descent to the last jump."""
    each = [(jumps.jumps(one, low), jumps.plateau(rate)) for one, rate in zip(D, jumps.fall(loss), strict=True)]
    return np.array([100 * np.median(found[:, 3]) / max(1, found[-1, 0] - first) for found, first in each if len(found)])


def tightest(runs_of: Results) -> np.ndarray:
    """Per seed of the correlated sets the loss over PCA's when the least cosine within sets is largest."""
    least = within(runs_of["set_W"], runs_of.config.set_size).min(-1)
    return runs_of["set_loss"][np.arange(len(least)), least.argmax(-1)] / pca(runs_of)


def own_and_others(match: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Per seed the correlation with its own loss, and the mean of those with the others'."""
    own = np.diag(match)
    return own, (match.sum(1) - own) / (len(match) - 1)


def opening_times(runs_of: Results) -> tuple[np.ndarray, np.ndarray]:
    """Per seed of the correlated sets: the last step at which the mean cosine within sets is above ½, and the last at
    which the loss is above half of PCA's."""
    step, cosine, loss = runs_of["set_step"], within(runs_of["set_W"], runs_of.config.set_size).mean(-1), runs_of["set_loss"]
    half = pca(runs_of) / 2
    last = [[np.flatnonzero(above) for above in values] for values in (cosine > 0.5, loss > half)]
    return tuple(np.array([step[found[-1]] if len(found) else step[0] for found in series], float) for series in last)


def pca(runs_of: Results) -> float:
    """PCA's loss on the correlated sets: p/12 for each component that it leaves out, differences within sets."""
    config = runs_of.config
    return pca_loss("correlated", config.sets, config.set_size, config.set_density, config.set_hidden)


@claim(
    id="toy/dynamics/1-levels",
    source=SOURCE,
    statement="The dimensionalities of features take a few discrete values.",
    measure="share of all features whose dimensionality at the end lies within 0.05 of 0 or ½; the baseline is random directions",
    tolerance="reproduced from 90%, partly from 50%",
    experiments=("toy/dynamics",),
)
def _levels(runs_of: Results) -> Finding:
    seeds, _, n = runs_of["D"].shape
    final = runs_of["D"][:, -1]
    random = metrics.feature_dimensionality(np.random.default_rng(0).standard_normal((200, n, runs_of.config.n_hidden)))
    near = [(np.minimum(D, np.abs(D - 0.5)) < 0.05) for D in (final, random)]
    return share(near[0], seeds, float(near[1].mean()))


@claim(
    id="toy/dynamics/2-sudden",
    source=SOURCE,
    statement="Features jump between these values.",
    measure="steps that a feature spends on its way from D < 0.25 to D > 0.4, or back, as a share of the steps from the first "
    "descent to the last jump, median over all jumps of a seed, mean over seeds",
    tolerance="reproduced where the interval lies below 10%, partly below 25%; the 0.25 was set after a look at the data",
    experiments=("toy/dynamics",),
)
def _sudden(runs_of: Results) -> Finding:
    shares = climbing(runs_of["D"], runs_of["loss"])
    mean, low, high = metrics.mean_interval(shares)
    verdict = "reproduced" if high < 10 else "partly" if high < 25 else "not reproduced"
    with_waiting = climbing(runs_of["D"], runs_of["loss"], 0.15).mean()
    note = f"They climb, many at once; from 0.15, where features wait before they climb, it is {with_waiting:.0f}%"
    return Finding(verdict, float(mean), float(low), float(high), len(shares), None, "%", note)


@claim(
    id="toy/dynamics/3-drops",
    source=SOURCE,
    statement="Each jump comes with a drop of the loss.",
    measure="correlation of how fast the dimensionalities move with how fast the loss falls, minus the same with the loss of the "
    "other seeds, from the first descent to the median seed's last jump, mean over seeds",
    tolerance="reproduced where the interval lies above 0.25, partly above 0",
    experiments=("toy/dynamics",),
)
def _drops(runs_of: Results) -> Finding:
    own, others = own_and_others(jumps.match(runs_of["D"], runs_of["loss"], *window(runs_of)))
    mean, low, high = metrics.mean_interval(own - others)
    verdict = "reproduced" if low > 0.25 else "partly" if low > 0 else "not reproduced"
    return Finding(verdict, float(mean), float(low), float(high), len(own), 0.0, "", "All runs share one slow timetable")


@claim(
    id="toy/dynamics/4-late",
    source="ours",
    statement="The late jumps, when few features still move, come with drops of the loss of the same run.",
    measure="the same, from when three quarters of all jumps are over until three quarters of training; a window that was chosen after "
    "a look at these runs",
    tolerance="reproduced where the interval lies above 0",
    experiments=("toy/dynamics",),
)
def _late(runs_of: Results) -> Finding:
    own, others = own_and_others(jumps.match(runs_of["D"], runs_of["loss"], *late(runs_of)))
    mean, low, high = metrics.mean_interval(own - others)
    return Finding("reproduced" if low > 0 else "not reproduced", float(mean), float(low), float(high), len(own), 0.0)


def late(runs_of: Results) -> tuple[int, int]:
    """The snapshots after three quarters of all jumps are over, up to three quarters of training."""
    at = np.concatenate([jumps.jumps(D)[:, 0] for D in runs_of["D"]])
    length = runs_of["D"].shape[1]
    first = int(np.quantile(at, 0.75)) if len(at) else length // 2
    return min(first, 3 * length // 4 - 10), 3 * length // 4


@claim(
    id="toy/dynamics/5-forgetful",
    source="keltin13, whose training makes a new optimiser for every step",
    statement="Adam without memory, which is sign descent, comes to the same end.",
    measure="final held-out loss with a new AdamW at each step, over the mean with one AdamW throughout",
    tolerance="reproduced where the interval holds 1 or lies within 1% of it",
    experiments=("toy/dynamics",),
)
def _forgetful(runs_of: Results) -> Finding:
    mean, low, high = metrics.mean_interval(runs_of["memoryless_loss"][:, -1] / runs_of["loss"][:, -1].mean())
    same = low <= 1 <= high or max(abs(low - 1), abs(high - 1)) < 0.01
    return Finding("reproduced" if same else "not reproduced", float(mean), float(low), float(high), len(runs_of["memoryless_loss"]), 1.0)


@claim(
    id="toy/dynamics/6-transformations",
    source=f"{SOURCE}; keltin13, one run",
    statement="Two sets of three correlated features are learned through geometric transformations, each with a drop of the loss.",
    measure="correlation over seeds of the (logarithmic) times at which the sets open, cosine ½ within them, and at which the loss "
    "falls below half of PCA's; Fisher's interval",
    tolerance="reproduced where the interval lies above 0.5, partly above 0",
    experiments=("toy/dynamics",),
)
def _transformations(runs_of: Results) -> Finding:
    opened, fell = opening_times(runs_of)
    result = stats.pearsonr(np.log1p(opened), np.log1p(fell))
    low, high = result.confidence_interval()
    verdict = "reproduced" if low > 0.5 else "partly" if low > 0 else "not reproduced"
    return Finding(verdict, float(result.statistic), float(low), float(high), len(opened), 0.0)


@claim(
    id="toy/dynamics/7-octahedron",
    source=f"{SOURCE}; keltin13, one run",
    statement="They end as an octahedron: each set at right angles, and every feature opposite to one of the other set.",
    measure="share of seeds that end with three antipodal pairs across the sets and cosines below 0.1 within them",
    tolerance="reproduced from 90%, partly from 50%",
    experiments=("toy/dynamics",),
)
def _octahedron(runs_of: Results) -> Finding:
    W, size = runs_of["set_W"][:, -1], runs_of.config.set_size
    _, joined = partners(W, size)
    hits = (joined == size) & (np.abs(within(W, size)).max(-1) < 0.1)
    return share(hits, len(W), 0.0, "The sets are always at right angles inside; between them any turn costs next to nothing")
