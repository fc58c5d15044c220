"""Transformers with random parameters, and small ones that have learnt a little."""

import pytest
import torch

from superposition import runs
from superposition.addition.engine import learning_curves
from superposition.addition.engine.transformer import Transformer


@pytest.fixture
def random_model():
    """A function of precision, seed and shape; all parameters are large, biases too, so that no term can hide."""

    def make(dtype=torch.float64, seed=0, n_heads=32, d_head=2):
        model = Transformer(n_heads, d_head, seed).to(dtype)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                noise = 0.3 * torch.randn(parameter.shape, generator=generator)
                parameter.copy_(noise if name.startswith("b") else 2 * parameter)
        return model

    return make


@pytest.fixture(scope="session")
def small():
    """A config that takes a second."""
    sizes = {"seeds": 2, "n_train": 300, "n_test": 50, "n_fresh": 400, "epochs": 6, "batch": 64}
    return learning_curves.Config(seed=3, n_heads=32, d_head=2, lr=1e-3, weight_decay=0.01, **sizes)


@pytest.fixture(scope="session")
def learnt(small):
    """What `learning_curves.learn` gives, by reading."""
    return {reading: learning_curves.learn(small, reading, runs.Job()) for reading in ("at once", "one by one")}
