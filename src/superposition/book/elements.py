"""What a chapter shows beside its figures: films, the slider, tables, claims; each as Markdown, never as HTML output.
HTML goes into raw blocks, for which Quarto loads nothing from elsewhere, and the PDF gets a still picture instead."""

import os
import re
import sys
import warnings
from collections.abc import Mapping, Sequence

import numpy as np
from IPython import get_ipython
from IPython.display import Markdown
from jaxtyping import Float
from matplotlib import pyplot as plt
from PIL import Image

from superposition import claims, runs
from superposition.book import assets, freeze, text
from superposition.figures import style
from superposition.figures.toy.plane import sparsity_title

_INTERVAL = re.compile(r"(\S+) \((\S+) to (\S+)\)")


def setup() -> None:
    """First cell of a chapter: the figures' style, SVG output that a re-render doesn't change, warnings as errors.

    Printed arrays are as wide as a page. From then on a quick run's results are refused, so that none is ever frozen; and a
    figure of pyplot is closed at the end of its cell, with a word on how figures are made, where it would show twice."""
    os.environ["SOURCE_DATE_EPOCH"] = "0"
    warnings.filterwarnings("error", module=r"superposition(\.|$)")
    np.set_printoptions(linewidth=60)
    style.use()
    if (shell := get_ipython()) is not None:
        runs.quick_allowed = False
        shell.events.callbacks["post_execute"].insert(0, _close_pyplot)  # before matplotlib shows them
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        # The size is the figure's own: the default crops each to its ink, so that no two have the same scale.
        set_matplotlib_formats("svg", bbox_inches=None, metadata={"Date": None, "Creator": None})


def _close_pyplot() -> None:
    """Closes pyplot's figures, and says on stderr how figures are made here."""
    if plt.get_fignums():
        plt.close("all")
        print(
            "a figure of pyplot was closed: make it in a function of superposition.figures, with style.figure(), and end the "
            "cell with it",
            file=sys.stderr,
        )


def film(name: str, alt: str, up: str = "../../") -> Markdown:
    """The film `assets/films/<name>.mp4` on the site and its strip of stills in the PDF.

    Belongs in a fenced figure div, whose last paragraph is the caption. `alt` says what the film shows; `up` leads from
    the chapter's folder to the top. Its controls stand below the picture, for a browser's own would cover an axis;
    without JavaScript it has the browser's. Raises AssetError where the film hasn't been made."""
    _, poster, _ = assets.made(f"films/{name}", ".mp4", ".poster.png", ".strip.png")
    with Image.open(poster) as picture:
        width, height = picture.size
    source = text.attribute(f"{up}assets/films/{name}")
    player = (
        f'<div data-film>\n<video class="film" controls muted loop playsinline preload="none" width="{width}" height="{height}" '
        f'style="max-width:100%;height:auto" poster="{source}.poster.png" aria-label="{text.attribute(alt)}">'
        f'<source src="{source}.mp4" type="video/mp4"><a href="{source}.mp4">The film, as a file</a></video>\n'
        f"{film_controls(up)}\n</div>"
    )
    still = f'![]({up}assets/films/{name}.strip.png){{fig-alt="{_quoted(alt)}"}}'
    return Markdown(_two_editions(player, still))


def film_controls(up: str) -> str:
    """The controls below a film, after its `video` in a `data-film` box; they show where the script runs."""
    return (
        '<p class="film-controls" hidden><button type="button">Play</button>'
        '<input type="range" min="0" max="1000" step="1" value="0" aria-label="Place in the film"></p>\n'
        f'<script src="{text.attribute(up)}assets/js/film.js" defer></script>'
    )


