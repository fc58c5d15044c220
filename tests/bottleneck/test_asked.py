"""Models asked at fewer positions: which these are, and that asked at all of them they are those of bottleneck/transformer."""

import numpy as np
import pytest
import torch

from superposition import configs, runs
from superposition.bottleneck import asked, moving_features
from superposition.bottleneck.engine.feature_transformer import scaled
from superposition.bottleneck.moving_features import OWN, Plan


def test_own_features_are_asked_for_where_the_others_are_asked_for_theirs():
    at = {like: asked.Fewer(["own"], torch.ones(1), torch.ones(1, dtype=bool), 4, like) for like in asked.LIKE}
    assert at["moved"].asked().tolist() == [[False, True, False, True]]
    assert at["previous"].asked().tolist() == [[False, True, True, True]]
    x, target = at["moved"].batch(3, 5, torch.Generator().manual_seed(0))
    assert x.shape == (1, 3, 4, 5) and (x == target).all() and (x != 0).all()


def test_asked_at_every_position_they_are_the_models_of_bottleneck_transformer():
    config, theirs = (configs.read(f"bottleneck/{name}").quick for name in ("asked", "transformer"))
    alike = theirs.model_copy(update={"steps": config.steps, "frames": 2, "records": 2})
    found = asked.trained((config, "own", 4, 1))
    plan = Plan(OWN, config.n_features, 4, 1, config.sparsities, config.steps, config.batch, 1, scaled(4))
    expected = moving_features.train_stack((alike, plan))
    for name in ("carried", "dimensionality"):
        np.testing.assert_allclose(found[name], expected[name][..., 0] if name == "dimensionality" else expected[name], rtol=1e-6)
    assert {name: getattr(configs.read("bottleneck/transformer").full, name) for name in asked.Config.model_fields} == dict(
        configs.read("bottleneck/asked").full
    )


def test_models_as_good_as_those_asked_everywhere_have_a_ratio_of_one():
    rng = np.random.default_rng(0)
    whole = {
        name: rng.random((4, 2, 3, 5, *site))
        for name, site in (("carried", ()), ("dimensionality", (2,)), ("null_dimensionality", (2,)))
    }
    fewer = {name: np.stack([array[OWN] if name == "carried" else array[OWN, ..., 0]] * 2) for name, array in whole.items()}
    made = [runs.Results("made/up", asked.Config.model_construct(), arrays) for arrays in (fewer, whole)]
    for ratio in (asked.carried_over_all(*made), asked.crowding_over_all(*made)):
        assert ratio.shape == (2, 2, 3, 5) and ratio == pytest.approx(1)
