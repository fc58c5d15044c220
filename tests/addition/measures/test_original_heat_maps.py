"""The hackathon's maps as its notebook drew them: hooks on the values, position 11, stripes."""

import numpy as np
import pytest
import torch

from superposition.addition.engine import data
from superposition.addition.engine.transformer import to_bridge
from superposition.addition.measures import original_heat_maps


def test_the_maps_are_those_of_the_notebooks_hooks(random_model):
    model = random_model()
    maps, none = original_heat_maps.heat_maps(model)
    bridge, seen = to_bridge(model), original_heat_maps.inputs().long()
    for kept in (0, 19, None):

        def cut(v, hook, kept=kept):
            mask = torch.zeros(32, 1) if kept is None else (torch.arange(32) == kept)[:, None]
            return v.unflatten(-1, (32, 2)).mul(mask).flatten(-2) if v.ndim == 3 else v * mask

        logits = bridge.run_with_hooks(seen, fwd_hooks=[("blocks.0.attn.hook_v", cut)])[:, 11].detach().numpy()
        if kept is None:
            np.testing.assert_allclose(logits, np.tile(none, (100, 1)), atol=1e-10)
        else:
            truth = [logits[k, (k // 10 + k % 10) % 10] for k in range(100)]
            np.testing.assert_allclose(maps[kept], truth, atol=1e-10)


def test_its_inputs_hold_two_digits_zeros_and_the_sum_itself():
    seen = original_heat_maps.inputs().numpy()[57]
    assert seen.tolist() == [5, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0]
    assert (original_heat_maps.inputs(False).numpy()[:, data.N_INPUTS :] == data.EQUALS).all()


def test_any_constant_vector_makes_pure_stripes_and_noise_makes_one_eleventh():
    rng = np.random.default_rng(0)
    assert original_heat_maps.stripes(rng.normal(size=10)[original_heat_maps.RIGHT]) == pytest.approx(1)
    assert original_heat_maps.stripes(rng.normal(size=(2000, 100))).mean() == pytest.approx(1 / 11, abs=0.003)
    assert original_heat_maps.stripes(original_heat_maps.A.astype(float)) == pytest.approx(0, abs=0.05)
    assert original_heat_maps.stripes(np.zeros(100)) == 0


def test_a_model_that_always_says_seven_is_right_for_a_tenth_of_the_pairs(random_model):
    model = random_model()
    with torch.no_grad():
        model.W_U.zero_()
        model.b_U.copy_(torch.eye(10)[7])
    tokens = torch.from_numpy(data.tokens(*data.draw(0, 50).T))
    answer = np.full(50, 7, np.uint8)
    assert original_heat_maps.probed(model, tokens, answer).tolist() == [0.1, 0.1, 0.1, 1.0]