def slider(
    name: str,
    W: Float[np.ndarray, "panel n_features 2"],
    density: Float[np.ndarray, "panel"],
    notes: Sequence[str],
    alt: str,
    up: str = "../../",
) -> Markdown:
    """Feature vectors that move as the reader slides from density to density; in the PDF the picture `assets/films/<name>.svg`.

    `notes`: a word per density, such as the name of its shape. Belongs in a fenced figure div, as a film does.
    Without JavaScript the first panel shows, and no slider. Raises AssetError where the picture hasn't been made."""
    assets.made(f"films/{name}", ".svg")
    labels = [f"{sparsity_title(float(p))}: {note}" for p, note in zip(density, notes, strict=True)]
    data = {
        "alt": text.visible(alt),
        "labels": [text.visible(label) for label in labels],
        "W": np.round(W.astype(float), 3).tolist(),
    }
    identifier = text.attribute(f"slider-{name}")
    html = f"""<div class="slider" data-slider="five-features" style="text-align:center">
{_vectors_svg(W[0], f"{alt} {labels[0]}")}
<p hidden style="margin:0 auto"><label for="{identifier}">sparsity</label>
<input id="{identifier}" type="range" min="0" max="{len(W) - 1}" step="1" value="0" \
aria-valuetext="{text.attribute(labels[0])}" style="width:min(16rem,55%);height:44px;vertical-align:middle">
<span data-value aria-hidden="true" style="display:block;min-height:1.6em">{text.attribute(labels[0])}</span></p>
<script type="application/json">{text.script_json(data)}</script>
</div>
<script src="{text.attribute(up)}assets/js/five-features.js"></script>"""
    return Markdown(_two_editions(html, f'![]({up}assets/films/{name}.svg){{fig-alt="{_quoted(alt)}"}}'))


def _vectors_svg(vectors: np.ndarray, alt: str) -> str:
    """The slider's picture before anything moves, in black ink, which the dark page inverts as it does the figures'."""
    colours = style.importance_hex(len(vectors))
    arms = "".join(
        f'<g stroke="{colour}" fill="{colour}"><line x2="{x:.3f}" y2="{-y:.3f}" stroke-width=".045" '
        f'stroke-linecap="round"/><circle cx="{x:.3f}" cy="{-y:.3f}" r=".055" stroke="none"/>'
        f'<text x="{1.16 * x:.3f}" y="{-1.16 * y:.3f}" stroke="none" fill="#000" font-size=".13" '
        f'text-anchor="middle" dominant-baseline="central" opacity="{int(np.hypot(x, y) > 0.3)}">{k + 1}</text></g>'
        for k, ((x, y), colour) in reversed(list(enumerate(zip(vectors, colours, strict=True))))
    )
    return (
        f'<svg class="ink" viewBox="-1.3 -1.3 2.6 2.6" width="340" height="340" style="max-width:100%" '
        f'role="img" aria-label="{text.attribute(alt)}"><circle r="1" fill="none" stroke="#b8b8b8" '
        f'stroke-width=".012"/>{arms}</svg>'
    )


def _two_editions(html: str, still: str) -> str:
    """Raw HTML for the site and a still picture for the PDF."""
    return (
        f'::: {{.content-visible when-format="html"}}\n```{{=html}}\n{html}\n```\n:::\n\n'
        f'::: {{.content-visible when-format="typst"}}\n{still}\n:::\n'
    )


def _quoted(value: str) -> str:
    """For a quoted attribute of a Markdown image."""
    return text.visible(value).replace("\\", "\\\\").replace('"', '\\"')


# --- tables -------------------------------------------------------------------------------------------------------


def table(columns: Mapping[str, Sequence[object]], align: str | None = None, digits: int = 2) -> Markdown:
    """A pipe table: column names are Markdown, cells plain text unless they are `Markdown` themselves.

    `align`: a letter per column, l, c or r; numbers stand right by default. Floats get `digits` decimals.
    Raises ValueError for columns of unequal length and for an `align` that doesn't fit."""
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) != 1:
        raise ValueError(f"the columns of a table are equally long, got {lengths}")
    align = align or "".join("r" if all(_numeric(v) for v in values) else "l" for values in columns.values())
    if len(align) != len(columns) or set(align) - set("lcr"):
        raise ValueError(f"align {align!r}: expected {len(columns)} letters of l, c, r")
    cells = [[_cell(value, digits) for value in values] for values in columns.values()]
    # Pandoc takes the dashes for widths as soon as a line is long: as many as the longest cell has characters, at most 40.
    dashes = [min(40, max(map(len, [name, *column]), default=3)) for name, column in zip(columns, cells, strict=True)]
    return Markdown(_pipes([_one_line(name) for name in columns], align, dashes, list(zip(*cells, strict=True))))


