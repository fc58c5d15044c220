"""Transformers with random parameters, biases too, larger than at a start: no term may hide."""

import pytest
import torch

from superposition.addition.model import Transformer


@pytest.fixture
def random_model():
    """A function of precision, seed and shape."""

    def make(dtype=torch.float64, seed=0, n_heads=32, d_head=2):
        model = Transformer(n_heads, d_head, seed).to(dtype)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                noise = 0.3 * torch.randn(parameter.shape, generator=generator)
                parameter.copy_(noise if name.startswith("b") else 2 * parameter)
        return model

    return make
