"""A pentagon and a square with an odd feature: two branches, where they cross, and which one training finds."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, PercentFormatter

from superposition import metrics
from superposition.figures import style

_COLOURS = list(style.PALETTE.values())
_DOTTED = (0, (1.2, 2.2))


def _multiplier_axis(ax: Axes, of_what: str, axis: str = "x") -> None:
    """A logarithmic axis of multiples, ticked as ×0.001, ×0.01, …"""
    own = ax.xaxis if axis == "x" else ax.yaxis
    ax.set(**{f"{axis}scale": "log", f"{axis}label": f"the odd feature's {of_what}, times"})
    own.set_major_locator(LogLocator(10))
    own.set_major_formatter("{x:g}")
    own.set_minor_formatter(NullFormatter())


def loss_branches(
    multiplier: Float[np.ndarray, "multiplier"],
    loss: Float[np.ndarray, "axis branch multiplier"],
    stable: Bool[np.ndarray, "axis multiplier"],
    crossing: Float[np.ndarray, "axis"],
    names: Sequence[str],
    axes_names: Sequence[str],
) -> Figure:
    """The loss of both branches over the best of them, a panel per axis; a ring where they cross.

    The first branch ends with a bar where it is no minimum any more; the second is dotted where it isn't one (`stable`)."""
    fig, axes = style.figure(len(loss), 1, height=3.2, sharey=True)
    best = np.nanmin(loss, 1)
    for k, ax in enumerate(axes[0]):
        _multiplier_axis(ax, axes_names[k])
        for branch, name in enumerate(names):
            ratio = loss[k, branch] / best[k]
            firm = np.isfinite(ratio) & (stable[k] if branch else True)
            ax.plot(multiplier, np.where(firm, ratio, np.nan), color=_COLOURS[branch], label=name, zorder=3)
            ax.plot(multiplier, ratio, color=_COLOURS[branch], linestyle=_DOTTED, linewidth=1.4, zorder=2)
        end = np.flatnonzero(np.isfinite(loss[k, 0]))[0]
        ax.plot(multiplier[end], loss[k, 0, end] / best[k, end], "|", color=_COLOURS[0], markersize=13, markeredgewidth=2)
        ax.plot(crossing[k], 1, "o", markersize=8, markerfacecolor="white", markeredgecolor="black", zorder=5)
        ax.annotate(
            f"×{crossing[k]:.2f}", (crossing[k], 1), xytext=(0, -7), textcoords="offset points", ha="center", va="top", zorder=5
        )
        ax.set(yscale="log", ylim=(0.82, 4))
        ax.yaxis.set_minor_formatter(NullFormatter())
        ax.set_yticks([1, 1.5, 2, 3, 4], ["1", "1.5", "2", "3", "4"])
    axes[0, 0].set_ylabel("loss over that of the better shape")
    axes[0, 0].legend(loc="upper left")
    return fig


def deformation(
    multiplier: Float[np.ndarray, "multiplier"],
    length: Float[np.ndarray, "axis branch multiplier"],
    angle: Float[np.ndarray, "axis multiplier"],
    crossing: Float[np.ndarray, "axis"],
    axes_names: Sequence[str],
) -> Figure:
    """The odd feature's length, and its angle to its neighbours in degrees, along the best shape: solid; dotted, where
    the shape is not the best. The vertical step is the jump at the crossing."""
    fig, axes = style.figure(2, 1, height=3.1)
    fig.get_layout_engine().set(w_pad=0.12)  # the right panel's label is nobody's tick
    for ax, label in zip(axes[0], ("length of the odd feature", "angle to its neighbours (degrees)"), strict=True):
        _multiplier_axis(ax, "density or importance")
        ax.set(xlabel="density or importance, times", ylabel=label)
    axes[0, 0].set_ylim(-0.04, 1.3)
    axes[0, 1].axhline(72, color="0.6", linewidth=0.8)
    for k, name in enumerate(axes_names):
        above = multiplier >= crossing[k]
        curves = [(axes[0, 0], length[k, 0], above), (axes[0, 0], length[k, 1], ~above), (axes[0, 1], angle[k], above)]
        for ax, values, best in curves:
            ax.plot(multiplier, np.where(best, values, np.nan), color=_COLOURS[k], label=name if ax is axes[0, 1] else None)
            ax.plot(multiplier, values, color=_COLOURS[k], linestyle=_DOTTED, linewidth=1.2)
        at = np.interp(np.log(crossing[k]), np.log(multiplier), length[k, 0])
        axes[0, 0].plot([crossing[k]] * 2, [0, at], color=_COLOURS[k], linewidth=1)
    axes[0, 1].set_xlim(axes[0, 0].get_xlim())
    axes[0, 1].legend(loc="upper left")
    return fig