def _pipes(names: Sequence[str], align: str, dashes: Sequence[int], rows: Sequence[Sequence[str]]) -> str:
    rule = [
        (":" if a in "lc" else "-") + "-" * max(d, 3) + (":" if a in "rc" else "-") for a, d in zip(align, dashes, strict=True)
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in [names, rule, *rows]) + "\n"


def _numeric(value: object) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _cell(value: object, digits: int) -> str:
    if isinstance(value, Markdown):
        return _one_line(value.data)
    if isinstance(value, float | np.floating):
        return text.number(float(value), digits)
    if _numeric(value):
        return text.number(value, 0)
    return text.markdown(_INTERVAL.sub(_kept_together, str(value)))


def _kept_together(found: re.Match[str]) -> str:
    """An interval that isn't torn over lines, or its value alone where it has no width as printed."""
    value, low, high = found.groups()
    return value if value == low == high else f"{value} ({low}\u00a0to\u00a0{high})"


def _one_line(markdown: str) -> str:
    """Markdown that stays in its cell: on one line, without a bare pipe; spaces that don't break are kept."""
    return re.sub(r"[ \t\r\n]+", " ", markdown).strip(" ").replace("\\|", "|").replace("|", "\\|")


# --- claims -------------------------------------------------------------------------------------------------------


def claims_table(chapter: str, shown: slice = slice(None)) -> Markdown:
    """The claims of one chapter, such as `toy/intro`, or those `shown` of them, with what was measured and the verdict."""
    return Markdown(_claims(_COLUMNS, [_row(claim, finding) for claim, finding in claims.evaluate(chapter)[shown]]))


def claims_appendix() -> Markdown:
    """All claims of the book: a count of the verdicts, then a table a chapter with how each was measured.

    Six columns are too many for a page of the PDF, where `plain/together.lua` makes a paragraph of each row."""
    evaluated = claims.evaluate()
    parts = [_counts(evaluated)]
    for chapter in _in_order(evaluated):
        part, _, name = chapter.partition("/")
        rows = [_full_row(claim, finding) for claim, finding in evaluated if claim.chapter == chapter]
        heading = f"## {_section(chapter)} ({part}) {{#claims-{part}-{name} .unnumbered .unlisted}}"
        parts.append(f"{heading}\n\n::: {{.at-length}}\n{_claims(_COLUMNS | _MORE, rows)}\n:::")
    return Markdown("\n\n".join(parts))


def surprises() -> Markdown:
    """The claims of others that do not stand as they were made, the most surprising verdicts first, with their chapters."""
    evaluated = [(claim, finding) for claim, finding in claims.evaluate() if not _OWN.match(claim.source)]
    place = {chapter: k for k, chapter in enumerate(_in_order(evaluated))}
    chosen = [(claim, finding) for claim, finding in evaluated if claim.verdict(finding) in _SURPRISING]
    chosen.sort(key=lambda one: (_SURPRISING.index(one[0].verdict(one[1])), place[one[0].chapter], one[0].id))
    rows = [[*_row(claim, finding)[:2], _section(claim.chapter)] for claim, finding in chosen]
    return Markdown(_claims({"Claim": 70, "Verdict": 15, "In": 15}, rows))


_SURPRISING = ("not reproduced", "corrected", "cannot fail")
_OWN = re.compile(r"(?:ours|this book)\b", re.I)


def _in_order(evaluated: Sequence[tuple[claims.Claim, claims.Finding]]) -> list[str]:
    """The chapters that make the claims, in the book's order."""
    place = {path.with_suffix("").as_posix(): k for k, path in enumerate(freeze.chapters())}
    return sorted({claim.chapter for claim, _ in evaluated}, key=lambda name: place.get(f"chapters/{name}", len(place)))


def _section(chapter: str) -> str:
    """The reference to a chapter such as toy/hidden_size."""
    return f"@sec-{chapter.partition('/')[2].replace('_', '-')}"


