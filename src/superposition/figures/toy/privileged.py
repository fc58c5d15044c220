"""Neurons in a privileged basis: what each is made of, and how it compares with turned copies of itself."""

from collections.abc import Sequence
from math import ceil

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from superposition.figures import style

_COLOURS = list(style.PALETTE.values())
_DASHED = (0, (4, 3))


def neuron_stacks(
    W: Float[np.ndarray, "panel n_features n_hidden"],
    titles: Sequence[str],
    notes: Sequence[str] | None = None,
    columns: int = 3,
    legend: str = "feature, from the most to the least important",
) -> Figure:
    """A bar per neuron, stacked of the weights of the features on it: positive ones upwards, negative ones downwards.

    The largest weights stand next to the line of zero. Colours are the features', the first, or most important, the darkest.
    With fewer than three `columns` it is narrow, for a phone."""
    panels, n, m = W.shape
    rows = ceil(panels / columns)
    width = style.NARROW if columns < 3 else style.WIDTH
    fig, axes = style.figure(columns, rows, height=1.75 * rows + 0.75, width=width, sharex=True, sharey="row")
    colours = style.importance_colours(n)
    for ax in axes.flat[panels:]:
        ax.set_visible(False)
    for k, ax in enumerate(axes.flat[:panels]):
        for neuron in range(m):
            _stack(ax, neuron, W[k, :, neuron], colours)
        ax.axhline(0, color="black", linewidth=0.7)
        ax.set_xticks(range(m), [str(neuron + 1) for neuron in range(m)])
        style.panel_title(ax, titles[k], notes[k] if notes else "")
    for ax in axes[:, 0]:
        ax.set_ylabel("weights")
    for ax in axes[-1]:
        ax.set_xlabel("neuron")
    fig.legend(
        handles=[Patch(color=colour, label=str(i + 1)) for i, colour in enumerate(colours)], loc="outside lower center",
        ncols=n, title=legend, title_fontsize=10, columnspacing=0.9,
        handlelength=0.9, handletextpad=0.4,
    )  # fmt: skip
    return fig


def _stack(ax: Axes, neuron: int, weights: np.ndarray, colours: np.ndarray) -> None:
    for sign in (1, -1):
        members = [i for i in np.argsort(-np.abs(weights)) if sign * weights[i] > 0]
        heights = weights[members]
        bottoms = np.cumsum(heights) - heights
        ax.bar(np.full(len(members), neuron), heights, bottom=bottoms, width=0.76, color=colours[members])


def against_null(
    density: Float[np.ndarray, "density"],
    mean: Float[np.ndarray, "series density"],
    low: Float[np.ndarray, "series density"],
    high: Float[np.ndarray, "series density"],
    null: Float[np.ndarray, "series density"],
    names: Sequence[str],
    label: str,
    top: float | int | None = None,
) -> Figure:
    """A measure against sparsity, a line per model with its interval, and dashed in its colour the same models turned.

    `label` names the measure; one that ends at 1 (`top`) is a share."""
    fig, axes = style.figure(height=3.3)
    ax = axes[0, 0]
    style.sparsity_axis(ax, density)
    for k, name in enumerate(names):
        ax.fill_between(1 / density, low[k], high[k], color=_COLOURS[k], alpha=0.2, linewidth=0)
        ax.plot(1 / density, mean[k], color=_COLOURS[k], marker="osD"[k % 3], label=name, zorder=3)
        ax.plot(1 / density, null[k], color=_COLOURS[k], linestyle=_DASHED, linewidth=1.1, zorder=2)
    ax.set(ylim=(0, top), ylabel=label)
    if top == 1:
        ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ends = [*mean[:, -1], *null[:, -1]]
    style.end_labels(ax, ends, [*names, *(f"{name}, turned" for name in names)], _COLOURS[: len(names)] * 2)
    return fig


def rank_histograms(
    rank: Float[np.ndarray, "model value"], titles: Sequence[str], bins: int = 10, beyond: str = "rank among its own rotations"
) -> Figure:
    """How each model's alignment ranks among rotations of it: a histogram per kind of model; dashed where all are equal."""
    fig, axes = style.figure(len(rank), 1, height=2.5, sharey=True)
    for ax, values, title, colour in zip(axes[0], rank, titles, _COLOURS, strict=False):
        counts, edges = np.histogram(values, bins=bins, range=(0, 1))
        ax.bar(edges[:-1], counts / len(values), width=1 / bins, align="edge", color=colour, edgecolor="white", linewidth=0.6)
        ax.axhline(1 / bins, color="0.35", linewidth=1, linestyle=_DASHED)
        ax.set(xlim=(0, 1), xlabel=beyond)
        ax.set_xticks([0, 0.5, 1], ["0", "½", "1"])
        style.panel_title(ax, title)
    axes[0, 0].set_ylabel("share of models")
    axes[0, 0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return fig
