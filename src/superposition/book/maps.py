"""Maps of cosines under the reader's hand: to zoom, to move about, and to follow along the diagonal, from spot to spot.
Tiles that a small script lays out, which works from disk; nothing but a still picture is loaded before a click."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from IPython.display import Markdown

from superposition.book import assets, neuroscope, text
from superposition.book.elements import _quoted, _two_editions, table
from superposition.runs import Results
from superposition.stories.ordering import order, spots_of

TILE = 256  # rows of a tile
WHOLE = 512  # pixels, at most, of the picture of a whole map

# The page's own colours, which are light or dark; the pictures are inverted as all figures are.
_STYLE = """<style>
.ordered { text-align: left; }
.ordered p { max-width: none; margin: .5rem 0; }
.ordered :is(button, select) { font: inherit; color: inherit; background: transparent; border: 1px solid; border-radius: 4px;
  min-height: 44px; min-width: 44px; padding: 0 .6rem; margin: 2px 0; max-width: 100%; }
.ordered option { color: CanvasText; background: Canvas; }
.ordered :focus-visible { outline: 3px solid; outline-offset: 2px; }
.ordered [data-part=view] { position: relative; overflow: hidden; width: min(100%, 560px); aspect-ratio: 1; margin: 0 auto;
  border: 1px solid; touch-action: none; cursor: grab; user-select: none; }
.ordered [data-part=stage] { position: absolute; left: 0; top: 0; transform-origin: 0 0; }
.ordered [data-part=view] img { position: absolute; max-width: none; margin: 0; image-rendering: pixelated; -webkit-user-drag: none; }
.ordered > img { width: min(100%, 512px); display: block; margin: 0 auto; image-rendering: pixelated; }
</style>"""


class Place(NamedTuple):
    """A stretch of the diagonal worth seeing, from row `start` up to `stop`, and what it is called."""

    start: int
    stop: int
    name: str


class Map(NamedTuple):
    """`assets/maps/<asset>-<matrix>…png`: its title, the neurons of a layer in its order, and the places worth seeing.

    `pages` is where Neuroscope has a page for each of its neurons, seen from the top of the book."""

    asset: str
    matrix: int
    title: str
    layer: int
    neurons: Sequence[int]
    places: Sequence[Place]
    pages: str | None = None


def maps_of(results: Results, asset: str, titles: Mapping[int, str]) -> list[Map]:
    """The maps of these matrices, whose rows are named as neurons are, and whose places are the stored spots."""
    found = []
    for k, title in titles.items():
        layer, model = (results["matrices"][name][k].as_py() for name in ("layer", "model"))
        places = [Place(spot["start"], spot["stop"], said(spot)) for spot in spots_of(results, k)]
        found.append(Map(asset, k, title, layer, order(results, k).tolist(), places, neuroscope.page(model)))
    return found


def said(spot: Mapping[str, Any]) -> str:
    """What a spot reads and writes, in three tokens each."""
    return f"reads {_tokens(spot['reads'])}; writes {_tokens(spot['writes'])}"


def spots_table(results: Results, titles: Mapping[int, str], most: int) -> Markdown:
    """The largest spots of each of these matrices: how many neurons, how alike they are, what they read and write."""
    rows = [(title, spot) for k, title in titles.items() for spot in spots_of(results, k)[:most]]
    return table({
        "Matrix": [title for title, _ in rows],
        "Neurons": [spot["stop"] - spot["start"] for _, spot in rows],
        "Mean cosine": [spot["cosine"] for _, spot in rows],
        "Reads": [_tokens(spot["reads"]) for _, spot in rows],
        "Writes": [_tokens(spot["writes"]) for _, spot in rows],
    })  # fmt: skip


def spots_pages(results: Results, titles: Mapping[int, str], up: str = "../../") -> Markdown:
    """A list, for the site alone, of the neurons of each matrix's largest spot, with links to their pages in Neuroscope."""
    lines = []
    for k, title in titles.items():
        layer, page = results["matrices"]["layer"][k].as_py(), neuroscope.page(results["matrices"]["model"][k].as_py())
        spot = spots_of(results, k)[0]
        names = [f"L{layer}N{neuron}" for neuron in order(results, k)[spot["start"] : spot["stop"]]]
        lines.append(f"- {title}, {text.markdown(said(spot))}: {', '.join(f'[{name}]({up}{page}#{name})' for name in names)}")
    return Markdown('::: {.content-visible when-format="html"}\n' + "\n".join(lines) + "\n:::\n")


