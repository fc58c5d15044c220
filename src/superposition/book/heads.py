"""The interactive picture of the chapter on heads: the reader picks a head, a matrix and an epoch.
The points lie in a script of their own, one byte a coordinate, which the page loads when the picture comes into view."""

import base64
from collections.abc import Sequence

import numpy as np
from IPython.display import Markdown
from jaxtyping import Float, Integer

from superposition.book import assets, text
from superposition.book.elements import _quoted, _two_editions

_MATRICES = {
    "Q": "Q, what a head asks for",
    "K": "K, what a place answers to",
    "V": "V, what a place gives",
    "O": "O, what becomes of it",
}


def head_picker(
    name: str,
    n_heads: int,
    epochs: Sequence[int] | Integer[np.ndarray, "checkpoint"],
    first: int,
    alt: str,
    up: str = "../../",
) -> Markdown:
    """A head's ten digits and nineteen positions as its Q, K, V or O sees them at an epoch, all three chosen by the reader.

    Belongs in a fenced figure div, as a film does. The points are in `assets/js/<name>.js`; the PDF, and a page without
    JavaScript, get `assets/films/<name>.svg`. Raises AssetError where one of them hasn't been made."""
    assets.made(f"js/{name}", ".js")
    assets.made(f"films/{name}", ".svg")
    own, box = text.attribute(name), "height:44px;color:#1f2328;background:#fff;border:1px solid #777"
    heads = "".join(f'<option value="{h}"{" selected" if h == first else ""}>{h}</option>' for h in range(n_heads))
    matrices = "".join(f'<option value="{x}"{" selected" if x == "V" else ""}>{said}</option>' for x, said in _MATRICES.items())
    html = f"""<div class="slider" data-slider="heads" data-name="{own}" data-alt="{text.attribute(alt)}" \
data-script="{text.attribute(up)}assets/js/{own}.js">
<p hidden style="margin:0 auto;text-align:center;max-width:none">
<label for="{own}-head">head</label> <select id="{own}-head" data-key="head" style="{box}">{heads}</select>
<span style="display:inline-block;white-space:nowrap"><label for="{own}-matrix" style="margin-left:.6em">matrix</label> \
<select id="{own}-matrix" data-key="matrix" style="{box};max-width:60vw">{matrices}</select></span></p>
<p hidden style="margin:0 auto;text-align:center;max-width:none"><label for="{own}-epoch">epoch</label> \
<input id="{own}-epoch" data-key="epoch" type="range" min="0" max="{len(epochs) - 1}" step="1" value="{len(epochs) - 1}" \
style="width:min(22rem,55%);height:44px;vertical-align:middle"> \
<span data-value aria-hidden="true" style="display:inline-block;min-width:3.2em;text-align:left">{int(epochs[-1])}</span></p>
<svg class="ink" viewBox="0 0 640 330" width="640" height="330" style="max-width:100%;height:auto" role="img" aria-label="{text.attribute(alt)}"></svg>
<noscript><img src="{text.attribute(up)}assets/films/{own}.svg" alt="{text.attribute(alt)}"></noscript>
</div>
<script src="{text.attribute(up)}assets/js/heads.js"></script>"""
    return Markdown(_two_editions(html, f'![]({up}assets/films/{name}.svg){{fig-alt="{_quoted(alt)}"}}'))


def points_script(
    name: str,
    digits: Float[np.ndarray, "checkpoint 4 head 10 2"],
    places: Float[np.ndarray, "checkpoint 3 head 19 2"],
    epochs: Sequence[int] | Integer[np.ndarray, "checkpoint"],
) -> bytes:
    """The points of the picker of that name, for `assets/js/<name>.js`; limits hold over all epochs."""
    packed = [packing(one) for one in (np.moveaxis(digits, 2, 0), np.moveaxis(places, 2, 0))]
    data = {
        "digits": packed[0][0], "places": packed[1][0], "halves": [half.tolist() for _, half in packed],
        "epochs": [int(epoch) for epoch in epochs],
    }  # fmt: skip
    held = f"(window.superpositionHeads = window.superpositionHeads || {{}})[{text.script_json(name)}]"
    return f"{held} = {text.script_json(data)};\n".encode("ascii")


def packing(points: Float[np.ndarray, "head checkpoint matrix n 2"]) -> tuple[str, Float[np.ndarray, "head matrix"]]:
    """Bytes, in base64, of points in the square of limits that holds for all checkpoints of a head's matrix; and half its side.

    0 is the square's left or lower edge and 255 the other, so a byte is 1/255 of its side."""
    low, high = points.min((1, 3), keepdims=True), points.max((1, 3), keepdims=True)
    half = 0.56 * np.maximum((high - low).max(-1, keepdims=True), 1e-9)
    scaled = (points - (low + high) / 2) / half
    whole = np.rint(255 * (scaled + 1) / 2).astype(np.uint8)
    return base64.b64encode(whole.tobytes()).decode(), np.array([[float(f"{x:.3g}") for x in row] for row in half[:, 0, :, 0, 0]])
