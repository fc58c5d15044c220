"""The claims of the chapter on compressed computation: mixed labels, other losses, all ANDs of pairs, and no ReLU at all."""

from math import comb

import numpy as np

from superposition.claims import Finding, claim
from superposition.estimates import exactly, over_seeds
from superposition.runs import Results
from superposition.tolerances import Above, AtLeast, AtMost, Below, Every, Inside, MoreThan, Of, Some, Tolerance, Within
from superposition.toy import compressed, universal_and
from superposition.toy.compressed import KINDS

BRAUN, BHAGAT, AGAIN = "Braun et al. 2025", "Bhagat et al. 2026", "A replication of Bhagat et al. (cis-toy-models, 2026)"
RUN, AND, LINEAR = ("toy/compressed",), ("toy/universal_and",), ("toy/linear",)
# Printed there of one training each, at p = 0.01 with one input active at a time; and of symmetric noise at p = 0.001.
PUBLISHED = {"embedding": 0.0604, "symmetric": 0.0578, "asymmetric": 0.0697, "none": 0.0836}
PUBLISHED_RARER = 0.583


def _naive(results):
    return compressed.naive(results.config.n, results.config.m)


def _kinds(values, bounds=None, kinds=KINDS):
    """An estimate over seeds for each kind of mixing."""
    return {kind: over_seeds(values[KINDS.index(kind)], bounds) for kind in kinds}


@claim(
    id="toy/compressed/01-gain",
    source=BRAUN,
    statement="Fifty neurons do better at a hundred ReLUs than fifty dedicated neurons can.",
    measure="loss of an output over p at p = 0.01, labels mixed by a random embedding of 1,000 dimensions, over seeds; baseline: "
    "dedicated neurons on clean labels, 1/12",
    tolerance=Tolerance(reproduced=Below(1 / 12)),
    experiments=RUN,
)
def _gain(results: Results) -> Finding:
    return Finding(
        over_seeds(results["loss"][0]), _naive(results), "By the next claim, it isn't the ReLUs that they do better at"
    )


@claim(
    id="toy/compressed/02-mixing",
    source=BHAGAT,
    statement="The gain is that of the mixed labels: on clean ones there is none.",
    measure="what dedicated neurons leave less the loss on clean labels, as a share of the former, over seeds: with one input "
    "active at a time, the best of all trainings, and at p = 0.01; the greater is given",
    tolerance=Tolerance(otherwise="cannot fail"),
    experiments=RUN,
)
def _mixing(results: Results) -> Finding:
    clean, naive = KINDS.index("none"), _naive(results)
    best = compressed.best_alone(results)[clean]
    each = {
        name: over_seeds(1 - of / naive, (-1.0, 1.0))
        for name, of in (("one at a time", best), ("p = 0.01", results["loss"][clean]))
    }
    note = "So it is, and must be: at p = 0.01 clean labels allow a gain of {:.1%} at most, and none with one input at a time"
    least = 1 - results["least"][clean].mean() / naive
    return Finding(max(each.values(), key=lambda one: one.value), 0.0, note.format(least))


@claim(
    id="toy/compressed/03-spectrum",
    source="This book",
    statement="What a network can gain is told by its labels' second moment, and training comes within a tenth of it.",
    measure="loss of the best training over the least that m dimensions allow, less 1, one input active at a time, over seeds; "
    "the most of the four mixings is given",
    tolerance=Tolerance(reproduced=Every("mixing", Below(0.1)), partly=Some("mixing", Below(0.1))),
    experiments=RUN,
    after_looking=True,
)
def _spectrum(results: Results) -> Finding:
    each = _kinds(compressed.best_alone(results) / results["lone_least"] - 1, (0.0, 1.0))
    return Finding(max(each.values(), key=lambda one: one.value), 0.0, also={"mixing": each})


@claim(
    id="toy/compressed/04-numbers",
    source=AGAIN,
    statement="Trained, an output's loss over p is 0.0604 with an embedding, 0.0578 and 0.0697 with symmetric and other noise, "
    "and 0.0836 without.",
    measure="how far our mean over seeds is off the printed number, as a share of it, with the originals' rate, start and steps; "
    "the most of four is given",
    tolerance=Tolerance(reproduced=AtMost(0.03), partly=AtMost(0.1)),
    experiments=RUN,
)
def _numbers(results: Results) -> Finding:
    ours = results["lone_loss"].mean(1)
    return Finding(exactly(max(abs(ours[KINDS.index(kind)] / value - 1) for kind, value in PUBLISHED.items())))


