"""The claims of the chapter on recovering known features."""

import numpy as np

from superposition.claims import Finding, claim
from superposition.estimates import over_seeds
from superposition.runs import Results
from superposition.sparse import matched, recovery
from superposition.tolerances import Above, AtLeast, Below, Every, Inside, Of, Some, Tolerance

SHARE, DIFFERENCE = (0.0, 1.0), (-1.0, 1.0)
RUN = ("sparse/recovery",)
BOTH = ("sparse/recovery", "sparse/recovery_100")


def _kind(results, name):
    return results.config.kinds.index(name)


def _by_place(of, bounds, *runs):
    """An estimate over seeds for each base and sparsity of the runs; `of` a run gives (base, sparsity, seed)."""
    return {
        f"{base}, S = {sparsity:.2g}": over_seeds(values[i, j], bounds)
        for run in runs for values in [of(run)]
        for i, base in enumerate(run.config.bases) for j, sparsity in enumerate(run["sparsity"][i])
    }  # fmt: skip


def _at_least(of, beside, *runs):
    """The baseline at the place where the mean of what `of` gives is least."""
    pairs = [pair for run in runs for pair in zip(of(run).mean(-1).ravel(), beside(run).mean(-1).ravel(), strict=True)]
    return float(min(pairs)[1])


def _least(each, baseline=None, named="place", note="", also=None):
    """The finding that is the least of several estimates, with all of them beside it."""
    return Finding(min(each.values(), key=lambda one: one.value), baseline, note, {named: each} | (also or {}))


def _l1(results, name="mcc", width=0):
    return recovery.best(results, name)[:, width, _kind(results, "L1")]


@claim(
    id="sparse/recovery/01-features",
    source="Sharkey, Braun and Millidge 2022, of random directions; Bricken et al. 2023",
    statement="A sparse autoencoder with an L1 penalty takes features out of superposition.",
    measure="MCC of the features that a model represents, of an L1 autoencoder with as many latents as features, at the one "
    "of eight λ that is best over the seeds, over seeds; the place where it is least is given, and what as many random "
    "directions have there as a baseline",
    tolerance=Tolerance(reproduced=Every("place", Above(0.9)), partly=Some("place", Above(0.9))),
    experiments=BOTH,
    after_looking=True,
)
def _features(*runs: Results) -> Finding:
    return _least(_by_place(_l1, SHARE, *runs), _at_least(_l1, lambda run: run["null"][:, 0, 0], *runs))


@claim(
    id="sparse/recovery/02-arrows",
    source="This book",
    statement="It finds every arrow that the models of five features in two dimensions have, at every sparsity.",
    measure="share of these models in which each represented feature has a latent of its own within 15°, at the λ of the best "
    "MCC, over seeds; the baseline is that of as many random directions, where it is highest",
    tolerance=Tolerance(reproduced=Every("sparsity", AtLeast(90)), partly=Some("sparsity", AtLeast(90))),
    experiments=RUN,
    unit="%",
    after_looking=True,
)
def _arrows(results: Results) -> Finding:
    whole = recovery.five_arrows(results, _kind(results, "L1"))
    each = {f"{s:.2g}": over_seeds(own).percent for s, own in zip(results["sparsity"][0], whole, strict=True)}
    return _least(each, 100 * float(results["null_found"][0, 0].mean(-1).max()), "sparsity")


@claim(
    id="sparse/recovery/03-pca-ica",
    source="This book, after Sharkey, Braun and Millidge 2022 and Cunningham et al. 2023",
    statement="It recovers more than PCA and ICA do.",
    measure="MCC of the L1 autoencoder of the first claim less the higher of those of PCA and FastICA, whose directions count "
    "both ways, over seeds; the least of all places is given",
    tolerance=Tolerance(reproduced=Every("place", Above(0)), partly=Some("place", Above(0))),
    experiments=BOTH,
    after_looking=True,
)
def _linear(*runs: Results) -> Finding:
    return _least(_by_place(lambda run: _l1(run) - run["null"][:, 1:3, 0].max(1), DIFFERENCE, *runs), 0.0)


