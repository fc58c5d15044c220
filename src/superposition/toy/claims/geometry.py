"""The claims of the chapter on the geometry of equally important features."""

import numpy as np
from jaxtyping import Float, Num
from scipy import stats

from superposition import metrics
from superposition.claims import Finding, Verdict, claim
from superposition.runs import Results
from superposition.toy.measures import polytopes
from superposition.toy.claims.common import PAPER

SECTION = f"{PAPER}, The Geometry of Superposition"
_SIZES = ("toy/geometry", "toy/geometry_200_20", "toy/geometry_200_15")


def weights(results: Results) -> Float[np.ndarray, "seed density n m"]:
    """W in double precision."""
    return results["W"].astype(float)


def plateau(results: Results, level: float) -> Float[np.ndarray, "seed"]:
    """The share of the densities (evenly spaced in their logarithm) at which m / ‖W‖² is within 5% of `level`."""
    per_feature = 1 / metrics.features_per_dimension(weights(results))
    return (np.abs(per_feature / level - 1) < 0.05).mean(-1)


def slide(results: Results, level: float) -> float:
    """The same share for a value that moves evenly from the mean of the first density to that of the last."""
    per_feature = 1 / metrics.features_per_dimension(weights(results)).mean(0)
    even = np.linspace(per_feature[0], per_feature[-1], 1001)
    return float((np.abs(even / level - 1) < 0.05).mean())


def stuck(results: Results, level: float) -> str:
    """At how many of the densities a seed is within 5% of `level`: one number, or the least and the most."""
    points = np.rint(plateau(results, level) * len(results["density"])).astype(int)
    return " to ".join(map(str, sorted({points.min(), points.max()})))


def _stuck(results: Results, level: float, note: str = "") -> Finding:
    mean, low, high = (100 * float(x) for x in metrics.mean_interval(plateau(results, level)))
    chance = 100 * slide(results, level)
    verdict: Verdict = "partly" if note else "reproduced" if low > 2 * chance else "not reproduced"
    points = f"{stuck(results, level)} of {len(results['density'])} sparsities in each seed"
    return Finding(verdict, mean, low, high, results.config.seeds, chance, "%", f"{points}. {note}" if note else points)


_MEASURE = (
    "share of the sparsities, even in log(1 - S), at which m/‖W‖² is within 5% of {}, 400 features in 30 dimensions; "
    "baseline: an even slide"
)


@claim(
    id="toy/geometry/1-one",
    source=SECTION,
    statement="Dimensions per feature stick at 1 in dense data: each feature that is kept has a dimension of its own.",
    measure=_MEASURE.format("1"),
    tolerance="reproduced where the share's interval lies above twice that of an even slide and features have D above 0.9 there, "
    "partly where no feature does",
    experiments=("toy/geometry",),
)
def _one(results: Results) -> Finding:
    W = weights(results)
    at_one = np.abs(1 / metrics.features_per_dimension(W) - 1) < 0.05
    alone = (metrics.feature_dimensionality(W[at_one]) > 0.9) & (metrics.norms(W[at_one]) > 0.5)
    note = "" if alone.any(-1).mean() > 0.5 else "In most of these solutions no feature has a dimension of its own."
    return _stuck(results, 1.0, note)


@claim(
    id="toy/geometry/2-half",
    source=SECTION,
    statement="Dimensions per feature stick at ½, where features come in antipodal pairs.",
    measure=_MEASURE.format("½"),
    tolerance="reproduced where the share's interval lies above twice that of an even slide",
    experiments=("toy/geometry",),
)
def _half(results: Results) -> Finding:
    return _stuck(results, 0.5)


def near_level(W: Float[np.ndarray, "*batch n m"], within: float = 0.015) -> Float[np.ndarray, "*batch"]:
    """The share of represented features whose D_i is near that of a perfect polytope."""
    levels = [polytopes.dimensionality(shape) for shape in range(polytopes.OTHER)]
    D, there = metrics.feature_dimensionality(W), metrics.norms(W) > 0.5
    near = (np.abs(D[..., None] - levels) < within).any(-1) & there
    return near.sum(-1) / np.maximum(1, there.sum(-1))


def above(W: Float[np.ndarray, "seed density n m"]) -> Float[np.ndarray, "seed density"]:
    """`near_level` where features are represented, NaN elsewhere."""
    return np.where(metrics.represented(W) > 0, near_level(W), np.nan)


