"""The claims of the chapter on dropout: dense is S = 0, sparse is S of 0.8 and more.
`equal` are 64 equally important features in 12 neurons, `decay` 20 features of falling importance in 5."""

import numpy as np
from jaxtyping import Float

from superposition import metrics
from superposition.claims import Finding, Verdict, claim
from superposition.runs import Results
from superposition.toy.measures import polytopes, redundancy

SOURCE = "Experiments in Superposition, dropout"
EQUAL, DECAY, UNTIED, EXACT = "toy/dropout", "toy/dropout_decay", "toy/dropout_untied", "toy/dropout_exact"
ANTI, ALIGNED = 0.05, 0.95  # ranks among a model's own rotations


def weights(results: Results, rate: float | int, sparsity: float | int) -> Float[np.ndarray, "seed n m"]:
    """W of one cell, in double precision."""
    return results["W"][index(results["rate"], rate), index(results["sparsity"], sparsity)].astype(float)


def index(values: np.ndarray, wanted: float | int) -> int:
    """The place of a value in a list of them."""
    return int(np.abs(values - wanted).argmin())


def ratio(results: Results, measure, rate: float | int, sparsity: float | int) -> Float[np.ndarray, "seed"]:
    """A measure at a rate over the same without dropout, seed by seed."""
    return measure(weights(results, rate, sparsity)) / measure(weights(results, 0, sparsity))


def directions(W: Float[np.ndarray, "*batch n m"]) -> Float[np.ndarray, "*batch"] | np.floating:
    """Neurons for each direction in use: n_hidden over the effective rank."""
    return W.shape[-1] / metrics.effective_rank(W)


def dimensions_per_feature(W: Float[np.ndarray, "*batch n m"]) -> Float[np.ndarray, "*batch"] | np.floating:
    """m / ‖W‖_F²."""
    return 1 / metrics.features_per_dimension(W)


def _finding(verdict: Verdict, values: np.ndarray, baseline: float | np.floating, unit: str = "", note: str = "") -> Finding:
    mean, low, high = (float(x) for x in metrics.mean_interval(values))
    return Finding(verdict, mean, low, high, len(values), float(baseline), unit, note)


@claim(
    id="toy/dropout/01-interference",
    source=SOURCE,
    statement="In dense data dropout makes features interfere.",
    measure="1 - D, mean over the represented of 20 features in 5 neurons, S = 0, rate 0.5; baseline: without dropout",
    tolerance="reproduced where the interval lies above that of the baseline",
    experiments=(DECAY,),
)
def _interference(decay: Results) -> Finding:
    values, without = (redundancy.crowding(weights(decay, rate, 0)) for rate in (0.5, 0))
    verdict: Verdict = "reproduced" if metrics.mean_interval(values)[1] > metrics.mean_interval(without)[2] else "not reproduced"
    return _finding(verdict, values, without.mean())


@claim(
    id="toy/dropout/02-unimportant",
    source=SOURCE,
    statement="In dense data dropout suppresses the less important features.",
    measure="represented features of 20 in 5 neurons at S = 0 and rate 0.7; baseline: the same without dropout",
    tolerance="reproduced where the interval lies below the baseline",
    experiments=(DECAY,),
)
def _unimportant(decay: Results) -> Finding:
    values, without = (redundancy.represented(weights(decay, rate, 0)).sum(-1).astype(float) for rate in (0.7, 0))
    verdict: Verdict = "reproduced" if metrics.mean_interval(values)[2] < without.mean() else "not reproduced"
    return _finding(verdict, values, without.mean())


@claim(
    id="toy/dropout/03-redundant",
    source=SOURCE,
    statement="In dense data dropout leads to redundant encoding.",
    measure="neurons for each direction in use (all neurons over the effective rank of W), 20 features in 5 neurons, S = 0, "
    "rate 0.7; baseline: without dropout",
    tolerance="reproduced above 1.05 with falling and with equal importances, partly with one of them",
    experiments=(DECAY, EQUAL),
)
def _redundant(decay: Results, equal: Results) -> Finding:
    values, alike = directions(weights(decay, 0.7, 0)), directions(weights(equal, 0.7, 0))
    holds = [metrics.mean_interval(x)[1] > 1.05 for x in (values, alike)]
    verdict: Verdict = "reproduced" if all(holds) else "partly" if any(holds) else "not reproduced"
    note = f"With equal importances it is {alike.mean():.2f}: the features that want the neurons never run out"
    return _finding(verdict, values, directions(weights(decay, 0, 0)).mean(), "", note if verdict == "partly" else "")


