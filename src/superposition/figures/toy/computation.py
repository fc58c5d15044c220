"""Networks that compute: losses against what dedicated neurons could do, weights as small maps, tall stacks, and a film."""

from collections.abc import Callable, Mapping, Sequence
from math import ceil

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator, NullLocator, PercentFormatter

from superposition.figures import style

_COLOURS = list(style.PALETTE.values())
_DASHED = (0, (4, 3))


def _panels(count: int, columns: int, height: float, **subplots: object) -> tuple[Figure, list[Axes]]:
    """As many axes in a grid that a phone needn't scroll; what is over of its last row stays empty."""
    rows = ceil(count / columns)
    fig, axes = style.figure(columns, rows, height=height * rows, width=style.NARROW, **subplots)
    for ax in axes.flat[count:]:
        ax.set_axis_off()
    return fig, list(axes.flat[:count])


def _key(ax: Axes, entries: Mapping[str, Mapping[str, object]]) -> None:
    """A legend in an empty panel: what each line style means."""
    for name, line in entries.items():
        ax.plot([], [], label=name, **line)
    ax.legend(loc="center left", bbox_to_anchor=(0, 0.5), handlelength=2)


def crowding(
    on: Float[np.ndarray, "on"],
    plain: Float[np.ndarray, "three target activation on"],
    staged: Float[np.ndarray, "three target activation on"],
    dedicated: Float[np.ndarray, "target activation on"],
    titles: Sequence[str],
    names: Sequence[str],
) -> Figure:
    """What is left of the targets' variance against the rate of inputs, a panel a target, sparse data at the right.

    `plain` and `staged` are two ways to train, thin and thick: mean, low and high. Dashes are dedicated neurons."""
    fig, axes = _panels(len(titles) + 1, 2, 1.95, sharey=True)
    *axes, key = axes
    key.set_axis_off()
    for t, ax in enumerate(axes):
        for a, colour in zip(range(len(names)), _COLOURS):
            for (mean, low, high), width in ((plain[:, t, a], 0.9), (staged[:, t, a], 2.2)):
                ax.fill_between(1 / on, low, high, color=colour, alpha=0.2, linewidth=0)
                ax.plot(1 / on, mean, color=colour, linewidth=width)
            ax.plot(1 / on, dedicated[t, a], color=colour, linestyle=_DASHED, linewidth=1.1)
        ax.set(xscale="log", ylim=(0, 1.02))
        ax.set_xticks(1 / on, [f"{p:g}" for p in on])
        ax.xaxis.set_minor_locator(NullLocator())
        ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        style.panel_title(ax, titles[t])
    for ax in axes[::2]:
        ax.set_ylabel("loss, of a constant's")
    fig.supxlabel("rate at which inputs are on", fontsize=11)
    lines = {name: {"color": colour, "linewidth": 2.2} for name, colour in zip(names, _COLOURS)}
    _key(key, lines | {
        "the same, trained directly": {"color": "0.3", "linewidth": 0.9},
        "dedicated neurons": {"color": "0.3", "linestyle": _DASHED, "linewidth": 1.1},
    })  # fmt: skip
    return fig


