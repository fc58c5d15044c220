"""The laboratory's still picture for paper: one sum, where the heads attend, what they add, and the map of a digit pair.
Numbers stand as one writes them, the ones at the right; what a head adds is drawn relative to its mean over the ten logits."""

import numpy as np
from jaxtyping import Float, Int
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from superposition.figures import style

Array = np.ndarray
PLACES = ("ones", "tens", "hundreds", "thousands", "ten thousands", "hundred thousands", "millions")


def laboratory(
    a: int,
    b: int,
    answer: int,
    answers: Int[Array, "n_answers"],
    pattern: Float[Array, "n_answers n_ctx"],
    contributions: Float[Array, "head n_out"],
    logits: Float[Array, "n_out"],
    varied: Int[Array, "digit_of_a digit_of_b"],
) -> Figure:
    """The sum a + b as `answers` has it, least significant digit first, and three pictures of the digit `answer`.

    `varied`: that digit where the two digits of its column are others; wrong ones are filled."""
    fig, axes = style.figure(ncols=2, height=4.4, width_ratios=[1.15, 1])
    (left, right), grid = axes[0], axes[0, 0].get_gridspec()
    left.remove()
    inner = grid[0, 0].subgridspec(2, 1, height_ratios=[1, 1.6])
    written = "".join(map(str, answers[::-1])).lstrip("0") or "0"
    verdict = "right" if int(written) == a + b else f"the sum is {a + b}"
    fig.suptitle(f"{a} + {b}: the model answers {written}, {verdict}", fontsize=11)
    _attention(fig.add_subplot(inner[0]), a, b, answer, pattern)
    _contributions(fig.add_subplot(inner[1]), answer, contributions, logits)
    _map(right, a, b, answer, varied)
    return fig


def _attention(ax, a: int, b: int, answer: int, pattern: Array) -> None:
    gap = np.full((len(pattern), 1), np.nan)
    shown = np.concatenate([pattern[:, 5::-1], gap, pattern[:, 11:5:-1], gap, pattern[:, :11:-1]], 1)[::-1]
    ax.imshow(np.ma.masked_invalid(shown), cmap="Blues", vmin=0)
    places = np.r_[:6, 7:13, 14:21]
    ax.set_xticks(places, f"{a:06d}{b:06d}=======")
    ax.xaxis.tick_top()
    ax.set_yticks(range(7), ["$10^6$", "$10^5$", "$10^4$", "$10^3$", "$10^2$", "10", "1"])
    ax.tick_params(length=0, pad=2, labelsize=8)
    ax.add_patch(_frame(-0.5, 5.5 - answer, 21, 1))
    ax.spines[:].set_visible(False)
    ax.set_xlabel("where the heads attend: a, b, answer")


def _contributions(ax, answer: int, contributions: Array, logits: Array) -> None:
    centred = (contributions - contributions.mean(1, keepdims=True)).T
    largest = np.abs(centred).max()
    ax.imshow(centred, cmap=style.DIVERGING, vmin=-largest, vmax=largest, aspect="auto")
    ax.set_yticks(range(10))
    ax.tick_params(length=0, labelsize=8)
    ax.add_patch(_frame(-0.5, logits.argmax() - 0.5, contributions.shape[0], 1))
    ax.set_xlabel(f"head: what it adds to the {PLACES[answer]} digit")


def _map(ax, a: int, b: int, answer: int, varied: Array) -> None:
    column = min(answer, 5)
    x, y = a // 10**column % 10, b // 10**column % 10
    sums = a + b + (np.add.outer(np.arange(10), np.arange(10)) - x - y) * 10**column
    wrong = varied != sums // 10**answer % 10
    ax.imshow(wrong, cmap=ListedColormap(["#e3edf5", "#a63f03"]), vmin=0, vmax=1)
    for (row, col), digit in np.ndenumerate(varied):
        ax.text(col, row, digit, ha="center", va="center", fontsize=9, color="white" if wrong[row, col] else "black")
    ax.add_patch(_frame(y - 0.5, x - 0.5, 1, 1))
    ax.set(xticks=range(10), yticks=range(10))
    ax.set(xlabel=f"b’s digit of the {PLACES[column]}", ylabel=f"a’s digit of the {PLACES[column]}")
    ax.tick_params(length=0, labelsize=8)
    style.panel_title(ax, f"the {PLACES[answer]} digit: {(~wrong).sum()} of 100 right")


def _frame(x: float | int, y: float | int, width: float | int, height: float | int) -> Rectangle:
    return Rectangle((x, y), width, height, fill=False, edgecolor="black", linewidth=1.6, clip_on=False)
