"""The pictures of dictionaries draw what they are given."""

import numpy as np
import pytest

from superposition.figures import addition

RNG = np.random.default_rng(0)


def test_each_family_has_a_row_with_a_mark_at_the_mean_and_one_that_is_nan_has_none():
    told = {"dictionary": RNG.random((3, 4)), "random": RNG.random((3, 4))}
    for values in told.values():
        values[:, 2] = np.nan
    ax = addition.told_by_family(told, ["p", "q", "r", "s"], "gain").axes[0]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["p", "q", "s"]
    for name, values in told.items():
        (line,) = [line for line in ax.get_lines() if line.get_label() == name]
        assert line.get_xdata() == pytest.approx(values[:, [0, 1, 3]].mean(0))


def test_copies_are_lines_and_known_codes_are_named_points():
    copies = {"L1": (np.array([0.9, 0.5]), np.array([0.7, 0.2])), "TopK": (np.array([0.8, 0.9]), np.array([0.3, 0.6]))}
    fig = addition.explained_and_right(copies, {"sums": (0.6, 1.0)}, 0.96)
    ax = fig.axes[0]
    for name, (x, y) in copies.items():
        (line,) = [line for line in ax.get_lines() if line.get_label() == name]
        assert (line.get_xdata().tolist(), line.get_ydata().tolist()) == (x.tolist(), y.tolist())
    (code,) = [text for text in ax.texts if text.get_text() == "sums"]
    assert code.xy == (0.6, 1.0)
    assert any(set(line.get_ydata()) == {0.96} for line in ax.get_lines())
