"""Maps in tiles, and films, of the chapters on small language models.
Every function takes the loaded results that its asset names, and returns the bytes of its files by ending."""

from collections.abc import Mapping
from io import BytesIO

import numpy as np
from jaxtyping import Int8
from PIL import Image

from superposition.book.maps import TILE, WHOLE
from superposition.book.neurons import View, points_script
from superposition.figures import animation, stories, style
from superposition.runs import Results
from superposition.stories import clusters
from superposition.stories.ordering import chosen, ordered_map, shrunk

Array = np.ndarray
Files = dict[str, bytes]


def sibling_maps(found: Results) -> Files:
    """The maps of what the neurons of the two larger siblings write."""
    return tiles({k: ordered_map(found, k) for k in sibling_layers(found)})


def encoder_maps(found: Results) -> Files:
    """The map of the one layer of the encoder that there is a map of."""
    return tiles({k: ordered_map(found, k) for k in mapped(found)})


def diagonal_film(found: Results) -> Files:
    """Along the diagonal of the last layer of the two-layer sibling."""
    last = sibling_layers(found)[-1]
    frame, count = stories.diagonal_film(ordered_map(found, last), found["matrices"]["name"][last].as_py())
    return animation.film(frame, count, fps=20)


def neurons_still(found: Results) -> Files:
    """The map by activations of the larger one-layer model."""
    view = clusters.VIEWS.index(clusters.ACTIVATIONS)
    points, labels = found["map"][0, 0, view, 0], found["labels"][0, 0, clusters.ACTIVATIONS]
    return {".svg": style.svg(stories.neuron_maps(points[None], [labels], [""]))}


def neurons_script(one: Results, two: Results) -> Files:
    """The maps of all layers of the two larger models, by activations and by weights."""
    views = [
        View(f"{name}, layer {layer}, {kind}", site, layer, points, found["labels"][0, layer, space], tokens)
        for found, name in ((one, "one layer"), (two, "two layers"))
        for site in [found.config.model.rpartition("/")[2]]
        for layer, tokens in enumerate(clusters.strongest_tokens(found))
        for kind, space in (("by activations", clusters.ACTIVATIONS), ("by weights", clusters.BOTH))
        for points in [found["map"][0, layer, clusters.VIEWS.index(space), 0].astype(float)]
    ]
    return {".js": points_script("stories-neurons", views)}


def sibling_layers(found: Results) -> list[int]:
    """The matrices of the two larger siblings of which there are maps: one layer of the first, two of the second."""
    return [k for model in ("stories/train_1l", "stories/train_2l") for k in chosen(found, "W_out", model).tolist()]


def mapped(found: Results) -> list[int]:
    """The matrices of which there are maps."""
    return np.flatnonzero(found["matrices"]["mapped"].to_numpy()).tolist()


def tiles(maps: Mapping[int, Int8[Array, "row row"]]) -> Files:
    """Each map as a whole, -4.png, and in tiles, -4-0-1.png of row 0 and column 1."""
    files = {}
    for k, ordered in maps.items():
        files[f"-{k}.png"] = _png(ordered if len(ordered) <= WHOLE else shrunk(ordered, WHOLE))
        for i in range(0, len(ordered), TILE):
            for j in range(0, len(ordered), TILE):
                files[f"-{k}-{i // TILE}-{j // TILE}.png"] = _png(ordered[i : i + TILE, j : j + TILE])
    return files


def _png(ordered: Int8[Array, "row column"]) -> bytes:
    index, palette = stories.tile(ordered)
    picture, sink = Image.fromarray(index, "P"), BytesIO()
    picture.putpalette(palette)
    picture.save(sink, format="PNG", optimize=True)
    return sink.getvalue()
