"""The claims of the chapter on what others measured: of each measure in use, whether it says what its authors take it for."""

import numpy as np

from superposition.claims import Finding, claim
from superposition.estimates import exactly, over_seeds
from superposition.runs import Results
from superposition.sparse import measured
from superposition.sparse.engine.known import NAMES, WITHOUT
from superposition.tolerances import BASELINE, Above, AtLeast, Every, Inside, Of, Some, Tolerance

RUN = ("sparse/measured",)
ELHAGE = "Elhage et al. 2022, The Geometry of Superposition"
BERESKA = "Bereska et al. 2025"
_ORDER = (
    "Spearman's correlation with the features that a dimension holds, over 27 models whose truth is known, over seeds, and over "
    "those of them that see sparse data; the baseline is its standard deviation by chance"
)
_RANKS = Tolerance(reproduced=Above(0.8), partly=Of("sparse data", Above(0.5)))


def _of(values, name):
    return values[..., measured.MEASURES.index(name)]


def _ranked(results, name):
    each = over_seeds(_of(measured.rank_correlations(results), name), (-1, 1))
    apart = over_seeds(_of(measured.told_from_none(results), name), (0, 1))
    sparse = over_seeds(_of(measured.rank_correlations(results, measured.sparse_data()), name), (-1, 1))
    also = {"sparse data": sparse, "with superposition above without": apart}
    return Finding(each, measured.chance(results), also=also)


@claim(
    id="sparse/measured/01-squared-norm",
    source=ELHAGE,
    statement="‖W‖_F²/m is how many features a dimension carries.",
    measure=_ORDER,
    tolerance=_RANKS,
    experiments=RUN,
    after_looking=True,
)
def _squared_norm(results: Results) -> Finding:
    return _ranked(results, "squared norm")


@claim(
    id="sparse/measured/02-capacity",
    source=f"{ELHAGE}; Scherlis et al. 2022",
    statement="D_i, the capacity of a feature, is the share of a dimension that it has: its inverse counts features.",
    measure=_ORDER,
    tolerance=_RANKS,
    experiments=RUN,
    after_looking=True,
)
def _capacity(results: Results) -> Finding:
    return _ranked(results, "1 / D")


@claim(
    id="sparse/measured/03-over-half",
    source="Liu, Liu and Gore 2025",
    statement="The share of rows longer than ½ says how strong superposition is.",
    measure=f"the number of such rows per dimension: {_ORDER}",
    tolerance=_RANKS,
    experiments=RUN,
    after_looking=True,
)
def _over_half(results: Results) -> Finding:
    return _ranked(results, "over half")


@claim(
    id="sparse/measured/04-overlap",
    source="Liu, Liu and Gore 2025",
    statement="Squared overlaps of about 1/m are a sign of strong superposition.",
    measure="how often m times the mean squared cosine is larger in a model with superposition than in one without, over seeds; "
    "the baseline is chance",
    tolerance=Tolerance(reproduced=Above(0.9), partly=Above(BASELINE)),
    experiments=RUN,
    after_looking=True,
)
def _overlap(results: Results) -> Finding:
    dense = over_seeds(measured.of(results, "squared cosine", "random, dense data"))
    apart = over_seeds(_of(measured.told_from_none(results), "squared cosine"), (0, 1))
    return Finding(apart, 0.5, also={"m · cos² of random directions in dense data": dense})


@claim(
    id="sparse/measured/05-latents",
    source=BERESKA,
    statement="The effective number of a sparse autoencoder's latents agrees with the truth in toy models.",
    measure=_ORDER,
    tolerance=_RANKS,
    experiments=RUN,
    after_looking=True,
)
def _latents(results: Results) -> Finding:
    return _ranked(results, "SAE exp(H)")


@claim(
    id="sparse/measured/06-lossless",
    source=BERESKA,
    statement="More effective features than dimensions mean that a layer compresses beyond what is lossless.",
    measure="share of the models without superposition in which the effective number of latents is at most 1.1 per dimension, "
    "over seeds, by setting of the autoencoder; that of the best is given, and the same of the known features' exp(H) as a "
    "baseline",
    tolerance=Tolerance(reproduced=AtLeast(90), partly=AtLeast(50)),
    experiments=RUN,
    unit="%",
    after_looking=True,
)
def _lossless(results: Results) -> Finding:
    quiet = results["latents"][..., : len(WITHOUT)] <= measured.ALARM
    each = {name: over_seeds(own).percent for name, own in zip(measured.labels(results.config), quiet, strict=True)}
    known = _of(np.moveaxis(results["said"], 1, -1), "known exp(H)")[:, : len(WITHOUT)] <= measured.ALARM
    return Finding(max(each.values(), key=lambda one: one.value), 100 * float(known.mean()), also={"setting": each})


