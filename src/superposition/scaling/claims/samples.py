"""The claims of the chapter on memorising samples and storing features."""

import numpy as np

from superposition import metrics
from superposition.claims import Finding, claim
from superposition.estimates import exactly, over_seeds
from superposition.runs import Results
from superposition.scaling import polygons, samples
from superposition.tolerances import BASELINE, Above, AtLeast, AtMost, Every, Inside, Of, Some, Tolerance

SHARE = (0.0, 1.0)
FEW = 13  # samples
HENIGHAN = "Henighan et al. 2023"
CHEN = "Chen et al. 2023, arXiv 2310.06301"
RUN, POLYGONS = ("scaling/samples",), ("scaling/polygons",)
# Of Chen et al.: length and bias of the polygon of so many features, and the loss of one, by (corners, features).
PUBLISHED = {4: (1.0, 0.0), 5: (1.17046, -0.28230), 6: (1.32053, -0.61814), 7: (1.44839, -0.96691), 8: (1.55045, -1.29119)}
PUBLISHED_LOSSES = {(5, 5): 0.01583, (5, 6): 0.06874, (6, 6): 0.04819, (4, 5): 0.06667}


def _by_samples(results, values, chosen, bounds=None):
    """An estimate over seeds for each of the chosen numbers of samples; values are (samples, seed)."""
    return {str(results["samples"][k]): over_seeds(values[k], bounds) for k in np.flatnonzero(chosen)}


def bump(results: Results, way: str) -> np.ndarray:
    """How many powers of ten the test loss is higher at its highest median than with the fewest or the most samples, by seed."""
    height = np.log10(results[f"{way}_test"])
    return height[np.median(height, 1).argmax()] - np.maximum(height[0], height[-1])


@claim(
    id="scaling/samples/01-polygon",
    source=HENIGHAN,
    statement="The hidden vectors of few samples form a polygon.",
    measure=f"share of the samples whose hidden vector is a corner of the hull of all, trained as the source does, with 5 to "
    f"{FEW} samples, over seeds; the least is given, and the share of as many normal vectors as a baseline",
    tolerance=Tolerance(reproduced=Every("samples", AtLeast(0.9)), partly=Some("samples", AtLeast(0.9))),
    experiments=RUN,
    after_looking=True,
)
def _polygon(results: Results) -> Finding:
    few = (results["samples"] > 3) & (results["samples"] <= FEW)
    each = _by_samples(results, results["plain_corners"], few, SHARE)
    least = min(each, key=lambda name: each[name].value)
    chance = results["null_corners"][results["samples"] == int(least)].mean()
    return Finding(each[least], float(chance), also={"samples": each})


@claim(
    id="scaling/samples/02-pentagon",
    source=HENIGHAN,
    statement="With many samples the model stores five features, and these form a pentagon.",
    measure="share of seeds in which just five features are longer than ½ after training on the most samples as the source does; "
    "the baseline is the share with the fewest",
    tolerance=Tolerance(reproduced=AtLeast(0.9), partly=AtLeast(0.5)),
    experiments=RUN,
    after_looking=True,
)
def _pentagon(results: Results) -> Finding:
    five = results["plain_represented"] == 5
    return Finding(over_seeds(five[-1]), float(five[0].mean()))


@claim(
    id="scaling/samples/03-bump",
    source=HENIGHAN,
    statement="Between the two, more samples make the loss on new samples worse: double descent.",
    measure="logarithm to the base 10 of the test loss where its median over seeds is highest, less that with the fewest or the "
    "most samples, whichever is higher, trained as the source does, over seeds; 0 is no bump",
    tolerance=Tolerance(reproduced=Above(0)),
    experiments=RUN,
    after_looking=True,
)
def _bump(results: Results) -> Finding:
    return Finding(over_seeds(bump(results, "plain")), 0.0)