def claims_count() -> str:
    """How many claims of the book have each verdict, and of how many the measure or the tolerance was set after looking."""
    return _counts(claims.evaluate())


def _counts(evaluated: Sequence[tuple[claims.Claim, claims.Finding]]) -> str:
    count = claims.counts(evaluated)
    after = count.pop(claims.AFTER_LOOKING)
    verdicts = [f"{number} {verdict}" for verdict, number in count.items() if number]
    return f"{len(evaluated)} claims: {', '.join(verdicts)}. Of {after} the measure or the tolerance was {claims.AFTER_LOOKING}."


_COLUMNS = {"Claim": 55, "Verdict": 13, "Measured": 21, "Baseline": 11}  # and how wide
_MORE = {"Interval over": 10, "Set after looking": 9}


def _claims(columns: Mapping[str, int], rows: Sequence[Sequence[str]]) -> str:
    table = _pipes(list(columns), "l" * len(columns), list(columns.values()), rows)
    return f"::: {{.claims}}\n{table}\n:::"


def _row(claim: claims.Claim, finding: claims.Finding) -> list[str]:
    """Claims are written in the package, so their sentences are Markdown."""
    found = finding.estimate
    numbers = [found.value, found.low, found.high] + ([] if finding.baseline is None else [finding.baseline])
    digits = _digits(numbers)
    value, low, high, *baseline = (text.number(x, digits) for x in numbers)
    unit = claim.unit if claim.unit in ("", "%") else f" {claim.unit}"
    spread = f" ({low}\u00a0to\u00a0{high})" if low != high else ""
    measured = f"{value}{unit}{spread}" if found.over == "none" else f"{value}{unit}{spread}, {_counted(found)}"
    if found.tied:
        measured = f"{value}{unit}, the same in all {_counted(found)} (so {text.bound(value, low, high)}{unit})"
    against = f"{baseline[0]}{unit}" if baseline else "none"
    verdict = claim.verdict(finding)
    if verdict == "corrected" and claim.corrects:
        verdict = f"corrected: {claim.corrects}"
    return [_one_line(cell) for cell in (f"{claim.statement} *{claim.source}.*", verdict, measured, against)]


def _full_row(claim: claims.Claim, finding: claims.Finding) -> list[str]:
    """The same with how it was measured, what else was, what the interval is over, and what was set after looking."""
    statement, verdict, measured, against = _row(claim, finding)
    statement += f" Measured: {claim.measure}. Tolerance: {claim.tolerance.text(claim.unit)}."
    said = [measured, *(_also(name, part) for name, part in finding.also.items()), finding.note]
    after = "yes" if claim.after_looking else "no"
    cells = (statement, verdict, ". ".join(part.rstrip(".") for part in said if part), against, finding.estimate.over, after)
    return [_one_line(cell) for cell in cells]


def _also(name: str, part: object) -> str:
    """What else was measured: "The least step: 0.02", or "By width: 15, 0.57 (0.55 to 0.58); 20, 0.99"."""
    if isinstance(part, Mapping):
        return f"By {name}: " + "; ".join(f"{label}, {_number(one)}" for label, one in part.items())
    return f"{name[0].upper()}{name[1:]}: {_number(part)}"


def _number(part: object) -> str:
    value, low, high = (part.value, part.low, part.high) if isinstance(part, claims.Estimate) else (part,) * 3
    value, low, high = (text.number(float(x), _digits([value, low, high])) for x in (value, low, high))
    if isinstance(part, claims.Estimate) and part.tied:
        return f"{value}, the same in all {_counted(part)} (so {text.bound(value, low, high)})"
    return value + (f" ({low}\u00a0to\u00a0{high})" if low != high else "")


def _counted(found: claims.Estimate) -> str:
    return f"{found.count:,} {found.over.removesuffix('s') if found.count == 1 else found.over}"


def _digits(numbers: Sequence[float]) -> int:
    """Decimals that fit a claim's numbers: none for whole ones, else about three figures of the largest."""
    if all(float(x).is_integer() for x in numbers):
        return 0
    largest = max(abs(x) for x in numbers)
    return 2 if largest < 10 else 1 if largest < 100 else 0
