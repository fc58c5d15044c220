"""Gram matrices W Wᵀ with their bias and a bar per feature."""

from collections.abc import Sequence
from math import ceil

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from superposition import formulas
from superposition.figures import style


def gram_and_bars(
    W: Float[np.ndarray, "panel n_features n_hidden"],
    b: Float[np.ndarray, "panel n_features"],
    titles: Sequence[str],
    columns: int = 4,
) -> Figure:
    """Per panel W Wᵀ with b beside it, and below a bar per feature, as in section 2 of the paper.

    A bar's length is ‖W_i‖, its colour the interference Σ_{j≠i} (Ŵ_i·W_j)², cut at 1. Bars stand under the columns
    of the matrix that they belong to. Colours mean the same in all panels."""
    columns = min(columns, len(W))
    rows = ceil(len(W) / columns)
    n = W.shape[1]
    extra = max(1.0, 0.07 * n)  # width of the bias column and of the gap before it, in features
    span = (-0.5, n + 2 * extra - 0.5)
    wide = (style.WIDTH - 0.55 - 0.14 * (columns - 1)) / columns  # all lengths in inches from here
    square, bar = wide * n / (n + 2 * extra), 0.36 * wide
    block = 0.3 + square + 0.05 + bar + 0.14
    height = rows * block + 0.72
    style.use()
    fig = Figure(figsize=(style.WIDTH, height))
    signed, positive = Normalize(-1, 1), Normalize(0, 1)
    for k, (weights, bias) in enumerate(zip(W, b, strict=True)):
        left, top = 0.48 + (k % columns) * (wide + 0.14), height - (k // columns) * block - 0.3
        upper = style.inches(fig, left, top - square, wide, square)
        lower = style.inches(fig, left, top - square - 0.05 - bar, wide, bar)
        _gram(upper, weights @ weights.T, bias, extra, signed)
        _bars(lower, weights, positive)
        upper.set_title(titles[k], pad=4)
        upper.set(xlim=span, ylim=(n - 0.5, -0.5))
        lower.set(xlim=span, ylim=(0, max(1.1, 1.05 * float(formulas.norms(W).max()))))
        if k % columns == 0:
            lower.set_ylabel("$‖W_i‖$", labelpad=2)
        else:
            lower.set_yticklabels([])
    half = (style.WIDTH - 0.55) / 2
    _colour_bar(fig, 0.48, half - 0.3, signed, style.DIVERGING, "entries of $W W^T$, and $b$ at its right", "both")
    _colour_bar(fig, 0.48 + half, half - 0.3, positive, style.SEQUENTIAL, "interference with other features", "max")
    return fig


def _gram(ax: Axes, gram: np.ndarray, bias: np.ndarray, extra: float, norm: Normalize) -> None:
    n = len(gram)
    cell = np.ones((ceil(160 / n),) * 2)  # viewers blur an image of few pixels, so each cell gets several
    boxes = [(-0.5, n - 0.5), (n - 0.5 + extra, n - 0.5 + 2 * extra)]
    for values, (left, right) in zip([gram, bias[:, None]], boxes, strict=True):
        ax.imshow(
            np.kron(values, cell),
            cmap=style.DIVERGING,
            norm=norm,
            interpolation="none",
            extent=(left, right, n - 0.5, -0.5),
            aspect="auto",
        )
        ax.add_patch(Rectangle((left, -0.5), right - left, n, fill=False, linewidth=0.5, edgecolor="0.6", clip_on=False))
    ax.set_axis_off()


def _bars(ax: Axes, weights: np.ndarray, norm: Normalize) -> None:
    colours = style.SEQUENTIAL(norm(np.minimum(formulas.interference(weights), 1)))
    ax.bar(np.arange(len(weights)), formulas.norms(weights), width=0.8, color=colours, rasterized=True)
    ax.hlines([0, 1], -0.5, len(weights) - 0.5, color="0.7", linewidth=0.6, zorder=0)
    ax.set_yticks([0, 1])
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    ax.spines["left"].set_visible(False)
    ax.tick_params(length=0)


def _colour_bar(fig: Figure, left: float, width: float, norm: Normalize, cmap: Colormap, label: str, extend: str) -> None:
    ax = style.inches(fig, left, 0.5, width, 0.1)
    bar = fig.colorbar(ScalarMappable(norm, cmap), cax=ax, orientation="horizontal", extend=extend, label=label)
    bar.set_ticks([-1, 0, 1] if norm.vmin < 0 else [0, 0.5, 1])
    bar.outline.set_linewidth(0.4)