def loss_dots(
    on: Float[np.ndarray, "on"],
    loss: Float[np.ndarray, "target activation on seed"],
    least: Float[np.ndarray, "target activation on"],
    titles: Sequence[str],
    names: Sequence[str],
    solved: float,
) -> Figure:
    """The loss of every seed as a dot on a logarithmic axis, a panel a target, the activations side by side.

    Dashed is the threshold below which a network counts as solved; short bars are the best loss known, where it is on the
    axis. Losses below the axis lie on its lower end."""
    fig, axes = _panels(len(titles) + 1, 2, 2.0, sharey=True)
    *axes, key = axes
    key.set_axis_off()
    bottom, spread = 1e-6, np.random.default_rng(0).uniform(-0.13, 0.13, loss.shape[-1])
    for t, ax in enumerate(axes):
        for a, colour in zip(range(len(names)), _COLOURS):
            for p in range(len(on)):
                x = p + 0.2 * (2 * a - 1)
                ax.plot(x + spread, loss[t, a, p].clip(bottom), ".", color=colour, markersize=3, alpha=0.6, rasterized=True)
                if least[t, a, p] > bottom:
                    ax.hlines(least[t, a, p], x - 0.18, x + 0.18, color="black", linewidth=1.3, zorder=4)
        ax.axhline(solved, color="0.35", linewidth=0.9, linestyle=_DASHED, zorder=0)
        ax.set(yscale="log", ylim=(0.6 * bottom, 5))
        ax.set_xticks(range(len(on)), [f"{p:.2g}" for p in on])
        ax.set_yticks([1, 1e-2, 1e-4, 1e-6], ["100%", "1%", "0.01%", "0"])
        ax.yaxis.set_minor_locator(NullLocator())
        style.panel_title(ax, titles[t])
    for ax in axes[::2]:
        ax.set_ylabel("loss, of a constant's")
    fig.supxlabel("rate at which inputs are on", fontsize=11)
    lines = {name: {"color": colour, "marker": ".", "linestyle": ""} for name, colour in zip(names, _COLOURS)}
    _key(
        key, lines | {"solved below": {"color": "0.35", "linestyle": _DASHED}, "best known": {"color": "black", "linewidth": 1.3}}
    )
    return fig


def _map(ax: Axes, W: Float[np.ndarray, "row column"], limit: float, values: bool = False) -> AxesImage:
    """A matrix as a heat map with its cells' numbers where wanted, rows and columns counted from 1."""
    rows, columns = W.shape
    cell = np.ones((ceil(160 / rows),) * 2)  # viewers blur an image of few pixels, so each cell gets several
    image = ax.imshow(
        np.kron(W, cell), cmap=style.DIVERGING, norm=Normalize(-limit, limit), interpolation="none",
        extent=(0.5, columns + 0.5, rows + 0.5, 0.5), aspect="auto",
    )  # fmt: skip
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    ax.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(True)
    if values:
        for (i, k), w in np.ndenumerate(W):
            ink = "white" if abs(w) > 0.7 * limit else "black"
            number = f"{w.round(1) + 0.0:.1f}".replace("-", "−")
            ax.text(k + 1, i + 1, number, ha="center", va="center", fontsize=8.5, color=ink)
    return image


def matrix_maps(
    maps: Sequence[Float[np.ndarray, "_ _"]],
    titles: Sequence[str],
    rows: Sequence[str],
    columns: Sequence[str],
    boxes: Sequence[Sequence[tuple[int, int]]] = (),
    across: int = 2,
    height: float | int = 2.0,
) -> Figure:
    """Matrices with their numbers, `across` side by side, all on one scale; a row of them is `height` inches high.

    `rows` and `columns` name what each map's rows and columns are; `boxes` are cells to frame, a list a map."""
    fig, axes = _panels(len(maps), across, height)
    limit = max(float(np.abs(W).max()) for W in maps)
    for k, (ax, W) in enumerate(zip(axes, maps, strict=True)):
        _map(ax, W, limit, values=True)
        ax.set_xlabel(columns[k])
        ax.set_ylabel(rows[k])
        style.panel_title(ax, titles[k])
        for i, j in boxes[k] if boxes else ():
            ax.add_patch(Rectangle((j + 0.5, i + 0.5), 1, 1, fill=False, linewidth=2, edgecolor="black", clip_on=False, zorder=4))
    return fig


