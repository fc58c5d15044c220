"""The claims of the chapter on computing in superposition."""

import numpy as np

from superposition import metrics
from superposition.claims import Finding, claim
from superposition.estimates import exactly, over_seeds
from superposition.runs import Results
from superposition.tolerances import (
    BASELINE,
    MOST,
    Above,
    AtLeast,
    AtMost,
    Equal,
    Every,
    Inside,
    Of,
    Some,
    Tolerance,
    Within,
)  # fmt: skip
from superposition.toy.absolute import computed, lopsidedness, monosemantic, two_neurons
from superposition.toy.claims.common import PAPER, by_label, most_at_every
from superposition.toy.computation import (
    GELU,
    LOGIC,
    PRINTED,
    RELU,
    SOLVED,
    balanced,
    extremeness,
    final_losses,
    gain,
    known,
    parts,
    random_balanced,
    solved,
)  # fmt: skip
from superposition.toy.gradual import weighted
from superposition.toy.theory import shared_neurons
from superposition.toy.theory.dedicated_neurons import TARGETS

SOURCE = "Experiments in Superposition, project 4"
SECTION = f"{PAPER}, Computation in Superposition"


@claim(
    id="toy/computation/01-worse",
    source=SOURCE,
    statement="ReLU networks do worse than GELU networks at AND, OR, max(|x|,|y|) and |x|.",
    measure="share of pairs of networks with the same start and data in which GELU has less loss, five densities, of the "
    "target with the fewest; also by target; baseline: a tie",
    tolerance=most_at_every("target"),
    unit="%",
    experiments=("toy/computation",),
)
def _worse(results: Results) -> Finding:
    left = results["original_loss"][[TARGETS.index(t) for t in PRINTED]]
    better = left[:, GELU] < left[:, RELU]
    each = {name: over_seeds(one.T).percent for name, one in zip(PRINTED, better, strict=True)}
    fewest = min(each, key=lambda name: each[name].value)
    return Finding(each[fewest], 50.0, f"Fewest for {fewest}, where ReLU has less loss in most pairs", {"target": each})


@claim(
    id="toy/computation/02-surprising",
    source=SOURCE,
    statement="That ReLU does worse is a surprise about what such networks can compute.",
    measure="share of ReLU networks that are solved in the cell where fewest are (AND, OR, |x|; five densities; 40 seeds); "
    "baseline: in all of them",
    tolerance=Tolerance(corrected=Above(1), otherwise="reproduced"),
    unit="%",
    after_looking=True,
    corrects="the reason",
    experiments=("toy/computation",),
)
def _surprising(results: Results) -> Finding:
    cells = solved(results)[[TARGETS.index(t) for t in ("and", "or", "abs")], RELU].reshape(-1, results.config.original_seeds)
    note = "It is luck of the start, not ability: all three have exact solutions in as many ReLU neurons, which most starts miss"
    return Finding(over_seeds(cells[cells.mean(-1).argmin()]).percent, 100 * float(cells.mean()), note)


@claim(
    id="toy/computation/03-losses",
    source=SOURCE,
    statement="Final losses, ReLU and GELU: AND .0515, .00041; OR .177, .00059; max .173, .0179; |x| .00443, .00100.",
    measure="how many of the eight numbers lie within the range of 40 repetitions (|x|: 8), widened by 5% at each end for the "
    "noise of one batch; baseline: how many would if the eight were dealt out by lot, which says what this can tell",
    tolerance=Tolerance(reproduced=Equal(8), partly=AtLeast(4)),
    unit="of 8",
    after_looking=True,
    experiments=("toy/computation",),
)
def _losses(results: Results) -> Finding:
    names = [f"{target} {kind}" for target in PRINTED for kind in ("ReLU", "GELU")]
    numbers = np.concatenate([np.array(printed) for printed in PRINTED.values()])
    ranges = np.array([(0.95 * one.min(), 1.05 * one.max()) for target in PRINTED for one in final_losses(results, target)])
    within = (ranges[:, :1] <= numbers) & (numbers <= ranges[:, 1:])  # each range by each number
    outside = ", ".join(name for name, hit in zip(names, np.diag(within), strict=True) if not hit)
    return Finding(exactly(float(np.diag(within).sum())), float(within.mean(1).sum()), f"Outside: {outside}" if outside else "")


