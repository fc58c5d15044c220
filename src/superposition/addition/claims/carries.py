"""The claims of the chapter on carries."""

import numpy as np

from superposition import metrics
from superposition.addition.built import SPLITS
from superposition.addition.claims.train import FRESH, SOURCE
from superposition.claims import Finding, Verdict, claim
from superposition.runs import Results

CASCADE = "Quirke and Barez 2024"


def error_rates(results: Results, kind: str) -> np.ndarray:
    """Share of wrong digits by the sum of the column below, by seed."""
    count, wrong = np.moveaxis(results[f"{kind}_below"].astype(float), -1, 0)
    return wrong / np.maximum(1, count)


def slips(results: Results, kind: str) -> np.ndarray:
    """Share of the wrong digits that are what they would be with the other carry, by seed."""
    off = results[f"{kind}_difference"].astype(float)
    return (off[:, 0, 1] + off[:, 1, 9]) / off[:, :, 1:].sum((1, 2))


def signal_shares(results: Results, kind: str) -> np.ndarray:
    """Each head's share of the size of the carry signal to an answer, by seed and answer from the second on."""
    size = np.abs(results[f"{kind}_signal"].astype(float))[:, 1:]
    return size / size.sum(-1, keepdims=True)


def heads_per_carry(results: Results, kind: str) -> np.ndarray:
    """Effective number of heads that bring the carry to an answer, mean over answers, by seed: 1/Σ share²."""
    return (1 / (signal_shares(results, kind) ** 2).sum(-1)).mean(-1)


def carries_per_head(results: Results, kind: str) -> np.ndarray:
    """Effective number of answers that a head brings a carry to, weighted by how much it brings, by seed."""
    size = signal_shares(results, kind)
    given, squares = size.sum(1), (size**2).sum(1)
    spread = np.divide(given**2, squares, out=np.zeros_like(given), where=squares > 0)
    return (spread * given).sum(-1) / given.sum(-1)


@claim(
    id="addition/carries/1-cascade",
    source=f"{CASCADE}, on another one-layer transformer",
    statement="A one-layer transformer that adds fails in a rare case: where carries cascade through columns that sum to 9.",
    measure="share of wrong digits among those above a column that sums to 9, over that among the others, mean over seeds",
    tolerance="reproduced from a ratio of 10, partly from 2",
    experiments=("addition/carries",),
)
def _cascade(results: Results) -> Finding:
    count, wrong = np.moveaxis(results["trained_below"].astype(float), -1, 0)
    nine = np.arange(count.shape[1]) == 9
    ratio = (wrong[:, nine].sum(1) / count[:, nine].sum(1)) / (wrong[:, ~nine].sum(1) / count[:, ~nine].sum(1))
    mean, low, high = (float(x) for x in metrics.mean_interval(ratio))
    verdict: Verdict = "reproduced" if mean >= 10 else "partly" if mean >= 2 else "not reproduced"
    share = 100 * (wrong[:, nine].sum() / wrong.sum())
    note = f"{share:.0f} % of all wrong digits are there; most others are above a column that sums to 8, 10, 0 or 18"
    return Finding(verdict, mean, min(low, mean), high, len(ratio), 1.0, "", note)


@claim(
    id="addition/carries/2-principle",
    source=SOURCE,
    statement="The model could, in principle, determine which carries occurred.",
    measure="share of right sums among 100,000 uniform ones of a network of the same shape whose weights are computed, rounded to "
    "float32; the interval is Wilson's, over sums; baseline: the original's training",
    tolerance="reproduced from 99 %, partly from 95 %",
    experiments=("addition/built", "addition/train"),
)
def _principle(built: Results, trained: Results) -> Finding:
    right = round(float(built["sum_accuracy"][SPLITS.index("test")]) * built.config.n_sums)
    rate, low, high = metrics.rate_interval(right, built.config.n_sums)
    verdict: Verdict = "reproduced" if rate >= 0.99 else "partly" if rate >= 0.95 else "not reproduced"
    baseline = 100 * float(trained["sum_accuracy"][-1, :, FRESH].mean())
    return Finding(verdict, 100 * rate, 100 * low, 100 * high, 1, baseline, "%", "Training doesn't find such a network")


@claim(
    id="addition/carries/3-groups",
    source=SOURCE,
    statement="Groups of heads cooperate in one feature, and one head serves several.",
    measure="effective number of heads that bring the carry to an answer, by what they add to the logits; baseline: one each",
    tolerance="reproduced where every seed has more than 2 heads to a carry and more than 2 carries to a head, partly for one",
    experiments=("addition/carries",),
)
def _groups(results: Results) -> Finding:
    heads, carries = heads_per_carry(results, "trained"), carries_per_head(results, "trained")
    both = (heads > 2).all() and (carries > 2).all()
    verdict: Verdict = "reproduced" if both else "partly" if (heads > 2).all() or (carries > 2).all() else "not reproduced"
    mean, low, high = (float(x) for x in metrics.mean_interval(heads))
    return Finding(verdict, mean, low, high, len(heads), 1.0, "heads", f"A head serves {carries.mean():.1f} of the six carries")
