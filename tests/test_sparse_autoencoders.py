"""Kinds of sparse autoencoders against their definitions, and the compiled step against autograd of the plain loss and Adam."""

import numpy as np
import pytest
import torch

from superposition import sparse_autoencoders, sparse_kernel
from superposition.matching import matched_cosines
from superposition.sparse_autoencoders import KINDS, Autoencoders

PENALTY = {"L1": 0.1, "TopK": 2.0, "BatchTopK": 1.5, "JumpReLU": 0.02, "gated": 0.1}


def generator():
    return torch.Generator().manual_seed(0)


def stack(kind, penalty, m=3, latents=6):
    made = Autoencoders.create(kind, torch.tensor(penalty), m, latents, 0.05, generator())
    made.e += torch.linspace(-0.2, 0.1, latents)
    return made


def before(made, h):
    return (h - made.c[:, None]) @ made.E + made.e[:, None]


H = torch.randn(2, 50, 3, generator=torch.Generator().manual_seed(1))


def test_an_l1_is_a_relu_and_pays_for_activity():
    made = stack("L1", [0.1, 2.0])
    z = before(made, H).clamp(min=0)
    torch.testing.assert_close(made.code(H), z)
    wanted = ((H - z @ made.rows) ** 2).sum(-1).mean(-1) + made.penalty * z.sum(-1).mean(-1)
    torch.testing.assert_close(made.loss(H), wanted)


def test_a_topk_keeps_the_k_largest_of_each_example_and_a_batchtopk_those_of_the_batch():
    kept = stack("TopK", [1.0, 2.0]).code(H)
    positive = before(stack("TopK", [1.0, 2.0]), H).clamp(min=0)
    for model, k in enumerate((1, 2)):
        for z, all_of_it in zip(kept[model], positive[model], strict=True):
            assert sorted(z[z > 0].tolist()) == sorted(v for v in sorted(all_of_it.tolist())[-k:] if v > 0)
    batched = stack("BatchTopK", [0.5, 1.5]).code(H)
    assert [(z > 0).sum().item() for z in batched] == [25, 75]
    assert all(z[z > 0].min() > all_of_it[z == 0].max() for z, all_of_it in zip(batched, positive, strict=True))


def test_a_jumprelu_is_zero_up_to_theta_and_theta_feels_only_what_is_near_it():
    made = stack("JumpReLU", [0.1, 0.1])
    x = before(made, H)
    torch.testing.assert_close(made.code(H), torch.where(x > 0.1, x, 0.0))
    made.more.requires_grad_(True)
    made.loss(H).sum().backward()
    near = (x - 0.1).abs() < 0.025
    alone = stack("JumpReLU", [0.1, 0.1])
    z, error = alone.code(H), 2 * (H - alone.decode(alone.code(H)))
    slope = -(error @ alone.rows.mT) * x.clamp(min=0) + 0.1  # of the loss along each latent's step
    wanted = -(slope * near).sum(1) / 0.05 * 0.1 / H.shape[1]
    torch.testing.assert_close(made.more.grad[0], wanted, atol=1e-5, rtol=1e-4)
    assert z.shape == near.shape


def test_a_gated_one_opens_where_its_gate_is_positive_and_says_what_its_magnitude_is():
    made = stack("gated", [0.1, 0.1])
    made.more[0] += 0.3
    made.more[1] += 0.2
    x = before(made, H)
    magnitude = ((x - made.e[:, None]) * np.exp(0.3) + 0.2).clamp(min=0)
    torch.testing.assert_close(made.code(H), torch.where(x > 0, magnitude, 0.0))


def rare(m, count, density=0.1):
    """Batches of orthogonal features that are rare, for so many models."""
    own = torch.Generator().manual_seed(2)
    return lambda: (1 - torch.rand(count, 64, m, generator=own) / density).relu()


@pytest.mark.parametrize(("kind", "penalty"), list(zip(KINDS, (0.05, 1.0, 0.3, 0.02, 0.3), strict=True)))
def test_every_kind_finds_orthogonal_features_that_are_rare(kind, penalty):
    made = Autoencoders.create(kind, torch.full((5,), penalty), 3, 6, 0.05, generator())
    sparse_autoencoders.train(made, rare(3, 5), 400, 0.05)
    least = [matched_cosines(np.eye(3, dtype=np.float32), rows).min() for rows in made.rows.numpy()]
    assert np.median(least) > 0.93  # one or other of them may be caught on its way


