"""Sparse features: each is 0, or where it is active uniform on [0, 1], drawn for every example by itself.
They are active by themselves, or in sets: all at once, or one at a time. The draws are a hash of (seed, step, position),
so an instance sees the same data alone, in a stack, on any device."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

Array = np.ndarray
Kind = Literal["correlated", "independent", "anticorrelated"]
KINDS: tuple[Kind, ...] = ("correlated", "independent", "anticorrelated")


@dataclass(frozen=True)
class Windows:
    """When each feature is active: where the latent number of its group, uniform on [0, 1), lies in [low, high).

    Features of one group with one window are active together, those with disjoint windows never, and features with
    groups of their own are independent. A feature's density is high - low."""

    group: Int[Array, "*instance n_features"]
    low: Float[Array, "*instance n_features"]
    high: Float[Array, "*instance n_features"]


def windows(kind: Kind, sets: int, size: int, density: float) -> Windows:
    """`sets` sets of `size` features, each feature active with probability `density`, neighbours in one set.

    Source: Elhage et al. 2022, "The Geometry of Superposition": correlated features of a set are active together, of
    anticorrelated ones exactly one is, when any is. Raises ValueError where that cannot be: size × density above 1."""
    n = sets * size
    if kind == "anticorrelated" and size * density > 1 + 1e-9:
        raise ValueError(f"{size} features that exclude each other cannot each have density {density:g}: together above 1")
    group = np.arange(n) if kind == "independent" else np.repeat(np.arange(sets), size)
    low = np.tile(np.arange(size), sets) * density if kind == "anticorrelated" else np.zeros(n)
    return Windows(group, low.astype(np.float32), (low + density).astype(np.float32))


def stack(of_each: list[Windows]) -> Windows:
    """Windows of several instances, one after another along a first axis."""
    return Windows(*(np.stack([getattr(one, name) for one in of_each]) for name in ("group", "low", "high")))


# The odd constants and shifts of one round: Wellons's hash prospector, bias 0.107.
ROUND = (16, 0x21F0AAAD, 15, 0xD35A2D97, 15)
# Held-out batches are counted from here on, far beyond any step of training.
HELD_OUT = 1 << 40
_MASK32 = 0xFFFFFFFF
_MASK64 = 0xFFFFFFFFFFFFFFFF


def key(seed: int, step: int) -> tuple[int, int]:
    """Two 32-bit words for one batch of one instance. Source: splitmix64, Steele, Lea and Flood 2014."""
    z = (seed * 0x9E3779B97F4A7C15 + step * 0xD1B54A32D192ED03 + 0x8CB92BA72F3D8DD7) & _MASK64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK64
    z ^= z >> 31
    return z & _MASK32, z >> 32


def _mix(x: Int[Tensor, "*shape"]) -> Int[Tensor, "*shape"]:
    """One round of the hash on 32-bit words held in int64."""
    a, c, d, e, f = ROUND
    x = ((x ^ (x >> a)) * c) & _MASK32
    x = ((x ^ (x >> d)) * e) & _MASK32
    return x ^ (x >> f)


def uniform(
    seeds: list[int], step: int, batch: int, n_features: int, device: str = "cpu"
) -> Float[Tensor, "batch instance n_features"]:
    """Uniform float32 numbers in [0, 1) on a grid of 2⁻²⁴, one for each example, instance and feature of a batch.

    Counter-based: position c of the batch with key (k0, k1) is mix(mix(c + k0) ^ k1).
    Source: the idea is Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3"."""
    counter = torch.arange(batch * n_features, device=device).reshape(batch, 1, n_features)
    k0, k1 = torch.tensor([key(seed, step) for seed in seeds], device=device).T.reshape(2, 1, -1, 1)
    return (_mix(_mix((counter + k0) & _MASK32) ^ k1) >> 8).to(torch.float32) * 2**-24


def sample(
    seeds: list[int], step: int, batch: int, active: Float[Array, "instance n_features"] | Windows, device: str = "cpu"
) -> Float[Tensor, "batch instance n_features"]:
    """One batch for every instance, of features that are `active` with these probabilities, or in these windows.

    With probabilities x = max(0, u - S) / (1 - S), u being uniform and S = 1 - density, the sparsity: one uniform number
    gives both the mask and the value, which above S is uniform again on [S, 1]."""
    if isinstance(active, Windows):
        group, low, high = (torch.from_numpy(array).to(device) for array in (active.group, active.low, active.high))
        n = group.shape[-1]
        draws = uniform(seeds, step, batch, 2 * n, device)
        latent = torch.take_along_dim(draws[..., n:], group[None], dim=-1)
        return torch.where((latent >= low) & (latent < high), draws[..., :n], 0.0)
    density = torch.from_numpy(active).to(device, torch.float32)
    return ((uniform(seeds, step, batch, density.shape[1], device) - (1 - density)) * (1 / density)).clamp(min=0)


def variance(density: Float[Array, "*batch"] | float) -> Float[Array, "*batch"] | float:
    """The variance of a feature: p/3 - p²/4, as its mean is p/2 and its mean square p/3."""
    return density / 3 - density**2 / 4
