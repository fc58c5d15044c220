"""Weight matrices measured, a line each: how much of a dimension their features have, and how crowded their directions are."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from superposition.figures import style

_BLUE, _ORANGE = style.PALETTE["blue"], style.PALETTE["orange"]


def measured(
    names: Sequence[str],
    quantiles: Float[np.ndarray, "matrix 5"],
    random: Float[np.ndarray, "matrix"],
    cosines: Float[np.ndarray, "matrix"],
    welch: Float[np.ndarray, "matrix"],
) -> Figure:
    """Left, D_i of each matrix: its median, half of the features (thick) and nine tenths of them (thin), random directions.

    Right, the mean squared cosine of two features in units of that of random directions, and the least that there can be.
    Of a name longer than 60 letters the end is shown."""
    names = [name if len(name) <= 60 else f"…{name[-59:]}" for name in names]
    height = 1.7 + 0.26 * len(names)
    fig, axes = style.figure(2, 1, height=height, sharey=True, width=style.WIDTH + 0.06 * max(map(len, names)))
    y = np.arange(len(names))
    left, right = axes[0]
    left.hlines(y, quantiles[:, 0], quantiles[:, 4], color=_BLUE, linewidth=1)
    left.hlines(y, quantiles[:, 1], quantiles[:, 3], color=_BLUE, linewidth=4)
    left.plot(quantiles[:, 2], y, "o", color=_BLUE, markeredgecolor="white")
    left.plot(random, y, "|", color="0.35", markersize=10, markeredgewidth=1.5)
    left.set(xlim=(0, 1.02), xlabel="dimensions of a feature $D_i$", ylim=(len(names) - 0.5, -0.5))
    left.set_yticks(y, names)
    right.axvline(1, color="0.35", linewidth=1, linestyle=(0, (4, 3)))
    right.plot(cosines, y, "o", color=_ORANGE)
    right.plot(welch, y, "|", color=_ORANGE, markersize=10, markeredgewidth=1.5)
    most = max(cosines.max(), 1)
    right.set(xlabel="squared cosine of two features × $m$", xlim=(0, 1.05 * most))
    if most > 20:
        right.set_xscale("symlog", linthresh=1)
    grey = {"linestyle": "none", "color": "0.35"}
    handles = [
        Line2D([], [], marker="o", label="median (left), mean (right)", **grey),
        Line2D([], [], marker="|", markersize=10, markeredgewidth=1.5, label="random (left), the least (right)", **grey),
    ]
    fig.legend(handles=handles, loc="outside lower center", ncols=2)
    return fig
