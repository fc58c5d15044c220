"""The pictures of the chapters on toy autoencoders: weights as vectors, Gram matrices, counts and losses.
Every function takes arrays with named axes and returns a figure; the density of a feature is 1 − S."""

from collections.abc import Callable, Sequence
from math import ceil

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Rectangle
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator, PercentFormatter

from superposition import metrics
from superposition.figures import style

_LIMIT = 1.25  # of the plane in which feature vectors are drawn; a represented feature has length about 1
_COLOURS = list(style.PALETTE.values())
_MARKERS = "osD^v"


def sparsity_title(density: float) -> str:
    """`S = 0.80` for a density of 0.2, `S = 0.997` for 0.003: two decimals, or what it takes to tell S from 1."""
    decimals = max(2, ceil(-np.log10(density) - 1e-4))
    return f"S = {1 - density:.{decimals}f}"


def upright(
    W: Float[np.ndarray, "*batch n_features 2"], like: Float[np.ndarray, "*panel n_features 2"] | None = None
) -> Float[np.ndarray, "*batch n_features 2"]:
    """The same weights, each plane turned and mirrored so that pictures can be compared.

    The loss doesn't change under a rotation or reflection of the hidden space, so training ends in any of them.
    Here the first represented feature (length over ½) points up, and the next that isn't collinear points left.
    A film gives the last frame's weights as `like`, and all its frames turn as that one does."""
    like = W if like is None else like
    turns = np.array([_turn(vectors) for vectors in like.reshape(-1, *like.shape[-2:])], like.dtype)
    return W @ turns.reshape(*like.shape[:-2], 2, 2)


def _turn(vectors: np.ndarray) -> np.ndarray:
    """The orthogonal matrix that sets one plane upright."""
    first = vectors[_first(np.linalg.norm(vectors, axis=1), 0.5)]
    length = np.linalg.norm(first)
    x, y = first / length if length > 0 else (0.0, 1.0)
    rotation = np.array([[y, x], [-x, y]])
    sideways = (vectors @ rotation)[:, 0]
    return rotation * [-1 if sideways[_first(np.abs(sideways), 0.3)] > 0 else 1, 1]


def _first(size: np.ndarray, enough: float) -> int:
    """The first index whose size is enough, else that of the largest."""
    return int(np.argmax(size > enough)) if (size > enough).any() else int(np.argmax(size))


# --- five features in the plane -----------------------------------------------------------------------------------


