"""Polytopes as they were trained, to be turned by hand: a picture first, and what turns it loads when the reader asks.
Drawing in three dimensions is plotly's, from a file that is served with the book."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from IPython.display import Markdown
from jaxtyping import Float, Int

from superposition import formulas
from superposition.book import assets, text
from superposition.book.elements import _quoted, _two_editions
from superposition.figures.toy import geometry
from superposition.runs import Results
from superposition.toy import geometry_training
from superposition.toy.measures import polytopes

# How many neighbours each corner has along the edges of the polytope.
NEIGHBOURS = {"triangle": 2, "tetrahedron": 3, "square antiprism": 4}


class Solid(NamedTuple):
    """A polytope: its corners in the three dimensions that hold most of it, its edges, and a note on each corner."""

    name: str
    corners: Float[np.ndarray, "corner 3"]
    edges: Int[np.ndarray, "edge 2"]
    notes: list[str]
    title: str

    @property
    def colour(self) -> str:
        return geometry.SHAPE_COLOURS[polytopes.NAMES.index(self.name)]


def solid(W: Float[np.ndarray, "*batch n_features m"], density: Float[np.ndarray, "density"], name: str) -> Solid:
    """The polytope of that name whose deviation is the median of all in a stack, whose last axis of models is `density`.

    A corner's note holds its feature's length, its dimensionality, and its cosines with the other corners."""
    at, members = polytopes.typical(W, polytopes.NAMES.index(name))
    own = np.asarray(W[at], float)
    D, length, cosine = formulas.feature_dimensionality(own), formulas.norms(own), formulas.cosines(own[members])
    left, spread, _ = np.linalg.svd(own[members], full_matrices=False)
    corners = np.zeros((len(members), 3))
    corners[:, : min(3, len(spread))] = (left * spread)[:, :3]
    nearest = np.argsort(3 * np.eye(len(members)) - cosine, axis=1, kind="stable")[:, : NEIGHBOURS[name]]
    edges = sorted({(min(i, int(j)), max(i, int(j))) for i, row in enumerate(nearest) for j in row})
    notes = [
        f"feature {feature + 1}: length {text.number(length[feature])}, D {text.number(D[feature])}; cosines "
        + ", ".join(text.number(c) for c in np.sort(np.delete(cosine[k], k)))
        for k, feature in enumerate(members)
    ]
    return Solid(name, corners, np.array(edges), notes, f"{name}, S = {text.number(1 - density[at[-1]])}")


def trained(dense: Results, run: Results) -> list[Solid]:
    """A triangle and a tetrahedron of the best of several trainings in dense data, a square antiprism of the sparser `run`."""
    best = geometry_training.one(dense, geometry_training.best(dense))
    return [solid(r["W"], r["density"], name) for r, name in zip((best, best, run), NEIGHBOURS, strict=True)]


def view(name: str, solids: Sequence[Solid], alt: str, up: str = "../../") -> Markdown:
    """The picture `assets/films/<name>.svg` and, on the site, a button that puts polytopes to be turned in its place.

    Belongs in a fenced figure div, as a film does. Nothing is loaded before the button is pressed; without JavaScript or
    WebGL the picture stays. Raises AssetError where the picture, or plotly's file, isn't there."""
    assets.made(f"films/{name}", ".svg")
    assets.made("js/plotly-gl3d", ".min.js")
    drawn = [
        {
            "title": text.visible(one.title), "colour": one.colour, "xyz": np.round(one.corners, 3).T.tolist(),
            "edges": one.edges.ravel().tolist(), "notes": [text.visible(note) for note in one.notes],
        }
        for one in solids
    ]  # fmt: skip
    data = {"solids": drawn, "library": f"{up}assets/js/plotly-gl3d.min.js"}
    own, here = text.attribute(name), text.attribute(up)
    html = f"""<div class="slider" data-slider="solids" data-name="{own}" style="text-align:center">
<img src="{here}assets/films/{own}.svg" alt="{text.attribute(alt)}">
<p data-part="ask" hidden style="margin:0 auto"><button type="button" style="min-height:44px;padding:0 .8em;border:1px solid;border-radius:4px;background:none;color:inherit">Turn them by hand</button></p>
<div data-part="stage" hidden style="display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr))"></div>
<p data-part="turn" hidden style="margin:0 auto"><label for="{own}-turn">turn</label>
<input id="{own}-turn" type="range" min="0" max="360" step="5" value="60" style="width:min(22rem,65%);height:44px;vertical-align:middle"></p>
<p data-part="status" role="status" style="margin:0 auto"></p>
<script type="application/json">{text.script_json(data)}</script>
</div>
<script src="{here}assets/js/solids.js"></script>"""
    return Markdown(_two_editions(html, f'![]({up}assets/films/{name}.svg){{fig-alt="{_quoted(alt)}"}}'))
