"""The claims of the chapter on the geometry of equally important features."""

import numpy as np

from superposition import metrics
from superposition.claims import Finding, claim
from superposition.estimates import Estimate, over_seeds
from superposition.runs import Results
from superposition.tolerances import BASELINE, Above, AtLeast, Below, Every, Of, Some, Tolerance
from superposition.toy.claims.common import PAPER
from superposition.toy.geometry import at_levels, dwell, polytopes_per_seed, slide, stuck, weights
from superposition.toy.geometry_training import best, names, one, over_least, solids
from superposition.toy.measures import polytopes

SECTION = f"{PAPER}, The Geometry of Superposition"
_SIZES = ("toy/geometry", "toy/geometry_200_20", "toy/geometry_200_15")
_MEASURE = (
    "share of the way from S = 0 to 0.9, even in log(1 - S), on which m/‖W‖², interpolated, is within 5% of {}, 400 features in "
    "30 dimensions; baseline: an even slide"
)


def _stuck(results: Results, level: float, **also: float) -> Finding:
    note = f"{stuck(results, level)} of {len(results['density'])} sparsities in each seed"
    named = {name.replace("_", " "): value for name, value in also.items()}
    return Finding(over_seeds(dwell(results, level), (0, 1)).percent, 100 * slide(results, level), note, named)


@claim(
    id="toy/geometry/1-one",
    source=SECTION,
    statement="Dimensions per feature stick at 1 in dense data: each feature that is kept has a dimension of its own.",
    measure=_MEASURE.format("1") + "; also the share of the models there in which any feature has a D above 0.9",
    tolerance=Tolerance(
        reproduced=Above(2 * BASELINE) & Of("the share of models with a feature alone", AtLeast(0.5)), partly=Above(2 * BASELINE)
    ),
    unit="%",
    after_looking=True,
    experiments=("toy/geometry",),
)
def _one(results: Results) -> Finding:
    W = weights(results)
    W = W[np.abs(1 / metrics.features_per_dimension(W) - 1) < 0.05]
    alone = ((metrics.feature_dimensionality(W) > 0.9) & metrics.is_represented(W)).any(-1)
    return _stuck(results, 1.0, the_share_of_models_with_a_feature_alone=float(alone.mean()) if len(alone) else 0.0)


@claim(
    id="toy/geometry/2-half",
    source=SECTION,
    statement="Dimensions per feature stick at ½, where features come in antipodal pairs.",
    measure=_MEASURE.format("½"),
    tolerance=Tolerance(reproduced=Above(2 * BASELINE)),
    unit="%",
    after_looking=True,
    experiments=("toy/geometry",),
)
def _half(results: Results) -> Finding:
    return _stuck(results, 0.5)


@claim(
    id="toy/geometry/3-levels",
    source=SECTION,
    statement="Features gather at the dimensionalities 1, 3/4, 2/3, 1/2, 2/5 and 3/8 of perfect polytopes.",
    measure="share of represented features within 0.015 of one of them, mean over sparsities, over seeds; baseline: random "
    "directions",
    tolerance=Tolerance(reproduced=AtLeast(75), partly=Above(BASELINE)),
    unit="%",
    experiments=("toy/geometry",),
)
def _levels(results: Results) -> Finding:
    W = weights(results)
    chance = float(np.nanmean(at_levels(polytopes.scrambled(W, np.random.default_rng(0)))))
    return Finding(over_seeds(np.nanmean(at_levels(W), axis=1), (0, 1)).percent, 100 * chance)


def _polytopes(
    id: str, shape: str, several: str, source: str, experiments: tuple[str, ...], where: str, after_looking: bool = False
) -> None:
    """Register the claim that features form polytopes of this shape."""

    @claim(
        id=f"toy/geometry/{id}",
        source=source,
        statement=f"Features form {several}.",
        measure=f"polytopes of this kind over all sparsities {where}, mean over seeds with the exact Poisson interval, which "
        "allows for seeds that tie; also the mean at each size; baseline: random directions",
        tolerance=Tolerance(reproduced=Every("size", AtLeast(1)), partly=Above(0)),
        after_looking=after_looking,
        experiments=experiments,
    )
    def _counted(*of_sizes: Results) -> Finding:
        runs = [one(r, best(r)) if r["W"].ndim == 5 else r for r in of_sizes]
        counts = {f"{r.config.n_features} in {r.config.n_hidden}": polytopes_per_seed(r, shape) for r in runs}
        each = np.sum(list(counts.values()), axis=0)
        code, rng = polytopes.NAMES.index(shape), np.random.default_rng(0)
        null = sum(polytopes.features_by_shape(polytopes.scrambled(weights(r), rng))[..., code].sum(-1).mean() for r in runs)
        estimate = lambda count: Estimate(*metrics.count_interval(count), "seeds", len(count))
        of_size = {size: estimate(count) for size, count in counts.items()}
        return Finding(estimate(each), float(null) / len(polytopes.CORNERS[code]), also={"size": of_size})


_FAST = "and the three sizes, in the short training"
_BEST = "and both sizes, in the training with the lowest losses of those tried"
_DENSE = ("toy/geometry_training", "toy/geometry_training_400_30")
_polytopes("4-digons", "digon", "digons", f"{SECTION}; VeraChristina, geometry", _SIZES, _FAST)
_polytopes("5-triangles", "triangle", "triangles", f"{SECTION}; VeraChristina finds only weak ones", _DENSE, _BEST, True)
_polytopes("6-tetrahedra", "tetrahedron", "tetrahedra", f"{SECTION}; VeraChristina finds none", _DENSE, _BEST, True)
_polytopes("7-pentagons", "pentagon", "pentagons", f"{SECTION}; VeraChristina, geometry", _SIZES, _FAST)
_polytopes("8-antiprisms", "square antiprism", "square antiprisms", SECTION, _SIZES, _FAST)


@claim(
    id="toy/geometry/9-training",
    source="This book",
    statement="A training of half the steps with half the batch finds fewer triangles and tetrahedra, counted together, than "
    "longer ones, which end at a lower loss where the bias starts at the mean.",
    measure="triangles and tetrahedra in the models of a seed from S = 0 to 0.6, 200 features in 20 dimensions, of each longer "
    "training less the short one whose bias starts alike, mean over the trainings; also of each, and the ratio of losses, mean "
    "over S, of those from the mean; baseline: no difference",
    tolerance=Tolerance(
        reproduced=Every("training", Above(0)) & Every("loss over that of the short one, by training", Below(1)),
        partly=Some("training", Above(0)),
    ),
    after_looking=True,
    experiments=("toy/geometry_training", "toy/geometry_training_short"),
)
def _training(long: Results, short: Results) -> Finding:
    alike = [short.config.bias.index(start) for start in long.config.bias]
    more = (solids(long) - solids(short)[alike]).sum(-1)
    ratio = (over_least(long) / over_least(short)[alike]).mean(-1)
    most, labels = long.config.n_features / 3 * len(long["density"]), names(long.config)
    of_mean = [way for way, start in enumerate(long.config.bias) if start == "mean"]
    also = {
        "training": {name: over_seeds(way, (-most, most)) for name, way in zip(labels, more, strict=True)},
        "loss over that of the short one, by training": {labels[way]: over_seeds(ratio[way]) for way in of_mean},
    }
    return Finding(over_seeds(more.T, (-most, most)), 0.0, also=also)
