"""Phase diagrams: maps over importance and density, of phases and of numbers, with borders drawn on them."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Integer
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from superposition.figures import style

#: A colour for each phase: ignored, dedicated, dedicated while the others share, superposed.
PHASE_COLOURS = ("#d4d4d4", "#4f9bd1", "#58b58a", "#f0a15c")
#: Lines on a map, in order: thick and whole, then dashed.
_LINES = (("black", 1.8, "-"), ("black", 1.2, (0, (4, 3))))


def _map(ax: Axes, values: np.ndarray, importance: np.ndarray, density: np.ndarray, cmap: Colormap, norm: Normalize) -> None:
    """One map: importance to the right, density upwards, both logarithmic, a cell around each point."""
    x, y = np.log10(importance), np.log10(density)
    half = abs(x[1] - x[0]) / 2, abs(y[1] - y[0]) / 2
    extent = (x.min() - half[0], x.max() + half[0], y.min() - half[1], y.max() + half[1])
    grid = np.kron(values.T[np.argsort(y)], np.ones((6, 6)))  # viewers blur an image of few pixels
    ax.imshow(grid, cmap=cmap, norm=norm, extent=extent, origin="lower", interpolation="none", aspect="auto")
    ax.set_xticks([-1, 0, 1], ["0.1", "1", "10"])
    ax.set_yticks([-2, -1, 0], ["0.01", "0.1", "1"])
    ax.set(xlim=extent[:2], ylim=extent[2:], xlabel="importance of the last feature")
    ax.spines[:].set_visible(True)


def phase_maps(
    phases: Integer[np.ndarray, "panel importance density"],
    importance: Float[np.ndarray, "importance"],
    density: Float[np.ndarray, "density"],
    titles: Sequence[str],
    names: Sequence[str],
    borders: Mapping[str, Float[np.ndarray, "importance"]] | None = None,
) -> Figure:
    """The phase of every cell as a colour, a panel per diagram; `names` are those of the phases.

    `borders`: densities by importance, drawn on every panel and named in the key."""
    fig, axes = style.figure(len(phases), height=3.7 if len(phases) > 1 else 4.2, sharey=True)
    cmap, norm = ListedColormap(PHASE_COLOURS[: len(names)]), Normalize(-0.5, len(names) - 0.5)
    for ax, phase, title in zip(axes[0], phases, titles, strict=True):
        _map(ax, phase, importance, density, cmap, norm)
        ax.set_title(title)
        for (name, border), (colour, width, dash) in zip((borders or {}).items(), _LINES):
            ax.plot(np.log10(importance), np.log10(border), color=colour, linewidth=width, linestyle=dash, label=name)
    axes[0, 0].set_ylabel("density of the features, $1 − S$")
    seen = [k for k in range(len(names)) if (phases == k).any()]
    swatches = [Patch(facecolor=PHASE_COLOURS[k], edgecolor="0.4", linewidth=0.5, label=names[k]) for k in seen]
    handles = swatches + axes[0, 0].get_lines()
    fig.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 5 if len(phases) > 1 else 2))
    return fig


def value_maps(
    values: Float[np.ndarray, "panel importance density"],
    importance: Float[np.ndarray, "importance"],
    density: Float[np.ndarray, "density"],
    titles: Sequence[str],
    label: str,
    limits: tuple[float | int, float | int],
    border: Float[np.ndarray, "importance"] | None = None,
) -> Figure:
    """A number in every cell as a colour, a panel per diagram, all with the one scale `label`, cut at `limits`.

    `border`: the density at which superposition begins, drawn as a line."""
    fig, axes = style.figure(len(values), height=3.5 if len(values) > 1 else 3.8, sharey=True)
    norm = Normalize(*limits)
    for ax, one, title in zip(axes[0], values, titles, strict=True):
        _map(ax, one, importance, density, style.SEQUENTIAL, norm)
        ax.set_title(title)
        if border is not None:
            ax.plot(np.log10(importance), np.log10(border), color="white", linewidth=1.4)
    axes[0, 0].set_ylabel("density of the features, $1 − S$")
    if len(values) > 1:
        for ax in axes[0]:
            ax.set_xlabel("importance")
    bar = fig.colorbar(ScalarMappable(norm, style.SEQUENTIAL), ax=list(axes[0]), label=label, pad=0.02)
    bar.outline.set_linewidth(0.4)
    return fig
