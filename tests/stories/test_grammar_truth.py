"""The measures of the grammar's features on codes that are known: none, one neuron a value, and all values on one axis."""

from collections import Counter

import numpy as np
import pytest
import torch

from superposition import metrics, runs
from superposition.stories import grammar_truth
from superposition.stories.engine import grammar, models, tokenizer

EXPERIMENT = "stories/grammar_truth"
SLOT = grammar_truth._SLOT
STORIES = list(grammar.stories(600, [5]))
CONFIG = grammar_truth.Config(
    n_stories=20, n_probed=600, n_entries=400, d_models=(8,), n_heads=2, seeds=1, context=128, steps=2, batch=4, lrs=(0.01,),
    warmup=2, weight_decay=0.1, rotations=1,
)  # fmt: skip


@pytest.fixture(scope="module")
def corpus():
    return grammar_truth._Corpus(CONFIG)


def test_the_grammars_own_loss_is_the_entropy_of_its_draws():
    """The place counts only where it is told, and the friend is drawn from whom the hero leaves."""
    share = {slot: 1 / np.arange(1, len(values) + 1) for slot, values in grammar.SLOTS.items()}
    p = {slot: one / one.sum() for slot, one in share.items()}
    entropy = {slot: -(one @ np.log(one)) for slot, one in p.items()}
    others = [np.delete(p["friend"], hero) / (1 - p["friend"][hero]) for hero in range(len(grammar.NAMES))]
    entropy["friend"] = p["hero"] @ [-(one @ np.log(one)) for one in others]
    told = Counter(slot for story in STORIES for slot in {slot for *_, slot in story.mentions})
    expected = sum(entropy[slot] * told[slot] / len(STORIES) for slot in grammar.SLOTS)
    plot = sum(np.log(len(row)) for row in grammar.PLOT)
    assert grammar_truth.best_loss(STORIES) - plot == pytest.approx(expected, abs=0.15)
    assert {slot for slot in grammar.SLOTS if told[slot] < len(STORIES)} == {"place"}


def test_a_neuron_a_value_is_found_by_probe_and_neuron_and_shuffled_values_are_not(corpus):
    x = corpus.labels + 0.1 * np.random.default_rng(0).standard_normal(corpus.labels.shape)
    both = corpus.labels[corpus.learn].any(0) & corpus.labels[~corpus.learn].any(0)
    alone, each = grammar_truth.single_neurons(x, corpus.labels, corpus.learn)
    assert both.sum() > 60 and alone[both].min() > 0.99
    assert grammar_truth.told_apart(x, corpus.labels, corpus.learn)[both].min() > 0.99
    assert np.diag(grammar_truth.serves(each))[both].all() and grammar_truth.serves(each).sum() < 1.2 * both.sum()
    alone, each = grammar_truth.single_neurons(x, corpus.shuffled, corpus.learn)
    assert abs(np.nanmean(alone) - 0.5) < 0.05 and grammar_truth.serves(each).sum() < 0.1 * both.sum()
    assert abs(np.nanmean(grammar_truth.told_apart(x, corpus.shuffled, corpus.learn)) - 0.5) < 0.05


def test_a_neuron_that_falls_silent_where_a_value_is_needed_serves_it(corpus):
    alone, each = grammar_truth.single_neurons(-corpus.labels[:, :1].astype(float), corpus.labels, corpus.learn)
    assert alone[0] == 1 and grammar_truth.serves(each)[0, 0]


def test_knowing_only_that_a_slot_is_needed_tells_no_value_apart(corpus):
    is_needed = np.stack([corpus.labels[:, slot == SLOT].any(1) for slot in range(6)], 1)
    x = is_needed + 0.1 * np.random.default_rng(0).standard_normal(is_needed.shape)
    assert abs(np.nanmean(grammar_truth.told_apart(x, corpus.labels, corpus.learn)) - 0.5) < 0.05


def test_values_without_interference_have_one_dimension_less_than_they_are(corpus):
    W = np.linalg.qr(np.random.default_rng(0).standard_normal((80, 80)))[0][: len(SLOT)]
    own = grammar_truth.directions(corpus.labels @ W, corpus.labels)
    sizes = np.bincount(SLOT)[SLOT]
    np.testing.assert_allclose(metrics.feature_dimensionality(own), 1 - 1 / sizes, atol=0.02)


