"""What `addition/train` and `addition/autoregressive` measure, and when."""

import numpy as np
import pytest
import torch

from superposition.addition.engine import learning_curves, transformer_training
from superposition.addition.engine.lookup import Lookup

# The epochs, counted from 0, in the file names of the notebook's output.
ORIGINAL = [*range(12), 13, 14, 15, 17, 18, 20, 22, 24, 26, 29, 32, 35, 38, 42, 46, 51, 56, 62, 68, 75, 82, 90, 99, 109, 120, 132,
            145, 159, 175, 192, 212, 233, 256, 282, 310, 341, 375, 412, 453, 498, 548, 603, 663, 729, 802, 882, 971]  # fmt: skip


def test_checkpoints_are_the_originals_with_start_and_end():
    assert learning_curves.checkpoints(1000) == [0, *(epoch + 1 for epoch in ORIGINAL), 1000]


def test_no_sum_is_in_two_splits_and_every_seed_has_its_own(small):
    splits = learning_curves.sums(small, "at once")
    assert [split.seen.shape[1] for split in splits] == [300, 50, 400]
    for k in (0, 1):
        rows = np.concatenate([split.seen[k] for split in splits])
        assert len(np.unique(rows, axis=0)) == 750
    assert (splits[0].seen[0] != splits[0].seen[1]).any()


@pytest.mark.parametrize("reading", ["at once", "one by one"])
def test_the_measures_at_the_end_are_those_of_the_parameters_at_the_end(learnt, reading):
    models, splits, arrays = learnt[reading]
    test = splits[1]
    logits = models.logits(test.seen).astype(float)
    right = logits.argmax(-1) == test.answers
    chosen = np.take_along_axis(logits, test.answers[..., None].astype(int), -1)[..., 0]
    loss = np.log(np.exp(logits).sum(-1)) - chosen
    np.testing.assert_allclose(arrays["digit_accuracy"][-1, :, 1], right.mean(1), rtol=1e-6)
    np.testing.assert_allclose(arrays["sum_accuracy"][-1, :, 1], right.all(-1).mean(1), rtol=1e-6)
    np.testing.assert_allclose(arrays["loss"][-1, :, 1], loss.mean((1, 2)), rtol=1e-5)


def test_accuracy_by_carry_is_a_mean_over_the_digits_of_that_carry_and_chain(learnt):
    models, splits, arrays = learnt["at once"]
    fresh = splits[2]
    right = models.logits(fresh.seen).argmax(-1) == fresh.answers
    assert arrays["carry_count"].sum((2, 3)).tolist() == [[7 * n for n in (300, 50, 400)]] * 2
    for carry, chain in ((0, 0), (1, 0), (1, 1), (0, 1)):
        here = (fresh.carry[1] == carry) & (fresh.chain[1] == chain)
        assert arrays["carry_count"][1, 2, carry, chain] == here.sum() > 10
        assert arrays["carry_accuracy"][-1, 1, 2, carry, chain] == pytest.approx(right[1][here].mean())


def test_loss_falls_from_that_of_a_guess(learnt):
    _, _, arrays = learnt["at once"]
    assert arrays["loss"][0] == pytest.approx(np.log(10), abs=0.05)
    assert (arrays["loss"][-1] < arrays["loss"][0] - 0.05).all()


def test_the_film_ends_with_the_tables_of_the_first_seeds_model(learnt):
    models, splits, arrays = learnt["at once"]
    film = Lookup(*(torch.from_numpy(arrays[f"film_{name}"][-1]) for name in ("QKV", "out", "WOU")))
    seen = splits[1].seen
    np.testing.assert_allclose(film.logits(torch.from_numpy(seen[0])), models.logits(seen)[0], atol=1e-5)


def test_judging_counts_ties_and_errors_as_they_are():
    sums = transformer_training.Examples.of(np.array([[[1, 2], [999999, 1]]]), "at once")
    logits = np.full((1, 2, 7, 10), -10.0, np.float32)
    np.put_along_axis(logits, sums.answers[..., None].astype(int), 10.0, -1)
    logits[0, 1, 6] = np.arange(10) == 0  # the carry-out of the second sum is missed, after six nines
    found = learning_curves.judged(logits, sums)
    assert found["digit_accuracy"].tolist() == [[1, 1, 1, 1, 1, 1, 0.5]] and found["sum_accuracy"].tolist() == [0.5]
    assert found["carry_accuracy"][0, 1].tolist() == [1, 1, 1, 1, 1, 0, 0]
