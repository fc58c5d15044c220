"""The transformers that add: as right as recorded, on their own, by PyTorch, and only their training is another."""

import numpy as np
import pytest
import torch

from superposition import configs, runs
from superposition.addition.engine import carry_chains, data, learning_curves
from superposition.addition.engine.transformer import Transformer

FRESH = learning_curves.SPLITS.index("fresh")


@pytest.fixture(scope="module")
def results():
    return runs.load("addition/whole")


def models(results):
    return [Transformer.of({name: results[name][k] for name in learning_curves.PARAMETERS}) for k in range(results.config.seeds)]


def said_alone(model, pairs):
    """The digits that the model says, each after its own before; what stands at later places can't matter."""
    seen = torch.from_numpy(data.tokens(*pairs.T)).long()
    with torch.no_grad():
        for place in range(data.N_INPUTS, data.N_CTX - 1):
            seen[:, place + 1] = model(seen)[:, place].argmax(-1)
        return model(seen)[:, data.N_INPUTS :].argmax(-1).numpy()


def test_only_the_number_of_sums_the_rate_and_the_epochs_differ_from_the_autoregressive_model():
    whole, fewer = (configs.read(f"addition/{name}").full.model_dump() for name in ("whole", "autoregressive"))
    assert {name for name in whole if whole[name] != fewer[name]} == {"seeds", "n_train", "lr", "epochs"}


def test_it_takes_fewer_steps_than_the_original_did():
    whole, original = (configs.read(f"addition/{name}").full for name in ("whole", "train"))
    assert whole.epochs * (whole.n_train // whole.batch) < original.epochs * (original.n_train // original.batch) / 2


def test_every_seed_adds_ninety_nine_of_a_hundred_sums_on_its_own(results):
    for model, recorded in zip(models(results), results["free_sum_accuracy"][:, FRESH]):
        pairs = np.random.default_rng(77).integers(0, 10**6, (2000, 2))
        right = (said_alone(model, pairs) == data.answers(*pairs.T)).all(1).mean()
        assert right > 0.985 and right == pytest.approx(recorded, abs=0.006) and recorded >= 0.99


def test_long_chains_are_no_harder(results):
    for model in models(results):
        pairs = carry_chains.draw(78, 2000, 1)
        assert (said_alone(model, pairs) == data.answers(*pairs.T)).all(1).mean() > 0.97
