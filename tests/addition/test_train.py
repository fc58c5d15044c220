"""The committed models of the original's configuration, beside what the original printed."""

import numpy as np
import pytest
import torch

from superposition import runs
from superposition.addition.engine import data, learning_curves
from superposition.addition.engine.lookup import Lookup
from superposition.addition.engine.transformer import Transformer

# Final accuracy of digits in the outputs of the three notebooks: train, test.
PRINTED = np.array([[0.9868, 0.9799], [0.9845, 0.9795], [0.9877, 0.9813]])


@pytest.fixture(scope="module")
def results():
    return runs.load("addition/train")


def models(results):
    return [Transformer.of({name: results[name][k] for name in learning_curves.PARAMETERS}) for k in range(results.config.seeds)]


def test_the_printed_accuracies_lie_within_the_spread_of_ours(results):
    ours = results["digit_accuracy"][-1].mean(-1)[:, :2]
    assert (np.abs(PRINTED.mean(0) - ours.mean(0)) < 3 * ours.std(0, ddof=1) + PRINTED.std(0, ddof=1)).all()


def test_the_stored_parameters_add_as_well_as_recorded(results):
    drawn = [data.draw(k, 47_000)[25_000:27_000] for k in range(results.config.seeds)]
    for k, (model, pairs) in enumerate(zip(models(results), drawn, strict=True)):
        with torch.no_grad():
            said = model(torch.from_numpy(data.tokens(*pairs.T)))[:, data.N_INPUTS :].argmax(-1).numpy()
        right = said == data.answers(*pairs.T)
        assert right.mean() == pytest.approx(results["digit_accuracy"][-1, k, 1].mean(), abs=2e-4)
        assert right.all(-1).mean() == pytest.approx(results["sum_accuracy"][-1, k, 1], abs=1e-3)


def test_the_films_last_picture_is_the_first_seeds_model(results):
    truth = Lookup.of(models(results)[0])
    for name in ("QKV", "out", "WOU"):
        np.testing.assert_allclose(results[f"film_{name}"][-1], getattr(truth, name).detach().numpy(), atol=1e-5)


def test_sums_of_exponentials_stay_far_from_underflow_in_float32(results):
    """The place with the largest score is always there, so the sum is at least exp(−spread) over the tokens in that place."""
    for model in models(results):
        by_token, _ = Lookup.of(model).scores
        spread = by_token[:, data.EQUALS].amax(1) - by_token[:, data.EQUALS].amin(1)
        assert spread.max() < 60 < -np.log(np.finfo(np.float32).tiny)


def test_the_stages_of_a_digit_are_a_guess_then_a_coin_then_both(results):
    """The five middle digits of every seed dwell near one tenth, then near one half: the digit is known, its carry is not."""
    middle = results["digit_accuracy"][:, :, 2, 1:6]
    assert (np.abs(middle[:5] - 0.1) < 0.03).mean() > 0.9
    assert (middle[-1] > 0.9).all()
    between = (middle > 0.2) & (middle < 0.45)
    at_half = (middle > 0.45) & (middle < 0.6)
    assert at_half.sum() > 2 * between.sum()


def test_no_checkpoint_shows_sums_trained_on_far_ahead_of_unseen_ones(results):
    assert (results["sum_accuracy"][:, :, 0] - results["sum_accuracy"][:, :, 2]).max() < 0.05


def test_the_ones_are_learnt_before_the_five_digits_that_need_a_carry(results):
    reached = (results["digit_accuracy"][:, :, 2] > 0.75).argmax(0)
    assert (reached[:, :1] <= reached[:, 1:6]).all() and (reached[:, 6] < reached[:, :6].min(1)).all()
