"""More seeds of the original's configuration: what the notebooks count, and that a seed is what it is in `addition/train`."""

import numpy as np
import pytest

from superposition import runs
from superposition.addition import originals
from superposition.addition.engine import data
from superposition.addition.engine.learning_curves import TEST, TRAIN
from superposition.addition.engine.transformer_training import Examples

EXPERIMENT = "addition/originals"
SIZES = {"n_heads": 32, "d_head": 2, "n_train": 300, "n_test": 150, "epochs": 4, "batch": 64, "lr": 1e-3, "weight_decay": 0.01}


def test_whole_batches_count_and_all_sums_where_there_is_no_whole_batch():
    examples = Examples.of(data.draw(0, 2000)[None], "at once")
    assert originals.counted(examples, 256).answers.shape[1] == 1792
    assert (originals.counted(examples, 256).seen == examples.seen[:, :1792]).all()
    assert originals.counted(examples, 4000).answers.shape[1] == 2000


def test_every_seed_is_what_it_is_alone_and_its_accuracy_that_of_the_sums_that_count(quick_run):
    found = quick_run(EXPERIMENT)
    alone = originals.trained(found.config, found.config.seed + 1, runs.Job())
    assert all(found[name][1] == pytest.approx(alone[name], abs=1e-6) for name in alone)
    for split, counted in ((TRAIN, 512), (TEST, 256)):
        digits = found["digit_accuracy"][:, :, split] * counted
        assert digits == pytest.approx(digits.round(), abs=1e-3)
    assert found.metrics["test digits"] == pytest.approx(found["digit_accuracy"][:, -1, TEST].mean())


def test_of_both_experiments_seeds_a_digit_below_three_of_four_is_at_a_coin():
    first, more = runs.load("addition/train"), runs.load(EXPERIMENT)
    for split in (TRAIN, TEST):
        right = originals.right_digits(first, more, split)
        assert right[:6] == pytest.approx(first["digit_accuracy"][-1, :, split].mean(-1))
        assert right[6:] == pytest.approx(more["digit_accuracy"][:, -1, split].mean(-1))
        assert (originals.right_sums(first, more, split) <= right + 1e-6).all()
    made = runs.Results(EXPERIMENT, more.config, {"digit_accuracy": np.full((2, 1, 2, 7), 0.9)})
    made["digit_accuracy"][1, -1, TEST, 3] = 0.5
    assert originals.at_a_coin(made, TEST).tolist() == [False, True] and not originals.at_a_coin(made, TRAIN).any()


def test_a_seed_once_finished_is_not_trained_again(tmp_path):
    config = originals.Config(seed=5, seeds=1, looks=(1,), **SIZES | {"epochs": 1})
    first = originals.trained(config, 5, runs.Job(folder=tmp_path))
    (tmp_path / "seed-5.safetensors").unlink(missing_ok=True)
    again = originals.trained(config.model_copy(update={"lr": 0.5}), 5, runs.Job(folder=tmp_path))
    assert {name: np.array_equal(first[name], again[name]) for name in first} == dict.fromkeys(first, True)
