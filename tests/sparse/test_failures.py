"""Worlds have the densities and company that they say; each measure of a failure is 1 where it is there, and none in noise."""

import numpy as np
import pytest
import torch

from superposition import runs
from superposition.sparse import failures
from superposition.sparse.engine import worlds
from superposition.sparse.engine.worlds import Drawn
from superposition.sparse.failures import Trained

EXPERIMENT = "sparse/failures"
RNG = np.random.default_rng(0)
F = np.float32


def active(*given, examples=40_000):
    """Which features are active in examples of a world, drawn by the engine, and their sizes."""
    world = given[0].beside(*given[1:])
    n = world.patterns.shape[1]
    drawn = Drawn.create([world], [0.5], np.eye(n)[None], torch.Generator().manual_seed(0))
    return drawn.features(examples)[0].numpy()


@pytest.mark.parametrize("company", [-1.0, -0.5, 0.0, 0.9, 1.0])
def test_two_features_keep_their_densities_and_come_together_as_often_as_asked(company):
    x = active(worlds.company(0.25, 0.05, company), worlds.lone(0.1)) > 0
    assert x.mean(0) == pytest.approx([0.25, 0.05, 0.1], abs=0.01)
    both = {-1.0: 0, -0.5: 0.00625, 0.0: 0.0125, 0.9: 0.04625, 1.0: 0.05}[company]
    assert (x[:, 0] & x[:, 1]).mean() == pytest.approx(both, abs=0.004)
    assert (x[:, 0] & x[:, 2]).mean() == pytest.approx(0.025, abs=0.004)
    if company == 1:
        assert not (x[:, 1] & ~x[:, 0]).any()


def test_a_child_comes_only_with_its_parent_and_never_with_its_sibling():
    x = active(worlds.family(0.2, 4)) > 0
    assert x.mean(0) == pytest.approx([0.2, *[0.04] * 4], abs=0.01)
    assert (x[:, 1:].sum(1) <= x[:, 0]).all()


def test_composed_features_come_one_of_each_two_or_alone():
    x = active(worlds.composed(0.5, 0.25)) > 0
    count = x.sum(1)
    assert [(count == k).mean() for k in (0, 1, 2)] == pytest.approx([0.5, 0.125, 0.375], abs=0.01)
    assert not (x[:, 0] & x[:, 1]).any() and not (x[:, 2] & x[:, 3]).any()


def test_sizes_are_uniform_around_one():
    x = active(worlds.lone(0.5))
    assert np.quantile(x[x > 0], [0, 0.25, 0.5, 1]) == pytest.approx([0.5, 0.75, 1, 1.5], abs=0.01)


def trained(x, rows, encoder, bias=0.0, W=None):
    """One dictionary of the features' own space, with the code of its encoder."""
    W = np.eye(x.shape[1], dtype=F) if W is None else W.astype(F)
    z = np.maximum(x @ W @ encoder.T - bias, 0)
    return Trained(x[None].astype(F), z[None, None].astype(F), W[None], rows[None, None].astype(F), encoder[None, None].astype(F))


def nested(company=1.0):
    return (active(worlds.company(0.25, 0.05, company), worlds.lone(0.05), worlds.lone(0.05), examples=4000) > 0).astype(F)


def test_a_parent_that_is_absorbed_is_silent_in_all_examples_and_the_true_directions_silence_nothing():
    absorbing, looking = np.eye(4), np.eye(4)
    absorbing[1] = [0.5**0.5, 0.5**0.5, 0, 0]
    looking[0, 1] = -1
    told = failures._absorbed(trained(nested(), absorbing, looking))
    assert told["silent"].item() == 1 and told["carried"].item() == pytest.approx(0.5**0.5)
    told = failures._absorbed(trained(nested(), np.eye(4), np.eye(4)))
    assert told["silent"].item() == 0 and told["carried"].item() == 0 and told["recovered"].item() == 1