@claim(
    id="toy/computation/04-balanced",
    source=SOURCE,
    statement="For x², ReLU networks learn weights that are balanced between positive and negative.",
    measure="share of ReLU networks in which positive weights make 40 to 60% of the sum of the sizes of W1, in the densest data "
    "(the mean over networks, our first measure, is a half by symmetry whatever is learned); also with each share of inputs on; "
    "baseline: random weights",
    tolerance=most_at_every("share on"),
    unit="%",
    after_looking=True,
    experiments=("toy/computation",),
)
def _balanced(results: Results) -> Finding:
    hits = balanced(results["single_W1"][1])
    each = {label: one.percent for label, one in by_label(np.round(results.config.original_on, 2), hits[RELU]).items()}
    note = f"GELU networks: {100 * hits[GELU, 0].mean():.0f}%"
    return Finding(each["1"], 100 * random_balanced(), note, {"share on": each})


@claim(
    id="toy/computation/05-extreme",
    source=SOURCE,
    statement="For x², GELU networks have more extreme weights than ReLU networks.",
    measure="largest |weight| of W1 and W2 of a GELU network over that of the ReLU network of the same start, geometric mean "
    "over seeds and "
    "densities; baseline: no difference",
    tolerance=Tolerance(reproduced=Above(BASELINE)),
    experiments=("toy/computation",),
)
def _extreme(results: Results) -> Finding:
    return Finding(over_seeds(np.log(extremeness(results).astype(float))).map(np.exp), 1.0)


_LEFT, _SOLVED = "the share left by two neurons in %", "the share of two neurons that solve it in %"


@claim(
    id="toy/computation/06-neurons",
    source=SOURCE,
    statement="For max(|x|,|y|) two neurons are perhaps not enough.",
    measure="share of ReLU networks with eight neurons that are solved, at the density with the fewest; also at each, and "
    "what two ReLU neurons leave of the loss at best, at the density where that is least; baseline: with two",
    tolerance=Tolerance(reproduced=Every("share on", Above(0)) & Of(_LEFT, AtLeast(1)) & Of(_SOLVED, Equal(0))),
    unit="%",
    experiments=("toy/computation",),
)
def _neurons(results: Results) -> Finding:
    t = TARGETS.index("max")
    two, wide = 100 * float(solved(results)[t, RELU].mean()), results["wide_loss"][-1, LOGIC.index("max")] < SOLVED
    also = {
        _LEFT: 100 * float(results["original_share"][t, RELU, :, 2].min()),
        _SOLVED: two,
        "share on": {label: one.percent for label, one in by_label(np.round(results.config.original_on, 2), wide).items()},
    }
    return Finding(over_seeds(wide[wide.mean(-1).argmin()]).percent, two, "Four are needed; see the proof", also)


@claim(
    id="toy/computation/07-product",
    source=SOURCE,
    statement="It makes more sense to look at the product W1 W2.",
    measure="diagonal of W1 W2 / 2 in the solved dense |x| networks with ReLU, mean over features; baseline: what the network "
    "computes, 1",
    tolerance=Tolerance(corrected=Within(0.1, 0) & Of("the diagonal of |W1| W2 / 2", Within(0.1, 1)), reproduced=Within(0.1, 1)),
    after_looking=True,
    corrects="the method",
    experiments=("toy/computation",),
)
def _product(results: Results) -> Finding:
    odd, even = (part.mean(-1) for part in parts(results))
    note = "The product is the odd part of the answer, and |x| is even"
    return Finding(over_seeds(odd), 1.0, note, {"the diagonal of |W1| W2 / 2": float(even.mean())})


