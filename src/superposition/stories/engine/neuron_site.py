"""Neuroscope as static files: one page, and its data as scripts, which a browser loads from disk as well as from a server.
Every file's name is made of numbers, and every text in it is JSON in ASCII: what a token holds never becomes code."""

import base64
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from superposition.errors import SuperpositionError
from superposition.stories.engine import gathering
from superposition.stories.engine.gathering import Options, bands
from superposition.stories.engine.page_model import PageModel
from superposition.stories.engine.tallies import BELOW

Array = np.ndarray
PAGES = ("index.html", "neuroscope.css", "visible.js", "bpe.js", "forward.js", "neuroscope.js")
BLOCK = 32  # texts a file
NORMS = {
    "LN": "What the neuron writes goes straight to the unembedding: centred and with the weights of the last layer norm, whose "
    "division is left out, as are the layers in between. Logits are against the mean of all tokens, for an activation of 1.",
    "RMS": "What the neuron writes goes straight to the unembedding: with the weights of the last norm, whose division is left "
    "out, as are the layers in between. Logits are given against the mean of all tokens, for an activation of 1.",
    "": "What the neuron writes goes straight to the unembedding, as the model has no last layer norm; the layers in between are "
    "left out. Logits are given against the mean of all tokens, for an activation of 1.",
}


class SiteError(SuperpositionError):
    """A folder that no site can be written into."""


@dataclass(frozen=True)
class About:
    """What the pages say of model and corpus, and what they must know to read the arrays."""

    title: str
    corpus: str
    text: str
    context: int
    begin: int | None
    norm: str
    options: Options
    drawn: int


def check(out: Path) -> None:
    """Raises SiteError where the folder holds something else than such a site."""
    if out.exists() and not out.is_dir():
        raise SiteError(f"{out}: expected a folder to write the site into, and it is a file")
    strangers = sorted(p.name for p in out.iterdir() if p.name not in (*PAGES, "data", ".neuroscope")) if out.exists() else []
    if strangers:
        raise SiteError(f"{out}: expected an empty folder or one of an earlier site, and it holds {strangers[0]}")