@claim(
    id="toy/compressed/05-scales",
    source=BHAGAT,
    statement="The gain grows with the size of the mixing, up to a point.",
    measure="share of seeds in which the loss falls from each σ to the next up to 0.03, and is higher again at 0.08 than at its "
    "least, for the kind of noise with the fewer",
    tolerance=Tolerance(reproduced=Every("noise", AtLeast(90)), partly=Some("noise", AtLeast(90))),
    experiments=RUN,
    unit="%",
)
def _scales(results: Results) -> Finding:
    loss, rising = results["sweep_loss"], results["sigma"] <= 0.03
    shaped = (np.diff(loss[:, rising], axis=1) < 0).all(1) & (loss[:, -1] > loss.min(1))
    each = {kind: over_seeds(one).percent for kind, one in zip(KINDS[1:3], shaped, strict=True)}
    return Finding(min(each.values(), key=lambda one: one.value), also={"noise": each})


@claim(
    id="toy/compressed/06-moved",
    source=BHAGAT,
    statement="What was learned on mixed labels is no better than dedicated neurons on clean ones.",
    measure="loss on clean labels of networks trained on mixed ones, over what dedicated neurons leave, less 1, one input active "
    "at a time, over seeds; the least of three mixings is given",
    tolerance=Tolerance(reproduced=Every("mixing", Above(0)), partly=Some("mixing", Above(0))),
    experiments=RUN,
)
def _moved(results: Results) -> Finding:
    each = _kinds(results["moved"] / _naive(results) - 1, None, KINDS[:3])
    settled = float((results["settled"][:3] / _naive(results) - 1).mean())
    note = f"After {results.config.other_steps:,} more steps on clean labels they leave {1 + settled:.3f} times that, in the mean"
    return Finding(min(each.values(), key=lambda one: one.value), 0.0, note, {"mixing": each})


@claim(
    id="toy/compressed/07-directions",
    source=BHAGAT,
    statement="The neurons read the leading directions of the mixing.",
    measure="share of ‖W1‖² within the 50 leading directions of the labels' second moment (of symmetric noise: the leading "
    "eigenvectors of M), over seeds; the least of three mixings is given, and what directions at random have as a baseline",
    tolerance=Tolerance(reproduced=Every("mixing", Above(0.8)), partly=Every("mixing", Above(0.5))),
    experiments=RUN,
    after_looking=True,
)
def _directions(results: Results) -> Finding:
    each = _kinds(results["aligned"], (0.0, 1.0), KINDS[:3])
    chance = results.config.m / results.config.n
    return Finding(min(each.values(), key=lambda one: one.value), chance, also={"mixing": each})


@claim(
    id="toy/compressed/08-dense",
    source=AGAIN,
    statement="On clean labels a network never does better than dedicated neurons, however many inputs are active.",
    measure="what dedicated neurons leave less the loss on clean labels, as a share of the former, over seeds, at p = 0.1, 0.5 "
    "and 1; the most is given",
    tolerance=Tolerance(corrected=Some("p", Above(0.05)), otherwise="reproduced"),
    experiments=RUN,
    corrects="the reading",
)
def _dense(results: Results) -> Finding:
    gains = 1 - results["dense_loss"] / _naive(results)
    each = {f"{p:g}": over_seeds(one) for p, one in zip(results.config.dense, gains, strict=True)}
    least = 1 - results["dense_least"][-1] / _naive(results)
    note = f"Its own picture shows it; with all inputs active the labels have a common mean, and allow {least:.0%}"
    return Finding(max(each.values(), key=lambda one: one.value), 0.0, note, {"p": each})


@claim(
    id="toy/compressed/09-rarer",
    source=AGAIN,
    statement="With rarer inputs the loss of an output over p grows: at p = 0.001 it is ten times that at 0.01.",
    measure="the printed loss at p = 0.001 (symmetric noise), times 0.001 and over the 1/100 that one of a hundred inputs at a "
    "time makes it, over ours",
    tolerance=Tolerance(corrected=Within(0.05, 1), otherwise="reproduced"),
    experiments=RUN,
    corrects="the method",
)
def _rarer(results: Results) -> Finding:
    ours = results["lone_loss"][KINDS.index("symmetric")].mean()
    note = "There one input is active at a time whatever p says, and the loss is divided by what p says"
    return Finding(exactly(PUBLISHED_RARER * 0.001 * results.config.n / ours), 1.0, note)


