"""The claims of the chapter on heads and skip trigrams."""

import numpy as np

from superposition import sharing
from superposition.claims import Finding, claim
from superposition.estimates import over_seeds
from superposition.runs import Results
from superposition.sharing import SCORE
from superposition.stories.attention import ASSOCIATION, OFF, ON, TOLD, heads_by_ease, left, told
from superposition.tolerances import BASELINE, Above, AtMost, Every, MoreThan, Of, Tolerance

WRITE_UP = "This book, after a wish of Thaman et al. 2023, project 1"
BOTH = ("stories/attention_small", "stories/attention")
LARGER = "larger sibling"
EASE = "the same over a lot that knows which features are easy"


def _larger(value: float | np.floating) -> dict[str, dict[str, float]]:
    return {LARGER: {"one layer": float(value)}}


@claim(
    id="stories/attention/1-task",
    source=WRITE_UP,
    statement="There is a fixed task in which the heads of a one-layer model tell apart more features than there are heads.",
    measure="associations that all heads together tell apart, the MLP off, in more than half of the contexts, small model, mean "
    "over seeds; baseline: the same with the heads turned at random; the larger sibling's besides",
    tolerance=Tolerance(
        reproduced=Above(4) & Above(BASELINE) & Of("with turned heads", AtMost(4)) & Every(LARGER, MoreThan(8)),
        partly=Above(BASELINE),
    ),
    unit="features",
    experiments=BOTH,
    after_looking=True,
)
def _task(small: Results, large: Results) -> Finding:
    count = lambda results, of="": (results[f"{of}together"][:, ASSOCIATION, ..., OFF, :] > TOLD).sum(-1)
    turned = float(count(small, "turned_").mean())
    features, heads = small["effect"].shape[-2:]
    note = f"{heads} heads, {features} features; the larger sibling has {large['effect'].shape[-1]} heads"
    also = {"with turned heads": turned} | _larger(count(large).mean())
    return Finding(over_seeds(count(small), (0, features)), turned, note, also)


@claim(
    id="stories/attention/2-memory",
    source=WRITE_UP,
    statement="What the heads do can be told from what the MLP has memorised: most of it is left without the MLP.",
    measure="share of what the right answer's logit gains from A that is left when the MLP may not speak of A, associations, "
    "small model, mean over seeds; the larger sibling's besides",
    tolerance=Tolerance(reproduced=Above(50) & Every(LARGER, MoreThan(50)), partly=Above(25)),
    unit="%",
    experiments=BOTH,
    after_looking=True,
)
def _memory(small: Results, large: Results) -> Finding:
    share = 100 * left(small)[:, ASSOCIATION]
    return Finding(over_seeds(share, (-100, 100)), also=_larger(100 * left(large)[0, ASSOCIATION]))


@claim(
    id="stories/attention/3-alone",
    source="This book",
    statement="A single head tells apart more features than there are heads.",
    measure="associations that the best head tells apart alone in more than half of the contexts, the MLP on, small model, mean "
    "over seeds; baseline: the same with the heads turned at random; the larger sibling's besides",
    tolerance=Tolerance(reproduced=Above(4) & Above(BASELINE) & Every(LARGER, MoreThan(8)), partly=Above(BASELINE)),
    unit="features",
    experiments=BOTH,
    after_looking=True,
)
def _alone(small: Results, large: Results) -> Finding:
    best = lambda results, of="": told(results, of)[:, ASSOCIATION, ..., ON, :, :].sum(-2).max(-1)
    bounds = (0, small["effect"].shape[-2])
    return Finding(over_seeds(best(small), bounds), float(best(small, "turned_").mean()), also=_larger(best(large).mean()))


@claim(
    id="stories/attention/4-shared",
    source=WRITE_UP,
    statement="Heads share features: a feature that one head tells apart is told apart by more others than by lot.",
    measure="heads that tell a feature apart alone, of features that any does, over the same by lot, the MLP on, associations, "
    "small model, mean over seeds; the larger sibling's besides; and over a lot in which a feature is the likelier the more "
    "heads of the other seeds tell it apart",
    tolerance=Tolerance(reproduced=Above(1) & Every(LARGER, MoreThan(1)) & Of(EASE, Above(1)), partly=Above(1)),
    experiments=BOTH,
    after_looking=True,
)
def _shared(small: Results, large: Results) -> Finding:
    ratio = lambda results: _heads(results) / sharing.by_lot(told(results)[:, ASSOCIATION, ON])
    eased = {EASE: over_seeds(_heads(small) / heads_by_ease(small, small, ON))} | {
        f"{EASE}, larger sibling": float((_heads(large) / heads_by_ease(large, small, ON))[0])
    }
    note = (
        f"{_heads(small).mean():.1f} heads a feature, where modules would have 1; that some features are easier than others, for "
        "every head and seed, can explain it"
    )
    return Finding(over_seeds(ratio(small), (0, small["effect"].shape[-1])), 1.0, note, _larger(ratio(large)[0]) | eased)


def _heads(results: Results) -> np.ndarray:
    return sharing.shared_work(told(results)[:, ASSOCIATION, ON])["heads a feature"]


@claim(
    id="stories/attention/5-spread",
    source="This book, in its part on addition",
    statement="The score of spread over heads is higher for trained heads than for the same heads at random.",
    measure="score of the effects of taking heads out, over that with the heads turned at random, the MLP on, associations, "
    "small model, mean over seeds; the larger sibling's besides",
    tolerance=Tolerance(reproduced=Above(1) & Every(LARGER, MoreThan(1)), otherwise="not reproduced"),
    experiments=BOTH,
    after_looking=True,
)
def _spread(small: Results, large: Results) -> Finding:
    ratio = lambda results: (results["spread"] / results["turned_spread"].mean(2))[:, ASSOCIATION, ON, SCORE]
    return Finding(over_seeds(ratio(small), (0, small["effect"].shape[-1])), 1.0, also=_larger(ratio(large)[0]))
