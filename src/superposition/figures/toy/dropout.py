"""What dropout does to weights: crowds of features on two neurons, maps and curves over its rate, histograms of D_i.
Maps have the rate to the right and the sparsity upwards, a cell for each pair, evenly spaced whatever their values."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from superposition.figures import style
from superposition.figures.toy.plane import _plane, _vectors

_DASHED = (0, (4, 3))
#: From none to all, in one hue.
INK = LinearSegmentedColormap.from_list("superposition.ink", ["#ffffff", "#9cc3e4", "#0a6fb4", "#0b2f57"], N=65)


def crowds(V: Float[np.ndarray, "row column n 2"], rows: Sequence[str], columns: Sequence[str]) -> Figure:
    """Features as arrows on two neurons, which are the axes: a row per crowd, a column per rate of dropout.

    Rows of zeros at the end of a crowd are not drawn. The grey circle has length 1."""
    style.use()
    left, top, side = 0.95, 0.3, (style.WIDTH - 0.95) / V.shape[1]
    fig = Figure(figsize=(style.WIDTH, top + V.shape[0] * side))
    for r, row in enumerate(V):
        for c, vectors in enumerate(row):
            ax = style.inches(fig, left + c * side, (len(V) - 1 - r) * side, side, side)
            _plane(ax)
            ax.plot([-1.2, 1.2, np.nan, 0, 0], [0, 0, np.nan, -1.2, 1.2], color="0.72", linewidth=0.8, zorder=1)
            _vectors(ax, vectors[np.abs(vectors).sum(-1) > 0])
            if r == 0:
                ax.set_title(columns[c], pad=3)
            if c == 0:
                place = {"xycoords": "axes fraction", "textcoords": "offset points", "ha": "right", "va": "center"}
                ax.annotate(rows[r], (0, 0.5), xytext=(-4, 0), **place)
    return fig


def over_rates(
    rate: Float[np.ndarray, "rate"],
    mean: Float[np.ndarray, "series rate"],
    low: Float[np.ndarray, "series rate"],
    high: Float[np.ndarray, "series rate"],
    names: Sequence[str],
    label: str,
    null: Float[np.ndarray, "series rate"] | None = None,
    limits: tuple[float | int | None, float | int | None] = (0, None),
) -> Figure:
    """A measure against the rate of dropout, a line per series with its interval; dashed in its colour what to expect."""
    fig, axes = style.figure(height=3.4)
    ax, colours = axes[0, 0], list(style.PALETTE.values())
    for k, name in enumerate(names):
        ax.fill_between(rate, low[k], high[k], color=colours[k], alpha=0.2, linewidth=0)
        ax.plot(rate, mean[k], color=colours[k], marker="osD^v"[k], label=name, zorder=3)
        if null is not None:
            ax.plot(rate, null[k], color=colours[k], linestyle=_DASHED, linewidth=1.1, zorder=2)
    ax.set(ylim=limits, xlim=(0, None), xlabel="rate of dropout $r$", ylabel=label)
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    style.end_labels(ax, mean[:, -1], names, colours[: len(names)], gap=0.085)
    return fig


def _cells(
    ax: Axes, values: np.ndarray, size: tuple[int, int], cmap: Colormap, norm: Normalize, extent: tuple[float | int, ...]
) -> None:
    """A matrix as an image, every number `size` pixels large: viewers blur an image of few pixels."""
    grid = np.kron(values, np.ones(size))
    ax.imshow(grid, cmap, norm, extent=extent, origin="lower", interpolation="none", aspect="auto")


def _rate_axis(ax: Axes, rate: np.ndarray) -> None:
    shown = [k for k, r in enumerate(rate) if r in (0, 0.1, 0.3, 0.5, 0.7, 0.9)]
    ax.set_xticks(shown, [f"{100 * rate[k]:.0f}" for k in shown])
    ax.set_xlabel("dropout (%)")
    ax.spines[:].set_visible(True)


def rate_maps(
    values: Float[np.ndarray, "panel rate sparsity"],
    rate: Float[np.ndarray, "rate"],
    sparsity: Float[np.ndarray, "sparsity"],
    titles: Sequence[str],
    label: str,
    limits: tuple[float | int, float | int],
    cmap: Colormap = style.DIVERGING,
) -> Figure:
    """A number for every rate and sparsity as a colour, a panel per model, all with the one scale `label`."""
    fig, axes = style.figure(len(values), height=3.1, sharey=True, width=style.NARROW if len(values) == 1 else style.WIDTH)
    norm = Normalize(*limits)
    for ax, one, title in zip(axes[0], values, titles, strict=True):
        _cells(ax, one.T, (8, 8), cmap, norm, (-0.5, len(rate) - 0.5, -0.5, len(sparsity) - 0.5))
        ax.set_yticks(range(len(sparsity)), [f"{s:g}" for s in sparsity])
        _rate_axis(ax, rate)
        ax.set_title(title)
    axes[0, 0].set_ylabel("sparsity $S$")
    bar = fig.colorbar(ScalarMappable(norm, cmap), ax=list(axes[0]), label=label, pad=0.02)
    bar.outline.set_linewidth(0.4)
    return fig


def dimensionality_histograms(
    D: Float[np.ndarray, "panel rate value"],
    rate: Float[np.ndarray, "rate"],
    titles: Sequence[str],
    columns: int = 4,
    bins: int = 52,
) -> Figure:
    """A histogram of D_i for every rate, as a column of ink, a panel per sparsity; NaN stands for no feature.

    The darkest cell of a column holds half of its features or more. Lines at 1, ½ and ⅖ mark perfect polytopes."""
    rows = -(-len(D) // columns)
    fig, axes = style.figure(columns, rows, height=0.5 + 1.75 * rows, sharex=True, sharey=True)
    for ax, values, title in zip(axes.flat, D, titles, strict=True):
        counts = np.stack([np.histogram(one[np.isfinite(one)], bins, (0, 1.04))[0] for one in values], 1)
        ink = counts / np.maximum(1, counts.sum(0))
        _cells(ax, ink, (4, 12), INK, Normalize(0, 0.5), (-0.5, len(rate) - 0.5, 0, 1.04))
        for level in (0.4, 0.5, 1):
            ax.axhline(level, color="0.5", linewidth=0.6, linestyle=_DASHED)
        ax.set_yticks([0, 0.4, 0.5, 1], ["0", "⅖", "½", "1"])
        _rate_axis(ax, rate)
        ax.set_title(title, pad=3)
    for ax in axes[:-1].flat:
        ax.set_xlabel("")
    for ax in axes[:, 0]:
        ax.set_ylabel("$D_i$")
    return fig


def transitions(
    density: Float[np.ndarray, "density"], overlap: Float[np.ndarray, "series density"], names: Sequence[str], label: str
) -> Figure:
    """What the optimum does along a line of densities, a line of steps per series."""
    fig, axes = style.figure(height=3.2)
    ax, colours = axes[0, 0], list(style.PALETTE.values())
    style.sparsity_axis(ax, density)
    for k, name in enumerate(names):
        ax.step(1 / density, overlap[k], where="mid", color=colours[k], label=name, linewidth=1.5)
    ax.set(ylim=(0, None), ylabel=label)
    style.legend(ax, loc="lower right")
    return fig
