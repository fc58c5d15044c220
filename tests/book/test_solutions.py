"""The slider over cut solutions: each panel shows what is represented, which features overlap, and what the clusters are."""

import json
import re

import numpy as np
import pytest

from superposition.book import solutions
from superposition.toy.measures import polytopes

from .test_elements import HOSTILE, Page, halves, root  # noqa: F401

DIGON_AND_MORE = np.array([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, 0, 0.1]])


def crowd(k=14):
    """Equal vectors with cosines of 0.5 to one another, in as many dimensions as there are of them."""
    return np.linalg.cholesky(np.full((k, k), 0.5) + 0.5 * np.eye(k))


def test_a_panel_has_a_dot_for_each_represented_feature_and_a_line_where_two_overlap():
    one = solutions.panel(DIGON_AND_MORE, "S = 0.50")
    assert one.label == "S = 0.50: 1 × single feature, 1 × digon" and one.edges.tolist() == [[0, 1]]
    assert [polytopes.NAMES[k] for k in one.shape] == ["digon", "digon", "single feature"]
    np.testing.assert_allclose(one.dimensionality, [0.5, 0.5, 1])
    assert one.place.shape == (3, 2) and np.linalg.norm(one.place[0] - one.place[1]) == pytest.approx(1.7)


def test_a_panel_without_features_says_so():
    one = solutions.panel(0.1 * DIGON_AND_MORE, "S = 0.00")
    assert one.label == "S = 0.00: no feature represented" and not len(one.place) and not len(one.edges)


def test_in_a_crowd_only_strong_overlaps_are_drawn():
    assert solutions.panel(crowd(), "").label == ": 1 × other" and not len(solutions.panel(crowd(), "").edges)
    assert len(solutions.panel(crowd(12), "").edges) == 12 * 11 / 2  # no crowd yet


def test_the_slider_begins_with_the_chosen_solution_and_its_data_are_all_of_them(root):  # noqa: F811
    W = np.stack([DIGON_AND_MORE, 0.1 * DIGON_AND_MORE])
    (root / "assets/films").mkdir(parents=True, exist_ok=True)
    (root / "assets/films/cut.svg").touch()
    html, still = halves(solutions.view("cut", W, np.array([0.5, 0.0]), first=1, alt=f"Dots. {HOSTILE}"))
    data = json.loads(re.search(r'<script type="application/json">(.*?)</script>', html, re.S)[1])
    assert [len(panel["xy"]) for panel in data["panels"]] == [3, 0] and data["panels"][0]["edges"] == [0, 1]
    assert 'value="1"' in html and "S = 0.00: no feature represented" in Page(html).words
    assert "cut.svg" in still
