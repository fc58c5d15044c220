"""Dictionaries of what the heads find: copies, known codes and latents taken out, against the transformer itself and by hand."""

import numpy as np
import pytest
import torch

from superposition import configs, runs
from superposition.addition import dictionary
from superposition.addition.engine import data
from superposition.addition.engine.learning_curves import transformers
from superposition.addition.engine.lookup import Lookup
from superposition.addition.measures.concepts import FAMILIES, GAIN, MEASURES

EXPERIMENT = "addition/dictionary"
CONFIG = configs.read(EXPERIMENT).quick


@pytest.fixture(scope="module")
def model():
    return transformers(runs.load("addition/train"))[0]


def test_what_the_model_says_with_its_own_z_in_place_is_what_it_says(model):
    seen = dictionary.answer(CONFIG, "thousands", 0, model)
    pairs = sums_of(seen)
    with torch.no_grad():
        said = model(torch.from_numpy(data.tokens(*pairs.T)))[:, data.N_INPUTS + 3].argmax(-1)
    assert seen.said(seen.score).tolist() == said.tolist()
    assert seen.right.tolist() == data.answers(*pairs.T)[:, 3].tolist()
    assert seen.spliced(seen.score) == pytest.approx((said == seen.right).double().mean())
    assert seen.explained(seen.score) == 1 and seen.explained(seen.score.mean(0).expand_as(seen.score)) == pytest.approx(0)


def sums_of(seen):
    """The sums of the second half, drawn again."""
    from superposition.addition.engine import streams

    count = CONFIG.n_train + 2 * CONFIG.n_held
    return streams.generator(CONFIG.seed, 0, stream=streams.ASKED).integers(0, 10**6, (count, 2))[-CONFIG.n_held :]


def test_z_has_no_mean_and_length_one_where_dictionaries_are_trained(model):
    for base in ("ones", "all seven"):
        many = dictionary.answer(CONFIG, base, 0, model).many
        assert many.mean(0).abs().max() < 1e-4 and (many**2).sum(1).mean() == pytest.approx(1, abs=1e-4)
        assert len(many) == CONFIG.n_train * (7 if base == "all seven" else 1)


def test_whitened_z_varies_alike_everywhere_and_in_all_coordinates_the_model_says_the_same(model):
    config = CONFIG.model_copy(update={"n_train": 3000})
    plain, white, seen = (dictionary.answer(config, base, 0, model) for base in ("thousands", "whitened", "logits"))
    assert np.cov(white.train.numpy().T) == pytest.approx(np.eye(64) / 64, abs=1e-3)
    assert seen.train.shape[1] == 9 and (seen.train**2).sum(1).mean() == pytest.approx(1, abs=1e-4)
    logits = plain.score @ plain.out
    for other in (white, seen):
        assert (other.score @ other.out).numpy() == pytest.approx(logits.numpy(), abs=2e-3 * float(logits.std()))


def test_a_known_code_is_the_mean_of_z_where_its_labels_agree(model):
    seen = dictionary.answer(CONFIG, "thousands", 0, model)
    made, size = dictionary._table(seen, ("sum", "carry in"))
    own, other = (known["sum"] + 0.5 * known["carry in"] for known in (seen.labels[2], seen.labels[0]))
    assert size == len(np.unique(other))
    for k in (0, 7, 20):
        if (other == own[k]).any():
            assert made[k].numpy() == pytest.approx(seen.train[other == own[k]].mean(0).numpy(), abs=1e-4)


def test_a_latent_taken_out_leaves_what_is_right_without_it(model):
    seen = dictionary.answer(CONFIG, "thousands", 0, model)
    rows = torch.nn.functional.normalize(torch.randn(3, 64, generator=torch.Generator().manual_seed(0)), dim=-1)
    code = (seen.score @ rows.T).relu()
    broken, by_one = dictionary._broken(seen, code, rows)
    firings = turned = near = 0
    for k, z in enumerate(code):
        for j in np.flatnonzero(z.numpy()):
            if seen.said(seen.score[k]) == seen.right[k]:
                off = int(seen.said(seen.score[k] - z[j] * rows[j]) - seen.right[k]) % 10
                firings, turned, near = firings + 1, turned + (off != 0), near + (off in (1, 9))
    assert broken == pytest.approx(turned / firings) and by_one == pytest.approx(near / max(1, turned))


