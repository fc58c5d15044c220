"""The phase diagrams draw what they are given: cells at their place, borders where they lie, phases in their colours."""

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from superposition.figures import toy

IMPORTANCE, DENSITY = np.geomspace(0.1, 10, 8), np.geomspace(1, 0.01, 6)
NAMES = ("ignored", "dedicated", "dedicated, others share", "superposed")


def shown(ax, importance, density):
    """The colour of the map at a point."""
    image = ax.images[0]
    left, right, bottom, top = image.get_extent()
    rows, columns = image.get_array().shape
    column = int((np.log10(importance) - left) / (right - left) * columns)
    row = int((np.log10(density) - bottom) / (top - bottom) * rows)
    return image.cmap(image.norm(image.get_array()[row, column]))


def test_every_cell_of_a_phase_map_has_the_colour_of_its_phase_at_its_place():
    phases = np.random.default_rng(0).integers(0, 4, (2, 8, 6))
    fig = toy.phase_maps(phases, IMPORTANCE, DENSITY, ["a", "b"], NAMES)
    for ax, phase in zip(fig.axes, phases, strict=True):
        for i, k in np.ndindex(8, 6):
            assert shown(ax, IMPORTANCE[i], DENSITY[k]) == pytest.approx(to_rgba(toy.PHASE_COLOURS[phase[i, k]]), abs=0.01)
    assert {text.get_text() for text in fig.legends[0].get_texts()} == set(NAMES)


def test_borders_are_drawn_at_their_densities_on_every_panel_and_named():
    border = np.linspace(0.2, 0.5, 8)
    fig = toy.phase_maps(np.zeros((2, 8, 6), int), IMPORTANCE, DENSITY, ["a", "b"], NAMES, {"true border": border})
    for ax in fig.axes:
        assert 10 ** ax.get_lines()[0].get_ydata() == pytest.approx(border)
        assert 10 ** ax.get_lines()[0].get_xdata() == pytest.approx(IMPORTANCE)
    assert "true border" in {text.get_text() for text in fig.legends[0].get_texts()}


def test_value_maps_share_one_scale_and_name_it():
    values = np.random.default_rng(0).random((3, 8, 6))
    fig = toy.value_maps(values, IMPORTANCE, DENSITY, ["a", "b", "c"], "share of starts", (0, 1), np.full(8, 0.3))
    assert [ax.get_title() for ax in fig.axes[:3]] == ["a", "b", "c"] and fig.axes[3].get_ylabel() == "share of starts"
    assert all(ax.images[0].get_clim() == (0, 1) for ax in fig.axes[:3])
    assert (fig.axes[0].images[0].get_array()[::6, ::6] == values[0].T[::-1]).all()
