"""Experiments that train grids of models: the arrays' axes are what the schema says, told by each cell's own loss.
A quick run of each; the losses are computed anew, on inputs from another generator, with the formula written out."""

import numpy as np
import pytest

from superposition import configs, runs
from superposition.toy import demonstrating, geometry, intro, wide

RNG = np.random.default_rng(0)


def same(arrays, loss, p, importance, relu=True, of=""):
    """Whether a cell's loss is that of its weights, to six standard errors: far less than another cell's differs."""
    W, b = (arrays[f"{name}{of}"].astype(float) for name in ("W", "b"))
    assert W.shape[:-2] == loss.shape
    p, importance = (np.broadcast_to(value, W.shape[:-1]) for value in (p, importance))
    relu = np.broadcast_to(relu, loss.shape)
    for cell in np.ndindex(loss.shape):
        x = RNG.random((4000, W.shape[-2])) * (RNG.random((4000, W.shape[-2])) < p[cell])
        out = x @ W[cell] @ W[cell].T + b[cell]
        each = (importance[cell] * (x - (np.maximum(out, 0) if relu[cell] else out)) ** 2).sum(1)
        assert loss[cell] == pytest.approx(each.mean(), abs=6 * each.std() / 63), cell


def quick(name, module, **changed):
    config = configs.read(name).quick.model_copy(update={"steps": 3} | changed)
    return config, module.run(config, runs.Job())[0]


def test_the_introductions_models_are_laid_out_by_seed_and_density():
    config, arrays = quick("toy/intro", intro)
    p, importance = arrays["density"][:, None], config.importance_decay ** np.arange(config.n_features)
    same(arrays, arrays["loss"], p, importance)


def test_linear_and_relu_models_are_laid_out_by_kind_sparsity_and_seed():
    config, arrays = quick("toy/demonstrating", demonstrating)
    p, relu = (1 - arrays["sparsity"])[:, None, None], np.array([False, True])[:, None, None]
    for k, size in enumerate(demonstrating.SIZES):
        importance = config.importance_decay[k] ** np.arange(config.n_features[k])
        same(arrays, arrays[f"loss_{size}"], p, importance, relu, of=f"_{size}")


def test_the_geometrys_models_are_laid_out_by_seed_and_density_and_equally_important():
    _, arrays = quick("toy/geometry", geometry)
    same(arrays, arrays["loss"], arrays["density"][:, None], 1)


def test_wide_models_are_laid_out_by_seed_and_density():
    _, arrays = quick("toy/wide", wide)
    same(arrays, arrays["loss"], arrays["density"][:, None], arrays["importance"])
