"""The interactive picture of the chapter on geometry: one solution at a time, cut into its clusters.
The reader moves through the sparsities; in the PDF a still picture takes its place."""

from typing import NamedTuple

import numpy as np
from IPython.display import Markdown
from jaxtyping import Float, Int

from superposition import formulas
from superposition.book import assets, text
from superposition.book.elements import _quoted, _two_editions
from superposition.figures.toy import geometry
from superposition.toy.measures import polytopes

# Features in a cluster of more than this many stand on a ring, and only overlaps beyond this cosine are drawn there.
CROWD, CROWDED = 12, 0.6


class Panel(NamedTuple):
    """One solution as it is drawn: its represented features, `edges` between rows of them, and what there is."""

    place: Float[np.ndarray, "feature 2"]
    edges: Int[np.ndarray, "edge 2"]
    shape: Int[np.ndarray, "feature"]
    dimensionality: Float[np.ndarray, "feature"]
    label: str


def panel(W: Float[np.ndarray, "n_features m"], title: str) -> Panel:
    """Cuts a solution into clusters, and gives each represented feature its place, and each cluster its name."""
    cut = polytopes.clusters(W)
    kept = np.flatnonzero(cut.of_feature >= 0)
    cluster = cut.of_feature[kept]
    limit = np.where(cut.size[cluster][:, None] > CROWD, CROWDED, polytopes.THRESHOLD)
    edges = np.argwhere(np.triu(np.abs(formulas.cosines(W[kept])) > limit, 1))
    number = np.bincount(cut.shape, minlength=len(polytopes.NAMES))
    what = ", ".join(f"{c} × {name}" for c, name in zip(number, polytopes.NAMES, strict=True) if c) or "no feature represented"
    place = geometry.arrange(W, cut.of_feature, cut.shape, cut.size)[kept]
    return Panel(place, edges, cut.shape[cluster], formulas.feature_dimensionality(W)[kept], f"{title}: {what}")


def view(
    name: str,
    W: Float[np.ndarray, "solution n_features m"],
    sparsity: Float[np.ndarray, "solution"],
    first: int,
    alt: str,
    up: str = "../../",
) -> Markdown:
    """A slider over solutions, each drawn as dots (features) and lines (overlaps) above a strip of dimensionalities.

    The solution `first` shows at the start, and as a picture in the PDF: `assets/films/<name>.svg`.
    Raises AssetError where that hasn't been made. Belongs in a fenced figure div, as a film does."""
    assets.made(f"films/{name}", ".svg")
    panels = [panel(one, f"S = {s:.2f}") for one, s in zip(W, sparsity, strict=True)]
    height = max(float(one.place[:, 1].max(initial=1)) for one in panels) + 0.6
    width = max(float(one.place[:, 0].max(initial=1)) for one in panels) + 0.6
    drawn = [
        {
            "xy": np.round(one.place, 1).tolist(), "edges": one.edges.ravel().tolist(), "shape": one.shape.tolist(),
            "D": np.round(one.dimensionality, 2).tolist(), "label": text.visible(one.label),
        }
        for one in panels
    ]  # fmt: skip
    data = {"alt": text.visible(alt), "colours": list(geometry.SHAPE_COLOURS), "panels": drawn, "height": round(height, 1)}
    identifier = text.attribute(f"solutions-{name}")
    html = f"""<div class="slider" data-slider="solutions">
<p hidden style="margin:0 auto;text-align:center"><label for="{identifier}">sparsity</label>
<input id="{identifier}" type="range" min="0" max="{len(panels) - 1}" step="1" value="{first}" \
style="width:min(22rem,65%);height:44px;vertical-align:middle"></p>
<p data-value aria-live="polite" style="max-width:none;text-align:center;min-height:3em;margin:0">{text.attribute(panels[first].label)}</p>
<svg class="ink" viewBox="0 0 {width:.1f} {height + 5.4:.1f}" width="660" style="width:100%;height:auto" role="img" \
aria-label="{text.attribute(f"{alt} {panels[first].label}")}"></svg>
<noscript><img src="{text.attribute(up)}assets/films/{text.attribute(name)}.svg" alt="{text.attribute(alt)}"></noscript>
<script type="application/json">{text.script_json(data)}</script>
</div>
<script src="{text.attribute(up)}assets/js/solutions.js"></script>"""
    return Markdown(_two_editions(html, f'![]({up}assets/films/{name}.svg){{fig-alt="{_quoted(alt)}"}}'))
