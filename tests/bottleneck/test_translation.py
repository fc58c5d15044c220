"""Translations through bottlenecks, on a translator of random weights: the ends are what they must be, and the measures true."""

import numpy as np
import pytest
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from superposition import configs, runs
from superposition.bottleneck import translation
from superposition.bottleneck.translation import MEASURES, PCA, RANDOM, TRAINED

SMALL = {
    "widths": (2, 16),
    "n_pairs": 40,
    "n_train": 30,
    "n_test": 6,
    "batch": 6,
    "limit": 10,
    "tokens": 20,
    "lr": 0.01,
    "epochs": 2,
}


@pytest.fixture
def folder(translator, codec, tmp_path):
    """The translator as a folder of transformers' own, which any Marian model could be."""
    codec = type(codec).from_str(codec.to_str())
    codec.post_processor = TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    translator.model.save_pretrained(tmp_path)
    PreTrainedTokenizerFast(tokenizer_object=codec, eos_token="</s>", pad_token="<pad>").save_pretrained(tmp_path)
    return str(tmp_path)


def config_of(folder, **changes):
    return configs.read("bottleneck/translation", folder).quick.model_copy(update=SMALL | changes)


def test_at_full_width_the_translator_translates_as_itself_and_around_a_bottleneck_always(folder):
    config = config_of(folder)
    arrays, metrics, tables = translation.run(config, runs.Job())
    own, blocked = arrays["end_loss"]
    full = arrays["loss"][:, -1]
    np.testing.assert_allclose(full[[RANDOM, PCA]], own, atol=1e-3)
    np.testing.assert_allclose(arrays["explained"][[RANDOM, PCA], -1], 1, atol=1e-4)
    np.testing.assert_allclose(arrays["bleu"][[RANDOM, PCA], -1], metrics["BLEU of the translator"], atol=1e-9)
    assert abs(blocked - own) > 0.01
    assert (np.ptp(arrays["original_around"], axis=1) == 0).all() and np.ptp(arrays["original_masked"], axis=1).min() > 0
    assert (arrays["explained"][PCA, 0] > arrays["explained"][RANDOM, 0]).all()
    assert (arrays["loss"][TRAINED, 0] < arrays["loss"][PCA, 0]).all()
    assert arrays["faults"].shape == (3, 2, 2, 3) and (arrays["faults"].sum(-1) <= config.n_test).all()
    told = [len(row[: config.original_length]) for row in translation._given(config, 1).french[: config.original_train]]
    assert arrays["original_padding"][1] == pytest.approx(1 - np.mean(told) / config.original_length)
    examples = tables["examples"].to_pylist()
    assert len(examples) == 3 * 2 * len(translation.EXAMPLES)
    assert {row["sentence"] for row in examples} == set(translation.EXAMPLES)


def test_a_bottleneck_wider_than_the_model_is_refused(folder):
    with pytest.raises(runs.RunError, match="has 16 dimensions, and a bottleneck of 17 is none"):
        translation.run(config_of(folder, widths=(2, 17)), runs.Job())


def test_a_translation_that_the_data_have_is_not_kept(folder, monkeypatch):
    config = config_of(folder)
    test = translation._tested(config)
    blocked = translation.narrowing.nothing(translation._given(config, 0).moments)
    told = [translation._of_bytes(one) for one in translation._examples(config, blocked)]
    assert told[0]
    monkeypatch.setattr(translation, "_tested", lambda _: test._replace(references=[told[0]]))
    again = [translation._of_bytes(one) for one in translation._examples(config, blocked)]
    assert again == ["" if one == told[0] else one for one in told]


def test_the_measures_of_a_pentagon_are_the_known_ones():
    angle = 2 * np.pi * np.arange(5) / 5
    values = dict(zip(MEASURES, translation.measures(np.stack([np.cos(angle), np.sin(angle)], 1)), strict=True))
    expected = {"dimensionality": 0.4, "frobenius": 2.5, "interference": 1.5, "effective_features": 5, "effective_rank": 2}
    assert {name: values[name] for name in expected} == pytest.approx(expected)
    assert values["squared_cosine"] == pytest.approx(3 / 8)


def test_the_means_of_tokens_are_those_of_all_their_places(folder):
    config = config_of(folder, tokens=3)
    test, given = translation._tested(config), translation._given(config, 1)
    chosen = np.random.default_rng([1, 3]).permutation(config.n_pairs)[: config.n_train]
    rows = test.translator.of_english([test.pairs[0][k] for k in chosen])
    places: dict[int, list] = {}
    for row, said in zip(rows, given.hidden, strict=True):
        for token, vector in zip(row[:-1], said, strict=False):
            places.setdefault(token, []).append(vector.double().numpy())
    frequent = sorted(places, key=lambda token: (-len(places[token]), token))[:3]
    np.testing.assert_allclose(given.tokens, [np.mean(places[token], 0) - given.moments.mean for token in frequent], atol=1e-8)


def results_of(**arrays):
    return runs.Results("bottleneck/translation", configs.read("bottleneck/translation").full, arrays)


def test_agreement_finds_the_measure_that_follows_bleu_and_the_one_that_follows_the_width_alone():
    rng = np.random.default_rng(0)
    width, method = np.meshgrid(np.arange(5.0), [2.0, 0.0, 1.0])
    bleu = (10 * width + method)[..., None].repeat(2, -1)
    measure = rng.normal(size=(3, 5, 2, 2, 2, len(MEASURES)))
    measure[..., 1, 1, 0], measure[..., 1, 1, 1] = -bleu, (10 * width)[..., None]
    measure[..., 1, 1, 2] = 1.0
    overall, within = translation.agreement(results_of(bleu=bleu, measure=measure, explained=bleu / 100))
    np.testing.assert_allclose(overall[:, [0, 2, -1]], [[-1, 0, 1]] * 2, atol=1e-12)
    np.testing.assert_allclose(within[:, [0, 1, 2, -1]], [[-1, 0, 0, 1]] * 2, atol=1e-12)
    assert (overall[:, 1] > 0.9).all()


def test_of_vectors_at_random_two_coordinates_show_the_angle_as_well_as_chance_says():
    units = np.random.default_rng(0).normal(size=(60, 192))
    pair = np.triu_indices(60, 1)
    cosines = np.stack([translation.metrics.cosines(W)[pair] for W in (units[:, :2], units)], 1)
    found, chance = translation.picture(results_of(intro_cosines=cosines[None]))
    assert found[0] == pytest.approx(chance, abs=0.05)
