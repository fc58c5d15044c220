"""Sparse features: each is 0 with probability 1 - density, else uniform on [0, 1], drawn for every example by itself.
The draws are a hash of (seed, step, position), so an instance sees the same data alone, in a stack, on any device."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

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
    seeds: list[int], step: int, batch: int, density: Float[Tensor, "instance n_features"]
) -> Float[Tensor, "batch instance n_features"]:
    """One batch for every instance: x = max(0, u - S) / (1 - S) with u uniform and S = 1 - density, the sparsity.

    One uniform number gives both the mask and the value: above S it is uniform again on [S, 1]."""
    u = uniform(seeds, step, batch, density.shape[1], str(density.device))
    density = density.to(torch.float32)
    return ((u - (1 - density)) * (1 / density)).clamp(min=0)
