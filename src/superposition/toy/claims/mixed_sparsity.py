"""Claims of the chapter on dense and sparse features in one model, held against the results of toy/mixed_sparsity."""

from dataclasses import replace

from superposition import metrics
from superposition.claims import Finding, claim
from superposition.estimates import over_seeds
from superposition.runs import Results
from superposition.tolerances import BASELINE, Above, AtLeast, AtMost, Every, MoreThan, Of, Some, Tolerance
from superposition.toy.claims.common import WRITE_UP, by_label
from superposition.toy.mixed_sparsity import BOTH_DENSE, BOTH_SPARSE, DENSE, GELU, MIXED, RELU, SPARSE, equal

SOURCE = f"{WRITE_UP}, Non-uniform sparsity for toy model"


def _crowding(results: Results, of: int, alone: int) -> Finding:
    """The dimensionality of a class at equal importance, in the narrower model and in each, against that class alone there."""
    values = results["dimensionality"][:, MIXED, equal(results), RELU, :, of]
    alike = float(results["dimensionality"][0, alone, metrics.nearest(results["weight"], 1), RELU, :, of].mean())
    each = by_label(results["n_hidden"], values)
    note = "; ".join(f"in {width} dimensions {one.value:.2f}" for width, one in each.items())
    return Finding(next(iter(each.values())), alike, note[0].upper() + note[1:], {"width": each})


@claim(
    id="toy/mixed_sparsity/1-dense",
    source=SOURCE,
    statement="Where dense and very sparse features are mixed, there is little superposition among the dense ones.",
    measure="mean dimensionality of dense features at equal importance, ReLU, in the narrower model; also in each; baseline: "
    "all features dense",
    tolerance=Tolerance(reproduced=Every("width", AtLeast(0.9)), partly=Some("width", AtLeast(0.9))),
    experiments=("toy/mixed_sparsity",),
)
def _dense(results: Results) -> Finding:
    return _crowding(results, DENSE, BOTH_DENSE)


@claim(
    id="toy/mixed_sparsity/2-sparse",
    source=SOURCE,
    statement="Among the very sparse features there is much superposition.",
    measure="mean dimensionality of represented sparse features at equal importance, ReLU, in the narrower model; also in each; "
    "baseline: all sparse",
    tolerance=Tolerance(reproduced=Every("width", AtMost(0.5)), partly=Some("width", AtMost(0.5))),
    experiments=("toy/mixed_sparsity",),
)
def _sparse(results: Results) -> Finding:
    found, at = _crowding(results, SPARSE, BOTH_SPARSE), (slice(None), MIXED, equal(results), RELU)
    D, kept = results["dimensionality"][at].mean(1), results["represented"][at].mean(1)
    room = (results["n_hidden"] - D[:, DENSE] * kept[:, DENSE]) / kept[:, SPARSE]
    most = " and ".join(f"{one:.2f}" for one in room)
    return replace(found, note=f"{found.note}. With as many kept in the room that the dense leave it can be at most {most}")


@claim(
    id="toy/mixed_sparsity/3-opportunity",
    source=SOURCE,
    statement="Sparse features are superposed because the model sees them less often and has fewer instances to learn from.",
    measure="dimensionality of the weightier class minus the other's, both at density 0.02, weights 25 to 1, ReLU; baseline: "
    "mixed densities",
    tolerance=Tolerance(corrected=AtLeast(0.5 * BASELINE), otherwise="reproduced"),
    corrects="the reason",
    experiments=("toy/mixed_sparsity",),
)
def _opportunity(results: Results) -> Finding:
    gap = results["dimensionality"][:, :, equal(results), RELU]
    gap = gap[..., DENSE] - gap[..., SPARSE]
    each = "; ".join(
        f"in {m} dimensions {alone:.2f} against {mixed:.2f}"
        for m, alone, mixed in zip(results["n_hidden"], *gap[:, [BOTH_SPARSE, MIXED]].mean(-1).T, strict=True)
    )
    note = f"What a class weighs in the loss parts them by itself, and rarity parts them further: {each}"
    return Finding(over_seeds(gap[:, BOTH_SPARSE].T), float(gap[:, MIXED].mean()), note)


@claim(
    id="toy/mixed_sparsity/4-priority",
    source=SOURCE,
    statement="With a high priority on the very sparse features, superposition involves both classes of features.",
    measure="mean dimensionality of represented dense features where each sparse one weighs five times as much, ReLU, in the "
    "narrower model; also in each, and what dense and sparse features share as a part of what chance would give; baseline: equal "
    "importance",
    tolerance=Tolerance(
        reproduced=Every("width", AtMost(0.6)) & Of("what the classes share", MoreThan(0.1)), partly=Every("width", AtMost(0.6))
    ),
    experiments=("toy/mixed_sparsity",),
)
def _priority(results: Results) -> Finding:
    where = (slice(None), MIXED, metrics.nearest(results["weight"], 5), RELU)
    shared, random = (float(results[name][where][..., SPARSE, DENSE].mean()) for name in ("shared", "random"))
    equally = results["dimensionality"][0, MIXED, equal(results), RELU, :, DENSE].mean()
    each = by_label(results["n_hidden"], results["dimensionality"][where][..., DENSE])
    note = "Dense features are superposed with each other, hardly with sparse ones"
    also = {"what the classes share": shared / random, "width": each}
    return Finding(next(iter(each.values())), float(equally), note, also)


@claim(
    id="toy/mixed_sparsity/5-gelu",
    source=SOURCE,
    statement="With GELU in place of ReLU the model exhibits more superposition.",
    measure="features per dimension, ‖W‖²/m, lengths included, GELU minus ReLU, same seeds, in the narrower mixed model at equal "
    "importance; also at each width and weight; baseline: ReLU's value",
    tolerance=Tolerance(reproduced=Every("width and weight", Above(0))),
    experiments=("toy/mixed_sparsity",),
)
def _gelu(results: Results) -> Finding:
    values = results["features_per_dimension"][:, MIXED]
    more = values[:, :, GELU] - values[:, :, RELU]
    widths, weights = results["n_hidden"], results["weight"]
    each = {f"{m} {w:g}": over_seeds(more[i, j]) for i, m in enumerate(widths) for j, w in enumerate(weights)}
    extra, less = (sum(of(one) for one in each.values()) for of in (lambda one: one.low > 0, lambda one: one.high < 0))
    note = f"GELU has more in {extra} of {len(each)} settings of width and weight, less in {less}"
    first = f"{widths[0]} {weights[equal(results)]:g}"
    return Finding(each[first], float(values[0, equal(results), RELU].mean()), note, {"width and weight": each})
