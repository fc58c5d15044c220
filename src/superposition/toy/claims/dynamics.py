"""The claims of the chapter on learning dynamics."""

from collections.abc import Callable

import numpy as np

from superposition import metrics
from superposition.claims import Finding, claim
from superposition.estimates import Estimate, over_seeds
from superposition.runs import Results
from superposition.tolerances import MOST, Above, Below, Every, Inside, Some, Tolerance
from superposition.toy.claims.common import PAPER, by_label, most_at_every
from superposition.toy.correlated import partners, within
from superposition.toy.dynamics import climbing, derangements, late, opening_times, own_beyond, set_match, window
from superposition.toy.measures import jumps

SOURCE = f"{PAPER}, Superposition and Learning Dynamics"


_BOTH = ("toy/dynamics", "toy/dynamics_sparse")
# Not represented; in an antiprism, a pentagon or a pair.
_LEVELS = np.array([0, 3 / 8, 2 / 5, 1 / 2])


def _by_sparsity(both: tuple[Results, ...], each: Callable[[Results], np.ndarray]) -> dict[str, Estimate]:
    """Estimates over seeds by the sparsity of the hundred features."""
    return by_label([1 - runs_of.config.density for runs_of in both], map(each, both))


@claim(
    id="toy/dynamics/1-levels",
    source=SOURCE,
    statement="The dimensionalities of features take a few discrete values.",
    measure="share of all features whose dimensionality at the end lies within 0.02 of 0, 3/8, 2/5 or ½, at S = 0.55; also at "
    "S = 0.8; the baseline is random directions",
    tolerance=most_at_every("S"),
    unit="%",
    after_looking=True,
    experiments=_BOTH,
)
def _levels(*both: Results) -> Finding:
    near = lambda D: (np.abs(D[..., None] - _LEVELS) < 0.02).any(-1)
    each = {S: found.percent for S, found in _by_sparsity(both, lambda runs_of: near(runs_of["D"][:, -1])).items()}
    n, m = both[0]["D"].shape[-1], both[0].config.n_hidden
    random = metrics.feature_dimensionality(np.random.default_rng(0).standard_normal((200, n, m)))
    return Finding(next(iter(each.values())), 100 * float(near(random).mean()), also={"S": each})


@claim(
    id="toy/dynamics/2-sudden",
    source=SOURCE,
    statement="Features jump between these values.",
    measure="steps that a feature spends on its way from D < 0.25 to D > 0.4, or back, as a share of the steps from the first "
    "descent to the last jump, at S = 0.55, median over all jumps of a seed, mean over seeds; also from other lower marks, on "
    "which the number depends",
    tolerance=Tolerance(reproduced=Every("lower mark", Below(10)), partly=Some("lower mark", Below(25))),
    unit="%",
    after_looking=True,
    experiments=("toy/dynamics",),
)
def _sudden(runs_of: Results) -> Finding:
    marks = (0.15, 0.2, jumps.LOW, 0.3)
    each = by_label(marks, (climbing(runs_of["D"], runs_of["loss"], mark) for mark in marks))
    note = "They climb, many at once; at 0.15 features wait before they climb"
    return Finding(each[f"{jumps.LOW:g}"], note=note, also={"lower mark": each})


@claim(
    id="toy/dynamics/3-drops",
    source=SOURCE,
    statement="Each jump comes with a drop of the loss.",
    measure="correlation of how fast the dimensionalities move with how fast the loss falls, beyond what the same speeds have "
    "with the losses of other seeds and the same losses with their speeds, from the first descent to the median seed's last "
    "jump, at S = 0.55, mean over seeds; also at S = 0.8",
    tolerance=Tolerance(reproduced=Every("S", Above(0.25)), partly=Every("S", Above(0))),
    after_looking=True,
    experiments=_BOTH,
)
def _drops(*both: Results) -> Finding:
    matched = {runs_of.config.density: jumps.match(runs_of["D"], runs_of["loss"], *window(runs_of)) for runs_of in both}
    each = _by_sparsity(both, lambda runs_of: own_beyond(matched[runs_of.config.density]))
    dense = matched[both[0].config.density]
    more = int((derangements(dense, 1000) >= np.diag(dense).mean()).sum())
    note = f"At 0.55 all runs share one slow timetable; with another's loss, by lot, they go as well in {more} of 1,000 draws"
    return Finding(next(iter(each.values())), 0.0, note, also={"S": each})


@claim(
    id="toy/dynamics/4-late",
    source="ours",
    statement="The late jumps, when few features still move, come with drops of the loss of the same run.",
    measure="the same, from when three quarters of all jumps are over until three quarters of training",
    tolerance=Tolerance(reproduced=Every("S", Above(0))),
    after_looking=True,
    experiments=_BOTH,
)
def _late(*both: Results) -> Finding:
    each = _by_sparsity(both, lambda runs_of: own_beyond(jumps.match(runs_of["D"], runs_of["loss"], *late(runs_of))))
    return Finding(next(iter(each.values())), 0.0, also={"S": each})


@claim(
    id="toy/dynamics/5-forgetful",
    source="keltin13, whose training makes a new optimiser for every step",
    statement="Adam without memory, which is sign descent, comes to the same end.",
    measure="final held-out loss with a new AdamW at each step, over the mean with one AdamW throughout, at S = 0.55; also at "
    "S = 0.8; baseline: no difference",
    tolerance=Tolerance(reproduced=Every("S", Inside(0.99, 1.01))),
    experiments=_BOTH,
)
def _forgetful(*both: Results) -> Finding:
    each = _by_sparsity(both, lambda runs_of: runs_of["memoryless_loss"][:, -1] / runs_of["loss"][:, -1].mean())
    return Finding(next(iter(each.values())), 1.0, also={"S": each})


@claim(
    id="toy/dynamics/6-transformations",
    source=f"{SOURCE}; keltin13, one run",
    statement="Two sets of three correlated features are learned through geometric transformations, each with a drop of the "
    "loss.",
    measure="the same as for drops of the loss, of how fast the cosines within sets move, from when lines are tightest until the "
    "loss is down at a tenth of PCA's, mean over seeds",
    tolerance=Tolerance(reproduced=Above(0.25), partly=Above(0)),
    after_looking=True,
    experiments=("toy/dynamics",),
)
def _transformations(runs_of: Results) -> Finding:
    opened, fell = opening_times(runs_of)
    r = np.corrcoef(np.log1p(opened), np.log1p(fell))[0, 1]
    note = (
        f"The times of opening and of the fall correlate at {r:.2f} over seeds, all of which open between steps "
        f"{opened.min():,.0f} and {opened.max():,.0f}: so narrow a range keeps a correlation low"
    )
    return Finding(over_seeds(own_beyond(set_match(runs_of))), 0.0, note)


@claim(
    id="toy/dynamics/7-octahedron",
    source=f"{SOURCE}; keltin13, one run",
    statement="They end as an octahedron: each set at right angles, and every feature opposite to one of the other set.",
    measure="share of seeds that end with three antipodal pairs across the sets and cosines below 0.1 within them",
    tolerance=MOST,
    unit="%",
    experiments=("toy/dynamics",),
)
def _octahedron(runs_of: Results) -> Finding:
    W, size = runs_of["set_W"][:, -1], runs_of.config.set_size
    _, joined = partners(W, size)
    return Finding(over_seeds((joined == size) & (np.abs(within(W, size)).max(-1) < 0.1)).percent, 0.0)
