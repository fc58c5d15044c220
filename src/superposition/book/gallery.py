"""Many films on one page: a player, and below it a small drawing for each film, which loads nothing until it is chosen."""

from collections.abc import Sequence

import numpy as np
from IPython.display import Markdown
from jaxtyping import Float
from PIL import Image

from superposition.book import assets, text
from superposition.book.elements import _quoted, _two_editions, film_controls


def gallery(
    name: str, titles: Sequence[str], drawings: Float[np.ndarray, "film panel n 2"], first: int, alt: str, up: str = "../../"
) -> Markdown:
    """The films `assets/films/<name>-00.mp4`, -01, …: a player that shows `first`, and a link to each film.

    A link has the film's title and its drawing, closed paths side by side. Belongs in a fenced figure div; in the PDF
    stands `assets/films/<name>.svg`. Without JavaScript the links lead to the files. Raises AssetError where a film, its
    poster or that picture hasn't been made."""
    assets.made(f"films/{name}", ".svg")
    posters = [assets.made(f"films/{name}-{k:02}", ".poster.png", ".mp4")[0] for k in range(len(titles))]
    with Image.open(posters[first]) as poster:
        width, height = poster.size
    source = [text.attribute(f"{up}assets/films/{name}-{k:02}") for k in range(len(titles))]
    links = "".join(
        f'<li style="margin:0"><a href="{source[k]}.mp4"{" aria-current=true" if k == first else ""} '
        f'style="display:block;text-align:center;padding:2px;font-size:.85rem;outline-offset:-2px">'
        f"{_drawing(drawing)}<br>{text.attribute(title)}</a></li>"
        for k, (title, drawing) in enumerate(zip(titles, drawings, strict=True))
    )
    html = f"""<div class="slider" data-gallery="films" data-alt="{text.attribute(alt)}">
<div data-film>
<video class="film" controls muted loop playsinline preload="none" width="{width}" height="{height}" \
style="max-width:100%;height:auto" data-poster="{source[first]}.poster.png" src="{source[first]}.mp4" \
aria-label="{text.attribute(f"{alt} {titles[first]}")}"></video>
{film_controls(up)}
</div>
<ul style="list-style:none;padding:0;margin:.5rem 0;max-width:none;display:grid;grid-template-columns:repeat(auto-fill,minmax(72px,1fr));gap:2px">
{links}
</ul>
</div>
<script src="{text.attribute(up)}assets/js/gallery.js"></script>"""
    return Markdown(_two_editions(html, f'![]({up}assets/films/{name}.svg){{fig-alt="{_quoted(alt)}"}}'))


def _drawing(paths_of: Float[np.ndarray, "panel n 2"]) -> str:
    """Closed paths, each in a square of its own, as a few hundred bytes of SVG."""
    parts = []
    for k, points in enumerate(paths_of):
        low, high = points.min(0), points.max(0)
        scaled = (points - (low + high) / 2) / max(float((high - low).max()), 1e-9) * np.array([26, -26]) + [15 + 32 * k, 15]
        parts.append("M" + "L".join(f"{x:.0f},{y:.0f}" for x, y in scaled) + "Z")
    width = 32 * len(paths_of) - 2
    return (
        f'<svg class="ink" viewBox="0 0 {width} 30" width="{width}" height="30" aria-hidden="true">'
        f'<path d="{"".join(parts)}" fill="none" stroke="#5d2a86" stroke-width="1.3" stroke-linejoin="round"/></svg>'
    )
