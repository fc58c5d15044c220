"""How sparse autoencoders fail: matrices of cosines, absorption over penalties and kinds, splitting, composing, hedging."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from superposition.figures import style

_COLOURS = list(style.PALETTE.values())
_MARKERS = "osD^v"
_BLUE, _ORANGE, _GREEN = _COLOURS[:3]


def cosine_matrices(
    encoder: Float[np.ndarray, "picture latent n"],
    decoder: Float[np.ndarray, "picture latent n"],
    titles: Sequence[str],
    features: Sequence[str],
) -> Figure:
    """A column for each autoencoder: the cosines of its latents' encoder (above) and decoder (below) with the features."""
    fig, axes = style.figure(len(titles), 2, height=4.7)
    for row, (name, matrices) in enumerate((("encoder", encoder), ("decoder", decoder))):
        for ax, matrix, title in zip(axes[row], matrices, titles, strict=True):
            ax.imshow(matrix, cmap=style.DIVERGING, vmin=-1, vmax=1)
            for (latent, feature), value in np.ndenumerate(matrix):
                if abs(value) >= 0.05:
                    colour = "white" if abs(value) > 0.7 else "black"
                    said = f"{value:.2f}".replace("-", "−")
                    ax.text(feature, latent, said, ha="center", va="center", color=colour, fontsize=9)
            ax.set_xticks(range(len(features)), features if row else [""] * len(features), fontsize=9)
            ax.set_yticks(range(len(matrix)), [], fontsize=9)
            ax.tick_params(length=0)
            if row == 0:
                style.panel_title(ax, title)
        axes[row, 0].set_yticks(range(decoder.shape[1]), [str(k + 1) for k in range(decoder.shape[1])])
        axes[row, 0].set_ylabel(f"latent, {name}")
    return fig


def carried_over_penalty(
    penalties: Sequence[float],
    carried: Float[np.ndarray, "company spread seed penalty"],
    expected: Float[np.ndarray, "company spread penalty"],
    companies: Sequence[float],
    titles: Sequence[str],
) -> Figure:
    """A panel for each spread of sizes: the cosine of the child's latent with the parent over λ, a dot a seed; lines: theory."""
    fig, axes = style.figure(len(titles), height=3.3, sharey=True)
    for spread, (ax, title) in enumerate(zip(axes[0], titles, strict=True)):
        for k, company in enumerate(companies):
            ax.plot(penalties, expected[k, spread], color=_COLOURS[k], linewidth=1.2, label=f"{company:.0%}")
            for seed in carried[k, spread]:
                ax.plot(penalties, seed, _MARKERS[k], color=_COLOURS[k], markersize=3, alpha=0.5)
        ax.set(xscale="log", xlabel="λ", ylim=(-0.1, 0.8))
        ax.set_xticks(penalties, [f"{penalty:g}" for penalty in penalties])
        ax.minorticks_off()
        style.panel_title(ax, title)
    axes[0, 0].set_ylabel("cosine of child's latent\nwith the parent")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper center", ncols=4, title="company", fontsize=9.5)
    return fig


def silence_by_kind(
    nested: Float[np.ndarray, "kind tied spread seed"],
    independent: Float[np.ndarray, "kind tied spread seed"],
    kinds: Sequence[str],
    titles: Sequence[str],
) -> Figure:
    """A panel for each spread: how often a parent's latent falls silent beside its child's, a dot a seed, a line at the mean.

    Blue: weights untied, orange: tied; hollow: two independent features of the same densities."""
    fig, axes = style.figure(len(titles), height=3.9, sharey=True)
    for spread, (ax, title) in enumerate(zip(axes[0], titles, strict=True)):
        ax.axvline(0, color="0.75", linewidth=0.8, zorder=0)
        for kind, tied in np.ndindex(nested.shape[:2]):
            y, colour = kind + (tied - 0.5) * 0.36, (_BLUE, _ORANGE)[tied]
            for values, shift, face in ((nested, -0.07, colour), (independent, 0.07, "none")):
                own = values[kind, tied, spread]
                ax.plot(own, np.full(len(own), y + shift), "o", color=colour, markerfacecolor=face, markersize=3, alpha=0.6)
            ax.plot([nested[kind, tied, spread].mean()] * 2, [y - 0.16, y + 0.02], color=colour, linewidth=2)
        ax.set(xlim=(-1.1, 1.1), xlabel="silent beside its child", ylim=(len(kinds) - 0.5, -0.5))
        ax.set_yticks(range(len(kinds)), kinds)
        style.panel_title(ax, title)
    dot = lambda colour, face, label: Line2D(
        [], [], marker="o", linestyle="none", color=colour, markerfacecolor=face, markersize=4, label=label
    )
    handles = [dot(_BLUE, _BLUE, "untied"), dot(_ORANGE, _ORANGE, "tied"), dot("0.3", "none", "independent")]
    fig.legend(handles=handles, loc="outside upper center", ncols=3)
    return fig


