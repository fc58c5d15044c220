"""The claims of the chapter on how sparse autoencoders fail."""

from superposition.claims import Finding, claim
from superposition.estimates import over_seeds
from superposition.runs import Results
from superposition.sparse import failures
from superposition.tolerances import Above, Below, Every, Inside, Of, Some, Tolerance

RUN = ("sparse/failures",)
COSINE = (-1.0, 1.0)
UNTIED, TIED = 0, 1
FAIR = "at the penalty at which the kind recovers independent features best"


def _l1(results, name, tied=UNTIED):
    return failures.at_fair(results, name)[results.config.kinds.index("L1"), tied]


def _labelled(labels, values, bounds=None):
    """An estimate over seeds for each label; values are (label, seed)."""
    return {str(label): over_seeds(own, bounds) for label, own in zip(labels, values, strict=True)}


def _extreme(which, each, named, baseline=None, note="", also=None):
    """The finding that is the least or the greatest of several estimates, with all of them beside it."""
    return Finding(which(each.values(), key=lambda one: one.value), baseline, note, {named: each} | (also or {}))


@claim(
    id="sparse/failures/1-absorbed",
    source="Chanin et al. 2024",
    statement="Where a feature comes only with another, the other's latent falls silent beside its own.",
    measure="share of seeds in which the parent's latent is silent in more than half of the examples with both features in "
    "which the child's latent fires, over what it is without the child; an L1 autoencoder, sizes of one, " + FAIR + "; the "
    "baseline is the share with independent features of the same densities",
    tolerance=Tolerance(reproduced=Above(50), partly=Above(0)),
    experiments=RUN,
    unit="%",
    after_looking=True,
)
def _absorbed(results: Results) -> Finding:
    silent = _l1(results, "silent")[:, 0] > 0.5
    return Finding(over_seeds(silent[-1]).percent, 100 * float(silent[0].mean()))


@claim(
    id="sparse/failures/2-optimum",
    source="Chanin et al. 2024; Golechha, Chanin and Garriga-Alonso 2025, with a proof",
    statement="Absorption is what the loss asks for, and no accident of training.",
    measure="the loss of L1 autoencoders on nested features over what the true directions pay with the best code there is, "
    "over seeds, for each spread of sizes, " + FAIR + "; the greatest is given; the baseline is that of independent features",
    tolerance=Tolerance(reproduced=Every("spread", Below(1)), partly=Some("spread", Below(1))),
    experiments=RUN,
    after_looking=True,
)
def _optimum(results: Results) -> Finding:
    penalty = failures.fair(results)[results.config.kinds.index("L1"), UNTIED]
    ratio = _l1(results, "absorbed_paid") / results["truth_pays"][..., None, penalty]
    note = (
        "the sources' (2 − δ) for the activity beside the child leaves out that its latent grows longer: it is "
        "1 − δ + √(1 + δ²) for directions of length one, which falls as well, to √2 and not to 1"
    )
    each = _labelled(results.config.spreads, ratio[-1])
    return _extreme(max, each, "spread", float(ratio[0].mean()), note)


@claim(
    id="sparse/failures/3-amount",
    source="This book",
    statement="How much of its parent a child's latent takes along can be computed: the loss's own optimum says it.",
    measure="cosine of the child's latent with the parent less that of the optimum, of L1 autoencoders at the three lighter λ, "
    "mean over λ, over seeds, at each company of half and above and each spread; the difference that is farthest from 0 is given",
    tolerance=Tolerance(reproduced=Every("place", Inside(-0.1, 0.1)), partly=Some("place", Inside(-0.1, 0.1))),
    experiments=RUN,
    after_looking=True,
)
def _amount(results: Results) -> Finding:
    config = results.config
    off = results["carried"][config.kinds.index("L1"), UNTIED] - results["carried_expected"][:, :, None]
    each = {
        f"company {company:g}, spread {spread:g}": over_seeds(off[i, j, :, :-1].mean(-1), (-2.0, 2.0))
        for i, company in enumerate(config.companies) if company >= 0.5 for j, spread in enumerate(config.spreads)
    }  # fmt: skip
    return Finding(max(each.values(), key=lambda one: abs(one.value)), 0.0, also={"place": each})


@claim(
    id="sparse/failures/4-tied",
    source="Chanin et al. 2024, in toy models",
    statement="Tying the encoder to the decoder removes absorption.",
    measure="the cosine of the child's latent with the parent, of tied L1 autoencoders on nested features, over seeds, for each "
    "spread, " + FAIR + "; the greatest is given, and that of untied ones with sizes of one as a baseline",
    tolerance=Tolerance(reproduced=Every("spread", Inside(-0.1, 0.1)), partly=Some("spread", Inside(-0.1, 0.1))),
    experiments=RUN,
    after_looking=True,
)
def _tied(results: Results) -> Finding:
    each = _labelled(results.config.spreads, _l1(results, "carried", TIED)[-1], COSINE)
    return _extreme(max, each, "spread", float(_l1(results, "carried")[-1, 0].mean()))


