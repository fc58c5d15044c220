"""Probes and their scores against scikit-learn's; what a model's MLP takes in and gives against the parameters."""

import numpy as np
import torch
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from superposition.stories.engine import grammar, models, tokenizer
from superposition.stories.measures import probes, reading

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((200, 6)), RNG.random((200, 3)) < (0.1, 0.5, 0.8)


def test_the_probes_are_ridge_regressions():
    weights, offset = probes.ridge(X, Y, penalty=0.02)
    centred = X - X.mean(0)
    alpha = 0.02 * (centred**2).sum() / 6
    for k in range(3):
        expected = Ridge(alpha=alpha).fit(X, Y[:, k])
        np.testing.assert_allclose(weights[k], expected.coef_, rtol=1e-8)
        np.testing.assert_allclose(offset[k], expected.intercept_, rtol=1e-8)


def test_the_area_under_the_curve_is_scikit_learns_ties_counted():
    scores = X.round(0)
    found = probes.auc(scores, Y)
    expected = [[roc_auc_score(Y[:, k], scores[:, j]) for k in range(3)] for j in range(6)]
    np.testing.assert_allclose(found, expected)
    np.testing.assert_allclose(probes.paired_auc(scores[:, :3], Y), np.diag(expected))


def test_a_feature_that_is_never_in_play_has_no_area():
    assert np.isnan(probes.auc(X[:, :1], np.zeros((200, 1), bool))).all()


def test_each_story_stands_in_a_row_of_its_own_behind_an_end():
    stories = list(grammar.stories(8, [0]))
    codec = tokenizer.train((story.text for story in stories), 400)
    tokens, taken = reading.rows(codec, [story.text for story in stories], 40)
    assert (tokens[:, 0] == tokenizer.END_ID).all()
    for k, story in enumerate(stories):
        ids = codec.encode(story.text).ids[:39]
        assert tokens[k, 1 : len(ids) + 1].tolist() == ids and taken[k].sum() == len(ids) + 1


def test_a_value_is_needed_before_each_word_that_follows_from_it_once_it_has_been_told():
    stories = list(grammar.stories(30, [1]))
    codec = tokenizer.train((story.text for story in stories), 400)
    needed = reading.needed(codec, stories, 300)
    for k, story in enumerate(stories):
        ends = [0, *(end for _, end in codec.encode(story.text).offsets)]
        found = {(ends[place], grammar.FEATURES[column]) for place, column in zip(*needed[k].nonzero(), strict=True)}
        expected = set()
        for at, _, slot in story.mentions:
            if any(before < at and slot == other for before, _, other in story.mentions):
                expected.add((max(end for end in ends if end <= at), f"{slot}={story.values[slot]}"))
        assert found == expected and expected


def test_the_mlps_in_and_out_are_those_of_the_parameters_and_of_places_taken_alone():
    model = models.create(1, 8, 2, 6, 20, 0)
    tokens, taken = RNG.integers(0, 20, (5, 6)), RNG.random((5, 6)) < 0.7
    taken_in, neurons = reading.mlp(model, tokens, taken, batch=2)
    block = model.transformer.h[0]
    with torch.no_grad():
        x = model.transformer.wte(torch.from_numpy(tokens)) + model.transformer.wpe.weight
        x = x + block.attn(block.ln_1(x))[0]
        expected = block.ln_2(x)
        np.testing.assert_allclose(taken_in, expected.numpy()[taken], atol=1e-6)
        pre = expected @ block.mlp.c_fc.weight.T + block.mlp.c_fc.bias
        np.testing.assert_allclose(neurons, torch.nn.functional.gelu(pre, approximate="tanh").numpy()[taken], atol=1e-6)
