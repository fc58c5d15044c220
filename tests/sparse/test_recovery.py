"""Matching against brute force, the best code against its closed form, and how an autoencoder is scored."""

from itertools import permutations

import numpy as np
import pytest
import torch

from superposition import metrics, runs
from superposition.matching import Detectors, matched_cosines
from superposition.sparse import recovery
from superposition.sparse.engine import oracle
from superposition.sparse.engine.hidden import Hidden

EXPERIMENT = "sparse/recovery"


def generator():
    return torch.Generator().manual_seed(0)


def test_features_are_active_with_their_density_and_then_uniform():
    x = Hidden(torch.ones(2, 4, 1), torch.tensor([0.1, 0.5]), 1, generator()).features(50_000)
    assert (x > 0).float().mean((1, 2)).tolist() == pytest.approx([0.1, 0.5], abs=0.005)
    assert np.quantile(x[0][x[0] > 0], [0.25, 0.5, 0.75]) == pytest.approx([0.25, 0.5, 0.75], abs=0.02)


def test_matching_is_the_best_of_all_one_to_one_choices_and_takes_no_opposite():
    rng = np.random.default_rng(0)
    W, rows = rng.standard_normal((4, 3)), rng.standard_normal((5, 3))
    cosine = metrics.unit(W) @ metrics.unit(rows).T
    best = max(permutations(range(5), 4), key=lambda chosen: sum(cosine[i, j] for i, j in enumerate(chosen)))
    assert matched_cosines(W, rows) == pytest.approx(np.maximum(0, [cosine[i, j] for i, j in enumerate(best)]))
    assert matched_cosines(W, W[::-1] * 7) == pytest.approx(np.ones(4))
    assert matched_cosines(W[:1], -W[:1]) == 0


def test_detectors_count_as_scikit_learn_does():
    from sklearn.metrics import f1_score, precision_score, recall_score

    rng = np.random.default_rng(0)
    fires, active = rng.random((200, 2)) < 0.4, rng.random((200, 3)) < 0.3
    both = (fires[:, :, None] & active[:, None]).sum(0).astype(float)
    found = Detectors(both, fires.sum(0).astype(float), active.sum(0).astype(float), 200)
    for j, i in np.ndindex(2, 3):
        of = active[:, i], fires[:, j]
        assert found.f1()[j, i] == pytest.approx(f1_score(*of))
        assert found.precision()[j, i] == pytest.approx(precision_score(*of))
        assert found.recall()[j, i] == pytest.approx(recall_score(*of))
        assert found.always_f1()[i] == pytest.approx(f1_score(active[:, i], np.ones(200)))


def test_the_best_code_of_a_lone_feature_is_its_size_less_half_of_lambda_and_no_other_code_costs_less():
    rows = torch.from_numpy(metrics.unit(np.random.default_rng(0).standard_normal((1, 5, 3))).astype(np.float32))
    penalty = torch.tensor([0.3])
    lone = oracle.best_code(0.8 * torch.eye(3)[None], torch.eye(3)[None], penalty)
    torch.testing.assert_close(lone[0], 0.65 * torch.eye(3), atol=1e-5, rtol=0)
    h = torch.randn(1, 20, 3, generator=generator())
    cost = lambda z: ((h - z @ rows) ** 2).sum(-1) + 0.3 * z.sum(-1)
    best = oracle.best_code(h, rows, penalty, steps=2000)
    for scale in (0.01, 0.1, 1):
        other = (best + scale * torch.randn(best.shape, generator=generator())).relu()
        assert (cost(best) <= cost(other) + 1e-5).all()


def test_ica_finds_what_pca_cannot_where_features_are_orthogonal_and_rare():
    rng = np.random.default_rng(0)
    turned = np.linalg.qr(rng.standard_normal((8, 8)))[0]
    h = (rng.random((5000, 8)) * (rng.random((5000, 8)) < 0.1)) @ turned
    assert matched_cosines(turned, oracle.independent_directions(h, 0)).min() > 0.98
    assert matched_cosines(turned, oracle.principal_directions(h)).mean() < 0.9


def test_the_best_penalty_is_one_for_all_seeds_of_a_cell():
    mcc = np.zeros((1, 1, 1, 1, 2, 3))
    mcc[..., 0, :], mcc[..., 1, :] = [0.1, 0.9, 0.5], [0.9, 0.3, 0.5]
    config = runs.configs.read(EXPERIMENT).full
    results = runs.Results(EXPERIMENT, config, {"mcc": mcc, "found": (mcc > 0.4).astype(float)})
    assert recovery.best(results).ravel() == pytest.approx([0.9, 0.3])
    assert recovery.best(results, "found").ravel().tolist() == [1, 0]