@claim(
    id="sparse/recovery/04-absent",
    source="This book",
    statement="What a model doesn't represent, no dictionary finds.",
    measure="F1 of the best of all latents at telling that a feature shorter than 0.1 is active, less that of a latent that "
    "always fires; mean over those features of the trained models of 20, all dictionaries and sparsities, over seeds",
    tolerance=Tolerance(otherwise="cannot fail"),
    experiments=RUN,
    after_looking=True,
)
def _absent(results: Results) -> Finding:
    gain = np.nanmean(results["absent_f1"][1], axis=(0, 1, 2, 4))
    note = (
        "the hidden vector doesn't depend on such a feature, so nothing that is computed from it can; what differs from 0 "
        "is noise"
    )
    return Finding(over_seeds(gain, DIFFERENCE), 0.0, note)


@claim(
    id="sparse/recovery/05-part-ways",
    source="This book, after Chanin and Garriga-Alonso 2026 (SynthSAEBench)",
    statement="The dictionary that reconstructs best is not the one that recovers the features best.",
    measure="the highest MCC of all kinds and penalties less that of the dictionary with the highest explained variance, with "
    "as many latents as features, over seeds; the least of all places is given, and what a dictionary picked at random lacks, "
    "in the mean, as a baseline",
    tolerance=Tolerance(reproduced=Every("place", Above(0.05)), partly=Some("place", Above(0.05))),
    experiments=BOTH,
    after_looking=True,
)
def _part_ways(*runs: Results) -> Finding:
    at_random = np.concatenate([recovery.lacking(run)[1].ravel() for run in runs])
    return _least(_by_place(lambda run: recovery.lacking(run)[0], SHARE, *runs), float(at_random.mean()))


@claim(
    id="sparse/recovery/06-shrinkage",
    source="Wright and Sharkey 2024; Rajamanoharan et al. 2024",
    statement="An L1 penalty makes an activity too small by λ/2.",
    measure="‖W_i‖ less what comes back along feature i when it alone is 1, of features that the L1 autoencoder found, over "
    "λ/2: mean over all bases, sparsities and widths, over seeds; the least over λ is given",
    tolerance=Tolerance(reproduced=Every("λ", Inside(0.8, 1.2)), partly=Some("λ", Inside(0.8, 1.2))),
    experiments=RUN,
    after_looking=True,
)
def _shrinkage(results: Results) -> Finding:
    return _least(_shortfalls(results, "L1"), 1.0, "λ")


def _shortfalls(results, kind):
    """For each λ, by how much a kind falls short of a feature that it found, in units of λ/2."""
    short = np.nanmean(results["shortfall"][:, :, _kind(results, kind)], axis=(0, 1, 2)).T
    return {f"{l:g}": over_seeds(own / (l / 2)) for l, own in zip(results.config.lambdas, short, strict=True)}


@claim(
    id="sparse/recovery/07-gated",
    source="Rajamanoharan et al. 2024, of language models",
    statement="A gated autoencoder doesn't shrink what it finds.",
    measure="the same of gated autoencoders; the highest over λ is given, the least of the L1's as a baseline",
    tolerance=Tolerance(reproduced=Every("λ", Inside(-0.1, 0.1)), partly=Every("λ", Below(0.5))),
    experiments=RUN,
    after_looking=True,
)
def _gated(results: Results) -> Finding:
    each = _shortfalls(results, "gated")
    least = min(one.value for one in _shortfalls(results, "L1").values())
    return Finding(max(each.values(), key=lambda one: one.value), least, also={"λ": each})


@claim(
    id="sparse/recovery/08-kinds",
    source="This book",
    statement="The kinds that came after L1 recover more.",
    measure="MCC at the best penalty less that of L1 at its best, with as many latents as features, mean over all places, "
    "over seeds; the least of the four kinds is given",
    tolerance=Tolerance(reproduced=Every("kind", Above(0)), partly=Some("kind", Above(0))),
    experiments=BOTH,
    after_looking=True,
)
def _kinds(*runs: Results) -> Finding:
    return _beyond_l1([recovery.best(run)[:, 0] for run in runs], runs[0])


def _beyond_l1(mcc, results):
    """How far each later kind is above L1 in the mean over all places of (base, kind, sparsity, seed), seed by seed."""
    mean = np.concatenate(mcc).mean((0, 2))
    l1 = _kind(results, "L1")
    each = {kind: over_seeds(mean[k] - mean[l1], DIFFERENCE) for k, kind in enumerate(results.config.kinds) if k != l1}
    return _least(each, 0.0, "kind")


