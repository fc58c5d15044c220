"""Toy models of many features of which hardly one is active at a time: y = ReLU(x W Wᵀ + b), trained with a dial on lengths.
Liu, Liu and Gore 2025. Only what is active is read, and only outputs above 0 have a slope, so there is little to compute."""

from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Float

from superposition import formulas, training
from superposition.compiled import kept

Array = np.ndarray


class Examples(NamedTuple):
    """A batch of examples: all features that are active, those of one example after another, and where each begins."""

    begin: Array
    feature: Array
    value: Array


def frequencies(n: int, alpha: float | int) -> Float[Array, "n"]:
    """How often each feature is active, p_i ∝ i^-α; in the mean one is active at a time.

    >>> frequencies(2, 1)
    array([0.66666667, 0.33333333])
    """
    p = np.arange(1, n + 1.0) ** -float(alpha)
    return p / p.sum()


def draw(p: Float[Array, "n"], batch: int, rng: np.random.Generator) -> Examples:
    """Each feature is active with its own frequency, and then uniform between 0 and 2."""
    example, feature = np.nonzero(rng.random((batch, len(p)), np.float32) < p.astype(np.float32))
    value = 2 * rng.random(len(feature), np.float32)
    return Examples(np.searchsorted(example, np.arange(batch + 1)), feature, value)


class Model:
    """A model in training: its W and b, and γ, which turns the dial.

    W starts normal with variance 1 / m, and b normal with deviation `bias`. Without γ the directions that it starts with
    stay: one length for all of them is trained, and b."""

    def __init__(self, n: int, m: int, gamma: float | None, bias: float, rng: np.random.Generator):
        self.gamma = gamma
        W = rng.standard_normal((n, m)) / np.sqrt(m)
        self._directions = formulas.unit(W).astype(np.float32)
        weights = np.ones(1) if gamma is None else W.ravel()
        self._theta = np.concatenate([weights, bias * rng.standard_normal(n)]).astype(np.float32)
        self._slopes, self._first, self._second = (np.zeros_like(self._theta) for _ in range(3))
        self.b = self._theta[-n:]
        self.W = self._directions if gamma is None else self._theta[:-n].reshape(n, m)

    def step(self, examples: Examples, rate: float, optimiser: training.AdamW, step: int) -> None:
        """A step of Adam on a batch, and one of the dial."""
        n = len(self.b)
        dW = np.empty_like(self.W) if self.gamma is None else self._slopes[:-n].reshape(self.W.shape)
        self.loss(examples, dW, self._slopes[-n:])
        if self.gamma is None:
            self._slopes[0] = (dW * self._directions).sum()
        _adamw(self._theta, self._slopes, self._first, self._second, rate, *optimiser.numbers, step)
        if self.gamma is None:
            self.W = self._theta[0] * self._directions
        else:
            turn(self.W, rate, self.gamma)

    def loss(self, examples: Examples, dW: Array | None = None, db: Array | None = None) -> float:
        """Σ_i (y_i - x_i)², in the mean over examples; its slopes are left in dW and db."""
        dW, db = (np.empty_like(own) if given is None else given for own, given in ((self.W, dW), (self.b, db)))
        h = _hidden(self.W, *examples)
        return _loss(self.W, self.b, h, h @ self.W.T, *examples, dW, db)


@kept()
@no_type_check
def turn(W, rate, gamma):
    """The dial: γ ≥ 0 shrinks every row, as decoupled weight decay does; γ < 0 draws it towards length 1."""
    for i in range(W.shape[0]):
        square = 0.0
        for j in range(W.shape[1]):
            square += W[i, j] ** 2
        pull = 1.0 if gamma >= 0 else 1 - 1 / np.sqrt(square)
        factor = W.dtype.type(1 - rate * abs(gamma) * pull)
        for j in range(W.shape[1]):
            W[i, j] *= factor


@kept()
@no_type_check
def _hidden(W, begin, feature, value):
    h = np.zeros((len(begin) - 1, W.shape[1]), W.dtype)
    for e in range(len(h)):
        for k in range(begin[e], begin[e + 1]):
            h[e] += value[k] * W[feature[k]]
    return h


@kept()
@no_type_check
def _loss(W, b, h, z, begin, feature, value, dW, db):
    """The loss where z = h Wᵀ, and its slopes."""
    n, m = W.shape
    T = W.dtype.type
    dW[:] = 0
    db[:] = 0
    x, dh, loss = np.zeros(n, W.dtype), np.zeros(m, W.dtype), 0.0
    zero, scale = T(0), T(2 / len(h))
    for e in range(len(h)):
        dh[:] = 0
        for k in range(begin[e], begin[e + 1]):
            x[feature[k]] = value[k]
            loss += value[k] ** 2
        for i in range(n):
            y = z[e, i] + b[i]
            if y > zero:
                g = y - x[i]
                loss += g**2 - x[i] ** 2
                g *= scale
                db[i] += g
                for j in range(m):
                    dW[i, j] += g * h[e, j]
                    dh[j] += g * W[i, j]
        for k in range(begin[e], begin[e + 1]):
            for j in range(m):
                dW[feature[k], j] += value[k] * dh[j]
            x[feature[k]] = 0
    return loss / len(h)


_adamw = kept()(no_type_check(training.adamw))