def test_made_up_vectors_are_a_sum_of_one_direction_for_each_digit_and_one_for_a_carry(model):
    rng, tables = np.random.default_rng(0), Lookup.of(model)
    a, b, c = np.zeros((3, 40), int)
    a[1], b[2], c[3:] = 4, 5, 1
    labels = {"a": a, "b": b, "a below": a * 0, "b below": b * 0, "answer": a, "carry in": c}
    z = dictionary._made_up(labels, tables, rng)[:, 0].numpy()
    for k in (1, 2):  # one digit changed: the difference of two directions of length one
        assert np.linalg.norm(z[k] - z[0]) == pytest.approx(2**0.5, abs=0.4)
    assert np.linalg.norm(z[3] - z[0]) == pytest.approx(1, abs=1e-5)


@pytest.fixture
def made():
    """Results of two seeds, two starts and one width, with two kinds and two penalties."""
    told = np.zeros((1, 2, 1, 2, 2, 2, len(FAMILIES), len(MEASURES)))
    told[..., 0, 1, 0, :] = 0.4  # the second penalty's, of digits
    told[0, :, 0, 1, :, 0, 0, GAIN] = [[0.9, 0.7], [0.3, 0.1]]  # TopK's first: 0.8 and 0.2, the best in the mean
    told[0, :, 0, 0, :, 1, 1, GAIN] = 0.6
    spread = np.arange(16.0).reshape(1, 2, 1, 2, 2, 2) / 16
    config = configs.read(EXPERIMENT).full.model_copy(update={"bases": ("thousands",), "ks": (1.0, 2.0)})
    arrays = {"told": told, "explained": spread, "spliced": 1 - spread, "whole": np.array([[0.5, 1.0]])}
    arrays |= {"code_explained": np.full((1, 2, len(dictionary.CODES)), 0.25)}
    return runs.Results(EXPERIMENT, config, arrays)


def test_the_best_dictionary_of_a_family_is_one_for_all_seeds_and_the_mean_of_its_starts(made):
    found = dictionary.best(made, "thousands")
    assert found[:, 0] == pytest.approx([0.8, 0.2]) and found[:, 1] == pytest.approx([0.6, 0.6])


def test_a_code_stands_beside_the_dictionary_with_as_many_active(made):
    known, copy = dictionary.with_as_many(made, "thousands", "explained", "pairs of two columns")
    assert known.tolist() == [0.25, 0.25] and copy == pytest.approx(made["explained"][0, :, 0, 1, :, 1].mean(1))


def test_the_closest_copy_is_that_with_the_most_variance_explained(made):
    explained, kept = dictionary.closest(made, "thousands")
    assert explained == pytest.approx(made["explained"][0, :, 0, 1, :, 1].mean(1))
    assert kept == pytest.approx(made["spliced"][0, :, 0, 1, :, 1].mean(1) / [0.5, 1])


def test_of_several_trainings_each_family_has_the_one_that_tells_it_best(made):
    told = made["told"].copy()
    told[..., 0, :] = 0.45
    other = runs.Results(EXPERIMENT, made.config, made.arrays | {"told": told})
    for measure in (GAIN, 1):
        found = dictionary.best_of((made, other), "thousands", measure)
        assert found[:, 0].tolist() == dictionary.best(made, "thousands", measure)[:, 0].tolist()
    told[..., 0, :] = 0.6
    assert dictionary.best_of((made, other), "thousands")[:, 0] == pytest.approx([0.6, 0.6])


def test_shares_lie_between_0_and_1_and_no_gain_is_above_1(either):
    for name in ("dead", "spliced", "broken", "broken_random", "broken_other", "off_by_one", "share", "exact", "whole"):
        assert ((either[name] >= 0) & (either[name] <= 1 + 1e-6)).all(), name
    for name in ("told", "random_told", "beside_told"):
        assert np.nanmax(either[name]) <= 1 + 1e-6
    assert (either["explained"] <= 1).all()
