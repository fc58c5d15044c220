"""Polygons of features: what each loses, where descents end, and which of them a Bayesian believes in."""

import numpy as np
from jaxtyping import Float, Int
from matplotlib.figure import Figure

from superposition.figures import style


def polygon_losses(
    features: Int[np.ndarray, "features"],
    corners: Int[np.ndarray, "corners"],
    among: Float[np.ndarray, "features corners"],
    found: Float[np.ndarray, "features"],
) -> Figure:
    """For each number of features a line over the corners of the polygon, and a ring at the least loss that was found."""
    fig, axes = style.figure(height=3.3)
    ax = axes[0, 0]
    colours = style.SEQUENTIAL(np.linspace(0, 1, len(features)))
    for losses, least, colour in zip(among, found, colours, strict=True):
        ax.plot(corners, losses, color=colour, marker="o", markersize=4)
        ax.plot(corners[np.nanargmin(losses)], least, "o", markersize=10, fillstyle="none", color="black")
    last = [losses[np.isfinite(losses)][-1] for losses in among]
    for n, loss, colour in zip(features, last, colours, strict=True):
        x = corners[corners <= n].max()
        ax.annotate(f"{n}", (x, loss), xytext=(7, 0), textcoords="offset points", color=colour, va="center")
    ax.set(xlabel="corners of the polygon", ylabel="expected loss", xticks=corners, xlim=(None, corners.max() + 0.5))
    return fig


def descents(
    step: Int[np.ndarray, "record"],
    losses: Float[np.ndarray, "record seed"],
    levels: dict[str, float],
) -> Figure:
    """The loss of every seed over the steps of its descent, and dashed lines at the losses of polygons, by name."""
    fig, axes = style.figure(height=3.3)
    ax = axes[0, 0]
    ax.plot(step, losses, color=style.PALETTE["blue"], linewidth=0.7, alpha=0.35)
    for level in levels.values():
        ax.axhline(level, color="0.4", linestyle=(0, (4, 3)), linewidth=0.9, zorder=0)
    ax.set(xscale="log", xlabel="step", ylabel="expected loss", ylim=(0.03, 0.36), xlim=(step[0], step[-1]))
    style.end_labels(ax, list(levels.values()), list(levels), ["0.3"] * len(levels), gap=0.06)
    return fig


def believed(
    samples: Float[np.ndarray, "rung"], share: Float[np.ndarray, "chain rung there"], crossing: float, claimed: float
) -> Figure:
    """How often how many features are there, over the number of samples; a thin line a chain.

    Vertical lines: where all become more frequent than all but one, and, dashed, where the source puts it."""
    fig, axes = style.figure(height=3.3)
    ax = axes[0, 0]
    counts = range(2, share.shape[-1])
    colours = style.SEQUENTIAL(np.linspace(0, 1, len(counts)))
    for count, colour in zip(counts, colours, strict=True):
        ax.plot(samples, share[..., count].T, color=colour, linewidth=0.6, alpha=0.5)
        mean = share[..., count].mean(0)
        ax.plot(samples, mean, color=colour)
        at = mean.argmax() if count < share.shape[-1] - 1 else -4
        style.halo(ax.annotate(f"{count}", (samples[at], mean[at]), xytext=(0, 4), textcoords="offset points", color=colour))
    ax.axvline(crossing, color="black", linewidth=1)
    ax.axvline(claimed, color="0.5", linewidth=1, linestyle=(0, (4, 3)))
    ax.set(xscale="log", xlabel="samples", ylabel="share of the posterior", ylim=(0, 1.08))
    return fig
