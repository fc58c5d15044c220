"""How a language model learns: its loss on unseen text over training, beside models that only count."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.figure import Figure

from superposition.figures import style

_COLOURS = list(style.PALETTE.values())


def learning(
    steps: Sequence[Int[np.ndarray, "_"]],
    losses: Sequence[Float[np.ndarray, "_ _"]],
    names: Sequence[str],
    ngrams: Float[np.ndarray, "order"],
) -> Figure:
    """The validation loss of each model over training, a line a seed; dashed: what n-grams of each order reach.

    The losses at step 0, those of chance, are left out. Losses are in nats a token. The lowest dashed line has its label
    below it, since the longer the n-grams, the nearer their lines."""
    fig, axes = style.figure(height=3.4)
    ax = axes[0, 0]
    for k, (step, loss, name) in enumerate(zip(steps, losses, names, strict=True)):
        for seed, line in enumerate(loss):
            ax.plot(step[1:], line[1:], color=_COLOURS[k], label=name if seed == 0 else None, marker="o", markersize=3)
    last = max(step[-1] for step in steps)
    for order, loss in enumerate(ngrams, 1):
        if loss < ax.get_ylim()[1]:
            ax.axhline(loss, color="0.5", linestyle=(0, (4, 3)), linewidth=1)
            up, va = (-2, "top") if loss == ngrams.min() else (2, "bottom")
            what = ax.annotate(f"{order}-grams", (last, loss), xytext=(0, up), textcoords="offset points", ha="right", va=va)
            style.halo(what)
    ax.set(xlim=(0, last), xlabel="training step", ylabel="loss on unseen stories, nats a token")
    style.legend(ax, loc="lower left")
    return fig
