"""The pictures of bottlenecks and of measured matrices draw what they are given."""

import numpy as np
import pytest

from superposition.figures import bottleneck, matrices


def test_each_panel_has_the_models_of_each_kind_at_their_truth_and_the_diagonal():
    truth, values = np.array([[1.0, 2.0], [0.5, 1.0]]), np.arange(16.0).reshape(4, 2, 2)
    fig = bottleneck.against_truth(truth, values, list("abcd"), ["one", "two"])
    assert [ax.get_title() for ax in fig.axes] == list("abcd")
    for panel, ax in enumerate(fig.axes):
        diagonal, *kinds = ax.get_lines()
        np.testing.assert_array_equal(diagonal.get_xdata(), diagonal.get_ydata())
        for k, line in enumerate(kinds):
            np.testing.assert_array_equal(line.get_xydata(), np.transpose([truth[k], values[panel, k]]))
        assert ax.get_ylim()[1] > 15
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["one", "two", "right"]


def test_measures_stand_in_the_order_of_their_correlation_with_intervals():
    mean = np.array([0.1, 0.9, 0.5])
    (ax,) = bottleneck.rank_agreement((mean, mean - 0.1, mean + 0.05), (mean / 2, mean / 2, mean), ["a", "b", "c"]).axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["b", "c", "a"]
    dots = [line for line in ax.get_lines() if line.get_marker() in "os"]
    np.testing.assert_array_equal(dots[0].get_xdata(), [0.9, 0.5, 0.1])
    ends = [segment[:, 0] for segment in ax.collections[0].get_segments()]
    np.testing.assert_allclose(ends, [[0.8, 0.95], [0.4, 0.55], [0, 0.15]], atol=1e-12)


def test_a_matrix_has_its_quantiles_its_null_and_its_cosine_beside_the_least_there_can_be():
    quantiles = np.array([[0.1, 0.2, 0.3, 0.4, 0.5], [0.5, 0.6, 0.7, 0.8, 0.9]])
    fig = matrices.measured(["first", "second"], quantiles, np.array([0.25, 0.65]), np.array([1.2, 0.8]), np.array([0.7, 0.1]))
    left, right = fig.axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["first", "second"]
    assert left.get_ylim()[0] > left.get_ylim()[1]  # the first stands on top
    thin, thick = ([segment[:, 0].tolist() for segment in lines.get_segments()] for lines in left.collections)
    assert thin == [[0.1, 0.5], [0.5, 0.9]] and thick == [[0.2, 0.4], [0.6, 0.8]]
    assert [np.asarray(line.get_xdata()).tolist() for line in left.get_lines()] == [[0.3, 0.7], [0.25, 0.65]]
    assert [np.asarray(line.get_xdata()).tolist() for line in right.get_lines()][1:] == [[1.2, 0.8], [0.7, 0.1]]


@pytest.mark.parametrize("most", [2.0, 300.0])
def test_cosines_far_above_chance_stay_in_the_picture(most):
    quantiles = np.linspace(0, 1, 5)[None]
    left, right = matrices.measured(["a" * 99], quantiles, np.array([0.5]), np.array([most]), np.array([0.9])).axes
    assert right.get_xlim()[1] > most and right.get_xscale() == ("symlog" if most > 20 else "linear")
    assert left.get_yticklabels()[0].get_text() == "…" + 59 * "a"


def test_arrows_start_at_the_origin_end_where_they_should_and_have_one_scale_in_all_panels():
    vectors = np.random.default_rng(0).standard_normal((2, 3, 4, 2))
    fig = bottleneck.arrows(vectors, list("abc"), ["first", ""], "axis 1", "axis 2")
    panels = np.array(fig.axes).reshape(2, 3)
    for row in range(2):
        for column in range(3):
            lines = panels[row, column].get_lines()[0::2]  # the last arrow is drawn first
            np.testing.assert_array_equal([line.get_xydata()[1] for line in lines][::-1], vectors[row, column])
            assert all((line.get_xydata()[0] == 0).all() for line in lines)
            assert panels[row, column].get_xlim() == panels[0, 0].get_ylim()
    assert panels[0, 0].get_xlim()[1] > np.abs(vectors).max()
    assert [ax.get_title() for ax in panels[0]] == list("abc") and panels[0, 0].get_ylabel() == "first\naxis 2"


def test_a_frame_of_the_film_of_arrows_shows_its_step_on_the_scale_of_all_frames():
    W = np.random.default_rng(0).standard_normal((1, 2, 3, 4, 2))
    frame = bottleneck.arrows_film(W, np.array([0, 10, 2000]), ["a", "b"], ["kind"], "axis 1", "axis 2")
    limits = {ax.get_xlim() for k in range(3) for ax in frame(k).axes}
    fig = frame(2)
    assert fig.get_suptitle() == "step 2,000" and len(limits) == 1
    np.testing.assert_array_equal([line.get_xydata()[1] for line in fig.axes[1].get_lines()[0::2]][::-1], W[0, 1, 2])


def test_of_each_instance_what_is_given_back_is_drawn_beside_the_importance_and_nothing_below_zero():
    R = np.array([[0.9, 0.5, -0.2], [0.4, 0.1, 0.0]])
    (ax,) = bottleneck.given_back(R, np.array([1.0, 0.1]), np.array([1, 0.5, 0.25]), 2).axes
    drawn = [np.asarray(line.get_ydata()).tolist() for line in ax.get_lines()]
    assert drawn[:3] == [[0.9, 0.5, 0.0], [0.4, 0.1, 0.0], [1, 0.5, 0.25]]
    assert ax.get_lines()[3].get_xdata() == [2, 2]
    assert [text.get_text() for text in ax.texts][:2] == ["S = 0.00", "S = 0.90"]


def test_over_training_each_panel_has_every_seed_and_their_mean_and_its_null():
    values = np.random.default_rng(0).random((2, 3, 5, 4))  # panel, series, seed, step
    at = np.arange(1, 5)
    fig = bottleneck.over_training([at, at], list(map(list, values)), list("xyz"), ["one", "two"], [None, 0.5])
    one, two = fig.axes
    assert len(one.get_lines()) == 3 * 6 and len(two.get_lines()) == 3 * 6 + 1
    np.testing.assert_allclose(one.get_lines()[5].get_ydata(), values[0, 0].mean(0))
    np.testing.assert_array_equal(two.get_lines()[0].get_ydata(), [0.5, 0.5])
    assert [text.get_text() for text in fig.legends[0].get_texts()] == list("xyz")
