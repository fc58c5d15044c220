"""Shares, losses and counts against sparsity: lines with intervals, named where they run."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from superposition import metrics
from superposition.figures import style

_COLOURS = list(style.PALETTE.values())
_MARKERS = "osD^v"


def shape_frequencies(
    counts: Int[np.ndarray, "density shape"], density: Float[np.ndarray, "density"], names: Sequence[str]
) -> Figure:
    """The share of seeds that end in each shape against sparsity, with Wilson's 95% intervals as bands."""
    fig, axes = style.figure(height=3.3)
    ax = axes[0, 0]
    rates = np.array([[metrics.rate_interval(k, sum(row)) for k in row] for row in counts.tolist()])
    rate, low, high = rates.transpose(2, 1, 0)
    ax.set(ylim=(0, 1), ylabel=f"share of {counts.sum(axis=1).max()} seeds")
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25%", "50%", "75%", "100%"])
    style.sparsity_axis(ax, density)
    _bands(ax, 1 / density, rate, low, high, names, clip_on=False)
    _peak_labels(ax, 1 / density, rate, high, names)
    return fig


def _peak_labels(ax: Axes, x: np.ndarray, y: np.ndarray, high: np.ndarray, names: Sequence[str]) -> None:
    """Names each series above the band at the middle of its highest points, inside the plot at its ends.

    Where another line runs through that place, the name stands to the right of the next point."""
    for k, (series, name) in enumerate(zip(y, names, strict=True)):
        top = np.flatnonzero(series >= series.max() - 0.02)
        at = top[len(top) // 2]
        side = {x[0]: "left", x[-1]: "right"}.get(x[at], "center")
        if side == "center" and _crossed(ax, x, np.delete(y, k, 0), np.array([x[at], high[k, at]]), name, 0.5):
            at, side = at + 1, "left"
        if series.max() > 0:
            label = ax.annotate(
                name, (x[at], max(high[k, at], series[at] + 0.02)), xytext=(0, 2), textcoords="offset points",
                ha=side, va="bottom", color=_COLOURS[k % len(_COLOURS)], annotation_clip=False, zorder=5,
            )  # fmt: skip
            style.halo(label)


def _crossed(ax: Axes, x: np.ndarray, lines: np.ndarray, place: Float[np.ndarray, "2"], name: str, before: float | int) -> bool:
    """Whether a line runs through a name whose lower edge is at `place`, with the part `before` of it to the left."""

    def fractions(points: np.ndarray) -> np.ndarray:
        return ax.transAxes.inverted().transform(ax.transData.transform(points))

    ax.get_xlim(), ax.get_ylim()  # settles limits that are still to be computed
    ((left, bottom),), wide, tall = fractions(place[None]), 0.02 * len(name), 0.08  # of the axes, nearly
    along = left - before * wide + np.linspace(0, wide, 12)
    for line in lines[np.isfinite(lines).sum(1) > 1]:
        across = np.interp(along, *fractions(np.column_stack([x, line])[np.isfinite(line)]).T, left=np.nan, right=np.nan)
        low, high = np.minimum(across[1:], across[:-1]), np.maximum(across[1:], across[:-1])
        if ((low < bottom + tall) & (high > bottom)).any():
            return True
    return False


def _bands(
    ax: Axes,
    x: np.ndarray,
    mean: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    names: Sequence[str],
    **line: object,
) -> None:
    """A line per series with its interval as a band behind it."""
    for k, name in enumerate(names):
        colour, marker = _COLOURS[k % len(_COLOURS)], _MARKERS[k % len(_MARKERS)] if len(x) <= 30 else ""
        ax.fill_between(x, low[k], high[k], color=colour, alpha=0.2, linewidth=0)
        ax.plot(x, mean[k], color=colour, label=name, marker=marker, zorder=3, **line)


def loss_by_sparsity(
    density: Float[np.ndarray, "density"],
    mean: Float[np.ndarray, "series density"],
    low: Float[np.ndarray, "series density"],
    high: Float[np.ndarray, "series density"],
    names: Sequence[str],
    floor: Float[np.ndarray, "density"],
    floor_name: str,
) -> Figure:
    """Loss for each active feature against sparsity, a line per series with its interval; NaN where there is nothing.

    `floor` is the best possible loss of another kind of model, drawn dashed and named."""
    fig, axes = style.figure(height=3.3)
    ax = axes[0, 0]
    style.sparsity_axis(ax, density)
    ax.plot(1 / density, floor, color="0.35", linewidth=1, linestyle=(0, (4, 3)), zorder=1, label=floor_name)
    _bands(ax, 1 / density, mean, low, high, names)
    ax.set(ylim=(0, None), ylabel="loss per active feature")
    _end_labels(ax, np.vstack([mean, floor]), [*names, floor_name])
    return fig


def kinds(
    density: Float[np.ndarray, "density"],
    mean: Float[np.ndarray, "kind density"],
    low: Float[np.ndarray, "kind density"],
    high: Float[np.ndarray, "kind density"],
    names: Sequence[str],
) -> Figure:
    """The share of represented features of each kind (alone, in a pair, in a larger group) against sparsity."""
    fig, axes = style.figure(height=3.3)
    ax = axes[0, 0]
    style.sparsity_axis(ax, density)
    ax.set(ylim=(0, 1), ylabel="share of represented features")
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    _bands(ax, 1 / density, mean, low, high, names)
    _end_labels(ax, mean, names)
    return fig


def _end_labels(ax: Axes, y: np.ndarray, names: Sequence[str]) -> None:
    """Names each series beside its last point: at the right edge, or where it ends before, a line lower if another runs there."""
    x = ax.get_lines()[0].get_xdata()
    colours = {line.get_label(): line.get_color() for line in ax.get_lines()}
    whole = [k for k, series in enumerate(y) if np.isfinite(series[-1])]
    for k in set(range(len(names))) - set(whole):
        last = np.flatnonzero(np.isfinite(y[k]))[-1]
        end = np.array([x[last], y[k, last]])
        lower = _crossed(ax, x, np.delete(y, k, 0), end - [0, 0.04 * ax.get_ylim()[1]], names[k], 0)
        label = ax.annotate(
            names[k],
            end,
            xytext=(4, -12) if lower else (7, 0),
            textcoords="offset points",
            va="center",
            color=colours[names[k]],
            zorder=5,
        )
        style.halo(label)
    style.end_labels(ax, [y[k, -1] for k in whole], [names[k] for k in whole], [colours[names[k]] for k in whole])


def represented(
    density: Float[np.ndarray, "density"],
    mean: Float[np.ndarray, "series density"],
    low: Float[np.ndarray, "series density"],
    high: Float[np.ndarray, "series density"],
    names: Sequence[str],
    n_hidden: int,
    n_features: int,
) -> Figure:
    """How many features are represented against sparsity, a line per model with its interval over seeds.

    The dashed line is what a model without superposition can hold: one feature per hidden dimension."""
    fig, axes = style.figure(height=3.3)
    ax = axes[0, 0]
    style.sparsity_axis(ax, density)
    ax.set(ylim=(0, n_features * 1.02), ylabel=f"represented features (of {n_features})")
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.axhline(n_hidden, color="0.35", linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    ax.annotate(
        f"hidden dimensions: {n_hidden}",
        (0, n_hidden),
        xytext=(4, -9),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="top",
        color="0.35",
        fontsize=10,
    )
    _bands(ax, 1 / density, mean, low, high, names)
    _end_labels(ax, mean, names)
    return fig


def features_per_dimension(density: Float[np.ndarray, "density"], values: Float[np.ndarray, "density seed"]) -> Figure:
    """Features per dimension against sparsity: each seed a thin line, their median a thick one.

    At 1, dashed, every dimension carries one feature."""
    fig, axes = style.figure(height=3.3)
    ax = axes[0, 0]
    style.sparsity_axis(ax, density)
    ax.set_ylabel("features per dimension  $‖W‖^2_F / m$")
    ax.axhline(1, color="0.35", linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    ax.plot(1 / density, values, color=style.PALETTE["blue"], linewidth=0.7, alpha=0.45)
    ax.plot(1 / density, np.median(values, axis=1), color=style.PALETTE["blue"], linewidth=2.2)
    ax.set_ylim(bottom=0)
    return fig