@claim(
    id="toy/compressed/10-fourth",
    source=AGAIN,
    statement="With the fourth power of the error, 50 neurons compute all of 500 ReLUs; with the square about 50.",
    measure="share of features that leave less than half of the squared error that ignoring them leaves where they are positive, "
    "with the fourth power; and how many with the square",
    tolerance=Tolerance(reproduced=AtLeast(90) & Of("with the square", Inside(25, 75)), partly=AtLeast(90)),
    experiments=RUN,
    unit="%",
)
def _fourth(results: Results) -> Finding:
    square, fourth = (compressed.learned(results, training) for training in (0, 1))
    n = results.config.crowd_n
    share = over_seeds(fourth / n, (0.0, 1.0)).percent
    return Finding(share, also={"with the square": over_seeds(square.astype(float), (0.0, float(n)))})


@claim(
    id="toy/compressed/11-ignoring",
    source=AGAIN,
    statement="Ignoring a feature leaves a squared error of 1/6 where it is positive.",
    measure="median over features of that error, of networks trained on the square, which ignore nine tenths of them, over seeds",
    tolerance=Tolerance(corrected=Above(0.25), otherwise="reproduced"),
    experiments=RUN,
    corrects="the reading",
)
def _ignoring(results: Results) -> Finding:
    note = "E x² is 1/3 where x is positive; 1/6 is the mean over positive and negative inputs"
    return Finding(over_seeds(np.median(results["positive"][0], -1)), 1 / 6, note)


@claim(
    id="toy/compressed/12-without",
    source="This book",
    statement="Most of what the fourth power gains is gained by a network without ReLUs too.",
    measure="the fall of Σ error⁴ below that of ignoring all features, 1/10 for an output over p, of networks without ReLUs, "
    "over that of the same with them, over seeds",
    tolerance=Tolerance(reproduced=Above(0.8), partly=Above(0.5)),
    experiments=RUN,
    after_looking=True,
)
def _without(results: Results) -> Finding:
    gained = 1 / 10 - results["crowd_l4"]
    return Finding(over_seeds(gained[2] / gained[1]))


@claim(
    id="toy/compressed/13-price",
    source="This book",
    statement="Its squared error is then greater than that of saying nothing.",
    measure="squared error of an output over p, of networks trained on the fourth power, over seeds; baseline: that of 0, 1/6",
    tolerance=Tolerance(reproduced=Above(1 / 6)),
    experiments=RUN,
    after_looking=True,
)
def _price(results: Results) -> Finding:
    return Finding(over_seeds(results["crowd_l2"][1]), 1 / 6)


@claim(
    id="toy/compressed/14-and",
    source="Newgas 2025, after Hänni et al. 2024",
    statement="The ANDs of all pairs are computed in fewer neurons than there are pairs.",
    measure="number of ANDs over the fewest neurons with which a network has all of them within 0.2, over all inputs with at "
    "most two on, over seeds; the least of five sizes is given; baseline: dedicated neurons",
    tolerance=Tolerance(reproduced=Every("inputs", Above(1)), partly=Some("inputs", Above(1))),
    experiments=AND,
    after_looking=True,
)
def _and(results: Results) -> Finding:
    each = {}
    for n, needed, tried in zip(
        results.config.inputs, universal_and.needed(results, results.config.error), results["neurons"], strict=True
    ):
        pairs = comb(n, 2)
        each[f"{n}"] = over_seeds(pairs / needed, (pairs / tried.max(), pairs / tried.min()))
    return Finding(min(each.values(), key=lambda one: one.value), 1.0, also={"inputs": each})


@claim(
    id="toy/compressed/15-square",
    source="This book, after Adler and Shavit 2024",
    statement="The number of ANDs grows with the square of the neurons that they need.",
    measure="slope of log ANDs over log neurons needed, from 8 to 32 inputs, over seeds; baseline: dedicated neurons, 1",
    tolerance=Tolerance(reproduced=Inside(1.75, 2.25), partly=Above(1)),
    experiments=AND,
    after_looking=True,
)
def _square(results: Results) -> Finding:
    slope = universal_and.exponent(results, results.config.error)
    note = "Sizes this small can't tell a square from a square over a logarithm"
    return Finding(over_seeds(slope, (1.0, 3.0)), 1.0, note)


