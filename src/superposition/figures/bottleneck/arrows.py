"""Arrows on two axes, panel by panel; what is given back of each feature; and quantities over training."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Num
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superposition.figures import style

_COLOURS = list(style.PALETTE.values())
_DASHED = (0, (4, 3))


def arrows(
    vectors: Float[np.ndarray, "row panel arrow 2"], titles: Sequence[str], rows: Sequence[str], xlabel: str, ylabel: str
) -> Figure:
    """Arrows from the origin in each panel, the first darkest; all panels have one scale. `titles`: of the columns."""
    n_rows, n_panels, _, _ = vectors.shape
    fig, axes = style.figure(n_panels, n_rows, height=0.75 + 6.3 / n_panels * n_rows, sharex=True, sharey=True, width=style.WIDTH)
    most = 1.06 * float(np.abs(vectors).max())
    for row, label in enumerate(rows):
        for panel, title in enumerate(titles):
            _draw(axes[row, panel], vectors[row, panel], most)
            if row == 0:
                style.panel_title(axes[row, panel], title)
        axes[row, 0].set_ylabel("\n".join(part for part in (label, ylabel) if part))
    for ax in axes[-1]:
        ax.set_xlabel(xlabel)
    return fig


def _draw(ax: Axes, vectors: Float[np.ndarray, "arrow 2"], most: float) -> None:
    for vector, colour in reversed(list(zip(vectors, style.importance_colours(len(vectors)), strict=True))):
        ax.plot([0, vector[0]], [0, vector[1]], color=colour, linewidth=1.2)
        ax.plot(*vector, "o", color=colour, markersize=2.5)
    ax.set(xlim=(-most, most), ylim=(-most, most), aspect="equal", xticks=[0], yticks=[0])
    ax.set_xticklabels([])
    ax.set_yticklabels([])
    for side in ("top", "right"):
        ax.spines[side].set_visible(True)
    ax.grid(True, color="0.8", linewidth=0.6)


def arrows_film(
    W: Float[np.ndarray, "row panel frame arrow 2"],
    step: Num[np.ndarray, "frame"],
    titles: Sequence[str],
    rows: Sequence[str],
    xlabel: str,
    ylabel: str,
) -> Callable[[int], Figure]:
    """The same over training: the frames of a film, with one scale for all of them."""
    n_rows, n_panels, *_ = W.shape
    fig, axes = style.figure(n_panels, n_rows, height=0.9 + 5.4 / n_panels * n_rows, sharex=True, sharey=True, width=style.WIDTH)
    most = 1.06 * float(np.abs(W).max())

    def frame(k: int) -> Figure:
        for row, label in enumerate(rows):
            for panel, title in enumerate(titles):
                axes[row, panel].clear()
                _draw(axes[row, panel], W[row, panel, k], most)
                if row == 0:
                    style.panel_title(axes[row, panel], title)
                if row == n_rows - 1:
                    axes[row, panel].set_xlabel(xlabel)
            axes[row, 0].set_ylabel(f"{label}\n{ylabel}")
        fig.suptitle(f"step {step[k]:,}", fontsize=11)
        return fig

    return frame


def given_back(
    explained: Float[np.ndarray, "instance n"],
    density: Float[np.ndarray, "instance"],
    importance: Float[np.ndarray, "n"],
    m: int,
) -> Figure:
    """What is given back of each feature in each instance, darker for the denser, beside its importance, dashed.

    Shares below 0 are drawn at 0. The grey line stands where there are as many features as dimensions."""
    fig, axes = style.figure(height=3.3)
    ax, place = axes[0, 0], np.arange(1, len(importance) + 1)
    for R, at in zip(explained, np.linspace(0, 1, len(density)), strict=True):
        ax.plot(place, np.maximum(R, 0), color=style.SEQUENTIAL(at), linewidth=1.4)
    ax.plot(place, importance, color="0.2", linestyle=_DASHED, linewidth=1.4)
    ax.axvline(m, color="0.6", linewidth=1)
    ax.set(xlim=(1, len(place)), ylim=(0, 1.02), xlabel="feature", ylabel="share given back")
    ends = {f"S = {1 - density[k]:.2f}": style.SEQUENTIAL(at) for k, at in ((0, 0.0), (-1, 1.0))}
    for k, (label, colour) in enumerate([*ends.items(), ("importance", "0.2"), (f"{m} dimensions", "0.6")]):
        ax.annotate(label, (0.98, 0.95 - 0.09 * k), xycoords="axes fraction", ha="right", va="top", color=colour)
    return fig


def over_training(
    step: Sequence[Num[np.ndarray, "_"]],
    values: Sequence[Sequence[Float[np.ndarray, "seed _"]]],
    names: Sequence[str],
    titles: Sequence[str],
    null: Sequence[float | None],
) -> Figure:
    """A panel for each quantity over the steps, on a logarithmic axis: a thin line a seed, a thick one their mean.

    `values`: for each panel and series, seed by seed. `null`: a dashed level in a panel."""
    fig, axes = style.figure(len(titles), 1, height=2.9)
    for ax, at, series, title, level in zip(axes[0], step, values, titles, null, strict=True):
        if level is not None:
            ax.axhline(level, color="0.35", linestyle=_DASHED, linewidth=1)
        for k, each in enumerate(series):
            ax.plot(at, each.T, color=_COLOURS[k], linewidth=0.6, alpha=0.5)
            ax.plot(at, each.mean(0), color=_COLOURS[k], label=names[k])
        ax.set_xscale("log")
        ax.set_xlabel("step")
        style.panel_title(ax, title)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=len(names))
    return fig
