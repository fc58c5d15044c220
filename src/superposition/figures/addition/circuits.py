"""Pictures of heads at work: maps over all pairs of digits, accuracy with heads off, sets of heads, and how heads share."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import AsinhNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from superposition.figures import style

_COLOURS = list(style.PALETTE.values())
_DASHED = (0, (4, 3))


def _map(ax: Axes, values: np.ndarray, norm: Normalize) -> None:
    """Ten by ten: the digit of a downwards, that of b to the right."""
    ax.imshow(values.reshape(10, 10), cmap=style.DIVERGING, norm=norm)
    ax.set(xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set(visible=True, linewidth=0.5)


def heat_maps(maps: Float[np.ndarray, "panel pair"], titles: Sequence[str], notes: Sequence[str], columns: int = 4) -> Figure:
    """A 10 × 10 map a panel, each on a scale of its own that is symmetric about its mean, with a note below its title."""
    rows = -(-len(maps) // columns)
    fig, axes = style.figure(columns, rows, height=2.05 * rows + 0.2)
    for ax, values, title, note in zip(axes.flat, maps, titles, notes, strict=True):
        reach = max(float(np.abs(values - values.mean()).max()), 1e-9)
        _map(ax, values - values.mean(), Normalize(-reach, reach))
        style.panel_title(ax, title, note)
    _name_digits(axes)
    return fig


def _name_digits(axes: np.ndarray) -> None:
    """Along the left and the lower edge of a page of maps."""
    for ax in axes[:, 0]:
        ax.set_ylabel("digit of $a$")
        ax.set_yticks([0, 9])
    for ax in axes[-1]:
        ax.set_xlabel("digit of $b$", labelpad=2)
        ax.set_xticks([0, 9])


def logit_maps(maps: Float[np.ndarray, "pair n_out"], limit: float | int, linear: float | int) -> Figure:
    """What a head does to each of the ten logits, by the pair of digits; on one scale, linear up to `linear`, that ends at
    `limit`."""
    fig, axes = style.figure(5, 2, height=3.55)
    norm = AsinhNorm(linear, -limit, limit)
    for digit, ax in enumerate(axes.flat):
        _map(ax, maps[:, digit], norm)
        ax.set_title(f"logit of {digit}")
    _name_digits(axes)
    bar = fig.colorbar(ScalarMappable(norm, style.DIVERGING), ax=axes, shrink=0.8, pad=0.02)
    _ticks(bar, limit, linear)
    return fig


def _ticks(bar, limit, linear):
    bar.set_ticks([-limit, -linear, 0, linear, limit], labels=[f"−{limit:g}", f"−{linear:g}", "0", f"{linear:g}", f"{limit:g}"])
    bar.ax.minorticks_off()
    bar.outline.set_linewidth(0.4)


def map_film(
    original: Float[np.ndarray, "head pair"],
    maps: Float[np.ndarray, "head pair n_out"],
    notes: Sequence[str],
    limit: float | int,
    linear: float | int,
) -> Callable[[int], Figure]:
    """The frames of a film, one a head: left its map as the original drew it, right what it does to each of the ten logits.

    The left map has a scale of its own, as there; those to the right share one throughout. The function returned redraws
    one figure, so use a frame before asking for the next; a frame depends on its number alone."""
    style.use()
    fig = Figure(figsize=(style.WIDTH, 3.3), facecolor="white")
    left = style.inches(fig, 0.3, 0.95, 1.75, 1.75)
    side, norm = 0.66, AsinhNorm(linear, -limit, limit)
    right = [style.inches(fig, 2.45 + 0.71 * (k % 5), 1.88 - 0.95 * (k // 5), side, side) for k in range(10)]
    bar = fig.colorbar(
        ScalarMappable(norm, style.DIVERGING), cax=style.inches(fig, 2.9, 0.68, 2.6, 0.09), orientation="horizontal"
    )
    _ticks(bar, limit, linear)
    clock = fig.text(0.5, 0.985, "", ha="center", va="top")

    def frame(head: int) -> Figure:
        for ax in (left, *right):
            ax.clear()
        values = original[head] - original[head].mean()
        reach = max(float(np.abs(values).max()), 1e-9)
        _map(left, values, Normalize(-reach, reach))
        left.set_title("as the original drew it")
        for digit, ax in enumerate(right):
            _map(ax, maps[head, :, digit], norm)
            ax.set_title(f"{digit}", fontsize=10)
        clock.set_text(f"head {head}: {notes[head]}")
        return fig

    return frame


def effect_matrix(effect: Float[np.ndarray, "pair head"], label: str) -> Figure:
    """Circuits against heads: what each pair of digits loses without each head. Heads that cost most stand at the top."""
    fig, axes = style.figure(height=3.9, width=style.WIDTH)
    ax, order = axes[0, 0], np.argsort(-effect.sum(0), kind="stable")
    norm = Normalize(0, 1)
    ax.imshow(1 - effect.T[order], cmap="gray", norm=norm, aspect="auto", extent=(0, len(effect), len(order), 0))
    for edge in range(10, 100, 10):
        ax.axvline(edge, color="0.6", linewidth=0.5)
    ax.set_xticks(np.arange(5, 100, 10), [f"{a} + …" for a in range(10)])
    ax.tick_params(axis="x", length=0)
    ax.set_yticks(np.arange(len(order)) + 0.5, [str(head) for head in order], fontsize=7)
    ax.set(xlabel="pair of digits, $b$ from 0 to 9 in every strip", ylabel="head")
    bar = fig.colorbar(ScalarMappable(norm, "gray_r"), ax=ax, label=label, pad=0.02, format=PercentFormatter(1, decimals=0))
    bar.outline.set_linewidth(0.4)
    return fig


def one_head(
    alone: Float[np.ndarray, "ablation head"],
    without: Float[np.ndarray, "ablation head"],
    none: float,
    whole: float,
    names: Sequence[str],
) -> Figure:
    """Accuracy of a digit with one head and no other, and with all but one: heads from the best to the worst, by ablation."""
    fig, axes = style.figure(2, height=3.0, sharey=True)
    for ax, values, level, title in zip(axes[0], (alone, without), (none, whole), ("one head alone", "all heads but one")):
        for k, row in enumerate(values):
            ax.plot(np.arange(1, row.size + 1), np.sort(row)[::-1], color=_COLOURS[k], marker="osD"[k], markersize=3, linewidth=1.2,  # noqa: E501
                    label=names[k])  # fmt: skip
        ax.axhline(level, color="0.35", linewidth=0.9, linestyle=_DASHED)
        style.halo(ax.annotate(
            "no head" if ax is axes[0, 0] else "all heads", (0.98, level), xytext=(0, -3 if level > 0.5 else 3), ha="right",
            xycoords=("axes fraction", "data"), textcoords="offset points", va="top" if level > 0.5 else "bottom",
            fontsize=10, color="0.3",
        ))  # fmt: skip
        ax.set(xlabel="heads, from the best to the worst", ylim=(0, 1.02), title=title)
    axes[0, 0].set_ylabel("digits right")
    axes[0, 0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    style.legend(axes[0, 0], loc="upper right", title="ablation")
    return fig


def set_curves(curves: Float[np.ndarray, "panel way seed size"], titles: Sequence[str], ways: Sequence[str]) -> Figure:
    """Accuracy of a digit by how many heads are on, chosen in several ways: the mean over seeds, their range shaded."""
    fig, axes = style.figure(len(curves), height=3.2, sharey=True)
    for ax, panel, title in zip(axes[0], curves, titles, strict=True):
        sizes = np.arange(panel.shape[-1])
        for k, seeds in enumerate(panel):
            ax.fill_between(sizes, seeds.min(0), seeds.max(0), color=_COLOURS[k], alpha=0.2, linewidth=0)
            ax.plot(sizes, seeds.mean(0), color=_COLOURS[k], label=ways[k], linestyle=("-", "-", _DASHED)[k])
        ax.set(xlabel="heads on, the others at their means", xlim=(0, sizes[-1]), ylim=(0, 1.02), title=title)
        ax.set_xticks(np.arange(0, sizes[-1] + 1, 8))
    axes[0, 0].set_ylabel("digits right")
    axes[0, 0].yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    style.legend(axes[0, -1], loc="upper left")
    return fig
