"""Known features, and what dictionaries make of them: arrows in a plane, recovery over sparsity, recovery and reconstruction."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.figure import Figure

from superposition.figures import style
from superposition.figures.toy.plane import _plane, _rays, _vectors, sparsity_title

_COLOURS = list(style.PALETTE.values())
_MARKERS = "osD^v"
_LEAST = 1e-5  # of the variance; what misses less is drawn here


def arrows_over_penalties(
    W: Float[np.ndarray, "sparsity n 2"],
    rows: Float[np.ndarray, "sparsity penalty latent 2"],
    alive: Bool[np.ndarray, "sparsity penalty latent"],
    density: Float[np.ndarray, "sparsity"],
    penalties: Sequence[float],
) -> Figure:
    """A row of panels for each sparsity, a column for each λ: the features as thick arrows in their colours, latents as thin
    black lines of length one, with a dot at the tip. Latents that never fire aren't drawn."""
    count, key = len(penalties), 0.62
    side = (style.WIDTH - key) / count
    style.use()
    fig = Figure(figsize=(style.WIDTH, len(W) * side + 0.28))
    for k, vectors in enumerate(W):
        below = (len(W) - 1 - k) * side
        fig.text(0.04 / style.WIDTH, (below + side / 2) / fig.get_figheight(), sparsity_title(float(density[k])), va="center")
        for j, penalty in enumerate(penalties):
            ax = style.inches(fig, key + j * side, below, side, side)
            _plane(ax)
            _vectors(ax, vectors, 3.4)
            tips = rows[k, j][alive[k, j]]
            for ray in _rays(tips):
                ax.plot(*ray.T, color="black", linewidth=1, zorder=4)
            ax.plot(*tips.T, "o", color="black", markersize=3.4, zorder=5, clip_on=False)
            if k == 0:
                style.panel_title(ax, f"λ = {penalty:g}")
    return fig


def _panels(count):
    """So many panels with one scale upwards, in two rows where there are four."""
    rows = 2 if count == 4 else 1
    return style.figure(nrows=rows, ncols=count // rows, height=0.7 + 2.6 * rows, sharey=True)


def recovery_by_sparsity(
    density: Float[np.ndarray, "base sparsity"],
    recovered: Mapping[str, Float[np.ndarray, "base sparsity seed"]],
    nulls: Mapping[str, Float[np.ndarray, "base sparsity seed"]],
    titles: Sequence[str],
    label: str,
) -> Figure:
    """A panel for each base: a line through the means of each kind's seeds, which are dots; nulls in grey, dashed."""
    fig, axes = _panels(len(titles))
    for base, (ax, title) in enumerate(zip(axes.flat, titles, strict=True)):
        x = 1 / density[base]
        for k, (name, values) in enumerate(recovered.items()):
            ax.plot(x, values[base].mean(-1), color=_COLOURS[k], marker=_MARKERS[k], markersize=4, label=name)
            ax.plot(x, values[base], _MARKERS[k], color=_COLOURS[k], markersize=2, alpha=0.5)
        for (name, values), dashes in zip(nulls.items(), ((0, (4, 3)), ":", "-.", (0, (1, 3, 4, 3))), strict=False):
            ax.plot(x, values[base].mean(-1), color="0.5", linestyle=dashes, linewidth=1.2, label=name)
        style.sparsity_axis(ax, density[base])
        ax.set_xlabel("sparsity $S$")
        style.panel_title(ax, title)
    axes[0, 0].set_ylim(None, 1.02)
    for ax in axes[:, 0]:
        ax.set_ylabel(label)
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize=9.5)
    return fig


def reconstruction_and_recovery(
    missing: Float[np.ndarray, "panel kind penalty"],
    recovered: Float[np.ndarray, "panel kind penalty"],
    oracle: Float[np.ndarray, "panel price"],
    names: Sequence[str],
    titles: Sequence[str],
) -> Figure:
    """A panel for each place: the share of the variance that a dictionary misses, and its MCC; a line a kind, from the smallest
    penalty (largest dot) on. Grey lines: the share that the true directions miss with the best code, one for each λ."""
    fig, axes = _panels(len(titles))
    for panel, (ax, title) in enumerate(zip(axes.flat, titles, strict=True)):
        for value in oracle[panel]:
            ax.axvline(value, color="0.8", linewidth=1, zorder=0)
        for k, name in enumerate(names):
            x = np.maximum(missing[panel, k], _LEAST)
            ax.plot(x, recovered[panel, k], color=_COLOURS[k], linewidth=1.2, label=name)
            ax.scatter(x, recovered[panel, k], s=np.linspace(46, 10, len(x)), color=_COLOURS[k], marker=_MARKERS[k], linewidths=0)
        ax.set(xscale="log", xlabel="variance missed", xlim=(_LEAST / 1.5, 1))
        style.panel_title(ax, title)
    for ax in axes[:, 0]:
        ax.set_ylabel("MCC")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=5, fontsize=9.5)
    return fig
