"""REPLACE: what these pictures show. Every function takes arrays with named axes and returns a figure."""

import numpy as np
from jaxtyping import Float, Int
from matplotlib.figure import Figure

from superposition.figures import style


def overlap_by_size(n_features: Int[np.ndarray, "size"], overlap: Float[np.ndarray, "seed size"], expected: float) -> Figure:
    """Mean squared cosine against the number of directions, a dot a seed; dashed: what is expected."""
    fig, axes = style.figure()
    ax = axes[0, 0]
    for seed in overlap:
        ax.plot(n_features, seed, "o", color=style.PALETTE["blue"], markersize=3, alpha=0.5)
    ax.axhline(expected, color="0.5", linestyle=(0, (4, 3)), linewidth=1)
    ax.set(xscale="log", ylim=(0, None), xlabel="number of directions", ylabel="mean squared cosine")
    ax.set_xticks(n_features, [str(n) for n in n_features])
    ax.minorticks_off()
    return fig
