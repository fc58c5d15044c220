"""The pictures of heads and circuits draw what they are given."""

import numpy as np
import pytest

from superposition.figures import addition

RNG = np.random.default_rng(0)


def images(fig):
    return [ax.images[0] for ax in fig.axes if ax.images]


def test_a_heat_map_has_a_down_and_b_to_the_right_about_its_own_mean():
    maps = np.stack([np.arange(100.0), 3 * np.arange(100.0) + 7])
    fig = addition.heat_maps(maps, ["x", "y"], ["p", "q"], columns=2)
    for image, scale in zip(images(fig), (1, 3), strict=True):
        values = np.asarray(image.get_array())
        assert values[7, 3] == pytest.approx(scale * (73 - 49.5))
        assert image.norm.vmin == -image.norm.vmax == pytest.approx(-49.5 * scale)
    assert [ax.get_title() for ax in fig.axes] == ["x", "y"]
    assert [ax.texts[0].get_text() for ax in fig.axes] == ["p", "q"]


def test_a_constant_map_is_drawn_as_one_colour():
    values = np.asarray(images(addition.heat_maps(np.full((1, 100), 4.0), ["c"], [""], columns=1))[0].get_array())
    assert (values == 0).all()


def test_ten_logits_share_one_scale():
    maps = RNG.normal(size=(100, 10)) * 30
    fig = addition.logit_maps(maps, 200, 10)
    for digit, image in enumerate(images(fig)[:10]):
        assert np.asarray(image.get_array()) == pytest.approx(maps[:, digit].reshape(10, 10))
        assert (image.norm.vmin, image.norm.vmax) == (-200, 200)
    assert fig.axes[3].get_title() == "logit of 3"


def test_a_frame_of_the_film_depends_on_its_number_alone():
    original, maps = RNG.normal(size=(4, 100)), RNG.normal(size=(4, 100, 10))
    frame = addition.map_film(original, maps, list("abcd"), 5, 1)
    frame(3)
    fig = frame(1)
    drawn = [np.asarray(ax.images[0].get_array()) for ax in fig.axes[:11]]
    assert drawn[0] == pytest.approx((original[1] - original[1].mean()).reshape(10, 10))
    for digit in range(10):
        assert drawn[1 + digit] == pytest.approx(maps[1, :, digit].reshape(10, 10))
    assert fig.texts[0].get_text() == "head 1: b"


def test_the_head_that_costs_most_stands_at_the_top_and_loss_is_dark():
    effect = np.zeros((100, 3))
    effect[:, 2], effect[50, 0] = 1, 0.5
    ax = addition.effect_matrix(effect, "lost").axes[0]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["2", "0", "1"]
    values = np.asarray(ax.images[0].get_array())
    assert values[0] == pytest.approx(0) and values[1, 50] == 0.5 and values[2] == pytest.approx(1)


def test_heads_are_drawn_from_the_best_to_the_worst_beside_none_and_all():
    alone, without = RNG.random((3, 8)) * 0.2, RNG.random((3, 8))
    fig = addition.one_head(alone, without, 0.1, 0.99, ["x", "y", "z"])
    for ax, rows, level in zip(fig.axes, (alone, without), (0.1, 0.99), strict=True):
        lines = ax.get_lines()
        for line, row in zip(lines[:3], rows, strict=True):
            assert line.get_ydata() == pytest.approx(np.sort(row)[::-1])
        assert set(lines[3].get_ydata()) == {level}
    assert [text.get_text() for text in fig.axes[0].get_legend().get_texts()] == ["x", "y", "z"]


def test_curves_of_sets_are_means_over_seeds_within_their_range():
    curves = RNG.random((2, 3, 4, 33))
    fig = addition.set_curves(curves, ["p", "q"], ["grown", "cut", "lot"])
    for ax, panel in zip(fig.axes, curves, strict=True):
        for line, band, seeds in zip(ax.get_lines(), ax.collections, panel, strict=True):
            assert line.get_ydata() == pytest.approx(seeds.mean(0))
            y = band.get_paths()[0].vertices[:, 1]
            assert y.min() == pytest.approx(seeds.min()) and y.max() == pytest.approx(seeds.max())
