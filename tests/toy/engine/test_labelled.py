"""Stacks trained on any labels: their gradient against autograd's, and starts."""

import pytest
import torch

from superposition.toy.engine.labelled import Examples, Stack, train
from superposition.training import AdamW


@pytest.mark.parametrize(("power", "linear"), [(2, False), (4, False), (16, False), (4, True)])
def test_the_gradient_is_autograds(power, linear):
    stack = Stack.create([0, 1], 5, 3, 4, (0.5, 0.5), power, linear)
    x, y = torch.randn(2, 7, 5, generator=torch.Generator().manual_seed(0))[0], torch.randn(1, 7, 4)
    for W in (stack.W1, stack.W2):
        W.requires_grad_(True)
    h = torch.einsum("bi,nim->nbm", x, stack.W1)
    out = torch.einsum("nbm,nmk->nbk", h if linear else h.clamp(min=0), stack.W2)
    ((out - y) ** power).sum().div(10).backward()
    with torch.no_grad():
        found = stack.gradient(Examples(x, y, 10))
    for slope, W in zip(found, (stack.W1, stack.W2), strict=True):
        torch.testing.assert_close(slope, W.grad, rtol=1e-4, atol=1e-5)


def test_a_model_starts_and_trains_alike_alone_and_in_a_stack():
    eye = torch.eye(6)
    given, adam = Examples(eye, eye[None], 6), AdamW(0.01)
    alone = train(Stack.create([7], 6, 2, 6, (0.1, 0.2)), lambda: given, 5, adam)
    among = train(Stack.create([3, 7], 6, 2, 6, (0.1, 0.2)), lambda: given, 5, adam)
    torch.testing.assert_close(alone.W1[0], among.W1[1])
    torch.testing.assert_close(alone.W2[0], among.W2[1])
    assert not torch.equal(among.W1[0], among.W1[1])


def test_training_reaches_what_a_readout_of_rank_two_can():
    eye = torch.eye(4)
    given = Examples(eye, eye[None], 4)
    stack = train(Stack.create([0, 1, 2], 4, 2, 4, (0.1, 0.1), linear=True), lambda: given, 500, AdamW(0.03, schedule="cosine"))
    assert ((stack(eye) - eye) ** 2).sum((1, 2)).tolist() == pytest.approx([2, 2, 2], abs=0.01)
