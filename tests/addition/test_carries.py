"""The analysis of carries on models whose answer is known, and the stored analysis against the stored models."""

import numpy as np
import pytest
import torch

from superposition import runs
from superposition.addition import carries
from superposition.addition.carries import (
    answers_per_head,
    attention_shown,
    bringing,
    by_depth,
    by_lot,
    carries_per_head,
    error_rates,
    errors_above,
    heads_in_use,
    heads_per_carry,
    nine_ratio,
    shown,
    signal_shares,
    slips,
    strengths,
)  # fmt: skip
from superposition.addition.engine import carry_chains, data, streams, transformer_training
from superposition.addition.engine.lookup import Lookup, ablated
from superposition.addition.engine.transformer import Transformer


@pytest.fixture(scope="module")
def results():
    return runs.load("addition/carries")


def test_sums_of_a_depth_have_chains_just_so_deep():
    rng = np.random.default_rng(0)
    for answer in range(data.N_ANSWERS):
        for depth in range(answer + 1):
            pairs = carry_chains.of_depth(rng, 200, answer, depth)
            assert (data.chains(*pairs.T)[:, answer] == depth).all() and pairs.max() < 10**6
            if depth < answer:
                assert len(np.unique(data.carries(*pairs.T)[:, answer])) == 2


def test_sums_without_long_chains_are_uniform_and_with_them_half_the_columns_sum_to_nine():
    for share, rate in ((0, 0.1), (1, 0.55), (0.5, 0.325)):
        a, b = carry_chains.draw(3, 20_000, share).T
        columns = data.digits(a, 6) + data.digits(b, 6)
        assert (columns == 9).mean(0) == pytest.approx(np.full(6, rate), abs=0.015)
        assert np.bincount(data.digits(a, 6).ravel()) / 120_000 == pytest.approx(np.full(10, 0.1), abs=0.005)
    assert (carry_chains.draw(3, 10, 1) == carry_chains.draw(3, 10, 1)).all() and (
        carry_chains.draw(3, 10, 1) != carry_chains.draw(4, 10, 1)
    ).any()


def test_errors_are_counted_by_carry_distance_and_the_column_below():
    pairs = np.array([[5, 5], [4, 5]])
    said = data.answers(*pairs.T)
    said[0, 1] = 0  # the carry into the tens is missed: 9 too much, modulo 10
    found = carries.errors(said, pairs)
    assert found["difference"].sum() == 14
    assert found["difference"].tolist() == [[13] + [0] * 9, [0] * 9 + [1]]
    assert found["below"][[10, 9, 0]].tolist() == [[1, 1], [1, 0], [10, 0]]


def test_an_ablated_head_is_what_lookup_says(random_model):
    model = random_model(torch.float32)
    tables = Lookup.of(model)
    pairs = data.draw(1, 60)
    seen, answers = torch.from_numpy(data.tokens(*pairs.T)), data.answers(*pairs.T)
    with torch.no_grad():
        found = carries.ablations(tables, seen, answers, np.random.default_rng(5))
        z, direct = tables.attend(seen).z, tables.direct(seen)
        order = torch.from_numpy(np.random.default_rng(5).permutation(60))
        for head in (0, 17):
            keep = torch.arange(32) != head
            for name, instead in (("resampled", z[order]), ("averaged", z.mean(0))):
                said = tables.read(ablated(z, keep, instead), direct).argmax(-1).numpy()
                assert found[name][head] == pytest.approx((said == answers).mean(0), abs=1 / 59)
    assert found["attention"].sum(-1) == pytest.approx(np.ones((7, 32)), abs=1e-5)


