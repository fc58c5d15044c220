"""Sparse autoencoders: they find directions that are there to find, and a match is a cosine with a live latent."""

import numpy as np
import pytest
import torch

from superposition.bottleneck.engine import dictionaries


def test_two_features_at_right_angles_are_found_and_their_strength_shrinks_by_half_the_penalty():
    W = torch.tensor([[[0.6, 0.8], [-0.8, 0.6]]])
    found = dictionaries.train(W, torch.tensor([0.3]), 0.1, 1200, 64, 0.01, torch.Generator().manual_seed(0))
    rows = found.rows.numpy().astype(float)
    assert dictionaries.recovered(W.numpy().astype(float), rows, np.ones((1, 2)), 0.98) == 2
    z = found.code(torch.tensor([[[0.6, 0.8]]])).numpy().max()  # a feature of strength one, alone
    assert z == pytest.approx(1 - 0.1 / 2, abs=0.03)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=-1), 1, rtol=1e-6)


def test_a_feature_counts_once_by_the_side_it_points_to_and_only_for_latents_in_use():
    W = np.array([[2.0, 0], [0, 1], [0, 0]])
    rows = np.array([[1.0, 0], [1, 0], [0, -1]])
    assert dictionaries.recovered(W, rows, np.array([1.0, 1, 1]), 0.95) == 1
    assert dictionaries.recovered(W, rows, np.array([0.0, 0, 1]), 0.95) == 0
    assert dictionaries.recovered(-W, rows, np.array([0.0, 0, 1]), 0.95) == 1
