"""Directions pushed apart end in arrangements that are known, and decoders tell apart what can be told apart."""

import numpy as np
import pytest

from superposition import configs, runs
from superposition.toy import room
from superposition.toy.theory import almost_orthogonal

CONFIG = configs.read("toy/room").quick


@pytest.mark.parametrize(("m", "n", "overlap"), [(2, 4, np.cos(np.pi / 4)), (3, 6, 5**-0.5)])
def test_directions_pushed_apart_end_in_the_best_arrangement_that_is_known(m, n, overlap):
    W = np.random.default_rng(0).standard_normal((3, n, m))
    ends = room.greatest_overlap(room.pushed_apart(W, 400, 0.05, 1000.0))
    assert ends.min() == pytest.approx(overlap, abs=1e-4) and (ends >= overlap - 1e-9).all()


def test_orthogonal_features_are_told_apart_by_both_and_a_hidden_one_by_the_best_decoder_alone():
    on = np.array([0, 1])
    assert all(room.told_apart(decoder, np.eye(4), on) for decoder in room.DECODERS)
    third = np.array([[1.0, 0, 0], [0, 1, 0], [0.7, 0.7, np.sqrt(0.02)]])  # overlaps with the sum more than either does
    assert room.told_apart("best", third, on) and not room.told_apart("one look", third, on)
    same = np.array([[1.0, 0], [0, 1], [1, 0]])  # nobody can know which of two is on
    assert not room.told_apart("one look", same, on)


def test_one_active_feature_is_told_apart_from_two_dimensions_on_in_one_look():
    assert room.needed("one look", 30, 1, np.random.default_rng(0)) == 2


@pytest.mark.parametrize("decoder", room.DECODERS)
def test_stored_dimensions_lie_where_the_theory_of_many_features_says(decoder):
    results, expected = runs.load("toy/room"), {"best": almost_orthogonal.best_decoder, "one look": almost_orthogonal.one_look}
    for i, n in enumerate(results["n_features"]):
        for j, k in enumerate(results["active"]):
            if k >= 4:
                measured = results["needed"][room.DECODERS.index(decoder), i, j].mean()
                assert measured == pytest.approx(expected[decoder](int(n), int(k)), rel={"best": 0.1, "one look": 0.3}[decoder])


def test_stored_overlaps_keep_to_the_bounds_and_the_drawn_ones_to_what_is_expected():
    results = runs.load("toy/room")
    for i, m in enumerate(results["n_dimensions"]):
        for j, crowd in enumerate(results["crowd"]):
            least = almost_orthogonal.least_overlap(int(m), int(m * crowd))
            assert (results["pushed"][i, j] >= least - 1e-9).all()
            assert (results["pushed"][i, j] <= results["drawn"][i, j]).all()
    typical = almost_orthogonal.typical_overlap(16, 64)
    drawn = results["drawn"][list(results["n_dimensions"]).index(16), list(results["crowd"]).index(4)]
    assert np.median(drawn) == pytest.approx(typical, abs=0.05)
