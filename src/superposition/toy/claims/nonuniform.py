"""The claims of the chapter on a pentagon with an odd feature."""

import numpy as np

from superposition import formulas, metrics
from superposition.claims import Finding, claim
from superposition.estimates import Estimate, exactly, over_seeds
from superposition.runs import Results
from superposition.tolerances import AtLeast, AtMost, Equal, Every, Of, Some, Tolerance
from superposition.toy.claims.common import PAPER
from superposition.toy.nonuniform import AXES, above, better, both_minima, missed, worse

SECTION = f"{PAPER}, Non-Uniform Superposition"
SOURCE = f"{SECTION}; keltin13's replication"


@claim(
    id="toy/nonuniform/1-deforms",
    source=SOURCE,
    statement="As one feature becomes rarer or commoner, the pentagon deforms smoothly.",
    measure="largest change of any product of two features between neighbouring multiples, 0.1 decades apart, while the "
    "pentagon is best, "
    "on both axes; baseline: the change in the jump",
    tolerance=Tolerance(reproduced=AtMost(0.2)),
    experiments=("toy/nonuniform",),
)
def _deforms(results: Results) -> Finding:
    W = results["branch_W"]
    products = W @ W.swapaxes(-1, -2)
    best = [products[axis, 0, above(results, axis)] for axis in range(len(AXES))]
    step, wider = (max(float(np.abs(one[k:] - one[:-k]).max()) for one in best) for k in (1, 2))
    first = [int(above(results, axis).argmax()) for axis in range(len(AXES))]
    jump = min(float(np.abs(products[axis, 0, k] - products[axis, 1, k]).max()) for axis, k in enumerate(first))
    note = f"Between multiples twice as far apart it is {wider:.2f}: it grows with the step, as a jump would not"
    return Finding(exactly(step), jump, note)


_CROSS, _SLOPES = "the share of samples that cross", "the ratio of slopes"


def _crossing(id: str, source: str, statement: str, what: str, axis: int) -> None:
    """Register the claim that the two minima's losses cross along one axis."""

    @claim(
        id=f"toy/nonuniform/{id}",
        source=source,
        statement=statement,
        measure=f"multiple of the others' {what} at which both minima have the same expected loss, 0 where they never have; "
        "interval over "
        "samples for the loss; also the share of these in which they cross, and the square's slope there over the pentagon's",
        tolerance=Tolerance(reproduced=Of(_CROSS, AtLeast(1)) & Of(_SLOPES, AtLeast(1.2))),
        experiments=("toy/nonuniform",),
    )
    def _crosses(results: Results) -> Finding:
        found = results["crossing"][axis]
        crossed = found[np.isfinite(found)]
        if len(crossed) < 2:
            return Finding(exactly(0), also={_CROSS: len(crossed) / len(found), _SLOPES: 0.0})
        k = int((results["multiplier"] >= crossed.mean()).argmax())
        loss, log = results["branch_loss"][axis], np.log(results["multiplier"])
        slopes = (loss[:, k] - loss[:, k - 1]) / (log[k] - log[k - 1])
        mean = over_seeds(np.log(crossed)).map(np.exp)
        also = {_CROSS: len(crossed) / len(found), _SLOPES: float(slopes[1] / slopes[0])}
        return Finding(Estimate(mean.value, mean.low, mean.high, "samples", len(crossed)), also=also)


_crossing(
    "2-crossing-density",
    SOURCE,
    "When the odd feature is rare enough the pentagon becomes a square: there two loss curves cross, at an angle.",
    "density",
    0,
)
_crossing("3-crossing-importance", SECTION, "The same happens when the odd feature is unimportant enough.", "importance", 1)


@claim(
    id="toy/nonuniform/4-jump",
    source=SOURCE,
    statement="The change is a jump: the odd feature goes from represented to gone at once.",
    measure="length of the odd feature in the pentagon at the least multiple at which it is best, the shorter of both axes; "
    "baseline: in the square it is 0",
    tolerance=Tolerance(reproduced=AtLeast(0.5)),
    experiments=("toy/nonuniform",),
)
def _jump(results: Results) -> Finding:
    lengths = formulas.norms(results["branch_W"])[:, 0, :, 0]
    return Finding(exactly(min(lengths[axis, above(results, axis).argmax()] for axis in range(len(AXES)))), 0.0)


@claim(
    id="toy/nonuniform/5-best",
    source=f"implied by {PAPER}, Non-Uniform Superposition",
    statement="Pentagon and square are all there is: one of them is the best shape at every density and importance of the odd "
    "feature.",
    measure="share of points at which the best of all trained models, brought to its minimum, is no better by half a per cent "
    "of the loss than "
    "the better of the two branches",
    tolerance=Tolerance(reproduced=Equal(100), partly=AtLeast(90)),
    unit="%",
    experiments=("toy/nonuniform",),
)
def _best(results: Results) -> Finding:
    k = [metrics.nearest(np.log(results["multiplier"]), np.log(at)) for at in results["trained_multiplier"]]
    known = np.nanmin(results["branch_loss"], 1)[:, k]
    return Finding(exactly(100 * (results["polished"] > 0.995 * known).mean()))


@claim(
    id="toy/nonuniform/6-best-of-many",
    source=SOURCE,
    statement="The best of many trained models changes its shape where the loss curves cross.",
    measure="share of the points, along both axes, where both shapes are minima and the training of least loss has the shape "
    "that is best there; baseline: all trainings",
    tolerance=Tolerance(reproduced=Equal(100), partly=AtLeast(90)),
    unit="%",
    after_looking=True,
    experiments=("toy/nonuniform",),
)
def _best_of_many(results: Results) -> Finding:
    right, all_right = [], []
    for axis in range(len(AXES)):
        inside = both_minima(results, axis)
        least = results["loss"][axis, inside].argmin(-1)[:, None]
        right.append(np.take_along_axis(results["shape"][axis, inside], least, -1)[:, 0] == better(results, axis))
        all_right.append(1 - missed(results, axis).mean(-1))
    right, all_right = np.concatenate(right), np.concatenate(all_right)
    return Finding(exactly(100 * right.mean()), 100 * float(all_right.mean()), f"{right.sum()} of {right.size} points")


@claim(
    id="toy/nonuniform/6b-trained",
    source=f"{SOURCE}, which draw one model a density",
    statement="A trained model has the shape that is best.",
    measure="share of seeds that do not, at the multiple of density nearest to the crossing where both shapes are minima; also "
    "at each such point of both axes; baseline: with five equal features",
    tolerance=Tolerance(reproduced=Every("point", AtMost(5)), partly=Some("point", AtMost(5))),
    unit="%",
    after_looking=True,
    experiments=("toy/nonuniform",),
)
def _trained(results: Results) -> Finding:
    each, at = {}, results["trained_multiplier"]
    for axis, name in enumerate(AXES):
        points = at[both_minima(results, axis)]
        each |= {f"{name} × {m:.2g}": over_seeds(one).percent for m, one in zip(points, missed(results, axis), strict=True)}
    points = at[both_minima(results, 0)]
    nearest = points[np.abs(np.log(points / results["crossing"][0].mean())).argmin()]
    other = np.concatenate([worse(results, axis) for axis in range(len(AXES))])
    note = f"In the worse of the two minima {100 * other.mean():.0f}%, on both sides of the crossing; the rest in other shapes"
    return Finding(each[f"density × {nearest:.2g}"], each["density × 1"].value, note, {"point": each})