@claim(
    id="scaling/samples/04-dimensionality",
    source=HENIGHAN,
    statement="That D of the samples is high where they are few and falls as they become more shows that they are stored first.",
    measure="sum of D over the training samples, trained as the source does, over the two dimensions, over seeds; the least of "
    "all numbers of samples is given, and the least of as many normal vectors as a baseline",
    tolerance=Tolerance(corrected=Every("samples", AtLeast(0.85)), otherwise="reproduced"),
    experiments=RUN,
    after_looking=True,
    corrects="the reading",
)
def _dimensionality(results: Results) -> Finding:
    each = _by_samples(results, results["plain_sum_D"] / 2, results["samples"] > 0, SHARE)
    note = (
        "the D of any vectors add up to at most the two dimensions, and to nearly that for random ones too if they aren't few: "
        "their mean is about 2 over the number of samples, whatever the model does"
    )
    least = float(results["null_sum_D"].mean(1).min() / 2)
    return Finding(min(each.values(), key=lambda one: one.value), least, note, {"samples": each})


@claim(
    id="scaling/samples/05-features",
    source=f"This book, after {HENIGHAN}",
    statement="The features' D does tell the two apart.",
    measure="mean of the five largest D of features, with the most samples less that at the highest test loss, trained as the "
    "source does, over seeds; the baseline is that of as many normal vectors as there are features",
    tolerance=Tolerance(reproduced=Above(BASELINE), partly=Above(0)),
    experiments=RUN,
    after_looking=True,
)
def _features(results: Results) -> Finding:
    peak = np.median(results["plain_test"], 1).argmax()
    gain = results["plain_feature_D"][-1] - results["plain_feature_D"][peak]
    return Finding(over_seeds(gain, (-1.0, 1.0)), float(results["null_feature_D"].mean()))


@claim(
    id="scaling/samples/06-optimisation",
    source="Anthropic, Circuits Updates of July 2023",
    statement="In the middle, training fails to find the optimum.",
    measure="of what the best model found explains of its training samples, the share that the source's training doesn't, over "
    "seeds, where that is largest; the baseline is its mean with five samples and with the most",
    tolerance=Tolerance(reproduced=Above(0.1) & Above(2 * BASELINE), partly=Above(0)),
    experiments=RUN,
    after_looking=True,
)
def _optimisation(results: Results) -> Finding:
    lost = samples.unexplained(results)
    ends = lost[[metrics.nearest(results["samples"], 5), -1]].mean()
    return Finding(over_seeds(lost[lost.mean(1).argmax()], SHARE), float(ends))


@claim(
    id="scaling/samples/07-optimum",
    source="This book",
    statement="The bump belongs to the optimum: with 200 features the best training that we found makes it higher.",
    measure="the bump of claim 03 of the models with the least training loss of all starts, rates and carried solutions, over "
    "seeds; the baseline is the mean of the source's training",
    tolerance=Tolerance(reproduced=Above(BASELINE), partly=Above(0)),
    experiments=RUN,
    after_looking=True,
)
def _optimum(results: Results) -> Finding:
    return Finding(over_seeds(bump(results, "best")), float(bump(results, "plain").mean()))


@claim(
    id="scaling/samples/08-wider",
    source="This book",
    statement="And wider: the best of training memorises more samples than the source's does before it turns to features.",
    measure="number of samples from which on the model beats one that always gives 0, on new samples, of the best models over "
    "that of the source's training; logarithm to the base 2, over seeds",
    tolerance=Tolerance(reproduced=Above(0.5), partly=Above(0)),
    experiments=RUN,
    after_looking=True,
)
def _wider(results: Results) -> Finding:
    ends = [np.log2(np.minimum(samples.end_of_bump(results, way), 2 * results["samples"][-1])) for way in ("best", "plain")]
    return Finding(over_seeds(ends[0] - ends[1], (-12.0, 12.0)), 0.0)


@claim(
    id="scaling/samples/09-handed",
    source="This book",
    statement="Where the source's training stores features in every seed, memorising would cost it less.",
    measure="training loss of the best model that stores features less that of the best that memorises, with the fewest samples "
    "from which on every seed of the source's training beats a model that always gives 0; solutions carried over from more "
    "samples count too; over seeds, with 200 features, and beside it with 1,000",
    tolerance=Tolerance(reproduced=Every("number of features", Above(0)), partly=Some("number of features", Above(0))),
    experiments=(*RUN, "scaling/samples_wide"),
    after_looking=True,
)
def _handed(results: Results, wide: Results) -> Finding:
    each = {}
    for one in (results, wide):
        kinds = samples.by_kind(one)
        gap = (kinds["generalising"] - kinds["memorising"])[samples.turned(one)]
        each[f"{one.config.n:,}"] = over_seeds(gap, (-1.0, 1.0))
    return Finding(next(iter(each.values())), 0.0, also={"number of features": each})


