"""Heads and skip trigrams: what each feature loses without each head, and which features each head tells apart."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Integer
from matplotlib.figure import Figure

from superposition.figures import style

_COLOURS = list(style.PALETTE.values())


def head_features(effect: Float[np.ndarray, "mode feature head"], titles: Sequence[str]) -> Figure:
    """Heads in rows, features in columns, a panel a mode: what a feature's logit loses without a head. Each panel has a scale of
    its own, that ends where 1 in 200 cells ends."""
    fig, axes = style.figure(nrows=len(effect), height=0.5 + 1.7 * len(effect), width=style.WIDTH, sharex=True)
    for ax, one, title in zip(axes[:, 0], effect, titles, strict=True):
        limit = float(np.quantile(np.abs(one), 0.995))
        losses = ax.imshow(one.T, cmap=style.DIVERGING, vmin=-limit, vmax=limit, aspect="auto")
        ax.set_title(title, loc="left")
        ax.set(ylabel="head", yticks=range(one.shape[-1]))
        ax.tick_params(axis="y", labelsize=7.5)
        ax.spines[:].set_visible(False)
        fig.colorbar(losses, ax=ax, label="logits lost", pad=0.01)
    axes[-1, 0].set_xlabel("feature, the one that text says most of first")
    return fig


def told_by_heads(told: Integer[np.ndarray, "model head"], names: Sequence[str], features: int, dimensions: int) -> Figure:
    """How many features each head tells apart alone, heads sorted, a line a model; dotted: the dimensions of a head."""
    fig, axes = style.figure(height=3.2)
    ax = axes[0, 0]
    for k, (one, name) in enumerate(zip(told, names, strict=True)):
        ax.plot(1 + np.arange(len(one)), np.sort(one)[::-1], marker="o", color=_COLOURS[k], label=name)
    ax.axhline(dimensions, color="0.5", linestyle=(0, (1, 2)), linewidth=1.2)
    style.halo(ax.annotate("dimensions of a head", (ax.get_xlim()[1], dimensions), ha="right", va="bottom", color="0.35"))
    ax.set(xlabel="head, the one that tells most first", ylabel=f"features of {features} told apart", ylim=(-2, features))
    ax.set_xticks(1 + np.arange(told.shape[1]))
    style.legend(ax)
    return fig
