"""The random streams of this part: each purpose has its own number, so that no two of them draw the same for one seed."""

import numpy as np

# A name here, a number that no other has, and one function that draws from it.
START = 0  # a model's weights
SUMS = 1
ORDER = 2  # of the sums, epoch by epoch
BALANCED = 3  # every pair of digits equally often
RESAMPLED = 4  # which other sum stands in for one
SHARING_BY_LOT = 5
SETS_BY_LOT = 6
ORDER_OF_DIGITS = 7  # on a head's circle
PHASES = 8  # of a head's waves
NOISE = 9  # effects that are no model's
DIFFUSE = 10  # damage beside a module's own
MIXED = 11  # whose pair of digits stands in for a sum's own
CONTEXTS = 12  # sums that differ in one column
MADE_UP = 13  # what heads of no model say
ASKED = 14  # sums whose z dictionaries see
DICTIONARY = 15  # starts of dictionaries, and their batches
DIRECTIONS = 16  # at random, beside a dictionary's
WRITTEN = 17  # directions of digits and carries in no model

# These have another's number, and keep it: with one of its own, hours of stored results would be of other draws. A seed's
# numbers mean something else there, so the two only look alike.
LONG_CHAINS = 3
COLUMNS_BY_LOT = 7
CARRIES = 4  # behind two seeds


def generator(*seeds: int, stream: int, part: int | None = None) -> np.random.Generator:
    """The generator of a stream for these seeds: one, or that of an analysis and that of the model; `part` is one of many."""
    return np.random.default_rng([*seeds, stream, *([] if part is None else [part])])
