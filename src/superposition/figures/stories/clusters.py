"""Which neurons belong together: how stable numbers of clusters are, how far two ways of telling agree, and maps of neurons."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Integer
from matplotlib.figure import Figure

from superposition.figures import style

_COLOURS = list(style.PALETTE.values())


def cluster_stability(
    counts: Sequence[int],
    stability: Float[np.ndarray, "space layer count"],
    null: Float[np.ndarray, "space draw count"],
    names: Sequence[str],
) -> Figure:
    """A panel a space: how alike clusterings of two parts are, a line a layer; the band holds nine in ten draws of the null."""
    fig, axes = style.figure(ncols=len(names), height=2.9, sharey=True)
    for ax, lines, draws, name in zip(axes[0], stability, null, names, strict=True):
        ax.fill_between(counts, *np.quantile(draws, (0.05, 0.95), axis=0), color="0.5", alpha=0.3, linewidth=0)
        ax.plot(counts, lines.T, color=_COLOURS[0], marker="o", markersize=3, linewidth=1.2)
        ax.set_xscale("log", base=2)
        ax.set_xticks([2, 16, 128], ["2", "16", "128"])
        ax.minorticks_off()
        ax.set(ylim=(-0.05, 1), xlabel="clusters")
        ax.set_title(name)
    axes[0, 0].set_ylabel("adjusted Rand index")
    return fig


def cluster_agreement(
    counts: Sequence[int], agreement: Float[np.ndarray, "comparison layer count"], names: Sequence[str], chance: float
) -> Figure:
    """How far clusters told in two ways agree, a colour a comparison, a line a layer; dashed: below it lie 95 in 100 lots."""
    fig, axes = style.figure(height=3.2)
    ax = axes[0, 0]
    for lines, name, colour in zip(agreement, names, _COLOURS, strict=False):
        drawn = ax.plot(counts, lines.T, color=colour, marker="o", markersize=3, linewidth=1.2)
        drawn[0].set_label(name)
    ax.axhline(chance, color="0.5", linestyle=(0, (4, 3)), linewidth=1)
    ax.set_xscale("log", base=2)
    ax.set_xticks(counts, [str(count) for count in counts])
    ax.minorticks_off()
    ax.set(xlabel="clusters, of both kinds", ylabel="adjusted mutual information", ylim=(-0.03, None))
    style.legend(ax, loc="upper left")
    return fig


def neuron_maps(
    maps: Sequence[Float[np.ndarray, "neuron xy"]], labels: Sequence[Integer[np.ndarray, "neuron"]], titles: Sequence[str]
) -> Figure:
    """Neurons in the plane, a panel a map, those of one cluster in one colour."""
    fig, axes = style.figure(ncols=len(maps), height=3.4)
    for ax, points, label, title in zip(axes[0], maps, labels, titles, strict=True):
        ax.scatter(*points.astype(float).T, c=label % 16, cmap=style.IMPORTANCE, s=7, linewidths=0)
        ax.set(xticks=[], yticks=[], aspect="equal")
        ax.spines[:].set_visible(False)
        ax.set_title(title)
    return fig
