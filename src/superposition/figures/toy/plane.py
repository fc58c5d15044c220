"""Features as vectors in a plane: stills, and the frames of a film of training."""

from collections.abc import Callable, Sequence
from math import ceil
from numbers import Integral

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from matplotlib.text import Text

from superposition.figures import style

_LIMIT = 1.25  # of the plane in which feature vectors are drawn; a represented feature has length about 1


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


def in_and_out(
    W: Float[np.ndarray, "n_features 2"],
    b: Float[np.ndarray, "n_features"],
    on: Sequence[Sequence[Integral]],
    titles: Sequence[str],
) -> Figure:
    """A model's arrows, and beside them, a panel for each set of features `on`, what comes out (colour) of what goes in."""
    side, count = style.WIDTH / (1 + len(on)), len(W)
    colours, place = style.importance_colours(count), np.arange(count)
    style.use()
    fig = Figure(figsize=(style.WIDTH, side + 0.3))
    ax = style.inches(fig, 0, 0.05, side, side)
    _plane(ax)
    _vectors(ax, W)
    for k, (active, title) in enumerate(zip(on, titles, strict=True)):
        ax = style.inches(fig, (k + 1) * side + 0.3, 0.35, side - 0.4, side - 0.4)
        x = np.isin(place, active).astype(float)
        ax.bar(place - 0.18, x, 0.3, color="0.72")
        ax.bar(place + 0.18, np.maximum(x @ W @ W.T + b, 0), 0.42, color=colours)
        ax.set(xticks=place, xticklabels=place + 1, yticks=[0, 1], ylim=(0, 1.6))
        style.panel_title(ax, title, "")
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
        handles=handles,
        loc="lower center",
        ncols=len(handles),
        columnspacing=1.3,
        handletextpad=0.5,
        borderaxespad=0,
        borderpad=0.2,
        title="importance of the feature",
        title_fontsize=10,
    )


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


def _loss_plot(fig: Figure, step: np.ndarray, loss: np.ndarray, density: np.ndarray) -> tuple[list[Line2D], PathCollection, Text]:
    """The lower half of a frame: curves to fill in, dots at their heads, and the step in words.

    The curves are grey, for colours already say which feature a vector is."""
    colours = [str(shade) for shade in np.linspace(0, 0.45, len(density))]
    ax = style.inches(fig, 0.62, 0.87, style.NARROW - 1.4, 1.5)  # below it, room for a player's controls
    ax.set(
        xlim=(step.min(), step.max()),
        ylim=(0, 1.05 * loss.max()),
        xlabel="training step",
        ylabel="loss per active feature",
    )
    ax.xaxis.set_major_formatter("{x:,.0f}")
    curves = [ax.plot(step, loss[:, d], color=colour)[0] for d, colour in enumerate(colours)]
    dots = ax.scatter(np.zeros(len(colours)), loss[0], s=36, c=colours, linewidths=0, zorder=4, clip_on=False)
    style.end_labels(ax, loss[-1], [sparsity_title(float(p)) for p in density], colours, gap=0.13)
    clock = ax.text(1, 1.02, "", transform=ax.transAxes, ha="right", va="bottom", color="0.3")
    return curves, dots, clock
