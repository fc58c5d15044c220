"""Claims of the chapter on almost orthogonal directions, held against the results of toy/room."""

import numpy as np

from superposition.claims import Finding, claim
from superposition.estimates import Estimate, over_seeds
from superposition.runs import Results
from superposition.tolerances import BASELINE, AtLeast, AtMost, Every, Tolerance, Within
from superposition.toy.claims.common import PAPER
from superposition.toy.room import DECODERS
from superposition.toy.theory import almost_orthogonal

BEST, LOOK = (DECODERS.index(name) for name in ("best", "one look"))


def _by_case(results: Results, decoder: int, unit: np.ndarray, least: int) -> dict[str, Estimate]:
    """The dimensions that a decoder needs, in `unit`, for each number of features and of active ones from `least` on."""
    return {
        f"{k} of {n}": over_seeds(results["needed"][decoder, i, j] / unit[i, j], (0, 4 * n / unit[i, j]))
        for i, n in enumerate(results["n_features"])
        for j, k in enumerate(results["active"])
        if k >= least
    }


@claim(
    id="toy/room/1-compressed-sensing",
    source=f"{PAPER}, Superposition and compressed sensing",
    statement="Some k log(n/k) dimensions are enough to tell k active features of n apart.",
    measure="dimensions needed by the best decoder over k log(n/k), 4 active of 256; also 2 to 16 active of 64 and 256; "
    "baseline: the statistical dimension",
    tolerance=Tolerance(reproduced=Every("active features", Within(0.5, 1.5)), partly=Every("active features", AtMost(4))),
    after_looking=True,
    experiments=("toy/room",),
)
def _compressed_sensing(results: Results) -> Finding:
    n, k = results["n_features"][:, None].astype(float), results["active"].astype(float)
    expected = almost_orthogonal.best_decoder(256, 4) / (4 * np.log(256 / 4))
    each = _by_case(results, BEST, k * np.log(n / k), least=2)
    factors = [one.value for one in each.values()]
    note = f"The factor runs from {min(factors):.1f} to {max(factors):.1f}; a crowded space takes the most"
    return Finding(each["4 of 256"], expected, note, {"active features": each})


@claim(
    id="toy/room/2-one-look",
    source="This book",
    statement="Reading each feature off by its own overlap, in one look, takes more than twice the dimensions that the "
    "best decoder needs.",
    measure="dimensions needed in one look over those of the best decoder, 4 active of 256; also 4 to 16 active of 64 and 256; "
    "baseline: the ratio expected of many features",
    tolerance=Tolerance(reproduced=Every("active features", AtLeast(2)), partly=AtLeast(2)),
    after_looking=True,
    experiments=("toy/room",),
)
def _one_look(results: Results) -> Finding:
    each = _by_case(results, LOOK, results["needed"][BEST].mean(-1), least=4)
    expected = almost_orthogonal.one_look(256, 4) / almost_orthogonal.best_decoder(256, 4)
    return Finding(
        each["4 of 256"], expected, "The more features are active at a time, the more it costs", {"active features": each}
    )


@claim(
    id="toy/room/3-pushed",
    source="This book",
    statement="Directions that push each other apart come near the least overlap that there can be, where random ones don't.",
    measure="greatest overlap over the least that the bounds allow, 32 directions in 8 dimensions, pushed apart; also four a "
    "dimension in 2 to 16; baseline: random directions",
    tolerance=Tolerance(
        reproduced=Every("dimensions", AtMost(1.25)) & AtMost(0.5 * BASELINE), partly=Every("dimensions", AtMost(1.5))
    ),
    after_looking=True,
    experiments=("toy/room",),
)
def _pushed(results: Results) -> Finding:
    four, dimensions = list(results["crowd"]).index(4), results["n_dimensions"]
    least = np.array([almost_orthogonal.least_overlap(int(m), 4 * int(m)) for m in dimensions])[:, None]
    pushed, drawn = (results[name][:, four] / least for name in ("pushed", "drawn"))
    each = {str(m): over_seeds(one, (1, 1 / bar[0])) for m, one, bar in zip(dimensions, pushed, least, strict=True)}
    return Finding(each["8"], float(drawn[list(dimensions).index(8)].mean()), "", {"dimensions": each})
