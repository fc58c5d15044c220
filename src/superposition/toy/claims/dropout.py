"""The claims of the chapter on dropout: dense is S = 0, sparse is S of 0.8 and more.
`equal` are 64 equally important features in 12 neurons, `decay` 20 features of falling importance in 5."""

from dataclasses import replace

import numpy as np

from superposition import formulas
from superposition.claims import Finding, claim
from superposition.estimates import exactly, over_seeds
from superposition.runs import Results
from superposition.tolerances import (
    BASELINE,
    Above,
    AtLeast,
    AtMost,
    Below,
    Every,
    MoreThan,
    Of,
    Some,
    Tolerance,
    Within,
)  # fmt: skip
from superposition.toy.claims.common import WRITE_UP, by_label
from superposition.toy.dropout import (
    ANTI,
    beyond,
    dimensions_per_feature,
    directions,
    half_learnt,
    in_pairs,
    index,
    jumps,
    largest_fall,
    ratio,
    weights,
)  # fmt: skip
from superposition.toy.measures import polytopes, redundancy

SOURCE = f"{WRITE_UP}, dropout"
EQUAL, DECAY, UNTIED, EXACT = "toy/dropout", "toy/dropout_decay", "toy/dropout_untied", "toy/dropout_exact"
SPARSE = (0.8, 0.9, 0.95, 0.99)
_EITHER = "choice of importances"


def _by_importances(equal: np.ndarray, falling: np.ndarray) -> dict:
    """What the tolerance asks with equal and with falling importances: seeds first."""
    return {_EITHER: {"equal": over_seeds(equal), "falling": over_seeds(falling)}}


@claim(
    id="toy/dropout/01-interference",
    source=SOURCE,
    statement="In dense data dropout makes features interfere.",
    measure="1 - D, mean over the represented of 20 features in 5 neurons, S = 0, rate 0.5; baseline: without dropout",
    tolerance=Tolerance(reproduced=Of("the rise", Above(0))),
    experiments=(DECAY,),
)
def _interference(decay: Results) -> Finding:
    values, without = (redundancy.crowding(weights(decay, rate, 0)) for rate in (0.5, 0))
    return Finding(over_seeds(values), float(without.mean()), also={"the rise": over_seeds(values - without)})


@claim(
    id="toy/dropout/02-unimportant",
    source=SOURCE,
    statement="In dense data dropout suppresses the less important features.",
    measure="represented features of 20 in 5 neurons at S = 0 and rate 0.7; baseline: the same without dropout",
    tolerance=Tolerance(reproduced=Below(BASELINE)),
    unit="features",
    experiments=(DECAY,),
)
def _unimportant(decay: Results) -> Finding:
    values, without = (redundancy.represented(weights(decay, rate, 0)).sum(-1) for rate in (0.7, 0))
    return Finding(over_seeds(values), float(without.mean()))


@claim(
    id="toy/dropout/03-redundant",
    source=SOURCE,
    statement="In dense data dropout leads to redundant encoding.",
    measure="neurons for each direction in use (all neurons over the effective rank of W), 20 features in 5 neurons, S = 0, "
    "rate 0.7; also with equal importances; baseline: without dropout",
    tolerance=Tolerance(reproduced=Every(_EITHER, Above(1.05)), partly=Some(_EITHER, Above(1.05))),
    experiments=(DECAY, EQUAL),
)
def _redundant(decay: Results, equal: Results) -> Finding:
    values, alike = directions(weights(decay, 0.7, 0)), directions(weights(equal, 0.7, 0))
    note = "With equal importances the features that want the neurons never run out"
    return Finding(over_seeds(values), float(directions(weights(decay, 0, 0)).mean()), note, _by_importances(alike, values))


