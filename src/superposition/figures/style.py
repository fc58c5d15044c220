"""One look for every picture: fonts, sizes and colours that survive paper, dark pages and colour blindness.
Figures are transparent with black text; the dark site inverts them, so one picture serves everywhere."""

import io
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from jaxtyping import Float
from matplotlib import font_manager, ticker
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.text import Text

WIDTH = 6.5  # inches: the text column of the site (624 px) and of the PDF (a little narrower)
NARROW = 5.2  # a single plot: its text stays legible where a phone shrinks it to 350 px

#: Categorical colours: apart from each other for every common colour vision, 4.5:1 or nearly on white and on dark.
PALETTE = {
    "blue": "#0a6fb4",
    "orange": "#c65102",
    "green": "#23855a",
    "violet": "#5d2a86",
    "grey": "#3a3a3a",
}

#: From the most to the least important feature: dark and cold to light and warm.
IMPORTANCE = LinearSegmentedColormap.from_list(
    "superposition.importance", ["#2a1a72", "#0a6aa8", "#0b948c", "#b08a00", "#d1495b"]
)
#: A quantity from none to much: dark and calm to bright and warm.
SEQUENTIAL = LinearSegmentedColormap.from_list(
    "superposition.sequential", ["#1c2a6b", "#6f2a8e", "#c23a79", "#e2643f", "#e8961f"]
)
#: A signed quantity: white in the middle, which is the page's own colour in the light and, inverted, in the dark.
#: 65 steps: an odd number, so that 0 is white itself; few, so that heat maps compress.
DIVERGING = LinearSegmentedColormap.from_list(
    "superposition.diverging", ["#0b4f8a", "#5e9fd0", "#ffffff", "#ef9a56", "#a63f03"], N=65
)

_RC = {
    "figure.facecolor": "none",
    "figure.edgecolor": "none",
    "figure.dpi": 96,
    "savefig.facecolor": "auto",
    "savefig.dpi": 288,
    "axes.facecolor": "none",
    "axes.edgecolor": "black",
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titleweight": "normal",
    "axes.labelsize": 11,
    "axes.prop_cycle": matplotlib.cycler(color=list(PALETTE.values())),
    "axes.unicode_minus": True,
    "font.family": ["Source Sans Pro", "DejaVu Sans"],
    "font.size": 11,
    "mathtext.fontset": "custom",
    "mathtext.rm": "Source Sans Pro",
    "mathtext.it": "Source Sans Pro:italic",
    "mathtext.bf": "Source Sans Pro:semibold",
    "mathtext.bfit": "Source Sans Pro:italic",
    "mathtext.cal": "Source Sans Pro:italic",
    "mathtext.sf": "Source Sans Pro",
    "mathtext.tt": "Source Sans Pro",
    "mathtext.fallback": "stixsans",
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "lines.markersize": 5,
    "legend.frameon": False,
    "legend.fontsize": 10,
    "legend.handlelength": 1.4,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "image.interpolation": "nearest",
    "svg.fonttype": "path",
    "svg.hashsalt": "superposition",
}


def use() -> None:
    """Makes the style the default of every figure drawn after this call."""
    known = {font.fname for font in font_manager.fontManager.ttflist}
    for font in sorted((Path(__file__).parent / "fonts").glob("*.otf")):
        if str(font) not in known:
            font_manager.fontManager.addfont(font)
            # First in the list, it wins over another version of it that a machine may have installed.
            font_manager.fontManager.ttflist.insert(0, font_manager.fontManager.ttflist.pop())
    matplotlib.rcParams.update(_RC)


def figure(
    ncols: int = 1,
    nrows: int = 1,
    height: float | int = 3.2,
    width: float | int | None = None,
    **subplots: object,
) -> tuple[Figure, np.ndarray]:
    """A figure of `width` × `height` inches and its axes, always an array of shape [nrows, ncols].

    The width is that of the text column where there are several columns, else narrower.
    The figure is unknown to pyplot: a notebook shows it once, when a cell ends with it.
    Further keywords go to `Figure.subplots`."""
    use()
    size = (width or (WIDTH if ncols > 1 else NARROW), height)
    fig = Figure(figsize=size, layout="constrained")
    axes = fig.subplots(nrows, ncols, squeeze=False, **subplots)
    return fig, axes


