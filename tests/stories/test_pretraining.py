"""Training a language model: stopped and resumed, batches, the schedule, losses against transformers' own."""

import numpy as np
import pytest
import torch
from dying import Dying, Killed

from superposition import runs
from superposition.stories.engine import models, pretraining

SCHEDULE = pretraining.Schedule(epochs=2, batch=4, context=8, lr=1e-2, warmup=3, weight_decay=0.1, clip=1.0, precision="float32")
TOKENS = np.random.default_rng(0).integers(0, 20, 300).astype(np.uint16)


def model(seed=0):
    return models.create(n_layers=2, d_model=8, n_heads=2, context=8, n_vocab=20, seed=seed)


def parameters(trained):
    return np.concatenate([p.detach().numpy().ravel() for p in trained.parameters()])


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_training_that_was_killed_goes_on_to_the_same_bytes(precision, tmp_path):
    schedule = pretraining.Schedule(**vars(SCHEDULE) | {"precision": precision})
    whole = model()
    expected = pretraining.train(whole, TOKENS, TOKENS[:99], schedule, 1, 3, runs.Job(), "seed")
    for after in (1, 7, 99):
        resumed = model()
        try:
            found = pretraining.train(resumed, TOKENS, TOKENS[:99], schedule, 1, 3, Dying(tmp_path, after), "seed")
        except Killed:
            continue
    assert {name: array.tobytes() for name, array in found.items()} == {name: array.tobytes() for name, array in expected.items()}
    assert parameters(resumed).tobytes() == parameters(whole).tobytes()


def test_each_epoch_reads_every_window_once_and_in_another_order():
    whole = (len(TOKENS) - 8) // 8
    starts = np.concatenate([pretraining.windows(len(TOKENS), 8, 4, 3, step) for step in range(2 * whole)])[: 8 * whole]
    epochs = starts.reshape(8, whole)
    assert starts.min() >= 0 and starts.max() + 9 <= len(TOKENS)
    assert all(len(set(np.diff(np.sort(epoch)))) == 1 for epoch in epochs)
    assert len({tuple(epoch - epoch.min()) for epoch in epochs}) == 8


def test_the_rate_rises_to_its_peak_over_the_warm_up_and_falls_to_a_tenth():
    rates = [SCHEDULE.rate(step, 100) for step in range(101)]
    assert rates[:3] == pytest.approx([1e-2 / 3, 2e-2 / 3, 1e-2])
    assert rates[-1] == pytest.approx(1e-3) and (np.diff(rates[3:]) < 0).all()


def test_the_loss_of_every_token_is_that_of_transformers_own_pass():
    trained = model()
    found = pretraining.evaluate(trained, TOKENS, SCHEDULE)
    with torch.no_grad():
        for window in (0, 17, 36):
            piece = torch.from_numpy(TOKENS[8 * window : 8 * window + 9].astype(np.int64))
            logits = trained(piece[None, :-1]).logits[0]
            expected = torch.nn.functional.cross_entropy(logits, piece[1:], reduction="none")
            np.testing.assert_allclose(found[8 * window : 8 * window + 8], expected, rtol=1e-4)
    assert len(found) == (len(TOKENS) - 1) // 8 * 8


def test_training_learns_all_but_the_coin():
    """A cycle of three tokens, with a fourth kind of token that says which way round."""
    rng, line = np.random.default_rng(1), []
    for way in rng.integers(0, 2, 600):
        line += [3 + way, *((0, 1, 2) if way else (2, 1, 0))]
    tokens, trained = np.array(line, np.uint16), models.create(1, 16, 2, 8, 5, 0)
    schedule = pretraining.Schedule(**vars(SCHEDULE) | {"epochs": 8})
    losses = pretraining.train(trained, tokens, tokens[:201], schedule, 0, 1, runs.Job(), "seed")["valid_loss"]
    assert losses[0] == pytest.approx(np.log(5), rel=0.1)
    assert np.log(2) / 4 * 0.95 < losses[-1] < np.log(2) / 4 + 0.05  # one token in four is a coin


def test_samples_of_a_model_that_knows_one_token_are_that_token_and_draws_follow_the_seed():
    trained = model()
    assert (pretraining.sample(trained, 3, 12, 0) == pretraining.sample(trained, 3, 12, 0)).all()
    assert (pretraining.sample(trained, 3, 12, 0) != pretraining.sample(trained, 3, 12, 1)).any()
    with torch.no_grad():
        token = trained.transformer.wte.weight[7]
        trained.transformer.ln_f.bias.copy_(100 * token / token.norm() ** 2)
        trained.transformer.ln_f.weight.zero_()
    assert (pretraining.sample(trained, 2, 12, 0) == 7).all()


def test_too_few_tokens_are_refused():
    with pytest.raises(ValueError, match="15 and 99 tokens: expected two windows of 8"):
        pretraining.train(model(), TOKENS[:15], TOKENS[:99], SCHEDULE, 0, 1, runs.Job(), "seed")