@claim(
    id="sparse/recovery/09-spare",
    source="This book, after Bricken et al. 2023",
    statement="With four latents for each feature, the spare ones fall silent or double a feature: those that fire point at one.",
    measure="share of the live latents within 15° of a represented feature, of L1 autoencoders at the λ with the best MCC, over "
    "seeds; the least of all places is given, and the share of as many random directions there as a baseline",
    tolerance=Tolerance(reproduced=Every("place", Above(0.9)), partly=Some("place", Above(0.9))),
    experiments=RUN,
    after_looking=True,
)
def _spare(results: Results) -> Finding:
    pointing = lambda run: _l1(run, "pointing", -1)
    return _least(_by_place(pointing, SHARE, results), _at_least(pointing, lambda run: run["null_pointing"][:, -1], results))


@claim(
    id="sparse/recovery/10-trained",
    source="This book",
    statement="The features of a trained model come out better than as many directions at random.",
    measure="MCC of L1 autoencoders on trained models of 20 features less that on as many random directions as each of them "
    "represents, both at their best λ, over pairs of models; the least of all sparsities is given",
    tolerance=Tolerance(reproduced=Every("sparsity", Above(0)), partly=Some("sparsity", Above(0))),
    experiments=("sparse/matched",),
    after_looking=True,
)
def _trained(results: Results) -> Finding:
    trained, drawn = matched.best(results["mcc"])
    pairs = zip(results["sparsity"], trained - drawn, strict=True)
    return _least({f"{s:.2g}": over_seeds(own, DIFFERENCE) for s, own in pairs}, 0.0, "sparsity")


@claim(
    id="sparse/recovery/11-longer",
    source="This book",
    statement="That the later kinds recover less is not for want of training.",
    measure="MCC at the best penalty after three times as many steps less that after the steps of all else, mean over all "
    "places, over seeds; the highest of the five kinds is given",
    tolerance=Tolerance(reproduced=Every("kind", Below(0.02)), partly=Some("kind", Below(0.02)) & Of("L1", Below(0.05))),
    experiments=("sparse/recovery", "sparse/recovery_longer"),
    after_looking=True,
)
def _longer(results: Results, longer: Results) -> Finding:
    more = (recovery.best(longer)[:, 0] - recovery.best(results)[:, 0]).mean((0, 2))
    each = {kind: over_seeds(own, DIFFERENCE) for kind, own in zip(results.config.kinds, more, strict=True)}
    return Finding(max(each.values(), key=lambda one: one.value), 0.0, also={"kind": each, "L1": each["L1"]})


@claim(
    id="sparse/recovery/12-guide",
    source="This book, of what is usual",
    statement="At a given number of active latents, the kind that reconstructs best is the one that recovers best.",
    measure="of dictionaries of the five kinds with as many active latents as active features: MCC of the kind with the highest "
    "explained variance less that of a kind picked at random, over that of the best kind less the same; sums over all "
    "places, over seeds: 1 for a perfect guide, 0 for none",
    tolerance=Tolerance(reproduced=Above(0.5), partly=Above(0)),
    experiments=BOTH,
    after_looking=True,
)
def _guide(*runs: Results) -> Finding:
    gained, possible = np.sum([recovery.guided(run) for run in runs], 0)
    return Finding(over_seeds(gained / possible), 0.0)


@claim(
    id="sparse/recovery/13-equal",
    source="Gao et al. 2024; Rajamanoharan et al. 2024, of reconstruction",
    statement="At a given number of active latents, the kinds that came after L1 recover more.",
    measure="MCC with as many active latents as active features less that of L1 there, with as many latents as features, mean "
    "over all places, over seeds; the least of the four kinds is given",
    tolerance=Tolerance(reproduced=Every("kind", Above(0)), partly=Some("kind", Above(0))),
    experiments=BOTH,
    after_looking=True,
)
def _equal(*runs: Results) -> Finding:
    return _beyond_l1([recovery.at_equal_activity(run) for run in runs], runs[0])


@claim(
    id="sparse/recovery/14-k-means",
    source="This book",
    statement="It recovers more than k-means on the directions of the hidden vectors does.",
    measure="MCC of the L1 autoencoder of the first claim less that of as many centres of k-means, over seeds; the least of all "
    "places is given",
    tolerance=Tolerance(reproduced=Every("place", Above(0)), partly=Some("place", Above(0))),
    experiments=BOTH,
    after_looking=True,
)
def _k_means(*runs: Results) -> Finding:
    return _least(_by_place(lambda run: _l1(run) - run["null"][:, 3, 0], DIFFERENCE, *runs), 0.0)
