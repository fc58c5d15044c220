"""The planes of one head: its digits and positions as Q, K, V and O see them, at every checkpoint of a training.
Every panel keeps its limits while the film runs, and both its axes have one scale."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Integer
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from superposition.figures import style

_BLUE, _ORANGE, _GREEN, _VIOLET, _ = style.PALETTE.values()
_UNTRAINED = "0.72"
_DASHED = (0, (4, 3))
_N_DIGITS, _N_INPUTS = 6, 12


def head_film(
    digits: Float[np.ndarray, "checkpoint 4 10 2"],
    places: Float[np.ndarray, "checkpoint 3 19 2"],
    epoch: Integer[np.ndarray, "checkpoint"],
    head: int,
) -> Callable[[int], Figure]:
    """A frame function for `animation.film`: the head's Q, K, V and O at checkpoint k, digits above and positions below.

    Limits hold for the whole film. What no loss ever asked about is grey:
    the queries of digits and of the places they stand in."""
    fig, axes = style.figure(4, 2, height=3.6)
    fig.set_layout_engine(None)
    fig.subplots_adjust(left=0.045, right=0.995, top=0.93, bottom=0.01, wspace=0.04, hspace=0.03)
    drawn = []
    for column, name in enumerate("QKVO"):
        axes[0, column].set_title(name, fontsize=12)
        plane(axes[0, column], digits[:, column])
        drawn.append(_Digits(axes[0, column], trained=name != "Q"))
        if name != "O":
            plane(axes[1, column], places[:, column])
            drawn.append(_Places(axes[1, column], asked=name != "Q"))
    for row, what in enumerate(("digits", "positions")):
        axes[row, 0].set_ylabel(what, labelpad=3)
    axes[0, 0].text(0.5, 0.965, "never trained", transform=axes[0, 0].transAxes, ha="center", va="top", fontsize=9, color="0.45")
    said = _key(axes[1, 3], head)

    def frame(k: int) -> Figure:
        points = [part for column in range(4) for part in ([digits[k, column]] + ([places[k, column]] if column < 3 else []))]
        for panel, at in zip(drawn, points, strict=True):
            panel.move(at)
        said.set_text(f"epoch {epoch[k]:,}")
        return fig

    return frame


class _Digits:
    """Ten digits joined in a ring; the way back from 9 to 0 is dashed."""

    def __init__(self, ax: Axes, trained: bool):
        colour = _VIOLET if trained else _UNTRAINED
        (self._path,) = ax.plot([], [], color=colour, linewidth=0.8)
        (self._back,) = ax.plot([], [], color=colour, linewidth=0.8, linestyle=_DASHED)
        self._labels = [
            ax.text(0, 0, str(d), fontsize=8.5, ha="center", va="center", color="black" if trained else "0.55", clip_on=False)
            for d in range(10)
        ]
        for label in self._labels:
            style.halo(label)

    def move(self, points: np.ndarray) -> None:
        self._path.set_data(*points.T)
        self._back.set_data(*points[[9, 0]].T)
        for label, point in zip(self._labels, points, strict=True):
            label.set_position(point)


class _Places:
    """Positions: a dot for each column of a, a ring for b, numbered where they are read; diamonds for the answers."""

    def __init__(self, ax: Axes, asked: bool):
        blue, orange = (_BLUE, _ORANGE) if asked else (_UNTRAINED, _UNTRAINED)
        (self._a,) = ax.plot([], [], "o", color=blue, markersize=4.5)
        (self._b,) = ax.plot([], [], "o", color=orange, markersize=8.5, markerfacecolor="none", markeredgewidth=1.2)
        (self._answers,) = ax.plot([], [], "D", color=_GREEN, markersize=3.4)
        self._from = 0 if asked else _N_INPUTS
        self._labels = [
            ax.annotate(
                str(k), (0, 0), xytext=(6, 4), textcoords="offset points", fontsize=8.5, color="black", annotation_clip=False
            )
            for k in range(_N_DIGITS if asked else 7)
        ]

    def move(self, points: np.ndarray) -> None:
        self._a.set_data(*points[:_N_DIGITS].T)
        self._b.set_data(*points[_N_DIGITS:_N_INPUTS].T)
        self._answers.set_data(*points[_N_INPUTS:].T)
        for label, point in zip(self._labels, points[self._from :], strict=False):
            label.xy = point


def plane(ax: Axes, points: Float[np.ndarray, "checkpoint n 2"], bar: bool = True) -> None:
    """Square limits that hold for all of the points, and a bar that says how long a unit is."""
    low, high = points.min((0, 1)), points.max((0, 1))
    middle, half = (low + high) / 2, 0.58 * float((high - low).max())
    ax.set(xlim=(middle[0] - half, middle[0] + half), ylim=(middle[1] - half, middle[1] + half), aspect="equal")
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set(visible=True, color="0.75")
    if bar:
        length = max(
            unit for power in range(-4, 5) for unit in (10.0**power, 2 * 10.0**power, 5 * 10.0**power) if unit <= 0.7 * half
        )
        start, base = middle[0] - 0.93 * half, middle[1] - 0.92 * half
        ax.plot([start, start + length], [base, base], color="0.35", linewidth=1.2, solid_capstyle="butt")
        ax.text(start + length / 2, base + 0.03 * half, f"{length:g}", fontsize=7.5, color="0.35", ha="center", va="bottom")


def _key(ax: Axes, head: int) -> Text:
    """The eighth panel: O knows no positions, so there the signs are explained. Returns the text that says the epoch."""
    ax.set_axis_off()
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.text(0.07, 0.9, f"head {head}", fontsize=12)
    epoch = ax.text(0.07, 0.78, "", fontsize=12)
    kinds = (("o", _BLUE, 4.5, _BLUE, "place in a"), ("o", _ORANGE, 8.5, "none", "place in b"),
             ("D", _GREEN, 3.4, _GREEN, "place of an answer"), ("o", _UNTRAINED, 4.5, _UNTRAINED, "never trained"))  # fmt: skip
    for k, (marker, colour, size, face, name) in enumerate(kinds):
        y = 0.58 - 0.13 * k
        ax.plot([0.1], [y], marker, color=colour, markersize=size, markerfacecolor=face, markeredgewidth=1.2)
        ax.text(0.19, y, name, fontsize=9, va="center")
    return epoch
