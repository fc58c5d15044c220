"""What any network with m neurons and a linear readout must leave of its labels: their second moment beyond rank m.
Its outputs lie in m dimensions, whatever the neurons compute, so no training and no cleverness goes below."""

import numpy as np
from jaxtyping import Float

Array = np.ndarray


def least(second: Float[Array, "n n"], m: int) -> float:
    """The mean over outputs of the squared error that m dimensions leave of labels with this second moment E[y yᵀ].

    It is the sum of the n - m smallest eigenvalues over n: the error is least where ŷ is y projected on the leading
    eigenvectors. Source: Eckart and Young 1936, of a matrix of data.

    >>> least(np.eye(4), 3)
    0.25
    """
    return float(np.linalg.eigvalsh(second)[: len(second) - m].sum() / len(second))


def leading(second: Float[Array, "n n"], m: int) -> Float[Array, "n m"]:
    """The m leading eigenvectors of the labels' second moment."""
    return np.linalg.eigh(second)[1][:, -m:]


def active(M: Float[Array, "n n"], p: float) -> Float[Array, "n n"]:
    """E[y yᵀ] / p of y = ReLU(x) + M x, each input active with probability p and then uniform on [-1, 1].

    E ReLU(x)² is p/6, E ReLU(x) is p/4 and E x ReLU(x) is p/6."""
    n = len(M)
    return lone(M) + p / 16 * (np.ones((n, n)) - np.eye(n))


def lone(M: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """The same where one input is active at a time, each with probability p = 1/n."""
    return np.eye(len(M)) / 6 + (M + M.T) / 6 + M @ M.T / 3
