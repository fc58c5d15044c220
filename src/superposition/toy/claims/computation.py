"""The claims of the chapter on computing in superposition."""

import numpy as np

from superposition import metrics
from superposition.claims import Finding, Verdict, claim
from superposition.runs import Results
from superposition.toy.theory import dedicated_neurons as circuits
from superposition.toy.absolute import SERVED, live, service
from superposition.toy.theory.dedicated_neurons import TARGETS
from superposition.toy.claims.common import PAPER, share
from superposition.toy.computation import LOGIC
from superposition.toy.gradual import weighted

SOURCE = "Experiments in Superposition, project 4"
SECTION = f"{PAPER}, Computation in Superposition"
RELU, GELU = 0, 1
SOLVED = 0.01  # of the best constant's loss
# What the write-up's program printed at the end: one network a density (|x|: five dense ones), ReLU and GELU.
PRINTED = {"and": (0.0515, 0.00041), "or": (0.177, 0.00059), "max": (0.173, 0.0179), "abs": (0.00443, 0.00100)}


def solved(results: Results) -> np.ndarray:
    """Which networks of the originals' sizes are solved, in every output: (target, activation, density, seed)."""
    return results["original_worst"] < SOLVED


def final_losses(results: Results, target: str) -> np.ndarray:
    """What the write-up's program would have printed, many times over: (activation, repetition)."""
    left = results["original_loss"][TARGETS.index(target)].astype(float)
    if target == "abs":
        return left[:, 0, : left.shape[-1] // 5 * 5].reshape(2, -1, 5).mean(-1) * printed_constants(results, target)[0]
    return (left * printed_constants(results, target)[:, None]).mean(1)


def printed_constants(results: Results, target: str) -> np.ndarray:
    """The best constant's loss at each density in the write-up's units: its logic has two outputs, weighted 1 and 0.9, alike."""
    scale = 1.0 if target == "abs" else 0.95
    return np.array([scale * circuits.variance(target, p) for p in results.config.original_on])


def balance(W1: np.ndarray) -> np.ndarray:
    """The share of the positive weights in the sum of the sizes of all."""
    return np.maximum(W1, 0).sum((-1, -2)) / np.abs(W1).sum((-1, -2))


def balanced(W1: np.ndarray) -> np.ndarray:
    """Networks whose positive weights make between 40 and 60% of the sizes."""
    return np.abs(balance(W1) - 0.5) < 0.1


def random_balanced() -> float:
    """The share of `balanced` ones among random matrices of three inputs and six neurons."""
    return float(balanced(np.random.default_rng(0).standard_normal((100000, 3, 6))).mean())


def two_neurons(results: Results) -> np.ndarray:
    """Whether each feature computed well in dense data has two effective neurons, 1.8 to 2.2: (feature of any seed)."""
    per = results["neurons_per_feature"][0][results["loss"][0] < 0.1]
    return (per >= 1.8) & (per <= 2.2)


def lopsidedness(W1: np.ndarray, W2: np.ndarray) -> np.ndarray:
    """Larger over smaller weight in of the neurons that serve two features, geometric mean of each network that has any."""
    size, served = np.abs(W1), service(W1, W2) >= SERVED
    two = served.sum(-2) == 2
    high, low = np.where(served, size, 0).max(-2), np.where(served, size, np.inf).min(-2)
    logs = [np.log(h[t] / l[t]).mean() for h, l, t in zip(high, low, two, strict=True) if t.any()]
    return np.exp(np.array(logs, float))


def geometric(values: np.ndarray) -> tuple[float, float, float]:
    """Geometric mean with its interval."""
    mean, low, high = metrics.mean_interval(np.log(values.astype(float)))
    return float(np.exp(mean)), float(np.exp(low)), float(np.exp(high))


def extremeness(results: Results) -> np.ndarray:
    """Largest weight of a GELU network for x² over that of the ReLU network of the same start, geometric mean over densities."""
    largest = np.maximum(*(np.abs(results[f"single_{name}"][1]).max((-1, -2)) for name in ("W1", "W2")))
    return np.exp(np.log(largest[GELU] / largest[RELU]).mean(0))


def parts(results: Results, activation: int = RELU) -> tuple[np.ndarray, np.ndarray]:
    """The diagonals of W1 W2 / 2 and |W1| W2 / 2 of the solved dense |x| networks: what the product shows, and what it hides."""
    chosen = solved(results)[TARGETS.index("abs"), activation, 0]
    W1, W2 = results["single_W1"][0, activation, 0, chosen], results["single_W2"][0, activation, 0, chosen]
    return tuple(np.einsum("sik,ski->si", W, W2) / 2 for W in (W1, np.abs(W1)))


def monosemantic(results: Results, prefix: str = "") -> np.ndarray:
    """The share of live neurons with fewer than 1.5 effective features: (sparsity, seed)."""
    alive = live(results[f"{prefix}size"])
    return (alive & (results[f"{prefix}inputs_per_neuron"] < 1.5)).sum(-1) / np.maximum(1, alive.sum(-1))


def computed(loss: np.ndarray) -> np.ndarray:
    """How many features leave less than half of their variance: (sparsity, seed)."""
    return (loss < 0.5).sum(-1)


def known(results: Results, name: str = "share") -> np.ndarray:
    """The least share of its variance known for k neurons that read one output's inputs and write to it alone.

    It is what the descents found, and for ReLUs what is proven."""
    share, square = np.minimum.accumulate(results[name], -1), TARGETS.index("square")
    for target, (W1, *_) in circuits.EXACT.items():
        share[TARGETS.index(target), RELU, :, np.shape(W1)[1] :] = 0
    for k, p in enumerate(results.config.on if name == "share" else results.config.original_on):
        share[square, RELU, k, 2:] = p * circuits.HINGE_LOSS / circuits.variance("square", p)
    return share


def gain(results: Results, target: str, hidden: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Mean loss of every network, and that of the best dedicated neurons: (activation, rate, seed), (activation, rate)."""
    t, m = TARGETS.index(target), results.config.hidden[hidden]
    return results["loss"][t, hidden].mean(-1), circuits.dedicated(known(results)[t], results.config.outputs, m)


def _mean(verdict: Verdict, values: np.ndarray, baseline: float | None, unit: str = "", note: str = "") -> Finding:
    mean, low, high = (float(x) for x in metrics.mean_interval(values.astype(float)))
    return Finding(verdict, mean, low, high, len(values), baseline, unit, note)


@claim(
    id="toy/computation/01-worse",
    source=SOURCE,
    statement="ReLU networks do worse than GELU networks at AND, OR, max(|x|,|y|) and |x|.",
    measure="share of pairs of networks with the same start and data, over four targets and five densities, in which GELU has less loss",
    tolerance="reproduced from 90%, partly from 50%; baseline: a tie",
    experiments=("toy/computation",),
)
def _worse(results: Results) -> Finding:
    left = results["original_loss"][[TARGETS.index(t) for t in PRINTED]]
    better = left[:, GELU] < left[:, RELU]
    rates = [f"{t} {100 * one.mean():.0f}%" for t, one in zip(PRINTED, better)]
    return share(better, better.shape[-1], 0.5, "By target: " + ", ".join(rates))


@claim(
    id="toy/computation/02-surprising",
    source=SOURCE,
    statement="That ReLU does worse is a surprise about what such networks can compute.",
    measure="share of cells (AND, OR, |x|; five densities) in which the best ReLU network of 40 is solved; baseline: of all of them",
    tolerance="corrected if at least 90% of the cells have a solved network: it is luck of the start, not ability",
    experiments=("toy/computation",),
)
def _surprising(results: Results) -> Finding:
    cells = solved(results)[[TARGETS.index(t) for t in ("and", "or", "abs")], RELU]
    hits = cells.any(-1)
    rate, low, high = metrics.rate_interval(int(hits.sum()), hits.size)
    verdict: Verdict = "corrected" if rate >= 0.9 else "not reproduced"
    note = "All three have exact solutions in as many ReLU neurons, which most starts miss"
    return Finding(verdict, 100 * rate, 100 * low, 100 * high, cells.shape[-1], 100 * float(cells.mean()), "%", note)


@claim(
    id="toy/computation/03-losses",
    source=SOURCE,
    statement="Final losses, ReLU and GELU: AND .0515, .00041; OR .177, .00059; max .173, .0179; |x| .00443, .00100.",
    measure="how many of the eight numbers lie within the range of 40 repetitions (|x|: 8), widened by 5% at each end",
    tolerance="reproduced if all do, partly from four on; the interval is Wilson's; the 5%, for the noise of one batch, set after looking",
    experiments=("toy/computation",),
)
def _losses(results: Results) -> Finding:
    within = []
    for target, printed in PRINTED.items():
        values = final_losses(results, target)
        within += [0.95 * one.min() <= number <= 1.05 * one.max() for number, one in zip(printed, values)]
    rate, low, high = metrics.rate_interval(int(sum(within)), len(within))
    verdict: Verdict = "reproduced" if all(within) else "partly" if sum(within) >= 4 else "not reproduced"
    names = [f"{t} {a}" for t in PRINTED for a in ("ReLU", "GELU")]
    outside = ", ".join(name for name, one in zip(names, within) if not one)
    note = f"Outside: {outside}" if outside else ""
    return Finding(verdict, float(sum(within)), 8 * low, 8 * high, results.config.original_seeds, 8.0, "of 8", note)


@claim(
    id="toy/computation/04-balanced",
    source=SOURCE,
    statement="For x², ReLU networks learn weights that are balanced between positive and negative.",
    measure="share of ReLU networks in which positive weights make 40 to 60% of the sum of the sizes of W1; baseline: random weights",
    tolerance="reproduced from 90%, partly from 50%; set after looking, since the mean over networks, our first measure, is a half "
    "by symmetry whatever is learned",
    experiments=("toy/computation",),
)
def _balanced(results: Results) -> Finding:
    hits = balanced(results["single_W1"][1])
    return share(hits[RELU], hits.shape[-1], random_balanced(), f"GELU networks: {100 * hits[GELU].mean():.0f}%")


@claim(
    id="toy/computation/05-extreme",
    source=SOURCE,
    statement="For x², GELU networks have more extreme weights than ReLU networks.",
    measure="largest |weight| of W1 and W2 of a GELU network over that of the ReLU network of the same start, geometric mean over seeds and densities",
    tolerance="reproduced where the interval lies above 1",
    experiments=("toy/computation",),
)
def _extreme(results: Results) -> Finding:
    values = extremeness(results)
    mean, low, high = geometric(values)
    verdict: Verdict = "reproduced" if low > 1 else "not reproduced"
    return Finding(verdict, mean, low, high, len(values), 1.0)


@claim(
    id="toy/computation/06-neurons",
    source=SOURCE,
    statement="For max(|x|,|y|) two neurons are perhaps not enough.",
    measure="share of ReLU networks with eight neurons that are solved, over five densities; baseline: with two",
    tolerance="reproduced if two ReLU neurons leave at least 1% at every density at best, none is solved, and some with eight are",
    experiments=("toy/computation",),
)
def _neurons(results: Results) -> Finding:
    t = TARGETS.index("max")
    two, wide = solved(results)[t, RELU], results["wide_loss"][-1, LOGIC.index("max")] < SOLVED
    enough = results["original_share"][t, RELU, :, 2].min() < SOLVED or two.any()
    rate, low, high = metrics.rate_interval(int(wide.sum()), wide.size)
    verdict: Verdict = "not reproduced" if enough or not wide.any() else "reproduced"
    return Finding(verdict, 100 * rate, 100 * low, 100 * high, wide.shape[-1], 100 * float(two.mean()), "%", "Four are needed; see the proof")


@claim(
    id="toy/computation/07-product",
    source=SOURCE,
    statement="It makes more sense to look at the product W1 W2.",
    measure="diagonal of W1 W2 / 2 in the solved dense |x| networks with ReLU, mean over features; baseline: diagonal of |W1| W2 / 2",
    tolerance="corrected if the first is within 0.1 of 0 and the second within 0.1 of 1",
    experiments=("toy/computation",),
)
def _product(results: Results) -> Finding:
    odd, even = (part.mean(-1) for part in parts(results))
    verdict: Verdict = "corrected" if abs(odd.mean()) < 0.1 and abs(even.mean() - 1) < 0.1 else "reproduced"
    return _mean(verdict, odd, float(even.mean()), "", "The product is the odd part of the answer, and |x| is even")


@claim(
    id="toy/computation/08-stacks",
    source=SOURCE,
    statement="The neuron stacks of these networks let us see superposition.",
    measure="share of ReLU networks for x² at the write-up's size with less loss than the best neurons that read one input; "
    "of the others none can have less: that baseline is 0, or there is one output",
    tolerance="corrected if none has, within 5%: whatever the stacks show, no neuron need be shared; set after looking",
    experiments=("toy/computation",),
)
def _stacks(results: Results) -> Finding:
    square = TARGETS.index("square")
    ratio = results["original_loss"][square, RELU] / known(results, "original_share")[square, RELU, :, 2, None]
    below = ratio < 0.95
    rate, low, high = metrics.rate_interval(int(below.sum()), below.size)
    verdict: Verdict = "corrected" if not below.any() else "partly"
    note = f"{(ratio < 1).sum()} of {ratio.size} are below at all, by at most {100 * (1 - ratio.min()):.1f}%"
    return Finding(verdict, 100 * rate, 100 * low, 100 * high, below.shape[-1], None, "%", note)


@claim(
    id="toy/computation/09-superposition",
    source=SECTION,
    statement="Networks can compute |x| in superposition.",
    measure="share of networks (eight features, six neurons, ReLU, 3% of inputs on) with less loss than the best dedicated neurons",
    tolerance="reproduced from 90%, partly from 50%; baseline: with every input on",
    experiments=("toy/computation",),
)
def _superposition(results: Results) -> Finding:
    left, least = gain(results, "abs")
    below = left < least[..., None]
    return share(below[RELU, -1], below.shape[-1], float(below[RELU, 0].mean()))


@claim(
    id="toy/computation/10-two-neurons",
    source=SECTION,
    statement="In dense data a feature that is computed has two neurons, one for each side of 0.",
    measure="effective neurons per feature, over features that leave less than a tenth of their variance at S = 0, mean over seeds; baseline: S = 0.99",
    tolerance="reproduced between 1.8 and 2.2",
    experiments=("toy/absolute",),
)
def _two(results: Results) -> Finding:
    good = results["loss"] < 0.1
    total = np.where(good, results["neurons_per_feature"], 0).sum(-1)
    dense, sparse = (total[s][good[s].any(-1)] / good[s].sum(-1)[good[s].any(-1)] for s in (0, -1))
    verdict: Verdict = "reproduced" if 1.8 <= dense.mean() <= 2.2 else "not reproduced"
    two = two_neurons(results)
    note = f"{two.sum()} of the {two.size} features have 1.8 to 2.2. At S = 0.99 only {good[-1].sum()} are computed so well"
    return _mean(verdict, dense, float(sparse.mean()), "neurons", note)


@claim(
    id="toy/computation/11-monosemantic",
    source=SECTION,
    statement="In dense data each neuron works for one feature.",
    measure="share of live neurons with fewer than 1.5 effective features at S = 0, mean over seeds; baseline: before training",
    tolerance="reproduced from 90%, partly from 50%",
    experiments=("toy/absolute",),
)
def _monosemantic(results: Results) -> Finding:
    values = monosemantic(results)[0]
    verdict: Verdict = "reproduced" if values.mean() >= 0.9 else "partly" if values.mean() >= 0.5 else "not reproduced"
    return _mean(verdict, 100 * values, 100 * float((results["start_inputs_per_neuron"] < 1.5).mean()), "%")


@claim(
    id="toy/computation/12-polysemantic",
    source=SECTION,
    statement="In sparse data the neurons that compute |x| are polysemantic.",
    measure="share of live neurons with fewer than 1.5 effective features at S = 0.99, mean over seeds; baseline: trained in stages",
    tolerance="reproduced up to 10%, partly up to 50%; the staged baseline was added after looking",
    experiments=("toy/absolute", "toy/gradual"),
)
def _polysemantic(results: Results, gradual: Results) -> Finding:
    values, staged = monosemantic(results), monosemantic(gradual, "hundred_")
    mean = values[-1].mean()
    verdict: Verdict = "reproduced" if mean <= 0.1 else "partly" if mean <= 0.5 else "not reproduced"
    direct, other = (weighted(one[-1], 0.8).mean() for one in (results["loss"], gradual["hundred_loss"]))
    note = f"These networks leave {direct / other:.0f} times the loss of those that are trained in stages"
    return _mean(verdict, 100 * values[-1], 100 * float(staged[-1].mean()), "%", note)


@claim(
    id="toy/computation/13-more",
    source=SECTION,
    statement="With sparse features the network computes for more features than it has neurons.",
    measure="features that leave less than half of their variance at S = 0.99, mean over seeds; baseline: trained in stages",
    tolerance="reproduced where the interval of either lies above 40, the number of neurons; partly above 20, two neurons a feature; "
    "the staged networks were added after looking",
    experiments=("toy/absolute", "toy/gradual"),
)
def _more(results: Results, gradual: Results) -> Finding:
    count, staged, m = computed(results["loss"])[-1], computed(gradual["hundred_loss"])[-1], results.config.n_hidden
    low = max(float(metrics.mean_interval(one.astype(float))[1]) for one in (count, staged))
    verdict: Verdict = "reproduced" if low > m else "partly" if low > m / 2 else "not reproduced"
    lenient = (results["loss"][-1] < 0.65).sum(-1).mean()
    note = f"A feature served on one side of 0 leaves about a half: below 0.65 there are {lenient:.1f}, and it would be partly"
    return _mean(verdict, count, float(staged.mean()), "features", note)


@claim(
    id="toy/computation/14-motif",
    source=f"{SECTION}, The Asymmetric Superposition Motif",
    statement="A neuron serves two features lopsidedly, and a second neuron cancels the strong interference.",
    measure="share of networks (six features, ten neurons, S = 0.8) with at least one such motif, as defined in the chapter",
    tolerance="reproduced from 90%, partly from 50%; baseline: expected motifs after shuffling the weights out",
    experiments=("toy/absolute",),
)
def _motif(results: Results) -> Finding:
    s = int(np.abs(results["motif_sparsity"] - 0.8).argmin())
    return share(results["motifs"][s] > 0, results["motifs"].shape[1], float(results["shuffled_motifs"][s].mean()))


@claim(
    id="toy/computation/15-two-and-half",
    source=f"{SECTION}, The Asymmetric Superposition Motif",
    statement="The lopsided neuron's weights are about 2 and −1/2 in, 1/2 and 2 out.",
    measure="larger over smaller weight in, of neurons that serve two features at S = 0.8, geometric mean over those of each network, "
    "then over networks; baseline: S = 0.95",
    tolerance="reproduced if the interval lies between 2 and 8; the paper's ratio is 4. All such neurons were taken after looking: "
    "the definition of the motif alone forces a ratio of about 2",
    experiments=("toy/absolute",),
)
def _ratio(results: Results) -> Finding:
    at = [int(np.abs(results["motif_sparsity"] - sparsity).argmin()) for sparsity in (0.8, 0.95)]
    values, sparser = (lopsidedness(results["motif_W1"][s], results["motif_W2"][s]) for s in at)
    mean, low, high = geometric(values)
    verdict: Verdict = "reproduced" if low >= 2 and high <= 8 else "not reproduced"
    return Finding(verdict, mean, low, high, len(values), geometric(sparser)[0])
