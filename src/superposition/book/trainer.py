"""A network that trains in the page: the reader chooses sparsity, importances and features, and watches the arrows move.
Plain SVG and a small script, which needs no library and works from disk; the PDF gets a still picture instead."""

from html import escape

import numpy as np
from IPython.display import Markdown
from jaxtyping import Float

from superposition.book import assets, text
from superposition.book.elements import _quoted, _two_editions
from superposition.figures import style

MOST = 8
"""Features that a reader can ask for."""
EVERY = 50  # steps between two points of the curve


def trainer(
    name: str, density: Float[np.ndarray, "density"], best: Float[np.ndarray, "density"], seeds: int, alt: str, up: str = "../../"
) -> Markdown:
    """A plane of arrows, the loss beside what is known about it, and what comes out for the features that are switched on.

    `best` is the least loss of `seeds` trainings of five features with importances 0.9^i at each density. Belongs in a fenced
    figure div, as a film does; the PDF and readers without scripts get `assets/films/<name>.svg`.
    Raises AssetError where that picture hasn't been made."""
    assets.made(f"films/{name}", ".svg")
    still = f"{up}assets/films/{name}.svg"
    data = {
        "alt": text.visible(alt), "density": [float(f"{p:.4g}") for p in density], "best": [float(f"{x:.4g}") for x in best],
        "seeds": seeds, "every": EVERY, "colours": style.importance_hex(MOST),
    }  # fmt: skip
    sparse = len(density) - 1
    ranges = "".join(
        _range(text.attribute(name), *row)
        for row in (
            ("sparsity", "sparsity", 0, sparse, sparse - 1),
            ("importance", "importance", 50, 100, 90),
            ("features", "features", 2, MOST, 5),
        )
    )
    boxes = "".join(
        f'<label style="display:inline-block;min-width:44px;min-height:44px;padding-top:.7em"><input type="checkbox" data-on'
        f"{' checked' if k == 0 else ''}> {k + 1}</label>"
        for k in range(MOST)
    )
    button = 'type="button" style="min-height:44px;min-width:5em;margin:0 .2em;border:1px solid;border-radius:4px;background:none;color:inherit"'
    html = f"""<div class="slider" data-trainer style="text-align:center">
<svg class="ink" viewBox="0 0 500 262" width="680" height="356" style="max-width:100%;height:auto;display:none" role="img" aria-label="{text.attribute(alt)}" \
font-size="13" text-anchor="middle" fill="#000"><g data-part="plane" transform="translate(125 131)"></g>
<g data-part="curve" transform="translate(265 20)" font-size="12"></g><g data-part="bars" transform="translate(265 190)"></g></svg>
<div data-part="controls" hidden>
<p><button {button} data-part="run">Start</button><button {button} data-part="step">100 steps</button>\
<button {button} data-part="same">Same start</button><button {button} data-part="new">New start</button></p>
{ranges}
<fieldset style="border:0;padding:0;margin:0"><legend style="font-size:1em;float:none;width:auto;margin:auto">\
Switch features on: grey goes in, colour comes out. <span data-part="off"></span></legend>{boxes}</fieldset>
<p data-part="told" role="status" style="min-height:1.6em;margin:0 auto"></p>
</div>
<noscript><img src="{escape(still, quote=True)}" alt="{text.attribute(alt)}"></noscript>
<script type="application/json">{text.script_json(data)}</script>
</div>
<script src="{text.attribute(up)}assets/js/trainer.js"></script>"""
    return Markdown(_two_editions(html, f'![]({still}){{fig-alt="{_quoted(alt)}"}}'))


def _range(name: str, key: str, label: str, least: int, most: int, value: int) -> str:
    return (
        f'<p style="margin:0 auto"><label for="{name}-{key}" style="display:inline-block;width:5.8em;white-space:nowrap;text-align:right">{label}'
        f'</label> <input id="{name}-{key}" data-key="{key}" type="range" min="{least}" max="{most}" step="1" value="{value}" '
        f'style="width:min(13rem,32%);height:44px;vertical-align:middle"> <span data-value="{key}" aria-hidden="true" '
        f'style="display:inline-block;min-width:5.2em;text-align:left"></span></p>'
    )
