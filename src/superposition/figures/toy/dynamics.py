"""Training as it goes: dimensionalities and the loss, in a film and in stills, and six arrows in three dimensions."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from superposition.figures import style
from superposition.figures.toy.correlated import SET_COLOURS

_KEPT, _LOST = style.PALETTE["blue"], "0.62"


def learning_film(
    step: Int[np.ndarray, "snapshot"],
    D: Float[np.ndarray, "snapshot n_features"],
    loss: Float[np.ndarray, "snapshot"],
    top: float | int,
    frames: Int[np.ndarray, "frame"],
) -> Callable[[int], Figure]:
    """The frames of a film: every feature's dimensionality up to a snapshot, and beside it the loss, on fixed axes.

    Features that end in a pair are blue and on top, the others grey. The loss is cut off at `top`. The function returned
    redraws one figure, so use a frame before asking for the next; a frame depends on its number alone."""
    style.use()
    fig = Figure(figsize=(style.WIDTH, 3.5), facecolor="white")
    left = style.inches(fig, 0.62, 0.98, 2.45, 2.05)  # below, room for a player's controls
    right = style.inches(fig, 3.92, 0.98, 2.4, 2.05)
    kept = D[-1] > 0.25
    order = np.argsort(kept, kind="stable")
    lines = LineCollection([], colors=[_KEPT if kept[i] else _LOST for i in order], linewidths=np.where(kept[order], 1.3, 0.6))
    left.add_collection(lines, autolim=False)
    left.axhline(0.5, color="0.35", linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    left.set(xlim=(0, step[-1]), ylim=(0, 0.65), xlabel="training step", title="dimensionality of each feature")
    left.set_yticks([0, 0.25, 0.5], ["0", "¼", "½"])
    (curve,) = right.plot([], [], color="black")
    (dot,) = right.plot([], [], "o", color="black", markersize=6, clip_on=False)
    right.set(xlim=(0, step[-1]), ylim=(loss.min() - 0.04 * (top - loss.min()), top), xlabel="training step", title="loss")
    for ax in (left, right):
        ax.set_xticks(np.linspace(0, step[-1], 3))
        ax.xaxis.set_major_formatter("{x:,.0f}")
    clock = fig.text(0.5, 0.985, "", ha="center", va="top", color="0.3")

    def frame(k: int) -> Figure:
        stop = int(frames[k]) + 1
        lines.set_segments([np.column_stack([step[:stop], D[:stop, i]]) for i in order])
        curve.set_data(step[:stop], loss[:stop])
        dot.set_data(step[stop - 1 : stop], np.minimum(loss[stop - 1 : stop], top))
        clock.set_text(f"step {int(step[stop - 1]):,}")
        return fig

    return frame


def two_axes(step: Int[np.ndarray, "snapshot"], D: Float[np.ndarray, "snapshot n_features"]) -> Figure:
    """The same dimensionalities over training twice: on a logarithmic axis, and on a linear one.

    Features that end in a pair are blue, the others grey."""
    fig, axes = style.figure(ncols=2, height=2.9, sharey=True)
    kept = D[-1] > 0.25
    for ax, scale, title in zip(axes[0], ("log", "linear"), ("logarithmic time", "linear time")):
        ax.plot(step, D[:, ~kept], color=_LOST, linewidth=0.5, rasterized=True)
        ax.plot(step, D[:, kept], color=_KEPT, linewidth=1, rasterized=True)
        first = step[step >= 100][0] if scale == "log" and step[-1] > 100 else step[1] if scale == "log" else 0
        ax.set(xscale=scale, xlim=(first, step[-1]), ylim=(0, 0.65), xlabel="training step", title=title)
    axes[0, 1].set_xticks(np.linspace(0, step[-1], 3))
    axes[0, 1].xaxis.set_major_formatter("{x:,.0f}")
    axes[0, 0].set_ylabel("dimensionality")
    axes[0, 0].set_yticks([0, 0.25, 0.5], ["0", "¼", "½"])
    return fig


def two_rates(
    step: Int[np.ndarray, "snapshot"],
    moving: Float[np.ndarray, "seed snapshot"],
    falling: Float[np.ndarray, "seed snapshot"],
    titles: Sequence[str],
) -> Figure:
    """Per seed how fast the dimensionalities move and how fast the loss falls, each over its own mean."""
    fig, axes = style.figure(ncols=2, nrows=len(moving) // 2, height=1.9 * (len(moving) // 2) + 0.5, sharex=True, sharey=True)
    names, colours = ("dimensionalities move", "the loss falls"), (style.PALETTE["blue"], style.PALETTE["orange"])
    for k, ax in enumerate(axes.flat):
        for series, name, colour, dash in zip((moving[k], falling[k]), names, colours, ("-", (0, (3, 1.5)))):
            ax.plot(step, series / series.mean(), color=colour, linestyle=dash, label=name)
        ax.set_title(titles[k], loc="left")
        ax.xaxis.set_major_formatter("{x:,.0f}")
    for ax in axes[:, 0]:
        ax.set_ylabel("rate over its mean")
    for ax in axes[-1]:
        ax.set_xlabel("training step")
    axes[0, 0].set_ylim(0, 1.05 * max(float((rates / rates.mean(1, keepdims=True)).max()) for rates in (moving, falling)))
    fig.legend(handles=axes[0, 0].get_lines(), loc="outside lower center", ncols=2)
    return fig


def opening(
    step: Int[np.ndarray, "snapshot"],
    within: Float[np.ndarray, "seed snapshot"],
    loss: Float[np.ndarray, "seed snapshot"],
    levels: Sequence[tuple[float, str]],
) -> Figure:
    """The mean cosine within sets, and below it the loss, over training on a logarithmic axis: seeds thin, their median
    thick. `levels`: losses to mark, with their names."""
    fig, axes = style.figure(nrows=2, height=4.6, sharex=True)
    for ax, values, colour in zip(axes[:, 0], (within, loss), (style.PALETTE["blue"], style.PALETTE["orange"])):
        ax.plot(step, values.T, color=colour, linewidth=0.6, alpha=0.35, rasterized=True)
        ax.plot(step, np.median(values, axis=0), color=colour, linewidth=2.4)
        ax.set(xscale="log", xlim=(step[step > 0][0], step[-1]))
    axes[0, 0].set(ylabel="cosine within a set", ylim=(-0.55, 1.05))
    axes[0, 0].axhline(0, color="0.35", linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    axes[1, 0].set(ylabel="loss", xlabel="training step (logarithmic)", ylim=(0, None))
    for value, name in levels:
        axes[1, 0].axhline(value, color="0.35", linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
        label = axes[1, 0].annotate(
            name, (1, value), xytext=(0, 3), xycoords=("axes fraction", "data"), textcoords="offset points", ha="right",
            color="0.3", fontsize=10,
        )  # fmt: skip
        style.halo(label)
    return fig


def arrows_in_space(
    W: Float[np.ndarray, "panel n_features 3"], titles: Sequence[str], notes: Sequence[str], size: int = 3
) -> Figure:
    """Features in three dimensions seen from a corner, a panel a moment, those of one set in one colour.

    The space is turned so that in the last panel the first set points along the axes, which are drawn thin."""
    frame = np.linalg.qr(W[-1, :3].T)
    turn = frame[0] * np.sign(np.diag(frame[1]))
    view = np.array([[0.87, -0.3], [-0.5, -0.42], [0.0, 0.86]])  # where the three axes lie on the paper
    side = style.WIDTH / len(W)
    style.use()
    fig = Figure(figsize=(style.WIDTH, side + 0.5))
    for k, vectors in enumerate(W):
        ax = style.inches(fig, k * side, 0.02, side, side)
        ax.set(xlim=(-1.2, 1.2), ylim=(-1.2, 1.2), aspect="equal")
        ax.set_axis_off()
        for axis in view:
            ax.plot(*np.stack([-axis, axis], 1), color="0.8", linewidth=0.7, zorder=0)
        for i, (x, y) in enumerate(vectors @ turn @ view):
            colour = SET_COLOURS[i // size]
            ax.plot([0, x], [0, y], color=colour, linewidth=2.2)
            ax.plot(x, y, marker="os"[i // size], color=colour, markersize=6, clip_on=False)
        style.panel_title(ax, titles[k], notes[k])
    return fig
