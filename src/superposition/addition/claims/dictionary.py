"""The claims of the chapter on dictionaries of what the heads find: do they read off what is known by exact means?"""

import numpy as np

from superposition.addition import dictionary
from superposition.addition.claims.train import SHARE
from superposition.addition.measures.concepts import FAMILIES
from superposition.claims import claim
from superposition.estimates import Estimate, Finding, over_seeds
from superposition.runs import Results
from superposition.tolerances import Above, Below, Every, Inside, Some, Tolerance

RUN = ("addition/dictionary",)
BOTH = (*RUN, "addition/dictionary_longer")
THOUSANDS = "thousands"
_GAIN = (
    "the gain is (F1 − F1 of always saying yes) / (1 − F1 of always saying yes); latent and threshold are chosen on other sums, "
    "and width, kind, penalty and length of training for all models together, with the truth in hand"
)


def _families(values, bounds=(-1.0, 1.0)) -> dict[str, Estimate]:
    """An estimate over seeds for each family that there is at the answer."""
    return {name: over_seeds(own, bounds) for name, own in zip(FAMILIES, values.T, strict=True) if not np.isnan(own).any()}


def _least(each, baseline=None, named="family", note="", also=None):
    return Finding(min(each.values(), key=lambda one: one.value), baseline, note, {named: each} | (also or {}))


@claim(
    id="addition/dictionary/01-control",
    source="This book",
    statement="Where digits are sparse features, the same dictionaries find them, and the same measure says so.",
    measure="gain of the best latent of a dictionary for a digit, mean over digits, on vectors that are sums of random "
    f"directions for four digits and a carry, over seeds; {_GAIN}; baseline: as many random directions",
    tolerance=Tolerance(reproduced=Above(0.9), partly=Above(0.5)),
    experiments=RUN,
    after_looking=True,
)
def _control(results: Results) -> Finding:
    digit = FAMILIES.index("digit")
    found = _families(dictionary.best(results, "made up"))["digit"]
    return Finding(found, float(dictionary.beside(results, "made up", "random")[:, digit].mean()))


@claim(
    id="addition/dictionary/02-reads-off",
    source="This book, after Bricken et al. 2023, who claim it of language models",
    statement="The latents of a sparse autoencoder are the features that the network uses: digits, pairs, sums, carries.",
    measure="gain of the best latent for each thing that is known of a sum, mean over the things of a family, at the thousands, "
    f"over seeds; {_GAIN}; the least family is given, and what as many random directions have there as a baseline",
    tolerance=Tolerance(reproduced=Every("family", Above(0.8)), partly=Some("family", Above(0.8))),
    experiments=BOTH,
    after_looking=True,
)
def _reads_off(results: Results, longer: Results) -> Finding:
    found = dictionary.best_of((results, longer), THOUSANDS)
    chance = dictionary.beside(results, THOUSANDS, "random")
    return _least(_families(found), float(chance.mean(0)[found.mean(0).argmin()]))


def _against(results: Results, longer: Results, method: str) -> Finding:
    """By how much the best dictionary tells each family better than other directions do, at the thousands."""
    more = dictionary.best_of((results, longer), THOUSANDS) - dictionary.beside(results, THOUSANDS, method)
    return _least(_families(more), 0.0)


@claim(
    id="addition/dictionary/03-random",
    source="This book",
    statement="A dictionary tells what is known of a sum better than as many random directions do.",
    measure="the gain of the second claim less that of random directions, each with its best threshold, over seeds; the least "
    "family is given",
    tolerance=Tolerance(reproduced=Every("family", Above(0)), partly=Some("family", Above(0))),
    experiments=BOTH,
    after_looking=True,
)
def _random(results: Results, longer: Results) -> Finding:
    return _against(results, longer, "random")


@claim(
    id="addition/dictionary/04-neurons",
    source="This book, after Bricken et al. 2023, who claim it of language models",
    statement="A latent tells more than a neuron does: here a single dimension of a head.",
    measure="the gain of the second claim less that of the 64 dimensions of z, taken both ways, each with its best threshold, "
    "over seeds; the least family is given",
    tolerance=Tolerance(reproduced=Every("family", Above(0)), partly=Some("family", Above(0))),
    experiments=BOTH,
    after_looking=True,
)
def _neurons(results: Results, longer: Results) -> Finding:
    return _against(results, longer, "neurons")


@claim(
    id="addition/dictionary/05-probes",
    source="This book, after Kantamneni et al. 2025, who found it of language models",
    statement="What no latent tells is there to be read: a linear probe tells every kind of thing better.",
    measure="the gain of linear probes of z, fitted by least squares, less that of the best dictionary of z, of whitened z, and "
    "of z as the logits see it, over seeds; the least family is given",
    tolerance=Tolerance(reproduced=Every("family", Above(0.1)), partly=Some("family", Above(0.1))),
    experiments=BOTH,
    after_looking=True,
)
def _probes(results: Results, longer: Results) -> Finding:
    trained = [dictionary.best(results, base) for base in ("whitened", "logits")]
    trained.append(dictionary.best_of((results, longer), THOUSANDS))
    more = dictionary.beside(results, THOUSANDS, "linear probes") - np.max(trained, axis=0)
    return _least(_families(more), 0.0)


_AS_MANY = {"one active": "sum and carry in", "two active": "pairs of two columns"}


def _as_many(results, name, sign):
    pairs = {label: dictionary.with_as_many(results, THOUSANDS, name, code) for label, code in _AS_MANY.items()}
    return {label: over_seeds(sign * (made - known), (-1.0, 1.0)) for label, (known, made) in pairs.items()}