@pytest.mark.parametrize(("reading", "depth"), [("at once", 0), ("at once", 2), ("one by one", 1)])
def test_carry_signals_sum_to_what_the_carry_does_to_the_logits(random_model, reading, depth):
    """By the transformer itself, with the same draws of columns; what stands at the places after the answer doesn't matter."""
    model, answer = random_model(torch.float32, 3), 4
    pairs = data.draw(2, 40)
    with torch.no_grad():
        low, high, own = carries.both_ways(pairs, reading, answer, depth, np.random.default_rng(0))
        found = carries.margin(Lookup.of(model), high, answer, own) - carries.margin(Lookup.of(model), low, answer, own)
        rng, margins = np.random.default_rng(0), []
        for pool in ([(i, j) for i in range(10) for j in range(10) if keep(i + j)] for keep in ((8).__ge__, (10).__le__)):
            drawn, logits = rng.integers(len(pool), size=40), []
            for (a, b), which in zip(pairs.tolist(), drawn):
                (x, y), place = pool[which], 10 ** (answer - depth - 1)
                for column in range(answer - depth, answer):
                    b += (9 - a // 10**column % 10 - b // 10**column % 10) * 10**column
                a, b = (n + (digit - n // place % 10) * place for n, digit in ((a, x), (b, y)))
                own = a // 10**answer % 10 + b // 10**answer % 10
                assert (a % 10**answer + b % 10**answer >= 10**answer) == (x + y >= 10)
                seen = torch.from_numpy(data.tokens(np.array([a]), np.array([b]), reading))
                alone = (model.W_E[seen.long()] + model.W_pos + model.b_O) @ model.W_U + model.b_U
                logit = (model(seen) - alone)[0, 12 + answer].numpy()
                logits.append(logit[(own + 1) % 10] - logit[own % 10])
            margins.append(np.mean(logits))
    assert found.sum() == pytest.approx(margins[1] - margins[0], abs=2e-4)


def test_signals_are_zero_where_no_column_decides(random_model):
    with torch.no_grad():
        tables, pairs = Lookup.of(random_model(torch.float32)), data.draw(2, 20)
        found, shown = (carries.signals(tables, pairs, how, np.random.default_rng(0)) for how in ("at once", "one by one"))
    for depth in range(carries.DEPTHS):
        assert (found["signal"][depth, : depth + 1] == 0).all() and (found["signal"][depth, depth + 1 :] != 0).all()
    for name in ("told", "asked", "found"):
        assert (found[name] == 0).all()  # no digit is shown
        assert (shown[name][:2] == 0).all() and (shown[name][2:] != 0).all()


def test_the_digit_shown_asks_in_the_query_alone_and_is_found_as_key_and_value_alone(random_model):
    """By the transformer's own keys and values of one sum, and its queries of another."""
    model, answer = random_model(torch.float32, 3), 4
    with torch.no_grad():
        low, high, own = carries.both_ways(data.draw(2, 30), "one by one", answer, 1, np.random.default_rng(0))
        place, tables = data.N_INPUTS + answer, Lookup.of(model)
        found = carries.margin(tables, low, answer, own, high[:, place])
        q, k, v = (
            torch.einsum("bpm,hmd->bhpd", model.W_E[torch.from_numpy(seen).long()] + model.W_pos, W) + b[:, None]
            for seen, W, b in ((high, model.W_Q, model.b_Q), (low, model.W_K, model.b_K), (low, model.W_V, model.b_V))
        )
        score = (q[:, :, place, None] * k[:, :, : place + 1]).sum(-1) / 2**0.5
        z = (score.softmax(-1)[..., None] * v[:, :, : place + 1]).sum(2)
        logits = torch.einsum("bhd,hdm->bhm", z, model.W_O) @ model.W_U
    example = np.arange(30)
    truth = (logits[example, :, (own + 1) % 10] - logits[example, :, own % 10]).mean(0)
    assert found == pytest.approx(truth.numpy(), abs=1e-5)


def test_the_two_ways_differ_in_the_deciding_column_and_the_digits_shown_after_it():
    pairs, answer, depth = data.draw(4, 50), 4, 1
    low, high, own = carries.both_ways(pairs, "one by one", answer, depth, np.random.default_rng(0))
    differ = (low != high).any(0)[: data.N_INPUTS + answer + 1].nonzero()[0].tolist()
    assert differ == [2, 8, data.N_INPUTS + 3, data.N_INPUTS + 4]
    assert (low[:, data.N_INPUTS + 4] == 9).all() and (high[:, data.N_INPUTS + 4] == 0).all()
    assert (own == (pairs // 10**4 % 10).sum(1)).all()


def test_one_head_to_each_carry_counts_as_one_and_shared_heads_as_several(results):
    signal = np.zeros((2, carries.DEPTHS, 7, 32))
    signal[0, 0, np.arange(1, 7), np.arange(6)] = 3.0
    signal[1, 0, 1:, :4] = -1.0
    made = runs.Results("made", results.config, {"trained_signal": signal})
    assert heads_per_carry(made, "trained") == pytest.approx([1, 4])
    assert carries_per_head(made, "trained") == pytest.approx([1, 6])
    assert signal_shares(made, "trained").sum(-1) == pytest.approx(np.ones((2, 6)))


def test_strengths_compare_the_signals_of_all_heads_together(results):
    signal = np.zeros((1, carries.DEPTHS, 7, 32))
    signal[0, :, 3:6, :2] = np.array([[4.0, -2], [0.5, 0.5], [2, 0]])[:, None]
    made = runs.Results("made", results.config, {"trained_signal": signal})
    assert strengths(made, "trained") == pytest.approx(np.array([[1, 0.5, 1]]))


def test_errors_above_a_nine_are_told_from_the_others_by_share_and_by_count(results):
    below = np.zeros((2, carries.SUMS, 2))
    below[:, :, 0] = 100
    below[0, [3, 9], 1] = 2, 18
    below[1, [0, 18, 9], 1] = 1, 3, 16
    made = runs.Results("made", results.config, {"trained_below": below})
    assert nine_ratio(made, "trained") == pytest.approx([0.18 / (2 / 1800), 0.16 / (4 / 1800)])
    assert errors_above(made, "trained", [9]) == pytest.approx(34 / 40)
    assert errors_above(made, "trained", [0, 18]) == pytest.approx(4 / 40)
    assert error_rates(made, "trained")[:, 9] == pytest.approx([0.18, 0.16])


def test_slips_are_one_too_small_with_a_carry_and_one_too_large_without(results):
    off = np.zeros((1, 2, 10))
    off[0, :, 0] = 1000
    off[0, 0, [1, 5]] = 3, 1
    off[0, 1, [9, 1]] = 4, 2
    assert slips(runs.Results("made", results.config, {"trained_difference": off}), "trained") == pytest.approx([0.7])


def test_accuracy_by_depth_is_over_the_answers_with_digits_and_a_column_below_the_chain(results):
    accuracy = np.full((1, 7, 7), np.nan)
    for answer in range(1, 6):
        accuracy[0, answer, :answer] = 0.1 * answer
    found = by_depth(runs.Results("made", results.config, {"trained_depth_accuracy": accuracy}), "trained")
    assert found == pytest.approx(np.array([[0.3, 0.35, 0.4, 0.45, 0.5]]))


def test_heads_that_bring_a_share_are_counted_once_and_those_that_bring_it_twice_too(results):
    signal = np.zeros((1, carries.DEPTHS, 7, 32))
    signal[0, 0, 1:, 0] = 10
    signal[0, 0, 1, 1:3] = 5, -5
    signal[0, 0, 2, 3] = 0.1
    made = runs.Results("made", results.config, {"trained_signal": signal})
    assert bringing(made, "trained", 0.1).tolist() == [3] and bringing(made, "trained", 0.1, 2).tolist() == [1]


def test_heads_in_use_serve_the_answers_that_fall_without_them(results):
    whole, resampled = np.full((1, 7), 0.9), np.full((1, 3, 7), 0.9)
    resampled[0, 0, :4] -= 0.2  # four answers alike
    resampled[0, 1, 2] -= 0.3  # one answer alone
    resampled[0, 2, 5] -= 0.005  # hardly missed
    resampled[0, 2, 6] += 0.05  # better off without it
    made = runs.Results("made", results.config, {"trained_whole": whole, "trained_resampled": resampled})
    assert heads_in_use(made, "trained").tolist() == [[True, True, False]]
    assert answers_per_head(made, "trained") == pytest.approx([2.5])
    resampled[0, 1, 3] -= 0.1  # a third of the other fall: 4² / (3² + 1²) answers
    assert answers_per_head(made, "trained") == pytest.approx([(4 + 1.6) / 2])


def test_attention_to_the_digit_shown_is_that_of_the_three_answers_with_all_depths(results):
    attention = np.zeros((2, 7, 32, 8))
    attention[0, 3:6, :, 6] = 0.2
    attention[:, 6, :, 6] = 0.9
    attention[1, 4, :, 6] = 0.6
    assert attention_shown(runs.Results("made", results.config, {"adder_attention": attention}), "adder") == pytest.approx(0.2)


def test_the_stored_accuracies_are_those_of_the_stored_models(results):
    for kind, (name, _) in carries.SOURCES.items():
        recorded = runs.load(name)["digit_accuracy"]
        whole = recorded[-1, :, 2] if kind != "built" else recorded[0]
        assert np.abs(results[f"{kind}_whole"] - whole).max() < 5 * 0.5 / np.sqrt(results.config.n_ablated)
    trained = runs.load("addition/train")
    count = trained["carry_count"][:, 2, :, 0]
    unchained = (trained["carry_accuracy"][-1, :, 2, :, 0] * count).sum(1) / count.sum(1)
    assert np.abs(results["trained_depth_accuracy"][:, 2:6, 0].mean(1) - unchained).max() < 0.02


@pytest.mark.parametrize("kind", carries.SOURCES)
def test_a_run_counts_the_errors_of_every_model_of_a_kind_on_sums_of_its_own(kind, quick_run):
    found, (_, reading) = quick_run("addition/carries"), carries.SOURCES[kind]
    models = carries.stored(kind)
    assert len(models) == len(found[f"{kind}_difference"])
    for k in {0, len(models) - 1}:
        rng = streams.generator(found.config.seed, k, stream=streams.CARRIES)
        pairs = rng.integers(0, 10**6, (found.config.n_sums, 2))
        with torch.no_grad():
            logits = Transformer.of(models[k])(torch.from_numpy(data.tokens(*pairs.T, reading)))[:, data.N_INPUTS :]
        said = logits.argmax(-1).numpy().astype(np.uint8)
        for name, counts in carries.errors(said, pairs).items():
            assert found[f"{kind}_{name}"][k].tolist() == counts.tolist()
        right = (said == data.answers(*pairs.T))[: found.config.n_ablated].mean(0)
        assert found[f"{kind}_whole"][k] == pytest.approx(right)


def test_errors_of_trained_models_are_slips_of_one_carry_and_stand_above_nines(results):
    """Random wrong digits would be off by the carry in one case of nine."""
    assert (slips(results, "trained") > 0.95).all()
    rates = error_rates(results, "trained")
    assert (rates[:, 9] > 3 * np.delete(rates, 9, 1).max(1)).all()


def test_beyond_two_columns_trained_models_throw_a_coin_and_the_built_one_does_not(results):
    deep = [results[f"{kind}_depth_accuracy"][:, 4:6, 3] for kind in ("trained", "built")]
    error = 4 * 0.5 / np.sqrt(results.config.n_chained)
    assert np.abs(deep[0].mean() - 0.5) < error and (deep[1] > 0.98).all()


def test_depths_ask_the_model_itself():
    model = Transformer(seed=2)
    theta = transformer_training.flat(transformer_training.arrays(model))[None]
    one = transformer_training.Trainees(32, 2, "at once", theta, theta, theta)
    found = carries.depths(one, np.random.default_rng(1), 50)
    rng = np.random.default_rng(1)
    pairs = carry_chains.of_depth(rng, 50, 0, 0)
    with torch.no_grad():
        said = model(torch.from_numpy(data.tokens(*pairs.T)))[:, 12].argmax(-1).numpy()
    assert found[0, 0] == pytest.approx((said == data.answers(*pairs.T)[:, 0]).mean())
    assert (found[np.triu_indices(7, 1)] == 0).all()


def test_a_carry_from_afar_is_a_tenth_a_column_at_once_and_all_of_itself_one_by_one(results):
    """Whatever the training: the reading decides. The built network's u has decimals, and so have the trained ones'."""
    for kind, worth in (("trained", 0.1), ("built", 0.1), ("shown", 1), ("adder", 1)):
        for depth in (1, 2):
            assert strengths(results, kind)[:, depth].mean() == pytest.approx(worth**depth, rel=0.5), (kind, depth)


def test_shuffled_heads_serve_as_many_carries_as_chance_meets(results):
    """Two carries of one head each out of 32 meet in one shuffle of 32, and are then two to a head."""
    signal = np.zeros((1, carries.DEPTHS, 3, 32))
    signal[0, 0, 1:, 5] = 1.0
    made = runs.Results("made", results.config, {"trained_signal": signal})
    drawn = by_lot(made, "trained", 4000)
    assert carries_per_head(made, "trained") == pytest.approx([2])
    assert set(np.round(drawn.ravel(), 6)) == {1, 2} and drawn.mean() == pytest.approx(1 + 1 / 32, abs=4 * (1 / 32 / 4000) ** 0.5)


def test_the_digit_shown_asks_and_is_hardly_looked_at(results):
    """In every network that sees it; and the two ways add up to what it brings in all."""
    for kind in ("shown", "adder"):
        asked, found, told = (shown(results, kind, way) for way in ("asked", "found", "told"))
        assert (asked > 0.7).all() and (found < 0.35).all() and (told > 0.97).all()
        assert asked + found == pytest.approx(told, abs=0.06)


def test_the_adder_is_right_at_every_depth(results):
    for depth in range(5):
        assert results["adder_depth_accuracy"][:, depth + 1 : 6, depth].mean() > 0.995
