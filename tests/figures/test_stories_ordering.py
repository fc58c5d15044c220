"""The pictures of ordered weights draw what they are given."""

import numpy as np

from superposition.figures import stories, style

MAPS = (127 * np.array([[[1, 0.2], [0.2, 1]], [[1, -0.4], [-0.4, 1]]])).astype(np.int8)


def test_maps_stand_side_by_side_on_one_scale_that_ends_at_a_half():
    fig = stories.ordered_maps(MAPS, ["a", "b"])
    images = [ax.images[0] for ax in fig.axes[:2]]
    np.testing.assert_allclose([image.get_array() for image in images], MAPS / 127)
    assert {image.get_clim() for image in images} == {(-0.5, 0.5)}
    assert [ax.get_title() for ax in fig.axes[:2]] == ["a", "b"]


def test_each_matrix_has_its_score_and_its_three_kinds_of_surrogates_in_its_row():
    values = [np.array([0.5, 0.2]), np.array([0.3, 0.1]), np.array([0.2, 0.06]), np.array([0.1, 0.05])]
    (ax,) = stories.order_scores(*values, ["first", "second"]).axes
    drawn = {line.get_label(): line.get_xdata().tolist() for line in ax.get_lines()}
    assert drawn["the weights"] == [0.5, 0.2] and drawn["random rows"] == [0.1, 0.05]
    assert drawn["columns shuffled"] == [0.2, 0.06] and drawn["same lengths and spectrum"] == [0.3, 0.1]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["first", "second"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first stands at the top


def test_alikeness_falls_in_a_line_for_the_weights_and_each_surrogate():
    decay = np.array([[[0.1, 0.01], [0.05, 0.01], [0.02, 0.005]]])
    (ax,) = stories.falling_off(decay, ["w", "s", "r"], ["one"]).axes
    assert [line.get_ydata().tolist() for line in ax.get_lines()] == decay[0].tolist()
    assert [line.get_xdata().tolist() for line in ax.get_lines()] == 3 * [[1, 2]]


def test_the_film_shows_every_part_of_the_diagonal_and_ends_with_its_end():
    ordered = np.random.default_rng(0).integers(-127, 127, (61, 61)).astype(np.int8)
    frame, count = stories.diagonal_film(ordered, "L0 W_out")
    for k, start in ((0, 0), (1, 4), (count - 1, 13)):
        near, far = frame(k).axes[:2]
        np.testing.assert_allclose(near.images[0].get_array(), ordered[start : start + 48, start : start + 48] / 127)
        assert far.patches[0].get_xy() == (start - 0.5, start - 0.5)


def test_a_tiles_palette_is_the_maps_scale_with_the_pages_own_colour_at_0():
    index, palette = stories.tile(np.array([[0, 127], [-127, 32]], np.int8))
    colours = np.array(palette).reshape(-1, 3)
    assert colours[index[0, 0]].tolist() == [255, 255, 255]
    for place, share in (((0, 1), 1.0), ((1, 0), 0.0), ((1, 1), 0.75)):
        np.testing.assert_allclose(colours[index[place]] / 255, style.DIVERGING(share)[:3], atol=0.05)