@claim(
    id="toy/dropout/04-suppression",
    source=SOURCE,
    statement="In sparse data dropout suppresses superposition.",
    measure="effective features at rate 0.5 over those without dropout, S = 0.9, 64 features in 12 neurons; also at other S; "
    "baseline: no change",
    tolerance=Tolerance(reproduced=Every("S", Below(90)), partly=Some("S", Below(90))),
    unit="%",
    experiments=(EQUAL,),
)
def _suppression(equal: Results) -> Finding:
    falls = {s: 100 * ratio(equal, formulas.effective_features, 0.5, s) for s in SPARSE}
    return Finding(over_seeds(falls[0.9]), 100.0, also={"S": by_label(falls, falls.values())})


@claim(
    id="toy/dropout/05-half",
    source="Bereska et al. 2025, on other networks",
    statement="Dropout reduces the number of effective features, by up to half.",
    measure="effective features over those without dropout where they fall most, S of 0.5 and more, any rate, 64 features "
    "in 12 neurons; baseline: no change",
    tolerance=Tolerance(reproduced=Within(10, 50), partly=AtMost(90)),
    unit="%",
    experiments=(EQUAL,),
)
def _half(equal: Results) -> Finding:
    return Finding(over_seeds(largest_fall(equal)).percent, 100.0, "Our rates go up to 0.9")


@claim(
    id="toy/dropout/06-free",
    source=SOURCE,
    statement="Without dropout the model does not change when its hidden space is turned.",
    measure="held-out loss after random turns over the loss before, mean over all models without dropout; baseline: at rate 0.5",
    tolerance=Tolerance(otherwise="cannot fail"),
    experiments=(EQUAL,),
)
def _free(equal: Results) -> Finding:
    each = equal["turned_loss"] / equal["noisy_loss"]
    anti = 100 * beyond(equal, 0, 0, "anti").mean()
    note = (
        "A turn leaves the product of encoder and decoder as it is; this checks the arithmetic. The weights are anti-aligned "
        "all the "
        f"same in {anti:.0f}% of models with S of 0.5 and more: AdamW's doing"
    )
    return Finding(over_seeds(each[0].T), float(each[index(equal["rate"], 0.5)].mean()), note)


_SIDED = Tolerance(reproduced=Every(_EITHER, AtLeast(90)), partly=Some(_EITHER, AtLeast(50)))


def _sided(both: tuple[Results, ...], low: float, high: float, side: str) -> Finding:
    hits, without = ([beyond(one, *rates, side) for one in both] for rates in ((low, high), (0, 0)))
    equal, falling = (f"{100 * x.mean():.0f}%" for x in without)
    note = f"Without dropout {equal} with equal importances, {falling} with falling ones"
    together, alone = np.concatenate(hits, 1), np.concatenate(without, 1)
    each = {name: over_seeds(hit).percent for name, hit in zip(("equal", "falling"), hits, strict=True)}
    return Finding(over_seeds(together).percent, 100 * float(alone.mean()), note, {_EITHER: each})


@claim(
    id="toy/dropout/07-anti",
    source=SOURCE,
    statement="With some dropout the features keep away from the neurons' axes.",
    measure="share of models with rates of 0.1 to 0.4 and S of 0.5 and more whose alignment is below that of 95% of "
    "their own rotations, both experiments together; baseline: without dropout",
    tolerance=_SIDED,
    unit="%",
    experiments=(EQUAL, DECAY),
)
def _anti(*both: Results) -> Finding:
    found, equal = _sided(both, 0.1, 0.4, "anti"), both[0]
    few, none, s = (equal["rate"] > 0.09) & (equal["rate"] < 0.41), equal["rate"] == 0, equal["sparsity"] >= 0.5
    rise = 100 * ((equal["rank"][few] < ANTI).mean((0, -1)) - (equal["rank"][none] < ANTI).mean((0, -1)))[s]
    each = ", ".join(f"{change:+.0f} at {at:g}" for at, change in zip(equal["sparsity"][s], rise, strict=True)).replace("-", "−")
    return replace(found, note=f"{found.note}; with equal importances dropout changes it, in points by S, by {each}")


