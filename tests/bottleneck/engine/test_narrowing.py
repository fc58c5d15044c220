"""Bottlenecks against scikit-learn's components and closed forms; losses masked on padding; a frozen translator stays."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from superposition import training
from superposition.bottleneck.engine import marian, narrowing
from superposition.bottleneck.engine.bilingual import pairs

DRAWN = pairs(12, 7)


@pytest.fixture
def data(translator):
    translator.model.requires_grad_(False)
    hidden = narrowing.said(translator.model, translator.of_english([pair.english for pair in DRAWN]), batch=5)
    return translator.model, hidden, translator.of_french([pair.french for pair in DRAWN]), narrowing.moments(hidden)


def test_what_the_encoder_says_of_a_sentence_is_the_same_alone_and_in_any_batch(translator, data):
    _, hidden, _, of = data
    for k in (0, 5, 11):
        (alone,) = narrowing.said(translator.model, translator.of_english([DRAWN[k].english]))
        np.testing.assert_allclose(alone, hidden[k], atol=1e-5)
    tokens = torch.cat(hidden).double().numpy()
    np.testing.assert_allclose(of.covariance, np.cov(tokens.T, bias=True))
    np.testing.assert_allclose(of.mean, tokens.mean(0))


@pytest.mark.parametrize("width", [1, 5, 15])
def test_principal_components_explain_as_much_as_scikit_learns_and_more_than_any_others(data, width):
    _, hidden, _, of = data
    found = narrowing.explained(narrowing.principal(width, of), hidden)
    fit = PCA(width).fit(torch.cat(hidden).double().numpy())
    assert found == pytest.approx(fit.explained_variance_ratio_.sum(), abs=1e-4)
    rng = np.random.default_rng(0)
    assert all(narrowing.explained(narrowing.random(width, of, rng), hidden) < found for _ in range(5))


def test_the_way_up_is_that_of_least_squares(data):
    _, hidden, _, of = data
    tokens = torch.cat(hidden).double().numpy()
    down = np.random.default_rng(1).standard_normal((16, 4))
    found = narrowing.best_decoding(down, of)
    code = np.column_stack([tokens @ down, np.ones(len(tokens))])
    best = np.linalg.lstsq(code, tokens, rcond=None)[0]
    np.testing.assert_allclose(torch.vstack([found.up, found.bias]), best, atol=1e-3)


def test_random_directions_explain_their_share_of_a_round_cloud():
    of = narrowing.Moments(np.zeros(60), np.eye(60))
    hidden = [torch.randn(500, 60, generator=torch.Generator().manual_seed(k)) for k in range(4)]
    assert narrowing.explained(narrowing.random(15, of, np.random.default_rng(0)), hidden) == pytest.approx(0.25, abs=0.02)
    assert narrowing.explained(narrowing.nothing(of), hidden) == pytest.approx(0, abs=0.01)


def test_at_full_width_all_comes_through(data):
    model, hidden, french, of = data
    own = narrowing.loss(model, None, hidden, french)
    for bottleneck in (narrowing.principal(16, of), narrowing.random(16, of, np.random.default_rng(0))):
        assert narrowing.explained(bottleneck, hidden) == pytest.approx(1, abs=1e-5)
        assert narrowing.loss(model, bottleneck, hidden, french) == pytest.approx(own, abs=1e-3)


def test_the_loss_leaves_padding_out_whatever_stands_in_a_batch(data):
    model, hidden, french, of = data
    narrow = narrowing.principal(4, of)
    each = [narrowing.loss(model, narrow, hidden[k : k + 1], french[k : k + 1]) for k in range(12)]
    lengths = [len(row) for row in french]
    for batch in (1, 5, 12):
        assert narrowing.loss(model, narrow, hidden, french, batch=batch) == pytest.approx(
            np.average(each, weights=lengths), rel=1e-5
        )
    with pytest.raises(ValueError, match="no token"):
        narrowing.loss(model, narrow, hidden[:1], [[]])


@torch.no_grad()
def test_the_originals_loss_is_transformers_own_with_padding_in_the_labels(translator, data):
    model, hidden, french, of = data
    narrow, length = narrowing.principal(4, of), 40
    told, mask = narrowing.batched(hidden)
    labels, _ = marian.padded(french, 0)
    labels = torch.nn.functional.pad(labels, (0, length - labels.shape[1]))
    theirs = model(encoder_outputs=(narrow(told),), attention_mask=mask.long(), labels=labels).loss
    assert narrowing.loss(model, narrow, hidden, french, length) == pytest.approx(float(theirs), rel=1e-5)


def test_training_lowers_the_loss_and_leaves_the_translator_and_the_start_as_they_were(data):
    model, hidden, french, of = data
    before = {name: p.clone() for name, p in model.named_parameters()}
    start = narrowing.random(3, of, np.random.default_rng(2))
    kept = [x.clone() for x in (start.down, start.up, start.bias)]
    after, losses = narrowing.train(model, start, hidden, french, training.AdamW(3e-2, weight_decay=0.0), 6, 4, seed=0)
    assert len(after) == 6 and losses.shape == (18,)
    assert narrowing.loss(model, after[-1], hidden, french) < narrowing.loss(model, start, hidden, french) - 0.2
    assert all(torch.equal(p, before[name]) for name, p in model.named_parameters())
    assert all(map(torch.equal, kept, (start.down, start.up, start.bias)))
    again, _ = narrowing.train(model, start, hidden, french, training.AdamW(3e-2, weight_decay=0.0), 6, 4, seed=0)
    assert torch.equal(again[-1].down, after[-1].down) and not torch.equal(after[0].down, after[-1].down)


def test_mixing_a_bottlenecks_numbers_changes_nothing_that_comes_out(data):
    _, hidden, _, of = data
    one = narrowing.random(5, of, np.random.default_rng(3))
    down = one.down.double().numpy()
    white = narrowing.whitened(down, of.covariance)
    np.testing.assert_allclose(white.T @ of.covariance @ white, np.eye(5), atol=1e-8)
    mix = np.linalg.lstsq(down, white, rcond=None)[0]
    other = narrowing.Bottleneck(
        *(torch.from_numpy(x).float() for x in (white, np.linalg.inv(mix) @ one.up.double().numpy())), one.bias
    )
    np.testing.assert_allclose(other(hidden[0]), one(hidden[0]), atol=1e-3)


def test_two_linears_are_pytorchs_own_one_after_the_other():
    x = torch.randn(9, 16, generator=torch.Generator().manual_seed(0))
    found = narrowing.two_linears(16, 5, seed=4)
    torch.manual_seed(4)
    into, out = torch.nn.Linear(16, 5), torch.nn.Linear(5, 16)
    np.testing.assert_allclose(found(x), out(into(x)).detach(), atol=1e-6)
    assert float(narrowing.two_linears(16, 5, 4, uniform=0.5).down.abs().max()) == pytest.approx(0.5, abs=0.05)
