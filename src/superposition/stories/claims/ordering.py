"""The claims of the chapter on weights in order: the write-up's, and what its control left out."""

import numpy as np

from superposition.claims import Finding, claim
from superposition.estimates import exactly, over_seeds
from superposition.runs import Results
from superposition.stories.ordering import adjusted, chosen, one_sided, ratio, spectral_share
from superposition.tolerances import BASELINE, AtLeast, Every, MoreThan, Tolerance

SIBLINGS, ENCODER = "stories/ordering", "stories/pretrained"
SMALL = "stories/train_1l_small"
LARGER = ("stories/train_1l", "stories/train_2l")
EVERY = Tolerance(reproduced=AtLeast(100), partly=AtLeast(50))


def larger(results: Results, values: np.ndarray) -> dict[str, float]:
    """The value of what the neurons of each layer of the larger siblings write, by model and layer."""
    table = results["matrices"]
    return {
        f"{model.rpartition('_')[2]} {table['name'][int(k)].as_py()}": float(values[k])
        for model in LARGER
        for k in chosen(results, "W_out", model)
    }


@claim(
    id="stories/ordering/1-random",
    source="Thaman et al. 2023, project 2, of the original",
    statement="Put in order, what the neurons write shows structure that a random matrix, put in order by the same steps, lacks.",
    measure="mean squared cosine of neighbours along the greedy path through W_out, over the mean of 20 random matrices' of its "
    "shape, mean over the three seeds of the small sibling, and in each layer of the larger ones; the baseline is no difference",
    tolerance=Tolerance(reproduced=AtLeast(1.2) & Every("larger sibling", AtLeast(1.2)), partly=MoreThan(BASELINE)),
    unit="times",
    experiments=(SIBLINGS,),
    after_looking=True,
)
def _random(found: Results) -> Finding:
    times = ratio(found, control=0)
    return Finding(over_seeds(times[chosen(found, "W_out", SMALL)]), 1.0, also={"larger sibling": larger(found, times)})


@claim(
    id="stories/ordering/2-spectrum",
    source="This book",
    statement="Half or more of that is in the spectrum: rows crowd some directions, and no row need know of another.",
    measure="of what W_out's path scores above random matrices', the share that surrogates of its row lengths and spectrum score "
    "as well, mean over the three seeds of the small sibling, and in each layer of the larger ones; the baseline is the mean "
    "over the encoder's layers",
    tolerance=Tolerance(
        reproduced=AtLeast(50) & Every("larger sibling", AtLeast(50)), partly=AtLeast(50) | Every("larger sibling", AtLeast(50))
    ),
    unit="%",
    experiments=(SIBLINGS, ENCODER),
    after_looking=True,
)
def _spectrum(found: Results, encoder: Results) -> Finding:
    share = 100 * spectral_share(found)
    baseline = float(100 * spectral_share(encoder)[chosen(encoder, "W_out")].mean())
    return Finding(over_seeds(share[chosen(found, "W_out", SMALL)]), baseline, also={"larger sibling": larger(found, share)})


def _beyond(found: Results, matrices: np.ndarray) -> Finding:
    return Finding(exactly(100 * float((adjusted(found)[matrices] < 0.05).mean())), 5.0)


BEYOND = (
    "share of them whose greedy path scores higher than those of surrogates of the same row lengths and spectrum, p < 0.05 after "
    "Holm's correction for all matrices of the experiment; the baseline is what chance would allow without it"
)


@claim(
    id="stories/ordering/3-beyond",
    source="This book, after the control of Thaman et al. 2023",
    statement="Something is left: in every layer of every sibling, neurons write more alike than the spectrum explains.",
    measure=f"of the matrices W_out of all siblings and seeds, {BEYOND}",
    tolerance=EVERY,
    unit="%",
    experiments=(SIBLINGS,),
    after_looking=True,
)
def _written(found: Results) -> Finding:
    return _beyond(found, chosen(found, "W_out"))


@claim(
    id="stories/ordering/4-others",
    source="This book; the write-up wished for it",
    statement="The same holds of the other large matrices: of what neurons read, of both together, and of the embeddings.",
    measure=f"of the other matrices of all siblings and seeds, {BEYOND}",
    tolerance=EVERY,
    unit="%",
    experiments=(SIBLINGS,),
    after_looking=True,
)
def _others(found: Results) -> Finding:
    return _beyond(found, np.concatenate([chosen(found, kind) for kind in ("W_in", "both", "W_E")]))


@claim(
    id="stories/ordering/5-encoder",
    source="This book",
    statement="It also holds of a model that no one here trained, in all six layers.",
    measure=f"of W_in and W_out of each layer, and the embeddings, of the sentence encoder all-MiniLM-L6-v2, {BEYOND}",
    tolerance=EVERY,
    unit="%",
    experiments=(ENCODER,),
    after_looking=True,
)
def _encoder(found: Results) -> Finding:
    return _beyond(found, np.arange(len(found["score"])))


@claim(
    id="stories/ordering/6-sides",
    source="This book",
    statement="A group of neurons that write alike in a sibling writes to one side; in the encoder, half of a group writes "
    "against the rest.",
    measure="mean cosine over root mean squared cosine of a spot of W_out, median over the siblings' spots; the baseline is the "
    "encoder's median",
    tolerance=Tolerance(reproduced=AtLeast(0.5) & MoreThan(2 * BASELINE), partly=MoreThan(BASELINE), otherwise="not reproduced"),
    experiments=(SIBLINGS, ENCODER),
    after_looking=True,
)
def _sides(found: Results, encoder: Results) -> Finding:
    sides = one_sided(found, chosen(found, "W_out"))
    return Finding(exactly(sides), one_sided(encoder, chosen(encoder, "W_out")))
