"""The worst small change to an input of a model with one matrix, x' = ReLU(x C + b), for stacks of models at once.
Projected gradient ascent finds a lower bound of the damage; the spectral norm of the active part of C gives an upper one."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Integer
from torch import Tensor

# Of the starts of the ascent, this many are the most harmful attacks on a single output.
FEATURE_STARTS = 2
RANDOM_STARTS = 2


@dataclass(frozen=True)
class Target:
    """What the attack makes worse: Σ_i `weight`_i (`target`_i − x'_i)² for each point of each model."""

    target: Float[Tensor, "model point n_out"]
    weight: Float[Tensor, "n_out"]


@dataclass(frozen=True)
class Worst:
    """The most harmful change found for each point, the error that it causes, and what simpler searches reached.

    `clean` is the error without a change, `by_feature` the error under the worst attack on a single output, `by_random`
    that under the ascent from random starts alone."""

    delta: Float[Tensor, "model point n_in"]
    error: Float[Tensor, "model point"]
    clean: Float[Tensor, "model point"]
    by_feature: Float[Tensor, "model point"]
    by_random: Float[Tensor, "model point"]


def output(
    C: Float[Tensor, "model n_in n_out"], b: Float[Tensor, "model n_out"], x: Float[Tensor, "model point n_in"]
) -> Float[Tensor, "model point n_out"]:
    """ReLU(x C + b)."""
    return torch.baddbmm(b[:, None], x, C).relu()


def _error(C, b, x, to: Target):
    return (to.weight * (to.target - output(C, b, x)) ** 2).sum(-1)


def _ascent_direction(C, b, x, to: Target):
    """The gradient of the error with respect to x, of length one; 0 where the error is flat."""
    out = output(C, b, x)
    gradient = torch.bmm(to.weight * (out - to.target) * (out > 0), C.mT)
    return gradient / gradient.norm(dim=-1, keepdim=True).clamp(min=1e-12)


def _climb(C, b, x, to: Target, radius, start, steps):
    """Projected gradient ascent from `start`, step lengths falling from the radius to a tenth of it; the best seen."""
    delta, best, error = start, start, _error(C, b, x + start, to)
    for step in torch.logspace(0, -1, steps).tolist():
        delta = delta + step * radius * _ascent_direction(C, b, x + delta, to)
        delta = delta * (radius / delta.norm(dim=-1, keepdim=True).clamp(min=1e-12)).clamp(max=1)
        new = _error(C, b, x + delta, to)
        best = torch.where((new > error)[..., None], delta, best)
        error = torch.maximum(new, error)
    return best, error


def feature_directions(C: Float[Tensor, "model n_in n_out"]) -> Float[Tensor, "model n_out n_in"]:
    """The unit changes that move a single output most: the columns of C. Source: Elhage et al. 2022, section 10."""
    columns = C.mT
    return columns / columns.norm(dim=-1, keepdim=True).clamp(min=1e-12)


@torch.no_grad()
def attack(
    C: Float[Tensor, "model n_in n_out"],
    b: Float[Tensor, "model n_out"],
    x: Float[Tensor, "model point n_in"],
    to: Target,
    radius: Float[Tensor, "model"],
    steps: int,
    seed: int,
) -> Worst:
    """The change of length at most `radius` that raises the error most, for every point.

    The ascent starts from the best attacks on single outputs, which no dead ReLU hides, from the gradient at x, and from
    random points on the sphere; the best of all wins."""
    radius = radius[:, None, None]
    clean = _error(C, b, x, to)
    directions = torch.cat([feature_directions(C), -feature_directions(C)], 1)
    errors = torch.stack([_error(C, b, x + radius * d[:, None], to) for d in directions.unbind(1)], -1)
    chosen = errors.topk(min(FEATURE_STARTS, errors.shape[-1]), dim=-1)
    starts = [_pick(directions, index) for index in chosen.indices.unbind(-1)]
    starts.append(_ascent_direction(C, b, x, to))
    noise = torch.randn((RANDOM_STARTS, *x.shape), generator=torch.Generator().manual_seed(seed))
    starts += list(noise / noise.norm(dim=-1, keepdim=True))
    climbed = [_climb(C, b, x, to, radius, radius * start, steps) for start in starts]
    every = torch.stack([error for _, error in climbed])
    error, winner = every.max(0)
    deltas = torch.stack([delta for delta, _ in climbed])
    delta = deltas.gather(0, winner[None, ..., None].expand(1, *x.shape))[0]
    by_random = torch.maximum(clean, every[-RANDOM_STARTS:].amax(0))
    unharmed = (clean >= error)[..., None]
    delta = torch.where(unharmed, torch.zeros_like(delta), delta)
    return Worst(delta, torch.maximum(error, clean), clean, chosen.values[..., 0].maximum(clean), by_random)


def _pick(directions: Float[Tensor, "model k n_in"], index: Integer[Tensor, "model point"]) -> Float[Tensor, "model point n_in"]:
    return directions.gather(1, index[..., None].expand(*index.shape, directions.shape[-1]))


@torch.no_grad()
def gain_bound(
    C: Float[Tensor, "model n_in n_out"],
    b: Float[Tensor, "model n_out"],
    x: Float[Tensor, "model point n_in"],
    radius: Float[Tensor, "model"],
    weight: Float[Tensor, "n_out"],
) -> Float[Tensor, "model point"]:
    """No change of length `radius` moves the output, weighted by √`weight`, by more than this times the radius.

    An output can be moved only if its column of C is long enough to bring it above zero within the radius; the bound is
    the spectral norm of the columns that can. Inside the ball the model is Lipschitz with this constant."""
    reach = radius[:, None, None] * C.norm(dim=1)[:, None]
    active = (torch.baddbmm(b[:, None], x, C) + reach > 0).to(C.dtype)
    columns = C * weight.sqrt()
    gram = torch.einsum("kij,kil->kjl", columns, columns)[:, None] * active[..., None] * active[..., None, :]
    return torch.linalg.eigvalsh(gram)[..., -1].clamp(min=0).sqrt()
