"""The draws against the distribution they claim, and each against the same draw made another way."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from superposition.toy.engine import features, kernel


def uniform(seed: int = 1, step: int = 0, batch: int = 4096, n: int = 25) -> np.ndarray:
    return features.uniform([seed], step, batch, n)[:, 0].numpy()


def test_uniform_numbers_fill_the_unit_interval_evenly():
    u = uniform().ravel()
    assert 0 <= u.min() and u.max() < 1
    assert stats.kstest(u, "uniform").pvalue > 1e-3
    assert stats.chisquare(np.bincount((u * 256).astype(int), minlength=256)).pvalue > 1e-3


def test_low_bits_are_as_even_as_high_ones():
    low = (uniform() * 2**24).astype(int).ravel() % 256
    assert stats.chisquare(np.bincount(low, minlength=256)).pvalue > 1e-3


@pytest.mark.parametrize("other", [dict(seed=2), dict(step=1)], ids=["seed", "step"])
def test_another_seed_or_step_is_uncorrelated_and_so_are_neighbours(other):
    a, b = uniform().ravel(), uniform(**other).ravel()
    for x, y in ((a, b), (a[1:], a[:-1]), (a[25:], a[:-25])):
        assert abs(np.corrcoef(x, y)[0, 1]) < 4 / np.sqrt(len(x))


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**41))
def test_the_key_is_splitmix64_as_numpy_wraps_it(seed, step):
    with np.errstate(over="ignore"):
        z = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15)
        z += np.uint64(step) * np.uint64(0xD1B54A32D192ED03) + np.uint64(0x8CB92BA72F3D8DD7)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    assert features.key(seed, step) == (int(z) & 0xFFFFFFFF, int(z) >> 32)


def test_no_two_seeds_and_steps_of_a_run_have_one_key_nor_a_mask_or_a_held_out_batch_that_of_a_step():
    """A key mixes seed · A + step · B, one to one: for seeds so far apart, the steps at which both give the same."""
    A, B, whole = 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03, 2**64
    apart = np.arange(1, 2**20, dtype=np.uint64)
    with np.errstate(over="ignore"):
        later = apart * np.uint64(A * pow(B, -1, whole) % whole)
        for offset in (0, features.HELD_OUT, kernel.MASKS, kernel.MASKS - features.HELD_OUT, kernel.MASKS + features.HELD_OUT):
            for sign in (1, -1):
                distance = later - np.uint64(sign * offset % whole)
                assert np.minimum(distance, -distance).min() > 2**30
    assert features.key(3, 0) == features.key(4, whole - int(later[0]))
    assert 2**30 < features.HELD_OUT < features.HELD_OUT + 2**30 < kernel.MASKS


@pytest.mark.parametrize("density", [1.0, 0.5, 0.05, 0.001])
def test_the_share_of_active_features_is_the_density_within_binomial_bounds(density):
    x = features.sample([3], 0, 20_000, np.full((1, 20), density))
    active = int((x > 0).sum())
    low, high = stats.binom.interval(1 - 1e-6, x.numel(), density)
    assert low <= active <= high


def test_active_values_are_uniform_whatever_the_density():
    x = features.sample([3], 0, 20_000, np.full((1, 20), 0.1)).flatten()
    assert stats.kstest(x[x > 0].numpy(), "uniform").pvalue > 1e-3


def test_the_mask_is_drawn_for_every_example_and_every_feature_by_itself():
    """One mask per batch, or one for all features, would make whole rows or columns active together."""
    active = (features.sample([5], 0, 40_000, np.full((1, 6), 0.3))[:, 0] > 0).numpy()
    counts = np.bincount(active.sum(1), minlength=7)
    assert stats.chisquare(counts, stats.binom.pmf(np.arange(7), 6, 0.3) * len(active)).pvalue > 1e-3
    pairs = np.bincount(2 * active[1:, 0] + active[:-1, 0], minlength=4) / (len(active) - 1)
    np.testing.assert_allclose(pairs, [0.49, 0.21, 0.21, 0.09], atol=0.015)


def test_an_instance_draws_the_same_alone_as_in_a_stack():
    density = np.array([[0.2] * 4, [0.7] * 4, [0.5] * 4])
    stack = features.sample([8, 9, 10], 7, 64, density)
    torch.testing.assert_close(features.sample([9], 7, 64, density[1:2])[:, 0], stack[:, 1], rtol=0, atol=0)


SETS = features.stack([features.windows(kind, 2, 2, 0.3) for kind in features.KINDS])


@pytest.fixture(scope="module")
def sets():
    return features.sample([1, 2, 3], 5, 200_000, SETS)


def test_every_feature_has_its_density_and_uniform_values_in_each_kind(sets):
    assert (sets > 0).float().mean(0).numpy() == pytest.approx(np.full((3, 4), 0.3), abs=0.005)
    values = sets[sets > 0]
    assert values.mean().item() == pytest.approx(1 / 2, abs=0.003)
    assert values.var().item() == pytest.approx(1 / 12, abs=0.002)


def test_a_pair_is_active_together_always_by_chance_or_never(sets):
    together = ((sets[..., 0] > 0) & (sets[..., 1] > 0)).float().mean(0).tolist()
    assert together == pytest.approx([0.3, 0.09, 0], abs=0.004)
    assert together[2] == 0


def test_pairs_are_independent_of_each_other(sets):
    together = ((sets[..., 1] > 0) & (sets[..., 2] > 0)).float().mean(0).numpy()
    assert together == pytest.approx(np.full(3, 0.09), abs=0.004)


def test_features_that_exclude_each_other_cannot_be_active_more_often_than_always():
    with pytest.raises(ValueError, match="above 1"):
        features.windows("anticorrelated", 2, 2, 0.6)
