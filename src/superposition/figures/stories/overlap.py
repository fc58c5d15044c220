"""How much the rows of a model's weights overlap and how high its loss is, against the width."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from superposition.figures import style

_COLOURS = list(style.PALETTE.values())
_MARKERS = "osD^"


def overlap_by_width(
    d_model: Int[np.ndarray, "width"],
    overlaps: Float[np.ndarray, "width seed matrix"],
    names: Sequence[str],
    welch: Float[np.ndarray, "width"],
    elsewhere: Float[np.ndarray, "point 2"],
    loss: Float[np.ndarray, "width seed"],
    fit: tuple[float, float, float],
) -> Figure:
    """Left: mean squared cosine of two rows, a line for each matrix through the means of its seeds, which are dots; 1 / m
    dashed, the Welch bound dotted; crosses: a model of another maker, each a width and an overlap.
    Right: the loss, a dot a seed, and A / m^α + B through it, from fit = (α, A, B)."""
    fig, axes = style.figure(ncols=2, height=3.4)
    left, right = axes[0]
    top = max(d_model[-1], elsewhere[:, 0].max() if len(elsewhere) else 0)
    line = np.array([d_model[0], top], float)
    left.loglog(line, 1 / line, color="0.5", linestyle=(0, (4, 3)), linewidth=1, label="random directions, 1 / m")
    left.loglog(d_model, welch, color="0.5", linestyle=":", linewidth=1.2, label="Welch bound, tokens")
    for k, name in enumerate(names):
        _seeds(left, d_model, overlaps[..., k], _COLOURS[k], _MARKERS[k], name)
    left.plot(*elsewhere.T, "x", color="0.3", markersize=6, label="another maker's model")
    left.set(ylabel="mean squared cosine of two rows")
    _seeds(right, d_model, loss, _COLOURS[0], "o", None, joined=False)
    exponent, scale, floor = fit
    smooth = np.geomspace(d_model[0], d_model[-1], 60)
    right.plot(smooth, scale * smooth**-exponent + floor, color=_COLOURS[0], linewidth=1.2)
    right.set(xscale="log", ylabel="loss on unseen stories, nats a token")
    for ax, ticks in ((left, [*d_model, *sorted(set(elsewhere[:, 0].astype(int)))]), (right, d_model)):
        ax.set_xticks(ticks, [str(int(m)) for m in ticks])
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set_xlabel("width $m$")
    fig.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False, fontsize=9.5)
    return fig


def _seeds(ax: Axes, x: np.ndarray, values: np.ndarray, colour: str, marker: str, name: str | None, joined: bool = True) -> None:
    """A dot for each seed; a line through their means, with the name."""
    for seed in values.T:
        ax.plot(x, seed, marker, color=colour, markersize=4)
    if joined:
        ax.plot(x, values.mean(1), color=colour, marker=marker, markersize=4, label=name)
