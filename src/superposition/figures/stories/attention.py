"""Heads and skip trigrams: what each feature loses without each head, and which features each head tells apart."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from superposition.figures import style

_COLOURS = list(style.PALETTE.values())


def head_features(
    effect: Float[np.ndarray, "mode feature head"], alone: Float[np.ndarray, "feature head"], titles: Sequence[str]
) -> Figure:
    """Heads in rows, features in columns. First what a feature's logit loses without a head, the MLP on and off, on one scale
    that ends where 1 in 200 cells ends; last in how many contexts a head tells the feature by itself."""
    fig, axes = style.figure(nrows=3, height=4.6, width=style.WIDTH, sharex=True)
    limit = float(np.quantile(np.abs(effect), 0.995))
    for ax, one, title in zip(axes[:2, 0], effect, titles[:2], strict=True):
        losses = ax.imshow(one.T, cmap=style.DIVERGING, vmin=-limit, vmax=limit, aspect="auto")
        ax.set_title(title, loc="left")
    told = axes[2, 0].imshow(alone.T, cmap="Greys", vmin=0, vmax=1, aspect="auto")
    axes[2, 0].set_title(titles[2], loc="left")
    axes[2, 0].set_xlabel("feature, the one that text says most of first")
    fig.colorbar(losses, ax=list(axes[:2, 0]), label="logits lost", pad=0.01)
    fig.colorbar(told, ax=axes[2, 0], label="contexts", pad=0.01)
    for ax in axes[:, 0]:
        ax.set(ylabel="head", yticks=range(effect.shape[-1]))
        ax.tick_params(axis="y", labelsize=7.5)
        ax.spines[:].set_visible(False)
    return fig


def told_by_heads(
    told: Sequence[Float[np.ndarray, "head"]], names: Sequence[str], features: int, dimensions: int, chance: float
) -> Figure:
    """How many features each head tells apart alone, heads sorted, a line a model; dotted: the dimensions of a head."""
    fig, axes = style.figure(height=3.2)
    ax = axes[0, 0]
    for k, (one, name) in enumerate(zip(told, names, strict=True)):
        ax.plot(1 + np.arange(len(one)), np.sort(one)[::-1], marker="o", color=_COLOURS[k], label=name)
    ax.axhline(dimensions, color="0.5", linestyle=(0, (1, 2)), linewidth=1.2)
    style.halo(ax.annotate("dimensions of a head", (ax.get_xlim()[1], dimensions), ha="right", va="bottom", color="0.35"))
    ax.axhline(chance, color="0.5", linestyle=(0, (4, 3)), linewidth=1)
    ax.set(
        xlabel="head, the one that tells most first", ylabel=f"features of {features} told apart", ylim=(-0.02 * features, None)
    )
    ax.set_xticks(1 + np.arange(max(map(len, told))))
    style.legend(ax)
    return fig
