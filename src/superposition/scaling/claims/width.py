"""The claims of the chapter on loss and width."""

import numpy as np

from superposition.claims import Finding, claim
from superposition.estimates import over_seeds
from superposition.runs import Results
from superposition.scaling import width
from superposition.tolerances import Above, AtLeast, Below, Every, Inside, Of, Some, Tolerance

LIU = "Liu, Liu and Gore 2025"
RUN = ("scaling/width",)
SHARE = (0.0, 1.0)


def _alphas(config, each):
    return {f"{alpha:g}": one for alpha, one in zip(config.alphas, each, strict=True)}


def _steps(config, slopes):
    """An estimate over seeds for each step from a width to the next; slopes are (seed, step)."""
    names = [f"{m} to {more}" for m, more in zip(config.n_hidden, config.n_hidden[1:], strict=False)]
    return {name: over_seeds(own) for name, own in zip(names, slopes.T, strict=True)}


def _furthest(each, of, baseline=None, named="step", note="", also=None):
    """The finding that lies furthest from a number, with all others beside it."""
    worst = max(each.values(), key=lambda one: abs(one.value - of))
    return Finding(worst, baseline, note, {named: each} | (also or {}))


@claim(
    id="scaling/width/01-dial",
    source=LIU,
    statement="The dial γ takes the share of features that are represented from 1 to less than a tenth.",
    measure="share of features longer than ½ at γ = 1, mean over widths up to a tenth of the number of features, over seeds; "
    "the highest over α is given, and the least share at γ = −1 beside it",
    tolerance=Tolerance(
        reproduced=Every("α", Below(0.1)) & Of("γ = −1", AtLeast(0.9)), partly=Some("α", Below(0.1)) & Of("γ = −1", AtLeast(0.9))
    ),
    experiments=("scaling/dial",),
    after_looking=True,
)
def _dial(results: Results) -> Finding:
    narrow = np.array(results.config.n_hidden) <= results.config.n_features / 10
    share = results["represented"][..., narrow].mean(-1)
    each = _alphas(results.config, [over_seeds(own, SHARE) for own in share[..., -1]])
    worst = max(each.values(), key=lambda one: one.value)
    return Finding(worst, also={"α": each, "γ = −1": float(share[..., 0].mean(1).min())})


@claim(
    id="scaling/width/02-mass",
    source=LIU,
    statement="In weak superposition the loss is the mass of what is not learned, Σ p_i ⟨v²⟩ over what isn't represented.",
    measure="loss over that sum at γ = 1, where α is above 1, over seeds; the place furthest from 1 is given",
    tolerance=Tolerance(reproduced=Every("place", Inside(0.67, 1.5)), partly=Some("place", Inside(0.67, 1.5))),
    experiments=("scaling/dial",),
    after_looking=True,
)
def _mass(results: Results) -> Finding:
    ratio = width.weak(results, "loss") / width.weak(results, "unlearned")
    alphas = [alpha for alpha in results.config.alphas if alpha > 1]
    each = {
        f"α = {alpha:g}, m = {m}": over_seeds(ratio[i, :, j])
        for i, alpha in enumerate(alphas) for j, m in enumerate(results.config.n_hidden)
    }  # fmt: skip
    return _furthest(each, 1, 1.0, "place")


@claim(
    id="scaling/width/03-tail",
    source=LIU,
    statement="In weak superposition the loss falls as m to the power of −(α − 1).",
    measure="exponent of the loss over all widths at γ = 1 less α − 1, over seeds; the α where it is furthest off is given, "
    "and as a baseline the same of models that give each dimension to one of the most frequent features and ignore all others",
    tolerance=Tolerance(reproduced=Every("α", Inside(-0.2, 0.2)), partly=Some("α", Inside(-0.2, 0.2))),
    experiments=("scaling/dial",),
    after_looking=True,
)
def _tail(results: Results) -> Finding:
    config = results.config
    found = width.exponent(config.n_hidden, width.weak(results, "loss"))
    alphas = [alpha for alpha in config.alphas if alpha > 1]
    each = {f"{alpha:g}": over_seeds(own - (alpha - 1)) for alpha, own in zip(alphas, found, strict=True)}
    furthest = max(alphas, key=lambda alpha: abs(each[f"{alpha:g}"].value))
    least = float(width.exponent(config.n_hidden, width.tail(config, furthest)) - (furthest - 1))
    return Finding(each[f"{furthest:g}"], least, also={"α": each})


@claim(
    id="scaling/width/04-even",
    source=LIU,
    statement="In strong superposition the loss falls as 1 / m where features are about equally frequent.",
    measure="exponent of the loss from each width to the next at γ = −1 and α = 0, after the longest training, over seeds; the "
    "step furthest from 1 is given, and what random directions have there as a baseline",
    tolerance=Tolerance(reproduced=Every("step", Inside(0.8, 1.2)), partly=Some("step", Inside(0.8, 1.2))),
    experiments=("scaling/width", "scaling/width_longer"),
    after_looking=True,
)
def _even(results: Results, longer: Results) -> Finding:
    return _strong(results, longer, 0, 1)


def _strong(results, longer, alpha, of):
    slopes = width.slopes(longer.config, width.strong(longer, "loss", alpha))
    random = width.slopes(results.config, width.drawn(results, "loss", alpha)).mean(0)
    return _furthest(_steps(longer.config, slopes), of, float(random[np.abs(slopes.mean(0) - of).argmax()]))


