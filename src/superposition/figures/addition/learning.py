"""How the transformer learns to add: each digit of the sum, sums seen and unseen, long carries, and the other reading."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter, PercentFormatter

from superposition import metrics
from superposition.figures import style

_COLOURS = list(style.PALETTE.values())
_DASHED = (0, (4, 3))
PLACES = ("ones", "tens", "hundreds", "thousands", "ten thousands", "hundred thousands", "millions")


def _epochs(ax: Axes, epoch: np.ndarray) -> None:
    """A logarithmic axis of epochs, from the first one on."""
    marks = [mark for mark in (1, 10, 100, 1000) if mark <= epoch[-1]]
    ax.set(xscale="log", xlim=(1, epoch[-1]), xlabel="epoch")
    ax.set_xticks(marks, [f"{mark:,}" for mark in marks])
    ax.xaxis.set_minor_formatter(NullFormatter())


def _shares(ax: Axes, label: str, low: float | int = 0) -> None:
    ax.set(ylim=(low, 1.02 if low == 0 else 1), ylabel=label)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))


def by_position(epoch: Int[np.ndarray, "checkpoint"], accuracy: Float[np.ndarray, "checkpoint seed answer"]) -> Figure:
    """Accuracy of each digit of the sum over training, a panel a seed; colours run from the ones to the millions."""
    seeds, answers = accuracy.shape[1:]
    columns = min(3, seeds)
    fig, axes = style.figure(columns, -(-seeds // columns), height=1.95 * -(-seeds // columns) + 0.75, sharex=True, sharey=True)
    colours = style.importance_hex(answers)
    for k, ax in enumerate(axes.flat[:seeds]):
        for t in range(answers):
            ax.plot(epoch[1:], accuracy[1:, k, t], color=colours[t], linewidth=1.5)
        _epochs(ax, epoch)
        _shares(ax, "")
        ax.label_outer()
        ax.set_title(f"seed {k}", loc="left")
    for ax in axes.flat[seeds:]:
        ax.set_visible(False)
    for ax in axes[:, 0]:
        ax.set_ylabel("right digits")
    handles = [Line2D([], [], color=colour, label=place) for colour, place in zip(colours, PLACES)]
    fig.legend(handles=handles, loc="outside lower center", ncols=4, columnspacing=1.2)
    return fig


def splits(
    epoch: Int[np.ndarray, "checkpoint"], accuracy: Float[np.ndarray, "series checkpoint seed split"], names: Sequence[str]
) -> Figure:
    """Two accuracies over training, on sums trained on (solid) and on unseen ones (dashed), means over seeds with intervals."""
    fig, axes = style.figure(height=3.3)
    ax = axes[0, 0]
    for k, (series, name) in enumerate(zip(accuracy, names, strict=True)):
        for split, line in enumerate(("-", _DASHED)):
            mean, low, high = metrics.mean_interval(series[1:, :, split].T)
            ax.fill_between(epoch[1:], low, high, color=_COLOURS[k], alpha=0.15, linewidth=0)
            ax.plot(epoch[1:], mean, color=_COLOURS[k], linestyle=line, label=f"{name}, {('trained on', 'unseen')[split]}")
    _epochs(ax, epoch)
    _shares(ax, "right")
    style.legend(ax, loc="upper left")
    return fig


def by_chain(accuracy: Sequence[Float[np.ndarray, "_ chain"]], names: Sequence[str]) -> Figure:
    """Accuracy of a digit by how many columns right below it sum to 9: a point a seed, a bar for their mean.

    Dashed: a coin, which is what is left to someone who knows the digit but for its carry."""
    fig, axes = style.figure(height=3.2)
    ax, count = axes[0, 0], len(names)
    wide = 0.8 / count
    for k, (series, name) in enumerate(zip(accuracy, names, strict=True)):
        x = np.arange(series.shape[1]) + (k - (count - 1) / 2) * wide
        ax.bar(x, series.mean(0), width=0.9 * wide, color=_COLOURS[k], alpha=0.35, label=name)
        ax.plot(np.broadcast_to(x, series.shape).ravel(), series.ravel(), "o", color=_COLOURS[k], markersize=3)
    ax.axhline(0.5, color="0.35", linewidth=1, linestyle=_DASHED)
    ax.set_xticks(range(accuracy[0].shape[1]))
    ax.set_xlabel("columns right below that sum to 9")
    _shares(ax, "right digits")
    fig.legend(loc="outside lower center", ncols=count)
    return fig


def readings(
    epochs: Sequence[Int[np.ndarray, "_"]], accuracy: Sequence[Float[np.ndarray, "_ seed"]], names: Sequence[str]
) -> Figure:
    """Share of right sums over training for several ways to read the answer: seeds thin, their mean thick."""
    fig, axes = style.figure(height=3.2)
    ax = axes[0, 0]
    for k, (epoch, series, name) in enumerate(zip(epochs, accuracy, names, strict=True)):
        ax.plot(epoch[1:], series[1:], color=_COLOURS[k], linewidth=0.7, alpha=0.5)
        ax.plot(epoch[1:], series[1:].mean(1), color=_COLOURS[k], linewidth=2.4, label=name)
    _epochs(ax, max(epochs, key=lambda epoch: epoch[-1]))
    _shares(ax, "right sums")
    style.legend(ax, loc="upper left")
    return fig
