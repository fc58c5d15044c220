"""The claims of the chapter on carries."""

from superposition import metrics
from superposition.addition.autoregressive import right_alone
from superposition.addition.carries import by_lot, carries_per_head, errors_above, heads_per_carry, nine_ratio, shown
from superposition.addition.claims.train import SHARE, SOURCE
from superposition.addition.engine.carry_chains import TEST
from superposition.addition.engine.learning_curves import FRESH
from superposition.addition.train import right_sums
from superposition.claims import claim
from superposition.estimates import Estimate, Finding, over_seeds
from superposition.runs import Results
from superposition.tolerances import AtLeast, Every, Of, Some, Tolerance

CASCADE = "Quirke and Barez 2024"


@claim(
    id="addition/carries/1-cascade",
    source=f"{CASCADE}, on another one-layer transformer",
    statement="A one-layer transformer that adds fails in a rare case: where carries cascade through columns that sum to 9.",
    measure="share of wrong digits among those above a column that sums to 9, over that among the others, mean over seeds; "
    "baseline: equal shares",
    tolerance=Tolerance(reproduced=AtLeast(10), partly=AtLeast(2)),
    experiments=("addition/carries",),
)
def _cascade(results: Results) -> Finding:
    share = 100 * errors_above(results, "trained", [9])
    note = f"{share:.0f}% of all wrong digits are there; most others are above a column that sums to 8, 10, 0 or 18"
    return Finding(over_seeds(nine_ratio(results, "trained")), 1, note)


@claim(
    id="addition/carries/2-principle",
    source=f"ours, after {SOURCE}",
    statement="A network of this shape that reads all digits at once could, in principle, determine which carries occurred.",
    measure="share of right sums among 100,000 uniform ones of a network of the same shape whose weights are computed, rounded "
    "to float32; baseline: the original's training",
    tolerance=Tolerance(reproduced=AtLeast(99), partly=AtLeast(95)),
    unit="%",
    after_looking=True,
    experiments=("addition/built", "addition/train", "addition/balanced"),
)
def _principle(built: Results, trained: Results, balanced: Results) -> Finding:
    count = built.config.n_sums
    rate = Estimate(*metrics.rate_interval(round(float(built["sum_accuracy"][TEST]) * count), count), "sums", count)
    best = 100 * float(balanced["sum_accuracy"][:, -1, :, TEST].mean(1).max())
    note = f"No training of ours found one. A first draft of this claim measured trained networks: {best:.0f}%, not reproduced"
    return Finding(rate.percent, 100 * float(right_sums(trained, FRESH).mean()), note)


@claim(
    id="addition/carries/3-groups",
    source=SOURCE,
    statement="Groups of heads cooperate in one feature, and one head serves several.",
    measure="effective number of heads that bring the carry to an answer, by what they add to the logits, mean over seeds; the "
    "counts, of heads to a carry and of carries to a head, are those of the seed with the fewest; baseline: one each",
    tolerance=Tolerance(reproduced=Every("count", AtLeast(2)), partly=Some("count", AtLeast(2))),
    experiments=("addition/carries",),
)
def _groups(results: Results) -> Finding:
    heads, carries = heads_per_carry(results, "trained"), carries_per_head(results, "trained")
    lot = by_lot(results, "trained").mean()
    note = f"A head serves {carries.mean():.1f} of the six carries; {lot:.1f} where the heads of each carry are shuffled"
    least = {"heads to a carry": float(heads.min()), "carries to a head": float(carries.min())}
    return Finding(over_seeds(heads, (1, results["trained_signal"].shape[-1])), 1, note, {"count": least})


@claim(
    id="addition/carries/4-shown",
    source=SOURCE,
    statement="With the digit of the sum below in sight, a model can determine which carries occurred.",
    measure="share of right sums among 20,000 unseen ones of a model that sees the digits it has said itself, of the same shape, "
    "trained on eight times as many sums at four times the rate, mean over seeds; baseline: on as many sums as the original's",
    tolerance=Tolerance(reproduced=Of("the least of the seeds, in %,", AtLeast(99)), partly=AtLeast(99)),
    unit="%",
    experiments=("addition/whole", "addition/autoregressive"),
)
def _shown(adder: Results, fewer: Results) -> Finding:
    right, before = right_alone(adder), right_alone(fewer)
    least = {"the least of the seeds, in %,": 100 * float(right.min())}
    return Finding(over_seeds(right, SHARE).percent, 100 * float(before.mean()), also=least)


@claim(
    id="addition/carries/5-reads",
    source=SOURCE,
    statement="The digit of the sum below is attended to in order to determine whether there was a carry.",
    measure="share of the carry signal past a column of 9, from the thousands to the hundred thousands, if the digit shown in "
    "between is replaced as key and value alone, mean over seeds; baseline: the model of the write-up's code, which sees none",
    tolerance=Tolerance(
        reproduced=AtLeast(90), partly=AtLeast(50), corrected=Of("the share of the query alone, in %,", AtLeast(50))
    ),
    unit="%",
    after_looking=True,
    corrects="the reason",
    experiments=("addition/carries",),
)
def _reads(results: Results) -> Finding:
    values, asked, told = (100 * shown(results, "adder", way) for way in ("found", "asked", "told"))
    note = (
        f"It stands in the place that asks: replaced in the query alone, {asked.mean():.0f}%; "
        f"in both, {told.mean():.0f}%, which is all that a first draft of this claim measured"
    )
    return Finding(over_seeds(values), 0, note, {"the share of the query alone, in %,": over_seeds(asked)})
