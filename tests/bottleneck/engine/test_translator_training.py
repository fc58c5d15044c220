"""Training a translator: stopped and resumed, its batches, and that it learns what there is to learn."""

import numpy as np
import pytest
from dying import Dying, Killed

from superposition import runs
from superposition.bottleneck.engine import marian, translator_training

SCHEDULE = translator_training.Schedule(
    epochs=3, batch=8, lr=1e-2, warmup=3, weight_decay=0.01, clip=1.0, smoothing=0.1, precision="float32"
)  # fmt: skip
RNG = np.random.default_rng(0)
ENGLISH = [[*RNG.integers(2, 12, RNG.integers(1, 7)).tolist(), 1] for _ in range(30)]
PAIRS = ENGLISH, [[*(token + 10 for token in row[:-1]), 1] for row in ENGLISH]  # word for word


def model(dropout=0.2):
    return marian.create(1, 16, 2, 16, 12, 22, dropout, seed=1)


def parameters(trained):
    return b"".join(p.detach().numpy().tobytes() for p in marian.trained(trained).values())


def train(trained, job, schedule=SCHEDULE):
    return translator_training.train(trained, PAIRS, PAIRS, schedule, 1, 3, job)


def test_a_training_that_was_killed_goes_on_to_the_same_bytes_dropout_and_all(tmp_path):
    whole = model()
    expected = train(whole, runs.Job())
    for after in (1, 6, 99):
        resumed = model()
        try:
            found = train(resumed, Dying(tmp_path, after))
        except Killed:
            continue
    assert {name: array.tobytes() for name, array in found.items()} == {name: array.tobytes() for name, array in expected.items()}
    assert parameters(resumed) == parameters(whole)


def test_every_epoch_takes_each_pair_once_beside_others_of_like_length_and_in_other_batches():
    lengths = RNG.integers(2, 60, 100)
    epochs = [translator_training.batches(lengths, 8, 3, epoch) for epoch in range(2)]
    for each in epochs:
        assert sorted(np.concatenate(each).tolist()) == list(range(100))
        assert max(np.ptp(lengths[own]) for own in each) < np.ptp(lengths) / 2
    assert {tuple(sorted(own)) for own in epochs[0]} != {tuple(sorted(own)) for own in epochs[1]}
    assert SCHEDULE.steps(100) == 3 * len(epochs[0])


def test_training_learns_a_translation_word_for_word():
    trained = model(dropout=0.0)
    schedule = translator_training.Schedule(**vars(SCHEDULE) | {"epochs": 14, "smoothing": 0.0})
    found = train(trained, runs.Job(), schedule)
    assert found["valid_loss"][0] > 2 and found["valid_loss"][-1] < 1.6
    assert found["valid_loss"][-1] == pytest.approx(translator_training.evaluate(trained, PAIRS, schedule))


def test_the_loss_is_the_mean_over_tokens_and_not_over_sentences_or_padding():
    trained = model()
    each = [
        translator_training.evaluate(trained, ([english], [french]), SCHEDULE) for english, french in zip(*PAIRS, strict=True)
    ]
    expected = np.average(each, weights=[len(row) for row in PAIRS[1]])
    assert translator_training.evaluate(trained, PAIRS, SCHEDULE) == pytest.approx(expected, rel=1e-5)
