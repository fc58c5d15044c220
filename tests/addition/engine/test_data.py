"""The sums and how they are written."""

import numpy as np
import pytest

from superposition.addition.engine import data

A, B = np.array([1234, 444444, 444445, 896009]), np.array([5678, 555555, 555555, 413082])
# The write-up's own examples: a, b and a + b, least significant digit first.
WRITTEN = ["4321008765002196000", "4444445555559999990", "5444445555550000001", "9006982803141909031"]


def spelled(row):
    return "".join(data.VOCAB[token] for token in row)


def test_sums_are_written_as_in_the_write_up():
    written = np.concatenate([data.tokens(A, B)[:, : data.N_INPUTS], data.answers(A, B)], 1)
    assert [spelled(row) for row in written] == WRITTEN


def test_at_once_every_answer_place_holds_the_equals_sign():
    assert [spelled(row) for row in data.tokens(A, B)] == [text[:12] + "=======" for text in WRITTEN]


def test_one_by_one_every_answer_place_but_the_first_holds_the_digit_before_its_own():
    assert [spelled(row) for row in data.tokens(A, B, "one by one")] == [text[:12] + "=" + text[12:18] for text in WRITTEN]


def brute_force(a, b):
    """Carry into every column, and the columns right below it that sum to 9, by schoolbook addition."""
    carry, chain, rows = 0, 0, []
    for k in range(7):
        rows.append((carry, chain))
        column = a // 10**k % 10 + b // 10**k % 10
        chain = chain + 1 if column == 9 else 0
        carry = int(column + carry > 9)
    return rows


def test_carries_and_chains_are_those_of_schoolbook_addition():
    rng = np.random.default_rng(0)
    a, b = np.concatenate([rng.integers(0, 10**6, (2, 300)), [[999999, 999999, 0, 123456], [1, 999999, 0, 876543]]], 1)
    found = np.stack([data.carries(a, b), data.chains(a, b)], -1)
    assert found.tolist() == [[list(row) for row in brute_force(*pair)] for pair in zip(a.tolist(), b.tolist())]


def test_a_draw_is_distinct_uniform_and_its_seeds_own():
    drawn = data.draw(3, 20_000)
    assert len(np.unique(drawn, axis=0)) == 20_000
    assert drawn.min() >= 0 and drawn.max() < 10**6
    assert drawn.mean(0) == pytest.approx([499_999.5] * 2, abs=4 * 10**6 / np.sqrt(12 * 20_000))
    assert (data.draw(3, 20_000) == drawn).all() and (data.draw(4, 20_000) != drawn).any()