@claim(
    id="toy/compressed/16-stages",
    source="This book",
    statement="One power of the error alone doesn't find this.",
    measure="how many of the ANDs of 16 inputs are within 0.2 with higher and higher powers of the error, less with the fourth "
    "alone and as many steps, over seeds; for the number of neurons where the difference is greatest",
    tolerance=Tolerance(reproduced=Above(0)),
    experiments=AND,
    after_looking=True,
)
def _stages(results: Results) -> Finding:
    size, error = results.config.inputs.index(results.config.more_inputs), results.config.error
    staged, plain = (universal_and.computed(worst, error).astype(float) for worst in (results["worst"][size], results["plain"]))
    most = int((staged - plain).mean(1).argmax())
    pairs = float(comb(results.config.more_inputs, 2))
    note = f"With {results['neurons'][size, most]} neurons, {staged[most].mean():.0f} and {plain[most].mean():.0f} of {pairs:.0f}"
    return Finding(over_seeds(staged[most] - plain[most], (-pairs, pairs)), 0.0, note)


@claim(
    id="toy/compressed/17-dozens",
    source="Alternative Models of Superposition (LessWrong, 2025)",
    statement="Without a ReLU, dozens of features find room in two dimensions, if the loss looks at the target alone.",
    measure="share of the hundred rows longer than ½ where others are present with p = 0.01, over seeds, and the loss, of which "
    "no weights at all leave 1",
    tolerance=Tolerance(reproduced=AtLeast(90) & Of("loss", Below(0.05)), partly=AtLeast(24)),
    experiments=LINEAR,
    unit="%",
)
def _dozens(results: Results) -> Finding:
    place = int(np.abs(results["p"] - 0.01).argmin())
    long = (np.linalg.norm(results["W"][place], axis=-1) > 0.5).mean(-1)
    return Finding(over_seeds(long, (0.0, 1.0)).percent, also={"loss": over_seeds(results["loss"][place], (0.0, 1.0))})


@claim(
    id="toy/compressed/18-apart",
    source="This book",
    statement="These directions are no easier to tell apart than ones drawn blindly.",
    measure="share of inputs in which the target's output is the largest, of trained models less that of random unit rows at "
    "their best length, over seeds; the highest over p is given",
    tolerance=Tolerance(reproduced=Every("p", Below(0.02)), partly=Some("p", Below(0.02))),
    experiments=LINEAR,
    after_looking=True,
)
def _apart(results: Results) -> Finding:
    gain = results["identified"] - results["built_identified"][:, 1]
    each = {f"{p:g}": over_seeds(one, (-1.0, 1.0)) for p, one in zip(results["p"], gain, strict=True)}
    return Finding(max(each.values(), key=lambda one: one.value), 0.0, also={"p": each})


@claim(
    id="toy/compressed/19-identical",
    source="This book",
    statement="The loss doesn't ask for them to be told apart: a hundred identical rows lose less.",
    measure="loss of trained models less that of identical rows at their best length, over seeds, where others are present with "
    "p = 0.1 or more; the least is given",
    tolerance=Tolerance(reproduced=Every("p", Above(0)), partly=Some("p", Above(0))),
    experiments=LINEAR,
    after_looking=True,
)
def _identical(results: Results) -> Finding:
    more = results["loss"] - results["built_loss"][:, 3]
    each = {f"{p:g}": over_seeds(one) for p, one in zip(results["p"], more, strict=True) if p >= 0.1 - 1e-9}
    return Finding(min(each.values(), key=lambda one: one.value), 0.0, also={"p": each})


@claim(
    id="toy/compressed/20-all-outputs",
    source="Elhage et al. 2022, of linear models",
    statement="A linear model that is asked for all its outputs does better without superposition.",
    measure="loss over all outputs of the models trained on the target alone, over that of no weights at all, over seeds; the "
    "least over p is given; a loss of no weights is 1",
    tolerance=Tolerance(reproduced=Every("p", MoreThan(1)), partly=Some("p", MoreThan(1))),
    experiments=LINEAR,
    after_looking=True,
)
def _all_outputs(results: Results) -> Finding:
    ratio = results["full_loss"] / results["ignored_loss"][:, None]
    each = {f"{p:g}": over_seeds(one) for p, one in zip(results["p"], ratio, strict=True)}
    return Finding(min(each.values(), key=lambda one: one.value), 1.0, also={"p": each})
