"""The laboratory's tables give the transformer's logits, and its still picture shows what the transformer does."""

import numpy as np
import pytest
import torch

from superposition import runs
from superposition.addition.engine import browser_tables, data, learning_curves
from superposition.addition.engine.lookup import Lookup
from superposition.addition.engine.transformer import Transformer

PAIRS = data.draw(5, 40)


def seen(pairs=PAIRS):
    return torch.from_numpy(data.tokens(*pairs.T))


@pytest.mark.parametrize(("n_heads", "d_head"), [(32, 2), (4, 3)])
def test_the_tables_give_the_transformers_logits_by_two_sums_and_a_division(random_model, n_heads, d_head):
    model = random_model(n_heads=n_heads, d_head=d_head)
    T = browser_tables.tables(Lookup.of(model), seen())
    for tokens in seen()[:8].numpy():
        for t in range(7):
            E = np.exp(T["by_token"][t, tokens] + T["by_place"][t])
            V = T["V_token"][tokens] + T["V_place"]
            z = np.einsum("ph,phd->hd", E, V) / E.sum(0)[:, None]
            logits = T["direct"][t] + np.einsum("hd,hdc->c", z, T["WOU"])
            truth = model(torch.from_numpy(tokens[None]))[0, 12 + t].detach().numpy()
            np.testing.assert_allclose(logits, truth, rtol=0, atol=1e-10)


def test_heads_at_their_mean_give_the_transformers_mean_logits(random_model):
    model = random_model()
    T = browser_tables.tables(Lookup.of(model), seen())
    logits = T["direct"] + np.einsum("thd,hdc->tc", T["mean"], T["WOU"])
    np.testing.assert_allclose(logits, model(seen())[:, 12:].mean(0).detach(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("answer", [0, 3, 6])
def test_the_view_varies_the_two_digits_of_the_column_as_the_transformer_would_answer(answer):
    trained, column = runs.load("addition/train"), min(answer, 5)
    model = Transformer.of({name: trained[name][0].astype(float) for name in learning_curves.PARAMETERS})
    found = browser_tables.view(Lookup.of(model), 444445, 505050, answer)
    tens = 10**column
    a, b = (n - n // tens % 10 * tens for n in (444445, 505050))
    grid = np.array([[(a + x * tens, b + y * tens) for y in range(10)] for x in range(10)]).reshape(100, 2)
    truth = model(seen(grid))[:, 12 + answer].argmax(-1).reshape(10, 10)
    assert (found.varied == truth.numpy()).all() and len(np.unique(found.varied)) > 1
    logits = model(seen(np.array([[444445, 505050]])))[0, 12:].detach().numpy()
    assert (found.answers == logits.argmax(-1)).all()
    np.testing.assert_allclose(found.logits, logits[answer], atol=1e-9)


def test_the_view_leaves_out_heads_that_are_not_kept(random_model):
    model, keep = random_model(), np.arange(32) % 3 == 0
    found = browser_tables.view(Lookup.of(model), 123456, 654321, 2, keep)
    with torch.no_grad():
        model.W_O[~torch.from_numpy(keep)] = 0
        truth = model(seen(np.array([[123456, 654321]])))[0, 14]
    np.testing.assert_allclose(found.logits, truth, atol=1e-10)
    assert (found.contributions[~keep] == 0).all() and (found.contributions[keep] != 0).all()
    np.testing.assert_allclose(found.pattern.sum(-1), 1)
