"""What depends on the width of a model, and on the dial that sets the lengths of its features."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from superposition.figures import style

_COLOURS = list(style.PALETTE.values())
_MARKERS = "osD^v"
_DASHES = ((0, (4, 3)), ":", "-.", (0, (1, 3)))


def by_width(
    width: Sequence[float] | Float[np.ndarray, "width"],
    panels: Mapping[str, Mapping[str, Float[np.ndarray, "seed width"]]],
    expected: Mapping[str, Mapping[str, Float[np.ndarray, "width"]]],
    label: str,
    ticks: Sequence[int],
    scale: str = "log",
) -> Figure:
    """A panel for each title: a line through the means of each series' seeds, which are dots; grey, dashed: what is expected.

    A series has one colour in all panels."""
    fig, axes = style.figure(ncols=len(panels), height=3.4, sharey=True)
    named, order = {}, list(dict.fromkeys(name for series in panels.values() for name in series))
    for ax, (title, series) in zip(axes[0], panels.items(), strict=True):
        for k, (name, values) in enumerate(expected.get(title, {}).items()):
            (named[name],) = ax.plot(width, values, color="0.5", linestyle=_DASHES[k], linewidth=1.2, zorder=1)
        for name, values in series.items():
            named[name] = _seeds(ax, width, values, order.index(name))
        ax.set(xscale="log", yscale=scale, xlabel="width $m$")
        ax.set_xticks(ticks, [str(m) for m in ticks])
        ax.xaxis.set_minor_locator(NullLocator())
        style.panel_title(ax, title)
    axes[0, 0].set_ylabel(label)
    fig.legend(named.values(), named.keys(), loc="outside upper center", ncols=3, fontsize=9.5)
    return fig


def _seeds(ax: Axes, x: Sequence[float] | np.ndarray, values: np.ndarray, k: int) -> object:
    """Dots, and a line through their means, which is returned."""
    ax.plot(x, values.T, _MARKERS[k], color=_COLOURS[k], markersize=2, alpha=0.5)
    return ax.plot(x, values.mean(0), color=_COLOURS[k], marker=_MARKERS[k], markersize=4)[0]


def by_dial(
    gammas: Sequence[float],
    panels: Mapping[str, Mapping[str, Float[np.ndarray, "seed gamma"]]],
    scales: Sequence[str],
) -> Figure:
    """A panel for each quantity, its title the y axis' label: a line for each series against γ, whose values stand evenly."""
    fig, axes = style.figure(ncols=len(panels), height=3.2)
    for ax, (title, series), scale in zip(axes[0], panels.items(), scales, strict=True):
        lines = [_seeds(ax, np.arange(len(gammas)), values, k) for k, values in enumerate(series.values())]
        ax.set_xticks(range(len(gammas)), [f"{gamma:g}".replace("-", "−") for gamma in gammas])
        ax.set(xlabel="γ", ylabel=title, yscale=scale)
    fig.legend(lines, series.keys(), loc="outside upper center", ncols=4, fontsize=9.5)
    return fig


def lengths_by_feature(lengths: Mapping[str, Float[np.ndarray, "width n"]], widths: Sequence[int]) -> Figure:
    """A panel for each title: the length of every feature's direction, a dot each, the most frequent left, a colour a width."""
    fig, axes = style.figure(ncols=len(lengths), height=2.9, sharey=True)
    for ax, (title, own) in zip(axes[0], lengths.items(), strict=True):
        number = np.arange(1, own.shape[1] + 1)
        lines = [
            ax.plot(number, values, _MARKERS[k], color=_COLOURS[k], markersize=2, markeredgewidth=0, rasterized=True)[0]
            for k, values in enumerate(own)
        ]
        ax.set(xscale="log", xlabel="feature")
        style.panel_title(ax, title)
    axes[0, 0].set(ylabel="length of its direction", ylim=(0, None))
    fig.legend(lines, [f"$m$ = {m}" for m in widths], loc="outside upper center", ncols=4, fontsize=9.5, markerscale=3)
    return fig
