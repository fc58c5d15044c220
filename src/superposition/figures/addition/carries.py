"""Where the transformer errs, and which heads bring the carries: errors by the column below, by depth, heads by column."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, PercentFormatter

from superposition.figures import style

_COLOURS = list(style.PALETTE.values())
_DASHED = (0, (4, 3))


def by_column_below(rate: Float[np.ndarray, "seed sum"]) -> Figure:
    """The share of wrong digits by what the column right below sums to, on a logarithmic axis: a bar, and a point a seed.

    Sums next to 9 on the ring of last digits, 8 and 18, 10 and 0, are darker than the others; 9 is orange."""
    fig, axes = style.figure(height=3.3)
    ax = axes[0, 0]
    sums, floor = np.arange(rate.shape[1]), 1e-5
    near = [_COLOURS[1] if s == 9 else _COLOURS[0] if s % 10 in (8, 0) else "0.6" for s in sums]
    ax.bar(sums, np.maximum(rate.mean(0), floor), color=near, alpha=0.75)
    ax.plot(np.broadcast_to(sums, rate.shape).ravel(), np.maximum(rate, floor).ravel(), "o", color="black", markersize=2)
    ax.set(yscale="log", ylim=(floor, 1), ylabel="wrong digits", xlabel="sum of the two digits in the column right below")
    ax.set_xticks(sums, [str(s) for s in sums], fontsize=9)
    ax.set_yticks([1e-4, 1e-2, 1], ["0.01%", "1%", "100%"])
    ax.yaxis.set_minor_formatter(NullFormatter())
    return fig


def _seeds_and_mean(ax: Axes, k: int, values: Float[np.ndarray, "_ depth"], name: str) -> Int[np.ndarray, "depth"]:
    """The lines of the k-th kind: seeds thin, their mean thick. Returns where they have their points."""
    x = np.arange(values.shape[1])
    if len(values) > 1:
        ax.plot(x, values.T, color=_COLOURS[k], linewidth=0.6, alpha=0.5)
    ax.plot(x, values.mean(0), color=_COLOURS[k], marker="osD^"[k % 4], label=name, zorder=3, clip_on=False)
    return x


def by_depth(accuracy: Sequence[Float[np.ndarray, "_ depth"]], names: Sequence[str]) -> Figure:
    """Accuracy by the number of columns right below that sum to 9: seeds thin, their mean thick; dashed, a coin."""
    fig, axes = style.figure(height=3.2)
    ax = axes[0, 0]
    for k, (values, name) in enumerate(zip(accuracy, names, strict=True)):
        x = _seeds_and_mean(ax, k, values, name)
    ax.axhline(0.5, color="0.35", linewidth=1, linestyle=_DASHED)
    ax.set(ylim=(0, 1), ylabel="right digits", xlabel="columns right below that sum to 9")
    ax.set_xticks(x)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    style.legend(ax, loc="lower left")
    return fig


def by_distance(strength: Sequence[Float[np.ndarray, "_ depth"]], names: Sequence[str]) -> Figure:
    """The carry signal by how many columns right below sum to 9, relative to none, on a logarithmic axis: seeds thin, means
    thick; dashed, what decimals are worth."""
    fig, axes = style.figure(height=3.2)
    ax = axes[0, 0]
    for k, (values, name) in enumerate(zip(strength, names, strict=True)):
        x = _seeds_and_mean(ax, k, values, name)
    ax.plot(x, 0.1**x, color="0.35", linewidth=1, linestyle=_DASHED)
    style.halo(ax.annotate("a tenth a column", (1, 0.1), xytext=(8, 4), textcoords="offset points", color="0.35", fontsize=10))
    ax.set(yscale="log", ylim=(0.003, 2), ylabel="carry signal", xlabel="columns right below that sum to 9")
    ax.set_xticks(x)
    ax.set_yticks([0.01, 0.1, 1], ["1%", "10%", "100%"])
    ax.yaxis.set_minor_formatter(NullFormatter())
    style.legend(ax, loc="lower left")
    return fig


def poles_and_logits(
    u: Float[np.ndarray, "point"],
    functions: Float[np.ndarray, "point pole"],
    logits: Float[np.ndarray, "point n_out"],
    poles: Sequence[float],
) -> Figure:
    """Above, what a head makes of u, a line a pole; below, the ten logits read from them, the largest drawn thick."""
    fig, axes = style.figure(nrows=2, height=4.4, sharex=True, height_ratios=(2, 3))
    upper, lower = axes[:, 0]
    for k, pole in enumerate(poles):
        upper.plot(u, functions[:, k], color=_COLOURS[k], label=f"{pole:g}".replace("-", "−"))
    upper.set(ylim=(0, None), ylabel="one head")
    upper.legend(title="pole", ncols=len(poles), loc="upper center", title_fontsize=10)
    colours = style.importance_hex(logits.shape[1])
    best = logits.argmax(1)
    for digit, colour in enumerate(colours):
        lower.plot(u, logits[:, digit], color=colour, linewidth=0.6)
        lower.plot(u, np.where(best == digit, logits[:, digit], np.nan), color=colour, linewidth=3)
    for start in range(20):
        here = (u >= start) & (u < start + 1)
        at = float(logits[here].max())
        label = lower.annotate(
            str(start % 10), (start + 0.5, at), xytext=(0, 4), textcoords="offset points", ha="center", fontsize=9,
            color=colours[start % 10],
        )  # fmt: skip
        style.halo(label)
    lower.set(xlim=(0, 20), ylabel="logits", ylim=(logits.min(), logits.max() + 0.12 * float(np.ptp(logits))))
    lower.set_xlabel("u: the column, and all below it as decimals")
    lower.set_xticks(range(0, 21, 5))
    return fig


def head_columns(
    values: Sequence[Float[np.ndarray, "head answer"]], titles: Sequence[str], label: str, top: float | int
) -> Figure:
    """A heat map per model: heads across, answers up, from nothing (white) to `top`.

    Heads stand in the order of the answers that they serve, those that serve none at the end."""
    fig, axes = style.figure(nrows=len(values), height=1.75 * len(values) + 0.6, width=style.WIDTH)
    for ax, shares, title in zip(axes[:, 0], values, titles, strict=True):
        total = shares.sum(1)
        place = np.divide(shares @ np.arange(shares.shape[1]), total, out=np.full(len(total), np.inf), where=total > 1e-3)
        order = np.argsort(place, kind="stable")
        drawn = ax.imshow(shares[order].T, cmap=style.DIVERGING, vmin=-top, vmax=top, origin="lower", aspect="auto")
        ax.set_xticks(range(len(order)), [str(head) for head in order], fontsize=7 if len(order) > 16 else 10)
        ax.set_yticks(range(shares.shape[1]))
        ax.set_ylabel("answer")
        ax.set_title(title, loc="left")
    axes[-1, 0].set_xlabel("head")
    bar = fig.colorbar(drawn, ax=list(axes[:, 0]), label=label, shrink=0.8, boundaries=np.linspace(0, top, 65))
    bar.set_ticks([0, top / 2, top], labels=["0", f"{top / 2:g}", f"≥ {top:g}"])
    return fig


def recipes(
    step: Float[np.ndarray, "checkpoint"],
    accuracy: Float[np.ndarray, "recipe checkpoint seed"],
    names: Sequence[str],
    reference: float,
    reference_name: str,
) -> Figure:
    """The share of wrong sums over training by recipe, logarithmic: seeds thin, their mean thick; dashed, where another ends."""
    fig, axes = style.figure(height=3.3)
    ax = axes[0, 0]
    for k, (series, name) in enumerate(zip(accuracy, names, strict=True)):
        ax.plot(step[1:], 1 - series[1:], color=_COLOURS[k], linewidth=0.7, alpha=0.45)
        ax.plot(step[1:], 1 - series[1:].mean(1), color=_COLOURS[k], marker="osD^"[k % 4], label=name)
    for level, name in ((reference, reference_name), (0.99, "the goal")):
        ax.axhline(1 - level, color="0.35", linewidth=1, linestyle=_DASHED)
        label = ax.annotate(name, (0, 1 - level), xytext=(4, 3), textcoords="offset points", color="0.35", fontsize=10)
        style.halo(label)
    ax.set(yscale="log", xlim=(0, step[-1]), ylim=(0.005, 1), xlabel="training step", ylabel="wrong sums")
    ax.set_yticks([1e-2, 1e-1, 1], ["1%", "10%", "100%"])
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.xaxis.set_major_formatter("{x:,.0f}")
    style.legend(ax, loc="upper right")
    return fig
