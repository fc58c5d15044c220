"""Sets of heads, greedy and exact, against all sets."""

from itertools import product

import numpy as np
import pytest

from superposition.addition.measures import ablation, head_sets, minimum_head_sets
from superposition.addition.measures.ablation import Parts

HEADS, SUMS = 8, 60


@pytest.fixture(params=range(4))
def problem(request):
    """Margins of heads that pull for and against, so that more heads are not always better."""
    rng = np.random.default_rng(request.param)
    return rng.normal(0.4, 1, size=(HEADS, SUMS, 3)).astype(np.float32), rng.normal(-1, 1, size=(SUMS, 3)).astype(np.float32)


def everything(margins, base):
    """How many sums each of all sets leaves wrong."""
    sets = np.array(list(product([False, True], repeat=HEADS)))
    return sets, np.array([((base + margins[one].sum(0)) <= 0).any(-1).sum() for one in sets])


def test_a_beam_that_holds_all_sets_finds_the_best_of_every_size(problem):
    margins, base = problem
    sets, wrong = everything(margins, base)
    best = [wrong[sets.sum(1) == size].min() for size in range(HEADS + 1)]
    grown, cut = head_sets.greedy(base, margins, 2**HEADS), head_sets.greedy(base + margins.sum(0), -margins, 2**HEADS)
    assert grown[0].tolist() == best and cut[0][::-1].tolist() == best
    for (counts, chosen), flip in ((grown, False), (cut, True)):
        for count, one in zip(counts, chosen, strict=True):
            assert count == wrong[(sets == (one ^ flip)).all(1)][0]


def test_the_greedy_path_takes_the_best_next_head(problem):
    margins, base = problem
    counts, chosen = head_sets.greedy(base, margins, 1)
    first = [head_sets.wrong(base + one) for one in margins]
    assert counts[1] == min(first) and chosen[1].argmax() == int(np.argmin(first))
    assert (np.diff(chosen.sum(1)) == 1).all() and (chosen[1:] >= chosen[:-1]).all()


@pytest.mark.parametrize("allowed", [3, 12, 25])
def test_branch_and_bound_finds_the_smallest_set_of_all(problem, allowed):
    margins, base = problem
    sets, wrong = everything(margins, base)
    enough = sets.sum(1)[wrong <= allowed]
    smallest = int(enough.min()) if len(enough) else HEADS + 1
    tree = minimum_head_sets.Tree.of(margins, base, HEADS)
    for size in range(HEADS + 1):
        found, ended = tree.search(allowed, size, 10**6)
        assert ended and (found is not None) == (size >= smallest)
        if found is not None:
            assert found.sum() <= size and head_sets.wrong(base + margins[found].sum(0)) <= allowed


def test_a_search_that_gives_up_says_so(problem):
    margins, base = problem
    allowed = int(head_sets.wrong(base + margins.sum(0)))
    assert minimum_head_sets.Tree.of(margins, base, HEADS).search(allowed, HEADS, 1) == (None, False)


def test_margins_say_what_is_right(random_model):
    parts = Parts.of(random_model(), ablation.balanced(3, 1))
    for column in (0, 3):
        each, base = head_sets.margins(parts, column)
        right = (base + each.sum(0)).min(-1) > 0
        assert (right == parts.right(parts.logits)[:, column]).all()
        some = np.arange(32) % 3 == 0
        mean = parts.instead("mean")[:, column]
        logits = parts.direct[column] + np.where(some[:, None], parts.heads[:, column], mean).sum(1)
        assert ((base + each[some].sum(0)).min(-1) > 0).tolist() == (logits.argmax(-1) == parts.answers[:, column]).tolist()


def test_random_orders_begin_with_no_head_and_end_with_all(problem):
    margins, base = problem
    lot = head_sets.by_lot(base, margins, 3, 0)
    assert lot[0] == head_sets.wrong(base) and lot[-1] == head_sets.wrong(base + margins.sum(0))


@pytest.mark.parametrize(
    ("share", "right", "total", "expected"), [(0.95, 1000, 1000, 50), (0.99, 995, 1000, 14), (1.0, 7, 10, 3)]
)
def test_a_set_may_lose_its_share_of_the_right_answers_and_no_more(share, right, total, expected):
    assert head_sets.allowed(share, right, total) == expected


def test_the_smallest_of_both_paths_is_taken():
    grown = np.array([9, 6, 5, 1]), np.tri(4, 3, -1, dtype=bool)
    cut = np.array([1, 2, 3, 9]), np.tri(4, 3, -1, dtype=bool)
    assert head_sets.smallest(grown, cut, 4).tolist() == [False, False, True]
    assert head_sets.smallest(grown, cut, 1).tolist() == [True, True, True]
