"""An almost orthogonal space in the page: the reader chooses its dimensions, and sees how much room a small overlap makes.
Plain SVG and a small script, which needs no library and works from disk; the PDF gets a still picture instead."""

from html import escape

from IPython.display import Markdown

from superposition.book import assets, text
from superposition.book.elements import _quoted, _two_editions
from superposition.figures import style

DIMENSIONS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
_DIRECTIONS = (
    ("none", "without any overlap"),
    ("lindenstrauss", "by Johnson and Lindenstrauss, at least"),
    ("drawn", "drawn at random"),
    ("most", "by Welch, and by caps, at most"),
)
_FEATURES = (("best", "by the best decoder"), ("look", "in one look"))


def room(name: str, alt: str, up: str = "../../") -> Markdown:
    """A histogram of cosines in as many dimensions as the reader asks for, and how many directions and features fit there.

    Belongs in a fenced figure div, as a film does; the PDF and readers without scripts get `assets/films/<name>.svg`.
    Raises AssetError where that picture hasn't been made."""
    assets.made(f"films/{name}", ".svg")
    still = f"{up}assets/films/{name}.svg"
    colours = [style.PALETTE["blue"], style.PALETTE["orange"]]
    data = {"alt": text.visible(alt), "dimensions": DIMENSIONS, "colours": colours}
    ranges = "".join(
        _range(text.attribute(name), *row)
        for row in (
            ("dimensions", "dimensions", 0, len(DIMENSIONS) - 1, DIMENSIONS.index(256)),
            ("overlap", "overlap allowed", 5, 90, 30),
            ("active", "features active", 1, 16, 4),
        )
    )
    button = (
        'type="button" style="min-height:44px;min-width:5em;border:1px solid;border-radius:4px;background:none;color:inherit"'
    )
    html = f"""<div class="slider" data-room style="text-align:center">
<svg class="ink" viewBox="0 0 500 212" width="624" height="265" style="max-width:100%;height:auto;display:none" role="img" \
aria-label="{text.attribute(alt)}" font-size="13" text-anchor="middle" fill="#000"><g data-part="plot"></g></svg>
<div data-part="controls" hidden>
{ranges}
<p style="margin:0 auto .6em"><button {button} data-part="again">Draw again</button></p>
{_counts("Directions that fit with this overlap", _DIRECTIONS)}
{_counts("Features that can be told apart", _FEATURES)}
<p data-part="told" role="status" style="min-height:3.2em;margin:0 auto"></p>
</div>
<noscript><img src="{escape(still, quote=True)}" alt="{text.attribute(alt)}"></noscript>
<script type="application/json">{text.script_json(data)}</script>
</div>
<script src="{text.attribute(up)}assets/js/room.js"></script>"""
    return Markdown(_two_editions(html, f'![]({still}){{fig-alt="{_quoted(alt)}"}}'))


def _range(name: str, key: str, label: str, least: int, most: int, value: int) -> str:
    return (
        f'<p style="margin:0 auto"><label for="{name}-{key}" style="display:inline-block;width:8.4em;text-align:right">{label}</label> '
        f'<input id="{name}-{key}" data-key="{key}" type="range" min="{least}" max="{most}" step="1" value="{value}" '
        f'style="width:min(13rem,32%);height:44px;vertical-align:middle"> <span data-value="{key}" aria-hidden="true" '
        f'style="display:inline-block;min-width:3em;text-align:left"></span></p>'
    )


def _counts(title: str, rows: tuple[tuple[str, str], ...]) -> str:
    """A list rather than a table, which Quarto would take apart."""
    cells = "".join(
        f'<dt style="font-weight:400;text-align:right;margin:0">{label}</dt>'
        f'<dd data-part="{key}" style="text-align:left;margin:0;min-width:5em;font-weight:600"></dd>'
        for key, label in rows
    )
    grid = "display:grid;grid-template-columns:1fr auto;gap:.1em .8em;max-width:26rem;margin:0 auto .8em"
    return f'<p style="margin:0 auto .2em">{title}</p><dl style="{grid}">{cells}</dl>'