def inches(fig: Figure, left: float | int, bottom: float | int, width: float | int, height: float | int) -> Axes:
    """New axes at a place given in inches from the figure's lower left corner, for layouts that must be exact."""
    across, up = fig.get_size_inches()
    return fig.add_axes((left / across, bottom / up, width / across, height / up))


def panel_title(ax: Axes, title: str, note: str = "") -> None:
    """A panel's title, with an optional quieter second line in italics."""
    ax.set_title(title, pad=15 if note else 3)
    if note:
        ax.annotate(
            note,
            (0.5, 1),
            xytext=(0, 2),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=9.5,
            style="italic",
            color="0.3",
        )


def legend(ax: Axes, **keywords: object) -> None:
    """A legend without frame; for the rare plot whose series can't be labelled where they run."""
    ax.legend(**({"loc": "best"} | keywords))


def importance_colours(n: int) -> Float[np.ndarray, "n 4"]:
    """RGBA colours of `n` features, the most important first."""
    return IMPORTANCE(np.linspace(0, 1, n))


def importance_hex(n: int) -> list[str]:
    """The same colours as `#rrggbb`, for SVG that isn't matplotlib's."""
    return [to_hex(colour) for colour in importance_colours(n)]


def sparsity_axis(ax: Axes, density: Float[np.ndarray, "*any"]) -> None:
    """Prepares the x axis for points at 1 / density = 1 / (1 − S), logarithmic, with ticks that read S."""
    x = 1 / np.asarray(density, dtype=float)
    decades = np.log10(x.max() / x.min())
    marks = [0, 0.7, 0.9, 0.97, 0.99, 0.997, 0.999] if decades > 1.5 else [0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98]
    marks = [s for s in marks if x.min() * 0.999 <= 1 / (1 - s) <= x.max() * 1.001]
    ax.set_xscale("log")
    ax.set_xticks([1 / (1 - s) for s in marks], [f"{s:g}" for s in marks])
    ax.xaxis.set_minor_locator(ticker.NullLocator())
    ax.set_xlabel("sparsity $S$ (logarithmic in 1 − $S$)")


def halo(text: Text) -> None:
    """Keeps a label legible where lines pass below it: a rim of the page's colour, in the dark too."""
    text.set_path_effects([withStroke(linewidth=3, foreground="white")])


def end_labels(
    ax: Axes,
    y: Sequence[float] | Float[np.ndarray, "series"],
    names: Sequence[str],
    colours: Sequence[object],
    gap: float = 0.075,
) -> None:
    """Names each series at the right edge of the axes, moved apart to at least `gap` of its height for each line of text.

    Call it when everything is drawn: `y` is in data units."""
    ax.get_ylim()  # settles limits that are still to be computed
    place = ax.transData.transform([(1, value) for value in y])
    height = ax.transAxes.inverted().transform(place)[:, 1]
    order = np.argsort(height, kind="stable")
    lines = [1 + name.count("\n") for name in names]
    for before, after in zip(order, order[1:]):
        height[after] = max(height[after], height[before] + gap * (lines[before] + lines[after]) / 2)
    height -= max(0.0, height.max() - 1)
    for value, name, colour in zip(height, names, colours, strict=True):
        ax.annotate(
            name,
            (1, float(value)),
            xytext=(6, 0),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="left",
            va="center",
            color=colour,
            annotation_clip=False,
        )


def image(fig: Figure, kind: str) -> bytes:
    """The figure as a file of that kind, such as png or pdf, on white: one that stands alone, outside the book's pages."""
    out = io.BytesIO()
    fig.savefig(out, format=kind, facecolor="white")
    return out.getvalue()


def svg(fig: Figure) -> bytes:
    """The figure as SVG: the same figure gives the same bytes, for it holds no date and fixed identifiers."""
    out = io.BytesIO()
    fig.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()