@claim(
    id="toy/dropout/08-aligned",
    source=SOURCE,
    statement="Beyond a rate of 50% the features align with the neurons again.",
    measure="share of models with rates of 0.6 to 0.9 and S of 0.5 and more whose alignment is above that of 95% of "
    "their own rotations, both experiments together; baseline: without dropout",
    tolerance=_SIDED,
    unit="%",
    experiments=(EQUAL, DECAY),
)
def _aligned(*both: Results) -> Finding:
    return _sided(both, 0.6, 0.9, "aligned")


@claim(
    id="toy/dropout/09-smoother",
    source=SOURCE,
    statement="Dropout makes phase transitions smoother, even a little dropout.",
    measure="rise of the share of features a quarter to three quarters as long as the longest, from no dropout to rate 0.1, S "
    "of 0.5 and more, "
    "20 features in 5 neurons; also with equal importances; baseline: no change",
    tolerance=Tolerance(reproduced=Every(_EITHER, Above(0)), partly=Some(_EITHER, Above(0))),
    unit="points",
    experiments=(DECAY, EQUAL),
)
def _smoother(decay: Results, equal: Results) -> Finding:
    falling, alike = (100 * (half_learnt(one, 0.1) - half_learnt(one, 0)) for one in (decay, equal))
    before, after = (100 * half_learnt(decay, rate).mean() for rate in (0, 0.1))
    return Finding(over_seeds(falling), 0.0, f"From {before:.1f}% to {after:.1f}%", _by_importances(alike, falling))


@claim(
    id="toy/dropout/10-borders",
    source=SOURCE,
    statement="Dropout makes phase transitions smoother: two features in one dimension.",
    measure="largest change of the shorter vector of the optimum between two cells, mean over the importances below 1, at "
    "rate 0.5, exact; also at other rates; baseline: without dropout",
    tolerance=Tolerance(reproduced=AtMost(0.5 * BASELINE), partly=AtMost(0.9 * BASELINE)),
    after_looking=True,
    experiments=(EXACT,),
)
def _borders(exact: Results) -> Finding:
    largest = jumps(exact)[:, exact["importance"] < 1 - 1e-9].mean(-1)
    before, few, some, half = (float(largest[exact.config.rates.index(rate)]) for rate in (0.0, 0.1, 0.3, 0.5))
    return Finding(exactly(half), before, also={"rate": {"0.1": few, "0.3": some}})


_FALLS = Of("the largest fall", MoreThan(10))


@claim(
    id="toy/dropout/11-pairs",
    source=SOURCE,
    statement="Dropout suppresses the antipodal pairs that the deterministic model favours.",
    measure="share of represented features with an antipode at rate 0.5, mean over S of 0.5 and more, 64 features in 12 "
    "neurons; also the largest "
    "fall and rise at any such S, in points, with equal or falling importances; baseline: without dropout",
    tolerance=Tolerance(reproduced=_FALLS & Of("the largest rise", AtMost(10)), partly=_FALLS),
    unit="%",
    experiments=(EQUAL, DECAY),
)
def _pairs(equal: Results, decay: Results) -> Finding:
    change, other = (100 * (in_pairs(one, 0.5) - in_pairs(one, 0)).mean(-1) for one in (equal, decay))
    grow = ", ".join(f"{s:g}" for s in equal["sparsity"][equal["sparsity"] >= 0.5][change > 10])
    before, after = (100 * in_pairs(decay, rate).mean() for rate in (0, 0.5))
    note = f"They multiply at S = {grow or 'none'}; with falling importances they go from {before:.0f} to {after:.0f}%"
    also = {"the largest fall": -float(min(change.min(), other.min())), "the largest rise": float(max(change.max(), other.max()))}
    return Finding(over_seeds(in_pairs(equal, 0.5).T, (0, 1)).percent, 100 * float(in_pairs(equal, 0).mean()), note, also)


