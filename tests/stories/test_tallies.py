"""What is kept of activations is what sorting all of them gives, however they are cut into batches and parts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superposition.stories.engine import tally_kernel
from superposition.stories.engine.tallies import Sizes, Tally, TallyError

CONTEXT, NEURONS, SKIP, SIZES = 7, 3, 1, Sizes(top=4, low=2, tokens=3, drawn=5)


def corpus(seed, rows, scale):
    """Activations with many ties, and some rows that end early."""
    rng = np.random.default_rng(seed)
    acts = rng.integers(-3, 6, (rows, CONTEXT, NEURONS)) * rng.choice([0.125, 0.25, scale], (rows, 1, NEURONS))
    return acts.astype(np.float32), rng.integers(0, 6, (rows, CONTEXT)), rng.integers(1, CONTEXT + 1, rows)


def tally(acts, tokens, lengths, cuts, first=0):
    made = Tally.empty(NEURONS, SIZES)
    for rows in np.split(np.arange(len(acts)), cuts):
        if len(rows):
            made.add(acts[rows], tokens[rows], lengths[rows], SKIP, first + int(rows[0]), CONTEXT, 11)
    return made


def brute_force(acts, tokens, lengths):
    """The same from all values at once, in plain Python."""
    places = [(r, t) for r in range(len(acts)) for t in range(SKIP, lengths[r])]
    key = {p: int(tally_kernel.keys(np.array([p[0] * CONTEXT + p[1]]), 11)[0]) for p in places}
    number = lambda p: p[0] * CONTEXT + p[1]
    found = {"n_tokens": len(places), "drawn": [number(p) for p in sorted(places, key=key.get)[: SIZES.drawn]], "neurons": []}
    for n in range(NEURONS):
        v = {p: float(acts[p][n]) for p in places}
        rows = sorted({r for r, _ in places})
        best = sorted(min((-v[p], number(p)) for p in places if p[0] == r) for r in rows)[: SIZES.top]
        worst = sorted(min((v[p], number(p)) for p in places if p[0] == r) for r in rows)[: SIZES.low]
        by_token = {}
        for p in places:
            by_token[tokens[p]] = max(by_token.get(tokens[p], -np.inf), v[p])
        level = -6
        while any(not -16 <= np.floor(x / 2.0**level) < 48 for x in v.values()):
            level += 1
        bins = {}
        for p in places:
            bins.setdefault(int(np.floor(v[p] / 2.0**level)) + 16, []).append(p)
        found["neurons"].append({
            "top": [(-value, place) for value, place in best], "low": [(-value, place) for value, place in worst],
            "tokens": sorted(((value, int(t)) for t, value in by_token.items()), key=lambda x: (-x[0], x[1]))[: SIZES.tokens],
            "level": level, "bins": {b: (len(ps), number(min(ps, key=key.get))) for b, ps in bins.items()},
            "total": sum(v.values()), "squares": sum(x * x for x in v.values()), "positive": sum(x > 0 for x in v.values()),
        })  # fmt: skip
    return found


def as_found(made):
    state = made.state()
    pairs = lambda value, place, n: [(float(v), int(p)) for v, p in zip(state[value][n], state[place][n]) if p >= 0]
    return {
        "n_tokens": int(made.n_tokens), "drawn": [int(p) for p in state["drawn_place"] if p >= 0],
        "neurons": [
            {
                "top": pairs("top_value", "top_place", n), "low": pairs("low_value", "low_place", n),
                "tokens": pairs("token_value", "token_id", n), "level": int(made.level[n]),
                "bins": {int(b): (int(made.counts[n, b]), int(made.bin_place[n, b])) for b in np.flatnonzero(made.counts[n])},
                "total": made.total[n] / 2**20, "squares": made.squares[n] / 2**20, "positive": int(made.positive[n]),
            }
            for n in range(NEURONS)
        ],
    }  # fmt: skip


cases = st.tuples(st.integers(0, 2**32), st.integers(1, 12), st.sampled_from([0.5, 2.0, 1024.0]))


@given(cases, st.lists(st.integers(0, 12), max_size=4))
@settings(max_examples=40)
def test_a_tally_is_what_sorting_all_values_gives_for_any_batches(case, cuts):
    acts, tokens, lengths = corpus(*case)
    assert as_found(tally(acts, tokens, lengths, sorted(cuts))) == brute_force(acts, tokens, lengths)


@given(cases, st.integers(0, 12), st.randoms())
@settings(max_examples=40)
def test_parts_merge_in_any_order_into_the_whole_to_the_bit(case, cut, random):
    acts, tokens, lengths = corpus(*case)
    whole = tally(acts, tokens, lengths, []).state()
    parts = [slice(0, cut), slice(cut, None)]
    made = [tally(acts[p], tokens[p], lengths[p], [], first=p.start or 0) for p in parts]
    random.shuffle(made)
    made[0].merge(made[1])
    merged = Tally.of_state(made[0].state()).state()
    assert whole.keys() == merged.keys()
    for name, array in whole.items():
        np.testing.assert_array_equal(array, merged[name], err_msg=name)


def test_the_values_drawn_are_those_at_their_places_and_mean_and_deviation_are_numpys():
    acts, tokens, lengths = corpus(5, 30, 2.0)
    lengths[:] = CONTEXT
    made = tally(acts, tokens, lengths, [3, 9])
    rows, at = np.divmod(made.drawn_place, CONTEXT)
    np.testing.assert_array_equal(made.drawn_value, acts[rows, at])
    values = acts[:, SKIP:].reshape(-1, NEURONS).astype(np.float64)
    np.testing.assert_allclose(made.mean(), values.mean(0), rtol=1e-6)
    np.testing.assert_allclose(made.deviation(), values.std(0), rtol=1e-6)


def test_keys_are_all_different_and_uniform():
    keys = tally_kernel.keys(np.arange(20_000), 3)
    assert len(set(keys.tolist())) == 20_000
    assert abs((keys.astype(np.float64) / 2**64).mean() - 0.5) < 4 / np.sqrt(12 * 20_000)
    assert not np.isin(keys[:100], tally_kernel.keys(np.arange(20_000), 4)).any()


def test_an_activation_that_is_not_finite_ends_in_a_sentence():
    acts, tokens, lengths = corpus(1, 4, 2.0)
    acts[2, 1, 1], lengths[:] = np.nan, CONTEXT
    with pytest.raises(TallyError, match="rows 0 to 3: the model gave an activation that is not a finite number"):
        tally(acts, tokens, lengths, [])
