"""A slider over an autoencoder's penalty: the features of a few models, and over them the latents that it found.
All pictures are in the page, and a small script shows one at a time; the PDF has a figure of its own for this."""

from collections.abc import Sequence

import numpy as np
from IPython.display import Markdown
from jaxtyping import Bool, Float

from superposition.book import text
from superposition.figures import style
from superposition.figures.toy.plane import sparsity_title

_SIDE, _COLUMNS = 2.5, 2  # of one model's picture, in units of a direction's length; pictures in a row


def arrows(
    name: str,
    W: Float[np.ndarray, "model n 2"],
    rows: Float[np.ndarray, "model penalty latent 2"],
    alive: Bool[np.ndarray, "model penalty latent"],
    density: Float[np.ndarray, "model"],
    penalties: Sequence[float],
    first: int,
    alt: str,
    up: str = "../../",
) -> Markdown:
    """Features as thick lines in their colours, latents that fire as thin black ones with a dot, at one penalty at a time.

    Without JavaScript the picture of the penalty `first` shows, and no slider. The PDF shows nothing here."""
    lines = -(-len(W) // _COLUMNS)
    fires = alive.sum(-1)
    labels = [f"λ = {penalty:g}, latents that fire: {', '.join(map(str, fires[:, k]))}" for k, penalty in enumerate(penalties)]
    under = "".join(
        f'<g transform="{_place(k)}"><circle r="1" fill="none" stroke="#b8b8b8" stroke-width=".012"/>{_features(own)}'
        f'<text y="1.32" font-size=".17" text-anchor="middle">{text.attribute(sparsity_title(float(density[k])))}</text></g>'
        for k, own in enumerate(W)
    )
    over = "".join(
        f'<g data-step="{text.attribute(label)}"{"" if k == first else " display=none"}>'
        + "".join(f'<g transform="{_place(i)}">{_latents(rows[i, k][alive[i, k]])}</g>' for i in range(len(W)))
        + "</g>"
        for k, label in enumerate(labels)
    )
    identifier, told = text.attribute(f"arrows-{name}"), text.attribute(alt)
    html = f"""<div class="slider" data-slider="steps" data-alt="{told}" style="text-align:center">
<svg class="ink" viewBox="0 0 {_COLUMNS * _SIDE:g} {lines * (_SIDE + 0.3):g}" width="460" style="width:100%;max-width:460px;height:auto" \
role="img" aria-label="{told} {text.attribute(labels[first])}">{under}{over}</svg>
<p hidden style="margin:0 auto"><label for="{identifier}">penalty λ</label>
<input id="{identifier}" type="range" min="0" max="{len(penalties) - 1}" step="1" value="{first}" \
aria-valuetext="{text.attribute(labels[first])}" style="width:min(16rem,55%);height:44px;vertical-align:middle"></p>
<p data-value style="margin:0 auto;min-height:1.6em">{text.attribute(labels[first])}</p>
</div>
<script src="{text.attribute(up)}assets/js/steps.js"></script>"""
    return Markdown(f'::: {{.content-visible when-format="html"}}\n```{{=html}}\n{html}\n```\n:::\n')


def _place(k: int) -> str:
    """Where the k-th model's picture has its centre."""
    return f"translate({_SIDE * (k % _COLUMNS + 0.5):g} {1.25 + (_SIDE + 0.3) * (k // _COLUMNS):g})"


def _features(vectors: np.ndarray) -> str:
    return "".join(
        f'<line x2="{x:.3f}" y2="{-y:.3f}" stroke="{colour}" stroke-width=".11" stroke-linecap="round"/>'
        for (x, y), colour in reversed(list(zip(vectors, style.importance_hex(len(vectors)), strict=True)))
    )


def _latents(directions: np.ndarray) -> str:
    return "".join(
        f'<line x2="{x:.3f}" y2="{-y:.3f}" stroke="#000" stroke-width=".03"/><circle cx="{x:.3f}" cy="{-y:.3f}" r=".05"/>'
        for x, y in directions
    )
