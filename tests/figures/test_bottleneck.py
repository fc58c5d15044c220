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
