"""More seeds of the original's configuration: what the notebooks count, and that a seed is what it is in `addition/train`."""

import numpy as np
import pytest

from superposition import runs
from superposition.addition import originals
from superposition.addition.engine import data
from superposition.addition.engine.learning_curves import TEST, TRAIN
from superposition.addition.engine.transformer_training import Examples

SIZES = {"n_heads": 32, "d_head": 2, "n_train": 300, "n_test": 150, "epochs": 4, "batch": 64, "lr": 1e-3, "weight_decay": 0.01}


def test_whole_batches_count_and_all_sums_where_there_is_no_whole_batch():
    examples = Examples.of(data.draw(0, 2000)[None], "at once")
    assert originals.counted(examples, 256).answers.shape[1] == 1792
    assert (originals.counted(examples, 256).seen == examples.seen[:, :1792]).all()
    assert originals.counted(examples, 4000).answers.shape[1] == 2000


def test_every_seed_is_what_it_is_alone_and_its_accuracy_that_of_the_sums_that_count():
    config = originals.Config(seed=3, seeds=2, looks=(2, 4), again=1, **SIZES)
    arrays, metrics = originals.run(config, runs.Job())
    alone = originals.trained(config, 4, runs.Job())
    assert all(np.array_equal(arrays[name][1], alone[name]) for name in alone)
    for split, counted in ((TRAIN, 256), (TEST, 128)):
        digits = arrays["digit_accuracy"][:, :, split] * counted
        assert digits == pytest.approx(digits.round(), abs=1e-3)
    assert arrays["again_loss"] == pytest.approx(arrays["epoch_loss"][:1], rel=1e-4)
    assert (arrays["again_loss"] != arrays["epoch_loss"][:1]).any()
    assert metrics["test digits"] == pytest.approx(arrays["digit_accuracy"][:, -1, TEST].mean())


def test_a_seed_once_finished_is_not_trained_again(tmp_path):
    config = originals.Config(seed=5, seeds=1, looks=(1,), again=0, **SIZES | {"epochs": 1})
    first = originals.trained(config, 5, runs.Job(folder=tmp_path))
    (tmp_path / "seed-5-32.safetensors").unlink(missing_ok=True)
    again = originals.trained(config.model_copy(update={"lr": 0.5}), 5, runs.Job(folder=tmp_path))
    assert {name: np.array_equal(first[name], again[name]) for name in first} == dict.fromkeys(first, True)
