"""The claims of the chapter on attention heads in superposition."""

from superposition.attention import trigrams
from superposition.attention.trigrams import SOLVED
from superposition.claims import Finding, claim
from superposition.estimates import exactly, over_seeds
from superposition.runs import Results
from superposition.tolerances import BASELINE, Above, AtLeast, AtMost, Below, Every, Inside, Some, Tolerance

RUN = ("attention/trigrams",)
SHARE, COSINE = (0.0, 1.0), (0.0, 1.0)
ZEROED = "loss, zeroed"


def _by_rules(results, values, bounds=SHARE, least=2):
    """An estimate over seeds for each number of rules from `least` on."""
    pairs = zip(results.config.rules, values, strict=True)
    return {f"{rules}": over_seeds(own, bounds) for rules, own in pairs if rules >= least}


def _most(each, baseline, named="rules", note=""):
    return Finding(max(each.values(), key=lambda one: one.value), baseline, note, {named: each})


def _least(each, baseline, named="rules", note=""):
    return Finding(min(each.values(), key=lambda one: one.value), baseline, note, {named: each})


@claim(
    id="attention/trigrams/01-two-heads",
    source="Circuits Updates, July 2023",
    statement="Two heads are enough for any number of skip trigrams that share their A, at no loss.",
    measure="what the model with exact weights misses, of what there is to learn, at the largest scale of its weights, two "
    "dimensions a head; the number of rules where it misses most is given, and what one head of four dimensions misses there "
    "after training as a baseline",
    tolerance=Tolerance(reproduced=Every("rules", AtMost(1e-4)), partly=Some("rules", AtMost(1e-4))),
    experiments=RUN,
)
def _two_heads(results: Results) -> Finding:
    missed = trigrams.exact(results, "missed", "write and cancel")[:, -1]
    each = {f"{rules}": exactly(max(0.0, one)) for rules, one in zip(results.config.rules, missed, strict=True)}
    one_head = results["missed"][missed.argmax(), 0, -1].min()
    return _most(each, float(one_head))


@claim(
    id="attention/trigrams/02-one-head",
    source="An objection made of a neighbouring toy, in the comments on cmathw 2023",
    statement="One head is enough, if it has four dimensions.",
    measure="what one head of four dimensions misses, each start at its best rate, over seeds; the number of rules where it "
    "misses least is given, and what a solved model misses at most as a baseline",
    tolerance=Tolerance(reproduced=Every("rules", Below(BASELINE)), partly=Some("rules", Below(BASELINE))),
    experiments=RUN,
)
def _one_head(results: Results) -> Finding:
    missed = results["missed"][:, results.config.heads.index(1), results.config.d_heads.index(4)].min(-1)
    note = (
        "a head that says nothing without A adds one fixed vector with it, whatever its size: the same C for every B. Where "
        "the last token has a path of its own to the logits, one head of two dimensions is enough, by exact weights"
    )
    return _least(_by_rules(results, missed), SOLVED, note=note)


@claim(
    id="attention/trigrams/03-one-dimension",
    source="This book",
    statement="Two heads of one dimension are enough.",
    measure="what the better of two models misses: the one with exact weights, at the largest scale; the number of rules where "
    "it misses most is given, and what a solved model misses at most as a baseline",
    tolerance=Tolerance(reproduced=Every("rules", AtMost(BASELINE)), partly=Some("rules", AtMost(BASELINE))),
    experiments=RUN,
)
def _one_dimension(results: Results) -> Finding:
    missed = trigrams.exact(results, "missed", "by strength")[:, -1]
    pairs = zip(results.config.rules, missed, strict=True)
    return _most({f"{rules}": exactly(max(0.0, one)) for rules, one in pairs}, SOLVED)


@claim(
    id="attention/trigrams/04-training",
    source="This book",
    statement="Training finds a solution with two heads of one dimension from most starts.",
    measure="share of starts that miss less than 1% at the best of three rates, over seeds; the number of rules with the fewest "
    "is given, and the share among models of one head as a baseline",
    tolerance=Tolerance(reproduced=Every("rules", AtLeast(50)), partly=Some("rules", AtLeast(50))),
    experiments=RUN,
    unit="%",
    after_looking=True,
)
def _training(results: Results) -> Finding:
    solved = trigrams.two_of_one(results, "missed").min(-1) < SOLVED
    each = {name: one.percent for name, one in _by_rules(results, solved).items()}
    return _least(each, 100 * float((results["missed"][:, 0].min(-1) < SOLVED).mean()))


@claim(
    id="attention/trigrams/05-write-and-cancel",
    source="This book, after Circuits Updates, July 2023",
    statement="What training finds, where two heads have room for it, is to write and cancel.",
    measure="share of two-head models of two or four dimensions, with three or more rules learnt, that are at least half as loud "
    "without A as with it, over seeds; the loudness of exact writing and cancelling, for comparison, is 2",
    tolerance=Tolerance(reproduced=Above(0.5), partly=Above(0.1)),
    experiments=RUN,
    after_looking=True,
)
def _write_and_cancel(results: Results) -> Finding:
    return Finding(over_seeds(trigrams.loud(results).astype(float).T, SHARE), 0.0)


