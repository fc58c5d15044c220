"""The claims of the chapter on five features in two dimensions."""

import numpy as np

from superposition import metrics
from superposition.claims import Finding, claim
from superposition.runs import Results
from superposition.toy.claims.common import PAPER, share
from superposition.toy.intro import SHAPES


def _at(results: Results, sparsity: float) -> int:
    return int(np.abs(1 - results["density"] - sparsity).argmin())


def _shapes(intro: Results, sparsity: float, names: tuple[str, ...], note: str = "") -> Finding:
    """The share of seeds in one of the shapes, against five arrows in random directions."""
    codes = [SHAPES.index(name) for name in names]
    hits = np.isin(intro["shape"][:, _at(intro, sparsity)], codes)
    return share(hits, len(hits), float(intro["null"][codes].sum()), note)


@claim(
    id="toy/intro/1-orthogonal",
    source=f"{PAPER}, introduction",
    statement="In dense data the two most important features get orthogonal directions and the others none.",
    measure="share of seeds at S = 0 whose represented features are the first two, at a right angle within 15 degrees",
    tolerance="reproduced from 90 %, partly from 50 %",
    experiments=("toy/intro",),
)
def _orthogonal(intro: Results) -> Finding:
    first_two = metrics.norms(intro["W"][:, 0]) > 0.5
    hits = (first_two == [True, True, False, False, False]).all(1) & (intro["shape"][:, 0] == SHAPES.index("orthogonal"))
    return share(hits, len(hits), float(intro["null"][SHAPES.index("orthogonal")]))


@claim(
    id="toy/intro/2-antipodal",
    source=f"{PAPER}, introduction",
    statement="At a sparsity of about 0.8 the features form antipodal pairs.",
    measure="share of seeds at the density nearest to S = 0.8 with one or two antipodal pairs, within 15 degrees",
    tolerance="reproduced from 90 %, partly from 50 %",
    experiments=("toy/intro",),
)
def _antipodal(intro: Results) -> Finding:
    return _shapes(intro, 0.8, ("one pair", "two pairs"), "The other seeds end in a pentagon, at the same loss")


@claim(
    id="toy/intro/3-pentagon",
    source=f"{PAPER}, introduction",
    statement="At a sparsity of about 0.9 the five features form a pentagon.",
    measure="share of seeds at the density nearest to S = 0.9 that end in a pentagon, within 15 degrees",
    tolerance="reproduced from 90 %, partly from 50 %",
    experiments=("toy/intro",),
)
def _pentagon(intro: Results) -> Finding:
    return _shapes(intro, 0.9, ("pentagon",), "Most other seeds stay at two pairs, at a higher loss")


@claim(
    id="toy/intro/4-one-shape",
    source=f"{PAPER}, introduction, and its replications, which draw one model a sparsity",
    statement="Each sparsity has its shape.",
    measure="share of all models with S > 0.45 that end in another shape than the one that is most frequent at their sparsity",
    tolerance="reproduced up to 5 %, else corrected",
    experiments=("toy/intro",),
)
def _one_shape(intro: Results) -> Finding:
    shape = intro["shape"][:, 1 - intro["density"] > 0.45]
    most = [np.bincount(of_one).argmax() for of_one in shape.T]
    rate, low, high = metrics.rate_interval(int((shape != most).sum()), shape.size)
    note = "Sparsity decides which shape is best; which one training finds differs from seed to seed"
    return Finding("reproduced" if rate <= 0.05 else "corrected", 100 * rate, 100 * low, 100 * high, len(shape), None, "%", note)


@claim(
    id="toy/intro/5-worth-it",
    source=f"{PAPER}, introduction",
    statement="In sparse data superposition pays: it gives a lower loss than dedicating the dimensions.",
    measure="held-out loss at S = 0.95 over the least loss without superposition, mean over seeds",
    tolerance="reproduced where the interval lies below 1",
    experiments=("toy/intro",),
)
def _worth_it(intro: Results) -> Finding:
    sparsest = _at(intro, 0.95)
    mean, low, high = metrics.mean_interval(intro["loss"][:, sparsest] / intro["baseline"][sparsest])
    return Finding("reproduced" if high < 1 else "not reproduced", float(mean), float(low), float(high), len(intro["loss"]), 1.0)
