"""Pictures of the geometry of many features: levels of dimensionality, counts of polytopes, and one solution cut apart.
The horizontal axis is 1 / density = 1 / (1 − S), as in the paper, with ticks that read S."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from superposition.figures import style

#: A colour per polytope, in the order single feature, digon, triangle, tetrahedron, pentagon, square antiprism, other.
SHAPE_COLOURS = ("#3a3a3a", "#0a6fb4", "#23855a", "#b08a00", "#c65102", "#5d2a86", "#9a9a9a")

# Whence `solids` are seen: across, up, and towards the reader.
SIDE = np.array([[0.94, -0.34, 0.0], [0.12, 0.33, 0.936], [0.318, 0.88, -0.351]])


def _axis(ax: Axes, density: np.ndarray) -> None:
    style.sparsity_axis(ax, density)
    marks = [0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9]
    ax.set_xticks([1 / (1 - s) for s in marks], [f"{s:g}" for s in marks])
    ax.set_xlim(1 / density.max() * 0.98, 1 / density.min() * 1.02)


def _level(ax: Axes, y: float | int, label: str, dodge: int = 0) -> None:
    """A thin line across the plot, named at its right edge."""
    ax.axhline(y, color="0.35", linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    ax.annotate(
        label,
        (1, y),
        xytext=(5, dodge),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha="left",
        va="center",
        fontsize=9.5,
        color="0.3",
        annotation_clip=False,
    )


def dimensions_per_feature(
    densities: Sequence[Float[np.ndarray, "density"]], values: Sequence[Float[np.ndarray, "seed density"]], names: Sequence[str]
) -> Figure:
    """m / ‖W‖² against sparsity: a line per model size through the mean over seeds, each seed a dot."""
    fig, axes = style.figure(height=3.5)
    ax = axes[0, 0]
    _axis(ax, densities[0])
    for y, label in ((1, "1"), (0.5, "½")):
        _level(ax, y, label)
    for density, of_seeds, name, colour, marker in zip(densities, values, names, style.PALETTE.values(), "osD", strict=False):
        ax.plot(1 / density, of_seeds.mean(0), color=colour, label=name, linewidth=1.4, zorder=3)
        x = np.broadcast_to(1 / density, of_seeds.shape)
        ax.plot(x.ravel(), of_seeds.ravel(), marker, color=colour, markersize=2.6, alpha=0.7, zorder=3)
    ax.set(ylim=(0, 1.08), ylabel="dimensions per feature  $m / ‖W‖^2_F$")
    style.legend(ax, loc="lower left")
    return fig


def dimensionality_scatter(
    density: Float[np.ndarray, "density"],
    D: Float[np.ndarray, "seed density n_features"],
    levels: Sequence[tuple[float | int, str]],
) -> Figure:
    """Each feature's dimensionality against sparsity, seeds side by side, with the levels of the perfect polytopes."""
    fig, axes = style.figure(height=4.6, width=style.WIDTH)
    ax = axes[0, 0]
    _axis(ax, density)
    for y, label in levels:
        _level(ax, y, label, {"square antiprism ⅜": -5, "pentagon ⅖": 5, "triangle ⅔": -1}.get(label, 0))
    step = np.diff(np.log10(1 / density)).mean()
    for k, of_seed in enumerate(D):
        shift = 10 ** (step * 0.6 * ((k + 0.5) / len(D) - 0.5))
        wobble = 10 ** (step * 0.08 * np.random.default_rng(k).uniform(-1, 1, of_seed.shape))
        x = (1 / density)[:, None] * shift * wobble
        ax.plot(
            x.ravel(), of_seed.ravel(), ".", color=style.PALETTE["blue"], markersize=1.6, alpha=0.35, rasterized=True, zorder=3
        )
    ax.set(ylim=(-0.02, 1.05), ylabel="dimensionality $D_i$")
    return fig


