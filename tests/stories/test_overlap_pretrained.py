"""The overlaps of a model of another maker are those of its own rows."""

import numpy as np
import pytest

from superposition import metrics, runs
from superposition.stories import overlap_pretrained
from superposition.stories.engine import feedforward


def test_tokens_of_another_makers_model_are_drawn_without_repetition_and_its_neurons_all_taken(monkeypatch):
    rng = np.random.default_rng(0)
    both = feedforward.Feedforward(rng.standard_normal((9, 4)), *rng.standard_normal((2, 3, 8, 4)), ["x"] * 9)
    monkeypatch.setattr(feedforward, "read", lambda name: both)
    arrays, found = overlap_pretrained.run(overlap_pretrained.Config(model="any", tokens=50), runs.Job())
    assert arrays["tokens"][0] == pytest.approx(metrics.squared_cosine(both.W_E))
    assert arrays["neurons"][1, 2, 0] == pytest.approx(metrics.squared_cosine(both.W_out[2]))
    assert found["m times the overlap, W_in"] == pytest.approx(4 * arrays["neurons"][0, :, 0].mean())
