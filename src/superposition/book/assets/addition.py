"""Films, still pictures and tables for scripts of the chapters on the transformer that adds.
Every function takes the loaded results that its asset names, and returns the bytes of its files by ending."""

import numpy as np
import torch
from jaxtyping import Float

from superposition import metrics
from superposition.addition.circuits_all_columns import LOST
from superposition.addition.engine import browser_tables, data, learning_curves
from superposition.addition.engine.lookup import Lookup
from superposition.addition.engine.transformer import Transformer
from superposition.addition.heads import CIRCLE, DRAWN, VALUES, digits, places
from superposition.addition.measures import ablation
from superposition.book import text
from superposition.book.heads import points_script
from superposition.book.laboratory import SUMS, tables_script
from superposition.figures import addition, animation, style
from superposition.runs import Results

Array = np.ndarray
Files = dict[str, bytes]
V = 2  # of Q, K, V, O


def head_films(trained: Results, heads: Results) -> Files:
    """A film of each head of seed 0 with its poster, and all heads' digits in V at three epochs and the end."""
    points, where, epoch = digits(trained["film_QKV"], trained["film_WOU"]), places(trained["film_QKV"]), trained["epoch"]
    files = {}
    for head in range(points.shape[2]):
        film = addition.head_film(points[:, :, head], where[:, :, head], epoch, head)
        made = animation.film(film, len(epoch), fps=10, stills=[len(epoch) - 1])
        files |= {f"-{head:02}{ending}": made[ending] for ending in (".mp4", ".poster.png")}
    own = circle_share(heads)
    stills = [metrics.nearest(epoch, e) for e in (17, 61, 1000)]
    notes = [f"{np.floor(100 * x) / 100:.2f}" for x in own]
    strips = addition.strips(points[stills, V].swapaxes(0, 1), points[:, V].swapaxes(0, 1), notes, own >= CIRCLE)
    return files | {".svg": style.svg(strips)}


def picker_still(trained: Results, heads: Results) -> Files:
    """The digits in V of three heads, once around, twice around and without a shape, at five epochs."""
    points, epoch = digits(trained["film_QKV"], trained["film_WOU"]), trained["epoch"]
    own, frequency = circle_share(heads), heads["power"].argmax(-1)[DRAWN, VALUES, 0] + 1
    chosen = [int(np.where(frequency == 1, own, 0).argmax()), int(np.where(frequency == 2, own, 0).argmax()), int(own.argmin())]
    five = [metrics.nearest(epoch, e) for e in (0, 6, 17, 61, 1000)]
    rows = points[:, V, chosen].swapaxes(0, 1)
    return {".svg": style.svg(addition.strip(rows[:, five], chosen, epoch[five], rows))}


def picker_script(trained: Results) -> Files:
    """Every head's digits and places at the epochs that the picker offers."""
    shown = picked(trained)
    points, where = digits(trained["film_QKV"], trained["film_WOU"]), places(trained["film_QKV"])
    return {".js": points_script("addition-head-picker", points[shown], where[shown], trained["epoch"][shown])}


def picked(trained: Results) -> np.ndarray:
    """The checkpoints that the picker offers, evenly from first to last."""
    return np.unique(np.linspace(0, len(trained["epoch"]) - 1, 22).round().astype(int))


def circle_share(heads: Results) -> Float[Array, "head"]:
    """Of seed 0's digits in V, as drawn."""
    return heads["circle"][DRAWN, VALUES, 0]


def circuits_film(found: Results) -> Files:
    """Seed 0's heads, one after another: the original's map, and what the head does to each of the ten logits."""
    maps, lost = found["map"][0].astype(float), found["effect"][0, LOST, 0].astype(float).mean(0)
    notes = [f"without it {text.percent(share)} of the ones digits are lost" for share in lost]
    top = float(np.ceil(np.abs(maps).max() / 50) * 50)
    film = addition.map_film(found["original"][0].astype(float), maps, notes, top, 10)
    return animation.film(film, len(notes), fps=2, stills=[0, 8, 16, 24], strip_columns=2)


def laboratory_still(trained: Results) -> Files:
    """The laboratory at a sum whose carry runs through all columns."""
    return {".svg": style.svg(addition.laboratory(*browser_tables.view(model(trained), *SUMS[-1], answer=3)))}


def laboratory_tables(trained: Results, found: Results) -> Files:
    """The model's tables; the means are those over the sums of `addition/circuits`."""
    seen = torch.from_numpy(data.tokens(*ablation.numbers(ablation.balanced(0, found.config.each))))
    return {".js": tables_script(browser_tables.tables(model(trained), seen))}


def model(trained: Results) -> Lookup:
    """Seed 0 as tables, in double precision."""
    return Lookup.of(Transformer.of({name: trained[name][0].astype(float) for name in learning_curves.PARAMETERS}))
