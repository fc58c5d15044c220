"""Models trained on few samples and on many: what they lose, what they store, and how much of a dimension each has."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposition.figures import style

_COLOURS = list(style.PALETTE.values())
_MARKERS = "osD^v"


def _by_samples(ax: Axes, samples: np.ndarray, named: Mapping[str, np.ndarray]) -> None:
    """A line through the medians of each way, where every seed has a value, and the seeds as small dots."""
    for k, (name, values) in enumerate(named.items()):
        ax.plot(samples, np.median(values, 1), color=_COLOURS[k], marker=_MARKERS[k], markersize=4, label=name)
        ax.plot(samples, values, _MARKERS[k], color=_COLOURS[k], markersize=2, alpha=0.5)
    ax.set(xscale="log", xlabel="training samples")


def loss_by_samples(
    samples: Int[np.ndarray, "samples"],
    train: Mapping[str, Float[np.ndarray, "samples seed"]],
    test: Mapping[str, Float[np.ndarray, "samples seed"]],
) -> Figure:
    """Left the loss on the training samples, right on new ones, logarithmic; a line a way of training, a small dot a seed.

    Dashed: the loss of a model that always gives 0."""
    fig, axes = style.figure(ncols=2, height=3.2)
    for ax, named, title in zip(axes[0], (train, test), ("training samples", "new samples"), strict=True):
        ax.axhline(1, color="0.5", linestyle=(0, (4, 3)), linewidth=1, zorder=0)
        _by_samples(ax, samples, named)
        style.panel_title(ax, f"loss on {title}")
    axes[0, 0].set(ylim=(-0.03, 1.06))
    axes[0, 1].set(yscale="log")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize=10)
    return fig


def worth_by_samples(samples: Int[np.ndarray, "samples"], worth: Mapping[str, Float[np.ndarray, "samples seed"]]) -> Figure:
    """How many samples' worth of its training loss each kind of model has explained; both axes are logarithmic."""
    fig, axes = style.figure(height=3.4)
    ax = axes[0, 0]
    ax.plot(samples, samples, color="0.5", linestyle=(0, (4, 3)), linewidth=1, zorder=0, label="all of them")
    _by_samples(ax, samples, worth)
    values = np.concatenate([one.ravel() for one in worth.values()])
    ax.set(yscale="log", ylabel="samples' worth explained", ylim=(np.nanmin(values) / 1.3, np.nanmax(values) * 1.3))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axis.set_minor_locator(ticker.NullLocator())
    fig.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize=10)
    return fig


def planes_by_samples(
    hidden: Sequence[Float[np.ndarray, "sample 2"]], W: Float[np.ndarray, "panel n 2"], titles: Sequence[str]
) -> Figure:
    """A column for each number of samples: above, the samples' hidden vectors, below, the features' directions.

    Every circle is drawn to its own scale, the longest of its vectors."""
    side = style.WIDTH / len(titles)
    key = 0.25
    style.use()
    fig = Figure(figsize=(style.WIDTH, 2 * side + 2 * key))
    for column, title in enumerate(titles):
        for row, (vectors, colour) in enumerate(((hidden[column], _COLOURS[0]), (W[column], _COLOURS[1]))):
            ax = style.inches(fig, column * side + 0.04, (1 - row) * (side + key) + 0.04, side - 0.08, side - 0.08)
            longest = np.linalg.norm(vectors, axis=1).max()
            tips = vectors / longest
            ax.plot(*np.stack([0 * tips, tips, np.nan * tips], 1).reshape(-1, 2).T, color=colour, linewidth=0.8, alpha=0.5)
            ax.plot(*tips.T, "o", color=colour, markersize=2.5)
            ax.set(xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), aspect="equal")
            ax.set_axis_off()
            if row == 0:
                style.panel_title(ax, title)
    for row, name in enumerate(("samples", "features")):
        fig.text(0.01, ((1 - row) * (side + key) + 0.02) / fig.get_figheight(), name, fontsize=9.5, style="italic", color="0.3")
    return fig


def dimensionality_by_samples(
    samples: Int[np.ndarray, "samples"],
    total: Mapping[str, Float[np.ndarray, "samples seed"]],
    top: Mapping[str, Float[np.ndarray, "samples seed"]],
    null_total: Mapping[str, Float[np.ndarray, "samples"]],
    null_top: Mapping[str, Float[np.ndarray, "samples"]],
) -> Figure:
    """Left the sum of D over the samples, right the mean of the five largest D; those of random vectors are dashed."""
    fig, axes = style.figure(ncols=2, height=3.2)
    panels = (total, null_total, "sum of D"), (top, null_top, "mean of the five largest D")
    for ax, (named, null, title) in zip(axes[0], panels, strict=True):
        _by_samples(ax, samples, named)
        for k, name in enumerate(named):
            ax.plot(samples, null[name], color=_COLOURS[k], linestyle=(0, (4, 3)), linewidth=1, label=f"{name}, random")
        style.panel_title(ax, title)
    axes[0, 0].set(ylim=(0, 2.4))
    axes[0, 1].set(ylim=(0, None))
    fig.legend(*axes[0, 1].get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize=10)
    return fig