@claim(
    id="toy/dropout/04-suppression",
    source=SOURCE,
    statement="In sparse data dropout suppresses superposition.",
    measure="effective features at rate 0.5 over those without dropout, S = 0.9, 64 features in 12 neurons; baseline: no change",
    tolerance="reproduced where they fall by a tenth or more at S = 0.8, 0.9, 0.95 and 0.99, partly at some of them",
    experiments=(EQUAL,),
)
def _suppression(equal: Results) -> Finding:
    falls = {s: ratio(equal, metrics.effective_features, 0.5, s) for s in (0.8, 0.9, 0.95, 0.99)}
    holds = [metrics.mean_interval(x)[2] < 0.9 for x in falls.values()]
    verdict: Verdict = "reproduced" if all(holds) else "partly" if any(holds) else "not reproduced"
    missing = ", ".join(f"{s:g} ({100 * x.mean():.0f}%)" for (s, x), held in zip(falls.items(), holds, strict=True) if not held)
    return _finding(verdict, 100 * falls[0.9], 100, "%", f"Not at S = {missing}" if missing else "")


def largest_fall(results: Results) -> Float[np.ndarray, "seed"]:
    """Effective features over those without dropout in the cell, of S from 0.5 on, where they fall most on average."""
    sparse = results["sparsity"] >= 0.5
    count = metrics.effective_features(results["W"][:, sparse].astype(float))
    relative = (count / count[:1]).reshape(-1, count.shape[-1])
    return relative[relative.mean(-1).argmin()]


@claim(
    id="toy/dropout/05-half",
    source="Bereska et al. 2025, on other networks",
    statement="Dropout reduces the number of effective features, by up to half.",
    measure="effective features over those without dropout where they fall most, S of 0.5 and more, any rate, 64 features "
    "in 12 neurons; baseline: no change",
    tolerance="reproduced from 40% to 60% of what there was, partly for any other fall beyond a tenth",
    experiments=(EQUAL,),
)
def _half(equal: Results) -> Finding:
    left = largest_fall(equal)
    mean = float(left.mean())
    verdict: Verdict = "reproduced" if 0.4 <= mean <= 0.6 else "partly" if mean < 0.9 else "not reproduced"
    return _finding(verdict, 100 * left, 100, "%", "" if verdict == "reproduced" else "Our rates go up to 0.9")


def beyond(results: Results, low: float, high: float, side: str) -> np.ndarray:
    """Which models with S of 0.5 and more and a rate from low to high are `anti`-aligned, or `aligned`: seeds first."""
    rates = (results["rate"] >= low - 1e-9) & (results["rate"] <= high + 1e-9)
    ranks = results["rank"][rates][:, results["sparsity"] >= 0.5].reshape(-1, results.config.seeds).T
    return ranks < ANTI if side == "anti" else ranks > ALIGNED


@claim(
    id="toy/dropout/06-free",
    source=SOURCE,
    statement="Without dropout the model does not change when its hidden space is turned.",
    measure="held-out loss after random turns over the loss before, mean over all models without dropout; baseline: at rate 0.5",
    tolerance="reproduced within 0.1% of 1",
    experiments=(EQUAL,),
)
def _free(equal: Results) -> Finding:
    each = equal["turned_loss"] / equal["noisy_loss"]
    values = each[0].mean(0).astype(float)
    verdict: Verdict = "reproduced" if abs(values - 1).max() < 1e-3 else "not reproduced"
    half = each[index(equal["rate"], 0.5)].mean()
    anti = 100 * beyond(equal, 0, 0, "anti").mean()
    note = f"Its weights are anti-aligned all the same in {anti:.0f}% of models with S of 0.5 and more: AdamW's doing"
    return _finding(verdict, values, half, "", note)


def _sided(both: tuple[Results, ...], low: float, high: float, side: str) -> Finding:
    hits = [beyond(one, low, high, side) for one in both]
    shares = [hit.mean() for hit in hits]
    verdict: Verdict = "reproduced" if min(shares) >= 0.9 else "partly" if max(shares) >= 0.5 else "not reproduced"
    together = np.concatenate(hits, 1)
    without = [beyond(one, 0, 0, side) for one in both]
    each = [f"{100 * x.mean():.0f}% ({100 * y.mean():.0f}% without)" for x, y in zip(hits, without, strict=True)]
    note = f"{each[0]} with equal importances, {each[1]} with falling ones"
    return _finding(verdict, 100 * together.mean(1), 100 * np.concatenate(without, 1).mean(), "%", note)


_BY_SIZE = "reproduced from 90% with equal and with falling importances, partly from 50% with one of them"


@claim(
    id="toy/dropout/07-anti",
    source=SOURCE,
    statement="With some dropout the features keep away from the neurons' axes.",
    measure="share of models with rates of 0.1 to 0.4 and S of 0.5 and more whose alignment is below that of 95% of "
    "their own rotations; baseline: without dropout",
    tolerance=_BY_SIZE,
    experiments=(EQUAL, DECAY),
)
def _anti(*both: Results) -> Finding:
    return _sided(both, 0.1, 0.4, "anti")


