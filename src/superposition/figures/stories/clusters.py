"""Which neurons belong together: how stable numbers of clusters are, how far two ways of telling agree, and maps of neurons."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Integer
from matplotlib.figure import Figure

from superposition.figures import style

_COLOURS = list(style.PALETTE.values())


def cluster_stability(
    counts: Sequence[int],
    stability: Float[np.ndarray, "algorithm space layer count"],
    null: Float[np.ndarray, "algorithm space draw count"],
    rows: Sequence[str],
    columns: Sequence[str],
) -> Figure:
    """A row of panels an algorithm, a column a space: how alike clusterings of two parts are, a line a layer; the band holds
    nine in ten draws of the null."""
    fig, axes = style.figure(ncols=len(columns), nrows=len(rows), height=1.4 + 1.5 * len(rows), sharex=True, sharey=True)
    for row, name, of_row, nulls in zip(axes, rows, stability, null, strict=True):
        for ax, lines, draws in zip(row, of_row, nulls, strict=True):
            ax.fill_between(counts, *np.quantile(draws, (0.05, 0.95), axis=0), color="0.5", alpha=0.3, linewidth=0)
            ax.plot(counts, lines.T, color=_COLOURS[0], marker="o", markersize=3, linewidth=1.2)
            ax.set(ylim=(-0.05, 1))
            _doubling(ax, [2, 16, 128])
        row[0].set_ylabel(name)
    for ax, title in zip(axes[0], columns, strict=True):
        ax.set_title(title)
    fig.supxlabel("clusters", fontsize=11)
    return fig


def cluster_agreement(
    counts: Sequence[int], agreement: Float[np.ndarray, "comparison layer count"], names: Sequence[str], lot: float
) -> Figure:
    """How far clusters told in two ways agree, a colour a comparison, a line a layer; dashed: below it lie 95 in 100 lots."""
    fig, axes = style.figure(height=3.4)
    ax = axes[0, 0]
    for lines, name, colour in zip(agreement, names, _COLOURS, strict=False):
        drawn = ax.plot(counts, lines.T, color=colour, marker="o", markersize=3, linewidth=1.2)
        drawn[0].set_label(name)
    ax.axhline(lot, color="0.5", linestyle=(0, (4, 3)), linewidth=1)
    _doubling(ax, counts)
    ax.set(xlabel="clusters, of both kinds", ylabel="adjusted mutual information", ylim=(-0.03, 1))
    style.legend(ax, loc="upper left", ncols=2)
    return fig


def neuron_maps(
    maps: Float[np.ndarray, "map neuron xy"], labels: Sequence[Integer[np.ndarray, "neuron"]], titles: Sequence[str]
) -> Figure:
    """Neurons in the plane, a panel a map, those of one cluster in one colour."""
    fig, axes = style.figure(ncols=len(maps), height=5.2 if len(maps) == 1 else 0.4 + style.WIDTH / len(maps))
    for ax, points, label, title in zip(axes[0], maps, labels, titles, strict=True):
        colours = style.importance_colours(int(label.max()) + 1)[label]
        ax.scatter(*points.astype(float).T, c=colours, s=9 if len(maps) == 1 else 4, linewidths=0)
        ax.set(xticks=[], yticks=[], aspect="equal")
        ax.spines[:].set_visible(False)
        ax.set_title(title)
    return fig


def _doubling(ax, counts):
    ax.set_xscale("log", base=2)
    ax.set_xticks(counts, [str(count) for count in counts])
    ax.minorticks_off()
