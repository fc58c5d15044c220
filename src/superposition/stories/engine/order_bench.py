"""What ordering the rows of a matrix is measured against: fast-tsp, a travelling salesman's solver in Rust, in the time allowed.
Rows that share directions, as those of a language model do; both sides start from the cosines."""

from collections.abc import Iterator

import fast_tsp
import numpy as np
from jaxtyping import Float, Int

from superposition.bench import Comparison
from superposition.stories.measures import orders

Array = np.ndarray
ROWS, DIM, GROUPS = 4096, 256, 512
ALLOWED = 15.0  # seconds


def rows(count: int = ROWS, dim: int = DIM, groups: int = GROUPS, seed: int = 0) -> Float[Array, "row dim"]:
    """Random rows, each drawn towards one of so many common directions."""
    rng = np.random.default_rng(seed)
    common = rng.standard_normal((groups, dim), dtype=np.float32)
    return rng.standard_normal((count, dim), dtype=np.float32) + common[rng.integers(groups, size=count)]


def salesman(G: Float[Array, "row row"], seconds: float) -> Int[Array, "row"]:
    """The path that fast-tsp finds in that time: a round trip through one stop more, which is equally far from all."""
    apart = np.zeros((len(G) + 1,) * 2, np.uint16)
    apart[1:, 1:] = np.rint(30000 * (1 - np.minimum(G.astype(np.float64) ** 2, 1)))
    np.fill_diagonal(apart, 0)
    trip = np.array(fast_tsp.find_tour(apart, seconds))
    return np.roll(trip, -int(np.flatnonzero(trip == 0)[0]))[1:] - 1


def comparisons() -> Iterator[Comparison]:
    """One row: 4,096 rows in order."""
    G = orders.cosines(rows())
    yield Comparison(
        name=f"stories order {ROWS}",
        what=f"a path through {ROWS:,} rows that scores within 1% of fast-tsp's in {ALLOWED:g} s, against these {ALLOWED:g} s",
        ours=lambda: orders.tour(G),
        reference=lambda: salesman(G, ALLOWED),
        repeats=1,
    )
