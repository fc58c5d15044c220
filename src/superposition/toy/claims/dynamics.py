"""The claims of the chapter on learning dynamics."""

import numpy as np

from superposition import formulas
from superposition.claims import Finding, claim
from superposition.estimates import over_seeds
from superposition.runs import Results
from superposition.tolerances import MOST, Above, Below, Every, Inside, Some, Tolerance
from superposition.toy.claims.common import PAPER, by_label
from superposition.toy.correlated import partners, within
from superposition.toy.dynamics import climbing, derangements, late, opening_times, own_beyond, set_match, window
from superposition.toy.measures import jumps

SOURCE = f"{PAPER}, Superposition and Learning Dynamics"


@claim(
    id="toy/dynamics/1-levels",
    source=SOURCE,
    statement="The dimensionalities of features take a few discrete values.",
    measure="share of all features whose dimensionality at the end lies within 0.05 of 0 or ½; the baseline is random directions",
    tolerance=MOST,
    unit="%",
    experiments=("toy/dynamics",),
)
def _levels(runs_of: Results) -> Finding:
    final = runs_of["D"][:, -1]
    random = np.random.default_rng(0).standard_normal((200, final.shape[1], runs_of.config.n_hidden))
    near = [np.minimum(D, np.abs(D - 0.5)) < 0.05 for D in (final, formulas.feature_dimensionality(random))]
    return Finding(over_seeds(near[0]).percent, 100 * float(near[1].mean()))


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
    "jump, mean over seeds",
    tolerance=Tolerance(reproduced=Above(0.25), partly=Above(0)),
    after_looking=True,
    experiments=("toy/dynamics",),
)
def _drops(runs_of: Results) -> Finding:
    match = jumps.match(runs_of["D"], runs_of["loss"], *window(runs_of))
    more = int((derangements(match, 1000) >= np.diag(match).mean()).sum())
    note = f"All runs share one slow timetable; given another's loss by lot, they go with it as well in {more} of 1,000 draws"
    return Finding(over_seeds(own_beyond(match)), 0.0, note)


@claim(
    id="toy/dynamics/4-late",
    source="ours",
    statement="The late jumps, when few features still move, come with drops of the loss of the same run.",
    measure="the same, from when three quarters of all jumps are over until three quarters of training",
    tolerance=Tolerance(reproduced=Above(0)),
    after_looking=True,
    experiments=("toy/dynamics",),
)
def _late(runs_of: Results) -> Finding:
    return Finding(over_seeds(own_beyond(jumps.match(runs_of["D"], runs_of["loss"], *late(runs_of)))), 0.0)


@claim(
    id="toy/dynamics/5-forgetful",
    source="keltin13, whose training makes a new optimiser for every step",
    statement="Adam without memory, which is sign descent, comes to the same end.",
    measure="final held-out loss with a new AdamW at each step, over the mean with one AdamW throughout; baseline: no difference",
    tolerance=Tolerance(reproduced=Inside(0.99, 1.01)),
    experiments=("toy/dynamics",),
)
def _forgetful(runs_of: Results) -> Finding:
    return Finding(over_seeds(runs_of["memoryless_loss"][:, -1] / runs_of["loss"][:, -1].mean()), 1.0)


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
