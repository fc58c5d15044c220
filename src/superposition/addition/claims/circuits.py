"""Claims on circuits and heads: how the write-up's statements fare when heads are switched off in the right place."""

import numpy as np

from superposition import formulas
from superposition.addition import reuse
from superposition.addition.circuits import one_combination
from superposition.addition.circuits_all_columns import LOST, MEDIAN, PATTERNS, RANK
from superposition.addition.claims.train import SHARE, SOURCE
from superposition.addition.measures.original_heat_maps import PROBES, stripes
from superposition.addition.sweep import by_shape
from superposition.claims import claim
from superposition.estimates import Finding, over_seeds
from superposition.runs import Results
from superposition.tolerances import BASELINE, Above, AtLeast, AtMost, Of, Tolerance, Within


@claim(
    id="addition/circuits/1-distributed",
    source=SOURCE,
    statement="Several attention circuits are distributed over attention heads, since there are more circuits than heads.",
    measure="heads that read a column: over half of the variance of what they say at its answer is due to the two digits there; "
    "mean over columns and seeds; baseline: as many heads that divide the columns among themselves; the reason given is not "
    "tested, so that it is a part of the claim at most",
    tolerance=Tolerance(partly=Above(BASELINE)),
    after_looking=True,
    experiments=("addition/reuse",),
)
def _distributed(results: Results) -> Finding:
    trained, made_up = (reuse.of_each(results, of)[:, reuse.HEADS] for of in ("", "made_up_"))
    note = "They are shared by all 100 pairs of a column, whose number is not what is scarce"
    bounds = (0, results["own"].shape[-1])
    return Finding(over_seeds(trained, bounds), float(made_up[reuse.MODULES]), note, {"in noise": float(made_up[reuse.NOISE])})


@claim(
    id="addition/circuits/3-several",
    source=SOURCE,
    statement="A single attention head attends to more than one feature.",
    measure="share of heads that read more than one column, mean over seeds; baseline: modules with diffuse damage, heads that "
    "have one column each and break a little everywhere else",
    tolerance=Tolerance(reproduced=AtLeast(25), partly=Above(BASELINE)),
    unit="%",
    after_looking=True,
    experiments=("addition/reuse",),
)
def _several(results: Results) -> Finding:
    trained, made_up = (reuse.of_each(results, of)[:, reuse.SEVERAL] for of in ("", "made_up_"))
    reads, needs = results["own"] > reuse.READS, reuse.needed(results)
    lot = 100 * float(reuse.several_by_lot(reads.mean(-1)).mean())
    note = (
        f"Of the readings {100 * float((reads & needs).sum() / reads.sum()):.0f}% are needed at their answer. If every column "
        f"drew its heads by lot, as many as it has, {lot:.0f}% would read several: there is no plan in it"
    )
    return Finding(over_seeds(trained, SHARE).percent, 100 * float(made_up[reuse.MODULES]), note)


@claim(
    id="addition/circuits/5-reuse",
    source="This book",
    statement="A head that reads several columns says much the same of each: it is used again, not in superposition.",
    measure="cosine of a head's maps of two columns that it reads (100 pairs, ten logits), median, mean over seeds; baseline: of "
    "two heads that read one column, whatever the sign",
    tolerance=Tolerance(reproduced=AtLeast(0.7) & Above(BASELINE), partly=Above(BASELINE)),
    after_looking=True,
    experiments=("addition/reuse",),
)
def _reuse(results: Results) -> Finding:
    found = reuse.of_each(results)
    note = "A digit's value is the same in every place, up to a constant, so that a head of this shape has little choice"
    return Finding(over_seeds(found[:, reuse.ALIKE]), float(found[:, reuse.BETWEEN].mean()), note)


@claim(
    id="addition/circuits/2-combinations",
    source=SOURCE,
    statement="Different combinations of heads work together at predicting the right output for different tasks.",
    measure="effective rank of circuits × heads by answers lost, first digit: how many independent combinations of heads 100 "
    "circuits use, mean over seeds; baseline: one combination for all circuits, and the noise of as many sums",
    tolerance=Tolerance(reproduced=Above(BASELINE)),
    after_looking=True,
    experiments=("addition/circuits_all_columns", "addition/circuits"),
)
def _combinations(columns: Results, circuits: Results) -> Finding:
    rank, patterns = (columns["measured"][:, LOST, 0, what] for what in (RANK, PATTERNS))
    one = formulas.effective_rank(one_combination(circuits["effect"][:, LOST, 0].astype(float), columns.config.each))
    lot = columns["lot"][:, LOST, 0, 0, MEDIAN, RANK].mean()
    note = f"Fewer than the {lot:.1f} by lot; {patterns.mean():.1f} by squared singular values: one dominates"
    return Finding(over_seeds(rank), float(one.mean()), note)


