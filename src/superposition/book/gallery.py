"""Many films on one page: a player, and below it a small drawing for each film, which loads nothing until it is chosen.
A manifest beside the films says what each was made of, so that only those that have changed are made again."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from IPython.display import Markdown
from jaxtyping import Float
from matplotlib.figure import Figure
from PIL import Image

from superposition import paths
from superposition.book import text
from superposition.book.elements import _quoted, _two_editions, film_controls
from superposition.digests import Code
from superposition.figures import animation, style


def films(
    name: str, film: Callable[..., Callable[[int], Figure]], arguments: Sequence[tuple[Any, ...]], titles: Sequence[str], fps: int = 10
) -> list[dict[str, Any]]:
    """Makes the films `assets/films/<name>-00.mp4`, -01, … with their posters, and returns what `<name>.json` says of them.

    `film` gives the frame function of each tuple of arguments, the first of which has an entry a frame. A film whose
    arguments and code the manifest knows is left as it is."""
    folder = paths.assets() / "films"
    manifest, code = folder / f"{name}.json", Code().digest([(film.__module__, film.__qualname__), (animation.__name__, "film")])
    entries, known = [], {entry["name"]: entry for entry in _read(manifest)}
    for k, (own, title) in enumerate(zip(arguments, titles, strict=True)):
        one, made_of = f"{name}-{k:02}", _digest(code, own, fps)
        movie, poster = folder / f"{one}.mp4", folder / f"{one}.poster.png"
        if known.get(one, {}).get("made_of") != made_of or not (movie.exists() and poster.exists()):
            last = len(own[0]) - 1
            animation.film(film(*own), len(own[0]), one, fps=fps, stills=[last])
            (folder / f"{one}.strip.png").unlink()  # the gallery's still picture shows all films at once
        size = movie.stat().st_size + poster.stat().st_size
        entries.append({"name": one, "title": text.visible(title), "bytes": size, "made_of": made_of})
        manifest.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")  # a kill loses one film, not all
    return entries


def gallery(
    name: str, drawings: Float[np.ndarray, "film panel n 2"], first: int, alt: str, static: Figure, up: str = "../../"
) -> Markdown:
    """The films of that manifest: a player that shows `first`, and a link to each film with its drawing, closed paths side by side.

    Belongs in a fenced figure div. Writes `assets/films/<name>.svg`, the picture `static` for the PDF. Without JavaScript
    the links lead to the files. Raises FileNotFoundError where the films haven't been made."""
    folder = paths.assets() / "films"
    entries = _read(folder / f"{name}.json")
    if not entries:
        raise FileNotFoundError(f"{folder} lacks {name}.json: make the films with book.films")
    (folder / f"{name}.svg").write_bytes(style.svg(static))
    with Image.open(folder / f"{entries[first]['name']}.poster.png") as poster:
        width, height = poster.size
    links = "".join(
        f'<li style="margin:0"><a href="{_source(up, entry)}.mp4"{" aria-current=true" if k == first else ""} '
        f'style="display:block;text-align:center;padding:2px;font-size:.85rem;outline-offset:-2px">'
        f"{_drawing(drawing)}<br>{text.attribute(entry['title'])}</a></li>"
        for k, (entry, drawing) in enumerate(zip(entries, drawings, strict=True))
    )
    source = _source(up, entries[first])
    html = f"""<div class="slider" data-gallery="films" data-alt="{text.attribute(alt)}">
<div data-film>
<video class="film" controls muted loop playsinline preload="none" width="{width}" height="{height}" \
style="max-width:100%;height:auto" data-poster="{source}.poster.png" src="{source}.mp4" \
aria-label="{text.attribute(f"{alt} {entries[first]['title']}")}"></video>
{film_controls(up)}
</div>
<ul style="list-style:none;padding:0;margin:.5rem 0;max-width:none;display:grid;grid-template-columns:repeat(auto-fill,minmax(72px,1fr));gap:2px">
{links}
</ul>
</div>
<script src="{text.attribute(up)}assets/js/gallery.js"></script>"""
    return Markdown(_two_editions(html, f'![]({up}assets/films/{name}.svg){{fig-alt="{_quoted(alt)}"}}'))


def _source(up: str, entry: dict[str, Any]) -> str:
    return text.attribute(f"{up}assets/films/{entry['name']}")


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


def _read(manifest: Path) -> list[dict[str, Any]]:
    return json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else []


def _digest(code: str, arguments: tuple[Any, ...], fps: int) -> str:
    """Of all that a film is made of: arrays by type, shape and bytes, the rest as it prints."""
    digest = hashlib.sha256(f"{code} {fps}".encode())
    for value in arguments:
        if isinstance(value, np.ndarray):
            digest.update(f"{value.dtype} {value.shape}".encode() + value.tobytes())
        else:
            digest.update(repr(value).encode())
    return digest.hexdigest()
