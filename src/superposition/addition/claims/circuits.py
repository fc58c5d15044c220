"""Claims on circuits and heads: how the write-up's statements fare when heads are switched off in the right place."""

import numpy as np

from superposition import metrics
from superposition.addition.circuits import one_combination
from superposition.addition.circuits_all_columns import (
    ALL,
    LOST,
    MEDIAN,
    PATTERNS,
    RANK,
    SCORE,
    diffuse_score,
    lot_score,
    modules,
    noise_score,
)  # fmt: skip
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
    measure="score of spread over heads, by answers lost, 600 circuits of six columns, mean over seeds (1: heads divide the "
    "circuits among themselves; 32: every head serves every circuit); baseline: heads that divide the columns, and do all "
    "others a fifth of that damage, of random size; above that it is a part of the claim at most, as spread is not sharing",
    tolerance=Tolerance(partly=Above(BASELINE)),
    after_looking=True,
    experiments=("addition/circuits_all_columns",),
)
def _distributed(results: Results) -> Finding:
    lot = lot_score(results)[:, LOST, ALL].mean()
    note = (
        f"Spread out, yes, as by lot, which gives {lot:.1f}, and as noise, which gives {noise_score(32):.1f}; clean modules "
        f"would have {modules(32):.1f}. What a head means to do for a column, this can't tell from what it breaks there"
    )
    return Finding(over_seeds(results["measured"][:, LOST, ALL, SCORE]), diffuse_score(32, 0.2), note)


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
    one = metrics.effective_rank(one_combination(circuits["effect"][:, LOST, 0].astype(float), columns.config.each))
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
    measure="score of spread over heads, answers lost, six columns, of 32 heads of 2 dimensions, over that of modules, "
    "heads that divide the columns (a score itself is at most the number of heads), mean over seeds; baseline: 8 heads of 8",
    tolerance=Tolerance(reproduced=Above(1) & Of("that of 8 heads", AtMost(1)), partly=Above(1)),
    after_looking=True,
    experiments=("addition/sweep", "addition/circuits_all_columns"),
)
def _small(sweep: Results, columns: Results) -> Finding:
    score = by_shape(columns["shape_measured"][:, LOST, ALL, SCORE], sweep.config)
    small, large = (over_seeds(score[sweep.config.heads.index(heads)] / modules(heads)) for heads in (32, 8))
    return Finding(small, large.value, "Small heads combine, but large ones too", {"that of 8 heads": large})