def _tokens(tokens: Sequence[str], most: int = 3) -> str:
    """The first tokens; spaces and line ends are to be seen."""
    shown = (text.visible(token.replace("\n", "↵")).replace(" ", "␣") for token in tokens[:most])
    return " ".join(f"‘{token}’" for token in shown)


def ordered_map(name: str, maps: Sequence[Map], first: int, alt: str, up: str = "../../") -> Markdown:
    """A map that the reader chooses, moves and zooms, with pointer, touch or keys; the PDF has the map `first` as a picture.

    Belongs in a fenced figure div, whose last paragraph is the caption. Without JavaScript the picture shows. Raises
    AssetError where a picture hasn't been made."""
    here = text.attribute(up)
    sources = [f"assets/maps/{one.asset}-{one.matrix}" for one in maps]
    for one in maps:
        across = range(-(-len(one.neurons) // TILE))
        assets.made(
            f"maps/{one.asset}", *(f"-{one.matrix}{tile}.png" for tile in ["", *(f"-{i}-{j}" for i in across for j in across)])
        )
    data = {
        "alt": text.visible(alt), "tile": TILE, "first": first,
        "maps": [
            {
                "title": text.visible(one.title), "source": up + source, "layer": one.layer, "neurons": list(one.neurons),
                "pages": one.pages and up + one.pages,
                "places": [[place.start, place.stop, text.visible(place.name)] for place in one.places],
            }
            for one, source in zip(maps, sources, strict=True)
        ],
    }  # fmt: skip
    still = sources[first]
    own = text.attribute(name)
    options = "".join(
        f'<option value="{k}"{" selected" if k == first else ""}>{text.attribute(one.title)}</option>'
        for k, one in enumerate(maps)
    )
    html = f"""{_STYLE}
<div class="slider ordered" data-slider="ordered">
<p data-part="ask" hidden style="text-align:center"><button type="button">Zoom and move</button></p>
<div data-part="tools" hidden>
<p><label for="{own}-map">map</label> <select id="{own}-map" data-key="map">{options}</select>
<button type="button" data-zoom="2" aria-label="zoom in">+</button>
<button type="button" data-zoom="0.5" aria-label="zoom out">−</button>
<button type="button" data-zoom="0">all</button></p>
<div data-part="view" tabindex="0" role="application" aria-describedby="{own}-keys"><div data-part="stage"></div></div>
<p><label for="{own}-along">along the diagonal</label> <input id="{own}-along" data-key="along" type="range" min="0" max="1" step="1" \
value="0" style="width:min(22rem,55%);height:44px;vertical-align:middle"></p>
<p data-part="status" role="status" style="min-height:3em"></p>
<p><label for="{own}-place">spots worth seeing</label> <select id="{own}-place" data-key="place"></select></p>
<p id="{own}-keys"><small>Drag, pinch, or use the keys: arrows move, + and − zoom, comma and full stop go along the diagonal, 0 shows \
all. A double click zooms in.</small></p>
</div>
<img src="{here}{text.attribute(still)}.png" alt="{text.attribute(alt)}">
<script type="application/json">{text.script_json(data)}</script>
</div>
<script src="{here}assets/js/ordered.js"></script>"""
    return Markdown(_two_editions(html, f'![]({up}{still}.png){{fig-alt="{_quoted(alt)}" width=70%}}'))