def _columns(density: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Left edges and widths of columns that meet halfway between neighbouring points of a logarithmic axis."""
    at = np.log10(1 / density)
    between = (at[1:] + at[:-1]) / 2
    edges = 10 ** np.concatenate([[2 * at[0] - between[0]], between, [2 * at[-1] - between[-1]]])
    return edges[:-1], np.diff(edges)


def _stack(ax: Axes, left: np.ndarray, counts: np.ndarray, wide: np.ndarray | float, names: Sequence[str]) -> None:
    """A column at each place, with a layer for each polytope."""
    bottom = np.zeros(len(counts))
    for k, colour in enumerate(SHAPE_COLOURS):
        ax.bar(left, counts[:, k], wide, bottom, align="edge", color=colour, linewidth=0, label=names[k])
        bottom += counts[:, k]


def polytope_counts(
    density: Float[np.ndarray, "density"], panels: Mapping[str, Float[np.ndarray, "density shape"]], names: Sequence[str]
) -> Figure:
    """How many features are in each kind of polytope against sparsity, stacked: a panel, by its title, for each of several."""
    fig, axes = style.figure(ncols=len(panels), height=3.5, sharey=True)
    left, wide = _columns(density)
    for ax, (title, counts) in zip(axes[0], panels.items(), strict=True):
        _axis(ax, density)
        _stack(ax, left, counts, wide * 0.92, names)
        marks = (0, 0.5, 0.8, 0.9) if density.min() < 0.2 else (0, 0.2, 0.3, 0.4, 0.5)
        ax.set_xticks([1 / (1 - s) for s in marks], [f"{s:g}" for s in marks])
        ax.set(xlabel="sparsity $S$", xlim=(left[0], left[-1] + wide[-1]))
        style.panel_title(ax, title)
    axes[0, 0].set_ylabel("represented features")
    handles, _ = axes[0, 0].get_legend_handles_labels()
    drawn = [k for k in range(len(names)) if any(counts[:, k].any() for counts in panels.values())]
    shown = [handles[k] for k in drawn], [names[k] for k in drawn]
    fig.legend(*shown, loc="outside upper center", ncols=len(drawn), fontsize=9, columnspacing=1.2, handlelength=1.2)
    return fig


def over_least(
    density: Sequence[Float[np.ndarray, "_"]],
    loss: Sequence[Float[np.ndarray, "_ _"]],
    names: Sequence[str],
    line: tuple[Float[np.ndarray, "fine"], Float[np.ndarray, "fine"]],
    label: str,
) -> Figure:
    """How far each training's loss lies below the least without superposition, in per cent, and how far the best could.

    A line runs through the means of the seeds, which are dots; `line` is a density and a loss without a training.
    What loses more than 0.3% lies below the frame: models with dead features lose ten times that."""
    fig, axes = style.figure(height=3.7)
    ax = axes[0, 0]
    below = lambda value: 100 * (1 - value)
    colours = [*style.PALETTE.values()][: len(loss)]
    for p, of_seeds, name, colour, marker in zip(density, loss, names, colours, "osD^v", strict=False):
        x = np.broadcast_to(1 - p, of_seeds.shape)
        ax.plot(x.ravel(), below(of_seeds).ravel(), marker, color=colour, markersize=3, zorder=3)
        ax.plot(1 - p, below(of_seeds.mean(0)), color=colour, linewidth=1.3, label=name, zorder=3)
    ax.plot(1 - line[0], below(line[1]), color="0.45", linewidth=1.2, linestyle=(0, (4, 3)), label=label, zorder=2)
    ax.axhline(0, color="0.35", linewidth=0.8, zorder=1)
    ax.set(xlabel="sparsity $S$", ylabel="loss saved by superposition (%)", ylim=(max(ax.get_ylim()[0], -0.3), None))
    style.legend(ax, loc="upper left", fontsize=9.5)
    return fig


def settled(
    density: Sequence[Float[np.ndarray, "_"]],
    dead: Sequence[Float[np.ndarray, "_"]],
    loss: Sequence[Float[np.ndarray, "_"]],
    names: Sequence[str],
    to: float = 0.6,
) -> Figure:
    """Two panels against sparsity, up to `to`: the share of features that are dead, and the loss over the least without."""
    fig, axes = style.figure(ncols=2, height=3.3)
    for ax, values, label in zip(axes[0], (dead, loss), ("dead features (%)", "loss ÷ least without superposition"), strict=True):
        for p, value, name, colour, marker in zip(density, values, names, style.PALETTE.values(), "osD^v", strict=False):
            shown = p > 1 - to - 1e-9
            ax.plot((1 - p)[shown], value[shown], f"{marker}-", color=colour, markersize=3.5, linewidth=1.3, label=name)
        ax.set(xlabel="sparsity $S$", ylabel=label)
    style.legend(axes[0, 0], loc="upper right", fontsize=9)
    axes[0, 1].axhline(1, color="0.35", linewidth=0.8, zorder=1)
    return fig


def solids(
    corners: Sequence[Float[np.ndarray, "corner 3"]],
    edges: Sequence[Int[np.ndarray, "edge 2"]],
    colours: Sequence[str],
    titles: Sequence[str],
) -> Figure:
    """Polytopes seen from one side: arms from the middle to each corner, and the edges between neighbouring corners."""
    fig, axes = style.figure(ncols=len(corners), height=2.5)
    for ax, xyz, pairs, colour, title in zip(axes[0], corners, edges, colours, titles, strict=True):
        seen = xyz @ SIDE.T
        near = (seen[:, 2] - seen[:, 2].min()) / max(float(np.ptp(seen[:, 2])), 1e-9)
        ax.add_collection(LineCollection([np.array([[0, 0], point]) for point in seen[:, :2]], colors="0.6", linewidths=0.9))
        ax.add_collection(LineCollection(list(seen[pairs][:, :, :2]), colors=colour, linewidths=1.5))
        ax.scatter(seen[:, 0], seen[:, 1], s=18 + 30 * near, c=colour, linewidths=0, zorder=3)
        ax.set(xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), aspect="equal")
        ax.set_axis_off()
        style.panel_title(ax, title)
    return fig


def worth(density: Float[np.ndarray, "density"], ratio: Float[np.ndarray, "shape density"], names: Sequence[str]) -> Figure:
    """What a dimension spent on copies of each polytope saves, against one spent on a feature alone (1)."""
    fig, axes = style.figure(height=3.8)
    ax = axes[0, 0]
    _axis(ax, density)
    for values, colour in zip(ratio, SHAPE_COLOURS, strict=False):
        ax.plot(1 / density, values, color=colour, zorder=3)
    ax.set(ylim=(0.9, None), ylabel="loss saved by a dimension")
    style.end_labels(ax, ratio[:, -1], names[: len(ratio)], SHAPE_COLOURS[: len(ratio)])
    return fig


def arrange(
    W: Float[np.ndarray, "n_features m"],
    of_feature: Int[np.ndarray, "n_features"],
    shape: Int[np.ndarray, "cluster"],
    size: Int[np.ndarray, "cluster"],
    width: float | int = 26,
) -> Float[np.ndarray, "n_features 2"]:
    """A place for every represented feature: each cluster in the plane that holds most of it, clusters in rows.

    Polytopes come first, in the order of their codes. Features without a cluster get NaN."""
    place = np.full((len(W), 2), np.nan)
    x, y, row = 0.0, 0.0, 0.0
    for c in np.lexsort((size, shape)):
        members = np.flatnonzero(of_feature == c)
        turned = W[members] @ np.linalg.svd(W[members], full_matrices=False)[2][:2].T
        flat = np.pad(turned, ((0, 0), (0, 2 - turned.shape[1])))
        radius = 0.25 if len(members) == 1 else 0.85 if len(members) <= 8 else 0.55 * np.sqrt(len(members))
        if len(members) > 12:  # a crowd has no plane: its features stand on a ring, in the order of their angles
            turn = np.argsort(np.argsort(np.arctan2(flat[:, 1], flat[:, 0]))) * 2 * np.pi / len(members)
            flat = np.column_stack([np.cos(turn), np.sin(turn)])
        flat = flat - flat.mean(0) * (len(members) <= 2)
        flat *= radius / max(np.linalg.norm(flat, axis=1).max(), 1e-9) if len(members) > 1 else 0
        if len(members) == 2:
            flat = flat @ np.array([[0.6, 0.8], [-0.8, 0.6]])
        box = radius + 0.25
        if x + 2 * box > width and x > 0:
            x, y, row = 0.0, y + row, 0.0
        place[members] = flat + [x + box, y + box]
        x, row = x + 2 * box, max(row, 2 * box)
    return place


def solution(
    place: Float[np.ndarray, "n_features 2"],
    edges: Int[np.ndarray, "edge 2"],
    shape_of_feature: Int[np.ndarray, "n_features"],
    title: str,
) -> Figure:
    """One solution cut into its clusters: a dot per represented feature, a line where two overlap."""
    fig, axes = style.figure(height=3.6, width=style.WIDTH)
    ax = axes[0, 0]
    ax.add_collection(LineCollection(list(place[edges]), colors="0.6", linewidths=0.6, zorder=1))
    there = np.isfinite(place[:, 0])
    ax.scatter(*place[there].T, c=[SHAPE_COLOURS[k] for k in shape_of_feature[there]], s=14, linewidths=0, zorder=2)
    ax.set_aspect("equal")
    ax.invert_yaxis()
    ax.set_axis_off()
    style.panel_title(ax, title)
    return fig