@claim(
    id="toy/computation/08-stacks",
    source=SOURCE,
    statement="The neuron stacks of these networks let us see superposition.",
    measure="share of ReLU networks for x² at the write-up's size with less loss, by more than 5%, than the best neurons that "
    "read one input; "
    "of the others none can have less: that loss is 0, or there is one output",
    tolerance=Tolerance(corrected=Equal(0), reproduced=AtLeast(90), otherwise="partly"),
    unit="%",
    after_looking=True,
    corrects="the reading",
    experiments=("toy/computation",),
)
def _stacks(results: Results) -> Finding:
    square = TARGETS.index("square")
    ratio = results["original_loss"][square, RELU] / known(results, "original_share")[square, RELU, :, 2, None]
    note = (
        f"Whatever the stacks show, no neuron need be shared: {(ratio < 1).sum()} of {ratio.size} are below at all, by at most "
        f"{100 * (1 - ratio.min()):.1f}%"
    )
    return Finding(over_seeds((ratio < 0.95).T).percent, note=note)


@claim(
    id="toy/computation/09-superposition",
    source=SECTION,
    statement="Networks can compute |x| in superposition.",
    measure="share of networks (eight features, six neurons, ReLU, 3% of inputs on) with less loss than the best dedicated "
    "neurons; "
    "baseline: with every input on",
    tolerance=MOST,
    unit="%",
    experiments=("toy/computation",),
)
def _superposition(results: Results) -> Finding:
    left, least = gain(results, "abs")
    below = left < least[..., None]
    reading = shared_neurons.silence("abs", results.config.on[-1], results.config.outputs) * least[RELU, -1]
    lower = 100 * (left[RELU, -1] < reading).mean()
    note = f"With less loss than neurons that write to one output each can have, whatever they read: {lower:.0f}%"
    return Finding(over_seeds(below[RELU, -1]).percent, 100 * float(below[RELU, 0].mean()), note)


_SO = "the share with two in %"


@claim(
    id="toy/computation/10-two-neurons",
    source=SECTION,
    statement="In dense data a feature that is computed has two neurons, one for each side of 0.",
    measure="effective neurons of a feature, the median over features that leave less than a tenth of their variance at S = 0, "
    "mean over seeds; also the share of these features with 1.8 to 2.2; baseline: S = 0.99",
    tolerance=Tolerance(reproduced=Within(0.2, 2) & Of(_SO, AtLeast(50)), partly=Within(0.2, 2)),
    unit="neurons",
    after_looking=True,
    experiments=("toy/absolute",),
)
def _two(results: Results) -> Finding:
    good, count = results["loss"] < 0.1, np.where(results["loss"] < 0.1, results["neurons_per_feature"], np.nan)
    dense, sparse = (np.nanmedian(count[s][good[s].any(-1)], -1) for s in (0, -1))
    two = two_neurons(results)
    note = (
        f"{two.sum()} of {two.size} features. The mean, {np.nanmean(count[0]):.2f}, comes of spare neurons. "
        f"At S = 0.99 only {good[-1].sum()} features are computed so well"
    )
    return Finding(over_seeds(dense), float(sparse.mean()), note, {_SO: 100 * float(two.mean())})


@claim(
    id="toy/computation/11-monosemantic",
    source=SECTION,
    statement="In dense data each neuron works for one feature.",
    measure="share of live neurons with fewer than 1.5 effective features at S = 0, mean over seeds; baseline: before training",
    tolerance=MOST,
    unit="%",
    experiments=("toy/absolute",),
)
def _monosemantic(results: Results) -> Finding:
    before = float((results["start_inputs_per_neuron"] < 1.5).mean())
    return Finding(over_seeds(monosemantic(results)[0], (0, 1)).percent, 100 * before)


