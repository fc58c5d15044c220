"""Claims on circuits and heads: how the write-up's statements fare when heads are switched off in the right place."""

import numpy as np

from superposition import metrics
from superposition.addition.circuits import both_signs, one_combination, shuffled
from superposition.addition.circuits_all_columns import ALL, LOGIT, LOST, MEDIAN, PATTERNS, RANK, SCORE, lot_score, modules
from superposition.addition.claims.train import SHARE, SOURCE
from superposition.addition.measures.original_heat_maps import PROBES, RIGHT, A, B, stripes
from superposition.addition.sweep import by_shape
from superposition.claims import claim
from superposition.estimates import Finding, exactly, over_seeds
from superposition.runs import Results
from superposition.tolerances import BASELINE, Above, AtLeast, AtMost, Equal, Of, Tolerance, Within


@claim(
    id="addition/circuits/1-distributed",
    source=SOURCE,
    statement="Several attention circuits are distributed over attention heads, since there are more circuits than heads.",
    measure="score of superposition over heads, by answers lost, 600 circuits of six columns, mean over seeds (1: heads divide "
    "the circuits among themselves; 32: every head serves every circuit); baseline: heads divide the columns; more than that is "
    "no more than a part of the claim, since the measure leaves the reason open",
    tolerance=Tolerance(partly=Above(BASELINE)),
    after_looking=True,
    experiments=("addition/circuits_all_columns",),
)
def _distributed(results: Results) -> Finding:
    lot = lot_score(results)[:, LOST, ALL].mean()
    note = f"Distributed, yes, even over columns, and as by lot, which gives {lot:.1f}; the reason given was not shown"
    return Finding(over_seeds(results["measured"][:, LOST, ALL, SCORE]), float(modules(32)), note)


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
    id="addition/circuits/3-signs",
    source=SOURCE,
    statement="For each circuit some heads contribute positively to the logit of the right digit, others negatively.",
    measure="share of the 100 circuits of the first digit in which negative contributions make at least a tenth of the sum of "
    "sizes; baseline: the same where every head's contributions are shuffled among the circuits",
    tolerance=Tolerance(otherwise="cannot fail"),
    unit="%",
    experiments=("addition/circuits",),
)
def _signs(results: Results) -> Finding:
    effect = results["effect"][:, LOGIT, 0].astype(float)
    note = "Contributions are measured from each head's mean, so that both signs must occur, shuffled or not"
    return Finding(over_seeds(both_signs(effect), SHARE).percent, 100 * float(both_signs(shuffled(effect)).mean()), note)


@claim(
    id="addition/circuits/4-maps",
    source=f"{SOURCE}, heat maps of single heads",
    statement="The map of a head alone shows how much it contributes to the right digit of each pair.",
    measure="share of the variance of the original's maps (position 11, others zeroed) that (a + b) mod 10 alone accounts for, "
    "median over heads, mean over seeds; where that is nearly all, the map is that of one constant vector of ten logits; "
    "baseline: noise",
    tolerance=Tolerance(corrected=AtLeast(90), partly=AtLeast(50), otherwise="reproduced"),
    unit="%",
    experiments=("addition/circuits",),
)
def _maps(results: Results) -> Finding:
    share = np.median(stripes(results["original"].astype(float)), axis=1)
    note = "At position 11 most heads say the same for every pair: their maps show ten constant numbers"
    return Finding(over_seeds(share, SHARE).percent, 100 / 11, note)


@claim(
    id="addition/circuits/5-baseline",
    source=f"{SOURCE}, all heads zero-ablated",
    statement="With all heads ablated the map of the right logit is a pattern of diagonal lines (“2 blue lines”).",
    measure="share of the map's variance that (a + b) mod 10 accounts for, least of all seeds; baseline: noise",
    tolerance=Tolerance(otherwise="cannot fail"),
    unit="%",
    experiments=("addition/circuits",),
)
def _baseline(results: Results) -> Finding:
    share = stripes(results["original_none"].astype(float)[:, RIGHT])
    return Finding(exactly(100 * float(share.min())), 100 / 11, "True by construction: any ten numbers draw such lines")


@claim(
    id="addition/circuits/6-position",
    source=f"{SOURCE}, and the notebook's `position_idx = 2 * n_digits - 1`",
    statement="The maps show logits in position 12, the first output position.",
    measure="share of the 100 pairs whose first digit is right where the notebook reads it, position 11, with all heads on; "
    "baseline: the same digit at position 12, in random sums",
    tolerance=Tolerance(reproduced=AtLeast(50), otherwise="corrected"),
    unit="%",
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
    id="addition/circuits/8-heads",
    source=SOURCE,
    statement="There are 100 circuits while the model has 31 heads.",
    measure="heads of the model of the write-up's own configuration, counted",
    tolerance=Tolerance(reproduced=Equal(31), otherwise="corrected"),
    unit="heads",
    experiments=("addition/circuits",),
)
def _heads(results: Results) -> Finding:
    heads = results["original"].shape[1]
    return Finding(exactly(heads), note=f"`n_heads` is {heads}, in the same text")


@claim(
    id="addition/circuits/9-features",
    source=SOURCE,
    statement="The task makes the model attend to far more features than the product of heads and dimensions, 64.",
    measure="effective rank of what the heads together do, 100 pairs of digits × 320 logits of heads, summed over six columns, "
    "mean over seeds; a first draft asked for half of 64 in a single column, where a rank can't exceed 64; baseline: the 64",
    tolerance=Tolerance(reproduced=Above(2 * BASELINE), partly=Above(BASELINE)),
    after_looking=True,
    experiments=("addition/circuits",),
)
def _features(results: Results) -> Finding:
    each = results["directions"].mean()
    return Finding(over_seeds(results["directions"].sum(-1)), 64, f"{each:.1f} a column; carries, one a column, are not counted")


@claim(
    id="addition/circuits/10-count",
    source=f"{SOURCE}, further directions",
    statement="Setting carries aside, there are (10 choose 2) = 45 solutions to x + y ≤ 9 with digits x and y.",
    measure="pairs of digits with a sum of at most 9, counted",
    tolerance=Tolerance(reproduced=Equal(45), otherwise="corrected"),
    unit="pairs",
    experiments=("addition/circuits",),
)
def _count(results: Results) -> Finding:
    most, fewer = (int((A + B <= bound).sum()) for bound in (9, 8))
    return Finding(exactly(most), note=f"{fewer} is their number for x + y ≤ 8. The 32 heads are fewer either way")


@claim(
    id="addition/circuits/11-small",
    source=SOURCE,
    statement="A large number of very small heads ensures that heads combine.",
    measure="score of superposition over heads, answers lost, six columns, of 32 heads of 2 dimensions, over that of modules, "
    "heads that divide the columns (a score itself is at most the number of heads), mean over seeds; baseline: 8 heads of 8",
    tolerance=Tolerance(reproduced=Above(1) & Of("that of 8 heads", AtMost(1)), partly=Above(1)),
    after_looking=True,
    experiments=("addition/sweep", "addition/circuits_all_columns"),
)
def _small(sweep: Results, columns: Results) -> Finding:
    score = by_shape(columns["shape_measured"][:, LOST, ALL, SCORE], sweep.config)
    small, large = (over_seeds(score[sweep.config.heads.index(heads)] / modules(heads)) for heads in (32, 8))
    return Finding(small, large.value, "Small heads combine, but large ones too", {"that of 8 heads": large})
