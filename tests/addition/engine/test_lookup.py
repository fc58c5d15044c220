"""The table form against the transformer that it is a rewriting of, and against TransformerLens' own hooks."""

import pytest
import torch

from superposition.addition.engine import data
from superposition.addition.engine.lookup import Lookup, ablated
from superposition.addition.engine.transformer import to_bridge

READINGS = ["at once", "one by one"]
PRECISION = [(torch.float32, 1e-5), (torch.float64, 1e-10)]


def sums(reading="at once", count=60):
    pairs = data.draw(0, count).T
    return torch.from_numpy(data.tokens(*pairs, reading)), torch.from_numpy(data.answers(*pairs)).long()


def loss(logits, answers):
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), answers.flatten())


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize(("dtype", "tolerance"), PRECISION)
@pytest.mark.parametrize("shape", [(32, 2), (64, 1), (8, 8)])
def test_logits_and_gradients_are_the_transformers(random_model, reading, dtype, tolerance, shape):
    transformer, (tokens, answers) = random_model(dtype, 0, *shape), sums(reading)
    truth, found = transformer(tokens)[:, data.N_INPUTS :], Lookup.of(transformer).logits(tokens)
    torch.testing.assert_close(found, truth, atol=tolerance, rtol=0)
    parameters = list(transformer.parameters())
    gradients = (torch.autograd.grad(loss(logits, answers), parameters) for logits in (found, truth))
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs, atol=tolerance, rtol=0)


def test_patterns_and_z_are_those_of_transformer_lens(random_model):
    transformer, (tokens, _) = random_model(), sums()
    _, cache = to_bridge(transformer).run_with_cache(tokens.long())
    heads = Lookup.of(transformer).attend(tokens)
    pattern = cache["blocks.0.attn.hook_pattern"][:, :, data.N_INPUTS :].transpose(1, 2)
    torch.testing.assert_close(heads.pattern, pattern, atol=1e-10, rtol=0)
    z = cache["blocks.0.attn.hook_z"][:, data.N_INPUTS :].flatten(2)
    torch.testing.assert_close(heads.z.flatten(2), z, atol=1e-10, rtol=0)


def test_a_head_is_two_sums_of_table_entries_and_a_division(random_model):
    tables, (tokens, _) = Lookup.of(random_model()), sums()
    E, V = tables.E(data.EQUALS), tables.V
    found = tables.attend(tokens).z
    for example, answer, head in ((0, 0, 0), (7, 3, 31), (59, 6, 12)):
        entries = [(E[answer, p, d, head], V[p, d, head]) for p, d in enumerate(tokens[example].tolist())]
        quotient = sum(e * v for e, v in entries) / sum(e for e, _ in entries)
        torch.testing.assert_close(found[example, answer, head], quotient)


def test_scores_too_large_for_their_exponential_are_no_trouble(random_model):
    transformer, (tokens, _) = random_model(), sums()
    with torch.no_grad():
        transformer.W_Q *= 300
    tables = Lookup.of(transformer)
    assert max(part[part.isfinite()].abs().max() for part in tables.scores) > 89
    torch.testing.assert_close(tables.logits(tokens), transformer(tokens)[:, data.N_INPUTS :])
    assert tables.E(data.EQUALS).isfinite().all()


def test_zero_ablation_is_that_of_a_hook_on_z(random_model):
    transformer, (tokens, _) = random_model(), sums()
    keep = torch.rand(32, generator=torch.Generator().manual_seed(0)) < 0.5

    def cut(z, hook):
        return z.unflatten(-1, (32, 2)).mul(keep[:, None]).flatten(-2) if z.ndim == 3 else z * keep[:, None]

    hooked = to_bridge(transformer).run_with_hooks(tokens.long(), fwd_hooks=[("blocks.0.attn.hook_z", cut)])
    tables = Lookup.of(transformer)
    found = tables.read(ablated(tables.attend(tokens).z, keep), tables.direct(tokens))
    torch.testing.assert_close(found, hooked[:, data.N_INPUTS :], atol=1e-10, rtol=0)


def test_mean_and_resample_ablation_replace_what_is_not_kept(random_model):
    tables, (tokens, _) = Lookup.of(random_model()), sums()
    z, keep = tables.attend(tokens).z, torch.arange(32) != 5
    for instead in (z.mean(0), z.roll(1, 0)):
        found = ablated(z, keep, instead)
        assert (found[:, :, keep] == z[:, :, keep]).all() and (found[:, :, 5] == instead[..., 5, :]).all()


def test_contributions_of_the_heads_and_the_direct_path_add_up_to_the_logits(random_model):
    tables, (tokens, _) = Lookup.of(random_model()), sums()
    parts = tables.contributions(tables.attend(tokens).z)
    torch.testing.assert_close(parts.sum(2) + tables.direct(tokens), tables.logits(tokens))
