"""What ReLU neurons can do for one output if they also read the inputs of others: in dense data those lend the missing bias.
And what they can't: with rare inputs, reading helps little, and whoever is far below dedicated neurons shares them."""

import numpy as np
from jaxtyping import Float

from superposition.toy.theory import dedicated_neurons

Array = np.ndarray


def one_or(n_in: int) -> tuple[Float[Array, "n_in"], float, float]:
    """One neuron for the OR of the first pair, x and y: W1, w2 and b of ReLU(1 - ReLU(sum of the others - (n_in - 2)(x + y))).

    Where x or y is on, the neuron is at 0 and the answer 1; else the others push it to 1 or more, unless all are 0."""
    return np.array([2.0 - n_in] * 2 + [1.0] * (n_in - 2)), -1.0, 1.0


def one_or_share(n_in: int) -> float:
    """The share of its variance that `one_or` leaves in dense data: it is wrong, by 1, only where all inputs are 0."""
    return 0.5**n_in / dedicated_neurons.variance("or", 1.0)


def or_left(W1: Float[Array, "n_in m"], W2: Float[Array, "m n_out"]) -> Float[Array, "n_out"]:
    """The share of its variance that each OR leaves in dense data, over all inputs there are, with the best bias of a grid."""
    x = (np.arange(2 ** len(W1))[:, None] >> np.arange(len(W1))) & 1
    y, z = np.maximum(x[:, ::2], x[:, 1::2]), np.maximum(x @ W1, 0) @ W2
    errors = [((np.maximum(z + b, 0) - y) ** 2).mean(0) for b in np.linspace(-2, 10, 121)]
    return np.min(errors, 0) / dedicated_neurons.variance("or", 1.0)


def largest(W2: Float[Array, "m n_out"]) -> Float[Array, "m n_out"]:
    """Of each neuron's weights out only the largest."""
    return np.where(np.abs(W2) == np.abs(W2).max(1, keepdims=True), W2, 0)


def blurred_square(n_in: int, neurons: int, samples: int = 10000, seed: int = 0) -> float:
    """The share of x² that random neurons leave in dense data, with weights out by least squares, on fresh samples.

    They read the first input, whose square is wanted, and the others in random directions."""
    rng = np.random.default_rng(seed)
    W1 = rng.standard_normal((n_in, neurons))
    W1[0] *= rng.uniform(0.25, 1.5, neurons) * n_in**0.5
    given, fresh = rng.uniform(-1, 1, (2, samples, n_in))
    hidden = lambda x: np.pad(np.maximum(x @ W1, 0), [(0, 0), (0, 1)], constant_values=1)
    normal = hidden(given).T @ hidden(given)
    readout = np.linalg.solve(normal + 1e-3 * np.eye(neurons + 1), hidden(given).T @ given[:, 0] ** 2)
    error = np.maximum(hidden(fresh) @ readout, 0) - fresh[:, 0] ** 2
    return float((error**2).mean() / dedicated_neurons.variance("square", 1.0))


def silence(target: str, on: float | int, n_out: int) -> float:
    """The probability that all inputs but those of one output are 0.

    Then neurons that write to this output alone are as good as dedicated ones at best, whatever they read. So at least this
    share of what the best dedicated neurons leave remains in every network in which no neuron writes to two outputs."""
    return (1 - dedicated_neurons.nonzero(target, on)) ** ((n_out - 1) * dedicated_neurons.inputs_of(target))
