"""The measures side by side: on shapes whose answer is on paper, and what is stored against what it says it is."""

import numpy as np
import pytest
from scipy import stats

from superposition import runs
from superposition.bottleneck import measures
from superposition.bottleneck.measures import LINEAR, MEASURES, RELU, UNTRAINED


def of_one(W):
    """What is read off the weights of a single model."""
    return {name: float(values[0]) for name, values in measures.of_weights(W[None]).items()}


def pairs(m):
    """Two opposite features on each of m axes."""
    return np.vstack([np.eye(m), -np.eye(m)])


@pytest.mark.parametrize("turn", [np.eye(4), stats.special_ortho_group(4, seed=1).rvs()], ids=["axes", "turned"])
def test_of_opposite_pairs_every_count_is_two_a_dimension_and_the_cosine_that_of_one_partner_in_seven(turn):
    found = of_one(pairs(4) @ turn)
    for name in ("live", "dimensionality", "frobenius", "represented", "effective_features"):
        assert found[name] == pytest.approx(2)
    assert found["effective_rank"] == pytest.approx(1) and found["interference"] == pytest.approx(1)
    assert found["squared_cosine"] == pytest.approx(4 / 7)


def test_a_feature_half_as_long_as_the_longest_is_live_and_what_is_not_changes_no_mean_over_features():
    W = np.vstack([pairs(2), [[0.5, 0]], [[0.49, 0]]])
    np.testing.assert_array_equal(measures.live(W), [True] * 5 + [False])
    assert of_one(np.vstack([pairs(2), np.zeros((3, 2))])) == pytest.approx(of_one(pairs(2)))


def test_a_projection_has_one_feature_a_dimension_by_its_norm_and_n_over_m_by_d():
    basis = np.linalg.qr(np.random.default_rng(0).standard_normal((12, 3)))[0]
    tight = np.array([[np.cos(a), np.sin(a)] for a in 2 * np.pi * np.arange(12) / 12]) * (2 / 12) ** 0.5
    assert of_one(basis)["frobenius"] == pytest.approx(1)
    found = of_one(tight)
    assert (found["frobenius"], found["dimensionality"], found["represented"]) == (pytest.approx(1), pytest.approx(6), 0)


EXPERIMENT = "bottleneck/measures"


@pytest.fixture(scope="module")
def stored():
    return runs.load(EXPERIMENT)


def test_the_truth_is_the_positive_part_of_what_each_feature_gets_explained(either):
    truth = np.maximum(either["explained"], 0).sum(-1) / either["n_hidden"][:, None, None]
    np.testing.assert_allclose(either["truth"], truth, rtol=1e-4)
    assert (either["explained"] <= 1).all()


def test_the_measures_fit_the_lengths_and_dimensions_beside_them(either):
    m = either["n_hidden"][:, None, None]
    np.testing.assert_allclose(either["frobenius"], (either["length"] ** 2).sum(-1) / m, rtol=1e-4)
    np.testing.assert_allclose(either["represented"], (either["length"] > 0.5).sum(-1) / m, atol=0.26)
    live = either["length"] >= either["length"].max(-1, keepdims=True) / 2
    mean = (either["dimension"] * live).sum(-1) / live.sum(-1)
    assert np.median(np.abs(1 / mean / either["dimensionality"] - 1)) < 1e-4


def test_untrained_weights_are_the_same_at_every_sparsity(either):
    assert (np.ptp(either["frobenius"][UNTRAINED], axis=1) == 0).all()


def test_linear_models_carry_one_feature_a_dimension(stored):
    assert stored["truth"][LINEAR].mean() == pytest.approx(1, abs=0.05)
    assert stored["frobenius"][LINEAR] == pytest.approx(1, abs=0.02)


def test_rank_correlations_are_scipys_one_pair_at_a_time(stored):
    found, within = measures.rank_correlations(stored), measures.within_widths(stored)
    truth = stored["truth"][RELU]
    for k, name in enumerate(MEASURES):
        value = stored[name][RELU]
        assert found[3, 0, 1 + k] == pytest.approx(stats.spearmanr(truth[..., 3].ravel(), value[..., 3].ravel()).statistic)
        if name == "frobenius":
            each = [stats.spearmanr(truth[w, :, 3], value[w, :, 3]).statistic for w in range(len(truth))]
            assert within[3, k] == pytest.approx(np.mean(each))
    np.testing.assert_allclose(found[:, range(11), range(11)], 1)
    assert measures.chance(stored) == pytest.approx(1 / np.sqrt(truth[..., 0].size - 1))


def test_a_measure_that_never_changes_has_no_correlation_within_a_width():
    shape = (3, 2, 4, 3)
    rng = np.random.default_rng(0)
    arrays = {name: rng.random(shape) for name in ("truth", *MEASURES)} | {"effective_rank": np.ones(shape)}
    arrays["frobenius"], arrays["interference"] = arrays["truth"] ** 3, -arrays["truth"]
    results = runs.Results("made/up", measures.Config.model_construct(), arrays)
    found = measures.within_widths(results)
    names = ("effective_rank", "frobenius", "interference")
    np.testing.assert_allclose(found[:, [MEASURES.index(name) for name in names]], [[0, 1, -1]] * 3)


def test_what_is_stored_of_each_seed_depends_on_that_seed_alone():
    config = runs.configs.read("bottleneck/measures").quick
    alone = measures.train_size((config, 3, 1))
    both, _ = measures.run(config, runs.Job())
    np.testing.assert_array_equal(both["truth"][:, 1, :, 1], alone["truth"].astype(np.float32))
    np.testing.assert_array_equal(both["length"][:, 1, :, 1], alone["length"].astype(np.float32))