@claim(
    id="addition/circuits/4-maps",
    source=f"{SOURCE}, heat maps of single heads",
    statement="The map of a head alone shows how much it contributes to the right digit of each pair.",
    measure="share of the variance of the original's maps (position 11, others zeroed) that (a + b) mod 10 alone accounts for, "
    "median over heads, mean over seeds; where that is nearly all, the map is that of one constant vector of ten logits; "
    "baseline: noise",
    tolerance=Tolerance(corrected=AtLeast(90), partly=AtLeast(50), otherwise="reproduced"),
    unit="%",
    corrects="the reading",
    experiments=("addition/circuits",),
)
def _maps(results: Results) -> Finding:
    share = np.median(stripes(results["original"].astype(float)), axis=1)
    note = "At position 11 most heads say the same for every pair: their maps show ten constant numbers"
    return Finding(over_seeds(share, SHARE).percent, 100 / 11, note)


@claim(
    id="addition/circuits/6-position",
    source=f"{SOURCE}, and the notebook's `position_idx = 2 * n_digits - 1`",
    statement="The maps show logits in position 12, the first output position.",
    measure="share of the 100 pairs whose first digit is right where the notebook reads it, position 11, with all heads on; "
    "baseline: the same digit at position 12, in random sums",
    tolerance=Tolerance(reproduced=AtLeast(50), otherwise="corrected"),
    unit="%",
    corrects="the method",
    experiments=("addition/circuits",),
)
def _position(results: Results) -> Finding:
    right, around = (100 * results["probe"][:, PROBES.index(name)] for name in ("position 11", "random around"))
    note = "They show position 11, the last digit of b, which no loss ever trained"
    return Finding(over_seeds(right, (0, 100)), float(around.mean()), note)


@claim(
    id="addition/circuits/7-context",
    source=SOURCE,
    statement="Every possible digit in positions 0 and 6, with zeros in all other places, shows what the model does with them.",
    measure="share of these 100 sums whose first digit is right at position 12; baseline: random digits in all other places",
    tolerance=Tolerance(reproduced=Within(2, BASELINE), otherwise="corrected"),
    unit="%",
    corrects="the method",
    experiments=("addition/circuits",),
)
def _context(results: Results) -> Finding:
    names = ("zeros around", "random around", "answers given")
    zeros, around, given = (100 * results["probe"][:, PROBES.index(name)] for name in names)
    note = (
        "Sums with zeros nearly everywhere are rare in training, and the model errs there as it hardly does elsewhere; with the "
        f"sum itself in place of the =, as in the notebook, {given.mean():.0f}% are right"
    )
    return Finding(over_seeds(zeros, (0, 100)), float(around.mean()), note)


@claim(
    id="addition/circuits/11-small",
    source=SOURCE,
    statement="A large number of very small heads ensures that heads combine.",
    measure="share of heads that read more than one column, of 32 heads of 2 dimensions, mean over seeds; baseline: modules, "
    "which read one",
    tolerance=Tolerance(reproduced=Above(BASELINE) & Of("that of 8 heads of 8", AtMost(25)), partly=Above(BASELINE)),
    unit="%",
    after_looking=True,
    experiments=("addition/sweep", "addition/reuse"),
)
def _small(sweep: Results, results: Results) -> Finding:
    summary = by_shape(results["shape_summary"].astype(float), sweep.config)
    small, large = (summary[sweep.config.heads.index(heads)] for heads in (32, 8))
    several = [over_seeds(one[:, reuse.SEVERAL], SHARE).percent for one in (small, large)]
    lot = {f"by lot, of {heads}": 100 * float(reuse.by_lot(one, heads).mean()) for heads, one in ((32, small), (8, large))}
    return Finding(several[0], 0, "Small heads combine, but large ones too", {"that of 8 heads of 8": several[1]} | lot)