def test_the_strength_of_a_lone_feature_shrinks_by_half_the_penalty():
    made = Autoencoders.create("L1", torch.tensor([0.1]), 2, 2, 0.05, generator())
    made.E[:] = made.D[:] = torch.tensor([[0.9, 0.4], [-0.4, 0.9]])
    sparse_autoencoders.train(made, rare(2, 1, 0.3), 1200, 0.01)
    z = made.code(torch.eye(2)[None])[0]  # each feature alone, with strength one
    assert z.max(1).values.tolist() == pytest.approx([1 - 0.1 / 2] * 2, abs=0.03)


def perturbed(kind, m, latents, tied, count=3):
    """A stack in general position, of models with different penalties."""
    own = generator()
    penalty = PENALTY[kind] * torch.linspace(1, 2.5, count)
    made = Autoencoders.create(kind, penalty, m, latents, 0.3, own, tied)
    for part in sparse_autoencoders._parts(made):
        part.add_(0.1 * torch.randn(part.shape, generator=own))
    return made


def by_autograd(made, h):
    """The gradient of the plain loss, as the kernel has it: a row a model."""
    parts = [part.clone().requires_grad_() for part in sparse_autoencoders._parts(made)]
    *E, e, D, c, more = parts
    own = Autoencoders(made.kind, made.penalty, E[0].mT if E else None, e, D, c, more.movedim(0, 1), made.bandwidth)
    slopes = torch.autograd.grad(own.loss(h).sum(), parts, allow_unused=True, materialize_grads=True)
    return torch.cat([slope.flatten(1) for slope in slopes], 1).numpy()


@pytest.mark.parametrize("tied", [False, True], ids=["untied", "tied"])
@pytest.mark.parametrize(("m", "latents", "batch"), [(2, 5, 37), (5, 20, 64), (sparse_kernel.WIDE + 1, 30, 40)])
@pytest.mark.parametrize("kind", KINDS)
def test_the_compiled_gradient_is_that_of_autograd_on_the_plain_loss(kind, m, latents, batch, tied):
    made = perturbed(kind, m, latents, tied)
    h = 0.5 * torch.randn(3, batch, m, generator=generator())
    found = sparse_kernel.gradients(
        sparse_autoencoders._shape(made), made.penalty.numpy(), sparse_autoencoders._packed(made), h.numpy()
    )
    wanted = by_autograd(made, h)
    assert np.abs(wanted).max() > 0.1
    np.testing.assert_allclose(found, wanted, atol=2e-6 * np.abs(wanted).max(), rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_stack_that_is_silent_has_the_gradient_of_autograd_too(kind):
    made = perturbed(kind, 3, 4, False)
    made.e -= 100
    h = torch.randn(3, 20, 3, generator=generator())
    shape, theta = sparse_autoencoders._shape(made), sparse_autoencoders._packed(made)
    found = sparse_kernel.gradients(shape, made.penalty.numpy(), theta, h.numpy())
    np.testing.assert_allclose(found, by_autograd(made, h), atol=1e-5)


def test_training_is_adam_on_the_loss_with_a_cosine_rate_and_shares_batches_between_models_in_a_row():
    made, plain = (perturbed("L1", 3, 6, True, 4) for _ in range(2))
    sparse_autoencoders.train(made, rare(3, 2), 20, 0.01)
    parameters = [plain.e, plain.D, plain.c]
    adam, draw = torch.optim.Adam([p.requires_grad_() for p in parameters], 0.01), rare(3, 2)
    for step in range(20):
        adam.param_groups[0]["lr"] = 0.01 * (1 + np.cos(np.pi * step / 20)) / 2
        adam.zero_grad()
        plain.loss(draw().repeat_interleave(2, 0)).sum().backward()
        adam.step()
    for name in ("e", "D", "c"):
        torch.testing.assert_close(getattr(made, name), getattr(plain, name).detach(), atol=1e-5, rtol=1e-4)


def test_tied_weights_encode_by_the_directions_that_decode():
    made = perturbed("L1", 3, 6, True)
    torch.testing.assert_close(made.encoder, made.rows.mT)
    h = torch.randn(3, 5, 3, generator=generator())
    torch.testing.assert_close(made.code(h), ((h - made.c[:, None]) @ made.rows.mT + made.e[:, None]).relu())


def test_a_kind_that_there_is_not_is_refused_by_name():
    with pytest.raises(ValueError, match="kind 'top': expected one of L1, TopK"):
        stack("top", [0.1])
