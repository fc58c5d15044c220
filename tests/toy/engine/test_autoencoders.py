"""Autoencoders of given weights, and the exact loss of any stack of them."""

import numpy as np
import pytest
import torch

from superposition import weights
from superposition.toy.engine.autoencoders import Autoencoders
from superposition.toy.theory import expected_loss

rng = np.random.default_rng(0)
W, B = rng.standard_normal((2, 3, 4, 2)), rng.standard_normal((2, 3, 4))


@pytest.mark.parametrize("relu", [True, False])
def test_autoencoders_of_given_weights_compute_the_papers_formula(relu):
    x = torch.from_numpy(rng.random((7, 3, 4), np.float32))
    hidden = torch.einsum("bin,inm->bim", x, torch.from_numpy(W[0]).float())
    z = torch.einsum("bim,inm->bin", hidden, torch.from_numpy(W[0]).float()) + torch.from_numpy(B[0]).float()
    stack = Autoencoders.of(torch.nn.Parameter(torch.tensor(W[0])), B[0], relu=relu)
    torch.testing.assert_close(stack(x).detach(), z.relu() if relu else z)
    assert Autoencoders.of(W[0, 0], B[0, 0]).W.shape == (1, 4, 2)


def test_weights_whose_shapes_do_not_fit_are_refused_with_both_shapes():
    with pytest.raises(weights.WeightsError, match=r"\(3, 4, 2\) and b \(4,\)"):
        Autoencoders.of(W[0], B[0, 0])
    with pytest.raises(weights.WeightsError, match=r"b \(4,\): expected \(3, 4\)"):
        expected_loss.loss(W[0], B[0, 0], 0.1)


def test_the_exact_loss_takes_any_leading_axes_and_broadcasts_density_and_importance():
    density, importance = np.array([0.1, 0.5])[:, None, None], 0.9 ** np.arange(4)
    found = expected_loss.loss(torch.tensor(W), B, density, importance)
    assert found.shape == (2, 3) and isinstance(expected_loss.loss(W[1, 2], B[1, 2], 0.5), float)
    for i, p in enumerate((0.1, 0.5)):
        each = expected_loss.gradients(W[i], B[i], np.full((3, 4), p), np.tile(importance, (3, 1)))[0]
        np.testing.assert_array_equal(found[i], each)
