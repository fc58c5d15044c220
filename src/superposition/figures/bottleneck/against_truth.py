"""Measures of superposition against what the models are known to carry, and how well each measure ranks them."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from superposition.figures import style

_COLOURS = list(style.PALETTE.values())
_MARKERS = "osD^v"
_DASHED = (0, (4, 3))


def against_truth(
    truth: Float[np.ndarray, "kind model"],
    measures: Float[np.ndarray, "panel kind model"],
    titles: Sequence[str],
    kinds: Sequence[str],
) -> Figure:
    """A panel for each measure: a dot a model, across what it carries and up what the measure says, in features per dimension.

    On the dashed diagonal the measure is right."""
    columns = 3
    rows = -(-len(titles) // columns)
    fig, axes = style.figure(columns, rows, height=0.5 + 2.15 * rows, sharex=True, sharey=True)
    most = 1.05 * max(float(truth.max()), float(measures.max()))
    for p, ax in enumerate(axes.flat):
        if p >= len(titles):
            ax.remove()
            continue
        ax.plot([0, most], [0, most], color="0.35", linestyle=_DASHED, linewidth=1, zorder=1)
        for k in range(len(kinds)):
            ax.plot(truth[k], measures[p, k], _MARKERS[k], color=_COLOURS[k], markersize=4, alpha=0.8, zorder=3 - k / 10)
        style.panel_title(ax, titles[p])
    axes[0, 0].set(xlim=(0, 1.1 * truth.max()), ylim=(0, most))
    for ax in axes[-1]:
        ax.set_xlabel("features carried")
    for ax in axes[:, 0]:
        ax.set_ylabel("the measure")
    handles = [
        Line2D([], [], color=_COLOURS[k], marker=_MARKERS[k], linestyle="none", label=kind) for k, kind in enumerate(kinds)
    ]
    handles.append(Line2D([], [], color="0.35", linestyle=_DASHED, linewidth=1, label="right"))
    fig.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return fig


def rank_agreement(
    overall: tuple[Float[np.ndarray, "measure"], Float[np.ndarray, "measure"], Float[np.ndarray, "measure"]],
    within: tuple[Float[np.ndarray, "measure"], Float[np.ndarray, "measure"], Float[np.ndarray, "measure"]],
    names: Sequence[str],
) -> Figure:
    """The rank correlation of each measure with the truth, mean with interval: over all models, and at one width at a time.

    Measures stand in the order of the first."""
    fig, axes = style.figure(height=1.2 + 0.3 * len(names))
    ax = axes[0, 0]
    order, y = np.argsort(-overall[0], kind="stable"), np.arange(len(names))
    for k, (label, (mean, low, high)) in enumerate({"all models": overall, "within a width": within}.items()):
        place = y + (0.14 if k else -0.14)
        ax.hlines(place, low[order], high[order], color=_COLOURS[k], linewidth=2)
        ax.plot(mean[order], place, _MARKERS[k], color=_COLOURS[k], label=label)
    ax.axvline(0, color="0.35", linewidth=0.8)
    ax.set_yticks(y, [names[k] for k in order])
    ax.set(xlim=(min(-0.5, float(min(overall[1].min(), within[1].min())) - 0.05), 1.02), ylim=(len(names) - 0.5, -0.5))
    ax.set_xlabel("rank correlation with the truth")
    fig.legend(loc="outside lower center", ncols=2)
    return fig