@claim(
    id="scaling/samples/10-more-features",
    source="This book",
    statement="With 1,000 features, too, the best training makes the bump higher.",
    measure="log10 of the test loss of the best models less that of the source's training, each where its median is highest, of "
    "200 to 1,600 samples, over seeds",
    tolerance=Tolerance(reproduced=Above(0)),
    experiments=("scaling/samples_wide",),
    after_looking=True,
)
def _more_features(wide: Results) -> Finding:
    heights = [np.log10(wide[f"{way}_test"]) for way in ("best", "plain")]
    best, plain = (height[np.median(height, 1).argmax()] for height in heights)
    return Finding(over_seeds(best - plain), 0.0)


@claim(
    id="scaling/samples/11-numbers",
    source=CHEN,
    statement="The lengths, biases and losses of the regular polygons are those that the paper prints.",
    measure="largest difference of a printed number from ours, the slope polished to zero; beside it, of our loss from numerical "
    "integration, and the largest slope; the paper prints five decimals",
    tolerance=Tolerance(reproduced=AtMost(1e-5) & Of("quadrature", AtMost(1e-9)) & Of("slope", AtMost(1e-9))),
    experiments=POLYGONS,
)
def _numbers(results: Results) -> Finding:
    place = {int(k): at for at, k in enumerate(results["corners"])}
    off = [abs(results[what][place[k]] - two[j]) for k, two in PUBLISHED.items() for j, what in enumerate(("length", "bias"))]
    for (k, n), printed in PUBLISHED_LOSSES.items():
        off.append(abs((results["loss"][place[k]] + (n - k) / 3) / n - printed))
    also = {
        "quadrature": float(np.abs(results["loss"] - results["quadrature"]).max()),
        "slope": float(results["slope"].max()),
    }
    return Finding(exactly(max(off)), 1e-5, also=also)


@claim(
    id="scaling/samples/12-lowest",
    source=f"This book, after {CHEN}",
    statement="No arrangement that we found loses less than the best regular polygon.",
    measure="largest amount by which any of the settled starts lies below the best polygon, whose left-out features give 1/(2n), "
    "of all numbers of features; the baseline is the smallest gap between the best two polygons",
    tolerance=Tolerance(reproduced=AtMost(1e-9)),
    experiments=POLYGONS,
    after_looking=True,
)
def _lowest(results: Results) -> Finding:
    among = np.sort(results["among"], 1)
    return Finding(exactly((among[:, 0] - results["found"].min(1)).max()), float((among[:, 1] - among[:, 0]).min()))


@claim(
    id="scaling/samples/13-switch",
    source=CHEN,
    statement="The posterior of six features passes from the pentagon to the hexagon at about 600 samples.",
    measure="number of samples at which all six features are there as often as five, if each sample counts with exp(−‖x − x'‖²), "
    "its expected loss, and the prior is normal with variance 1; over chains started from either polygon. Beside it, halved: the "
    "same if half the squared error counts",
    tolerance=Tolerance(reproduced=Inside(500, 700), partly=Of("halved", Inside(500, 700))),
    experiments=POLYGONS,
    after_looking=True,
)
def _switch(results: Results) -> Finding:
    each = np.array([polygons.switch(results["posterior_samples"], one) for one in results["share"]])
    return Finding(over_seeds(each, (0.0, 10_000.0)), 600.0, also={"halved": over_seeds(2 * each, (0.0, 20_000.0))})


@claim(
    id="scaling/samples/14-descent",
    source=CHEN,
    statement="Training ends at polygons.",
    measure="share of gradient descents from small random weights that end within 0.0001 of the loss of a polygon of three to "
    "six corners, its left-out features at 0 or at 1/(2n), over starts; the baseline is how much of all losses up to ⅓ is",
    tolerance=Tolerance(reproduced=AtLeast(90), partly=AtLeast(50)),
    experiments=POLYGONS,
    unit="%",
    after_looking=True,
)
def _descent(results: Results) -> Finding:
    near, chance = polygons.at_polygons(results)
    return Finding(over_seeds(near).percent, 100 * chance)
