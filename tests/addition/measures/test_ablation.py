"""Heads switched off by a masked sum, against the transformer whose heads are switched off one by one."""

import numpy as np
import pytest
import torch

from superposition.addition.engine import data
from superposition.addition.engine.lookup import Lookup, ablated
from superposition.addition.engine.transformer import Transformer
from superposition.addition.measures import ablation
from superposition.addition.measures.ablation import ABLATIONS, EFFECTS, Parts

EACH = 2


@pytest.fixture(scope="module")
def pair():
    return ablation.balanced(7, EACH)


@pytest.fixture
def model(random_model):
    return random_model(torch.float32)


@pytest.fixture
def parts(model, pair):
    return Parts.of(model, pair)


def tokens(pair):
    place = 10 ** np.arange(data.N_DIGITS)
    return torch.from_numpy(data.tokens((pair // 10) @ place, (pair % 10) @ place))


def centred(logits):
    logits = logits.detach().numpy()
    return logits - logits.mean(-1, keepdims=True)


def test_every_pair_of_digits_stands_equally_often_in_every_column_and_its_surroundings_are_random(pair):
    for column in range(data.N_DIGITS):
        assert (np.bincount(pair[:, column], minlength=100) == EACH).all()
    correlation = np.corrcoef(ablation.balanced(7, 30).T)[~np.eye(data.N_DIGITS, dtype=bool)]
    assert np.abs(correlation).max() < 0.08


def test_the_parts_add_up_to_the_transformers_logits(model, parts, pair):
    np.testing.assert_allclose(parts.logits, centred(model(tokens(pair))[:, data.N_INPUTS :]), atol=2e-4)
    assert parts.answers[:, 0] == pytest.approx((pair[:, 0] // 10 + pair[:, 0] % 10) % 10)


@pytest.mark.parametrize("head", [0, 31])
def test_a_head_zeroed_is_a_head_without_output_weights(model, parts, pair, head):
    zero = parts.instead("zero")
    for keep, found in ((np.arange(32) != head, parts.without(zero)), (np.arange(32) == head, parts.alone(zero))):
        twin = Transformer.of(model.state_dict() | {"W_O": model.W_O.detach() * torch.from_numpy(keep)[:, None, None]})
        np.testing.assert_allclose(list(found)[head], centred(twin(tokens(pair))[:, data.N_INPUTS :]), atol=2e-4)


@pytest.mark.parametrize("name", ABLATIONS[1:])
def test_mean_and_resample_ablation_are_those_of_the_tables(model, parts, pair, name):
    tables = Lookup.of(model)
    z, direct = tables.attend(tokens(pair)).z, tables.direct(tokens(pair))
    order = np.random.default_rng([0, 4]).permutation(len(z))
    instead = z.mean(0) if name == "mean" else z[order]
    for head in (3, 17):
        truth = tables.read(ablated(z, torch.arange(32) == head, instead), direct)
        np.testing.assert_allclose(list(parts.alone(parts.instead(name)))[head], centred(truth), atol=2e-4)


def test_on_average_heads_that_are_resampled_are_heads_at_their_mean(parts):
    resampled, mean = (parts.none(parts.instead(name)).mean(0) for name in ("resample", "mean"))
    np.testing.assert_allclose(resampled, mean, atol=1e-3)


def test_maps_of_all_heads_and_the_base_add_up_to_the_models_own_map(parts, pair):
    base = parts.none(parts.instead("mean"))[0]
    for column in (0, 4):
        truth = np.stack([parts.logits[pair[:, column] == k, column].mean(0) for k in range(100)])
        np.testing.assert_allclose(ablation.maps(parts)[column].sum(0) + base[column], truth, atol=1e-3)


@pytest.mark.parametrize(("name", "effect"), [("zero", "lost when zeroed"), ("resample", "lost when resampled")])
def test_answers_lost_to_another_ablation_are_those_right_with_the_head_alone(parts, pair, name, effect):
    found = ablation.effects(parts)[EFFECTS.index(effect)]
    right, instead = parts.right(parts.logits), parts.instead(name)
    for head, logits in enumerate(parts.without(instead)):
        lost = right & ~parts.right(logits)
        assert found[3, 42, head] == pytest.approx(lost[pair[:, 3] == 42, 3].mean())


def test_an_effect_is_what_a_pair_of_digits_loses_when_the_head_is_set_to_its_mean(parts, pair):
    logits, answers, effect = parts.logits, parts.answers, ablation.effects(parts)
    for column, k, head in ((0, 0, 0), (2, 57, 11), (5, 99, 31)):
        rows = np.flatnonzero(pair[:, column] == k)
        own = parts.heads[:, column, head]
        off = logits[rows, column] - own[rows] + own.mean(0)
        right, truth = logits[rows, column].argmax(-1) == answers[rows, column], answers[rows, column]
        dropped = (logits[rows, column] - off)[range(EACH), truth].mean()
        assert effect[EFFECTS.index("right logit"), column, k, head] == pytest.approx(dropped, abs=1e-3)
        lost = (right & (off.argmax(-1) != truth)).mean()
        assert effect[EFFECTS.index("answers lost"), column, k, head] == pytest.approx(lost)


def test_a_head_that_sees_its_pair_alone_is_explained_by_it_and_one_that_sees_the_next_is_not(parts):
    pair = ablation.balanced(0, 20)
    table = np.random.default_rng(0).normal(size=(100, 10)).astype(np.float32)
    own = np.stack([table[pair[:, column]] for column in range(data.N_DIGITS)], 1)
    heads = np.stack([own, np.roll(own, 1, axis=1)], 2)
    share = ablation.explained(Parts(heads, parts.direct[:6], parts.answers[:1, :6].repeat(2000, 0), pair))
    for head in (0, 1):
        seen = np.roll(np.eye(data.N_DIGITS, dtype=bool), head, axis=0)
        assert share[..., head][seen] == pytest.approx(1, abs=1e-4)
        assert share[..., head][~seen].mean() == pytest.approx(1 / 20, abs=0.01)


def test_a_head_looks_at_its_own_column_alone_or_mostly_or_at_another():
    explained = np.zeros((data.N_ANSWERS, data.N_DIGITS, 3))
    explained[:6, :, 0] = 0.97 * np.eye(6)  # its own, and nothing else
    explained[:6, :, 1] = 0.6 * np.eye(6) + 0.3 * np.eye(6, k=-1)  # its own, and the one below
    explained[:, 2, 2] = 0.99  # the hundreds, whatever the answer
    assert ablation.own_alone(explained).tolist() == [[True, False, column == 2] for column in range(6)]
