"""Claims of the chapter on the number of neurons, held against the results of toy/hidden_size."""

import numpy as np

from superposition import metrics
from superposition.claims import Judged as Finding, Verdict, claim
from superposition.runs import Results
from superposition.toy.claims.common import LECOMTE, WRITE_UP
from superposition.toy.hidden_size import MODELS, OPTIMISERS, opposed_by_chance

SOURCE = f"{WRITE_UP}, Varying the sizes of hidden layers"
LINEAR, LINEAR_L1, RELU, RELU_L1 = range(len(MODELS))
ADAM, DESCENT = range(len(OPTIMISERS))
FIRST = 0  # the sparsity of 0.9


def ample(results: Results) -> np.ndarray:
    """Which widths have more neurons than there are features."""
    return results["n_hidden"] > results.config.n_features


def published_rate(results: Results) -> np.ndarray:
    """Lecomte et al.'s number of polysemantic neurons by width, n² / 4m."""
    return results.config.n_features**2 / (4 * results["n_hidden"])


def _finding(verdict: Verdict, values: np.ndarray, baseline: float, unit: str = "", note: str = "", scale: int = 1) -> Finding:
    """Mean and interval over the last axis, the seeds."""
    mean, low, high = (scale * float(x) for x in metrics.mean_interval(values.astype(float)))
    return Finding(verdict, mean, low, high, values.shape[-1], scale * baseline, unit, note)


@claim(
    id="toy/hidden_size/1-polysemantic",
    source=SOURCE,
    statement="At every size of the hidden layer, regardless of whether the neurons are more than enough, there is polysemanticity.",
    measure="share of live neurons with 1.5 effective features or more at S = 0.9, all widths, linear hidden layer; baseline: the same models turned",
    tolerance="reproduced from 90% if fewer in turned models, corrected where those have as many within 5%",
    experiments=("toy/hidden_size",),
)
def _polysemantic(results: Results) -> Finding:
    own, turned = (1 - results[name][:, LINEAR, FIRST] for name in ("single", "null_single"))
    verdict: Verdict = "corrected" if abs(own.mean() - turned.mean()) < 0.05 else "reproduced" if own.mean() >= 0.9 else "not reproduced"
    with_l1 = 100 * (1 - results["single"][ample(results), LINEAR_L1, FIRST]).mean()
    note = f"The basis is free, so the count says nothing; with L1 and more neurons than features it is {with_l1:.0f}%"
    return _finding(verdict, own.mean(0), float(turned.mean()), "%", note, 100)


@claim(
    id="toy/hidden_size/2-enough",
    source=f"{SOURCE}, measured as no rotation can change",
    statement="Features share directions even where there are more neurons than features.",
    measure="overlap (root of the sum of the other features' squared projections on a feature's direction), mean over features "
    "and widths of 40 and more, linear hidden layer, S = 0.9; baseline: random directions",
    tolerance="not reproduced below a tenth of the baseline, partly below a half",
    experiments=("toy/hidden_size",),
)
def _enough(results: Results) -> Finding:
    own, random = (results[name][ample(results), -1, LINEAR, FIRST].mean(0) for name in ("overlap", "null_overlap"))
    ratio = own.mean() / random.mean()
    verdict: Verdict = "not reproduced" if ratio < 0.1 else "partly" if ratio < 0.5 else "reproduced"
    scarce = results["overlap"][~ample(results), -1, LINEAR, FIRST].mean()
    return _finding(verdict, own, float(random.mean()), note=f"At {results['n_hidden'][0]} neurons, fewer than features, it is {scarce:.2f}")


@claim(
    id="toy/hidden_size/3-development",
    source=SOURCE,
    statement="Polysemanticity develops during training.",
    measure="effective features on a live neuron after training over before, linear hidden layer, all widths, S = 0.9; baseline: with L1",
    tolerance="reproduced where it grows by a fifth or more",
    experiments=("toy/hidden_size",),
)
def _development(results: Results) -> Finding:
    count = results["participation"][:, :, :, FIRST]
    ratio = (count[:, -1] / count[:, 0]).mean(0)
    verdict: Verdict = "reproduced" if ratio[LINEAR].mean() >= 1.2 else "not reproduced"
    return _finding(verdict, ratio[LINEAR], float(ratio[LINEAR_L1].mean()), note="It is there before the first step, as in any random matrix")


@claim(
    id="toy/hidden_size/4-by-chance",
    source=f"{LECOMTE}, on collisions",
    statement="With L1 and features that never come together, about n²/4m neurons are polysemantic by chance, however many there are.",
    measure="polysemantic neurons over n²/4m, mean over widths of 40 and more, AdamW; baseline: features that choose neurons and signs blindly",
    tolerance="reproduced within 25% at every such width, partly within 50%",
    experiments=("toy/hidden_size",),
)
def _by_chance(results: Results) -> Finding:
    wide = ample(results)
    ratio = results["alone_polysemantic"][wide, ADAM] / published_rate(results)[wide, None]
    worst = np.abs(ratio.mean(-1) - 1).max()
    verdict: Verdict = "reproduced" if worst <= 0.25 else "partly" if worst <= 0.5 else "not reproduced"
    blind = [opposed_by_chance(results.config.n_features, int(m)) for m in results["n_hidden"][wide]]
    note = f"By width: {', '.join(f'{value:.2f}' for value in ratio.mean(-1))}; blind choice comes as near"
    return _finding(verdict, ratio.mean(0), float((blind / published_rate(results)[wide]).mean()), note=note)


@claim(
    id="toy/hidden_size/5-winner",
    source=f"{LECOMTE}, on the winner that takes all",
    statement="A feature ends on the neuron that was, by chance, the most strongly tied to it at the start.",
    measure="share of features that end where they were strongest, widths of 40 and more, gradient descent; baseline: blind choice, 1/m",
    tolerance="reproduced from 90%, partly from 50%",
    experiments=("toy/hidden_size",),
)
def _winner(results: Results) -> Finding:
    kept = results["alone_kept"][ample(results)].mean(0)
    verdict: Verdict = "reproduced" if kept[DESCENT].mean() >= 0.9 else "partly" if kept[DESCENT].mean() >= 0.5 else "not reproduced"
    blind = float((1 / results["n_hidden"][ample(results)]).mean())
    return _finding(verdict, kept[DESCENT], blind, "%", f"With AdamW {100 * kept[ADAM].mean():.0f}%", 100)


@claim(
    id="toy/hidden_size/6-together",
    source=f"Ours, on {LECOMTE}",
    statement="Features that do come together, now and then, still collide at that rate.",
    measure="polysemantic neurons over n²/4m, linear hidden layer with L1, S = 0.9, mean over widths of 40 and more; baseline: features alone",
    tolerance="reproduced within 25%, partly within 50%",
    experiments=("toy/hidden_size",),
)
def _together(results: Results) -> Finding:
    wide = ample(results)
    rate = published_rate(results)[wide, None]
    ratio = (results["polysemantic"][wide, LINEAR_L1, FIRST] / rate).mean(0)
    off = abs(float(ratio.mean()) - 1)
    verdict: Verdict = "reproduced" if off <= 0.25 else "partly" if off <= 0.5 else "not reproduced"
    rarer = (results["polysemantic"][wide, LINEAR_L1, -1] / rate).mean()
    return _finding(verdict, ratio, float((results["alone_polysemantic"][wide, ADAM] / rate).mean()), note=f"At S = 0.99: {rarer:.2f}")
