"""Rules as arrows in the plane of two heads, and what models of heads miss, over heads and over the scale of exact weights."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from superposition.figures import style

_LEAST = 1e-5  # what misses less is drawn here
_MARKERS = "osD^v"


def strengths(strength: Float[np.ndarray, "panel rule two"], titles: Sequence[str]) -> Figure:
    """A panel for each model of two heads: every rule an arrow, how much each head turns when an A comes, over the longest.

    Rules that a model doesn't have are NaN. Heads are put in the order in which the first rule leans to the first one."""
    fig, axes = style.figure(ncols=len(titles), height=1.9, sharex=True, sharey=True)
    for ax, arrows, title in zip(axes[0], strength, titles, strict=True):
        arrows = arrows[np.isfinite(arrows).all(-1)]
        arrows = arrows / np.abs(arrows).max(0)  # each head in its own measure
        colours = style.importance_colours(len(arrows))
        order = np.argsort(np.arctan2(arrows[:, 1], arrows[:, 0]))
        for colour, (x, y) in zip(colours, arrows[order], strict=True):
            ax.annotate(
                "",
                (x, y),
                (0, 0),
                arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 1.8, "shrinkA": 0, "shrinkB": 0},
            )
            ax.plot(x, y, ".", color=colour, markersize=2)
        ax.set(xlim=(-0.08, 1.12), ylim=(-0.08, 1.12), aspect="equal", xticks=[0, 1], yticks=[0, 1], xlabel="head 0")
        style.panel_title(ax, title)
    axes[0, 0].set_ylabel("head 1")
    return fig


def missed_by_heads(
    missed: Float[np.ndarray, "rules heads d_head seed"], rules: Sequence[int], heads: Sequence[int], d_heads: Sequence[int],
    solved: float,
) -> Figure:  # fmt: skip
    """A panel for each size of heads: a line a number of rules through the medians over seeds, which are dots.

    Below the grey line a model has all its rules."""
    fig, axes = style.figure(ncols=len(d_heads), height=3.3, sharey=True)
    colours = list(style.PALETTE.values())
    for d, (ax, d_head) in enumerate(zip(axes[0], d_heads, strict=True)):
        ax.axhline(solved, color="0.5", linewidth=1, linestyle=(0, (4, 3)))
        for r, count in enumerate(rules):
            x = np.arange(len(heads)) + 0.09 * (r - (len(rules) - 1) / 2)
            y = np.maximum(missed[r, :, d], _LEAST)
            ax.plot(
                x, np.median(y, -1), color=colours[r], linewidth=1.3, marker=_MARKERS[r], markersize=4, label=f"{count} rules"
            )
            ax.plot(x, y, _MARKERS[r], color=colours[r], markersize=2, alpha=0.5)
        ax.set(yscale="log", xlabel="heads", xticks=range(len(heads)), xticklabels=[str(count) for count in heads])
        style.panel_title(ax, f"{d_head} dimension{'s' * (d_head > 1)} a head")
    axes[0, 0].set(ylabel="missed", ylim=(_LEAST / 1.5, 1.2))
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=5, fontsize=9.5)
    return fig


def missed_by_scale(
    scales: Float[np.ndarray, "scale"], missed: Mapping[str, Float[np.ndarray, "rules scale"]], rules: Sequence[int]
) -> Figure:
    """A panel for each model with exact weights: what it misses over the scale of its weights, a line a number of rules."""
    fig, axes = style.figure(ncols=len(missed), height=2.9, sharey=True)
    colours = list(style.PALETTE.values())
    for ax, (name, each) in zip(axes[0], missed.items(), strict=True):
        for r, count in enumerate(rules):
            ax.plot(
                scales,
                np.maximum(each[r], _LEAST),
                color=colours[r],
                marker=_MARKERS[r],
                markersize=3.5,
                linewidth=1.2,
                label=f"{count} rules",
            )
        ax.set(xscale="log", yscale="log", xlabel="scale")
        style.panel_title(ax, name)
    axes[0, 0].set(ylabel="missed", ylim=(_LEAST / 1.5, 1.2))
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=5, fontsize=9.5)
    return fig