def split_by_width(
    widths: Sequence[int],
    family: Float[np.ndarray, "kind tied width seed"],
    lone: Float[np.ndarray, "kind tied width seed"],
    untrained: Float[np.ndarray, "width seed"],
    kinds: Sequence[str],
) -> Figure:
    """A panel for each kind: among how many latents a parent of children (solid) and a childless feature (dashed) are divided.

    Blue: weights untied, orange: tied; grey, dotted: a parent in an untrained dictionary."""
    fig, axes = style.figure(3, 2, height=4.6, sharex=True, sharey=True)
    for kind, (ax, name) in enumerate(zip(axes.flat, kinds)):
        for tied, colour in enumerate((_BLUE, _ORANGE)):
            for values, dashes in ((family, "-"), (lone, (0, (4, 3)))):
                ax.plot(widths, values[kind, tied].mean(-1), color=colour, linestyle=dashes)
                ax.plot(widths, values[kind, tied], "o", color=colour, markersize=2, alpha=0.4)
        ax.plot(widths, untrained.mean(-1), color="0.5", linestyle=":")
        style.panel_title(ax, name)
        ax.set(ylim=(0, 8))
        ax.set_xticks(widths)
    for ax in [*axes[1, :2], axes[0, 2]]:
        ax.set_xlabel("latents")
    axes[0, 2].tick_params(labelbottom=True)
    axes[0, 0].set_ylabel("divided among")
    axes[1, 0].set_ylabel("divided among")
    axes[1, 2].axis("off")
    line = lambda colour, dashes, label: Line2D([], [], color=colour, linestyle=dashes, label=label)
    handles = [
        line(_BLUE, "-", "parent"), line(_BLUE, (0, (4, 3)), "childless feature"), line(_ORANGE, "-", "the same, tied"),
        line("0.5", ":", "untrained"),
    ]  # fmt: skip
    axes[1, 2].legend(handles=handles, loc="center", fontsize=9.5)
    return fig


def features_or_pairs(
    alone: Sequence[float],
    features: Float[np.ndarray, "panel alone seed"],
    pairs: Float[np.ndarray, "panel alone seed"],
    random: Float[np.ndarray, "panel"],
    titles: Sequence[tuple[str, str]],
) -> Figure:
    """A panel for each place: how well the features, and how well their pairs, are recovered, over how often one comes alone."""
    fig, axes = style.figure(len(titles), height=3.2, sharey=True)
    for panel, (ax, title) in enumerate(zip(axes[0], titles, strict=True)):
        for name, values, colour, marker in (("features", features, _BLUE, "o"), ("pairs", pairs, _ORANGE, "s")):
            ax.plot(alone, values[panel].mean(-1), color=colour, marker=marker, markersize=4, label=name)
            ax.plot(alone, values[panel], marker, color=colour, markersize=2, alpha=0.5)
        ax.axhline(random[panel], color="0.5", linestyle=(0, (4, 3)), linewidth=1, label="untrained")
        ax.set(xlabel="share alone", ylim=(0.2, 1.03))
        ax.set_xticks(alone, [f"{a:g}" for a in alone])
        style.panel_title(ax, *title)
    axes[0, 0].set_ylabel("matched cosine")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return fig


def hedging(
    correlations: Sequence[float],
    hedged: Float[np.ndarray, "kind correlation seed"],
    component: Float[np.ndarray, "correlation"],
    rested: Float[np.ndarray, "correlation"],
    kinds: Sequence[str],
) -> Figure:
    """The cosine of the only latent with the rarer feature over their company, a dot a seed; lines: what is expected."""
    fig, axes = style.figure(height=3.5)
    ax = axes[0, 0]
    ax.axhline(0, color="0.75", linewidth=0.8, zorder=0)
    ax.plot(correlations, component, color="0.35", linestyle=(0, (4, 3)), linewidth=1.2, label="first principal component")
    ax.plot(correlations, rested, color="0.35", linestyle=":", linewidth=1.2, label="the best without an offset")
    for k, name in enumerate(kinds):
        x = np.array(correlations) + 0.05 * (k - (len(kinds) - 1) / 2)
        ax.plot(x, hedged[k], _MARKERS[k], color=_COLOURS[k], markersize=3, alpha=0.5)
        ax.plot([], [], _MARKERS[k], color=_COLOURS[k], markersize=4, label=name)
    ax.set(xlabel="company of the two features", ylabel="rarer feature in the only latent")
    fig.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize=9.5)
    return fig