def test_what_only_says_that_a_slot_is_needed_is_no_direction_of_a_value(corpus):
    is_needed = np.stack([corpus.labels[:, slot == SLOT].any(1) for slot in range(6)], 1).astype(float)
    assert np.abs(grammar_truth.directions(is_needed, corpus.labels)).max() < 1e-3


def test_shuffled_values_leave_what_is_needed_where_it_is_and_how_often_each_is_dealt(corpus):
    for slot in range(6):
        own = slot == SLOT
        assert (corpus.labels[:, own].any(1) == corpus.shuffled[:, own].any(1)).all()
        assert (corpus.shuffled[:, own].sum(1) <= 1).all()
    assert (corpus.labels != corpus.shuffled).any(1).mean() > 0.3


def test_probes_are_tried_on_stories_that_they_have_not_seen(corpus):
    story = np.broadcast_to(np.arange(len(corpus.where))[:, None], corpus.where.shape)[corpus.where]
    assert not set(story[corpus.learn]) & set(story[~corpus.learn])
    assert set(story[corpus.learn]) | set(story[~corpus.learn]) == set(range(600))


def test_a_storys_loss_is_that_of_each_next_token_and_of_its_end_and_of_nothing_behind(corpus):
    model = models.create(1, 8, 2, CONFIG.context, corpus.codec.get_vocab_size(), 0)
    short = np.flatnonzero(corpus.taken.sum(1) < CONFIG.context)[:3]
    tokens, taken = corpus.tokens[short], corpus.taken[short]
    found = []
    for row, count in zip(tokens, taken.sum(1), strict=True):
        with torch.no_grad():
            p = model(torch.from_numpy(row[None, :count])).logits[0].log_softmax(-1)
        targets = [*row[1:count], tokenizer.END_ID]
        found += [-p[k, target].item() for k, target in enumerate(targets)]
    assert grammar_truth.story_loss(model, tokens, taken).item() == pytest.approx(np.mean(found), rel=1e-5)
    assert len(found) == taken.sum()


def test_directions_at_random_are_as_long_as_those_that_they_are_held_against():
    rng = np.random.default_rng(0)
    own, other = rng.standard_normal((5, 4)), rng.standard_normal((5, 4))
    own[2] = 0
    np.testing.assert_allclose(metrics.norms(grammar_truth._as_long(other, own)), metrics.norms(own))
    Q = grammar_truth._rotation(6, rng)
    np.testing.assert_allclose(Q @ Q.T, np.eye(6), atol=1e-12)


def test_neurons_are_counted_alike_by_the_features_they_serve_and_by_how_many_features_each_serves(either):
    per_neuron, per_feature = either["features_per_neuron"], either["neurons_per_feature"]
    for width, m in enumerate(either["d_model"]):
        assert (per_neuron[width].sum(-1) == 4 * m).all()
        assert (per_neuron[width] @ np.arange(per_neuron.shape[-1]) == per_feature[width].sum(-1)).all()


def test_shares_of_a_dimension_add_up_to_no_more_than_there_are_and_cosines_are_symmetric(either):
    total = np.nansum(either["dimensionality"], -1)
    assert (total <= either["d_model"][:, None, None, None] * 1.001)[:, :, :, 0].all()
    np.testing.assert_allclose(either["cosine"], either["cosine"].swapaxes(-1, -2), atol=1e-5)


def test_before_training_no_model_knows_the_grammar_and_none_goes_below_its_entropy(either):
    assert (either["loss"] > either["entropy"]).all()


def test_names_that_share_a_direction_between_their_roles_are_told_from_those_that_do_not():
    names = len(grammar.NAMES)
    W = np.eye(len(SLOT))
    assert grammar_truth.shared_names(results_of(W @ W.T)) == pytest.approx(0)
    W[names : 2 * names] = W[:names]
    assert grammar_truth.shared_names(results_of(W @ W.T)) == pytest.approx(1)


def results_of(cosine):
    return runs.Results("stories/grammar_truth", CONFIG, {"cosine": cosine[None, None, None]})


def test_the_areas_of_a_slot_are_the_median_of_its_values_in_the_trained_model():
    areas = np.stack([SLOT / 10, np.full(len(SLOT), np.nan)])  # trained, before training
    areas[0, 0] = np.nan
    results = runs.Results("stories/grammar_truth", CONFIG, {"auc": np.repeat(areas[None, None, :, None], 3, 3)})
    np.testing.assert_allclose(grammar_truth.by_slot(results, "auc")[0, 0], [np.arange(6) / 10] * 3)
