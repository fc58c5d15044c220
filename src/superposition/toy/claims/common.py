"""What the claims of several chapters share: the paper's name, and the verdict on a share of runs."""

import numpy as np

from superposition import metrics
from superposition.claims import Judged as Finding, Verdict

PAPER = "Elhage et al. 2022"
WRITE_UP = "Experiments in Superposition"
LECOMTE = "Lecomte et al. 2024"


def share(hits: np.ndarray, seeds: int, baseline: float | None, note: str = "") -> Finding:
    """A share of runs with Wilson's interval: reproduced from 90% on, partly from 50%."""
    rate, low, high = metrics.rate_interval(int(hits.sum()), hits.size)
    verdict: Verdict = "reproduced" if rate >= 0.9 else "partly" if rate >= 0.5 else "not reproduced"
    scaled = None if baseline is None else 100 * baseline
    return Finding(verdict, 100 * rate, 100 * low, 100 * high, seeds, scaled, "%", note if verdict != "reproduced" else "")