@claim(
    id="sparse/failures/5-kinds",
    source="This book",
    statement="Every kind of sparse autoencoder absorbs.",
    measure="how often the parent's latent is silent beside the child's, over what it is without the child, on nested features "
    "of size one, less the same on independent features, untied, over seeds, " + FAIR + "; the least of the kinds is given",
    tolerance=Tolerance(reproduced=Every("kind", Above(0)), partly=Some("kind", Above(0))),
    experiments=RUN,
    after_looking=True,
)
def _kinds(results: Results) -> Finding:
    silent = failures.at_fair(results, "silent")[:, UNTIED, :, 0]
    each = _labelled(results.config.kinds, silent[:, -1] - silent[:, 0], (-2.0, 2.0))
    surely = ", ".join(kind for kind, one in each.items() if one.low > 0) or "none"
    return _extreme(min, each, "kind", 0.0, f"kinds whose interval lies above 0: {surely}")


@claim(
    id="sparse/failures/6-splitting",
    source="Bricken et al. 2023; Chanin et al. 2024",
    statement="As a dictionary widens, a feature splits into several latents.",
    measure="among how many latents a parent of four children is divided, less the same of a childless feature of its density, "
    "in the widest dictionary, over seeds, at the λ at which an untied L1 recovers most; the same of the narrowest, and of the "
    "widest with tied weights, beside it; the baseline is that of untrained dictionaries",
    tolerance=Tolerance(reproduced=Above(1) & Of("narrowest", Below(1)), partly=Above(0)),
    experiments=RUN,
    after_looking=True,
)
def _splitting(results: Results) -> Finding:
    split = lambda name: failures.at_best(results, name, "split_recovered")[results.config.kinds.index("L1")]
    more = split("family_split") - split("lone_split")
    null = (results["family_split_untrained"] - results["lone_split_untrained"])[-1].mean()
    most = float(results.config.widths[-1])
    narrowest, tied = over_seeds(more[UNTIED, 0], (-most, most)), over_seeds(more[TIED, -1], (-most, most))
    return Finding(over_seeds(more[UNTIED, -1], (-most, most)), float(null), also={"narrowest": narrowest, "tied": tied})


@claim(
    id="sparse/failures/7-composed",
    source="Anders et al. 2024",
    statement="Autoencoders find pairs of features that come together, and not the features, even where three in four examples "
    "show one feature alone.",
    measure="matched cosines of pairs less those of features, in two dimensions, sizes of one, of L1 autoencoders at the λ at "
    "which features are recovered best, over seeds, for each share of examples with one feature alone; the least is given",
    tolerance=Tolerance(reproduced=Every("share alone", Above(0)), partly=Some("share alone", Above(0))),
    experiments=RUN,
    after_looking=True,
)
def _composed(results: Results) -> Finding:
    more = _found(results, "pairs_found") - _found(results, "features_found")
    plane = failures.DIMENSIONS.index(2)
    null = (results["pairs_found_untrained"] - results["features_found_untrained"])[plane, :, 0].mean()
    return _extreme(min, _labelled(results.config.alone, more[plane, :, 0], COSINE), "share alone", float(null))


def _found(results, name):
    return failures.at_best(results, name, "features_found")[results.config.kinds.index("L1"), UNTIED]


@claim(
    id="sparse/failures/8-room",
    source="This book",
    statement="Where each feature has a dimension and sizes vary, it finds the features, though they come only in pairs.",
    measure="matched cosines of the features in four dimensions that always come in pairs, of L1 autoencoders at the best λ, "
    "over seeds, with sizes from 0 to 2; the baseline is that of untrained dictionaries; beside it the same with sizes of one",
    tolerance=Tolerance(reproduced=Above(0.95) & Of("sizes of one", Below(0.95)), partly=Above(0.95)),
    experiments=RUN,
    after_looking=True,
)
def _room(results: Results) -> Finding:
    found = _found(results, "features_found")[failures.DIMENSIONS.index(4), 0]
    null = float(results["features_found_untrained"][failures.DIMENSIONS.index(4), 0, -1].mean())
    return Finding(over_seeds(found[-1], (0.0, 1.0)), null, also={"sizes of one": over_seeds(found[0], (0.0, 1.0))})


@claim(
    id="sparse/failures/9-hedging",
    source="Chanin, Dulka and Garriga-Alonso 2025",
    statement="A dictionary that is too narrow merges features that are correlated.",
    measure="cosine of the only latent with the rarer of two features, of an untied L1, over seeds, " + FAIR + ", where the "
    "rarer one comes only with the other; beside it where they are independent, and where they never meet; the baseline is "
    "the first principal component's",
    tolerance=Tolerance(
        reproduced=Above(0.1) & Of("independent", Inside(-0.1, 0.1)) & Of("never together", Below(0)), partly=Above(0.1)
    ),
    experiments=RUN,
    after_looking=True,
)
def _hedging(results: Results) -> Finding:
    hedged, correlations = _l1(results, "hedged"), results.config.correlations
    at = {name: over_seeds(hedged[correlations.index(c)], COSINE) for name, c in (("independent", 0.0), ("never together", -1.0))}
    return Finding(over_seeds(hedged[-1], COSINE), float(failures.first_component(results.config)[-1]), also=at)
