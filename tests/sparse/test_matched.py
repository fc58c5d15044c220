"""As many random directions as a model represents, where it has them."""

import numpy as np
import pytest

from superposition import metrics
from superposition.sparse import matched

EXPERIMENT = "sparse/matched"


def test_random_directions_stand_where_features_are_represented_and_have_length_one():
    W = np.random.default_rng(0).standard_normal((2, 3, 6, 4)).astype(np.float32)
    W[..., ::2, :] *= 0.01
    drawn = matched.scattered(W, 0)
    np.testing.assert_allclose(metrics.norms(drawn), metrics.is_represented(W).astype(float), atol=1e-6)
    assert np.abs(metrics.cosines(drawn)[..., 1, 3]).max() < 1 and not np.allclose(drawn[0, 0], drawn[0, 1])


def test_the_best_penalty_is_one_for_all_seeds():
    mcc = np.array([[[[0.1, 0.9], [0.7, 0.2]]]])
    assert matched.best(mcc).ravel() == pytest.approx([0.9, 0.2])


def test_both_are_scored_on_as_many_features_and_no_score_is_beyond_1(either):
    assert either["mcc"].shape[:3] == (2, *either["represented"].shape)
    assert ((either["mcc"] >= 0) & (either["mcc"] <= 1 + 1e-6)).all()