@claim(
    id="toy/dropout/08-aligned",
    source=SOURCE,
    statement="Beyond a rate of 50% the features align with the neurons again.",
    measure="share of models with rates of 0.6 to 0.9 and S of 0.5 and more whose alignment is above that of 95% of "
    "their own rotations; baseline: without dropout",
    tolerance=_BY_SIZE,
    experiments=(EQUAL, DECAY),
)
def _aligned(*both: Results) -> Finding:
    return _sided(both, 0.6, 0.9, "aligned")


def half_learnt(results: Results, rate: float | int) -> Float[np.ndarray, "seed"]:
    """The share of features of intermediate length, mean over S of 0.5 and more."""
    W = results["W"][index(results["rate"], rate), results["sparsity"] >= 0.5].astype(float)
    return redundancy.halfway(W).mean(0)


@claim(
    id="toy/dropout/09-smoother",
    source=SOURCE,
    statement="Dropout makes phase transitions smoother, even a little dropout.",
    measure="share of features a quarter to three quarters as long as the longest, at rate 0.1 and S of 0.5 and more, "
    "20 features in 5 neurons; baseline: without dropout",
    tolerance="reproduced where the interval of its rise lies above 0 with falling and with equal importances, partly with one",
    experiments=(DECAY, EQUAL),
)
def _smoother(*both: Results) -> Finding:
    rises = [half_learnt(one, 0.1) - half_learnt(one, 0) for one in both]
    holds = [metrics.mean_interval(rise)[1] > 0 for rise in rises]
    verdict: Verdict = "reproduced" if all(holds) else "partly" if any(holds) else "not reproduced"
    return _finding(verdict, 100 * half_learnt(both[0], 0.1), 100 * half_learnt(both[0], 0).mean(), "%")


def jumps(exact: Results) -> Float[np.ndarray, "rate importance"]:
    """For each rate and importance, by how much the shorter vector of the optimum changes at most from cell to cell."""
    return np.abs(np.diff(metrics.norms(exact["V"]).min(-1), axis=-1)).max(-1)


@claim(
    id="toy/dropout/10-borders",
    source=SOURCE,
    statement="Dropout makes phase transitions smoother: two features in one dimension.",
    measure="largest change of the shorter vector of the optimum between two cells, mean over the importances below 1, at "
    "rate 0.5, exact; baseline: without dropout",
    tolerance="reproduced up to half of the baseline, partly up to 90% of it (measure chosen after looking)",
    experiments=(EXACT,),
)
def _borders(exact: Results) -> Finding:
    largest = jumps(exact)[:, exact["importance"] < 1 - 1e-9].mean(-1)
    before, few, some, half = (float(largest[exact.config.rates.index(rate)]) for rate in (0.0, 0.1, 0.3, 0.5))
    verdict: Verdict = "reproduced" if half <= before / 2 else "partly" if half <= 0.9 * before else "not reproduced"
    note = f"{few:.2f} at 10%, {some:.2f} at 30%"
    return Finding(verdict, half, half, half, exact.config.starts, before, "", note)


def in_pairs(results: Results, rate: float | int) -> Float[np.ndarray, "sparsity seed"]:
    """The share of represented features that have an antipode, at S of 0.5 and more."""
    return redundancy.paired(results["W"][index(results["rate"], rate), results["sparsity"] >= 0.5].astype(float))


@claim(
    id="toy/dropout/11-pairs",
    source=SOURCE,
    statement="Dropout suppresses the antipodal pairs that the deterministic model favours.",
    measure="share of represented features with an antipode at rate 0.5, mean over S of 0.5 and more, 64 features in 12 neurons; "
    "baseline: without dropout",
    tolerance="reproduced where it falls by a tenth at some S, with equal or falling importances, and nowhere rises by a tenth; "
    "partly where it does both",
    experiments=(EQUAL, DECAY),
)
def _pairs(equal: Results, decay: Results) -> Finding:
    change, other = ((in_pairs(one, 0.5) - in_pairs(one, 0)).mean(-1) for one in (equal, decay))
    falls, rises = min(change.min(), other.min()) < -0.1, max(change.max(), other.max()) > 0.1
    verdict: Verdict = "not reproduced" if not falls else "partly" if rises else "reproduced"
    grow = ", ".join(f"{s:g}" for s in equal["sparsity"][equal["sparsity"] >= 0.5][change > 0.1])
    before, after = (100 * in_pairs(decay, rate).mean() for rate in (0, 0.5))
    note = f"They multiply at S = {grow}; with falling importances they go from {before:.0f} to {after:.0f}%" if rises else ""
    return _finding(verdict, 100 * in_pairs(equal, 0.5).mean(0), 100 * in_pairs(equal, 0).mean(), "%", note)


