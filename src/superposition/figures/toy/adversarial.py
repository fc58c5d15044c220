"""Vulnerability against sparsity, beside features per dimension, and what an attack does to a single input."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposition import metrics
from superposition.figures import style

_COLOURS = list(style.PALETTE.values())
_MARKERS = "osD^v"


def _series(ax: Axes, density: np.ndarray, values: np.ndarray, k: int, name: str) -> float:
    """Mean over seeds with its interval as a band; returns where it ends."""
    mean, low, high = metrics.mean_interval(np.asarray(values, float).T)
    ax.fill_between(1 / density, low, high, color=_COLOURS[k], alpha=0.2, linewidth=0)
    ax.plot(1 / density, mean, color=_COLOURS[k], marker=_MARKERS[k], label=name, zorder=3)
    return float(mean[-1])


def _level(ax: Axes, y: float, text: str) -> None:
    ax.axhline(y, color="0.35", linewidth=1, linestyle=(0, (4, 3)), zorder=1)
    label = ax.annotate(
        text, (0.55, y), xytext=(0, -4), xycoords=("axes fraction", "data"), textcoords="offset points",
        ha="center", va="top", color="0.35", fontsize=10,
    )  # fmt: skip
    style.halo(label)


def over_sparsity(
    density: Float[np.ndarray, "density"],
    values: Sequence[Float[np.ndarray, "density seed"]],
    names: Sequence[str],
    ylabel: str,
    level: tuple[float, str] | None = None,
    highest: float | None = None,
) -> Figure:
    """A line per series against sparsity, mean over seeds with its 95% interval, from 0 up.

    `level` is a dashed line with its name."""
    fig, axes = style.figure(height=3.3)
    ax = axes[0, 0]
    style.sparsity_axis(ax, density)
    ends = [_series(ax, density, series, k, name) for k, (series, name) in enumerate(zip(values, names, strict=True))]
    if level:
        _level(ax, *level)
    ax.set(ylabel=ylabel)
    ax.set_ylim(0, highest)
    style.end_labels(ax, ends, names, _COLOURS[: len(names)])
    return fig


def vulnerability_and_features(
    density: Float[np.ndarray, "density"],
    vulnerability: Float[np.ndarray, "density seed"],
    features_per_dimension: Float[np.ndarray, "density seed"],
) -> Figure:
    """The paper's picture: vulnerability above, features per dimension below, on one sparsity axis.

    Mean over seeds with 95% intervals; at 1, dashed, a model without superposition."""
    fig, axes = style.figure(nrows=2, height=4.6, sharex=True)
    rows = ((vulnerability, "vulnerability", 0), (features_per_dimension, "features per\ndimension", 1))
    for ax, (values, ylabel, k) in zip(axes[:, 0], rows, strict=True):
        style.sparsity_axis(ax, density)
        _series(ax, density, values, k, ylabel)
        _level(ax, 1.0, "without superposition")
        ax.set(ylabel=ylabel, ylim=(0, None))
    axes[0, 0].set_xlabel("")
    return fig


def attacked_input(
    x: Float[np.ndarray, "panel n"],
    delta: Float[np.ndarray, "panel n"],
    clean: Float[np.ndarray, "panel n"],
    attacked: Float[np.ndarray, "panel n"],
    titles: Sequence[str],
) -> Figure:
    """A row per input: at the left the input and the change that is made to it, at the right the output before and after."""
    fig, axes = style.figure(ncols=2, nrows=len(x), height=0.7 + 1.55 * len(x), sharex=True)
    place = np.arange(1, x.shape[1] + 1)
    for row, (left, right) in enumerate(axes):
        left.bar(place, x[row], color="0.75", width=0.8)
        left.bar(place, delta[row], color=_COLOURS[1], width=0.45)
        right.bar(place, clean[row], color="0.75", width=0.8)
        right.bar(place, attacked[row], color=_COLOURS[0], width=0.45)
        for ax in (left, right):
            ax.axhline(0, color="0.35", linewidth=0.7)
            ax.set_xticks([1, 5, 10, 15, 20] if x.shape[1] == 20 else place[:: max(1, len(place) // 4)])
        top = 1.1 * max(1.0, x[row].max(), clean[row].max(), attacked[row].max())
        for ax in (left, right):
            ax.set_ylim(min(-0.15, 1.2 * delta[row].min()), top)
        style.panel_title(left, f"{titles[row]}: input, change")
        style.panel_title(right, "output before, after")
    for ax in axes[-1]:
        ax.set_xlabel("feature")
    return fig
