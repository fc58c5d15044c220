"""The path through the densities: each stage goes on where the last one ended."""

import numpy as np
import pytest

from superposition import runs
from superposition.toy import annealed

CONFIG = annealed.Config(n_features=8, n_hidden=2, stages=2, highest=4.0, seeds=2, steps=1, batch=16, lr=0.01, warmup=0)


def test_a_stage_starts_from_the_weights_of_the_last():
    arrays, _ = annealed.run(CONFIG.model_copy(update={"steps": 1, "lr": 0.0}), runs.Job())
    assert (arrays["W"][:, 0] == arrays["W"][:, 1]).all() and arrays["W"][0].any()


def test_stages_have_the_densities_asked_for():
    arrays, _ = annealed.run(CONFIG.model_copy(update={"steps": 1}), runs.Job())
    assert arrays["density"] == pytest.approx([1, 0.25])


def test_every_stored_stage_has_the_loss_of_its_stored_weights():
    results, rng = runs.load("toy/annealed"), np.random.default_rng(0)
    for k in (0, -1):
        W, b, p = results["W"][1, k].astype(float), results["b"][1, k].astype(float), results["density"][k]
        x = rng.random((8192, len(b))) * (rng.random((8192, len(b))) < p)
        assert ((x - np.maximum(x @ W @ W.T + b, 0)) ** 2).sum(1).mean() == pytest.approx(results["loss"][1, k], rel=0.02)
