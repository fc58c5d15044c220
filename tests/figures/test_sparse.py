"""The pictures of sparse autoencoders draw what they are given."""

import numpy as np
import pytest

from superposition.figures import sparse

RNG = np.random.default_rng(0)


def test_latents_that_fire_are_drawn_over_the_features_and_dead_ones_are_not():
    W, rows = RNG.standard_normal((2, 5, 2)), RNG.standard_normal((2, 3, 4, 2))
    alive = np.array([[[True, True, False, False]] * 3, [[True] * 4] * 3])
    fig = sparse.arrows_over_penalties(W, rows, alive, np.array([0.5, 0.05]), [0.02, 0.2, 0.6])
    assert [ax.get_title() for ax in fig.axes[:3]] == ["λ = 0.02", "λ = 0.2", "λ = 0.6"]
    tips = [[line for line in ax.get_lines() if line.get_marker() == "o"][0] for ax in fig.axes]
    assert [len(line.get_xdata()) for line in tips] == [2, 2, 2, 4, 4, 4]
    np.testing.assert_allclose(tips[1].get_xydata(), rows[0, 1, :2])
    assert [text.get_text() for text in fig.texts] == ["S = 0.50", "S = 0.95"]


def test_recovery_is_a_line_through_the_means_of_seeds_and_nulls_are_dashed():
    density = np.array([[0.5, 0.1], [0.3, 0.01]])
    values, null = RNG.random((2, 2, 3)), RNG.random((2, 2, 3))
    fig = sparse.recovery_by_sparsity(density, {"L1": values}, {"at random": null}, ["a", "b"], "MCC")
    first = fig.axes[1].get_lines()
    np.testing.assert_allclose(first[0].get_ydata(), values[1].mean(-1))
    np.testing.assert_allclose(first[0].get_xdata(), [1 / 0.3, 100])
    np.testing.assert_allclose(first[-1].get_ydata(), null[1].mean(-1))
    assert first[-1].get_linestyle() == "--" and fig.axes[0].get_ylabel() == "MCC"


def test_each_kind_is_a_line_over_what_it_misses_and_the_oracles_are_grey():
    missing, recovered = RNG.random((1, 2, 4)), RNG.random((1, 2, 4))
    missing[0, 1, 0] = 0
    (ax,) = sparse.reconstruction_and_recovery(missing, recovered, np.array([[0.9, 0.5]]), ["L1", "TopK"], ["a"]).axes
    grey, lines = ax.get_lines()[:2], ax.get_lines()[2:]
    assert [line.get_xdata()[0] for line in grey] == pytest.approx([0.9, 0.5])
    assert lines[1].get_xdata()[0] == 1e-5
    for line, x, y in zip(lines, missing[0], recovered[0], strict=True):
        np.testing.assert_allclose(line.get_xydata(), np.stack([np.maximum(x, 1e-5), y], 1))
