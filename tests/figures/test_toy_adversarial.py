"""The pictures of the chapter on small changes: what they draw, at its place."""

import numpy as np
import pytest

from superposition.figures import toy


def test_a_series_is_drawn_as_its_mean_over_seeds_and_named():
    values = np.arange(12.0).reshape(4, 3)
    fig = toy.over_sparsity(0.1 ** np.linspace(0, 1, 4), [values, values + 2], ["low", "high"], "harm", level=(1.0, "none"))
    (ax,) = fig.axes
    lines = {line.get_label(): line.get_ydata() for line in ax.get_lines()}
    np.testing.assert_allclose(lines["low"], values.mean(1))
    np.testing.assert_allclose(lines["high"], values.mean(1) + 2)
    assert {"low", "high", "none"} <= {text.get_text() for text in ax.texts}
    assert ax.get_ylim()[0] == 0


def test_vulnerability_stands_above_features_on_one_axis_of_sparsity():
    density = 0.1 ** np.linspace(0, 2, 4)
    above, below = np.full((4, 2), 3.0) + np.eye(4, 2), np.full((4, 2), 2.0) + np.eye(4, 2)
    upper, lower = toy.vulnerability_and_features(density, above, below).axes
    for ax, values in ((upper, above), (lower, below)):
        line = next(line for line in ax.get_lines() if len(line.get_xdata()) == 4)
        np.testing.assert_allclose(line.get_xdata(), 1 / density)
        np.testing.assert_allclose(line.get_ydata(), values.mean(1))


@pytest.mark.parametrize("n", [6, 20])
def test_an_attacked_input_shows_a_bar_for_each_of_its_four_vectors(n):
    vectors = [np.random.default_rng(k).random((2, n)) for k in range(4)]
    fig = toy.attacked_input(*vectors, ["a", "b"])
    for row in range(2):
        left, right = fig.axes[2 * row : 2 * row + 2]
        heights = [[bar.get_height() for bar in group] for ax in (left, right) for group in ax.containers]
        np.testing.assert_allclose(heights, [vector[row] for vector in vectors])
