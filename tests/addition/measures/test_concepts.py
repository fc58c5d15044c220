"""What is known of a sum against the sum itself, and what directions tell against brute force and scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

from superposition.addition.measures import concepts
from superposition.addition.measures.concepts import FAMILIES, MEASURES, Concepts

SUM = np.array([[957, 268], [480, 515]])  # 1225 and 995


def true(pairs, answer):
    made = concepts.concepts(concepts.labels(pairs, answer))
    return [
        {made.names[k] for k in np.flatnonzero(holds) if made.family[k] != FAMILIES.index("range of sums")}
        for holds in made.holds
    ]  # noqa: E501


def test_a_sum_is_known_by_its_digits_pairs_sums_and_carries():
    tens, hundreds = true(SUM, 1)[0], true(SUM, 2)[1]
    assert tens == {
        "a 5", "b 6", "pair 5, 6", "sum 11", "carry in 1", "carry out 1", "answer 2",
        "a below 7", "b below 8", "pair below 7, 8", "sum below 15",
    }  # fmt: skip
    assert {"pair 4, 5", "sum 9", "carry in 0", "carry out 0", "answer 9", "sum below 9"} < hundreds


def test_the_ones_have_nothing_below_and_the_millions_nothing_of_their_own():
    families = [{FAMILIES[k] for k in concepts.concepts(concepts.labels(SUM, answer)).family} for answer in (0, 6)]
    assert families[0] == {"digit", "pair", "sum", "range of sums", "carry out", "answer"}
    assert families[1] == {"carry in", "digit below", "pair below", "sum below"}


def test_a_range_holds_for_at_most_half_of_all_pairs_of_digits():
    x, y = np.divmod(np.arange(100), 10)
    found = concepts.ranges()
    for low in range(19):
        for high in range(low + 1, 19):
            assert ((low, high) in found) == (((x + y >= low) & (x + y <= high)).sum() <= 50)
    made = concepts.concepts(concepts.labels(np.stack([x, y], 1), 0))
    k = made.names.index("sum 3 to 8")
    assert made.holds[:, k].tolist() == ((x + y >= 3) & (x + y <= 8)).tolist()


def told(activity, holds, quantiles=(0.5, 0.9)):
    count = holds.shape[1]
    known = Concepts(tuple(map(str, range(count))), np.arange(count) % len(FAMILIES), holds)
    halves = [torch.from_numpy(np.ascontiguousarray(activity, np.float32))] * 2
    return concepts.told(*halves, (known, known), quantiles)


def test_the_best_direction_and_threshold_are_those_of_all_and_measured_as_scikit_learn_does():
    rng = np.random.default_rng(0)
    holds = rng.random((300, 4)) < 0.3
    activity = rng.standard_normal((300, 5)) + holds[:, [0, 0, 1, 2, 3]]
    found = told(activity, holds)
    for concept in range(4):
        own, every = holds[:, concept], []
        for column in activity.astype(np.float32).T:
            every += [
                (f1_score(own, fires), fires, column)
                for fires in (column > 0, *(column > np.quantile(column, q) for q in (0.5, 0.9)))
            ]  # noqa: E501
        every.append((f1_score(own, np.ones(300)), np.ones(300, bool), None))
        best, fires, column = max(every, key=lambda one: one[0])
        always = 2 * own.mean() / (1 + own.mean())
        wanted = [(best - always) / (1 - always), best, precision_score(own, fires), recall_score(own, fires)]
        assert found.best[concept, : concepts.AUC] == pytest.approx(wanted, abs=1e-6)
        if column is not None:
            assert found.best[concept, concepts.AUC] == pytest.approx(roc_auc_score(own, column))


def test_a_direction_that_is_a_concept_gains_all_and_one_that_never_fires_is_not_counted():
    holds = np.random.default_rng(0).random((200, 3)) < 0.2
    activity = np.concatenate([holds, np.zeros((200, 1))], 1)
    found = told(activity, holds)
    assert found.best == pytest.approx(np.ones((3, len(MEASURES))))
    assert found.concept.tolist() == [0, 1, 2] and found.gain == pytest.approx(np.ones(3))
    by = found.by_family(np.arange(3))
    assert by["share"][:3] == pytest.approx(np.full(3, 1 / 3)) and np.isnan(by["told"][3:]).all()


def test_noise_gains_nothing_on_sums_that_did_not_choose():
    rng = np.random.default_rng(0)
    halves = [torch.from_numpy(rng.standard_normal((2000, 30)).astype(np.float32)) for _ in range(2)]
    known = tuple(Concepts(("x", "y"), np.arange(2), rng.random((2000, 2)) < (0.1, 0.5)) for _ in range(2))
    found = concepts.told(*halves, known, (0.5, 0.9))
    assert np.abs(found.best[:, concepts.GAIN]).max() < 0.06 and np.abs(found.best[:, concepts.AUC] - 0.5).max() < 0.06