@claim(
    id="toy/geometry/3-levels",
    source=SECTION,
    statement="Features gather at the dimensionalities 1, 3/4, 2/3, 1/2, 2/5 and 3/8 of perfect polytopes.",
    measure="share of represented features within 0.015 of one of them, mean over sparsities, over seeds; baseline: random directions",
    tolerance="reproduced from 75%, partly where the interval lies above the baseline",
    experiments=("toy/geometry",),
)
def _levels(results: Results) -> Finding:
    W = weights(results)
    chance = float(np.nanmean(above(polytopes.scrambled(W, np.random.default_rng(0)))))
    mean, low, high = (float(x) for x in metrics.mean_interval(np.nanmean(above(W), axis=1)))
    verdict: Verdict = "reproduced" if mean >= 0.75 else "partly" if low > chance else "not reproduced"
    return Finding(verdict, 100 * mean, 100 * low, 100 * high, results.config.seeds, 100 * chance, "%")


def polytopes_per_seed(results: Results, shape: str) -> Float[np.ndarray, "seed"]:
    """How many polytopes of that name a seed's solutions hold, over all sparsities together."""
    code = polytopes.NAMES.index(shape)
    features = polytopes.features_by_shape(weights(results))[..., code].sum(-1)
    return features / len(polytopes.CORNERS[code])


def per_seed(counts: Num[np.ndarray, "seed"]) -> tuple[float, float, float]:
    """The mean of counts over seeds with the exact 95% interval of a Poisson rate, from their total: (mean, low, high).

    Source: Garwood 1936. Where a few seeds count the same, Student's interval would be certain of it."""
    total, seeds = float(counts.sum()), len(counts)
    low = stats.chi2.ppf(0.025, 2 * total) / 2 if total else 0.0
    return total / seeds, float(low) / seeds, float(stats.chi2.ppf(0.975, 2 * total + 2) / 2) / seeds


def _count(shape: str, least: float | int, *of_sizes: Results) -> Finding:
    """Reproduced where every size has `least` or more a seed, partly where any size has one."""
    counts = [polytopes_per_seed(results, shape) for results in of_sizes]
    each = np.sum(counts, axis=0)
    mean, low, high = per_seed(each)
    everywhere = all(count.mean() >= least for count in counts)
    verdict: Verdict = "reproduced" if everywhere else "partly" if each.any() else "not reproduced"
    code, rng = polytopes.NAMES.index(shape), np.random.default_rng(0)
    null = sum(polytopes.features_by_shape(polytopes.scrambled(weights(r), rng))[..., code].sum(-1).mean() for r in of_sizes)
    return Finding(verdict, mean, low, high, len(each), float(null) / len(polytopes.CORNERS[code]))


_COUNTED = (
    "polytopes of this kind over all sparsities and the three sizes, mean over seeds with the exact Poisson interval; "
    "baseline: random directions"
)
_ENOUGH = "reproduced where each size has at least one a seed, partly where there is one anywhere"


@claim(
    id="toy/geometry/4-digons",
    source=f"{SECTION}; VeraChristina, geometry",
    statement="Features form digons.",
    measure=_COUNTED,
    tolerance=_ENOUGH,
    experiments=_SIZES,
)
def _digons(*of_sizes: Results) -> Finding:
    return _count("digon", 1, *of_sizes)


@claim(
    id="toy/geometry/5-triangles",
    source=f"{SECTION}; VeraChristina finds only weak ones",
    statement="Features form triangles.",
    measure=_COUNTED,
    tolerance=_ENOUGH,
    experiments=_SIZES,
)
def _triangles(*of_sizes: Results) -> Finding:
    return _count("triangle", 1, *of_sizes)


@claim(
    id="toy/geometry/6-tetrahedra",
    source=f"{SECTION}; VeraChristina finds none",
    statement="Features form tetrahedra.",
    measure=_COUNTED,
    tolerance=_ENOUGH,
    experiments=_SIZES,
)
def _tetrahedra(*of_sizes: Results) -> Finding:
    return _count("tetrahedron", 1, *of_sizes)


@claim(
    id="toy/geometry/7-pentagons",
    source=f"{SECTION}; VeraChristina, geometry",
    statement="Features form pentagons.",
    measure=_COUNTED,
    tolerance=_ENOUGH,
    experiments=_SIZES,
)
def _pentagons(*of_sizes: Results) -> Finding:
    return _count("pentagon", 1, *of_sizes)


@claim(
    id="toy/geometry/8-antiprisms",
    source=SECTION,
    statement="Features form square antiprisms.",
    measure=_COUNTED,
    tolerance=_ENOUGH,
    experiments=_SIZES,
)
def _antiprisms(*of_sizes: Results) -> Finding:
    return _count("square antiprism", 1, *of_sizes)