def found_shapes(
    multiplier: Float[np.ndarray, "point"],
    counts: Int[np.ndarray, "axis point shape"],
    both: Float[np.ndarray, "axis 2"],
    crossing: Float[np.ndarray, "axis"],
    names: Sequence[str],
    axes_names: Sequence[str],
) -> Figure:
    """The share of seeds that end in each shape, with Wilson's 95% intervals, a panel per axis.

    Grey: from `both[:, 0]` to `both[:, 1]` both shapes are minima. Upright line: where the better one changes."""
    fig, axes = style.figure(len(counts), 1, height=3.1, sharey=True)
    for k, ax in enumerate(axes[0]):
        _multiplier_axis(ax, axes_names[k])
        ax.axvspan(*both[k], color="0.9", linewidth=0, zorder=0)
        ax.axvline(crossing[k], color="0.35", linewidth=1, zorder=1)
        for shape, name in enumerate(names):
            if not counts[:, :, shape].any():
                continue
            rates = [metrics.rate_interval(int(row[shape]), int(row.sum())) for row in counts[k]]
            rate, low, high = np.array(rates).T
            ax.fill_between(multiplier, low, high, color=_COLOURS[shape], alpha=0.2, linewidth=0)
            ax.plot(
                multiplier, rate, color=_COLOURS[shape], marker="osD^"[shape], markersize=4, label=name, clip_on=False, zorder=3
            )
        ax.set(ylim=(0, 1), xlim=(multiplier[0], multiplier[-1]))
        ax.yaxis.set_major_formatter(PercentFormatter(1))
    axes[0, 0].set_ylabel(f"share of {counts[0, 0].sum()} seeds")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return fig


def border(
    importance: Float[np.ndarray, "row"],
    crossing: Float[np.ndarray, "row"],
    end: Float[np.ndarray, "row"],
    points: Float[np.ndarray, "axis 2"],
) -> Figure:
    """Where pentagon and square cost the same, in the plane of the odd feature's density and importance (multiples).

    `end`: the rarest density at which the pentagon is still a minimum. `points`: crossings found on the two axes
    (density, importance). The thin line has a constant product of both. Rows without a crossing are below or above all
    that the map shows."""
    fig, axes = style.figure(height=3.9)
    ax = axes[0, 0]
    _multiplier_axis(ax, "density")
    _multiplier_axis(ax, "importance", "y")
    there = np.isfinite(crossing)
    left, right = 0.01, 10.0
    above = importance >= importance[there][0]
    ax.fill_betweenx(importance[above], np.where(there, crossing, left)[above], right, color=_COLOURS[0], alpha=0.13, linewidth=0)
    ax.plot(crossing[there], importance[there], color="black", zorder=3)
    ax.plot(end[there], importance[there], color=_COLOURS[0], linestyle=_DOTTED, zorder=2)
    product = points[0, 0] / importance
    ax.plot(product, importance, color="0.5", linewidth=0.9, zorder=1)
    ax.plot(*points.T, "o", markersize=8, markerfacecolor="white", markeredgecolor="black", zorder=5)
    ax.set(xlim=(left, right), ylim=(importance[0], importance[-1]))
    ax.text(0.97, 0.55, "pentagon is best", transform=ax.transAxes, ha="right", color=_COLOURS[0])
    ax.text(0.03, 0.12, "square is best", transform=ax.transAxes, color=_COLOURS[1])
    return fig
