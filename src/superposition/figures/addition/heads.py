"""Many heads side by side, and what is measured in their planes: rings, distances, and what the model needs of them.
A head's own film is in `planes`."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Integer
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import NullLocator, PercentFormatter
from matplotlib.transforms import blended_transform_factory

from superposition.figures import style
from superposition.figures.addition.planes import head_film, plane

_BLUE, _ORANGE, _GREEN, _VIOLET, _ = style.PALETTE.values()
_DASHED = (0, (4, 3))


def head_panel(
    digits: Float[np.ndarray, "4 10 2"], places: Float[np.ndarray, "3 19 2"], epoch: int | np.integer, head: int
) -> Figure:
    """One head at one epoch, as in its film; without the halos of its labels, which are most of an SVG's bytes."""
    fig = head_film(digits[None], places[None], np.array([epoch]), head)(0)
    for label in fig.findobj(Text):
        label.set_path_effects([])
    queries = fig.axes[0]  # all grey instead of its words, which would stand among the digits
    queries.set_facecolor("0.94")
    queries.texts[-1].set_visible(False)
    return fig


# --- many heads ---------------------------------------------------------------------------------------------------


def rings(points: Float[np.ndarray, "head 10 2"], titles: Sequence[str], marked: Sequence[bool], columns: int = 8) -> Figure:
    """The digits of each head joined in order, each panel to its own scale; those that are `marked` in violet,
    the others in grey."""
    rows = -(-len(points) // columns)
    fig, axes = style.figure(columns, rows, height=0.98 * rows + 0.05)
    for ax, ring, title, mark in zip(axes.flat, points, titles, marked, strict=True):
        plane(ax, ring[None], bar=False)
        _ring(ax, ring, _VIOLET if mark else "0.45")
        ax.set_title(title, fontsize=8, pad=2)
    return fig


def _path(ax: Axes, ring: np.ndarray, colour: str) -> None:
    ax.plot(*ring.T, color=colour, linewidth=0.9)
    ax.plot(*ring[[9, 0]].T, color=colour, linewidth=0.9, linestyle=_DASHED)


def _ring(ax: Axes, ring: np.ndarray, colour: str) -> None:
    _path(ax, ring, colour)
    ax.plot(*ring.T, "o", color="white", markersize=6.5, markeredgewidth=0)  # a halo a text would cost twenty times the bytes
    for digit, at in enumerate(ring):
        ax.text(*at, str(digit), fontsize=7, ha="center", va="center_baseline")


def strips(
    points: Float[np.ndarray, "head checkpoint 10 2"],
    whole: Float[np.ndarray, "head _ 10 2"],
    notes: Sequence[str],
    marked: Sequence[bool],
    across: int = 3,
) -> Figure:
    """A few stills of every head's digits, several heads a row; a dot is 0, and the last still has its digits written out.

    A head keeps the scale of its `whole` training; its note stands over its last still. Those `marked` are violet,
    others grey."""
    heads, stills = points.shape[:2]
    rows = -(-heads // across)
    fig, axes = style.figure(across * stills, rows, height=0.74 * rows + 0.05)
    fig.get_layout_engine().set(w_pad=0.02, h_pad=0.01, wspace=0, hspace=0.01)
    for ax in axes.flat:
        ax.set_axis_off()
    panels = np.reshape(axes.flat[: heads * stills], (heads, stills))
    for head, strip_of in enumerate(panels):
        colour = _VIOLET if marked[head] else "0.45"
        for ax, ring in zip(strip_of, points[head], strict=True):
            ax.set_axis_on()
            plane(ax, whole[head], bar=False)
            _path(ax, ring, colour)
            ax.plot(*ring[0], "o", color=colour, markersize=3)
        _ring(strip_of[-1], points[head, -1], colour)
        strip_of[0].set_title(f"head {head}", fontsize=8, pad=2)
        strip_of[-1].set_title(notes[head], fontsize=8, pad=2)
    return fig


def strip(
    points: Float[np.ndarray, "head checkpoint 10 2"],
    heads: Sequence[int],
    epochs: Sequence[int] | Integer[np.ndarray, "checkpoint"],
    whole: Float[np.ndarray, "head _ 10 2"],
) -> Figure:
    """Stills of several heads' digits, a row each, at some of the checkpoints; a row keeps one scale,
    that of the `whole` training."""
    fig, axes = style.figure(len(epochs), len(heads), height=1.28 * len(heads) + 0.2)
    for row, head in enumerate(heads):
        for column, epoch in enumerate(epochs):
            ax = axes[row, column]
            plane(ax, whole[row], bar=column == 0)
            _ring(ax, points[row, column], _VIOLET)
            if row == 0:
                ax.set_title(f"epoch {epoch:,}", fontsize=10)
        axes[row, 0].set_ylabel(f"head {head}", fontsize=10)
    return fig


# --- measures -----------------------------------------------------------------------------------------------------


def ranges(
    values: Sequence[Float[np.ndarray, "_"]],
    names: Sequence[str],
    null: Sequence[Float[np.ndarray, "_"]],
    label: str,
    marks: Sequence[tuple[float | int, str]] = (),
    log: bool = False,
) -> Figure:
    """A row per kind of value: its median, half and 90 % of the values; above it, thin and orange, those of its null.

    `marks`: places on the axis with a name, such as what a perfect circle has."""
    fig, axes = style.figure(height=0.42 * len(names) + 1.15)
    ax = axes[0, 0]
    for row, (some, chance) in enumerate(zip(values, null, strict=True)):
        for sample, colour, lift, wide in ((chance, _ORANGE, -0.22, 2.5), (some, _BLUE, 0.08, 5)):
            q = np.quantile(sample, (0.05, 0.25, 0.5, 0.75, 0.95))
            ax.hlines(row + lift, q[0], q[4], color=colour, linewidth=1)
            ax.hlines(row + lift, q[1], q[3], color=colour, linewidth=wide)
            ax.plot(q[2], row + lift, "o", color="white", markeredgecolor=colour, markersize=5, zorder=3)
    for at, name in marks:
        ax.axvline(at, color="0.5", linewidth=0.8, linestyle=_DASHED, zorder=0)
        ax.text(
            at, 1.01, name, transform=blended_transform_factory(ax.transData, ax.transAxes), ha="center", va="bottom", fontsize=9
        )
    if log:
        ax.set_xscale("log")
    ax.set(xlabel=label, ylim=(len(names) - 0.6, -0.55))
    ax.set_yticks(range(len(names)), names)
    ax.tick_params(axis="y", length=0)
    return fig


def attention(pattern: Float[np.ndarray, "head answer place"], heads: Sequence[int], columns: int = 8) -> Figure:
    """Where heads attend: a panel a head, the seven answers downwards, the places of a, of b and of the answers to the right.

    From none (white) to all of an answer's attention (black)."""
    digits = pattern.shape[-1] - pattern.shape[1]
    rows = -(-len(pattern) // columns)
    fig, axes = style.figure(columns, rows, height=0.62 * rows + 0.75)
    for ax, shares, head in zip(axes.flat, pattern, heads, strict=False):
        ax.imshow(1 - shares, cmap="gray", vmin=0, vmax=1, aspect="auto", extent=(0, pattern.shape[-1], len(shares), 0))
        for edge in (digits // 2, digits):
            ax.axvline(edge, color=_ORANGE, linewidth=0.6)
        ax.set_title(str(head), fontsize=9, pad=2)
        ax.set(xticks=[], yticks=[])
        for spine in ax.spines.values():
            spine.set(visible=True, linewidth=0.4)
    for ax in list(axes.flat)[len(pattern) :]:
        ax.set_axis_off()
    for ax in axes[-1]:
        ax.set_xticks([digits / 4, 3 * digits / 4, (digits + pattern.shape[-1]) / 2], ["$a$", "$b$", "="], fontsize=9)
        ax.tick_params(axis="x", length=0, pad=2)
    for ax in axes[:, 0]:
        ax.set_yticks([0.5, pattern.shape[1] - 0.5], ["ones", "millions"], fontsize=8)
        ax.tick_params(axis="y", length=0)
    return fig


def accuracy_left(
    levels: Sequence[int], accuracy: Float[np.ndarray, "basis subject level seed"], subjects: Sequence[str], bases: Sequence[str]
) -> Figure:
    """The share of digits right when only some functions of the digit are left in K or in V: a line per basis, a dot per seed."""
    fig, axes = style.figure(len(subjects), 1, height=2.9, sharey=True)
    for subject, ax in enumerate(axes[0]):
        for basis, colour in enumerate((_VIOLET, _GREEN)):
            rows = accuracy[basis, subject]
            ax.plot(levels, rows.mean(-1), color=colour, label=bases[basis])
            ax.plot(np.repeat(levels, rows.shape[-1]), rows.ravel(), ".", color=colour, markersize=4)
        ax.set(xlabel="functions of the digit kept", ylim=(0, 1.02), xticks=levels)
        style.panel_title(ax, subjects[subject])
    axes[0, 0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes[0, 0].set_ylabel("digits right")
    style.legend(axes[0, -1], loc="lower right")
    return fig


def over_training(
    epoch: Integer[np.ndarray, "checkpoint"],
    series: Sequence[Sequence[Float[np.ndarray, "checkpoint head"]]],
    names: Sequence[Sequence[str]],
    labels: Sequence[str],
) -> Figure:
    """A panel per measure, lines with the middle half of the heads, over epochs (logarithmic from 1 on, the start beside it)."""
    fig, axes = style.figure(len(series), 1, height=2.9)
    x = np.maximum(epoch, 0.5)
    for ax, lines, called, label in zip(axes[0], series, names, labels, strict=True):
        for values, name, colour in zip(lines, called, (_BLUE, _ORANGE, _GREEN), strict=False):
            low, middle, high = np.quantile(values, (0.25, 0.5, 0.75), axis=1)
            ax.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
            ax.plot(x, middle, color=colour, label=name)
        ax.set_xscale("log")
        ax.set_xticks([0.5, 1, 10, 100, 1000], ["0", "1", "10", "100", "1,000"])
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set(xlabel="epoch", ylim=(0, None))
        style.panel_title(ax, label)
        style.legend(ax)
    return fig
