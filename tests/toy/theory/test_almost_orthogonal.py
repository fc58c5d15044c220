"""Room in few dimensions, against arrangements that are known, simulation, and each other."""

import numpy as np
import pytest
from scipy import integrate

from superposition.toy.theory import almost_orthogonal as room

# Lines of which any two overlap equally, the best that there are: (dimensions, directions, overlap).
KNOWN = [(2, 3, 0.5), (3, 6, 5**-0.5), (7, 28, 1 / 3), (23, 276, 0.2)]


@pytest.mark.parametrize(("m", "n", "overlap"), KNOWN)
def test_the_bounds_are_met_by_the_equiangular_lines_that_are_known(m, n, overlap):
    assert room.at_most(m, overlap) == pytest.approx(n, rel=1e-6)
    assert room.least_overlap(m, n) == pytest.approx(overlap, abs=1e-6)


def test_no_known_arrangement_beats_the_bounds_beyond_welchs_first():
    for n in (4, 7, 100):  # equal angles in the plane, where n lines are π/n apart
        assert room.least_overlap(2, n) <= np.cos(np.pi / n) + 1e-9
    assert room.at_most(8, 0.5) >= 120 and room.at_most(24, 0.5) >= 98_280  # the lines of E8 and of the Leech lattice


def test_the_chance_of_an_overlap_is_that_of_drawn_directions_and_the_integral_of_its_density():
    rng = np.random.default_rng(0)
    for m in (3, 10, 50):
        x = rng.standard_normal((200_000, m))
        cosine = x[:, 0] / np.linalg.norm(x, axis=1)
        for overlap in (0.1, 0.4):
            exact = room.overlap_chance(m, overlap)
            assert (np.abs(cosine) > overlap).mean() == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 2e5))
            inside, _ = integrate.quad(lambda c, m=m: room.overlap_density(m, np.array([c]))[0], -overlap, overlap)
            assert 1 - inside == pytest.approx(exact, abs=1e-9)


def test_the_lower_counts_stay_below_the_upper_and_balls_bound_below_the_exact_chance():
    for m in (2, 5, 20, 200):
        for overlap in (0.05, 0.3, 0.8):
            assert room.overlap_chance(m, overlap) <= 2 * np.exp(-(overlap**2) * m / 2)
            assert room.johnson_lindenstrauss(m, overlap) <= room.drawn(m, overlap) + 1
            assert room.drawn(m, overlap) <= room.at_most(m, overlap)


def test_so_many_as_can_be_drawn_overlap_less_half_the_time_or_more_and_the_typical_overlap_is_the_median():
    rng, m, n = np.random.default_rng(1), 12, 30
    W = rng.standard_normal((2000, n, m))
    W /= np.linalg.norm(W, axis=-1, keepdims=True)
    greatest = np.abs(np.triu(W @ W.swapaxes(1, 2), 1)).max((1, 2))
    typical = room.typical_overlap(m, n)
    assert (greatest < typical).mean() == pytest.approx(0.5, abs=0.05)
    enough = next(overlap for overlap in np.arange(0.5, 1, 0.01) if room.drawn(m, overlap) >= n)
    assert 0.5 <= (greatest <= enough).mean() < 0.75


def test_the_best_decoders_dimensions_are_the_mean_squared_distance_of_noise_from_the_cone_that_it_stays_out_of():
    """The statistical dimension by its definition for k of n: the least over τ, for each noise, then the mean."""
    rng, n, k = np.random.default_rng(2), 200, 7
    noise, thresholds = rng.standard_normal((400, n)), np.linspace(0, 4, 81)[:, None, None]
    distance = ((noise[:, :k] - thresholds) ** 2).sum(-1) + (np.maximum(noise[:, k:] - thresholds, 0) ** 2).sum(-1)
    assert distance.min(0).mean() == pytest.approx(room.best_decoder(n, k), rel=0.06)
    for features, active in ((64, 1), (256, 8), (10_000, 100)):
        assert room.best_decoder(features, active) <= room.best_decoder_bound(features, active)


def test_in_one_look_half_of_all_draws_of_normal_overlaps_are_told_apart():
    rng, n, k = np.random.default_rng(3), 500, 6
    m = room.one_look(n, k)
    on = 1 + rng.standard_normal((4000, k)) * np.sqrt((k - 1) / m)
    off = rng.standard_normal((4000, n - k)) * np.sqrt(k / m)
    assert (on.min(1) > off.max(1)).mean() == pytest.approx(0.5, abs=0.12)


def test_the_numbers_of_features_solve_the_dimensions_that_they_need():
    n = room.features_of_best(60, 5)
    assert room.best_decoder_bound(n, 5) == pytest.approx(60)
    for m, k in ((90, 3), (40, 1), (512, 16)):
        assert room.one_look(room.features_in_one_look(m, k), k) == pytest.approx(m)
    assert room.features_in_one_look(1, 16) == 0
