"""What dictionaries tell of sums, beside other directions; and how much of z they explain, beside the answers that they keep."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from superposition.figures import style

_COLOURS = list(style.PALETTE.values())
_MARKERS = "osD^v"


def told_by_family(told: Mapping[str, Float[np.ndarray, "seed family"]], names: Sequence[str], label: str) -> Figure:
    """A row for each family, the mean over seeds of each of `told` as a mark and its seeds as small ones; the first is a
    dictionary's and stands out. Families that are NaN have no row."""
    first = next(iter(told.values()))
    there = np.flatnonzero(~np.isnan(first).any(0))
    fig, axes = style.figure(height=0.36 * len(there) + 1.5, width=style.WIDTH)
    ax, rows = axes[0, 0], np.arange(len(there))
    for row in rows:
        ax.axhline(row, color="0.88", linewidth=0.7, zorder=0)
    colours = [_COLOURS[1], "0.45", *(_COLOURS[k] for k in (0, 2, 3)), "0.2"]
    for k, (name, values) in enumerate(told.items()):
        own, lift = values[:, there], (k - (len(told) - 1) / 2) * 0.11
        ax.plot(
            own.mean(0),
            rows + lift,
            _MARKERS[k % 5],
            color=colours[k],
            markersize=7 if k == 0 else 5,
            label=name,
            zorder=4 - k / 9,
        )
        ax.plot(own.T, rows + lift, "|", color=colours[k], markersize=4, alpha=0.45)
    ax.set(
        xlabel=label,
        ylim=(len(there) - 0.4, -0.6),
        xlim=(min(-0.03, 1.05 * np.nanmin([v[:, there].min() for v in told.values()])), 1.02),
    )
    ax.set_yticks(rows, [names[k] for k in there])
    ax.tick_params(axis="y", length=0)
    ax.axvline(0, color="0.6", linewidth=0.8, zorder=0)
    fig.legend(loc="outside upper center", ncols=3, fontsize=9.5)
    return fig


def explained_and_right(
    copies: Mapping[str, tuple[Float[np.ndarray, "point"], Float[np.ndarray, "point"]]],
    codes: Mapping[str, tuple[float, float]],
    whole: float,
) -> Figure:
    """The share of the variance that copies of z explain, and of digits that are right with them in its place: a line through
    the points of each kind of dictionary, a labelled dot for each known code, and a dashed line for the model itself."""
    fig, axes = style.figure(height=3.7, width=style.WIDTH)
    ax = axes[0, 0]
    ax.axhline(whole, color="0.4", linestyle=(0, (4, 3)), linewidth=1)
    style.halo(ax.text(0.2, whole - 0.015, "the model itself", color="0.3", fontsize=9.5, va="top"))
    for k, (name, (explained, right)) in enumerate(copies.items()):
        ax.plot(explained, right, color=_COLOURS[k], marker=_MARKERS[k], markersize=5, label=name, zorder=3)
    for name, (explained, right) in codes.items():
        ax.plot(explained, right, "*", color=_COLOURS[3], markersize=11, zorder=4)
        side = {"xytext": (-7, 5), "ha": "right"} if explained > 0.75 else {"xytext": (7, 3), "ha": "left"}
        style.halo(ax.annotate(name, (explained, right), textcoords="offset points", fontsize=9.5, va="bottom", **side))
    ax.plot([], [], "*", color=_COLOURS[3], markersize=9, label="known codes", linestyle="none")
    ax.set(xlim=(0, 1.02), ylim=(0, 1.1), xlabel="variance of $z$ explained", ylabel="digits right with it in place of $z$")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1))
    fig.legend(loc="outside upper center", ncols=3)
    return fig
