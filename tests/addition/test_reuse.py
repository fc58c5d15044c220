"""What heads read: made-up heads whose tasks are known, sums and cosines by hand, stored numbers against the models."""

from itertools import product

import numpy as np
import pytest

from superposition import runs
from superposition.addition import circuits, reuse
from superposition.addition.engine import data
from superposition.addition.measures import ablation
from superposition.addition.measures.ablation import Parts

CONFIG = reuse.Config(seed=0, models=0, each=8, contexts=20, damage=0.2)


@pytest.fixture(scope="module")
def results():
    return runs.load("addition/reuse")


def tasks(tables, each=8, noise=0.3):
    """Parts in which head h says tables[h][column] of the pair of digits of each of its columns, and elsewhere noise."""
    rng, pair = np.random.default_rng(1), ablation.balanced(0, each)
    said = noise * rng.standard_normal((len(pair), data.N_ANSWERS, len(tables), 10))
    for head, own in enumerate(tables):
        for column, table in own.items():
            said[:, column, head] += table[pair[:, column]]
    said = (said - said.mean(-1, keepdims=True)).astype(np.float32)
    return Parts(said, np.zeros((7, 10), np.float32), said.sum(2).argmax(-1).astype(np.uint8), pair)


def test_reuse_and_superposition_of_two_columns_in_a_head_are_told_apart_and_both_from_one_task():
    one, other = np.random.default_rng(0).standard_normal((2, 100, 10))
    found = reuse.measured(tasks([{0: one, 3: one}, {0: one, 3: other}, {1: other}]), 0)
    reads = found["own"] > reuse.READS
    assert [np.flatnonzero(reads[:, head]).tolist() for head in range(3)] == [[0, 3], [0, 3], [1]]
    assert reuse.columns_read(found["own"]).tolist() == [2, 2, 1]
    assert found["alike"][0, 3, 0] > 0.95 and abs(found["alike"][0, 3, 1]) < 0.15
    assert sorted(reuse.alike(found)) == pytest.approx([found["alike"][0, 3, 1], found["alike"][0, 3, 0]])
    assert found["between"] == pytest.approx([1, 0, 0, abs(found["alike"][0, 3, 1]), 0, 0], abs=0.06)
    assert reuse.summary(found)[reuse.SEVERAL] == pytest.approx(2 / 3)


def test_modules_with_diffuse_damage_have_one_column_each_and_noise_has_none():
    for kind, columns in zip(reuse.MADE_UP, (1, 0), strict=True):
        found = reuse.measured(reuse.made_up(kind, CONFIG), 0)
        assert (reuse.columns_read(found["own"]) == columns).all()
        assert found["lost"].min() >= 0 and not (reuse.needed(found) & (found["own"] <= reuse.READS))[: columns * 6].any()


def test_damage_of_modules_falls_on_answers_whose_digits_they_know_nothing_of():
    found = reuse.measured(reuse.made_up(reuse.MADE_UP[reuse.MODULES], CONFIG), 0)
    away = found["own"] < reuse.READS
    assert found["lost"][away].mean() > 0.005 and (found["specific"] - found["floor"])[away].mean() < 0.005


def test_the_own_share_is_that_of_the_variance_and_none_for_noise():
    rng, pair = np.random.default_rng(2), ablation.balanced(3, 16)[:, 0]
    table, noise = rng.standard_normal((100, 10)), rng.standard_normal((1600, 3, 10))
    said = np.stack([table[pair], np.zeros((1600, 10)), 2 * table[pair]], 1) + noise
    assert reuse.own_share(said, pair) == pytest.approx([1 / 2, 0, 4 / 5], abs=0.05)


def test_cosines_are_over_all_pairs_and_logits_and_know_no_constant():
    maps = np.random.default_rng(0).standard_normal((1, 2, 100, 10))
    flat = (maps - maps.mean(2, keepdims=True))[0].reshape(2, -1)
    expected = flat[0] @ flat[1] / np.linalg.norm(flat[0]) / np.linalg.norm(flat[1])
    found = reuse.cosines(maps, -3 * maps + 5)[0]
    assert found == pytest.approx(-np.array([[1, expected], [expected, 1]]))


def test_contexts_differ_in_one_column_whose_answer_is_each_digit_in_turn():
    for column in (0, 4):
        seen = reuse.contexts(column, 30, np.random.default_rng(0)).astype(int)
        a, b = (seen[..., first : first + 6] @ 10 ** np.arange(6) for first in (0, 6))
        assert (data.answers(a, b)[..., column] == np.arange(10)).all()
        others = np.delete(seen, [column, column + 6], -1)
        assert (others == others[:, :1]).all() and len(np.unique(others[:, 0], axis=0)) == 30


def test_columns_that_draw_their_heads_by_lot_give_a_head_several_as_counting_all_cases_does():
    part = np.array([[1, 0.5, 0, 0, 0, 0], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]])
    cases = np.array(list(product((0, 1), repeat=6)))
    odds = np.where(cases[:, None] == 1, part, 1 - part).prod(-1)
    assert reuse.several_by_lot(part) == pytest.approx(odds[cases.sum(1) > 1].sum(0))
    assert reuse.several_by_lot(part)[0] == pytest.approx(0.5)
    assert reuse.by_lot(np.array([[8.0, 0, 0, 0]]), 32) == pytest.approx(1 - 0.75**6 - 6 * 0.25 * 0.75**5)


def test_one_models_analysis_is_that_of_the_committed_run(results):
    config = results.config.model_copy(update={"contexts": 1})
    model, seed = circuits.trained(1)[0]
    found = reuse.of_model(model, seed, config)
    for name in ("own", "lost", "alike"):
        np.testing.assert_allclose(results[name][0], found[name], atol=2e-3)
    assert reuse.of_each(results)[0] == pytest.approx(reuse.summary(found), abs=2e-3)