def of_two_kinds():
    """Results in which three features are represented of which one is active at once; two kinds, two penalties, one seed."""
    given = {
        "represented": np.array([[[3.0]]]), "sparsity": np.array([[2 / 3]]),
        "l0": np.array([[0.5, 2.0], [4.0, 2.0]]), "mcc": np.array([[0.2, 0.8], [0.7, 0.9]]),
        "explained": np.array([[0.6, 0.8], [0.5, 0.6]]),
    }  # fmt: skip
    config = runs.configs.read(EXPERIMENT).full
    arrays = {
        name: array if array.ndim != 2 or name == "sparsity" else array[None, None, :, None, None]
        for name, array in given.items()
    }
    return runs.Results(EXPERIMENT, config, arrays)


def test_at_equal_activity_is_between_two_penalties_along_the_logarithm_and_never_beyond_them():
    results = of_two_kinds()
    assert recovery.at_equal_activity(results).ravel() == pytest.approx([0.5, 0.9])
    assert recovery.at_equal_activity(results, "explained").ravel() == pytest.approx([0.7, 0.6])


def test_a_guide_is_held_against_the_mean_of_the_kinds_and_the_best_of_them():
    gained, possible = recovery.guided(of_two_kinds())
    assert (gained.tolist(), possible.tolist()) == (pytest.approx([-0.2]), pytest.approx([0.2]))


def test_k_means_has_a_centre_for_each_of_a_few_directions_and_none_for_vectors_of_zeros():
    turned = np.linalg.qr(np.random.default_rng(0).standard_normal((4, 4)))[0].astype(np.float32)
    h = np.concatenate([np.tile(turned, (30, 1)) * np.linspace(0.1, 1, 120)[:, None], np.zeros((9, 4))]).astype(np.float32)
    assert matched_cosines(turned, oracle.cluster_directions(h, 4, 0)) == pytest.approx(np.ones(4), abs=1e-5)
    assert len(oracle.cluster_directions(h[:3], 4, 0)) == 3


def test_runs_are_joined_base_by_base_at_their_first_width():
    rng = np.random.default_rng(0)
    sizes = {"width": 2, "kind": 5, "sparsity": 4, "seed": 3, "penalty": 2, "null": 4}

    def made(bases, width):
        own = sizes | {"base": bases, "width": width}
        arrays = {
            name: rng.random([own[axis] for axis in axes.split()]) for name, axes in recovery.SCHEMA.items() if "base" in axes
        }
        return runs.Results(EXPERIMENT, runs.configs.read(EXPERIMENT).full, arrays)

    few, one = made(3, 2), made(1, 1)
    both = recovery.joined(few, one)
    np.testing.assert_array_equal(both["mcc"], np.concatenate([few["mcc"][:, :1], one["mcc"]]))
    np.testing.assert_array_equal(both["null"], np.concatenate([few["null"][:, :, :1], one["null"]]))
    np.testing.assert_array_equal(both["always"], np.concatenate([few["always"], one["always"]]))


def test_scores_are_whole_where_each_latent_is_a_feature_and_absent_ones_are_left_out():
    W = np.array([[1, 0], [-1, 0], [0, 1], [0, 0.01]], np.float32)
    rows, dead = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]], np.float32), np.array([False, False, False, True])
    f1 = np.eye(4)
    told = recovery._scored(W, rows, dead, 0.9 * W, f1, f1, f1, np.full(4, 0.2), 15.0)
    assert [told[name] for name in ("mcc", "found", "f1", "pointing")] == pytest.approx([1, 1, 1, 1])
    assert told["mcc_all"] == pytest.approx(0.75)
    assert told["shortfall"] == pytest.approx(0.1)
    assert told["absent_f1"] == pytest.approx(0.8)


def test_shares_and_cosines_lie_between_0_and_1_and_nothing_explains_more_than_all(either):
    for name in ("mcc", "mcc_all", "found", "f1", "precision", "recall", "dead", "null", "oracle_f1"):
        assert ((either[name] >= 0) & (either[name] <= 1 + 1e-6)).all(), name
    assert (either["explained"] <= 1).all() and (either["oracle_explained"] <= 1).all()
    assert (either["represented"] <= np.array([5, 20, 20])[:, None, None]).all()
