"""Weights in order: maps of cosines, what paths score beside surrogates, and a film along a map's diagonal."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Int8, UInt8
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from superposition.figures import style

LIMIT = 0.5  # cosines beyond it have the last colour
COLOURS = 33  # an odd number, so that 0 is the page's own; few, so that tiles are small
UNIT = 127
WINDOW, STEP = 48, 4  # of the film, in rows

_NORM = Normalize(-LIMIT, LIMIT)


def ordered_maps(maps: Int8[np.ndarray, "panel pixel pixel"], titles: Sequence[str]) -> Figure:
    """Maps of cosines side by side, in steps of 1/127, on one scale that ends at a half."""
    fig, axes = style.figure(ncols=len(maps), height=3.0 if len(maps) > 2 else 3.4)
    for ax, one, title in zip(axes[0], maps, titles, strict=True):
        _draw(ax, one)
        ax.set_title(title)
    _colour_bar(fig, fig.colorbar, axes[0].tolist())
    return fig


def order_scores(
    score: Float[np.ndarray, "matrix"],
    strict: Float[np.ndarray, "matrix"],
    shuffled: Float[np.ndarray, "matrix"],
    gaussian: Float[np.ndarray, "matrix"],
    names: Sequence[str],
) -> Figure:
    """Per matrix a row: the score of its greedy path, and the mean score of its surrogates of three kinds, logarithmic."""
    fig, axes = style.figure(height=0.8 + 0.24 * len(names), width=style.WIDTH)
    ax, rows = axes[0, 0], np.arange(len(names))
    series = (
        (gaussian, "o", "none", "0.5", "random rows"), (shuffled, "s", "none", style.PALETTE["green"], "columns shuffled"),
        (strict, "D", "none", style.PALETTE["orange"], "same lengths and spectrum"),
        (score, "o", style.PALETTE["blue"], style.PALETTE["blue"], "the weights"),
    )  # fmt: skip
    ax.hlines(rows, strict, score, color=style.PALETTE["blue"], linewidth=1)
    for values, marker, face, colour, label in series:
        ax.plot(values, rows, marker, markerfacecolor=face, markeredgecolor=colour, linestyle="none", label=label)
    ax.set_xscale("log")
    ticks = [t for t in (0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1) if 0.8 * gaussian.min() < t < 1.25 * score.max()]
    ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
    ax.minorticks_off()
    ax.set(yticks=rows, yticklabels=names, ylim=(len(names) - 0.5, -0.5), xlabel="mean squared cosine of neighbours, greedy path")
    fig.legend(loc="outside upper center", ncols=4, frameon=False, fontsize=9.5, handletextpad=0.2, columnspacing=1)
    return fig


def falling_off(decay: Float[np.ndarray, "panel which offset"], names: Sequence[str], titles: Sequence[str]) -> Figure:
    """How alike rows are that lie so many places apart along the greedy path, a line for the weights and each surrogate."""
    fig, axes = style.figure(ncols=len(decay), height=2.9, sharey=True)
    apart = np.arange(1, decay.shape[-1] + 1)
    colours = [style.PALETTE["blue"], style.PALETTE["orange"], "0.5"]
    for k, (ax, panel, title) in enumerate(zip(axes[0], decay, titles, strict=True)):
        for line, name, colour in zip(panel, names, colours, strict=True):
            ax.loglog(apart, line, color=colour, label=name)
        ax.set(title=title, xlabel="places apart along the path")
        ax.set_xticks([1, 10, 100][: 2 + (len(apart) >= 100)], ["1", "10", "100"][: 2 + (len(apart) >= 100)])
        ticks = [t for t in (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2) if np.nanmin(decay) <= t <= np.nanmax(decay)]
        ax.set_yticks(ticks, [f"{t:g}" for t in ticks])
        ax.minorticks_off()
        if k == 0:
            ax.set_ylabel("mean squared cosine")
            style.legend(ax, loc="upper right")
    return fig


def diagonal_film(ordered: Int8[np.ndarray, "row row"], name: str) -> tuple[Callable[[int], Figure], int]:
    """Frames of a window that moves along the diagonal, beside the whole map with the window's place; and how many.

    The function redraws one figure, so use a frame before asking for the next."""
    style.use()
    n = len(ordered)
    window = min(WINDOW, n)
    fig = Figure(figsize=(style.WIDTH, 3.9), facecolor="white")
    near, far = style.inches(fig, 0.15, 0.55, 3.1, 3.1), style.inches(fig, 3.5, 1.05, 2.6, 2.6)
    _draw(far, ordered)
    seen = near.imshow(ordered[:window, :window] / UNIT, norm=_NORM, cmap=style.DIVERGING, interpolation="nearest")
    near.set(xticks=[], yticks=[])
    box = far.add_patch(Rectangle((0, 0), window, window, fill=False, edgecolor="black", linewidth=1.4))
    bar = style.inches(fig, 3.5, 0.62, 2.6, 0.09)
    _colour_bar(fig, fig.colorbar, None, bar)
    said = fig.text(0.03, 0.02, "", va="bottom")

    def frame(k: int) -> Figure:
        start = min(k * STEP, n - window)
        seen.set_data(ordered[start : start + window, start : start + window] / UNIT)
        box.set_xy((start - 0.5, start - 0.5))
        said.set_text(f"{name}: places {start + 1} to {start + window} of {n}")
        return fig

    return frame, 1 + -(-(n - window) // STEP)


def tile(ordered: Int8[np.ndarray, "row column"]) -> tuple[UInt8[np.ndarray, "row column"], list[int]]:
    """A piece of a map as indices into a palette, and the palette, red, green and blue in turn: for a PNG."""
    cosine = np.clip(ordered.astype(np.float32) / UNIT, -LIMIT, LIMIT)
    index = np.rint((cosine / LIMIT + 1) / 2 * (COLOURS - 1)).astype(np.uint8)
    colours = [to_rgb(style.DIVERGING(k / (COLOURS - 1))) for k in range(COLOURS)]
    return index, [round(255 * part) for colour in colours for part in colour]


def _draw(ax, one):
    ax.imshow(one / UNIT, norm=_NORM, cmap=style.DIVERGING, interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    for side in ("top", "right"):
        ax.spines[side].set_visible(True)


def _colour_bar(fig, draw, axes, place=None):
    bar = draw(
        ScalarMappable(_NORM, style.DIVERGING), ax=axes, cax=place, orientation="horizontal", extend="both",
        **({"shrink": 0.5, "aspect": 40, "pad": 0.02} if place is None else {}),
    )  # fmt: skip
    bar.set_ticks([-LIMIT, 0, LIMIT], labels=["−0.5", "0", "0.5"])
    bar.set_label("cosine of two rows" if place is not None else "cosine of two rows; in a smaller map, its root mean square")
    bar.outline.set_visible(False)
