"""The style: colours that everyone can tell apart and read, bytes that don't change, fonts that are shipped."""

from itertools import combinations
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.colors import to_rgb

from superposition.figures import style

# Severity 1.0, on linear RGB: Machado, Oliveira and Fernandes 2009, table 1.
VISION = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
SETS = {
    "palette": [np.array(to_rgb(colour)) for colour in style.PALETTE.values()],
    "importance": list(style.importance_colours(5)[:, :3]),
}


def linear(rgb):
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(linear_rgb):
    """CIELAB under D65, by its definition."""
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    ratio = np.array(to_xyz) @ linear_rgb / [0.95047, 1, 1.08883]
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(a, b):
    """WCAG 2's contrast ratio."""
    low, high = sorted(linear(np.array(c)) @ [0.2126, 0.7152, 0.0722] for c in (a, b))
    return (high + 0.05) / (low + 0.05)


def inverted(rgb):
    """What `filter: invert(0.867) hue-rotate(180deg)` makes of a colour: the matrices of W3C's Filter Effects."""
    rotate = np.array([[-0.574, 1.43, 0.144], [0.426, 0.43, 0.144], [0.426, 1.43, -0.856]])
    return np.clip(rotate @ (rgb * (1 - 0.867) + (1 - rgb) * 0.867), 0, 1)


@pytest.mark.parametrize("colours", SETS)
@pytest.mark.parametrize("vision", VISION)
def test_colours_are_far_apart_for_every_colour_vision(colours, vision):
    seen = [lab(np.clip(np.array(VISION[vision]) @ linear(c), 0, 1)) for c in SETS[colours]]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 12  # about 2.3 is just noticeable


@pytest.mark.parametrize(("colours", "least"), [("palette", 4.4), ("importance", 3)])
def test_colours_stand_out_from_the_light_and_the_dark_page(colours, least):
    for colour in SETS[colours]:
        assert contrast(colour, (1, 1, 1)) >= least
        assert contrast(inverted(colour), np.full(3, 0x22 / 255)) >= least


def test_the_inversion_takes_black_ink_to_light_and_white_to_the_dark_page():
    assert inverted(np.ones(3)) == pytest.approx(np.full(3, 0x22 / 255), abs=1 / 255)
    assert contrast(inverted(np.zeros(3)), np.full(3, 0x22 / 255)) > 10


def test_diverging_colours_are_white_in_the_middle_alone():
    colours = style.DIVERGING(np.linspace(0, 1, style.DIVERGING.N))[:, :3]
    assert np.flatnonzero((colours == 1).all(axis=1)).tolist() == [style.DIVERGING.N // 2]


def test_the_shipped_font_is_the_one_in_use():
    style.use()
    style.use()
    folder = Path(style.__file__).parent / "fonts"
    found = Path(font_manager.findfont("Source Sans Pro"))
    assert found == folder / "SourceSansPro-Regular.otf"
    assert len([f for f in font_manager.fontManager.ttflist if Path(f.fname) == found]) == 1
    assert (folder / "LICENSE.txt").exists()


def test_the_same_figure_gives_the_same_svg_without_date_or_text_in_fonts():
    def draw():
        fig, axes = style.figure(ncols=2)
        axes[0, 0].plot([0, 1], label="x")
        axes[0, 1].imshow([[0.0, 1.0]])
        style.legend(axes[0, 0])
        return style.svg(fig)

    first, second = draw(), draw()
    assert first == second
    assert b"<dc:date>" not in first and b"<text" not in first and b"<clipPath" in first


def test_figures_are_transparent_and_as_wide_as_the_column():
    wide, axes = style.figure(ncols=3, nrows=2, height=2)
    narrow, _ = style.figure()
    assert axes.shape == (2, 3)
    assert wide.get_facecolor()[3] == 0 and axes[0, 0].get_facecolor()[3] == 0
    assert (wide.get_figwidth(), narrow.get_figwidth()) == (style.WIDTH, style.NARROW)
    assert not matplotlib._pylab_helpers.Gcf.figs  # pyplot knows none, so a notebook shows each once


def test_sparsity_axis_places_S_at_one_over_one_minus_S():
    _, axes = style.figure()
    style.sparsity_axis(axes[0, 0], 20.0 ** -np.linspace(0, 1, 10))
    ticks = dict(zip((label.get_text() for label in axes[0, 0].get_xticklabels()), axes[0, 0].get_xticks()))
    assert ticks["0"] == pytest.approx(1) and ticks["0.9"] == pytest.approx(10) and ticks["0.95"] == pytest.approx(20)
    assert axes[0, 0].get_xscale() == "log"


def test_end_labels_keep_their_distance_and_their_order():
    _, axes = style.figure()
    axes[0, 0].set_ylim(0, 1)
    style.end_labels(axes[0, 0], [0.5, 0.51, 0.505], ["a", "b", "c"], ["k"] * 3, gap=0.1)
    heights = {text.get_text(): text.xy[1] for text in axes[0, 0].texts}
    assert sorted(heights, key=heights.get) == ["a", "c", "b"]
    assert min(np.diff(sorted(heights.values()))) >= 0.1 - 1e-9