@claim(
    id="toy/dropout/12-diagonal",
    source=SOURCE,
    statement="At extreme rates there are negative weights on the diagonal.",
    measure="share of untied models at rate 0.9 and S = 0 whose product of both layers has a number below −0.05 on its diagonal; "
    "also in all settings with rates of 0.8 and 0.9; baseline: without dropout",
    tolerance=Tolerance(
        reproduced=Every("rate and S", AtLeast(50)) & Above(BASELINE), partly=Some("rate and S", AtLeast(50)) & Above(BASELINE)
    ),
    unit="%",
    experiments=(UNTIED,),
)
def _diagonal(untied: Results) -> Finding:
    below = (untied["diagonal"] < -0.05).any(-1)
    extreme = np.flatnonzero(untied["rate"] >= 0.8 - 1e-9)
    each = {
        f"{untied['rate'][k]:g} {s:g}": over_seeds(one).percent
        for k in extreme
        for s, one in zip(untied["sparsity"], below[k], strict=True)
    }
    note = f"With tied weights it is a sum of squares; with untied ones it occurs in {below.sum()} of all {below.size} models"
    return Finding(each["0.9 0"], 100 * float(below[0, 0].mean()), note, {"rate and S": each})


@claim(
    id="toy/dropout/13-rise",
    source=SOURCE,
    statement="Dimensions per feature rise sharply with dropout.",
    measure="m/‖W‖² at rate 0.5 over the same without dropout, S = 0.9, 64 features in 12 neurons; also at other S; baseline: "
    "what shorter "
    "weights alone do, 1/(1 - r)",
    tolerance=Tolerance(reproduced=Every("S", Above(BASELINE)), partly=Some("S", Above(BASELINE))),
    experiments=(EQUAL,),
)
def _rise(equal: Results) -> Finding:
    rises = {s: ratio(equal, dimensions_per_feature, 0.5, s) for s in SPARSE}
    return Finding(over_seeds(rises[0.9]), 2.0, also={"S": by_label(rises, rises.values())})


@claim(
    id="toy/dropout/14-fewer",
    source=SOURCE,
    statement="In some cases more dropout means fewer dimensions per feature.",
    measure="m/‖W‖² at rate 0.3 and S = 0.99 over the same without dropout, 64 features in 12 neurons; baseline: no change",
    tolerance=Tolerance(reproduced=Below(BASELINE)),
    after_looking=True,
    experiments=(EQUAL,),
)
def _fewer(equal: Results) -> Finding:
    plain = ratio(equal, dimensions_per_feature, 0.3, 0.99)
    return Finding(over_seeds(plain), 1.0, f"Divided by what shorter weights alone do, 1/(1 - r), it is {0.7 * plain.mean():.2f}")


_LEVELS = Tolerance(reproduced=Above(2 * BASELINE), partly=Above(BASELINE))


def _at_levels(equal: Results, rate: float | int) -> Finding:
    W = equal["W"][index(equal["rate"], rate), equal["sparsity"] >= 0.5].astype(float)
    chance = redundancy.at_levels(polytopes.scrambled(W, np.random.default_rng(0))).mean()
    return Finding(over_seeds(redundancy.at_levels(W).T, (0, 1)).percent, 100 * float(chance))


@claim(
    id="toy/dropout/15-sticky",
    source=SOURCE,
    statement="At extreme dropout certain sticky solutions still exist.",
    measure="share of represented features within 0.015 of the D of a perfect polytope at rate 0.9, mean over S of 0.5 and "
    "more, 64 features in 12 neurons; baseline: random directions of the same lengths",
    tolerance=_LEVELS,
    unit="%",
    experiments=(EQUAL,),
)
def _sticky(equal: Results) -> Finding:
    return _at_levels(equal, 0.9)


@claim(
    id="toy/dropout/16-fractions",
    source=SOURCE,
    statement="With dropout the features' dimensionalities still lie on integer fractions.",
    measure="as for the sticky solutions, at rate 0.5; baseline: random directions of the same lengths",
    tolerance=_LEVELS,
    unit="%",
    after_looking=True,
    experiments=(EQUAL,),
)
def _fractions(equal: Results) -> Finding:
    return _at_levels(equal, 0.5)
