"""What features that are known are to a language model: read by probes and neurons, and their shares of a dimension."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from superposition.figures import style

_COLOURS = list(style.PALETTE.values())
_MARKERS = "osD^v"
_NULL = (0, (4, 3))


def features_read(
    d_model: Int[np.ndarray, "width"],
    areas: Mapping[str, Float[np.ndarray, "width seed"]],
    nulls: Mapping[str, Float[np.ndarray, "width seed"]],
) -> Figure:
    """The median area under the curve against the width: a line for each way to read, dots are seeds, and dashed the
    same with values dealt anew."""
    fig, axes = style.figure(height=3.2, width=style.WIDTH)
    ax = axes[0, 0]
    ax.axhline(0.5, color="0.7", linewidth=0.8)
    for k, (name, values) in enumerate(areas.items()):
        _seeds(ax, d_model, values, k, name)
        ax.plot(d_model, nulls[name].mean(1), color=_COLOURS[k], linestyle=_NULL, linewidth=1.1)
    _widths(ax, d_model)
    ax.set(ylim=(0.4, 1.02), ylabel="area under the curve, median")
    style.end_labels(ax, [values[-1].mean() for values in areas.values()], list(areas), _COLOURS[: len(areas)])
    return fig


def shares_by_width(
    d_model: Int[np.ndarray, "width"],
    panels: Mapping[str, Mapping[str, Float[np.ndarray, "width seed"]]],
    most: Float[np.ndarray, "width"],
) -> Figure:
    """Mean D_i of the features against the width, a panel for each space: the first of a panel's lines is the model's, the
    others, dashed, what it is held against; dotted: the most that the features could have."""
    fig, axes = style.figure(ncols=len(panels), height=3.5, sharey=True)
    names = list(dict.fromkeys(name for lines in panels.values() for name in lines))
    for ax, (title, lines) in zip(axes[0], panels.items(), strict=True):
        ax.plot(d_model, most, color="0.5", linestyle=":", linewidth=1.2, label="the most there can be")
        for k, (name, values) in enumerate(lines.items()):
            _seeds(ax, d_model, values, names.index(name), name, dashed=k > 0)
        _widths(ax, d_model)
        ax.set(title=title, ylim=(0, 1))
    axes[0, 0].set_ylabel("share of a dimension, mean $D_i$")
    handles = {name: handle for ax in axes[0] for handle, name in zip(*ax.get_legend_handles_labels(), strict=True)}
    fig.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=3, frameon=False, fontsize=9.5)
    return fig


def feature_cosines(
    cosines: Sequence[Float[np.ndarray, "feature feature"]], titles: Sequence[str], slots: Mapping[str, int]
) -> Figure:
    """Cosines of every two features' directions, a map for each title; the slots, with how many values each has, are marked."""
    fig, axes = style.figure(ncols=len(cosines), height=3.3)
    ends = np.cumsum(list(slots.values()))
    for ax, map_, title in zip(axes[0], cosines, titles, strict=True):
        image = ax.imshow(map_, norm=Normalize(-1, 1), cmap=style.DIVERGING)
        for end in ends[:-1] - 0.5:
            ax.axhline(end, color="black", linewidth=0.5)
            ax.axvline(end, color="black", linewidth=0.5)
        middle = ends - np.array(list(slots.values())) / 2 - 0.5
        ax.set_xticks(middle, list(slots), rotation=45, ha="right", rotation_mode="anchor")
        ax.set_yticks(middle, list(slots) if ax is axes[0, 0] else [""] * len(slots))
        ax.tick_params(length=0)
        ax.set_title(title)
    fig.colorbar(image, ax=axes[0].tolist(), shrink=0.6, label="cosine", ticks=[-1, 0, 1])
    return fig


def _seeds(ax: Axes, x: np.ndarray, values: np.ndarray, k: int, name: str, dashed: bool = False) -> None:
    """A dot for each seed, and a line through their means."""
    for seed in values.T:
        ax.plot(x, seed, _MARKERS[k], color=_COLOURS[k], markersize=3)
    ax.plot(
        x, values.mean(1), color=_COLOURS[k], label=name, linestyle=_NULL if dashed else "-", linewidth=1.2 if dashed else 1.8
    )


def _widths(ax: Axes, d_model: np.ndarray) -> None:
    ax.set_xscale("log")
    ax.set_xticks(d_model, [str(int(m)) for m in d_model])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("width $m$")
