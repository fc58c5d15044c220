"""The measures of the grammar's features on codes that are known: none, one neuron a value, and all values on one axis."""

from collections import Counter

import numpy as np
import pytest

from superposition import metrics
from superposition.stories import grammar_truth
from superposition.stories.engine import grammar

SLOT = grammar_truth._SLOT
STORIES = list(grammar.stories(600, [5]))
CONFIG = grammar_truth.Config(
    n_stories=20, n_probed=600, n_entries=400, d_models=(8,), n_heads=2, seeds=1, context=48, epochs=1.0, batch=4, lr=0.01,
    warmup=2, weight_decay=0.1, shown=8,
)  # fmt: skip


@pytest.fixture(scope="module")
def corpus():
    return grammar_truth._Corpus(CONFIG)


def test_the_grammars_own_loss_is_the_entropy_of_its_draws():
    """Of the values that are always told, by the formula; and below the average surprise of any wrong weights."""
    shares = {slot: (1 / np.arange(1, len(values) + 1)) for slot, values in grammar.SLOTS.items()}
    entropy = {slot: -(p / p.sum()) @ np.log(p / p.sum()) for slot, p in shares.items()}
    plot = sum(np.log(len(row)) for row in grammar.PLOT)
    found = grammar_truth.best_loss(list(grammar.stories(3000, [9]))) - plot
    told = Counter(slot for story in STORIES for slot in {slot for *_, slot in story.mentions})
    always = {slot for slot in grammar.SLOTS if told[slot] == len(STORIES)}
    assert always == {"hero", "friend", "thing", "colour", "feeling"}
    least = sum(entropy[slot] for slot in ("hero", "thing", "colour", "feeling"))
    # The friend is drawn from what the hero leaves, the place is not told in every story.
    assert least + entropy["hero"] * 0.8 < found < least + entropy["hero"] + entropy["place"]


def test_a_neuron_a_value_is_found_by_probe_and_neuron_and_shuffled_values_are_not(corpus):
    rng = np.random.default_rng(0)
    x = corpus.labels + 0.1 * rng.standard_normal(corpus.labels.shape)
    probed, alone = grammar_truth.told_apart(x, corpus.labels, corpus.learn)
    both = corpus.labels[corpus.learn].any(0) & corpus.labels[~corpus.learn].any(0)
    assert both.sum() > 60 and probed[both].min() > 0.99 and alone[both].min() > 0.99
    probed, alone = grammar_truth.told_apart(x, corpus.shuffled, corpus.learn)
    assert abs(np.nanmean(probed) - 0.5) < 0.05 and abs(np.nanmean(alone) - 0.5) < 0.05


def test_knowing_only_that_a_slot_is_in_play_tells_no_value_apart(corpus):
    in_play = np.stack([corpus.labels[:, slot == SLOT].any(1) for slot in range(6)], 1)
    x = in_play + 0.1 * np.random.default_rng(0).standard_normal(in_play.shape)
    probed, alone = grammar_truth.told_apart(x, corpus.labels, corpus.learn)
    assert abs(np.nanmean(probed) - 0.5) < 0.05 and abs(np.nanmean(alone) - 0.5) < 0.05


def test_values_without_interference_have_one_dimension_less_than_they_are(corpus):
    W = np.linalg.qr(np.random.default_rng(0).standard_normal((80, 80)))[0][: len(SLOT)]
    own = grammar_truth.directions(corpus.labels @ W, corpus.labels)
    sizes = np.bincount(SLOT)[SLOT]
    np.testing.assert_allclose(metrics.feature_dimensionality(own), 1 - 1 / sizes, atol=0.02)


def test_what_only_says_that_a_slot_is_in_play_is_no_direction_of_a_value(corpus):
    in_play = np.stack([corpus.labels[:, slot == SLOT].any(1) for slot in range(6)], 1).astype(float)
    assert np.abs(grammar_truth.directions(in_play, corpus.labels)).max() < 1e-3


def test_shuffled_values_leave_what_is_in_play_where_it_is_and_how_often_each_is_dealt(corpus):
    for slot in range(6):
        own = slot == SLOT
        assert (corpus.labels[:, own].any(1) == corpus.shuffled[:, own].any(1)).all()
        assert (corpus.shuffled[:, own].sum(1) <= 1).all()
    assert (corpus.labels != corpus.shuffled).any(1).mean() > 0.3


def test_probes_are_tried_on_stories_that_they_have_not_seen(corpus):
    story = np.broadcast_to(np.arange(len(corpus.taken))[:, None], corpus.taken.shape)[corpus.taken]
    assert not set(story[corpus.learn]) & set(story[~corpus.learn])
    assert set(story[corpus.learn]) | set(story[~corpus.learn]) == set(range(600))
