"""Translation through bottlenecks: quality by width, the original's way over its epochs, measures beside random directions."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from superposition.figures import style

_COLOURS = list(style.PALETTE.values())
_MARKERS = "osD^v"
_DASHED, _DOTTED = (0, (4, 3)), ":"


def quality_by_width(
    widths: Int[np.ndarray, "width"],
    bleu: Float[np.ndarray, "method width seed"],
    explained: Float[np.ndarray, "method width seed"],
    ends: tuple[float, float],
    methods: Sequence[str],
) -> Figure:
    """BLEU, left against the width and right against the share of the variance that comes through, a dot a seed.

    A line for each method through the means of its seeds; of `ends` the translator's own is dashed, and what is reached
    where nothing comes through dotted."""
    fig, axes = style.figure(ncols=2, height=3.6, sharey=True)
    left, right = axes[0]
    for ax, across in ((left, np.broadcast_to(widths[None, :, None], bleu.shape)), (right, 100 * explained)):
        for end, line, name in zip(ends, (_DASHED, _DOTTED), ("the translator itself", "nothing comes through"), strict=True):
            ax.axhline(end, color="0.4", linestyle=line, linewidth=1.1, label=name)
        for k, name in enumerate(methods):
            ax.plot(across[k].ravel(), bleu[k].ravel(), _MARKERS[k], color=_COLOURS[k], markersize=3.5, alpha=0.7)
            ax.plot(across[k].mean(1), bleu[k].mean(1), color=_COLOURS[k], marker=_MARKERS[k], markersize=4, label=name)
    _widths(left, widths)
    left.set(ylabel="BLEU", ylim=(0, None))
    right.set(xlabel="variance that comes through, %")
    fig.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize=9.5)
    return fig


def around_and_through(
    counted: Float[np.ndarray, "seed epoch"],
    masked: Float[np.ndarray, "seed epoch"],
    around: Float[np.ndarray, "seed epoch"],
    through: Float[np.ndarray, "seed epoch"],
) -> Figure:
    """A line a seed over the epochs. Left: the loss of a place with padding counted, and of a token alone.
    Right: BLEU of translations that go around the bottleneck, and of those that go through it."""
    fig, axes = style.figure(ncols=2, height=3.1)
    panels = (
        (axes[0, 0], "loss, nats", (("of a place, padding counted", counted), ("of a token of the translation", masked))),
        (axes[0, 1], "BLEU", (("around the bottleneck", around), ("through it", through))),
    )
    for ax, label, lines in panels:
        for k, (name, values) in enumerate(lines):
            for s, own in enumerate(values):
                ax.plot(own, color=_COLOURS[k], marker=_MARKERS[k], markersize=4, linewidth=1.4, label=None if s else name)
        ax.set(xlabel="epoch", ylabel=label, ylim=(0, 1.32 * float(max(values.max() for _, values in lines))))
        ax.set_xticks(range(counted.shape[1]))
        style.legend(ax, loc="upper right", fontsize=9.5)
    return fig


def measures_by_width(
    widths: Int[np.ndarray, "width"],
    values: Float[np.ndarray, "panel method width"],
    null: Float[np.ndarray, "panel width"],
    titles: Sequence[str],
    methods: Sequence[str],
) -> Figure:
    """A panel for each measure, a line for each method against the width, and dashed what random directions have.

    Each title may have a second line."""
    fig, axes = style.figure(ncols=len(titles), height=3.3)
    for panel, (ax, title) in enumerate(zip(axes[0], titles, strict=True)):
        ax.plot(widths, null[panel], color="0.4", linestyle=_DASHED, linewidth=1.1, label="random directions")
        for k, name in enumerate(methods):
            ax.plot(widths, values[panel, k], color=_COLOURS[k], marker=_MARKERS[k], markersize=4, label=name)
        ax.set_yscale("log", base=2)
        ax.yaxis.set_major_formatter("{x:.2g}")
        style.panel_title(ax, *title.split("\n"))
        _widths(ax, widths)
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=len(methods) + 1, fontsize=9.5)
    return fig


def _widths(ax: Axes, widths: np.ndarray) -> None:
    """A logarithmic axis with a tick at each width."""
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(FixedLocator(widths))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xticks(widths, [str(int(width)) for width in widths], fontsize=9)
    ax.set_xlabel("width of the bottleneck")
