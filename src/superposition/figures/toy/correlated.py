"""Features in sets: arrows coloured by set, cosines and losses against sparsity, and matrices of cosines."""

from collections.abc import Sequence
from math import ceil

import numpy as np
from jaxtyping import Float
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from superposition.figures import style
from superposition.figures.toy.plane import _plane, _rays

SET_COLOURS = [style.PALETTE[name] for name in ("blue", "orange", "green")]
_LINES = list(style.PALETTE.values())


def pairs(
    W: Float[np.ndarray, "panel n_features 2"], titles: Sequence[str], notes: Sequence[str], columns: int = 3, size: int = 2
) -> Figure:
    """Each feature as an arrow, those of one set in one colour and, within it, with a full, a hollow or a square tip.

    The grey circle has length 1. Rows of zeros at the end, where a panel has fewer features than others, are not drawn."""
    rows, side = ceil(len(W) / columns), min(2.1, style.WIDTH / columns)
    block = 0.45 + side
    style.use()
    fig = Figure(figsize=(columns * side, rows * block + 0.05))
    for k, vectors in enumerate(W):
        vectors = vectors[np.abs(vectors).sum(-1) > 0]
        ax = style.inches(fig, (k % columns) * side, (rows - 1 - k // columns) * block + 0.05, side, side)
        _plane(ax)
        colours = [SET_COLOURS[i // size] for i in range(len(vectors))]
        ax.add_collection(LineCollection(_rays(vectors), colors=colours, linewidths=2.4, capstyle="round"), autolim=False)
        for i, (x, y) in enumerate(vectors):
            face = "white" if i % size == 1 else colours[i]
            ax.plot(
                x, y, marker="os"[i % size // 2], markersize=6.5, color=colours[i], markerfacecolor=face, clip_on=False, zorder=3
            )
        style.panel_title(ax, titles[k], notes[k])
    return fig


def by_sparsity(
    density: Float[np.ndarray, "density"],
    mean: Float[np.ndarray, "panel series density"],
    low: Float[np.ndarray, "panel series density"],
    high: Float[np.ndarray, "panel series density"],
    names: Sequence[str],
    titles: Sequence[str],
    ylabels: Sequence[str],
    limits: tuple[float | int, float | int],
    level: float | int,
) -> Figure:
    """Panels one above another of lines with intervals against sparsity, one colour and name for a series in all.

    `level` is drawn dashed. NaN where a series has nothing."""
    fig, axes = style.figure(nrows=len(mean), height=0.5 + 2.35 * len(mean), sharex=True)
    for k, ax in enumerate(axes[:, 0]):
        style.sparsity_axis(ax, density)
        if k < len(mean) - 1:
            ax.set_xlabel("")
        ax.axhline(level, color="0.35", linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        for s in range(len(names)):
            ax.fill_between(1 / density, low[k, s], high[k, s], color=_LINES[s], alpha=0.2, linewidth=0)
            ax.plot(1 / density, mean[k, s], color=_LINES[s], marker="osD^v"[s], label=names[s], zorder=3)
        ax.set(ylim=limits, ylabel=ylabels[k])
        ax.set_title(titles[k], loc="left")
        shown = [s for s in range(len(names)) if np.isfinite(mean[k, s, -1])]
        last = [mean[k, s, int(density.argmin())] for s in shown]
        style.end_labels(ax, last, [names[s] for s in shown], [_LINES[s] for s in shown], gap=0.1)
    return fig


def cosine_maps(cosines: Float[np.ndarray, "panel n_features n_features"], titles: Sequence[str], size: int) -> Figure:
    """The cosine of every two features as a heat map a panel, sets of `size` neighbours set apart by a thin line."""
    count, n = len(cosines), cosines.shape[1]
    side = (style.WIDTH - 0.2 * (count - 1)) / count
    style.use()
    fig = Figure(figsize=(style.WIDTH, side + 0.98))
    norm = Normalize(-1, 1)
    for k, values in enumerate(cosines):
        ax = style.inches(fig, k * (side + 0.2), 0.66, side, side)
        ax.imshow(np.kron(values, np.ones((8, 8))), cmap=style.DIVERGING, norm=norm, extent=(-0.5, n - 0.5, n - 0.5, -0.5))
        for edge in np.arange(size, n, size) - 0.5:
            ax.axhline(edge, color="0.3", linewidth=0.8)
            ax.axvline(edge, color="0.3", linewidth=0.8)
        ax.set(xticks=[], yticks=[])
        ax.set_title(titles[k], pad=5)
    bar = fig.colorbar(
        ScalarMappable(norm, style.DIVERGING), cax=style.inches(fig, 1.4, 0.46, style.WIDTH - 2.8, 0.1), orientation="horizontal",
        label="cosine of two features",
    )  # fmt: skip
    bar.set_ticks([-1, 0, 1])
    bar.outline.set_linewidth(0.4)
    return fig