@claim(
    id="toy/computation/12-polysemantic",
    source=SECTION,
    statement="In sparse data the neurons that compute |x| are polysemantic.",
    measure="share of live neurons with fewer than 1.5 effective features at S = 0.99, mean over seeds; baseline: trained in "
    "stages",
    tolerance=Tolerance(reproduced=AtMost(10), partly=AtMost(50)),
    unit="%",
    after_looking=True,
    experiments=("toy/absolute", "toy/gradual"),
)
def _polysemantic(results: Results, gradual: Results) -> Finding:
    values, staged = monosemantic(results)[-1], monosemantic(gradual, "hundred_")[-1]
    direct, other = (weighted(one[-1], 0.8).mean() for one in (results["loss"], gradual["hundred_loss"]))
    note = f"These networks leave {direct / other:.0f} times the loss of those that are trained in stages"
    return Finding(over_seeds(values, (0, 1)).percent, 100 * float(staged.mean()), note)


@claim(
    id="toy/computation/13-more",
    source=SECTION,
    statement="With sparse features the network computes for more features than it has neurons.",
    measure="|x| of equally important features in half as many ReLU neurons, 3% of inputs on, trained in stages: features that "
    "leave less than half of their variance, for each neuron; 16 in 8, mean over seeds; also 8 in 4 and 64 in 32; baseline: "
    "dedicated neurons, two each",
    tolerance=Tolerance(reproduced=Every("size", Above(1)), partly=Some("size", Above(1))),
    unit="a neuron",
    after_looking=True,
    experiments=("toy/gradual", "toy/absolute"),
)
def _more(gradual: Results, results: Results) -> Finding:
    each = {}
    for name in ("few", "middle", "large"):
        left = gradual[f"{name}_loss"][TARGETS.index("abs"), RELU]
        neurons = left.shape[-1] // 2
        each[f"{left.shape[-1]} in {neurons}"] = over_seeds((left < 0.5).sum(-1) / neurons)
    count, m = computed(results["loss"])[-1].mean(), results.config.n_hidden
    note = (
        f"A first draft counted the paper's hundred features of falling importance, {count:.1f} in {m} neurons; but those beyond "
        f"the {m}th carry {100 * results.config.importance_decay**m:.3f}% of that loss, so that nothing could have passed"
    )
    return Finding(each["16 in 8"], 0.5, note, {"size": each})


@claim(
    id="toy/computation/14-motif",
    source=f"{SECTION}, The Asymmetric Superposition Motif",
    statement="A neuron serves two features lopsidedly, and a second neuron cancels the strong interference.",
    measure="share of networks (six features, ten neurons, S = 0.8) with at least one such motif, as defined in the chapter; "
    "baseline: the mean number of motifs in a network, in %, after shuffling the weights out",
    tolerance=MOST,
    unit="%",
    experiments=("toy/absolute",),
)
def _motif(results: Results) -> Finding:
    s = metrics.nearest(results["motif_sparsity"], 0.8)
    return Finding(over_seeds(results["motifs"][s] > 0).percent, 100 * float(results["shuffled_motifs"][s].mean()))


@claim(
    id="toy/computation/15-two-and-half",
    source=f"{SECTION}, The Asymmetric Superposition Motif",
    statement="The lopsided neuron's weights are about 2 and −1/2 in, 1/2 and 2 out.",
    measure="larger over smaller weight in (the paper's ratio is 4), of neurons that serve two features at S = 0.8, geometric "
    "mean over those of "
    "each network, then over networks; all such neurons, since the definition of the motif alone forces a ratio of about 2; "
    "baseline: S = 0.95",
    tolerance=Tolerance(reproduced=Inside(2, 8)),
    after_looking=True,
    experiments=("toy/absolute",),
)
def _ratio(results: Results) -> Finding:
    at = [metrics.nearest(results["motif_sparsity"], sparsity) for sparsity in (0.8, 0.95)]
    values, sparser = (np.log(lopsidedness(results["motif_W1"][s], results["motif_W2"][s])) for s in at)
    return Finding(over_seeds(values).map(np.exp), float(np.exp(sparser.mean())))
