"""The phase diagram under the reader's hand: two sliders choose a cell, and its optimal weights show beside the map.
Plain SVG and a small script, which needs no library and works from disk; the PDF gets a still picture instead."""

import numpy as np
from IPython.display import Markdown
from jaxtyping import Float, Integer

from superposition.book import assets, text
from superposition.book.elements import _quoted, _two_editions
from superposition.figures.toy.phase import PHASE_COLOURS

_SIDE = 240  # of the map, in the units of its SVG


def phase_explorer(
    name: str,
    W: Float[np.ndarray, "importance density 2 1"],
    b: Float[np.ndarray, "importance density 2"],
    loss: Float[np.ndarray, "importance density"],
    phase: Integer[np.ndarray, "importance density"],
    importance: Float[np.ndarray, "importance"],
    density: Float[np.ndarray, "density"],
    phases: list[str],
    alt: str,
    up: str = "../../",
) -> Markdown:
    """A map of phases with a cursor, sliders for importance and density, and the cell's optimal weights on a line.

    Belongs in a fenced figure div, whose last paragraph is the caption; the PDF gets `assets/films/<name>.svg`. Densities
    fall along their axis. Without JavaScript the first cell shows, and no sliders. Raises AssetError without that picture."""
    assets.made(f"films/{name}", ".svg")
    weights = W[..., 0] * np.where(W[..., :1, 0] < 0, -1, 1)  # the loss doesn't know left from right
    data = {
        "alt": text.visible(alt), "phases": phases,
        "importance": [float(f"{x:.3g}") for x in importance], "density": [float(f"{x:.3g}") for x in density],
        "W": np.round(weights, 2).tolist(), "b": np.round(b, 2).tolist(), "phase": phase.tolist(),
        "loss": [[float(f"{x:.3g}") for x in row] for row in loss],
    }  # fmt: skip
    cell = _SIDE / len(importance), _SIDE / len(density)
    sliders = "".join(
        f'<p hidden style="margin:0 auto"><label for="{text.attribute(name)}-{key}" style="display:inline-block;width:6.5em;'
        f'white-space:nowrap;text-align:right">{label}</label> <input id="{text.attribute(name)}-{key}" data-key="{key}" '
        f'type="range" min="0" '
        f'max="{count - 1}" step="1" value="{start}" style="width:min(13rem,34%);height:44px;vertical-align:middle"> '
        f'<span data-value="{key}" aria-hidden="true" style="display:inline-block;min-width:3.2em;text-align:left"></span></p>'
        for key, label, count, start in (
            ("importance", "importance", len(importance), len(importance) // 3),
            ("density", "density", len(density), len(density) // 3),
        )
    )
    html = f"""<div class="slider" data-slider="phase" style="text-align:center">
<svg class="ink" viewBox="-38 -8 504 292" width="564" height="327" style="max-width:100%" role="img" \
aria-label="{text.attribute(alt)}">
<g shape-rendering="crispEdges">{_rectangles(phase, cell)}</g>
<rect width="{_SIDE}" height="{_SIDE}" fill="none" stroke="#000" stroke-width=".7"/>
<g font-size="12" fill="#000" text-anchor="middle"><text x="0" y="{_SIDE + 15}">0.1</text><text x="{_SIDE / 2}" y="{_SIDE + 15}">1</text>\
<text x="{_SIDE}" y="{_SIDE + 15}">10</text><text x="{_SIDE / 2}" y="{_SIDE + 32}">importance of feature 2</text>\
<text transform="translate(-14 {_SIDE / 4 + 6}) rotate(-90)">density 1 − S</text>\
<text x="-8" y="9">1</text><text x="-12" y="{_SIDE / 2 + 4}">0.1</text><text x="-16" y="{_SIDE}">0.01</text></g>
<rect data-cursor width="{cell[0]:.2f}" height="{cell[1]:.2f}" fill="none" stroke="#000" stroke-width="2.2" x="-99"/>
<g data-line transform="translate(356 120)" font-size="13" fill="#000" text-anchor="middle">\
<line x1="-95" x2="95" stroke="#999"/><line y1="-6" y2="6" stroke="#999"/>\
<line x1="75" x2="75" y1="-4" y2="4" stroke="#999"/><line x1="-75" x2="-75" y1="-4" y2="4" stroke="#999"/>\
<text x="75" y="20" fill="#555">1</text><text x="-75" y="20" fill="#555">−1</text><text y="20" fill="#555">0</text>\
<line data-arm stroke="#2a1a72" stroke-width="5" stroke-linecap="round" y1="-5" y2="-5"/>\
<line data-arm stroke="#d1495b" stroke-width="5" stroke-linecap="round" y1="5" y2="5"/>\
<text data-name y="-14">1</text><text data-name y="-14">2</text>\
<g font-size="16"><text data-phase y="-70"></text><text data-weights y="58"></text><text data-biases y="80"></text><text data-loss y="102"></text></g></g></svg>
{sliders}
<script type="application/json">{text.script_json(data)}</script>
</div>
<script src="{text.attribute(up)}assets/js/phase.js"></script>"""
    return Markdown(_two_editions(html, f'![]({up}assets/films/{name}.svg){{fig-alt="{_quoted(alt)}"}}'))


def _rectangles(phase: np.ndarray, cell: tuple[float, float]) -> str:
    """The map as rectangles, neighbours of one phase in a row joined."""
    parts = []
    for row in range(phase.shape[1]):
        ends = [*np.flatnonzero(np.diff(phase[:, row])) + 1, len(phase)]
        start = 0
        for end in ends:
            colour = PHASE_COLOURS[phase[start, row]]
            x, y, width = start * cell[0], row * cell[1], (end - start) * cell[0]
            parts.append(
                f'<rect x="{x:.2f}" y="{y:.2f}" width="{width + 0.3:.2f}" height="{cell[1] + 0.3:.2f}" fill="{colour}"/>'
            )
            start = end
    return "".join(parts)
