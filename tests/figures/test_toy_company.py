"""The pictures of the chapters on correlated features and on learning draw what they are given."""

import numpy as np
import pytest

from superposition.figures import toy


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_pairs_draws_every_arrow_at_its_tip_and_leaves_out_padding(rng):
    W = rng.normal(size=(2, 6, 2))
    W[0, 4:] = 0
    fig = toy.pairs(W, ["a", "b"], ["", ""])
    tips = [np.array([line.get_xydata()[0] for line in ax.get_lines()]) for ax in fig.axes]
    assert [len(t) for t in tips] == [4, 6]
    assert tips[1] == pytest.approx(W[1])


def test_by_sparsity_draws_every_series_in_every_panel(rng):
    density, mean = np.array([0.5, 0.1, 0.02]), rng.normal(size=(2, 3, 3))
    fig = toy.by_sparsity(density, mean, mean - 0.1, mean + 0.1, list("abc"), ["x", "y"], ["u", "v"], (-3, 3), 0)
    for k, ax in enumerate(fig.axes):
        lines = {line.get_label(): line for line in ax.get_lines()}
        for s, name in enumerate("abc"):
            assert lines[name].get_ydata() == pytest.approx(mean[k, s])
            assert lines[name].get_xdata() == pytest.approx(1 / density)


def test_cosine_maps_share_one_scale_from_minus_one_to_one(rng):
    fig = toy.cosine_maps(rng.uniform(-1, 1, (3, 4, 4)), ["a", "b", "c"], 2)
    assert [ax.images[0].get_clim() for ax in fig.axes[:3]] == [(-1, 1)] * 3


def test_the_film_shows_no_more_than_what_has_happened_on_axes_that_stay(rng):
    step, D, loss = np.arange(0, 50, 10), rng.uniform(0, 0.6, (5, 7)), np.linspace(5, 1, 5)
    frame = toy.learning_film(step, D, loss, 4.0, np.array([0, 2, 4]))
    limits = []
    for k, shown in enumerate((1, 3, 5)):
        left, right = frame(k).axes
        limits.append((left.get_xlim(), left.get_ylim(), right.get_ylim()))
        assert all(len(segment) == shown for segment in left.collections[0].get_segments())
        assert right.get_lines()[0].get_ydata() == pytest.approx(loss[:shown])
    assert limits[0] == limits[1] == limits[2]


def test_arrows_in_space_are_the_same_however_the_space_is_turned(rng):
    W = rng.normal(size=(2, 6, 3))
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    figures = [toy.arrows_in_space(weights, ["a", "b"], ["", ""]) for weights in (W, W @ turn)]
    tips = [[line.get_xydata() for ax in fig.axes for line in ax.get_lines()] for fig in figures]
    for one, other in zip(*tips, strict=True):
        assert one == pytest.approx(other, abs=1e-9)
