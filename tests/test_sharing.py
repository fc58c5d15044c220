"""What heads tell apart, beside spread: on heads whose work is known."""

import numpy as np
import pytest

from superposition import sharing

FEATURES, HEADS, CONTEXTS = 24, 6, 40
OWNER = np.arange(FEATURES) * HEADS // FEATURES


def said(told, damage, seed=0):
    """Logits (head, context, feature, candidate): a feature's own candidate rises where a head tells it, beside noise, and what
    a head says whatever feature is there."""
    rng = np.random.default_rng(seed)
    logits = 0.1 * rng.standard_normal((HEADS, CONTEXTS, FEATURES, FEATURES))
    logits += damage * rng.standard_normal((HEADS, CONTEXTS, 1, FEATURES))
    return logits + told.T[:, None, :, None] * np.eye(FEATURES)


def work(logits):
    return sharing.shared_work(sharing.recognised(logits).T > 0.5)


def test_diffuse_damage_raises_the_score_of_spread_and_not_what_heads_tell_apart():
    own = OWNER[:, None] == np.arange(HEADS)
    rng = np.random.default_rng(0)
    scores = [sharing.measured(sharing.diffuse(own, share, rng))[sharing.SCORE] for share in (0.0, 0.2)]
    assert scores[0] == pytest.approx(1) and scores[1] > 1.5
    for damage in (0.0, 20.0):
        found = work(said(own.astype(float), damage))
        assert (found["features"], found["heads a feature"], found["features a head"]) == (FEATURES, 1, FEATURES / HEADS)


def test_heads_that_share_features_are_told_from_modules():
    told = (OWNER[:, None] == np.arange(HEADS)) | (OWNER[:, None] == (np.arange(HEADS) + 1) % HEADS)
    assert work(said(told.astype(float), 5.0))["heads a feature"] == 2


def test_in_noise_a_feature_is_recognised_once_in_as_many_contexts_as_there_are_features():
    share = sharing.recognised(said(np.zeros((FEATURES, HEADS)), 0.0))
    assert share.mean() == pytest.approx(1 / FEATURES, rel=0.1) and share.max() < 0.5
    assert sharing.shared_work(np.zeros((FEATURES, HEADS), bool)) == {"features": 0, "heads a feature": 0, "features a head": 0}


def test_heads_a_feature_by_lot_are_those_of_many_lots():
    told = np.arange(FEATURES)[:, None] < np.array([20, 12, 5, 1, 0, 0])
    rng = np.random.default_rng(0)
    features = np.mean([rng.permuted(told, axis=0).any(1).sum() for _ in range(4000)])
    assert sharing.by_lot(told) == pytest.approx(told.sum() / features, rel=0.01)
    assert sharing.by_lot(np.zeros((3, FEATURES, HEADS), bool)).tolist() == [0, 0, 0]


def test_by_lot_features_equally_easy_are_drawn_as_by_lot_and_one_that_is_far_easier_by_all_heads():
    told = np.arange(12)[:, None] < np.array([2, 3, 4])
    assert sharing.by_lot_of_unequal(told, np.ones(12)) == pytest.approx(sharing.by_lot(told), rel=0.01)
    alone = np.arange(12)[:, None] < np.ones(3)
    assert sharing.by_lot_of_unequal(alone, np.r_[1e9, np.ones(11)]) == 3
