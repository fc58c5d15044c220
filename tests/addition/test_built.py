"""The network whose weights are computed: its heads are hyperbolas, its logits tell the digits, and it adds."""

import numpy as np
import pytest
import torch

from superposition import configs, runs
from superposition.addition import built
from superposition.addition.engine import carry_chains, data
from superposition.addition.engine.lookup import Lookup


@pytest.fixture(scope="module")
def config():
    return configs.read("addition/built").full


@pytest.fixture(scope="module")
def model(config):
    return built.transformer(config)


def said(model, pairs):
    with torch.no_grad():
        return model(torch.from_numpy(data.tokens(*pairs.T)))[:, data.N_INPUTS :].argmax(-1).numpy()


def test_it_has_the_originals_shape(model):
    from superposition.addition.engine.transformer import shapes

    assert {name: tuple(parameter.shape) for name, parameter in model.named_parameters()} == shapes(32, 2)


def test_misread_counts_the_values_of_a_column_that_a_reading_gets_wrong(config):
    """A reading that always says 0 is right where the column's digit, carry included, is 0."""
    for column, digits in ((0, range(10)), (1, range(100))):
        sums = {a + b for a in digits for b in digits}
        wrong, count = built.misread(np.zeros((1 + len(config.poles), 10)), config.poles, column)
        assert count == len(sums) and wrong == sum(total // 10**column % 10 != 0 for total in sums)
    assert built.misread(built.readout(config)[0], config.poles, 2) == (0, 1999)


def test_in_double_precision_it_adds_all_sums_tried_short_chains_and_long(model):
    for seed, share in ((1, 0), (2, 1)):
        pairs = carry_chains.draw(seed, 3000, share)
        assert (said(model, pairs) == data.answers(*pairs.T)).all()
    edges = np.array([[999999, 1], [999999, 999999], [0, 0], [500000, 500000], [444444, 555555], [444445, 555555], [9, 1]])
    assert (said(model, edges) == data.answers(*edges.T)).all()


def test_its_heads_are_hyperbolas_of_the_column_with_its_decimals(model, config):
    pairs = data.draw(4, 50)
    with torch.no_grad():
        z = Lookup.of(model).attend(torch.from_numpy(data.tokens(*pairs.T))).z[..., 0].numpy()
    low = np.stack([(pairs % 10 ** (t + 1)).sum(1) / 10.0**t for t in range(6)], 1)  # the column, and what is below it
    for t in range(6):
        for k, pole in enumerate(config.poles):
            truth = 1 / np.abs(low[:, t] + 0.5 * 10.0**-t - pole)
            np.testing.assert_allclose(z[:, t, 4 * t + k], truth, rtol=1e-9)
            others = [answer for answer in range(7) if answer != t]
            assert np.abs(z[:, others, 4 * t + k]).max() < 1e-12
    np.testing.assert_allclose(z[:, 6, 24], low[:, 5], rtol=1e-9)


def test_in_double_precision_no_column_of_any_sum_is_misread(model, config):
    """Every u there is, by the formula; and the network's logits are the formula's, to a millionth of the least lead."""
    read, _ = built.readout(config)
    pairs = carry_chains.draw(6, 2000, 1)
    with torch.no_grad():
        logits = model(torch.from_numpy(data.tokens(*pairs.T)))[:, data.N_INPUTS :].numpy()
    for column in range(6):
        u = (np.arange(2 * 10 ** (column + 1) - 1) + 0.5) / 10**column
        values, right = built.functions(u, config.poles) @ read, np.floor(u).astype(int) % 10
        own = np.take_along_axis(values, right[:, None], 1)[:, 0].copy()
        np.put_along_axis(values, right[:, None], -np.inf, 1)
        lead = (own - values.max(1)).min()
        assert lead > 0
        sums = built.functions(((pairs % 10 ** (column + 1)).sum(1) + 0.5) / 10**column, config.poles) @ read
        difference = logits[:, column] - sums
        assert np.abs(difference - difference.mean(1, keepdims=True)).max() < 1e-5 * lead
    assert logits[:, 6, 1] == pytest.approx(pairs.sum(1) / 1e5, abs=1e-13)  # u itself; that of no carry is 10 less half a unit


@pytest.mark.parametrize("poles", [(-1.0, -3.0, 23.0), (-0.5, -3.0, 20.5, 23.0), (-1.0, -3.0, 20.5, 23.0, 40.0)])
def test_the_largest_logit_is_the_digit_everywhere_between_0_and_20(config, poles):
    read, lead = built.readout(config.model_copy(update={"poles": poles, "near": 1e-3, "points": 5}))
    u = np.random.default_rng(0).uniform(0, 20, 5000)
    u = u[np.abs(u - np.round(u)) > 1e-3]
    assert ((built.functions(u, poles) @ read).argmax(1) == np.floor(u) % 10).all() and (lead > 0).all()


def test_two_poles_are_too_few(config):
    """A difference of two logits has to change its sign three times, and two hyperbolas and a constant can only twice."""
    for poles in ((-1.0, 21.0), (-1.0, -3.0), (-0.1, 25.0)):
        with pytest.raises(RuntimeError, match="no linear reading"):
            built.readout(config.model_copy(update={"poles": poles, "near": 1e-3, "points": 5}))


def test_a_run_stores_its_network_and_how_right_it_is_on_uniform_sums_and_on_chains(config, model):
    arrays, _ = built.run(config.model_copy(update={"n_sums": 300}), runs.Job())
    for name, parameter in model.named_parameters():
        np.testing.assert_array_equal(arrays[name], parameter.detach().float().numpy())
    for chained in (0, 1):
        pairs, there = carry_chains.draw(config.seed + 1000 * (chained + 1), 300, chained), np.zeros((2, data.N_ANSWERS), bool)
        there[data.carries(*pairs.T), data.chains(*pairs.T)] = True
        right = arrays["carry_accuracy"][chained]  # 0 where no digit has such a carry and chain
        assert (right[~there] == 0).all() and (right[there] > 0.8).mean() > 0.8
        assert arrays["sum_accuracy"][chained] == pytest.approx(1, abs=0.03)  # some tip over in float32
        assert arrays["digit_accuracy"][chained] == pytest.approx(np.ones(data.N_ANSWERS), abs=0.03)


def test_the_stored_network_is_this_one_and_as_right_as_recorded(model):
    results = runs.load("addition/built")
    for name, parameter in model.named_parameters():
        np.testing.assert_allclose(results[name], parameter.detach().numpy(), rtol=1e-5, atol=1e-5)
    pairs = carry_chains.draw(8, 4000, 0)
    stored = built.Transformer.of({name: results[name] for name, _ in model.named_parameters()})
    assert (said(stored, pairs) == data.answers(*pairs.T)).all(1).mean() > 0.999
    assert results["sum_accuracy"][0] > 0.999