@claim(
    id="scaling/width/05-uneven",
    source=LIU,
    statement="It falls as m to the power of −2(α − 1) where α is near 2.",
    measure="the same at α = 2, where 2(α − 1) is 2; the step furthest from it is given",
    tolerance=Tolerance(reproduced=Every("step", Inside(1.5, 2.5)), partly=Some("step", Inside(1.5, 2.5))),
    experiments=("scaling/width", "scaling/width_longer"),
    after_looking=True,
)
def _uneven(results: Results, longer: Results) -> Finding:
    return _strong(results, longer, 2, 2)


@claim(
    id="scaling/width/06-overlap",
    source=LIU,
    statement="In strong superposition the mean squared overlap falls as 1 / m.",
    measure="its exponent over all widths at γ = −1, over seeds; the α where it is furthest from 1 is given, and that of random "
    "directions as a baseline",
    tolerance=Tolerance(reproduced=Every("α", Inside(0.8, 1.2)), partly=Some("α", Inside(0.8, 1.2))),
    experiments=RUN,
    after_looking=True,
)
def _overlap(results: Results) -> Finding:
    config = results.config
    each = [over_seeds(width.exponent(config.n_hidden, width.strong(results, "overlap", alpha))) for alpha in config.alphas]
    random = float(width.exponent(config.n_hidden, width.drawn(results, "overlap", config.alphas[0])).mean())
    return _furthest(_alphas(config, each), 1, random, "α")


@claim(
    id="scaling/width/07-random",
    source="This book",
    statement="The loss of random directions falls nearly as 1 / m, whatever α; that of trained ones falls faster.",
    measure="exponent of the loss over the four largest widths, of random directions with the best common length and biases, "
    "over seeds; the one furthest from 1 over α is given, and beside it by how much more that of trained models is at γ = −1",
    tolerance=Tolerance(
        reproduced=Every("α", Inside(0.7, 1.4)) & Every("more", Above(0)),
        partly=Every("more", Above(0)) | Every("α", Inside(0.7, 1.4)),
    ),
    experiments=RUN,
    after_looking=True,
)
def _random(results: Results) -> Finding:
    config = results.config
    wide = lambda take, alpha: width.exponent(config.n_hidden[-4:], take(results, "loss", alpha)[:, -4:])
    each = _alphas(config, [over_seeds(wide(width.drawn, alpha)) for alpha in config.alphas])
    more = [over_seeds(wide(width.strong, alpha) - wide(width.drawn, alpha)) for alpha in config.alphas]
    return _furthest(each, 1, 1.0, "α", also={"more": _alphas(config, more)})


@claim(
    id="scaling/width/08-start",
    source="This book",
    statement="From biases that start as the source's do, training ends in a higher loss than from biases that start at 0.",
    measure="loss at γ = −1 of models whose biases start normal with deviation 1 over that of ours, over seeds; the least of all "
    "places is given",
    tolerance=Tolerance(reproduced=Every("place", Above(1)), partly=Some("place", Above(1))),
    experiments=("scaling/width", "scaling/width_their_start"),
    after_looking=True,
)
def _start(results: Results, theirs: Results) -> Finding:
    each = {
        f"α = {alpha:g}, m = {m}": over_seeds(own)
        for alpha in theirs.config.alphas
        for m, own in zip(
            theirs.config.n_hidden,
            (width.strong(theirs, "loss", alpha) / width.strong(results, "loss", alpha)).T,
            strict=True,
        )
    }  # fmt: skip
    return Finding(min(each.values(), key=lambda one: one.value), 1.0, also={"place": each})


@claim(
    id="scaling/width/09-longer",
    source="This book",
    statement="Exponents above 1 are not for want of training.",
    measure="exponent of the loss over the four largest widths at γ = −1 after three times as many steps, over seeds; the least "
    "over α is given, and that after the steps of all else as a baseline",
    tolerance=Tolerance(reproduced=Every("α", Above(1.2)), partly=Some("α", Above(1.2))),
    experiments=("scaling/width", "scaling/width_longer"),
    after_looking=True,
)
def _longer(results: Results, longer: Results) -> Finding:
    wide = lambda of, alpha: width.exponent(of.config.n_hidden[-4:], width.strong(of, "loss", alpha)[:, -4:])
    alphas = longer.config.alphas
    each = _alphas(longer.config, [over_seeds(wide(longer, alpha)) for alpha in alphas])
    least = min(alphas, key=lambda alpha: each[f"{alpha:g}"].value)
    return Finding(each[f"{least:g}"], float(wide(results, least).mean()), also={"α": each})


@claim(
    id="scaling/width/10-share",
    source="This book",
    statement="Where the number of features grows along with the width, the loss falls about as 1 / m.",
    measure="exponent of the loss from a width with 300 features to as many more dimensions with 500, at γ = −1 and α = 0, over "
    "seeds; the width where it is furthest from 1 is given",
    tolerance=Tolerance(reproduced=Every("width", Inside(0.8, 1.2)), partly=Some("width", Inside(0.8, 1.2))),
    experiments=("scaling/dial", "scaling/width"),
    after_looking=True,
)
def _share(fewer: Results, more: Results) -> Finding:
    each = {str(m): over_seeds(own) for m, own in width.at_the_same_share(fewer, more, 0).items()}
    return _furthest(each, 1, named="width")
