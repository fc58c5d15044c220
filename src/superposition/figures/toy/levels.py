"""A measure against the levels of anything at all, panel by panel; weights of a hidden layer sorted by neuron."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from superposition import formulas
from superposition.figures import style

_COLOURS = list(style.PALETTE.values())
_MARKERS = "osD^v"
_DASHED = (0, (4, 3))


def by_level(
    mean: Float[np.ndarray, "panel series level"],
    low: Float[np.ndarray, "panel series level"],
    high: Float[np.ndarray, "panel series level"],
    names: Sequence[str],
    levels: Sequence[str],
    titles: Sequence[str],
    xlabel: str,
    ylabel: str,
    null: Float[np.ndarray, "panel nulls level"] | None = None,
    null_name: str = "turned",
    share: bool = False,
) -> Figure:
    """A line per series over evenly spaced levels with its interval as a band.

    `null` is what each series is held against, dashed in its colour, or a single curve for all, in grey.
    A `share` ends at 1 and is written in per cent."""
    panels, height = len(titles), 3.3 if len(names) < 4 else 3.6
    fig, axes = style.figure(panels, 1, height=height, sharey=True)
    x = np.arange(len(levels))
    for p, (ax, title) in enumerate(zip(axes[0], titles, strict=True)):
        for k in range(len(names)):
            ax.fill_between(x, low[p, k], high[p, k], color=_COLOURS[k], alpha=0.2, linewidth=0)
            ax.plot(x, mean[p, k], color=_COLOURS[k], marker=_MARKERS[k], zorder=3)
        for k, curve in enumerate([] if null is None else null[p]):
            ax.plot(x, curve, color=_COLOURS[k] if len(null[p]) > 1 else "0.35", linestyle=_DASHED, linewidth=1.1, zorder=2)
        ax.set_xticks(x, levels)
        ax.set_xlabel(xlabel)
        style.panel_title(ax, title)
    highest = max(float(high.max()), 0 if null is None else float(null.max()))
    axes[0, 0].set(ylabel=ylabel, ylim=(0, 1.02 if share else 1.05 * highest))
    if share:
        axes[0, 0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    handles = [Line2D([], [], color=_COLOURS[k], marker=_MARKERS[k], label=name) for k, name in enumerate(names)]
    if null is not None:
        handles.append(Line2D([], [], color="0.35", linestyle=_DASHED, linewidth=1.1, label=null_name))
    fig.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 3))
    return fig


def sorted_by_neuron(W: Float[np.ndarray, "n_features n_hidden"]) -> Float[np.ndarray, "n_features n_hidden"]:
    """The features that a model represents, by their strongest neuron, positive before negative; then those it ignores."""
    strongest = np.abs(W).argmax(-1)
    upwards = np.take_along_axis(W, strongest[:, None], 1)[:, 0] > 0
    ignored = ~formulas.is_represented(W)
    return W[np.lexsort((-np.abs(W).max(-1), ~upwards, strongest, ignored))]


def weight_maps(W: Float[np.ndarray, "panel n_features n_hidden"], titles: Sequence[str]) -> Figure:
    """W as a map of colours, a row per feature and a column per neuron; rows sorted by their strongest neuron."""
    fig, axes = style.figure(len(W), 1, height=4.2, sharey=True)
    norm = Normalize(-1, 1)
    for ax, one, title in zip(axes[0], W, titles, strict=True):
        ax.imshow(sorted_by_neuron(one), cmap=style.DIVERGING, norm=norm, aspect="auto")
        ax.set_xticks([0, one.shape[1] - 1], ["1", str(one.shape[1])])
        ax.set_yticks([0, one.shape[0] - 1], ["1", str(one.shape[0])])
        ax.set_xlabel("neuron")
        style.panel_title(ax, title)
    axes[0, 0].set_ylabel("feature, sorted")
    fig.colorbar(ScalarMappable(norm, style.DIVERGING), ax=axes, location="bottom", shrink=0.5, aspect=30, label="weight")
    return fig


def dimension_maps(
    dimensionality: Float[np.ndarray, "panel level feature"],
    length: Float[np.ndarray, "panel level feature"],
    levels: Sequence[str],
    titles: Sequence[str],
    xlabel: str,
    bins: int = 24,
) -> Figure:
    """How the dimensionality of the represented features (length over ½) is spread, a column of shares per level.

    Grey is by the root of the share, so that small ones can be seen."""
    fig, axes = style.figure(len(titles), 1, height=3.7, sharey=True)
    norm = Normalize(0, 1)
    for p, (ax, title) in enumerate(zip(axes[0], titles, strict=True)):
        shown = [d[size > formulas.REPRESENTED] for d, size in zip(dimensionality[p], length[p], strict=True)]
        columns = [np.histogram(d, bins, (0, 1))[0] for d in shown]
        shares = np.transpose([column / max(1, column.sum()) for column in columns])
        ax.imshow(np.sqrt(shares), cmap="Greys", norm=norm, aspect="auto", origin="lower", extent=(-0.5, len(levels) - 0.5, 0, 1))
        ax.set_xticks(range(len(levels)), levels)
        ax.set_xlabel(xlabel)
        style.panel_title(ax, title)
    axes[0, 0].set_ylabel("dimensions of a feature $D_i$")
    axes[0, 0].set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "¼", "½", "¾", "1"])
    bar = fig.colorbar(
        ScalarMappable(norm, "Greys"), ax=axes, location="bottom", shrink=0.5, aspect=30, label="share of features"
    )
    bar.set_ticks(np.sqrt([0, 0.05, 0.2, 0.5, 1]), labels=["0", "5%", "20%", "50%", "100%"])
    return fig
