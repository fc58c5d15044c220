"""The measures of matrices: those of their float64 copy, whatever the type, layout, scale, side and size."""

from dataclasses import replace

import jaxtyping
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from superposition import blocks, measuring, metrics
from superposition.measuring import MeasuringError

W = np.random.default_rng(0).standard_normal((30, 7))
KEYS = [
    "dimensionality", "features_per_dimension", "interference", "polysemanticity", "effective_features", "effective_rank",
    "squared_cosine",
]  # fmt: skip


def expected(W):
    """By the definitions, of the float64 copy, features in rows."""
    W = np.asarray(W, float)
    W = W[np.abs(W).max(1) > 0]
    used = np.abs(W).max(0) > 0
    found = {
        "dimensionality": metrics.feature_dimensionality(W).mean(),
        "features_per_dimension": metrics.features_per_dimension(W),
        "interference": metrics.interference(W).mean(),
        "polysemanticity": metrics.polysemanticity(W)[used].mean(),
        "effective_features": metrics.effective_features(W),
        "effective_rank": metrics.effective_rank(W),
        "squared_cosine": metrics.squared_cosine(W),
    }
    return {key: float(value) for key, value in found.items()}


def assert_measured(found, wanted, rel=1e-9):
    assert {key: getattr(found, key) for key in KEYS} == pytest.approx(wanted, rel=rel, abs=1e-12)


@pytest.mark.parametrize("features", ["rows", "columns"])
@pytest.mark.parametrize(
    "array",
    [
        W, W.T, W.astype("f4"), W.astype("f2"), W.astype(">f4"), np.asfortranarray(W), np.repeat(W, 2, 0)[::2], W[::-1, ::-2],
        (20 * W).astype("i2"), (np.abs(20 * W)).astype("u1"), (1e-4 * W).astype("f2"), (300 * W).astype("f2"),
    ],
    ids=["f8", "wide", "f4", "f2", "big-endian", "Fortran", "strided", "backwards", "i2", "u1", "f2 of 1e-4", "f2 of 300"],
)  # fmt: skip
def test_any_type_and_layout_has_the_measures_of_its_float64_copy(array, features):
    upright = array if features == "rows" else array.T
    assert_measured(measuring.measure(array, features), expected(upright))


@pytest.mark.parametrize("power", [-140, -45, -25, 25, 45, 140])
def test_scale_changes_only_what_goes_with_its_square(power):
    found, plain = measuring.measure(W * 10.0**power), measuring.measure(W)
    squares = {"features_per_dimension", "interference"}
    for key in KEYS:
        factor = 10.0 ** (2 * power) if key in squares else 1
        assert getattr(found, key) == pytest.approx(getattr(plain, key) * factor, rel=1e-9)
    assert found.random["dimensionality"] == pytest.approx(plain.random["dimensionality"])
    assert found.random["interference"] == pytest.approx(plain.random["interference"] * 10.0 ** (2 * power))


@pytest.mark.parametrize("power", [-200, 200])
def test_numbers_whose_squares_float64_does_not_hold_are_named(power):
    with pytest.raises(MeasuringError, match=rf"numbers of about 1e\{power:+d}, whose"):
        measuring.measure(W * 10.0**power)


@settings(max_examples=30)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 99), st.integers(1, 12))
def test_a_matrix_in_blocks_has_the_measures_of_the_whole(n, m, seed, numbers):
    W = np.random.default_rng(seed).standard_normal((n, m)).round(1)
    W[0] = 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "SIZE", numbers)
        patch.setattr(measuring, "DRAWN_FEATURES", 0)
        assert_measured(measuring.measure(W, "rows"), expected(W))


def test_features_that_are_a_billionth_as_long_and_share_nothing_have_a_dimension_each():
    turn, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((4, 4)))
    W = np.diag([1, 1e-4, 1e-7, 1e-9]) @ turn
    np.testing.assert_allclose(measuring.measure(W, "rows").quantiles, 1, rtol=1e-6)
    np.testing.assert_allclose(measuring.measure(W.T, "columns").quantiles, 1, rtol=1e-6)
    rank_one = np.outer(np.arange(1.0, 200), np.ones(50))
    assert measuring.measure(rank_one).effective_rank == pytest.approx(1, abs=1e-9)


