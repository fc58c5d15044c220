"""The inner loop of `tallies`: every activation of a batch is looked at once, in blocks of neurons side by side.
A value costs a few nanoseconds, where the model's own forward pass costs some hundreds."""

import numpy as np
from numba import njit, prange

BINS, BELOW = 64, 16  # of a histogram's bins, so many are below zero
BLOCK = 64  # neurons that one thread takes at a time
SCALE = 2.0**20  # sums are whole numbers of 2^-20, so that they are the same in any order


@njit(cache=True)
def keys(places, seed):
    """A number of 64 bits for each place, different for different places and as good as drawn (SplitMix64, Steele 2014)."""
    out = np.empty(len(places), np.uint64)
    for k in range(len(places)):
        z = np.uint64(places[k]) + np.uint64(seed) * np.uint64(0xD1342543DE82EF95) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        out[k] = z ^ (z >> np.uint64(31))
    return out


@njit(cache=True)
def coarsen(counts, key, place):
    """One neuron's bins twice as wide, in place: of two that become one, the smaller key stays."""
    for side in range(2):  # from the middle outwards, so that nothing is overwritten before it is read
        for step in range(BELOW // 2 if side == 0 else (BINS - BELOW) // 2):
            new = BELOW - 1 - step if side == 0 else BELOW + step
            a = BELOW - 2 - 2 * step if side == 0 else BELOW + 2 * step
            which = a if key[a] <= key[a + 1] else a + 1
            counts[new], key[new], place[new] = counts[a] + counts[a + 1], key[which], place[which]
    for b in range(BINS):
        if b < BELOW // 2 or b >= BELOW + (BINS - BELOW) // 2:
            counts[b], key[b], place[b] = 0, np.uint64(0xFFFFFFFFFFFFFFFF), -1


@njit(cache=True)
def _insert(values, places, v, at):
    """Put (v, at) into a list from high to low, the earlier place first among equals; the last one falls out."""
    k = len(values) - 1
    if v < values[k] or (v == values[k] and (places[k] >= 0 and at > places[k])):
        return
    while k > 0 and (v > values[k - 1] or (v == values[k - 1] and (places[k - 1] < 0 or at < places[k - 1]))):
        values[k], places[k] = values[k - 1], places[k - 1]
        k -= 1
    values[k], places[k] = v, at


@njit(cache=True)
def _meet(values, ids, v, token):
    """Keep the tokens with the highest values, each once; among equals the smaller id. From high to low."""
    k = len(values) - 1
    for j in range(len(values)):
        if ids[j] == token:
            if v <= values[j]:
                return
            k = j
            break
    else:
        if v < values[k] or (v == values[k] and ids[k] >= 0 and token > ids[k]):
            return
    while k > 0 and (v > values[k - 1] or (v == values[k - 1] and (ids[k - 1] < 0 or token < ids[k - 1]))):
        values[k], ids[k] = values[k - 1], ids[k - 1]
        k -= 1
    values[k], ids[k] = v, token


@njit(cache=True)
def meet_all(values, ids, more, more_ids):
    """Every neuron's tokens with those of another list."""
    for j in range(len(values)):
        for k in range(more.shape[1]):
            if more_ids[j, k] >= 0:
                _meet(values[j], ids[j], more[j, k], more_ids[j, k])


@njit(cache=True)
def widen(level, to, counts, key, place):
    """Every neuron's bins as wide as `to` asks for, where they are narrower."""
    for j in range(len(level)):
        while level[j] < to[j]:
            coarsen(counts[j], key[j], place[j])
            level[j] += 1


@njit(parallel=True, cache=True)
def look(
    acts, tokens, lengths, skip, first, context, key,
    level, counts, bin_key, bin_place, top_value, top_place, low_value, low_place, token_value, token_id,
    total, squares, positive,
):  # fmt: skip
    """Take in acts[row, position, neuron], of rows `first` and on; the others are the arrays of `tallies.Tally`.

    Returns whether all of them were finite."""
    n_rows, _, n = acts.shape
    fine = np.ones((n + BLOCK - 1) // BLOCK, np.bool_)
    for block in prange(len(fine)):
        start, stop = block * BLOCK, min(n, (block + 1) * BLOCK)
        high, low = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
        at_high, at_low = np.empty(BLOCK, np.int64), np.empty(BLOCK, np.int64)
        added, squared, fired = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK, np.int64)
        narrow = np.empty(BLOCK)  # one over the width of the bins
        for j in range(start, stop):
            narrow[j - start] = 2.0 ** -level[j]
        for row in range(n_rows):
            if lengths[row] <= skip:
                continue
            high[:], low[:], at_high[:], at_low[:] = -np.inf, np.inf, 0, 0
            added[:], squared[:], fired[:] = 0, 0, 0
            for t in range(skip, lengths[row]):
                place, its_key, token = (first + row) * context + t, key[row, t], tokens[row, t]
                for j in range(start, stop):
                    v, k = acts[row, t, j], j - start
                    if not np.isfinite(v):
                        fine[block] = False
                        continue
                    scaled = np.floor(v * narrow[k])
                    while scaled < -BELOW or scaled >= BINS - BELOW:
                        coarsen(counts[j], bin_key[j], bin_place[j])
                        level[j] += 1
                        narrow[k] /= 2
                        scaled = np.floor(v * narrow[k])
                    b = int(scaled) + BELOW
                    counts[j, b] += 1
                    if its_key < bin_key[j, b]:
                        bin_key[j, b], bin_place[j, b] = its_key, place
                    if v > high[k]:
                        high[k], at_high[k] = v, place
                    if v < low[k]:
                        low[k], at_low[k] = v, place
                    if v >= token_value[j, -1]:
                        _meet(token_value[j], token_id[j], v, token)
                    added[k] += v
                    squared[k] += v * np.float64(v)
                    fired[k] += v > 0
            for j in range(start, stop):
                k = j - start
                _insert(top_value[j], top_place[j], high[k], at_high[k])
                _insert(low_value[j], low_place[j], -low[k], at_low[k])
                total[j] += np.int64(np.rint(added[k] * SCALE))
                squares[j] += np.int64(np.rint(squared[k] * SCALE))
                positive[j] += fired[k]
    return fine.all()
