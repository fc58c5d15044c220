"""The interactive picture of the chapter on geometry: one solution at a time, cut into its clusters.
The reader moves through the sparsities; in the PDF a still picture takes its place."""

from collections.abc import Sequence

import numpy as np
from IPython.display import Markdown

from superposition.book import assets, text
from superposition.book.elements import _quoted, _two_editions


def view(
    name: str,
    places: Sequence[np.ndarray],
    edges: Sequence[np.ndarray],
    shapes: Sequence[np.ndarray],
    dimensionality: Sequence[np.ndarray],
    labels: Sequence[str],
    colours: Sequence[str],
    first: int,
    alt: str,
    up: str = "../../",
) -> Markdown:
    """A slider over solutions, each drawn as dots (features) and lines (overlaps) above a strip of dimensionalities.

    Per solution: `places` (n, 2) of its represented features, `edges` as pairs of rows of it, `shapes` and
    `dimensionality` of each feature, and a `label` that says what is there. `first` shows at the start.
    The still is `assets/films/<name>.svg`; raises AssetError where that hasn't been made. Belongs in a fenced figure div."""
    assets.made(f"films/{name}", ".svg")
    height = max(float(place[:, 1].max(initial=1)) for place in places) + 0.6
    width = max(float(place[:, 0].max(initial=1)) for place in places) + 0.6
    panels = [
        {
            "xy": np.round(place, 1).tolist(), "edges": edge.ravel().tolist(), "shape": shape.tolist(), "D": np.round(D, 2).tolist(),
            "label": text.visible(label),
        }
        for place, edge, shape, D, label in zip(places, edges, shapes, dimensionality, labels, strict=True)
    ]  # fmt: skip
    data = {"alt": text.visible(alt), "colours": list(colours), "panels": panels, "height": round(height, 1)}
    identifier = text.attribute(f"solutions-{name}")
    html = f"""<div class="slider" data-slider="solutions">
<p hidden style="margin:0 auto;text-align:center"><label for="{identifier}">sparsity</label>
<input id="{identifier}" type="range" min="0" max="{len(panels) - 1}" step="1" value="{first}" \
style="width:min(22rem,65%);height:44px;vertical-align:middle"></p>
<p data-value aria-live="polite" style="max-width:none;text-align:center;min-height:3em;margin:0">{text.attribute(labels[first])}</p>
<svg class="ink" viewBox="0 0 {width:.1f} {height + 5.4:.1f}" width="660" style="width:100%;height:auto" role="img" \
aria-label="{text.attribute(f"{alt} {labels[first]}")}"></svg>
<noscript><img src="{text.attribute(up)}assets/films/{text.attribute(name)}.svg" alt="{text.attribute(alt)}"></noscript>
<script type="application/json">{text.script_json(data)}</script>
</div>
<script src="{text.attribute(up)}assets/js/solutions.js"></script>"""
    return Markdown(_two_editions(html, f'![]({up}assets/films/{name}.svg){{fig-alt="{_quoted(alt)}"}}'))
