"""The stored transformers that add, to take apart with one's own tools: `addition.load` and the way to TransformerLens.
Their sums are written least significant digit first; `tokens` writes them."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from superposition import runs
from superposition.addition.engine import data
from superposition.addition.engine.learning_curves import PARAMETERS
from superposition.addition.engine.transformer import Transformer, to_bridge


class Adder(Transformer):
    """A transformer that has learnt to add two six-digit numbers, all seven digits at once.

    >>> model = load(seed=0)
    >>> model(tokens(123456, 654321)[None]).shape  # logits: a sum, 19 places, 10 digits
    torch.Size([1, 19, 10])
    """

    def add(self, a: Any, b: Any) -> Int[np.ndarray, "*batch"]:
        """What the model says that a + b is.

        >>> load(seed=0).add([123456, 250000], [654321, 250000])
        array([777777, 500000])
        """
        given = tokens(a, b)
        with torch.no_grad():
            digits = self(given.reshape(-1, data.N_CTX))[:, data.N_INPUTS :].argmax(-1)
        return (digits.reshape(*given.shape[:-1], -1).numpy() * 10 ** np.arange(data.N_ANSWERS)).sum(-1)[()]

    def to_transformer_lens(self) -> Any:
        """The model as TransformerLens' TransformerBridge, with all its hooks and its cache.

        >>> _, cache = load(seed=0).to_transformer_lens().run_with_cache(tokens(1, 2)[None])
        >>> cache["blocks.0.attn.hook_pattern"].shape  # a sum, 32 heads, from and to 19 places
        torch.Size([1, 32, 19, 19])
        """
        return to_bridge(self)


def load(seed: int = 0) -> Adder:
    """The transformer that `addition/train` trained from that seed. Raises IndexError, saying which seeds there are.

    >>> load(seed=0).W_Q.shape  # heads, d_model, d_head
    torch.Size([32, 128, 2])
    """
    results = runs.load("addition/train")
    if not 0 <= seed < results.config.seeds:
        raise IndexError(f"seed {seed}: addition/train has the seeds 0 to {results.config.seeds - 1}")
    return Adder.of({name: results[name][seed] for name in PARAMETERS})


def tokens(a: Any, b: Any) -> Int[Tensor, "*batch n_ctx"]:
    """The sums a + b as the model reads them: six digits of a, six of b, least significant first, and seven times `=`.

    Of whole numbers below a million, alone or arrays, as the int64 that PyTorch and TransformerLens index with.

    >>> tokens(123456, 7)
    tensor([ 6,  5,  4,  3,  2,  1,  7,  0,  0,  0,  0,  0, 10, 10, 10, 10, 10, 10, 10])
    """
    a, b = np.broadcast_arrays(a, b)
    if min(a.min(), b.min()) < 0 or max(a.max(), b.max()) >= 10**data.N_DIGITS:
        raise ValueError(f"expected whole numbers of at most {data.N_DIGITS} digits, got {a} and {b}")
    return torch.from_numpy(data.tokens(a, b)).long()
