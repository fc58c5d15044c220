"""Where directions peak: along the axes, where single neurons do."""

import numpy as np
import torch

from superposition.stories import directions
from superposition.stories.engine import models
from superposition.stories.measures import reading


def test_along_the_axes_the_peaks_are_the_tokens_at_which_each_neuron_itself_is_highest():
    model = models.create(n_layers=2, d_model=8, n_heads=2, context=16, n_vocab=50, seed=0)
    rng = np.random.default_rng(0)
    rows = [np.array([0, *rng.integers(1, 50, length)]) for length in (5, 9, 3, 7)]
    found = directions.highest(model, 1, rows, np.eye(32), 2)
    by_hand = []
    for row in rows:  # alone, so that nothing is padded
        with torch.no_grad():
            _, active = reading.mlp(model, row[None], np.ones((1, len(row)), bool), 1)
        by_hand.append([(active[1:, k].max(), row[1 + active[1:, k].argmax()]) for k in range(32)])
    assert found.tolist() == [[token for _, token in sorted((one[k] for one in by_hand), reverse=True)[:2]] for k in range(32)]
