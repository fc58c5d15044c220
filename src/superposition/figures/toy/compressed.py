"""Compressed computation: losses beside what labels allow, errors by feature, ANDs over neurons, directions without a ReLU."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.figure import Figure

from superposition.figures import style
from superposition.figures.toy.plane import _plane, _rays

_COLOURS = list(style.PALETTE.values())
_MARKERS = "osD^v"


def losses_over_mixing(
    sigma: Float[np.ndarray, "sigma"],
    trained: Mapping[str, Float[np.ndarray, "sigma seed"]],
    least: Mapping[str, Float[np.ndarray, "sigma seed"]],
    dedicated: float,
) -> Figure:
    """The loss against the size of the mixing: trained as points, a line where labels allow no less, dashed dedicated neurons."""
    fig, axes = style.figure(height=3.3)
    ax = axes[0, 0]
    ax.axhline(dedicated, color="0.4", linestyle=(0, (4, 3)), linewidth=1.3, label="dedicated neurons")
    for k, (name, values) in enumerate(trained.items()):
        ax.plot(sigma, least[name].mean(-1), color=_COLOURS[k], linewidth=1.2, label=f"{name}, least possible")
        ax.plot(sigma, values.mean(-1), _MARKERS[k], color=_COLOURS[k], label=f"{name}, trained")
        ax.vlines(sigma, values.min(-1), values.max(-1), color=_COLOURS[k])
    ax.set(xlabel="size σ of the mixing", ylabel="loss of an output over $p$", xlim=(0, None), ylim=(0.04, None))
    fig.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize=9.5)
    return fig


def sorted_errors(errors: Mapping[str, Float[np.ndarray, "seed feature"]], lines: Mapping[str, float]) -> Figure:
    """The error of every feature, sorted, a line a seed and a colour a training; levels to compare with are dashed."""
    fig, axes = style.figure(height=3.2)
    ax, count = axes[0, 0], next(iter(errors.values())).shape[-1]
    for k, (name, values) in enumerate(errors.items()):
        ax.plot(np.sort(values).T, color=_COLOURS[k], linewidth=1.1, label=[name] + [None] * (len(values) - 1))
    for name, level in lines.items():
        ax.axhline(level, color="0.4", linestyle=(0, (4, 3)), linewidth=1)
        ax.annotate(
            name,
            (0.4 * count, level),
            xytext=(0, 3),
            textcoords="offset points",
            ha="left",
            va="bottom",
            fontsize=9.5,
            color="0.3",
        )
    ax.set(xlabel="features, the best first", ylabel="squared error where positive", xlim=(0, count), ylim=(0, None))
    fig.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize=9.5)
    return fig


def ands_over_neurons(
    neurons: Int[np.ndarray, "size neuron_count"],
    computed: Float[np.ndarray, "size neuron_count"],
    pairs: Sequence[int],
    at_random: tuple[Int[np.ndarray, "random_count"], Float[np.ndarray, "size random_count"]],
    fewest: Float[np.ndarray, "size"],
    slopes: Mapping[str, tuple[Float[np.ndarray, "point"], Float[np.ndarray, "point"]]],
) -> Figure:
    """How many ANDs are right against neurons, both logarithmic: a line of points for each size, up to all its pairs.

    Dashed: one neuron for each. Crosses: neurons that read at random. A line without points: no network has fewer neurons.
    Dotted: slopes whose height isn't known."""
    fig, axes = style.figure(height=4.2)
    ax = axes[0, 0]
    ends = np.array([6, 700])
    for k, total in enumerate(pairs):
        shown = computed[k] >= 1
        label = "trained networks" if k == 0 else None
        ax.plot(neurons[k, shown], computed[k, shown], "-o", color=_COLOURS[0], linewidth=0.9, markersize=3.5, label=label)
        seen = (at_random[1][k] >= 1) & (np.r_[0, at_random[1][k, :-1]] < total)  # up to where all are right
        ax.plot(
            at_random[0][seen], at_random[1][k, seen], "x--", color=_COLOURS[1], linewidth=0.6, markersize=4,
            label="neurons that read at random" if k == 0 else None,
        )  # fmt: skip
        ax.annotate(f"all {total}", (ends[-1], total), xytext=(4, 0), textcoords="offset points", va="center", fontsize=9)
    ax.plot(ends, ends, color="0.3", linestyle=(0, (4, 3)), linewidth=1.3, label="one neuron for each AND")
    ax.plot(fewest, pairs, color=_COLOURS[3], linewidth=1.4, label="proven: no fewer neurons")
    for (name, (x, y)), dots in zip(slopes.items(), (":", "-."), strict=True):
        ax.plot(x, y, color=_COLOURS[2], linestyle=dots, linewidth=1.4, label=name)
    ax.set(xscale="log", yscale="log", xlim=ends, ylim=(6, 900), xlabel="neurons", ylabel="ANDs computed")
    ticks = [8, 16, 32, 64, 128, 256, 512]
    ax.set_xticks(ticks, [str(t) for t in ticks])
    ax.set_yticks([10, 30, 100, 300], ["10", "30", "100", "300"])
    ax.minorticks_off()
    fig.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize=9.5)
    return fig


def directions_without_relu(
    W: Float[np.ndarray, "n 2"],
    p: Float[np.ndarray, "p"],
    loss: Mapping[str, Float[np.ndarray, "p seed"]],
    identified: Mapping[str, Float[np.ndarray, "p seed"]],
) -> Figure:
    """The directions of one model; the loss over p, and how often the target's output is the largest, beside what is built."""
    side, key = 2.05, 0.85
    style.use()
    fig = Figure(figsize=(style.WIDTH, side + key + 0.35))
    ax = style.inches(fig, 0, key, side, side)
    _plane(ax)
    for ray in _rays(W):
        ax.plot(*ray.T, color=_COLOURS[0], linewidth=0.7)
    style.panel_title(ax, "one model")
    place = np.arange(len(p))
    wide = (style.WIDTH - side - 1.5) / 2
    for column, (values, title) in enumerate(((loss, "loss on the target"), (identified, "target's output the largest"))):
        ax = style.inches(fig, side + 0.55 + column * (wide + 0.65), key, wide, side)
        for k, (name, of_p) in enumerate(values.items()):
            dashes = "-" if k == 0 else (0, (4, 3))
            ax.plot(place, of_p.mean(-1), linestyle=dashes, marker=_MARKERS[k], markersize=4, color=_COLOURS[k], label=name)
        ax.set_xticks(place, [f"{one:g}" for one in p], fontsize=9)
        ax.set(xlabel="$p$ of the others", ylim=(0, None))
        style.panel_title(ax, title)
    fig.legend(*ax.get_legend_handles_labels(), loc="lower center", ncols=4, fontsize=9.5)
    return fig