def test_features_lie_along_the_longer_side_unless_told_and_a_square_matrix_says_which_were_taken():
    assert [measuring.measure(M).features for M in (W, W.T)] == ["rows", "columns"]
    assert [measuring.measure(W, axis).features for axis in ("rows", "columns")] == ["rows", "columns"]
    square = measuring.measure(W[:7])
    assert square.features == "rows" and "square, and its rows are taken" in square.notes[0]
    assert measuring.measure(W[:7], "rows").notes == () == measuring.measure(W).notes
    assert_measured(measuring.measure(W[:7], "columns"), expected(W[:7].T))


def test_the_conv1d_of_gpt2_and_a_linear_of_the_same_map_measure_alike():
    from transformers.pytorch_utils import Conv1D

    conv, linear = Conv1D(12, 5), torch.nn.Linear(5, 12)
    with torch.no_grad():
        linear.weight.copy_(conv.weight.T)
    one, other = (measuring.measure(layer.weight.detach().numpy()) for layer in (conv, linear))
    assert (one.features, other.features, one.shape, other.shape) == ("columns", "rows", (5, 12), (12, 5))
    assert (one.n, one.m) == (other.n, other.m) == (12, 5)
    assert_measured(one, {key: getattr(other, key) for key in KEYS})


def test_zero_rows_are_left_out_of_the_features_and_zero_columns_are_dimensions_nobody_uses():
    M = W.copy()
    M[[3, 8]], M[:, 5] = 0, 0
    found = measuring.measure(M, "rows")
    assert_measured(found, expected(M))
    assert (found.n, found.m) == (28, 7)
    assert found.notes == (
        "2 of 30 rows are zero (the first is row 3, from 0): left out",
        "1 of 7 columns are zero (the first is column 5, from 0): dimensions that no feature uses",
    )
    with pytest.raises(MeasuringError, match="all 30 rows are zero"):
        measuring.measure(0 * W)


@pytest.mark.parametrize("layout", [np.asarray, np.transpose])
def test_nan_and_infinity_are_named_with_row_and_count(layout):
    M = W.copy()
    M[4, 1], M[9, 0], M[9, 3] = np.nan, np.inf, -np.inf
    with pytest.raises(MeasuringError, match=r"2 of 30 rows hold NaN and infinity, the first is row 4, from 0"):
        measuring.measure(M)
    with pytest.raises(MeasuringError, match=r"3 of 7 rows hold NaN and infinity, the first is row 0, from 0"):
        measuring.measure(M.T)
    M[4, 1] = 0
    with pytest.raises(MeasuringError, match=r"1 of 30 rows hold infinity, the first is row 9"):
        measuring.measure(layout(layout(M)))


@pytest.mark.parametrize(
    ("shape", "why"),
    [
        ((5,), "has 1 axis"), ((), "has 0 axes"), ((2, 3, 4), r"is a stack, 2 × 3 × 4, .*: take one, W\[0\]"),
        ((5, 0), "is 5 × 0: it has no columns"), ((0, 5), "is 0 × 5: it has no rows"),
        ((9000, 9000), "is 9,000 × 9,000, and the smaller side may be 8,192"),
    ],
)  # fmt: skip
def test_what_is_no_matrix_that_fits_is_refused_before_it_is_read(shape, why):
    with pytest.raises(MeasuringError, match=why):
        measuring.measure(np.broadcast_to(np.float32(1), shape))


