"""The committed models of the original's configuration, beside what the original printed."""

import numpy as np
import pytest
import torch

from superposition import runs
from superposition.addition import data, learning
from superposition.addition.lookup import Lookup
from superposition.addition.model import Transformer

# Final accuracy of digits in the outputs of the three notebooks: train, test.
PRINTED = np.array([[0.9868, 0.9799], [0.9845, 0.9795], [0.9877, 0.9813]])


@pytest.fixture(scope="module")
def results():
    return runs.load("addition/train")


def models(results):
    return [Transformer.of({name: results[name][k] for name in learning.PARAMETERS}) for k in range(results.config.seeds)]


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


def test_the_exponential_of_the_largest_score_is_far_from_the_end_of_float32(results):
    for model in models(results):
        by_token, by_place = (part[part.isfinite()].abs().max().item() for part in Lookup.of(model).scores)
        assert by_token + by_place < np.log(np.finfo(np.float32).max) - 10
