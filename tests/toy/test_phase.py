"""The phase diagrams against closed forms: fixed shapes, borders, phases of known weights, and the stored optimum."""

import numpy as np
import pytest

from superposition import configs, metrics, runs
from superposition.toy import phase
from superposition.toy.engine import features
from superposition.toy.phase import PHASES
from superposition.toy.theory import expected_loss

EXPERIMENT = "toy/phase"


@pytest.fixture(scope="module", params=["toy/phase", "toy/phase_3_2"])
def diagram(request):
    return runs.load(request.param)


def cells(diagram):
    return phase._cells(diagram.config)


def test_phases_of_known_weights():
    axis = np.eye(2)
    known = {
        "ignored": [axis[0], axis[1], 0 * axis[0]],
        "dedicated": [axis[0], 0 * axis[0], axis[1]],
        "dedicated, others share": [axis[0], -axis[0], axis[1]],
        "superposed": [axis[0], axis[1], -axis[1]],
    }
    codes = phase.classify(np.array(list(known.values())))
    assert [PHASES[code] for code in codes] == list(known)


@pytest.mark.parametrize("n", [2, 3])
def test_fixed_losses_are_the_exact_losses_of_the_fixed_shapes(n):
    p, importance = np.full((1, n), 0.35), np.linspace(1, 2, n)[None]
    shapes, dropped, _ = phase.fixed_shapes(n)
    biases = [d.diagonal() * p / 2 for d in dropped]
    expected = [expected_loss.loss(W[None], b, p, importance)[0] for W, b in zip(shapes, biases, strict=True)]
    assert phase.fixed_losses(p, importance)[:, 0] == pytest.approx(expected, rel=1e-12)


def test_a_cell_is_rough_that_differs_from_its_four_neighbours_mean_and_the_best_start_is_that_of_the_least_loss():
    picture = np.add.outer(np.arange(4.0), 2 * np.arange(5.0))  # a slope is smooth
    picture[1, 2] += 0.3
    assert np.argwhere(phase.rough(picture)).tolist() == [[0, 0], [0, 1], [0, 2], [1, 1]]
    arrays = {"start_norm": np.array([[[1.0, 2]], [[3.0, 4]]]), "start_loss": np.array([[[0.1, 0.5]], [[0.2, 0.4]]])}
    made = runs.Results("made", configs.read("toy/phase").full, arrays)
    assert phase.best_norm(made).tolist() == [[1, 4]]


@pytest.mark.parametrize("r", [0.1, 0.5, 1.0, 3.0])
def test_on_the_fixed_border_pair_and_drop_cost_the_same(r):
    p = np.full((1, 2), phase.fixed_border(np.array([r]))[0])
    losses = phase.fixed_losses(p, np.array([[1, r]]))[:, 0]
    assert losses[:2].min() == pytest.approx(losses[2])


def test_no_fixed_shape_and_no_start_beats_the_optimum(either):
    assert (either["fixed_loss"] >= either["loss"] * (1 - 1e-9)).all()
    for starts in ("start_loss", "start_minimum", "positive_loss"):
        assert (either[starts] >= either["loss"] * (1 - 1e-6)).all()


def test_every_cell_has_the_exact_loss_of_its_own_weights_and_the_fixed_shapes_own_losses(either):
    config, grid = either.config, either["loss"].shape
    for row, column in np.ndindex(grid):
        p = np.full((1, config.n_features), either["density"][column])
        importance = np.array([[*np.ones(config.n_features - 1), either["importance"][row]]])
        exact = expected_loss.loss(either["W"][None, row, column], either["b"][None, row, column], p, importance)[0]
        assert either["loss"][row, column] == pytest.approx(exact, rel=1e-9)
        assert either["fixed_loss"][row, column] == pytest.approx(phase.fixed_losses(p, importance).min(), rel=1e-9)


def test_other_starts_than_those_of_the_training_lead_to_the_same_optimum(diagram):
    """The optimum is polished from the starts that are held against it, among others; so here are others."""
    p, importance = (array[::16, ::16] for array in cells(diagram))
    n = p.shape[-1]
    W = np.random.default_rng(777).standard_normal((24, *p.shape, n - 1)) * (2 / (2 * n - 1)) ** 0.5
    loss = phase._polish(W, np.zeros((24, *p.shape)), *(np.broadcast_to(one, (24, *p.shape)) for one in (p, importance)))[2]
    assert loss.min(0) == pytest.approx(diagram["loss"][::16, ::16], rel=1e-6)


