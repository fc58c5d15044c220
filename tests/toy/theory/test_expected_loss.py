"""The exact loss against quadrature in many digits, finite differences, sampling, and known optima."""

import itertools

import mpmath
import numpy as np
import pytest

from superposition.toy.theory import expected_loss, linear_model

# Weights of any size, zero among them, and offsets on either side of every kink.
SLOPES = [0.0, 1e-12, -1e-12, 1e-6, -1e-4, 0.03, -0.2, 0.7, -1.0, 1.0]


def corners(offset, slope, k, i=None):
    """E[z₊ᵏ], or E[u_i z₊ᵏ], by the textbook sum over corners in 400 digits; a slope of 0 is taken as 1e-40."""
    with mpmath.workdps(400):
        a = [mpmath.mpf(s) if s else mpmath.mpf("1e-40") for s in slope]
        c, n = mpmath.mpf(offset), len(slope)
        total = mpmath.mpf(0)
        for v in itertools.product((0, 1), repeat=n):
            z, sign = c + sum(x * y for x, y in zip(a, v)), (-1) ** (n - sum(v))
            if z <= 0:
                continue
            power = mpmath.factorial(k) / mpmath.factorial(k + n) * z ** (k + n)
            if i is None:
                total += sign * power
            else:  # by parts in u_i: ∫ u g(c + a u) du = G(c + a)/a - ∫ G(c + a u) du / a, with G' = g
                total += sign * (v[i] * power - z ** (k + n + 1) * mpmath.factorial(k) / mpmath.factorial(k + n + 1) / a[i])
        return total / mpmath.fprod(a) if n else total


def adaptive(offset, slope, k, i):
    """The same by adaptive quadrature in up to two directions, split at the kink."""
    a = [mpmath.mpf(s) for s in slope]

    def inner(first):
        c = mpmath.mpf(offset) + a[0] * first
        kink = [-c / a[1]] if a[1] and 0 < -c / a[1] < 1 else []
        weight = {None: lambda u: 1, 0: lambda u: first, 1: lambda u: u}[i]
        return mpmath.quad(lambda u: weight(u) * max(c + a[1] * u, 0) ** k, [0, *kink, 1])

    kinks = {-(mpmath.mpf(offset) + a[1] * v) / a[0] for v in (0, 1)} if a[0] else set()
    return mpmath.quad(inner, sorted({mpmath.mpf(0), mpmath.mpf(1), *(x for x in kinks if 0 < x < 1)}))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6])
def test_moments_agree_with_the_corner_sum_in_400_digits_for_weights_from_0_to_1(n):
    rng = np.random.default_rng(n)
    for _ in range(60 if n < 5 else 15):
        slope = rng.choice(SLOPES, n)
        low, high = np.minimum(slope, 0).sum(), np.maximum(slope, 0).sum()
        offset = float(rng.choice([0.0, 1e-12, -1e-12, 0.4, -0.3, -low, -high / 2 - low / 2, -high * 0.9]))
        i = int(rng.integers(n))
        expected = [corners(offset, slope, 1), corners(offset, slope, 2), corners(offset, slope, 1, i)]
        for ours, truth in zip(expected_loss.moments(offset, slope, i), expected, strict=True):
            assert ours == pytest.approx(float(truth), rel=1e-8, abs=1e-30), (offset, slope, i)


@pytest.mark.parametrize("slope", [(1.0, -1.0), (1e-12, 0.5), (-1e-12, -0.5), (0.0, 1.0), (-0.3, 1e-6)])
@pytest.mark.parametrize("offset", [-0.4, 0.0, 0.2])
def test_moments_agree_with_adaptive_quadrature(offset, slope):
    for i in (0, 1):
        first, second, mixed = expected_loss.moments(offset, np.array(slope), i)
        expected = [adaptive(offset, slope, 1, None), adaptive(offset, slope, 2, None), adaptive(offset, slope, 1, i)]
        assert [first, second, mixed] == pytest.approx([float(x) for x in expected], rel=1e-8, abs=1e-30)


def model(n, m, count, rng, scale=0.7):
    W, b = scale * rng.normal(size=(count, n, m)), 0.3 * rng.normal(size=(count, n))
    return W, b, rng.uniform(0.05, 1, (count, n)), rng.uniform(0.1, 10, (count, n))


@pytest.mark.parametrize(("n", "m"), [(1, 1), (2, 1), (3, 2), (6, 2)])
def test_the_gradient_is_that_of_the_loss_by_central_differences(n, m):
    W, b, p, importance = model(n, m, 5, np.random.default_rng(n))
    W[0] *= 1e-9  # nearly no weights at all
    W[1, 0] = 0
    b[1] = 0.1
    _, dW, db = expected_loss.gradients(W, b, p, importance)
    step = 1e-6
    for i in range(n):
        shift = np.zeros_like(b)
        shift[:, i] = step
        slope = (expected_loss.loss(W, b + shift, p, importance) - expected_loss.loss(W, b - shift, p, importance)) / (2 * step)
        assert db[:, i] == pytest.approx(slope, rel=1e-5, abs=1e-8)
        for k in range(m):
            shift = np.zeros_like(W)
            shift[:, i, k] = step
            above, below = (expected_loss.loss(W + sign * shift, b, p, importance) for sign in (1, -1))
            slope = (above - below) / (2 * step)
            assert dW[:, i, k] == pytest.approx(slope, rel=1e-5, abs=1e-8)


def test_the_loss_is_the_mean_over_samples():
    rng = np.random.default_rng(7)
    W, b, p, importance = model(3, 2, 4, rng)
    for k, ours in enumerate(expected_loss.loss(W, b, p, importance)):
        x = rng.random((400_000, 3)) * (rng.random((400_000, 3)) < p[k])
        sampled = (importance[k] * (x - np.maximum(x @ W[k] @ W[k].T + b[k], 0)) ** 2).sum(1)
        assert abs(ours - sampled.mean()) < 5 * sampled.std() / len(x) ** 0.5


def test_fixed_shapes_have_the_losses_of_the_closed_forms():
    p, r = 0.3, 2.5
    W = np.array([[[1.0], [0.0]], [[1.0], [-1.0]]])
    b = np.array([[0, p / 2], [0, 0]])
    ours = expected_loss.loss(W, b, np.full((2, 2), p), np.tile([1, r], (2, 1)))
    assert ours == pytest.approx([linear_model.linear_optimum(np.array([p]), np.array([r]), 0)[0], (1 + r) * p**2 / 6], rel=1e-12)


def test_descending_and_polishing_lower_the_loss_to_a_stationary_point():
    rng = np.random.default_rng(3)
    W, b, p, importance = model(3, 2, 20, rng)
    end = expected_loss.descend(W, b, p, importance, np.full(50, 0.01))
    new_W, new_b, low = expected_loss.polish(*end, p, importance)
    reached = expected_loss.loss(*end, p, importance)
    assert (low <= reached).all() and (reached < expected_loss.loss(W, b, p, importance)).all()
    _, dW, db = expected_loss.gradients(new_W, new_b, p, importance)
    assert np.abs(dW).max() < 1e-5 and np.abs(db).max() < 1e-5


def test_seven_features_and_a_density_of_zero_are_refused():
    with pytest.raises(ValueError, match="at most 6 features, got 7"):
        expected_loss.loss(np.zeros((1, 7, 2)), np.zeros((1, 7)), np.ones((1, 7)), np.ones((1, 7)))
    with pytest.raises(ValueError, match="density"):
        expected_loss.loss(np.zeros((1, 2, 1)), np.zeros((1, 2)), np.array([[0.5, 0.0]]), np.ones((1, 2)))
