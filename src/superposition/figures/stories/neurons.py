"""One neuron on paper: how often it takes which value, and pieces of text coloured by it; and many neurons' sameness."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Integer
from matplotlib.figure import Figure

from superposition.figures import style

_ROW, _WIDE = 0.27, 0.0755  # of a line of text and of a letter, inches
_LINE = "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}"


def neuron(
    counts: Integer[np.ndarray, "bin"], edges: Float[np.ndarray, "edge"], tokens: Sequence[Sequence[bytes]],
    values: Sequence[Float[np.ndarray, "_"]], peaks: Sequence[int], highest: float,
) -> Figure:  # fmt: skip
    """The neuron's histogram with counts on a logarithmic axis, and below it a line of text for each piece.

    The darker a token's ground, the nearer its activation to the neuron's highest; the peak is underlined."""
    tall = 2.1 + _ROW * len(tokens)
    fig, axes = style.figure(height=tall)
    ax = axes[0, 0]
    ax.set_position((0.12, (_ROW * len(tokens) + 0.7) / tall, 0.85, 1.3 / tall))
    taken = np.flatnonzero(counts)
    shown = slice(taken[0], taken[-1] + 1)
    ax.bar(edges[:-1][shown], counts[shown], width=np.diff(edges)[shown], align="edge", color=style.PALETTE["blue"], linewidth=0)
    ax.set(yscale="log", xlabel="activation", ylabel="tokens", xlim=(edges[shown.start], edges[shown.stop]))
    ax.set_ylim(bottom=0.7)
    for k, (words, own, peak) in enumerate(zip(tokens, values, peaks, strict=True)):
        _line(fig, _ROW * (len(tokens) - 1 - k) + 0.05, [_visible(w) for w in words], own / highest, peak)
    return fig


def _visible(token: bytes) -> str:
    """The token as it can be printed: bytes that are no character as such, and nothing that can't be seen."""
    text = token.decode("utf-8", "backslashreplace").replace("\n", _LINE)
    return "".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in text)


def _line(fig, height, words, shares, peak):
    """One piece of text in a monospaced font, `height` inches above the foot, cut to the width around its peak."""
    room, tall = int(fig.get_figwidth() / _WIDE), fig.get_figheight()
    first, last = peak, peak + 1
    while True:
        size = sum(map(len, words[first:last]))
        grown = [(first - 1, last)] * (first > 0) + [(first, last + 1)] * (last < len(words) and last - peak <= 3)
        grown = [g for g in grown if sum(map(len, words[g[0] : g[1]])) <= room]
        if not grown or size > room:
            break
        first, last = grown[-1]
    at = 0
    for k in range(first, last):
        strength = float(np.clip(shares[k], -1, 1))
        colour = (*style.DIVERGING(0.9 if strength > 0 else 0.1)[:3], abs(strength))  # over the page, which may be dark
        box = (at * _WIDE / fig.get_figwidth(), height / tall, len(words[k]) * _WIDE / fig.get_figwidth(), 0.22 / tall)
        fig.patches.append(_ground(fig, box, colour))
        ink = "white" if shares[k] > 0.75 else "black"
        fig.text(
            box[0], height / tall + 0.065 / tall, words[k], family="DejaVu Sans Mono", fontsize=9, color=ink,
            parse_math=False, fontweight="bold" if k == peak else "normal",
        )  # fmt: skip
        at += len(words[k])


def _ground(fig, box, colour):
    from matplotlib.patches import Rectangle

    return Rectangle(box[:2], box[2], box[3], transform=fig.transFigure, facecolor=colour, linewidth=0)


def sameness(found: Sequence[Float[np.ndarray, "_"]], chance: Float[np.ndarray, "draw_neuron"], names: Sequence[str]) -> Figure:
    """How many neurons have which share of their highest texts peak at one token: a line a model, and by chance."""
    fig, axes = style.figure(height=3.0)
    ax, colours = axes[0, 0], list(style.PALETTE.values())
    for k, (values, name) in enumerate(zip([*found, chance], [*names, "peaks dealt out by chance"], strict=True)):
        order = np.sort(values)
        ax.step(
            order, 1 - np.arange(len(order)) / len(order), where="post", color="0.5" if k == len(found) else colours[k],
            linestyle="--" if k == len(found) else "-", label=name,
        )  # fmt: skip
    ax.set(
        xlim=(0, 1),
        ylim=(0, 1.02),
        xlabel="share of the highest texts that peak at one token",
        ylabel="neurons with as much or more",
    )
    style.legend(ax, loc="upper right")
    return fig