@claim(
    id="attention/trigrams/06-superposition",
    source="Jermyn, Olah and Henighan 2023, as defined in this book",
    statement="Two heads of one dimension that have learnt more rules than they are hold them in superposition.",
    measure="how alike the proportions are in which the two heads turn for two rules, mean cosine, of models that have learnt "
    "all of three or more rules, over seeds; the number of rules where it is highest is given; a head of its own for each "
    "rule has 0, and one mechanism for all has 1, the baseline",
    tolerance=Tolerance(reproduced=Every("rules", Inside(0.1, 0.95)), partly=Some("rules", Inside(0.1, 0.95))),
    experiments=RUN,
    after_looking=True,
)
def _superposition(results: Results) -> Finding:
    overlap = trigrams.measure(trigrams.two_of_one(results, "effect"), "turn", "overlap")
    solved = trigrams.two_of_one(results, "missed").min(-1) < SOLVED
    pairs = zip(results.config.rules, overlap, solved, strict=True)
    each = {f"{rules}": over_seeds(own[ok], COSINE) for rules, own, ok in pairs if rules > 2 and ok.sum() > 1}
    return _most(each, float(trigrams.measure(trigrams.exact(results, "effect", "write and cancel"), "turn", "overlap").max()))


@claim(
    id="attention/trigrams/07-score",
    source="This book, of the measures of the chapter on addition",
    statement="The score of spread tells heads in superposition from two that divide the work between them.",
    measure="score of what each rule loses without each head, zeroed, of two heads of one dimension that have learnt six "
    "rules, over seeds; the exact model that writes and cancels as a baseline",
    tolerance=Tolerance(reproduced=Above(BASELINE), otherwise="corrected"),
    corrects="the method",
    experiments=RUN,
    after_looking=True,
)
def _score(results: Results) -> Finding:
    six = results.config.rules.index(6)
    solved = trigrams.two_of_one(results, "missed")[six].min(-1) < SOLVED
    score = trigrams.measure(trigrams.two_of_one(results, "effect")[six], ZEROED, "score")[solved]
    other = trigrams.measure(trigrams.exact(results, "effect", "write and cancel")[six], ZEROED, "score")
    note = "both heads are needed for every rule when one takes back what the other writes, so the score calls that spread too"
    return Finding(over_seeds(score), float(other), note)


@claim(
    id="attention/trigrams/08-by-lot",
    source="This book, of the measures of the chapter on addition",
    statement="Heads in superposition are more spread than by lot.",
    measure="score of how much heads turn less its median where the turns are dealt out by lot, two heads of one dimension "
    "that have learnt six rules, over seeds",
    tolerance=Tolerance(reproduced=Above(0), otherwise="not reproduced"),
    experiments=RUN,
    after_looking=True,
)
def _by_lot(results: Results) -> Finding:
    six = results.config.rules.index(6)
    solved = trigrams.two_of_one(results, "missed")[six].min(-1) < SOLVED
    score = trigrams.measure(trigrams.two_of_one(results, "effect")[six], "turn", "score")
    lots = trigrams.two_of_one(results, "by_lot")[six][:, 1, trigrams.turning.MEASURES.index("score")]
    return Finding(over_seeds((score - lots)[solved]), 0.0)


@claim(
    id="attention/trigrams/09-own-heads",
    source="This book",
    statement="With as many heads as rules, every rule gets a head of its own.",
    measure="how alike the proportions are in which heads turn for two rules, mean cosine, of models with as many heads of one "
    "dimension as rules that have learnt all of them, over seeds; the number of rules where it is least is given, and that of "
    "dedicated heads as a baseline",
    tolerance=Tolerance(reproduced=Every("rules", Below(0.1)), partly=Some("rules", Below(0.1))),
    experiments=RUN,
    after_looking=True,
)
def _own_heads(results: Results) -> Finding:
    overlap = trigrams.measure(trigrams.as_many(results, "effect"), "turn", "overlap")
    baseline = trigrams.measure(trigrams.exact(results, "effect", "dedicated heads"), "turn", "overlap")
    return _least(_by_rules(results, overlap, COSINE, least=3), float(baseline.max()))


@claim(
    id="attention/trigrams/10-right",
    source="cmathw/gated-attn, its measure of accuracy",
    statement="A model whose first choice is right at every skip trigram has learnt them.",
    measure="what models set up as there miss, of what is to be learnt without positions, after a tenth of the source's steps "
    "at ten times its rate, over seeds; the least of three shapes is given, and what they miss there when the last token "
    "doesn't add one to its own logit as a baseline",
    tolerance=Tolerance(reproduced=Every("shape", Below(0.05)), partly=Some("shape", Below(0.05)), otherwise="corrected"),
    corrects="the method",
    after_looking=True,
    experiments=RUN,
)
def _right(results: Results) -> Finding:
    missed, right = (results[name][:, :, -1] for name in ("original_missed", "original_right"))
    shapes = zip(results.config.original_rules, missed[:, 0], strict=True)
    each = {f"{rules - 1} heads, {rules} rules": over_seeds(own) for rules, own in shapes}
    least = missed[:, 0].mean(-1).argmin()
    note = (
        f"their first choice is right at {right[:, 0].min():.0%} of the skip trigrams or more, but that is asked only where C "
        "is right, and a model that says C after every B has it too"
    )
    return _least(each, float(missed[least, 1].mean()), "shape", note)