def tall_stacks(W: Float[np.ndarray, "panel n_features n_hidden"], titles: Sequence[str], notes: Sequence[str]) -> Figure:
    """A bar per neuron for networks with many: positive weights upwards, negative ones downwards, the largest at the line of 0.

    Neurons are sorted by the feature with the largest weight. Colours are the features', the most important the darkest."""
    panels, n, m = W.shape
    fig, axes = style.figure(1, panels, height=1.25 * panels + 0.9, sharex=True)
    colours = style.importance_colours(n)
    for k, ax in enumerate(axes[:, 0]):
        order = np.argsort(np.abs(W[k]).argmax(0), kind="stable")
        for sign in (1, -1):
            _stacked(ax, np.maximum(sign * W[k][:, order], 0), sign, colours)
        ax.axhline(0, color="black", linewidth=0.7)
        ax.set(xlim=(-0.7, m - 0.3), ylabel="weights")
        ax.set_xticks([])
        ax.set_title(f"{titles[k]}: {notes[k]}", loc="left")
    axes[-1, 0].set_xlabel("neurons, by the feature with the largest weight")
    bar = fig.colorbar(
        ScalarMappable(Normalize(1, n), style.IMPORTANCE), ax=list(axes[:, 0]), location="bottom", aspect=50, pad=0.02,
        label="feature, from the most to the least important",
    )  # fmt: skip
    bar.set_ticks(np.unique(np.linspace(1, n, 6).round().astype(int)))
    return fig


def _stacked(ax: Axes, heights: Float[np.ndarray, "n m"], sign: int, colours: np.ndarray) -> None:
    """Bars of non-negative pieces, the largest first; those too small to be seen are left out."""
    ranks = np.argsort(-heights, 0)
    sizes = np.take_along_axis(heights, ranks, 0)
    sizes[sizes < 0.01 * heights.max()] = 0
    bottoms, neurons = np.cumsum(sizes, 0) - sizes, np.arange(heights.shape[1])
    for level in range(int((sizes > 0).any(1).sum())):
        seen = sizes[level] > 0
        ax.bar(
            neurons[seen], sign * sizes[level, seen], bottom=sign * bottoms[level, seen], width=0.8,
            color=colours[ranks[level, seen]], rasterized=True,
        )  # fmt: skip


def computing_film(
    step: Int[np.ndarray, "frame"],
    W1: Float[np.ndarray, "frame n m"],
    W2: Float[np.ndarray, "frame m n"],
    loss: Float[np.ndarray, "frame"],
    dedicated: float,
) -> Callable[[int], Figure]:
    """The frames of a film: weights in and out of the hidden layer, and the loss beside what dedicated neurons can reach.

    The function returned redraws one figure, so use a frame before asking for the next."""
    style.use()
    fig = Figure(figsize=(style.WIDTH, 3.3), facecolor="white")
    limit = float(np.quantile(np.abs(np.concatenate([W1[-1].ravel(), W2[-1].ravel()])), 0.98))
    maps = [style.inches(fig, left, 0.98, 1.55, 1.85) for left in (0.5, 2.4)]
    pictures = [_map(ax, matrix, limit) for ax, matrix in zip(maps, (W1[0], W2[0].T))]
    for ax, title in zip(maps, ("weights in", "weights out")):
        ax.set(title=title, xlabel="neuron")
    maps[0].set_ylabel("feature")
    right = style.inches(fig, 4.65, 0.98, 1.7, 1.85)
    (curve,) = right.plot([], [], color="black")
    right.axhline(dedicated, color="0.35", linewidth=0.9, linestyle=_DASHED)
    right.annotate("dedicated neurons", (1, dedicated), xytext=(0, 3), xycoords=("axes fraction", "data"), textcoords="offset points",  # noqa: E501
                   ha="right", color="0.3", fontsize=9.5)  # fmt: skip
    right.set(xlim=(0, step[-1]), ylim=(0, 1.1), title="loss, of a constant's", xlabel="training step")
    right.set_xticks([0, step[-1] // 2, step[-1]])
    right.xaxis.set_major_formatter("{x:,.0f}")
    right.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    clock = fig.text(0.5, 0.985, "", ha="center", va="top", color="0.3")

    def frame(k: int) -> Figure:
        for picture, matrix in zip(pictures, (W1[k], W2[k].T)):
            side = ceil(160 / len(matrix))
            picture.set_data(np.kron(matrix, np.ones((side, side))))
        curve.set_data(step[: k + 1], loss[: k + 1])
        clock.set_text(f"step {int(step[k]):,}")
        return fig

    return frame