@claim(
    id="sparse/measured/07-known-features",
    source=BERESKA,
    statement="The number that an autoencoder gives is that of the features themselves.",
    measure="exp(H) of the latents' activity over exp(H) of the features', geometric mean over the models with superposition, "
    "over seeds, by setting; that of the first setting is given",
    tolerance=Tolerance(reproduced=Every("setting", Inside(0.9, 1.1)), partly=Some("setting", Inside(0.9, 1.1))),
    experiments=RUN,
    after_looking=True,
)
def _known(results: Results) -> Finding:
    known = results["said"][:, measured.MEASURES.index("known exp(H)")]
    ratio = np.exp(np.log(results["latents"] / known)[..., len(WITHOUT) :].mean(-1))
    each = {name: over_seeds(own) for name, own in zip(measured.labels(results.config), ratio, strict=True)}
    return Finding(next(iter(each.values())), 1.0, also={"setting": each})


@claim(
    id="sparse/measured/08-dictionary",
    source="This book",
    statement="The effective number of latents grows with the dictionary.",
    measure="that of eight latents a dimension over that of two, in models with superposition whose truth is at most 2, "
    "over seeds; the baseline is 1",
    tolerance=Tolerance(reproduced=Above(1.1), partly=Above(BASELINE)),
    experiments=RUN,
    after_looking=True,
)
def _dictionary(results: Results) -> Finding:
    few = (results["truth"].mean(0) <= 2) & (np.arange(len(NAMES)) >= len(WITHOUT))
    latents = np.array(results.config.latents)
    wide, narrow = results["latents"][latents.argmax()], results["latents"][latents.argmin()]
    return Finding(over_seeds((wide / narrow)[:, few]), 1.0)


@claim(
    id="sparse/measured/09-two-dictionaries",
    source="Sharkey, Braun and Millidge 2022",
    statement="Where two dictionaries agree, they have found the features.",
    measure="Spearman's correlation, over all models, of the MMCS of two autoencoders with the MCC of the first, over seeds; the "
    "baseline is its standard deviation by chance",
    tolerance=Tolerance(reproduced=Above(0.8), partly=Above(BASELINE)),
    experiments=RUN,
    after_looking=True,
)
def _two_dictionaries(results: Results) -> Finding:
    low = over_seeds(measured.of(results, "MCC", "low-rank data"))
    agree = over_seeds(measured.of(results, "MMCS", "low-rank data"))
    also = {"MCC where features are mixtures of few causes": low, "MMCS there": agree}
    return Finding(over_seeds(measured.agreement(results), (-1, 1)), measured.chance(results), also=also)


@claim(
    id="sparse/measured/10-spectrum",
    source="This book",
    statement="Pentagons hold hardly more than the same spectrum at random does.",
    measure="what random directions with the singular values of pentagons hold, over what the pentagons hold, over seeds; the "
    "baseline is what would be left without superposition",
    tolerance=Tolerance(reproduced=Above(0.9), partly=Above(BASELINE)),
    experiments=RUN,
    after_looking=True,
)
def _spectrum(results: Results) -> Finding:
    whole = results["truth"][:, NAMES.index("pentagons")]
    return Finding(over_seeds(measured.after_over_before(results, "spectrum")[0]), float(1 / whole.mean()))


@claim(
    id="sparse/measured/11-weights",
    source="This book",
    statement="No measure of the weights can tell superposition from its absence.",
    measure="the squared norm of pentagons that see dense data, over that of pentagons that see sparse data; the baseline is the "
    "same of what they hold",
    tolerance=Tolerance(otherwise="cannot fail"),
    experiments=RUN,
    after_looking=True,
)
def _weights(results: Results) -> Finding:
    truth, said = measured.after_over_before(results, "dense")
    note = "the weights are the same, and what they hold is not: in dense data as much as a linear code, and no more"
    return Finding(exactly(_of(said, "squared norm").mean()), float(truth.mean()), note)


@claim(
    id="sparse/measured/12-found",
    source="This book",
    statement="What orders the models best is how many of the known features an autoencoder finds.",
    measure="rank correlation of the features that are found, with a cosine of 0.95, less the highest of all other measures', "
    "over seeds; the baseline is 0",
    tolerance=Tolerance(reproduced=Above(0)),
    experiments=RUN,
    after_looking=True,
)
def _found(results: Results) -> Finding:
    each = measured.rank_correlations(results)
    place = measured.MEASURES.index("found")
    return Finding(over_seeds(each[:, place] - np.delete(each, place, 1).max(1), (-2, 2)), 0.0)
