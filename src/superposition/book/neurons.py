"""A map of all neurons in the plane, by plotly: hovering says which one it is and what it fires at, a click leads to its page.
Library and points are two scripts that the page loads on a click; until then there is a still picture, as in the PDF."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from IPython.display import Markdown
from jaxtyping import Float, Integer

from superposition.book import assets, text
from superposition.book.elements import _quoted, _two_editions
from superposition.book.maps import _tokens as words
from superposition.figures import style

LIBRARY = "assets/js/plotly.min.js"  # in the built book

_STYLE = """<style>
.neurons { text-align: left; }
.neurons p { max-width: none; margin: .5rem 0; }
.neurons :is(button, select, input) { font: inherit; color: inherit; background: transparent; border: 1px solid; border-radius: 4px;
  min-height: 44px; min-width: 44px; padding: 0 .6rem; margin: 2px 0; max-width: 100%; }
.neurons input { width: 6em; }
.neurons option { color: CanvasText; background: Canvas; }
.neurons :focus-visible { outline: 3px solid; outline-offset: 2px; }
.neurons [data-part=plot] { width: min(100%, 560px); aspect-ratio: 1; margin: 0 auto; }
.neurons > img { width: min(100%, 560px); display: block; margin: 0 auto; }
</style>"""


class View(NamedTuple):
    """One map of a layer's neurons: its title, the folder of their pages below `neuroscope/`, and of each neuron where it lies,
    its cluster and the tokens at which it is strongest."""

    title: str
    site: str
    layer: int
    points: Float[np.ndarray, "neuron xy"]
    labels: Integer[np.ndarray, "neuron"]
    tokens: Sequence[Sequence[str]]


def neuron_map(name: str, alt: str, up: str = "../../") -> Markdown:
    """The map of that name: the reader chooses a layer and a view, points at neurons, or types a neuron's number.

    Belongs in a fenced figure div, whose last paragraph is the caption. Without JavaScript the picture shows. Raises
    AssetError where picture or points haven't been made."""
    assets.made(f"maps/{name}", ".svg")
    assets.made(f"js/{name}", ".js")
    own, here = text.attribute(name), text.attribute(up)
    html = f"""{_STYLE}
<div class="slider neurons" data-slider="neurons" data-name="{own}" data-up="{here}" data-library="{here}{LIBRARY}" \
data-points="{here}assets/js/{own}.js">
<p data-part="ask" hidden style="text-align:center"><button type="button">Point at neurons</button></p>
<div data-part="tools" hidden>
<p><label for="{own}-view">map</label> <select id="{own}-view" data-key="view"></select>
<button type="button" data-zoom="0.5" aria-label="zoom in">+</button>
<button type="button" data-zoom="2" aria-label="zoom out">−</button>
<button type="button" data-zoom="0">all</button>
<label for="{own}-neuron">neuron</label> <input id="{own}-neuron" data-key="neuron" type="number" min="0" step="1" inputmode="numeric"></p>
<div data-part="plot" role="img" aria-label="{text.attribute(alt)}"></div>
<p><span data-part="status" role="status"></span> <a data-part="page" hidden>Its page in Neuroscope</a></p>
</div>
<img src="{here}assets/maps/{own}.svg" alt="{text.attribute(alt)}">
</div>
<script src="{here}assets/js/neurons.js"></script>"""
    return Markdown(_two_editions(html, f'![]({up}assets/maps/{name}.svg){{fig-alt="{_quoted(alt)}" width=70%}}'))


def points_script(name: str, views: Sequence[View]) -> bytes:
    """What the map of that name shows, for `assets/js/<name>.js`: places to a thousandth of the map's side."""
    number = {token: k for k, token in enumerate(sorted({token for view in views for each in view.tokens for token in each}))}
    data = {
        "words": [words([token]) for token in number],
        "views": [
            {
                "title": text.visible(view.title), "site": view.site, "layer": view.layer, "labels": view.labels.tolist(),
                "colours": style.importance_hex(int(view.labels.max()) + 1),
                "xy": np.rint(1000 * (view.points - view.points.min(0)) / np.ptp(view.points, 0).max()).astype(int).tolist(),
                "tokens": [[number[token] for token in each] for each in view.tokens],
            }
            for view in views
        ],
    }  # fmt: skip
    held = f"(window.superpositionNeurons = window.superpositionNeurons || {{}})[{text.script_json(name)}]"
    return f"{held} = {text.script_json(data)};\n".encode("ascii")


def library() -> Path:
    """The script of plotly (MIT licence), as its Python package brings it."""
    import plotly

    return Path(plotly.__file__).parent / "package_data/plotly.min.js"


def bring_library(site: Path) -> None:
    """Puts it into a built book that has such a map, whose page loads it on a click."""
    if (site / LIBRARY).with_name("neurons.js").is_file():
        shutil.copyfile(library(), site / LIBRARY)
