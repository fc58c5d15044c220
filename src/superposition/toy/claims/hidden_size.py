"""Claims of the chapter on the number of neurons, held against the results of toy/hidden_size."""

from superposition.claims import Finding, claim
from superposition.estimates import over_seeds
from superposition.runs import Results
from superposition.tolerances import BASELINE, MOST, AtLeast, Every, MoreThan, Tolerance, Within
from superposition.toy.claims.common import LECOMTE, WRITE_UP, by_label
from superposition.toy.hidden_size import (
    ADAM,
    DESCENT,
    FIRST,
    LINEAR,
    LINEAR_L1,
    ample,
    opposed_by_chance,
    published_rate,
)  # fmt: skip

SOURCE = f"{WRITE_UP}, Varying the sizes of hidden layers"


@claim(
    id="toy/hidden_size/1-polysemantic",
    source=SOURCE,
    statement="At every size of the hidden layer, regardless of whether the neurons are more than enough, there is "
    "polysemanticity.",
    measure="share of live neurons with 1.5 effective features or more at S = 0.9, all widths, linear hidden layer; baseline: "
    "the same models turned",
    tolerance=Tolerance(corrected=Within(5, BASELINE), reproduced=AtLeast(90)),
    unit="%",
    corrects="the reading",
    experiments=("toy/hidden_size",),
)
def _polysemantic(results: Results) -> Finding:
    own, turned = (1 - results[name][:, LINEAR, FIRST] for name in ("single", "null_single"))
    with_l1 = 100 * (1 - results["single"][ample(results), LINEAR_L1, FIRST]).mean()
    note = f"The basis is free, so the count says nothing; with L1 and more neurons than features it is {with_l1:.0f}%"
    return Finding(over_seeds(own.T, (0, 1)).percent, 100 * float(turned.mean()), note)


@claim(
    id="toy/hidden_size/2-enough",
    source=f"{SOURCE}, measured as no rotation can change",
    statement="Features share directions even where there are more neurons than features.",
    measure="overlap (root of the sum of the other features' squared projections on a feature's direction), mean over features "
    "and widths of 40 and more, linear hidden layer, S = 0.9; baseline: random directions",
    tolerance=Tolerance(reproduced=AtLeast(0.5 * BASELINE), partly=AtLeast(0.1 * BASELINE)),
    experiments=("toy/hidden_size",),
)
def _enough(results: Results) -> Finding:
    own, random = (results[name][ample(results), -1, LINEAR, FIRST] for name in ("overlap", "null_overlap"))
    scarce = results["overlap"][~ample(results), -1, LINEAR, FIRST].mean()
    note = f"At {results['n_hidden'][0]} neurons, fewer than features, it is {scarce:.2f}"
    return Finding(over_seeds(own.T), float(random.mean()), note)


@claim(
    id="toy/hidden_size/3-development",
    source=SOURCE,
    statement="Polysemanticity develops during training.",
    measure="effective features on a live neuron after training over before, linear hidden layer, all widths, S = 0.9; "
    "baseline: with L1",
    tolerance=Tolerance(reproduced=AtLeast(1.2)),
    experiments=("toy/hidden_size",),
)
def _development(results: Results) -> Finding:
    count = results["participation"][:, :, :, FIRST]
    ratio = count[:, -1] / count[:, 0]
    turned = results["null_participation"][:, :, LINEAR, FIRST]
    note = (
        "It is there before the first step, as in any random matrix; in turned copies it grows by a factor of "
        f"{(turned[:, -1] / turned[:, 0]).mean():.2f}"
    )
    return Finding(over_seeds(ratio[:, LINEAR].T), float(ratio[:, LINEAR_L1].mean()), note)


_NEARER = "width, how much nearer than blind choice,"


@claim(
    id="toy/hidden_size/4-by-chance",
    source=f"{LECOMTE}, on collisions",
    statement="With L1 and features that never come together, about n²/4m neurons are polysemantic by chance, however many "
    "there are.",
    measure="polysemantic neurons over n²/4m, at 60 neurons, AdamW, L1 of 0.03, thirty times the source's; also at each width of "
    "40 and more, and how much nearer to n²/4m than blind choice; baseline: features that choose neurons and signs blindly",
    tolerance=Tolerance(
        reproduced=Every("width", Within(0.25, 1)) & Every(_NEARER, MoreThan(0)), partly=Every("width", Within(0.5, 1))
    ),
    after_looking=True,
    experiments=("toy/hidden_size",),
)
def _by_chance(results: Results) -> Finding:
    wide = ample(results)
    rate, widths = published_rate(results)[wide], results["n_hidden"][wide]
    ratio = results["alone_polysemantic"][wide, ADAM] / rate[:, None]
    blind = [opposed_by_chance(results.config.n_features, int(m)) for m in widths]
    each, blind_ratio = by_label(widths, ratio), dict(zip(map(str, widths), blind / rate, strict=True))
    nearer = {label: float(abs(blind_ratio[label] - 1) - abs(one.value - 1)) for label, one in each.items()}
    wide = ", ".join(label for label, lead in nearer.items() if lead <= 0)
    note = (
        f"Blind choice comes as near or nearer with {wide or 'none'} neurons: the rate alone says little for the story behind it"
    )
    return Finding(each["60"], float(blind_ratio["60"]), note, {"width": each, _NEARER: nearer})


@claim(
    id="toy/hidden_size/5-winner",
    source=f"{LECOMTE}, on the winner that takes all",
    statement="A feature ends on the neuron that was, by chance, the most strongly tied to it at the start.",
    measure="share of features that end where they were strongest, widths of 40 and more, gradient descent; baseline: blind "
    "choice, 1/m",
    tolerance=MOST,
    unit="%",
    experiments=("toy/hidden_size",),
)
def _winner(results: Results) -> Finding:
    kept = results["alone_kept"][ample(results)]
    blind = float((1 / results["n_hidden"][ample(results)]).mean())
    return Finding(over_seeds(kept[:, DESCENT].T, (0, 1)).percent, 100 * blind, f"With AdamW {100 * kept[:, ADAM].mean():.0f}%")


@claim(
    id="toy/hidden_size/6-together",
    source=f"Ours, on {LECOMTE}",
    statement="Features that do come together, now and then, still collide at that rate.",
    measure="polysemantic neurons over n²/4m, linear hidden layer with L1, S = 0.9, mean over widths of 40 and more; baseline: "
    "features alone",
    tolerance=Tolerance(reproduced=Within(0.25, 1), partly=Within(0.5, 1)),
    experiments=("toy/hidden_size",),
)
def _together(results: Results) -> Finding:
    wide = ample(results)
    rate = published_rate(results)[wide, None]
    rarer = (results["polysemantic"][wide, LINEAR_L1, -1] / rate).mean()
    blind = float((results["alone_polysemantic"][wide, ADAM] / rate).mean())
    return Finding(over_seeds((results["polysemantic"][wide, LINEAR_L1, FIRST] / rate).T), blind, f"At S = 0.99: {rarer:.2f}")
