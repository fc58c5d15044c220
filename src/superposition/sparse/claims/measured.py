"""REPLACE: whose claims these are. Each has a null or baseline, an interval over seeds, and a threshold as data."""

from superposition.claims import Finding, claim
from superposition.estimates import over_seeds
from superposition.runs import Results
from superposition.tolerances import BASELINE, Holding, Tolerance


@claim(
    id="sparse/measured/1-overlap",
    source="This book",  # REPLACE: paper and section, where it is another's
    statement="Random directions overlap by one over the dimension, however many there are.",
    measure="mean squared cosine of two directions, all sizes; baseline: 1 / m",
    tolerance=Tolerance(reproduced=Holding(BASELINE)),
    experiments=("sparse/measured",),
)
def _overlap(run: Results) -> Finding:
    return Finding(over_seeds(run["overlap"]), 1 / run.config.n_hidden)
