"""The measures of superposition against shapes whose values are known on paper, and against numpy written the slow way."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from superposition import blocks, formulas, metrics
from superposition.measuring import MeasuringError
from superposition.weights import WeightsError


def polygon(k: int) -> np.ndarray:
    angle = 2 * np.pi * np.arange(k) / k
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def tetrahedron() -> np.ndarray:
    return np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)


@st.composite
def matrices(draw):
    n, m, seed = draw(st.integers(1, 8)), draw(st.integers(1, 6)), draw(st.integers(0, 10_000))
    return np.random.default_rng(seed).standard_normal((n, m))


@pytest.mark.parametrize(
    ("W", "expected"),
    [(np.eye(3), 1), (polygon(2), 1 / 2), (polygon(3), 2 / 3), (polygon(5), 2 / 5), (tetrahedron(), 3 / 4)],
    ids=["orthogonal", "digon", "triangle", "pentagon", "tetrahedron"],
)
def test_feature_dimensionality_is_the_papers_fraction_on_each_polytope(W, expected):
    np.testing.assert_allclose(metrics.feature_dimensionality(W), expected)


def test_an_absent_feature_has_no_dimension_and_no_interference():
    W = np.array([[1.0, 0], [0, 0], [0, 1]])
    np.testing.assert_allclose(metrics.feature_dimensionality(W), [1, 0, 1])
    np.testing.assert_allclose(metrics.interference(W), 0)


@given(matrices())
def test_dimensionality_sums_to_at_most_the_dimensions_there_are(W):
    assert metrics.feature_dimensionality(W).sum() <= min(W.shape) + 1e-9


@given(matrices())
def test_interference_is_the_sum_of_squared_overlaps_with_every_other_feature(W):
    n = len(W)
    slow = [sum((W[i] / np.linalg.norm(W[i]) @ W[j]) ** 2 for j in range(n) if j != i) for i in range(n)]
    np.testing.assert_allclose(metrics.interference(W), slow, atol=1e-12)


def test_a_pentagon_puts_five_halves_of_a_feature_on_each_dimension():
    assert metrics.features_per_dimension(polygon(5)) == pytest.approx(2.5)


def test_represented_counts_the_rows_longer_than_the_threshold():
    assert metrics.represented(np.array([[0.6, 0], [0, 0.4], [0.4, 0.4]])) == 2
    assert metrics.is_represented(np.array([[0.6, 0], [0, 0.4], [0.4, 0.4]])).tolist() == [True, False, True]


def test_cosines_forget_lengths_and_are_0_with_a_feature_of_length_0():
    cosines = metrics.cosines(np.array([[2.0, 0], [3, 3], [0, 0]]))
    assert cosines == pytest.approx(np.array([[1, 0.5**0.5, 0], [0.5**0.5, 1, 0], [0, 0, 0]]))


def test_polysemanticity_is_the_number_of_equal_features_on_a_neuron():
    W = np.array([[1.0, 0, 0], [1, 0, 0], [-1, 2, 0]])
    np.testing.assert_allclose(metrics.polysemanticity(W), [3, 1, 0])


@given(st.integers(1, 9))
def test_k_equal_features_are_k_effective_features(k):
    W = np.zeros((12, 4))
    W[:k, 0] = 0.7
    assert metrics.effective_features(W) == pytest.approx(k)


@given(st.integers(1, 4))
def test_effective_rank_of_a_projection_is_its_rank(k):
    assert metrics.effective_rank(np.eye(6, 4) * (np.arange(4) < k)) == pytest.approx(k)


def test_basis_alignment_is_n_hidden_on_the_axes_one_when_spread_and_the_normal_value_at_random():
    m = 8
    assert metrics.basis_alignment(np.eye(m)) == pytest.approx(m)
    assert metrics.basis_alignment(np.sign(np.random.default_rng(0).standard_normal((5, m)))) == pytest.approx(1)
    random = np.random.default_rng(1).standard_normal((40_000, m))
    random /= np.linalg.norm(random, axis=1, keepdims=True)
    assert metrics.basis_alignment(random) == pytest.approx(3 * m / (m + 2), rel=0.01)


@given(matrices(), st.integers(0, 100))
def test_a_rotation_of_the_hidden_space_leaves_every_measure_but_the_basis_ones(W, seed):
    rotation = stats.ortho_group.rvs(W.shape[1], random_state=seed) if W.shape[1] > 1 else -np.eye(1)
    for measure in (
        metrics.feature_dimensionality, metrics.features_per_dimension, metrics.interference,
        metrics.effective_features, metrics.effective_rank, metrics.squared_cosine,
    ):  # fmt: skip
        np.testing.assert_allclose(measure(W @ rotation), measure(W), atol=1e-9)


def test_measures_of_a_stack_are_the_measures_of_its_members():
    stack = np.random.default_rng(0).standard_normal((2, 3, 7, 4)).astype(np.float32)
    for measure in (
        metrics.norms, metrics.represented, metrics.feature_dimensionality, metrics.features_per_dimension,
        metrics.interference, metrics.polysemanticity, metrics.effective_features, metrics.effective_rank,
        metrics.basis_alignment, metrics.squared_cosine,
    ):  # fmt: skip
        np.testing.assert_allclose(measure(stack)[1, 2], measure(stack[1, 2]), rtol=1e-5)


@given(matrices())
def test_the_squared_cosine_is_the_mean_over_pairs_and_never_below_welchs_bound(W):
    unit = W / np.linalg.norm(W, axis=1, keepdims=True)
    pairs = [(unit[i] @ unit[j]) ** 2 for i in range(len(W)) for j in range(len(W)) if i != j]
    assert metrics.squared_cosine(W) == pytest.approx(np.mean(pairs or [0]), abs=1e-12)
    assert metrics.squared_cosine(np.vstack([W, 0 * W])) == pytest.approx(metrics.squared_cosine(W), abs=1e-12)
    assert metrics.squared_cosine(W) >= metrics.welch_bound(*W.shape) - 1e-12


@pytest.mark.parametrize(
    "W", [polygon(3), polygon(5), tetrahedron(), np.eye(3)], ids=["triangle", "pentagon", "tetrahedron", "axes"]
)
def test_tight_frames_meet_welchs_bound(W):
    assert metrics.squared_cosine(W) == pytest.approx(metrics.welch_bound(*W.shape))


MEASURES = (
    "feature_dimensionality", "features_per_dimension", "interference", "polysemanticity", "effective_features", "effective_rank",
    "squared_cosine", "basis_alignment",
)  # fmt: skip


@pytest.mark.parametrize("columns", [1, 4, 9], ids=str)
@pytest.mark.parametrize("rows", [1, 3, 50], ids=str)
def test_measures_in_blocks_are_those_of_the_whole_matrix_with_features_in_its_rows_or_its_columns(rows, columns):
    W = np.random.default_rng(rows).standard_normal((60, columns)) * np.logspace(0, -6, columns)
    W[7] = 0
    pieces = [lambda start=start: W[start : start + rows] for start in range(0, 60, rows)]
    for side, whole in (("rows", W), ("columns", W.T)):
        found = blocks.in_blocks(pieces, side)
        for name in MEASURES:
            np.testing.assert_allclose(getattr(found, name)(), getattr(metrics, name)(whole), rtol=1e-9, atol=1e-12, err_msg=name)


ALL = ("unit", "norms", "cosines", "is_represented", "represented", *MEASURES)


def several_types():
    W = torch.tensor(np.random.default_rng(0).integers(-9, 9, (6, 3)))
    yield from (W.to(kind) for kind in (torch.float16, torch.bfloat16, torch.float32, torch.int8, torch.int64))
    yield from (torch.nn.Parameter(W.double()), W.T.contiguous().T, W.double().to_sparse(), W.numpy(), W.tolist())


@pytest.mark.parametrize("name", ALL)
def test_a_tensor_or_list_of_any_type_has_the_measures_of_its_float64_copy_as_numpys(name):
    wanted = None
    for W in several_types():
        found = getattr(metrics, name)(W)
        wanted = found if wanted is None else wanted
        assert isinstance(found, np.ndarray if np.ndim(found) else np.generic)
        np.testing.assert_array_equal(found, wanted)


def test_float16_neither_overflows_nor_vanishes():
    for size in (300, 1e-4):
        W = torch.tensor(size * polygon(5)).half()
        np.testing.assert_allclose(metrics.feature_dimensionality(W), 0.4, rtol=0.01)
        assert metrics.features_per_dimension(W) == pytest.approx(2.5 * size**2, rel=0.01)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (np.array([[[1, 2], [np.nan, 3]]]), r"W\[0, 1, 0\] is nan: 1 of 4 numbers"),
        (torch.tensor([[1, 2], [3, torch.inf]]), r"W\[1, 1\] is inf: 1 of 4 numbers"),
        (torch.ones(2, 2, dtype=torch.complex64), "expected floats or integers, got complex64"),
        (np.ones((2, 2), bool), "expected floats or integers, got bool"),
        (np.ones(3), r"at least two axes, a row for each feature, got the shape \(3,\)"),
        (np.ones((0, 3)), r"got the shape \(0, 3\)"),
        (1e90 * np.ones((2, 2)), "numbers up to 1e\\+90, whose fourth powers float64 does not hold"),
    ],
    ids=["NaN", "infinity", "complex", "bool", "one axis", "empty", "huge"],
)
def test_what_cannot_be_measured_is_refused_with_the_place_and_never_a_number(name, bad, why):
    with pytest.raises(WeightsError, match=why):
        getattr(metrics, name)(bad)


@pytest.mark.parametrize("shape", [(2000, 150), (450, 700)], ids=["tall", "wide"])
def test_a_large_matrix_goes_through_its_smaller_gram_matrix_to_the_same_numbers(shape, monkeypatch):
    W = np.random.default_rng(0).standard_normal((1, *shape)) * np.logspace(0, -3, shape[1])
    W[0, 7] = 0
    pairs = ("feature_dimensionality", "interference", "squared_cosine", "effective_rank")
    direct = {name: getattr(formulas, name)(W) for name in pairs}
    for name in pairs:
        monkeypatch.setattr(formulas, name, lambda W: pytest.fail("multiplies all pairs"))
        np.testing.assert_allclose(getattr(metrics, name)(W), direct[name], rtol=1e-9, atol=1e-9)


def test_a_report_has_every_measure_beside_that_of_random_directions_of_the_same_lengths():
    rng = np.random.default_rng(3)
    W = rng.uniform(0.2, 2, (50, 1)) * formulas.unit(rng.standard_normal((50, 8)) + 1)
    drawn = [formulas.norms(W)[:, None] * formulas.unit(rng.standard_normal(W.shape)) for _ in range(400)]
    found = metrics.report(torch.tensor(W.T), "columns")
    named = {"dimensionality": "feature_dimensionality"}
    for key in ("dimensionality", "interference", "polysemanticity", "squared_cosine", "basis_alignment", "effective_rank"):
        measure = getattr(formulas, named.get(key, key))
        assert getattr(found, key) == pytest.approx(measure(W).mean(), rel=1e-6)
        assert found.random[key] == pytest.approx(np.mean([measure(one).mean() for one in drawn]), rel=0.05), key
    lengths = formulas.norms(W)
    assert (found.represented, found.over_half) == ((lengths > 0.5).sum(), (lengths > lengths.max() / 2).sum())


def test_a_printed_report_says_which_axis_is_the_features_and_what_represented_means_here():
    text = str(metrics.report(4 * polygon(5)))
    assert text.startswith('5 features in 2 dimensions: the rows, the longer axis of 5 × 2 (features="columns" takes the others)')
    assert "longer than 0.5, as 5 are here." in text and "5 are longer than 2.00, half of the longest." in text
    assert {line[:22].strip() for line in text.splitlines() if line.endswith("feature has")} == {"D_i, mean"}
    assert "the shorter axis of 5 × 2" in str(metrics.report(polygon(5), "columns"))
    with pytest.raises(MeasuringError, match=r"is a stack, 2 × 3 × 4, and a matrix has two axes: take one, W\[0\]"):
        metrics.report(np.ones((2, 3, 4)))


@pytest.mark.parametrize(
    ("W", "why"),
    [
        (np.ones((0, 5)), r"got the shape \(0, 5\), which has no rows"),
        (torch.ones(5, 0), r"got the shape \(5, 0\), which has no columns"),
        ([[1, 2], [3]], "got lists of different lengths"),
        (torch.nn.Linear(3, 2), "got a Linear: pass its .weight"),
    ],
    ids=["no rows", "no columns", "ragged", "layer"],
)
def test_what_is_often_passed_by_mistake_is_answered_with_what_to_pass(W, why):
    with pytest.raises(WeightsError, match=why):
        metrics.report(W)


def test_students_interval_covers_the_mean_as_often_as_it_says():
    draws = np.random.default_rng(0).normal(3, 2, (8, 4000))
    _, low, high = metrics.mean_interval(draws)
    assert ((low < 3) & (3 < high)).mean() == pytest.approx(0.95, abs=0.015)


def test_the_interval_is_over_the_axis_of_the_seeds_wherever_that_stands():
    draws = np.random.default_rng(1).normal(size=(4, 3, 5)).astype(np.float32)
    for k, of_seeds in enumerate(metrics.mean_interval(draws, 1)):
        expected = [[metrics.mean_interval(draws[i, :, j])[k] for j in range(5)] for i in range(4)]
        np.testing.assert_allclose(of_seeds, expected)


def test_the_interval_of_counts_is_garwoods_and_none_at_all_has_one_too():
    # Low and high of a Poisson mean for a total of 0 and of 10, from a printed table.
    assert metrics.count_interval(np.array([0])) == pytest.approx((0, 0, 3.689), abs=1e-3)
    assert metrics.count_interval(np.array([3, 3, 3, 1])) == pytest.approx(np.array([10, 4.795, 18.39]) / 4, abs=1e-3)


def test_the_nearest_on_a_grid_is_an_index_and_of_two_the_first():
    grid = np.array([1.0, 0.6, 0.2])
    assert [metrics.nearest(grid, x) for x in (0.9, 0.2, -5, 0.4)] == [0, 2, 2, 1]
    assert metrics.nearest(np.log([0.01, 0.1, 1]), np.log(0.05)) == 1  # by ratio; by difference it is 0.01


def test_of_every_cell_the_seed_with_the_least_loss_is_taken():
    rng = np.random.default_rng(2)
    values, loss = rng.normal(size=(3, 2, 5, 4, 2)), rng.random((3, 2, 5))
    slowly = [[min(zip(loss[i, j], values[i, j]), key=lambda pair: pair[0])[1] for j in range(2)] for i in range(3)]
    np.testing.assert_array_equal(metrics.best_seed(values, loss), slowly)
    np.testing.assert_array_equal(metrics.best_seed(values[0, 0], loss[0, 0]), slowly[0][0])
    np.testing.assert_array_equal(metrics.best_seed(loss, loss), loss.min(-1))


def test_one_seed_has_no_interval():
    with pytest.raises(ValueError, match="at least 2 seeds, got 1"):
        metrics.mean_interval(np.ones((1, 3)))


def test_wilsons_interval_is_the_textbook_formula():
    z, k, n = stats.norm.ppf(0.975), 7, 40
    centre, half = (k + z**2 / 2) / (n + z**2), z / (n + z**2) * np.sqrt(k * (n - k) / n + z**2 / 4)
    assert metrics.rate_interval(k, n) == pytest.approx((k / n, centre - half, centre + half))