@claim(
    id="addition/dictionary/06-variance",
    source="This book",
    statement="A dictionary explains more of what the heads find than a known code with as many things active.",
    measure="share of the variance of z at the thousands that a TopK dictionary of 256 latents explains less that of the mean of "
    "z for each column sum with its carry (one active), or the sum of those for each pair of two columns (two active), over "
    "seeds; the least of both is given",
    tolerance=Tolerance(reproduced=Every("code", Above(0)), partly=Some("code", Above(0))),
    experiments=("addition/dictionary_longer",),
    after_looking=True,
)
def _variance(results: Results) -> Finding:
    return _least(_as_many(results, "explained", 1), 0.0, "code")


@claim(
    id="addition/dictionary/07-answers",
    source="This book",
    statement="The model answers better from the known code than from the dictionary.",
    measure="share of digits right at the thousands with the code in place of z, less that with the dictionary's copy, of the "
    "same codes and dictionaries, over seeds; the least of both is given",
    tolerance=Tolerance(reproduced=Every("code", Above(0)), partly=Some("code", Above(0))),
    experiments=("addition/dictionary_longer",),
    after_looking=True,
)
def _answers(results: Results) -> Finding:
    return _least(_as_many(results, "spliced", -1), 0.0, "code")


@claim(
    id="addition/dictionary/08-faithful",
    source="This book, after the loss recovered of Bricken et al. 2023",
    statement="A dictionary that explains nearly all of the variance keeps nearly all of the right answers.",
    measure="share of the model's right digits at the thousands that are still right with the copy of the longest trained "
    "dictionary that explains most, of all kinds and penalties, over seeds; baseline: the share of the variance that it explains",
    tolerance=Tolerance(reproduced=Above(95), partly=Above(90)),
    experiments=("addition/dictionary_longer",),
    unit="%",
    after_looking=True,
)
def _faithful(results: Results) -> Finding:
    explained, kept = dictionary.closest(results, THOUSANDS)
    return Finding(over_seeds(kept, SHARE).percent, 100 * float(explained.mean()))


@claim(
    id="addition/dictionary/09-causal",
    source="This book",
    statement="To take a latent out breaks more answers than a push as large in a random direction.",
    measure="share of right answers at the thousands that turn wrong when a latent that fires is taken out of z, less that with "
    "a random direction in place of the latent's, mean over firings and penalties of the longest trained dictionaries, over "
    "seeds; the least of both kinds is given",
    tolerance=Tolerance(reproduced=Every("kind", Above(0)), partly=Some("kind", Above(0))),
    experiments=("addition/dictionary_longer",),
    after_looking=True,
)
def _causal(results: Results) -> Finding:
    own, drawn = (dictionary.widest(results, THOUSANDS, name).mean(-1) for name in ("broken", "broken_random"))
    each = {kind: over_seeds(one, (-1.0, 1.0)) for kind, one in zip(results.config.kinds, (own - drawn).T, strict=True)}
    return _least(each, 0.0, "kind")


@claim(
    id="addition/dictionary/10-model",
    source="This book",
    statement="What latents tell of an answer's own column is in the model and not in the data alone.",
    measure="the gain of dictionaries of z less that of dictionaries of the models as they start, for digits, pairs, sums and "
    "carries of the own column, over seeds; the least family is given",
    tolerance=Tolerance(reproduced=Every("family", Above(0)), partly=Some("family", Above(0))),
    experiments=RUN,
    after_looking=True,
)
def _model(results: Results) -> Finding:
    more = dictionary.best(results, THOUSANDS) - dictionary.best(results, "untrained")
    return _least({name: one for name, one in _families(more).items() if not name.endswith("below")}, 0.0)


@claim(
    id="addition/dictionary/11-all-seven",
    source="This book",
    statement="One dictionary for all seven answers tells as much at one of them as a dictionary of its own.",
    measure="the gain of dictionaries of z at the thousands less that of dictionaries trained on z at all seven answers, over "
    "seeds; the least family is given",
    tolerance=Tolerance(reproduced=Every("family", Inside(-0.1, 0.1)), partly=Some("family", Inside(-0.1, 0.1))),
    experiments=RUN,
    after_looking=True,
)
def _all_seven(results: Results) -> Finding:
    return _least(_families(dictionary.best(results, THOUSANDS) - dictionary.best(results, "all seven")), 0.0)


@claim(
    id="addition/dictionary/12-longer",
    source="This book",
    statement="That latents tell so little is not for want of training.",
    measure="the gain of dictionaries of 256 latents after four times as many steps less that of all others, over seeds; the "
    "highest family is given",
    tolerance=Tolerance(reproduced=Every("family", Below(0.1)), partly=Some("family", Below(0.1))),
    experiments=BOTH,
    after_looking=True,
)
def _longer(results: Results, longer: Results) -> Finding:
    each = _families(dictionary.best(longer, THOUSANDS) - dictionary.best(results, THOUSANDS))
    return Finding(max(each.values(), key=lambda one: one.value), 0.0, also={"family": each})


@claim(
    id="addition/dictionary/13-whitened",
    source="This book",
    statement="Dictionaries tell more where z is whitened first, so that nothing is large.",
    measure="the gain of dictionaries of whitened z less that of dictionaries of z, trained as long, over seeds; the least "
    "family is given",
    tolerance=Tolerance(reproduced=Every("family", Above(0)), partly=Some("family", Above(0))),
    experiments=RUN,
    after_looking=True,
)
def _whitened(results: Results) -> Finding:
    return _least(_families(dictionary.best(results, "whitened") - dictionary.best(results, THOUSANDS)), 0.0)
