"""A translator of random weights on the bilingual grammar, small enough for every test."""

import pytest
import torch

from superposition.bottleneck.engine import bilingual, marian

PAIRS = bilingual.pairs(60, 1)


@pytest.fixture(scope="session")
def codec():
    return marian.train_codec([text for pair in PAIRS for text in (pair.english, pair.french)], 320)


@pytest.fixture
def translator(codec):
    """Of weights large enough that each sentence has its own translation."""
    model = marian.create(2, 16, 2, 32, 40, codec.get_vocab_size(), 0.0, seed=3)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for p in marian.trained(model).values():
            p.add_(0.2 * torch.randn(p.shape, generator=generator))
    return marian.ours(model, codec)
