"""REPLACE: the facts that these tests guard. Here: the overlap is known in closed form, and the figure shows it."""

import numpy as np
import pytest

from superposition import runs
from superposition.figures.sparse import measured as figures
from superposition.sparse import measured


def test_rows_at_right_angles_do_not_overlap_and_equal_rows_do_wholly():
    assert measured.squared_cosine(np.eye(4)) == 0
    assert measured.squared_cosine(np.ones((3, 2))) == pytest.approx(1)


def test_random_directions_overlap_by_one_over_the_dimension():
    results = runs.load("sparse/measured")
    assert results["overlap"].mean() == pytest.approx(1 / results.config.n_hidden, rel=0.05)


def test_the_figure_has_a_dot_for_each_seed_and_size():
    overlap = np.array([[0.1, 0.2], [0.3, 0.4], [0.2, 0.3]])
    (ax,) = figures.overlap_by_size(np.array([16, 32]), overlap, 0.25).axes
    dots = np.concatenate([line.get_xydata() for line in ax.lines if line.get_marker() == "o"])
    assert sorted(map(tuple, dots)) == sorted((n, y) for seed in overlap for n, y in zip((16, 32), seed, strict=True))
