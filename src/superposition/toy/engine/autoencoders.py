"""The autoencoders of Elhage et al. 2022, as a stack: x' = ReLU(x W Wᵀ + b), or without the ReLU.
They are `networks` of one kind, so `training` trains them; here they are made, from seeds or from weights."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from superposition import weights
from superposition.toy.engine.networks import Networks


class Autoencoders(Networks):
    """A stack of autoencoders, one a seed, each with weights W, a row for each feature, and biases b.

    >>> stack = Autoencoders(seeds=[0, 1], n_features=5, n_hidden=2)
    >>> stack.W.shape, stack.b.shape
    (torch.Size([2, 5, 2]), torch.Size([2, 5]))
    """

    def __init__(self, seeds: Sequence[int], n_features: int, n_hidden: int, relu: bool = True):
        output = "relu" if relu else "identity"
        super().__init__(list(seeds), n_features, n_hidden, hidden="identity", output=output, tied=True)

    @classmethod
    def of(cls, W: Any, b: Any, relu: bool = True) -> "Autoencoders":
        """The autoencoders with weights of your own, arrays or tensors: (n_features, n_hidden), or a stack of such.

        The seeds, with which they would draw data, are 0, 1, …; weights are kept in float32. Raises WeightsError where
        the shapes do not fit.

        >>> import torch
        >>> model = Autoencoders.of(W=[[1, 0], [0, 1], [0, -1]], b=[0, 0, 0])
        >>> model(torch.tensor([[0.0, 0.0, 0.5]])[:, None])[:, 0].detach()
        tensor([[0.0000, 0.0000, 0.5000]])
        """
        W, b = weights.given(W), weights.given(b, axes=1, name="b")
        if W.ndim > 3 or b.shape != W.shape[:-1]:
            raise weights.WeightsError(
                f"W has the shape {W.shape} and b {b.shape}: expected (n_features, n_hidden) and (n_features,), or stacks"
            )
        W, b = (array.reshape(-1, *array.shape[array.ndim - axes :]) for array, axes in ((W, 2), (b, 1)))
        stack = cls(range(len(W)), *W.shape[1:], relu=relu)
        stack.put(W.astype(np.float32), b.astype(np.float32))
        return stack

    @property
    def W(self) -> Float[Tensor, "instance n_features n_hidden"]:
        """The weights, a row for each feature."""
        return self.W1
