"""The loop that goes on where it was stopped."""

import numpy as np
import pytest

from superposition.runs import Job
from superposition.training import through


def test_a_resumed_training_computes_only_what_is_missing(tmp_path):
    class Eager(Job):
        checkpoint_seconds = 0.0

    calls, state = [], {"sum": np.zeros(1)}

    def stretch(start, stop):
        calls.append((start, stop))
        if calls == [(0, 2), (2, 3), (3, 7)]:
            raise KeyboardInterrupt
        state["sum"] += stop

    with pytest.raises(KeyboardInterrupt):
        through([0, 2, 3, 7, 8], stretch, state, Eager(folder=tmp_path), "sums", "sums")
    state["sum"][:] = -99
    through([0, 2, 3, 7, 8], stretch, state, Eager(folder=tmp_path), "sums", "sums")
    assert calls == [(0, 2), (2, 3), (3, 7), (3, 7), (7, 8)]
    assert state["sum"] == 2 + 3 + 7 + 8
