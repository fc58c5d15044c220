"""The laboratory of the chapter on circuits: the transformer that adds runs in the page, on any sum, with any heads off.
A small script and tables that it loads when the reader comes near; both work from disk. The PDF gets a still picture."""

import base64
import json
from collections.abc import Mapping, Sequence

import numpy as np
from IPython.display import Markdown
from jaxtyping import Float

from superposition.book import assets, text
from superposition.book.elements import _quoted, _two_editions

PLACES = ("ones", "tens", "hundreds", "thousands", "ten thousands", "hundred thousands", "millions")
SUMS = ((1234, 5678), (444445, 555555))  # an easy one, and a carry that runs through every column

# The page's own colours, which are light or dark: ink is currentColor, and nothing else has a colour.
_STYLE = """<style>
.laboratory { text-align: left; }
.laboratory fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
.laboratory p { max-width: none; margin: .5rem 0; }
.laboratory legend { float: none; width: auto; font-size: 1em; margin: .6rem 0 .2rem; padding: 0; }
.laboratory :is(button, input[type=text], select, [data-part=digits] span) { font: inherit; color: inherit;
  background: transparent; border: 1px solid; border-radius: 4px; min-height: 44px; min-width: 44px; padding: 0 .5rem; margin: 2px 0; }
.laboratory input[type=text] { width: 6.5em; font-variant-numeric: tabular-nums; text-align: right; }
.laboratory input[aria-invalid=true] { border: 3px double; }
.laboratory option { color: CanvasText; background: Canvas; }
.laboratory select { max-width: 100%; }
.laboratory p > label { display: inline-block; max-width: 100%; margin-inline-end: .6rem; }
.laboratory [data-part=digits] { display: flex; flex-wrap: wrap; gap: 4px; }
.laboratory [data-part=digits] div { text-align: center; width: 46px; }
.laboratory [data-part=digits] label { position: relative; display: block; }
.laboratory [data-digit] { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
.laboratory [data-part=digits] span { display: flex; align-items: center; justify-content: center; font-size: 1.3em; padding: 0; }
.laboratory :is(:checked + span, [aria-pressed=true]) { background: color-mix(in srgb, currentColor 18%, transparent); }
.laboratory :checked + span { border-width: 3px; }
.laboratory button[aria-pressed=false] { border-style: dashed; text-decoration: line-through; }
.laboratory :is(:focus-visible + span, :focus-visible) { outline: 3px solid; outline-offset: 2px; }
.laboratory [data-part=heads] { display: grid; grid-template-columns: repeat(auto-fill, minmax(44px, 1fr)); gap: 4px; }
.laboratory [data-part=heads] button { padding: 0; margin: 0; }
.laboratory .views { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(290px, 100%), 1fr)); gap: 1rem; }
.laboratory .views p { margin: 0 0 .3rem; font-size: .9em; line-height: 1.35; min-height: 4.05em; }
.laboratory .views svg { width: 100%; height: auto; margin-bottom: .6rem; }
.laboratory.stale svg { opacity: .35; }
</style>"""


def laboratory(
    n_heads: int,
    sets: Mapping[str, Sequence[int]],
    alt: str,
    up: str = "../../",
) -> Markdown:
    """The model of `assets/js/laboratory-tables.js` under the reader's hand; the PDF gets `assets/films/laboratory.svg`.

    `sets`: heads that a button switches on alone, by the words on the button. Belongs in a fenced figure div, as a film does.
    Without JavaScript the picture shows. Raises AssetError where picture or tables haven't been made."""
    assets.made("films/laboratory", ".svg")
    assets.made("js/laboratory-tables", ".js")
    here = text.attribute(up)
    presets = " ".join(f'<button type="button" data-sum="{a} {b}">{a} + {b}</button>' for a, b in SUMS)
    html = f"""{_STYLE}
<div class="slider laboratory" data-slider="laboratory" data-tables="{here}assets/js/laboratory-tables.js">
<fieldset hidden disabled>
<p>{_input("a", SUMS[0][0])} + {_input("b", SUMS[0][1])} {presets}</p>
{_digits()}
<p data-part="status" id="laboratory-status" role="status" style="min-height:3em"></p>
{_heads(n_heads, sets)}
<div class="views"><div>{_view("attention", 152)}{_view("contributions", 198)}</div>{_view("map", 360)}</div>
</fieldset>
<noscript><img src="{here}assets/films/laboratory.svg" alt="{text.attribute(alt)}"></noscript>
</div>
<script src="{here}assets/js/laboratory.js"></script>"""
    return Markdown(_two_editions(html, f'![]({up}assets/films/laboratory.svg){{fig-alt="{_quoted(alt)}"}}'))


def tables_script(tables: Mapping[str, Float[np.ndarray, "..."]]) -> bytes:
    """The tables (see `addition.export`) as a script, since a page that is read from disk may fetch nothing else.

    Each is float64, little-endian, in base64."""
    packed = {
        name: {"shape": table.shape, "float64": base64.b64encode(table.astype("<f8").tobytes()).decode()}
        for name, table in tables.items()
    }
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(table)}" for name, table in packed.items())
    return f"window.superpositionLaboratoryTables = {{\n{lines}\n}};\n".encode()


def _input(name: str, value: int) -> str:
    return (
        f'<label>{name} <input type="text" data-part="{name}" inputmode="numeric" autocomplete="off" value="{value}" '
        f'aria-describedby="laboratory-status"></label>'
    )


def _digits() -> str:
    """The seven digits of the answer, which are also the choice of what the pictures show: the millions come first."""
    each = "".join(
        f'<div><label><input type="radio" name="laboratory-digit" data-digit value="{t}" aria-label="{place}"'
        f"{' checked' if t == 1 else ''}><span></span></label><small></small></div>"
        for t, place in reversed(list(enumerate(PLACES)))
    )
    legend = "The model’s answer, and below a wrong digit the right one; the pictures show the digit chosen here"
    return f'<fieldset><legend>{legend}</legend><div data-part="digits">{each}</div></fieldset>'


def _heads(count: int, sets: Mapping[str, Sequence[int]]) -> str:
    every = {"all on": range(count), "all off": [], **sets}
    presets = " ".join(
        f'<button type="button" data-heads="{json.dumps([int(head) for head in heads])}">{text.attribute(name)}</button>'
        for name, heads in every.items()
    )
    toggles = "".join(
        f'<button type="button" aria-pressed="true" aria-label="head {head}" tabindex="{-(head > 0)}">{head}</button>'
        for head in range(count)
    )
    instead = _select("off", "A head that is off gives", {"zero": "nothing", "mean": "its mean over many sums"})
    shown = _select(
        "head", "Attention of", {"mean": "the heads that are on"} | {str(head): f"head {head}" for head in range(count)}
    )
    column = _select("column", "The map varies the digits of", {"0": "the same column", "1": "the column to its right"})
    return f"""<p>Heads: {presets}</p>
<div data-part="heads" role="toolbar" aria-label="Heads, on or off">{toggles}</div>
<p>{instead} {shown} {column}</p>"""


def _select(name: str, label: str, options: Mapping[str, str]) -> str:
    each = "".join(f'<option value="{value}">{words}</option>' for value, words in options.items())
    return f'<label>{label} <select data-part="{name}">{each}</select></label>'


def _view(name: str, height: int) -> str:
    return (
        f'<div><p data-caption="{name}"><strong></strong><br><span></span></p>'
        f'<svg class="ink" data-part="{name}" viewBox="0 0 362 {height}" role="img" aria-label="{name}"></svg></div>'
    )
