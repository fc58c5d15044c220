"""What the stories part is timed against: the ordering of weights, and Neuroscope's pass over a corpus."""

from collections.abc import Iterator

from superposition.bench import Comparison
from superposition.stories.engine import neuroscope_bench, order_bench


def comparisons() -> Iterator[Comparison]:
    """All rows of `superposition bench stories`."""
    yield from order_bench.comparisons()
    yield from neuroscope_bench.comparisons()
