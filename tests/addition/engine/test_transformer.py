"""The transformer in PyTorch, at its start and beside TransformerLens."""

import numpy as np
import pytest
import torch

from superposition.addition.engine import data, transformer

PRECISION = [(torch.float32, 1e-5), (torch.float64, 1e-10)]
SUMS = torch.from_numpy(data.tokens(*data.draw(0, 50).T))
ANY = torch.from_numpy(np.random.default_rng(0).integers(0, 12, (50, 19)))


def test_a_start_is_normal_with_the_deviation_of_the_original_and_biases_are_zero():
    start = transformer.Transformer(seed=1)
    for name, parameter in start.named_parameters():
        values = parameter.detach().numpy()
        if name.startswith("b"):
            assert (values == 0).all()
        else:
            assert values.std() == pytest.approx(0.8 / 128**0.5, rel=4 / np.sqrt(2 * values.size))
            assert abs(values.mean()) < 4 * 0.8 / 128**0.5 / values.size**0.5


def test_a_start_depends_on_the_seed_alone():
    one, again, other = (transformer.Transformer(seed=seed).W_E.detach() for seed in (1, 1, 2))
    assert (one == again).all() and (one != other).all()


@pytest.mark.parametrize(("dtype", "tolerance"), PRECISION)
@pytest.mark.parametrize("shape", [(32, 2), (8, 8)])
@pytest.mark.parametrize("tokens", [SUMS, ANY], ids=["sums", "any tokens"])
def test_the_logits_are_those_of_transformer_lens(random_model, dtype, tolerance, shape, tokens):
    ours = random_model(dtype, 0, *shape)
    theirs = transformer.to_bridge(ours)(tokens.long())
    torch.testing.assert_close(theirs, ours(tokens), atol=tolerance, rtol=0)


def test_the_way_to_transformer_lens_and_back_is_exact(random_model):
    ours = random_model(torch.float32)
    back = dict(transformer.from_bridge(transformer.to_bridge(ours)).named_parameters())
    for name, parameter in ours.named_parameters():
        assert (back[name] == parameter).all(), name


def test_the_bridge_adds_b_U_but_does_not_train_it(random_model):
    ours = random_model(torch.float64)
    bridge = transformer.to_bridge(ours)
    before = bridge(SUMS.long())
    assert "b_U" not in " ".join(name for name, _ in bridge.named_parameters())
    with torch.no_grad():
        ours.b_U += 1
    torch.testing.assert_close(transformer.to_bridge(ours)(SUMS.long()), before + 1, atol=1e-10, rtol=0)