def test_the_stored_loss_is_the_exact_loss_of_the_stored_weights_and_the_gradient_vanishes(diagram):
    p, importance = (array.reshape(-1, array.shape[-1]) for array in cells(diagram))
    W, b = diagram["W"].reshape(len(p), *diagram["W"].shape[-2:]), diagram["b"].reshape(len(p), -1)
    loss, dW, db = expected_loss.gradients(W, b, p, importance)
    assert loss == pytest.approx(diagram["loss"].ravel(), rel=1e-10)
    assert np.quantile(np.abs(dW).max((1, 2)), 0.99) < 1e-5 and np.quantile(np.abs(db).max(1), 0.99) < 1e-5


def test_the_optimum_of_two_features_knows_no_difference_between_them():
    """Importance r in place of 1/r exchanges the features and multiplies the loss."""
    two = runs.load("toy/phase")
    r = two["importance"][:, None]
    assert two["loss"] == pytest.approx(two["loss"][::-1] * r, rel=1e-6)


def test_the_optimum_has_that_loss_on_sampled_data(diagram):
    k = diagram["density"].size // 3
    W, b, p = diagram["W"][5, k], diagram["b"][5, k], np.full((1, diagram.config.n_features), diagram["density"][k])
    x = features.sample([1], 0, 400_000, p)[:, 0].numpy().astype(float)
    importance = np.r_[np.ones(p.size - 1), diagram["importance"][5]]
    sampled = (importance * (x - np.maximum(x @ W @ W.T + b, 0)) ** 2).sum(1)
    assert abs(sampled.mean() - diagram["loss"][5, k]) < 5 * sampled.std() / len(x) ** 0.5


def test_on_the_border_sharing_and_dropping_cost_the_same():
    """A little denser, the optimum drops a feature; a little sparser, it shares and is better than any drop."""
    two = runs.load("toy/phase")
    row, p = 10, two["border"][10]
    rng, importance = np.random.default_rng(0), np.array([1, two["importance"][10]])
    for factor, shares in ((0.97, True), (1.03, False)):
        q = np.full((40, 2), p * factor)
        W, _, loss = expected_loss.polish(rng.normal(size=(40, 2, 1)), np.zeros((40, 2)), q, np.tile(importance, (40, 1)))
        drop = phase.fixed_losses(q[:1], importance[None])[:2].min()
        assert (metrics.norms(W[loss.argmin()]).min() > 0.5) == shares
        assert (loss.min() < drop * (1 - 1e-6)) == shares, row


def optimum(p: float, r: float) -> float:
    """The shortest vector's length in the best of forty random starts of two features."""
    q, rng = np.full((40, 2), p), np.random.default_rng(0)
    W, _, loss = expected_loss.polish(rng.normal(size=(40, 2, 1)), np.zeros((40, 2)), q, np.tile([1, r], (40, 1)))
    return float(metrics.norms(W[loss.argmin()]).min())


def test_a_jump_has_the_lengths_of_the_optimum_on_either_side_of_the_border():
    two = runs.load("toy/phase")
    lengths = phase.jump(two)
    for row in (3, 10, 20):
        border, r = two["border"][row], two["importance"][row]
        assert lengths[row] == pytest.approx([optimum(border * 1.0005, r), optimum(border * 0.9995, r)], abs=0.002)
    assert lengths == pytest.approx(lengths[::-1], abs=0.005)  # the features may be exchanged


def test_near_equal_importance_the_shorter_vector_grows_by_small_steps_before_it_jumps():
    two = runs.load("toy/phase")
    row = int(np.abs(two["importance"] - 0.96).argmin())
    before, after = phase.jump(two)[row]
    onset = [optimum(p, two["importance"][row]) for p in np.geomspace(1, 0.66, 40)]
    small = [length for length in onset if length < (before + after) / 2]
    assert not phase.whole(phase.jump(two))[row] and min(small) < 0.1 and max(small) == pytest.approx(before, abs=0.05)
    assert np.diff(small).max() < 0.12 < after - before