def write(
    out: Path, arrays: Mapping[str, Array], about: About, vocabulary: Sequence[bytes], page: PageModel | None, no_model: str,
    orders: Sequence[Mapping[str, Any]] = (), advance: Callable[[int], None] = lambda n: None,
) -> None:  # fmt: skip
    """Write the site of what `gather` gave. `orders` name orders of a layer's neurons: {"name", "layer", "order"}.

    The page that opens comes last, so that no half-written site opens."""
    check(out)
    (out / "index.html").unlink(missing_ok=True)
    shutil.rmtree(out / "data", ignore_errors=True)
    words = [token.decode("latin-1") for token in vocabulary]
    neurons = _Pages(arrays, about, words, orders)
    for layer in np.unique(arrays["layer"]):
        (out / "data" / str(layer)).mkdir(parents=True)
    for n in range(len(arrays["layer"])):
        _give(out, f"{arrays['layer'][n]}/{arrays['index'][n]}", neurons.of(n))
        advance(1)
    (out / "data/text").mkdir()
    for block in range(-(-len(arrays["row"]) // BLOCK)):
        _give(out, f"text/{block}", _texts(arrays, block, words))
    _give(out, "vocabulary", words)
    _give(out, "search", {"kept": arrays["token"].shape[1], "token": _array(arrays["token"].ravel(), np.uint32),
                          "value": _array(arrays["token_value"].ravel(), np.float32)})  # fmt: skip
    if page is not None:
        _give(out, "model", _model(page))
    _give(out, "site", _site(arrays, about, page, no_model))
    for name in (*PAGES[1:], PAGES[0]):
        (out / name).write_bytes(files("superposition").joinpath("neuroscope", name).read_bytes())


def _give(out, file, value):
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    (out / "data" / f"{file}.js").write_text(f"neuroscope.give({json.dumps(file)},{text});\n", encoding="ascii")


def _array(values, kind):
    kind = np.dtype(kind).newbyteorder("<")
    return {"kind": kind.str[1:], "data": _base64(np.ascontiguousarray(values, kind))}


def _base64(values):
    return base64.b64encode(values.tobytes()).decode("ascii")


def _number(x, digits=5):
    """A float as short as it may be; None for what is none."""
    return float(f"{float(x):.{digits}g}") if np.isfinite(x) else None


class _Pages:
    """Makes the data of each neuron's page."""

    def __init__(self, arrays, about, words, orders):
        self.a, self.about, self.words = arrays, about, words
        self.kinds = ["top"] * about.options.sizes.top + ["low"] * about.options.sizes.low + ["band"] * about.options.bands
        there = arrays["example"] >= 0
        self.lengths = np.diff(arrays["start"])[np.maximum(arrays["example"], 0)]
        at, options = arrays["at"].astype(np.int64), about.options
        self.begin, self.end, self.offset = gathering.windows(at, self.lengths, there, options.before, options.after)
        self.orders = [(one["name"], int(one["layer"]), np.asarray(one["order"]), np.argsort(one["order"])) for one in orders]

    def of(self, n):
        a, width = self.a, 2.0 ** float(self.a["level"][n])
        known: dict[int, int] = {}
        local = lambda ids: [known.setdefault(int(k), len(known)) for k in ids]
        pairs = lambda ids, values: [[k, _number(v)] for k, v in zip(local(ids), values, strict=True)]
        groups, examples, ids, acts, loss = bands(a["counts"][n], self.about.options.bands), [], [], [], []
        for e, kind in enumerate(self.kinds):
            text = int(a["example"][n, e])
            if text < 0:
                continue
            begin, end, first = int(self.begin[n, e]), int(self.end[n, e]), int(a["start"][text])
            one = {"kind": kind, "row": int(a["row"][text]), "text": text, "at": int(a["at"][n, e]), "begin": begin, "end": end,
                   "length": int(self.lengths[n, e]), "value": None if kind == "band" else _number(a["peak"][n, e])}  # fmt: skip
            if kind == "band":
                group = groups[e - self.about.options.sizes.top - self.about.options.sizes.low]
                share = a["counts"][n, group].sum() / max(1, int(a["n_tokens"]))
                one["band"] = [_number((group[0] - BELOW) * width), _number((group[-1] + 1 - BELOW) * width), _number(share, 3)]
            examples.append(one)
            place = n * len(self.kinds) + e
            acts.append(a["window"][self.offset[place] : self.offset[place + 1]])
            ids += local(a["text"][first + begin : first + end])
            loss.append(a["loss"][first + begin : first + end])
        page = {
            "layer": int(a["layer"][n]), "index": int(a["index"][n]), "examples": examples,
            "highest": _number(a["peak"][n, 0], 7), "lowest": _number(a["peak"][n, self.about.options.sizes.top], 7),
            "mean": _number(a["mean"][n]), "deviation": _number(a["deviation"][n]), "density": _number(a["density"][n]),
            "ablation": _number(a["ablation"][n]), "ablation_error": _number(a["ablation_error"][n]),
            "level": int(a["level"][n]), "counts": a["counts"][n].tolist(), "scale": _number(a["scale"][n], 7),
            "raised": pairs(a["raised"][n], a["raised_by"][n]), "lowered": pairs(a["lowered"][n], a["lowered_by"][n]),
            "fires_at": [[local([k])[0], _number(v)] for k, v in zip(a["token"][n], a["token_value"][n], strict=True) if k >= 0],
            **{kind: {end: self._near(n, f"{kind}_{end}") for end in ("like", "unlike")} for kind in gathering.NEIGHBOURS},
            "ordering": self._places(n),
            "acts": _base64(np.concatenate(acts) if acts else np.zeros(0, np.int8)), "ids": _base64(np.array(ids, "<u2")),
            "loss": _base64(np.concatenate(loss) if loss else np.zeros(0, np.uint8)),
        }  # fmt: skip
        page["tokens"] = [[k, self.words[k]] for k in known]
        return page

    def _near(self, n, name):
        a = self.a
        return [
            [int(a["layer"][k]), int(a["index"][k]), _number(v, 3)]
            for k, v in zip(a[name][n], a[f"{name}_value"][n], strict=True) if k >= 0
        ]  # fmt: skip

    def _places(self, n):
        found = []
        for name, layer, order, place in self.orders:
            index = int(self.a["index"][n])
            if layer == self.a["layer"][n] and index < len(place):
                at = int(place[index])
                found.append({
                    "name": name, "place": at + 1, "of": len(order), "before": int(order[at - 1]) if at else None,
                    "after": int(order[at + 1]) if at + 1 < len(order) else None,
                })  # fmt: skip
        return found


def _texts(arrays, block, words):
    known: dict[int, int] = {}
    rows = []
    for text in range(block * BLOCK, min((block + 1) * BLOCK, len(arrays["row"]))):
        part = slice(arrays["start"][text], arrays["start"][text + 1])
        ids = [known.setdefault(int(k), len(known)) for k in arrays["text"][part]]
        rows.append({"ids": _base64(np.array(ids, "<u4")), "loss": _base64(arrays["loss"][part])})
    return {"tokens": [[k, words[k]] for k in known], "rows": rows}


def _model(page):
    kind = lambda v: _array(v, v.dtype) | {"kind": "f2" if v.dtype == np.float16 else "f4"}
    stored = lambda group: {k: kind(v) if isinstance(v, np.ndarray) else v for k, v in group.items()}
    return {
        "config": page.config, "arrays": stored(page.arrays), "layers": [stored(layer) for layer in page.layers],
        "merges": page.merges, "special": page.special,
    }  # fmt: skip


def _site(arrays, about, page, no_model):
    layers = []
    for layer in np.unique(arrays["layer"]):
        index = arrays["index"][arrays["layer"] == layer]
        whole = bool((index == np.arange(len(index))).all())
        layers.append({"layer": int(layer), "count": len(index), "index": None if whole else index.tolist()})
    known = np.isfinite(arrays["ablation"]).any()
    return {
        "title": about.title, "corpus": about.corpus, "about": about.text, "layers": layers,
        "n_tokens": int(arrays["n_tokens"]), "n_rows": int(arrays["n_rows"]), "skip": int(about.begin is not None),
        "begin": about.begin, "context": about.context, "norm": NORMS[about.norm], "below": BELOW, "block": BLOCK,
        "neighbours": "Cosines between the weights of neurons of all layers that are shown; correlations on "
        f"{about.drawn:,} tokens drawn from the corpus.",
        "ablated_rows": about.options.ablated, "model": page is not None, "no_model": no_model,
        "summary": {
            "highest": _array(arrays["peak"][:, 0], np.float32), "density": _array(arrays["density"], np.float32),
            "ablation": _array(arrays["ablation"], np.float32) if known else None,
        },
    }  # fmt: skip