def test_a_parent_whose_latent_never_fires_and_latents_at_random_are_not_called_absorbed():
    deaf = np.eye(4)
    deaf[0] = 0
    assert failures._absorbed(trained(nested(), np.eye(4), deaf))["silent"].item() == 0
    silent = [failures._absorbed(trained(nested(), rows, rows))["silent"].item() for rows in RNG.standard_normal((60, 4, 4))]
    assert abs(np.mean(silent)) < 3 * np.std(silent) / 60**0.5


def test_a_feature_is_divided_among_as_many_latents_as_share_it_alike():
    assert failures.divided(np.array([[3.0, 0, 0, -1], [1, 1, 1, 1]])) == pytest.approx([1, 4])


def test_a_family_that_has_a_latent_for_each_child_is_split_and_a_childless_feature_is_not():
    x = (active(*[worlds.family(0.5, 2)] * 2, *[worlds.lone(0.5)] * 2, examples=20_000) > 0).astype(F)
    rows, looking = np.zeros((8, 8)), np.zeros((8, 8))
    for family, latents in ((0, (0, 1, 2)), (3, (3, 4, 5))):
        rows[latents[0], family] = 1
        looking[latents[0], [family, family + 1, family + 2]] = [1, -1, -1]
        for child in (1, 2):
            rows[latents[child], [family, family + child]] = 0.5**0.5
            looking[latents[child], family + child] = 2**0.5
    rows[[6, 7], [6, 7]] = looking[[6, 7], [6, 7]] = 1
    told = failures._split(trained(x, rows, looking))
    assert told["family_split"].item() == pytest.approx(3, abs=0.01)
    assert told["lone_split"].item() == pytest.approx(1)
    told = failures._split(trained(x, np.eye(8), np.eye(8)))
    assert told["family_split"].item() == pytest.approx(1) and told["split_recovered"].item() == pytest.approx(1)


def test_pairs_and_features_are_told_apart():
    x = active(worlds.composed(0.5, 0), examples=500)
    pairs = worlds.PAIRS / 2**0.5
    told = failures._composed(trained(x, pairs, pairs))
    assert told["pairs_found"].item() == pytest.approx(1) and told["features_found"].item() == pytest.approx(0.5**0.5)
    told = failures._composed(trained(x, np.eye(4), np.eye(4)))
    assert told["features_found"].item() == pytest.approx(1) and told["pairs_found"].item() == pytest.approx(0.5**0.5)


def test_the_fair_penalty_is_chosen_by_independent_features_alone():
    recovered = np.zeros((1, 2, 2, 1, 3, 2))
    recovered[0, 0, 0, ..., 1] = recovered[0, 1, 0, ..., 0] = 1
    recovered[0, 0, 1, ..., 0] = 5
    config = runs.configs.read(EXPERIMENT).full
    results = runs.Results(EXPERIMENT, config, {"recovered": recovered, "silent": recovered})
    assert failures.fair(results).tolist() == [[1, 0]]
    assert failures.at_fair(results, "silent")[0, 0].max() == 1


def test_the_first_component_is_that_of_drawn_examples():
    config = runs.configs.read(EXPERIMENT).full
    for c, hedge in zip(config.correlations, failures.first_component(config), strict=True):
        x = active(worlds.company(config.parent, config.child, c), examples=200_000)
        own, other = np.linalg.eigh(np.cov(x.T))[1][:, -1]
        assert hedge == pytest.approx(other * np.sign(own), abs=0.02)


def test_untrained_dictionaries_show_no_failure_and_what_theory_expects_lies_where_it_can(either):
    assert (either["carried_expected"] >= 0).all() and (either["carried_expected"] <= 0.5**0.5 + 1e-6).all()
    for name in ("recovered", "features_found", "pairs_found", "split_recovered"):
        assert ((either[name] >= 0) & (either[name] <= 1 + 1e-5)).all(), name
    assert (either["family_split"] <= np.array(either.config.widths)[:, None, None] + 1e-4).all()
    assert (np.abs(either["silent"]) <= 1).all()
