"""The claims of the chapter on translation through a bottleneck."""

import numpy as np

from superposition.bottleneck import translation
from superposition.claims import Finding, claim
from superposition.estimates import exactly, over_seeds
from superposition.runs import Results
from superposition.tolerances import BASELINE, Above, Every, Inside, Of, Some, Tolerance, Within

ORIGINAL, DIAGRAM = "mmjerge 2024, translation_superposition", "mmjerge 2024, intro_diagram_translation_superposition"
EXPERIMENT = ("bottleneck/translation",)


@claim(
    id="bottleneck/translation/1-around",
    source=f"{ORIGINAL}: 34.14 at every epoch",
    statement="Through a bottleneck of half the width, trained, the translator keeps its BLEU.",
    measure="BLEU of translations made the original's way, around the bottleneck: the difference between the best epoch and the "
    "worst, the untrained bottleneck among them; the baseline is the same of translations that go through it",
    tolerance=Tolerance(otherwise="cannot fail"),
    unit="BLEU",
    experiments=EXPERIMENT,
)
def _around(results: Results) -> Finding:
    note = "The original's program generates from the encoder's own output, so no bottleneck can change a word"
    through = np.ptp(results["original_through"], axis=1).mean()
    return Finding(exactly(np.ptp(results["original_around"], axis=1).max()), float(through), note)


@claim(
    id="bottleneck/translation/2-padding",
    source=f"{ORIGINAL}: from 5.05 to 0.95",
    statement="The falling loss shows how well the bottleneck has learned to pass a translation on.",
    measure="the last epoch's loss as the original counts it, over that of the tokens of the translations alone",
    tolerance=Tolerance(reproduced=Inside(0.9, 1.1), otherwise="corrected"),
    experiments=EXPERIMENT,
    corrects="the method",
)
def _padding(results: Results) -> Finding:
    share = 100 * results["original_padding"].mean()
    counted, masked = (np.ptp(results[f"original_{name}"][:, [0, -1]].mean(0)) for name in ("counted", "masked"))
    note = (
        f"Of the places counted, {share:.0f}% are padding; from first to last, the counted loss changes by {counted:.1f} nats, "
        f"that of the tokens by {masked:.1f}"
    )
    return Finding(over_seeds(results["original_counted"][:, -1] / results["original_masked"][:, -1]), 1.0, note)


@claim(
    id="bottleneck/translation/3-arrows",
    source=DIAGRAM,
    statement="Arrows of the first two weights of hidden units show how these lie to each other.",
    measure="over all pairs of hidden units, the correlation of the cosine of their arrows with that of all their weights; the "
    "baseline is what two of so many random coordinates give",
    tolerance=Tolerance(reproduced=Above(0.8), otherwise="corrected"),
    experiments=EXPERIMENT,
    corrects="the method",
)
def _arrows(results: Results) -> Finding:
    note = "Two coordinates of many say next to nothing of an angle"
    found, chance = translation.picture(results)
    return Finding(over_seeds(found, (-1, 1)), chance, note)


@claim(
    id="bottleneck/translation/4-half",
    source="This book",
    statement="Half the width is enough: through it the translator keeps nine tenths of its BLEU.",
    measure="BLEU through the trained bottleneck of half the width over the translator's own; the baseline is that of a random "
    "projection",
    tolerance=Tolerance(reproduced=Above(0.9), partly=Above(BASELINE)),
    experiments=EXPERIMENT,
)
def _half(results: Results) -> Finding:
    share = translation.kept(results)[:, translation.half(results)]
    return Finding(over_seeds(share[translation.TRAINED]), float(share[translation.RANDOM].mean()), also=_by_method(share))


@claim(
    id="bottleneck/translation/5-trained",
    source="This book",
    statement="At every width below half, training finds better ways through than principal components.",
    measure="BLEU through the trained bottleneck, less that through the principal components of the same pairs, at each width "
    "below half; that at the width where it gains least is given",
    tolerance=Tolerance(reproduced=Every("width", Above(0)), partly=Some("width", Above(0))),
    unit="BLEU",
    experiments=EXPERIMENT,
)
def _trained(results: Results) -> Finding:
    gain = results["bleu"][translation.TRAINED] - results["bleu"][translation.PCA]
    each = {str(results.config.widths[k]): over_seeds(gain[k], (-100, 100)) for k in range(translation.half(results))}
    note = "Gained, from the narrowest on: " + ", ".join(f"{one.value:.1f}" for one in each.values())
    return Finding(min(each.values(), key=lambda one: one.value), 0.0, note, {"width": each})


