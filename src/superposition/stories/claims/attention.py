"""The claims of the chapter on heads and skip trigrams."""

from superposition import sharing
from superposition.claims import Finding, claim
from superposition.estimates import over_seeds
from superposition.runs import Results
from superposition.stories.attention import FRESH, OFF, ON, TRAINED, TURNED, modules, told
from superposition.tolerances import BASELINE, Above, AtLeast, AtMost, Of, Tolerance

WRITE_UP = "Experiments in Superposition (Thaman et al. 2023), project 1, further directions"
SMALL = ("stories/attention_small",)
BOTH = ("stories/attention_small", "stories/attention")
LARGER = "the larger sibling's"


@claim(
    id="stories/attention/1-task",
    source=WRITE_UP,
    statement="There is a fixed task in which the heads of a one-layer model tell apart more features than there are heads.",
    measure="features that all heads together tell apart, the MLP off, in more than half of the contexts, small model, mean over "
    "seeds; baseline: the same with heads whose output is turned at random",
    tolerance=Tolerance(reproduced=Above(5) & Of("with turned heads", AtMost(4)), partly=Above(BASELINE)),
    unit="features",
    experiments=SMALL,
    after_looking=True,
)
def _task(small: Results) -> Finding:
    together = (small["together"][:, :, OFF] > 0.5).sum(-1)
    turned = float(together[:, TURNED].mean())
    heads = small["effect"].shape[-1]
    note = f"{heads} heads, {small['effect'].shape[-2]} features"
    return Finding(over_seeds(together[:, TRAINED], (0, len(small["source"]))), turned, note, {"with turned heads": turned})


@claim(
    id="stories/attention/2-memory",
    source=WRITE_UP,
    statement="What the heads do can be told from what the MLP has memorised.",
    measure="share of what the right answer's logit gains from A that is left when the MLP may not speak of A, small model, mean "
    "over seeds",
    tolerance=Tolerance(reproduced=Above(50), partly=Above(0)),
    unit="%",
    experiments=SMALL,
    after_looking=True,
)
def _memory(small: Results) -> Finding:
    gained = small["gain"].mean(-1)
    return Finding(over_seeds(100 * gained[:, OFF] / gained[:, ON]))


@claim(
    id="stories/attention/3-alone",
    source="This book",
    statement="A single head tells apart more features than there are heads.",
    measure="features that the best head tells apart alone in more than half of the contexts, the MLP off, small model, mean "
    "over seeds; baseline: the best of as many heads at random",
    tolerance=Tolerance(reproduced=Above(4) & Above(BASELINE), partly=Above(BASELINE)),
    unit="features",
    experiments=BOTH,
    after_looking=True,
)
def _alone(small: Results, large: Results) -> Finding:
    best = told(small).sum(1).max(-1)
    random = told(small, FRESH).sum(1).max(-1).mean()
    return Finding(over_seeds(best, (0, len(small["source"]))), float(random), also={LARGER: float(told(large).sum(1).max())})


@claim(
    id="stories/attention/4-shared",
    source=WRITE_UP,
    statement="Heads share features: a feature that one head tells apart is told apart by others, too.",
    measure="heads that tell a feature apart alone, of features that any does, the MLP off, small model, mean over seeds; 1 "
    "where heads divide the features",
    tolerance=Tolerance(reproduced=AtLeast(1.5) & Above(1), partly=Above(1)),
    unit="heads",
    experiments=BOTH,
    after_looking=True,
)
def _shared(small: Results, large: Results) -> Finding:
    heads = sharing.shared_work(told(small))["heads a feature"]
    return Finding(
        over_seeds(heads, (0, small["effect"].shape[-1])),
        1.0,
        also={LARGER: float(sharing.shared_work(told(large))["heads a feature"][0])},
    )


@claim(
    id="stories/attention/5-spread",
    source="The addition part of this book",
    statement="The score of spread over heads tells shared work from damage that hits all features alike.",
    measure="score of the trained heads' effects, small model, mean over seeds; baseline: heads that divide the features, with a "
    "fifth of their own damage everywhere else",
    tolerance=Tolerance(reproduced=Above(2 * BASELINE), otherwise="not reproduced"),
    experiments=SMALL,
    after_looking=False,
)
def _spread(small: Results) -> Finding:
    score = small["spread"][:, TRAINED, OFF, sharing.SCORE]
    return Finding(over_seeds(score, (0, small["effect"].shape[-1])), modules(small, 0.2))