def test_beside_the_measures_stands_what_random_directions_of_these_lengths_have():
    rng = np.random.default_rng(5)
    n, m, length = 400, 40, rng.uniform(0.5, 2, (400, 1))
    random = rng.standard_normal((n, m))
    found = measuring.measure(length * random / np.linalg.norm(random, axis=1, keepdims=True))
    for key in ("dimensionality", "interference", "polysemanticity", "squared_cosine"):
        assert getattr(found, key) == pytest.approx(found.random[key], rel=0.03)
    assert found.random["squared_cosine"] == pytest.approx(1 / 40, rel=0.01)
    assert found.welch == metrics.welch_bound(400, 40) < found.squared_cosine


@pytest.mark.parametrize(("n", "m"), [(16, 16), (20, 5), (64, 16), (512, 64), (1001, 40)])
def test_random_directions_are_unbiased_at_any_size_and_draws_and_formulas_meet_where_they_part(n, m):
    rng = np.random.default_rng(1)
    lengths = rng.uniform(0.5, 1, n)
    drawn = rng.standard_normal((20 if n > 500 else 400, n, m))
    drawn *= lengths[:, None] / np.linalg.norm(drawn, axis=-1, keepdims=True)
    truth = {
        "dimensionality": np.mean([metrics.feature_dimensionality(one) for one in drawn]),
        "polysemanticity": ((drawn**2).sum(1) ** 2 / (drawn**4).sum(1)).mean(),
    }
    found = measuring.measure(drawn[0], "rows")
    for key, value in truth.items():
        assert found.random[key] == pytest.approx(value, rel=0.03 if n < 100 else 0.006), key


@pytest.mark.parametrize("features", ["row", "ROWS", 0, True, ""])
@pytest.mark.parametrize("measures", [measuring.measure, measuring.report, metrics.report])
def test_an_axis_that_is_none_is_refused_with_the_choices(measures, features, monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # as for a reader, whom no types check
    with pytest.raises(ValueError, match="features: expected 'rows', 'columns' or None, got " + repr(features)):
        measures(W, features)


def test_the_parts_of_a_model_that_are_no_matrices_are_left_out_and_counted(tmp_path):
    save_file({"W": torch.tensor(W), "b": torch.zeros(3), "c": torch.zeros(2, 2, 2)}, tmp_path / "a.safetensors")
    found, faults, notes = measuring.matrices([tmp_path / "a.safetensors"])
    assert [tensor.name for tensor in found] == ["W"] and faults == []
    assert notes == [f"{tmp_path}/a.safetensors: 2 of 3 tensors have other than two axes, and are left out"]
    _, faults, _ = measuring.matrices([tmp_path / "a.safetensors"], "[bc]")
    assert "holds no matrix" in faults[0]
    _, faults, _ = measuring.matrices([tmp_path / "a.safetensors"], "x*")
    assert faults == [f"{tmp_path}/a.safetensors: no tensor's name matches 'x*'"]


def test_a_hundred_thousand_matrices_are_one_sentence_and_some_of_them_are_measured_by_name(tmp_path, monkeypatch):
    monkeypatch.setattr(measuring, "MOST_TENSORS", 999)
    save_file({f"t{k}": torch.ones(2, 2) for k in range(1000)}, tmp_path / "a.safetensors")
    found, faults, _ = measuring.matrices([tmp_path / "a.safetensors"])
    assert found == [] and faults[0].endswith("holds 1,000 matrices, and at most 999 are measured at once: choose some by name")
    assert len(measuring.matrices([tmp_path / "a.safetensors"], "t99?")[0]) == 10


def test_a_line_is_readable_and_cannot_steer_a_terminal():
    found = replace(measuring.measure(1000 * W), file="a.npz", tensor="\x1b[31mred\u202e[b]é")
    line = measuring.cells(found, nulls=True, several=True)
    assert line[:2] == (r"a.npz: \x1b[31mred\u202e[b]é", "30 rows in 7")
    assert len(line) == len(measuring.HEADERS)
    assert [measuring._short(x) for x in (0.12345, 12.345, 123.4, 999.4, 12345.6, 2.5e20)] == [
        "0.123", "12.3", "123", "999", "12,346", "2.50e+20",
    ]  # fmt: skip