def five_features(
    W: Float[np.ndarray, "panel n_features 2"],
    density: Float[np.ndarray, "panel"],
    importance: Float[np.ndarray, "n_features"] | None = None,
    notes: Sequence[str] | None = None,
    columns: int = 5,
) -> Figure:
    """Each feature's weights as a vector in the plane, a panel per density (after section 2 of the paper).

    `notes`: a line under each panel's title, such as the name of its shape.
    `importance`: adds the key from colours to importances. The grey circle has length 1."""
    rows, side = ceil(len(W) / columns), style.WIDTH / columns
    title, key = 0.45 if notes else 0.26, 0.55 if importance is not None else 0.05
    block = title + side
    style.use()
    fig = Figure(figsize=(style.WIDTH, rows * block + key))
    for k, vectors in enumerate(W):
        ax = style.inches(fig, (k % columns) * side, key + (rows - 1 - k // columns) * block, side, side)
        _plane(ax)
        _vectors(ax, vectors)
        style.panel_title(ax, sparsity_title(float(density[k])), notes[k] if notes else "")
    if importance is not None:
        _importance_key(fig, importance)
    return fig


def _plane(ax: Axes) -> None:
    ax.set(xlim=(-_LIMIT, _LIMIT), ylim=(-_LIMIT, _LIMIT), aspect="equal")
    ax.set_axis_off()
    ax.add_patch(Circle((0, 0), 1, fill=False, edgecolor="0.72", linewidth=0.8))


def _vectors(ax: Axes, vectors: np.ndarray, width: float = 2.4) -> tuple[LineCollection, PathCollection]:
    """Draws lines from the origin with a dot at each tip, the most important on top; returns both artists."""
    colours = style.importance_colours(len(vectors))[::-1]
    tips = vectors[::-1]
    lines = LineCollection(_rays(tips), colors=colours, linewidths=width, capstyle="round", zorder=2)
    ax.add_collection(lines, autolim=False)
    dots = ax.scatter(*tips.T, s=(2.6 * width) ** 2, c=colours, linewidths=0, zorder=3, clip_on=False)
    return lines, dots


def _rays(tips: np.ndarray) -> np.ndarray:
    return np.stack([np.zeros_like(tips), tips], axis=1)


def _importance_key(fig: Figure, importance: np.ndarray) -> None:
    colours = style.importance_colours(len(importance))
    handles = [
        Line2D([], [], color=c, linewidth=2.4, marker="o", markersize=6, markeredgewidth=0, label=f"{i:.2f}")
        for c, i in zip(colours, importance, strict=True)
    ]
    fig.legend(
        handles=handles, loc="lower center", ncols=len(handles), columnspacing=1.3, handletextpad=0.5,
        borderaxespad=0, borderpad=0.2, title="importance of the feature", title_fontsize=10,
    )


# --- shares, losses, counts: lines with intervals -----------------------------------------------------------------


def shape_frequencies(
    counts: Int[np.ndarray, "density shape"], density: Float[np.ndarray, "density"], names: Sequence[str]
) -> Figure:
    """The share of seeds that end in each shape against sparsity, with Wilson's 95 % intervals as bands."""
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
    """Names each series above the band at the middle of its highest points, inside the plot at its ends."""
    for k, (series, name) in enumerate(zip(y, names, strict=True)):
        top = np.flatnonzero(series >= series.max() - 0.02)
        at = top[len(top) // 2]
        if series.max() > 0:
            label = ax.annotate(
                name, (x[at], max(high[k, at], series[at] + 0.02)), xytext=(0, 2), textcoords="offset points",
                ha={x[0]: "left", x[-1]: "right"}.get(x[at], "center"), va="bottom",
                color=_COLOURS[k % len(_COLOURS)], annotation_clip=False, zorder=5,
            )
            style.halo(label)


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
    """Names each series beside its last point: at the right edge, or where it ends before."""
    x = ax.get_lines()[0].get_xdata()
    colours = {line.get_label(): line.get_color() for line in ax.get_lines()}
    whole = [k for k, series in enumerate(y) if np.isfinite(series[-1])]
    for k in set(range(len(names))) - set(whole):
        last = np.flatnonzero(np.isfinite(y[k]))[-1]
        label = ax.annotate(
            names[k], (x[last], y[k, last]), xytext=(7, 0), textcoords="offset points", va="center",
            color=colours[names[k]], zorder=5,
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
        f"hidden dimensions: {n_hidden}", (0, n_hidden), xytext=(4, -9), xycoords=("axes fraction", "data"),
        textcoords="offset points", va="top", color="0.35", fontsize=10,
    )
    _bands(ax, 1 / density, mean, low, high, names)
    _end_labels(ax, mean, names)
    return fig


def features_per_dimension(
    density: Float[np.ndarray, "density"], values: Float[np.ndarray, "density seed"]
) -> Figure:
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


# --- Gram matrices and bars ---------------------------------------------------------------------------------------


def gram_and_bars(
    W: Float[np.ndarray, "panel n_features n_hidden"],
    b: Float[np.ndarray, "panel n_features"],
    titles: Sequence[str],
    columns: int = 4,
) -> Figure:
    """Per panel W Wᵀ with b beside it, and below a bar per feature, as in section 2 of the paper.

    A bar's length is ‖W_i‖, its colour the interference Σ_{j≠i} (Ŵ_i·W_j)², cut at 1. Bars stand under the columns
    of the matrix that they belong to. Colours mean the same in all panels."""
    columns = min(columns, len(W))
    rows = ceil(len(W) / columns)
    n = W.shape[1]
    extra = max(1.0, 0.07 * n)  # width of the bias column and of the gap before it, in features
    span = (-0.5, n + 2 * extra - 0.5)
    wide = (style.WIDTH - 0.55 - 0.14 * (columns - 1)) / columns  # all lengths in inches from here
    square, bar = wide * n / (n + 2 * extra), 0.36 * wide
    block = 0.3 + square + 0.05 + bar + 0.14
    height = rows * block + 0.72
    style.use()
    fig = Figure(figsize=(style.WIDTH, height))
    signed, positive = Normalize(-1, 1), Normalize(0, 1)
    for k, (weights, bias) in enumerate(zip(W, b, strict=True)):
        left, top = 0.48 + (k % columns) * (wide + 0.14), height - (k // columns) * block - 0.3
        upper = style.inches(fig, left, top - square, wide, square)
        lower = style.inches(fig, left, top - square - 0.05 - bar, wide, bar)
        _gram(upper, weights @ weights.T, bias, extra, signed)
        _bars(lower, weights, positive)
        upper.set_title(titles[k], pad=4)
        upper.set(xlim=span, ylim=(n - 0.5, -0.5))
        lower.set(xlim=span, ylim=(0, max(1.1, 1.05 * float(metrics.norms(W).max()))))
        if k % columns == 0:
            lower.set_ylabel("$‖W_i‖$", labelpad=2)
        else:
            lower.set_yticklabels([])
    half = (style.WIDTH - 0.55) / 2
    _colour_bar(fig, 0.48, half - 0.3, signed, style.DIVERGING, "entries of $W W^T$, and $b$ at its right", "both")
    _colour_bar(fig, 0.48 + half, half - 0.3, positive, style.SEQUENTIAL, "interference with other features", "max")
    return fig


def _gram(ax: Axes, gram: np.ndarray, bias: np.ndarray, extra: float, norm: Normalize) -> None:
    n = len(gram)
    boxes = [(-0.5, n - 0.5), (n - 0.5 + extra, n - 0.5 + 2 * extra)]
    for values, (left, right) in zip([gram, bias[:, None]], boxes, strict=True):
        ax.imshow(
            values, cmap=style.DIVERGING, norm=norm, interpolation="none", extent=(left, right, n - 0.5, -0.5), aspect="auto",
        )
        ax.add_patch(Rectangle((left, -0.5), right - left, n, fill=False, linewidth=0.5, edgecolor="0.6", clip_on=False))
    ax.set_axis_off()


def _bars(ax: Axes, weights: np.ndarray, norm: Normalize) -> None:
    colours = style.SEQUENTIAL(norm(np.minimum(metrics.interference(weights), 1)))
    ax.bar(np.arange(len(weights)), metrics.norms(weights), width=0.8, color=colours, rasterized=True)
    ax.hlines([0, 1], -0.5, len(weights) - 0.5, color="0.7", linewidth=0.6, zorder=0)
    ax.set_yticks([0, 1])
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    ax.spines["left"].set_visible(False)
    ax.tick_params(length=0)


def _colour_bar(
    fig: Figure, left: float, width: float, norm: Normalize, cmap: Colormap, label: str, extend: str
) -> None:
    ax = style.inches(fig, left, 0.5, width, 0.1)
    bar = fig.colorbar(ScalarMappable(norm, cmap), cax=ax, orientation="horizontal", extend=extend, label=label)
    bar.set_ticks([-1, 0, 1] if norm.vmin < 0 else [0, 0.5, 1])
    bar.outline.set_linewidth(0.4)


# --- the film of training -----------------------------------------------------------------------------------------


def training_film(
    W: Float[np.ndarray, "frame density n_features 2"],
    step: Float[np.ndarray, "frame"] | Int[np.ndarray, "frame"],
    loss: Float[np.ndarray, "frame density"],
    density: Float[np.ndarray, "density"],
) -> Callable[[int], Figure]:
    """The frames of a film of training: frame k shows every density's vectors, and below their losses up to then.

    `loss` is per active feature, so that densities compare.

    Three to five densities fit side by side. Axes stay fixed. The function returned redraws one figure, so use a frame
    before asking for the next; a frame depends on its number alone."""
    count, side = W.shape[1], style.NARROW / W.shape[1]
    style.use()
    fig = Figure(figsize=(style.NARROW, side + 2.95), facecolor="white")
    panels = []
    for k in range(count):
        ax = style.inches(fig, k * side, 2.65, side, side)
        _plane(ax)
        ax.set_title(sparsity_title(float(density[k])), pad=4)
        panels.append(_vectors(ax, W[0, k]))
    curves, dots, clock = _loss_plot(fig, step, loss, density)

    def frame(k: int) -> Figure:
        for d, (lines, tips) in enumerate(panels):
            lines.set_segments(_rays(W[k, d, ::-1]))
            tips.set_offsets(W[k, d, ::-1])
            curves[d].set_data(step[: k + 1], loss[: k + 1, d])
        dots.set_offsets(np.column_stack([np.full(count, step[k]), loss[k]]))
        clock.set_text(f"step {int(step[k]):,}")
        return fig

    return frame


def _loss_plot(
    fig: Figure, step: np.ndarray, loss: np.ndarray, density: np.ndarray
) -> tuple[list[Line2D], PathCollection, Text]:
    """The lower half of a frame: curves to fill in, dots at their heads, and the step in words.

    The curves are grey, for colours already say which feature a vector is."""
    colours = [str(shade) for shade in np.linspace(0, 0.45, len(density))]
    ax = style.inches(fig, 0.62, 0.87, style.NARROW - 1.4, 1.5)  # below it, room for a player's controls
    ax.set(
        xlim=(step.min(), step.max()), ylim=(0, 1.05 * loss.max()), xlabel="training step", ylabel="loss per active feature",
    )
    ax.xaxis.set_major_formatter("{x:,.0f}")
    curves = [ax.plot(step, loss[:, d], color=colour)[0] for d, colour in enumerate(colours)]
    dots = ax.scatter(np.zeros(len(colours)), loss[0], s=36, c=colours, linewidths=0, zorder=4, clip_on=False)
    style.end_labels(ax, loss[-1], [sparsity_title(float(p)) for p in density], colours, gap=0.13)
    clock = ax.text(1, 1.02, "", transform=ax.transAxes, ha="right", va="bottom", color="0.3")
    return curves, dots, clock
