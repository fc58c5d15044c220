"""The greedy path and the local search of `orders`, compiled: a round trip as an array, changed by turning stretches round.
Every change is a few turns, so undoing one is to turn back, the last first."""

import numpy as np
from numba import njit

LONGEST = 50  # rows in each of the two stretches that a kick swaps


@njit(cache=True)
def greedy(G):
    n = len(G)
    best, start = np.float32(-1), 0
    for i in range(n):
        for j in range(i):
            if G[i, j] ** 2 > best:
                best, start = G[i, j] ** 2, i
    order, left = np.empty(n, np.int64), np.arange(n)
    last, count = start, n
    for k in range(n):
        order[k] = last
        count -= 1
        for place in range(count + 1):
            if left[place] == last:
                left[place] = left[count]
                break
        best, following = np.float32(-1), 0
        for place in range(count):
            like = G[last, left[place]] ** 2
            if like > best or (like == best and left[place] < following):
                best, following = like, left[place]
        last = following
    return order


@njit(cache=True)
def _reverse(trip, at, i, j):
    """Turns round the stops from place i on to place j, around the end where j < i; or all others, where these are fewer.

    The round trip is the same either way, but for its direction; returns whether that is the opposite."""
    n = len(trip)
    inside = j - i + 1 if j >= i else j - i + 1 + n
    others = 2 * inside > n
    if others:
        i, j = j + 1, i - 1
        inside = n - inside
        if i == n:
            i = 0
        if j < 0:
            j = n - 1
    for _ in range(inside // 2):
        a, b = trip[i], trip[j]
        trip[i], trip[j] = b, a
        at[b], at[a] = i, j
        i = i + 1 if i + 1 < n else 0
        j = j - 1 if j > 0 else n - 1
    return others


@njit(cache=True)
def _turn(trip, at, log, size, a, b, back=False):
    """Turns round the stops from a on to b, or from b on to a in a trip that runs back; and notes it.

    Returns how many turns are noted, and whether the trip runs back now."""
    i, j = (at[b], at[a]) if back else (at[a], at[b])
    log[size, 0], log[size, 1] = i, j
    return size + 1, _reverse(trip, at, i, j) != back


@njit(cache=True)
def _improve(gain, near, trip, at, a, log, size, touched):
    """The first change at stop a that helps: how much it gained, and how many turns are noted now."""
    n = len(trip)
    for forward in (True, False):
        place = at[a]
        b = trip[(place + 1) % n] if forward else trip[place - 1]
        for c in near[a]:
            if gain[a, c] <= gain[a, b]:
                break
            place = at[c]
            d = trip[(place + 1) % n] if forward else trip[place - 1]
            if d == a or c == b:
                continue
            more = gain[a, c] + gain[b, d] - gain[a, b] - gain[c, d]
            if more > 1e-7:
                # ... a b ... c d ... becomes ... a c ... b d ...
                size, _ = _turn(trip, at, log, size, b, c, not forward)
                touched[0], touched[1], touched[2], touched[3] = a, b, c, d
                return more, size, 4
        # Or the stretch of up to three stops that begins at a, away from b, goes between c and one of c's neighbours.
        end = a
        for _ in range(3):
            place = at[end]
            beyond = trip[place - 1] if forward else trip[(place + 1) % n]
            if beyond == b:
                break
            loses = gain[a, b] + gain[end, beyond] - gain[b, beyond]
            for c in near[a]:
                if gain[a, c] <= loses:
                    break
                offset = at[a] - at[c] if forward else at[c] - at[a]
                if offset < 0:
                    offset += n
                length = at[a] - at[end] if forward else at[end] - at[a]
                if length < 0:
                    length += n
                if offset <= length:
                    continue  # c is in the stretch
                place = at[c]
                for side in range(2):
                    d = trip[(place + 1) % n] if (side == 0) == forward else trip[place - 1]
                    # d lies beyond c as seen from b (side 0) or before it (side 1)
                    if (side == 0 and c == beyond) or (side == 1 and c == b):
                        continue
                    more = gain[a, c] + gain[end, d] - gain[c, d] - loses
                    if more > 1e-7:
                        size = _move(trip, at, log, size, end, a, b, beyond, c, d, side == 0, forward)
                        touched[0], touched[1], touched[2] = a, b, c
                        touched[3], touched[4], touched[5] = d, end, beyond
                        return more, size, 6
            end = beyond
    return np.float32(0), size, 0


@njit(cache=True)
def _move(trip, at, log, size, end, a, b, beyond, c, d, ahead, forward):
    """Moves the stretch end..a from between beyond and b to between c and d, a beside c.

    In the direction of the trip it stands, forward, as beyond end..a b ... c d (ahead) or b ... d c; and mirrored."""
    back = not forward
    if ahead:  # beyond [end a] [b c] d
        size, back = _turn(trip, at, log, size, end, c, back)  # beyond [c b] [a end] d
        size, back = _turn(trip, at, log, size, c, b, back)  # beyond [b c] [a end] d
    else:  # beyond [end a] [b d] c
        size, back = _turn(trip, at, log, size, end, d, back)  # beyond [d b] [a end] c
        size, back = _turn(trip, at, log, size, d, b, back)
        size, back = _turn(trip, at, log, size, a, end, back)  # beyond [b d] [end a] c
    return size


@njit(cache=True)
def _mend(gain, near, trip, at, waiting, count, queued, log, size, touched):
    """Improves at the stops in the queue until nothing helps; returns what that gained."""
    n, total, head = len(trip), 0.0, 0
    while count > 0:
        a = waiting[head]
        more, size, changed = _improve(gain, near, trip, at, a, log, size, touched)
        if changed == 0:
            queued[a] = False
            head = head + 1 if head + 1 < n else 0
            count -= 1
            continue
        total += more
        for k in range(changed):
            if not queued[touched[k]]:
                queued[touched[k]] = True
                waiting[(head + count) % n] = touched[k]
                count += 1
        if size > len(log) - 8:
            return total, size, False  # more than can be undone: only the first mending of a bad trip is so long
    return total, size, True


@njit(cache=True)
def search(gain, near, trip, seed, kicks):
    """Improves the round trip in place."""
    n = len(trip)
    if n < 8:
        return
    np.random.seed(seed)
    at = np.empty(n, np.int32)
    for k in range(n):
        at[trip[k]] = k
    log, touched = np.empty((100_000, 2), np.int32), np.empty(6, np.int32)
    waiting, queued = np.empty(n, np.int32), np.zeros(n, np.bool_)
    finished = False
    while not finished:
        for k in range(n):
            waiting[k], queued[k] = trip[k], True
        _, _, finished = _mend(gain, near, trip, at, waiting, n, queued, log, 0, touched)
    longest = min(LONGEST, (n - 2) // 3)
    for _ in range(kicks):
        start, one, two = np.random.randint(n), 1 + np.random.randint(longest), 1 + np.random.randint(longest)
        p, q = trip[start], trip[(start + 1) % n]
        r, s = trip[(start + one) % n], trip[(start + one + 1) % n]
        t, u = trip[(start + one + two) % n], trip[(start + one + two + 1) % n]
        change = gain[p, s] + gain[t, q] + gain[r, u] - gain[p, q] - gain[r, s] - gain[t, u]
        size, back = _turn(trip, at, log, 0, q, t)  # p [q r] [s t] u, then p [t s] [r q] u
        size, back = _turn(trip, at, log, size, t, s, back)
        size, back = _turn(trip, at, log, size, r, q, back)  # p [s t] [q r] u
        count = 0
        for stop in (p, q, r, s, t, u):
            if not queued[stop]:
                waiting[count], queued[stop] = stop, True
                count += 1
        more, size, finished = _mend(gain, near, trip, at, waiting, count, queued, log, size, touched)
        if change + more < 0:
            for k in range(size - 1, -1, -1):
                _reverse(trip, at, log[k, 0], log[k, 1])