@claim(
    id="bottleneck/translation/6-variance",
    source="This book",
    statement="What makes a translation is not what makes the variance: trained bottlenecks pass less of it on, and translate "
    "better.",
    measure="share of the variance through the trained bottleneck over that through the principal components, at "
    "the narrowest width; and what BLEU gains",
    tolerance=Tolerance(reproduced=Inside(0, 0.98) & Of("the gain in BLEU", Above(0)), partly=Of("the gain in BLEU", Above(0))),
    experiments=EXPERIMENT,
)
def _variance(results: Results) -> Finding:
    explained, bleu = results["explained"][:, 0], results["bleu"][:, 0]
    gain = over_seeds(bleu[translation.TRAINED] - bleu[translation.PCA], (-100, 100))
    return Finding(over_seeds(explained[translation.TRAINED] / explained[translation.PCA]), 1.0, also={"the gain in BLEU": gain})


@claim(
    id="bottleneck/translation/7-basis",
    source="This book",
    statement="What measures say of a bottleneck's directions changes with the basis of its numbers, and no translation does.",
    measure="mean D_i of tokens in trained bottlenecks of half the width as they are, over that in the basis in which their "
    "numbers are uncorrelated",
    tolerance=Tolerance(reproduced=Inside(0, 0.8) | Above(1.25), partly=Inside(0, 1) | Above(1)),
    experiments=EXPERIMENT,
)
def _basis(results: Results) -> Finding:
    return Finding(
        over_seeds(translation.gauge_ratio(results, "dimensionality")[translation.TRAINED, translation.half(results)]), 1.0
    )


@claim(
    id="bottleneck/translation/8-random",
    source="This book",
    statement="The coordinates of the encoder's output, read as features, lie in a trained bottleneck of any width as in a "
    "random projection to that width.",
    measure="mean squared cosine of two coordinates in trained bottlenecks, as they are, over that in random projections, at "
    "each width but the full one, where a projection has none; that at the width where it is farthest from 1 is given",
    tolerance=Tolerance(reproduced=Every("width", Within(0.1, 1)), partly=Some("width", Within(0.1, 1))),
    experiments=EXPERIMENT,
    after_looking=True,
)
def _random(results: Results) -> Finding:
    of = 0, 0, translation.MEASURES.index("squared_cosine")
    narrow = [k for k, width in enumerate(results.config.widths) if width < max(results.config.widths)]
    cosine, chance = (values[:, narrow][:, :, :, *of] for values in (results["measure"], translation.against_random(results)))
    ratio = cosine[translation.TRAINED] / cosine[translation.RANDOM]
    each = {str(results.config.widths[k]): over_seeds(own) for k, own in zip(narrow, ratio, strict=True)}
    note = (
        "A first draft held them against random directions, from which coordinates in any projection differ: "
        f"{', '.join(f'{one:.2f}' for one in chance[translation.TRAINED].mean(-1))} times, and in a random projection "
        f"{', '.join(f'{one:.2f}' for one in chance[translation.RANDOM].mean(-1))}"
    )
    return Finding(max(each.values(), key=lambda one: abs(np.log(one.value))), 1.0, note, {"width": each})


@claim(
    id="bottleneck/translation/9-width",
    source="This book",
    statement="The measures of a bottleneck's weights tell its width, and not how well one can translate through it.",
    measure="mean D_i of the coordinates in trained bottlenecks of the least width over that in random projections, and "
    "the same of BLEU",
    tolerance=Tolerance(
        reproduced=Inside(0.9, 1.1) & Of("BLEU over that of random projections", Above(2)), partly=Inside(0.8, 1.25)
    ),
    experiments=EXPERIMENT,
    after_looking=True,
)
def _width(results: Results) -> Finding:
    D = results["measure"][:, 0, :, 0, 0, translation.MEASURES.index("dimensionality")]
    bleu = results["bleu"][translation.TRAINED, 0] / results["bleu"][translation.RANDOM, 0]
    ratio = D[translation.TRAINED] / D[translation.RANDOM]
    return Finding(over_seeds(ratio), 1.0, also={"BLEU over that of random projections": over_seeds(bleu)})


def _by_method(share: np.ndarray) -> dict[str, dict[str, object]]:
    return {"method": {name: over_seeds(own) for name, own in zip(translation.METHODS, share, strict=True)}}