@claim(
    id="toy/dropout/12-diagonal",
    source=SOURCE,
    statement="At extreme rates there are negative weights on the diagonal.",
    measure="share of untied models with rates of 0.8 and 0.9 whose product of both layers has a number below −0.05 on its "
    "diagonal; baseline: without dropout",
    tolerance="reproduced from half of the models on, partly from a tenth, where there are more than without dropout",
    experiments=(UNTIED,),
)
def _diagonal(untied: Results) -> Finding:
    below = (untied["diagonal"] < -0.05).any(-1)
    extreme = below[untied["rate"] >= 0.8 - 1e-9]
    rate, low, high = metrics.rate_interval(int(extreme.sum()), extreme.size)
    without = float(below[0].mean())
    more = low > without
    verdict: Verdict = "reproduced" if more and rate >= 0.5 else "partly" if more and rate >= 0.1 else "not reproduced"
    at_most = untied["rate"].argmax(), untied["sparsity"] <= 0.3
    some = f"{below[at_most].sum()} of {below[at_most].size} models with S up to 0.3 at rate 0.9"
    note = f"With tied weights it is a sum of squares; with untied ones it occurs in {some}"
    return Finding(verdict, 100 * rate, 100 * low, 100 * high, untied.config.seeds, 100 * without, "%", note)


@claim(
    id="toy/dropout/13-rise",
    source=SOURCE,
    statement="Dimensions per feature rise sharply with dropout.",
    measure="m/‖W‖² at rate 0.5 over the same without dropout, S = 0.9, 64 features in 12 neurons; baseline: what shorter "
    "weights alone do, 1/(1 - r)",
    tolerance="reproduced where it rises by more than the baseline at S = 0.8, 0.9, 0.95 and 0.99, partly at some of them",
    experiments=(EQUAL,),
)
def _rise(equal: Results) -> Finding:
    rises = {s: ratio(equal, dimensions_per_feature, 0.5, s) for s in (0.8, 0.9, 0.95, 0.99)}
    holds = [metrics.mean_interval(x)[1] > 2 for x in rises.values()]
    verdict: Verdict = "reproduced" if all(holds) else "partly" if any(holds) else "not reproduced"
    note = "; ".join(f"S = {s:g}: {x.mean():.2f}" for (s, x), held in zip(rises.items(), holds, strict=True) if not held)
    return _finding(verdict, rises[0.9], 2, "", note)


@claim(
    id="toy/dropout/14-fewer",
    source=SOURCE,
    statement="In some cases more dropout means fewer dimensions per feature.",
    measure="m/‖W‖² at rate 0.3 and S = 0.99 over the same without dropout, 64 features in 12 neurons; baseline: no change",
    tolerance="reproduced where the undivided interval lies below 1 (stricter than at first: set after looking)",
    experiments=(EQUAL,),
)
def _fewer(equal: Results) -> Finding:
    plain = ratio(equal, dimensions_per_feature, 0.3, 0.99)
    verdict: Verdict = "reproduced" if metrics.mean_interval(plain)[2] < 1 else "not reproduced"
    return _finding(verdict, plain, 1, "", f"Divided by what shorter weights alone do, 1/(1 - r), it is {0.7 * plain.mean():.2f}")


def _at_levels(equal: Results, rate: float | int) -> Finding:
    W = equal["W"][index(equal["rate"], rate), equal["sparsity"] >= 0.5].astype(float)
    values = redundancy.at_levels(W).mean(0)
    chance = redundancy.at_levels(polytopes.scrambled(W, np.random.default_rng(0))).mean()
    low = metrics.mean_interval(values)[1]
    verdict: Verdict = "reproduced" if low > 2 * chance else "partly" if low > chance else "not reproduced"
    return _finding(verdict, 100 * values, 100 * chance, "%")


@claim(
    id="toy/dropout/15-sticky",
    source=SOURCE,
    statement="At extreme dropout certain sticky solutions still exist.",
    measure="share of represented features within 0.015 of the D of a perfect polytope at rate 0.9, mean over S of 0.5 and "
    "more, 64 features in 12 neurons; baseline: random directions of the same lengths",
    tolerance="reproduced where the interval lies above twice the baseline, partly where it lies above the baseline",
    experiments=(EQUAL,),
)
def _sticky(equal: Results) -> Finding:
    return _at_levels(equal, 0.9)


@claim(
    id="toy/dropout/16-fractions",
    source=SOURCE,
    statement="With dropout the features' dimensionalities still lie on integer fractions.",
    measure="as for the sticky solutions, at rate 0.5; baseline: random directions of the same lengths",
    tolerance="reproduced where the interval lies above twice the baseline, partly where it lies above it (added after looking)",
    experiments=(EQUAL,),
)
def _fractions(equal: Results) -> Finding:
    return _at_levels(equal, 0.5)
