"""Room in few dimensions: overlaps of random directions, of directions pushed apart, and dimensions that decoders need."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.figure import Figure

from superposition import metrics
from superposition.figures import style

_COLOURS = list(style.PALETTE.values())
_MARKERS = "osD^v"


def cosine_densities(
    cosine: Float[np.ndarray, "cosine"], density: Float[np.ndarray, "dimensions cosine"], dimensions: Sequence[int]
) -> Figure:
    """How the cosine between two random directions is distributed, a curve for each number of dimensions."""
    fig, axes = style.figure(height=2.7)
    ax = axes[0, 0]
    for k, (m, values) in enumerate(zip(dimensions, density, strict=True)):
        ax.plot(cosine, values, color=_COLOURS[k], label=f"{m:,} dimensions")
    ax.set(xlabel="cosine between two random directions", ylabel="density", xlim=(-1, 1), ylim=(0, None))
    style.legend(ax)
    return fig


def overlaps(
    n_dimensions: Int[np.ndarray, "dimension"],
    drawn: Float[np.ndarray, "dimension seed"],
    pushed: Float[np.ndarray, "dimension seed"],
    typical: Float[np.ndarray, "dimension"],
    least: Float[np.ndarray, "dimension"],
) -> Figure:
    """The greatest overlap among directions against dimensions: drawn at random, pushed apart, expected, and the least."""
    fig, axes = style.figure(height=3.1)
    ax = axes[0, 0]
    for values, name, colour, marker in ((drawn, "drawn at random", 1, "s"), (pushed, "pushed apart", 0, "o")):
        ax.plot(n_dimensions, values.mean(1), marker, color=_COLOURS[colour], label=name, zorder=3)
        ax.vlines(n_dimensions, values.min(1), values.max(1), color=_COLOURS[colour])
    ax.plot(n_dimensions, typical, "--", color=_COLOURS[1], label="expected of random ones")
    ax.plot(n_dimensions, least, "-", color=_COLOURS[4], label="no arrangement has less")
    ax.set_xscale("log", base=2)
    ax.set_xticks(n_dimensions, [str(m) for m in n_dimensions])
    ax.minorticks_off()
    ax.set(xlabel="dimensions", ylabel="greatest overlap of two directions", ylim=(0, 1.02))
    style.legend(ax)
    return fig


def dimensions_needed(
    active: Int[np.ndarray, "active"],
    needed: Mapping[str, Int[np.ndarray, "active seed"]],
    expected: Mapping[str, Float[np.ndarray, "active"]],
) -> Figure:
    """The dimensions from which features are told apart against how many are active, measured as points beside a curve for each.

    A bar is the 95% interval of the mean over seeds."""
    fig, axes = style.figure(height=3.3)
    ax = axes[0, 0]
    for k, (name, values) in enumerate(needed.items()):
        mean, low, high = np.array([metrics.mean_interval(row.astype(float)) for row in values]).T
        ax.plot(active, mean, _MARKERS[k], color=_COLOURS[k], label=name, zorder=3)
        ax.vlines(active, low, high, color=_COLOURS[k])
        ax.plot(active, expected[name], color=_COLOURS[k])
    ax.set_xscale("log", base=2)
    ax.set_yscale("log", base=2)
    ax.set_xticks(active, [str(k) for k in active])
    ticks = [2, 4, 8, 16, 32, 64, 128, 256]
    ax.set_yticks(ticks, [str(m) for m in ticks])
    ax.minorticks_off()
    ax.set(xlabel="features active at a time", ylabel="dimensions needed")
    style.legend(ax)
    return fig
