"""Measures beside the truth: what each says of each model, and the effective number of latents by how they were trained."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from superposition.figures import style

_MOST = 2.0  # in powers of two; what is further off has the colour of this
_COLOURS = style.PALETTE["blue"], style.PALETTE["orange"]


def counts_by_model(
    truth: Float[np.ndarray, "model"],
    said: Float[np.ndarray, "model count"],
    models: Sequence[str],
    counts: Sequence[str],
    first: int,
) -> Figure:
    """A row a model, a column a measure: the number that it gives, its colour how many times the truth that is.

    White is right, orange too many, blue too few, and full at four times. The truth stands in the first column; a line
    follows the `first` models, those without superposition."""
    label, key, row, top = 2.15, 0.42, 0.2, 1.15
    height = top + row * len(models) + key
    style.use()
    fig = Figure(figsize=(style.WIDTH, height))
    ax = style.inches(fig, label, key, style.WIDTH - label - 0.05, row * len(models))
    numbers = np.column_stack([truth, said])
    off = np.log2(np.maximum(numbers, 1e-3) / truth[:, None]).clip(-_MOST, _MOST)
    image = ax.imshow(off, cmap=style.DIVERGING, vmin=-_MOST, vmax=_MOST, aspect="auto")
    for (y, x), value in np.ndenumerate(numbers):
        colour = "white" if abs(off[y, x]) > 0.7 * _MOST else "black"
        ax.text(x, y, f"{value:.1f}", ha="center", va="center", fontsize=8, color=colour)
    ax.axhline(first - 0.5, color="black", linewidth=1)
    ax.axvline(0.5, color="black", linewidth=1)
    ax.set_yticks(range(len(models)), models, fontsize=9)
    ax.set_xticks(range(len(counts) + 1), ["truth", *counts], rotation=60, ha="left", rotation_mode="anchor", fontsize=9)
    ax.tick_params(length=0, labeltop=True, labelbottom=False, top=False)
    for side in ax.spines.values():
        side.set_visible(False)
    bar = fig.colorbar(image, cax=style.inches(fig, label, 0.27, 2.2, 0.09), orientation="horizontal")
    bar.set_ticks(range(-2, 3), labels=["¼", "½", "right", "2 ×", "4 ×"], fontsize=8)
    bar.outline.set_visible(False)
    return fig


def latents_by_setting(
    truth: Float[np.ndarray, "model"],
    latents: Float[np.ndarray, "setting model"],
    sparse: Bool[np.ndarray, "model"],
    titles: Sequence[str],
) -> Figure:
    """A panel a setting: across, what models hold; up, the effective number of latents; on the dashed line it is right."""
    columns = 3
    rows = -(-len(titles) // columns)
    fig, axes = style.figure(columns, rows, height=0.5 + 2.15 * rows, sharex=True, sharey=True)
    most = 1.08 * float(latents.max())
    for panel, ax in enumerate(axes.flat):
        if panel >= len(titles):
            ax.remove()
            continue
        ax.plot([0, most], [0, most], color="0.35", linestyle=(0, (4, 3)), linewidth=1, zorder=1)
        for kind, (colour, marker) in zip((sparse, ~sparse), zip(_COLOURS, "os", strict=True), strict=True):
            ax.plot(truth[kind], latents[panel, kind], marker, color=colour, markersize=4.5, alpha=0.8)
        style.panel_title(ax, titles[panel])
        if panel + columns >= len(titles):
            ax.set_xlabel("features held")
            ax.tick_params(labelbottom=True)
    axes[0, 0].set(xlim=(0, 1.1 * truth.max()), ylim=(0, most))
    for ax in axes[:, 0]:
        ax.set_ylabel("exp(H) of latents")
    handles = [
        Line2D([], [], color=colour, marker=marker, linestyle="none", label=f"{name} data")
        for colour, marker, name in zip(_COLOURS, "os", ("sparse", "dense"), strict=True)
    ]
    fig.legend(handles=[*handles, Line2D([], [], color="0.35", linestyle=(0, (4, 3)), linewidth=1, label="right")],
               loc="outside lower center", ncols=3)  # fmt: skip
    return fig
