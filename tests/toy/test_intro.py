"""The shapes that the introduction counts, on perfect, turned and disturbed ones; the stored models against theory."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superposition import metrics, runs
from superposition.book import assets, pictures
from superposition.toy import intro
from superposition.toy.theory.linear_model import linear_optimum

ROOT = Path(__file__).resolve().parents[2]


def arrows(*degrees: float, length: float = 1.0) -> np.ndarray:
    """Five features at these angles; those without an angle are not represented."""
    W = np.zeros((5, 2))
    angle = np.radians(degrees)
    W[: len(degrees)] = length * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return W


PERFECT = {
    "orthogonal": (0, 90),
    "one pair": (0, 180, 90),
    "two pairs": (0, 90, 180, 270),
    "pentagon": (0, 144, 288, 72, 216),
}


@given(st.sampled_from(sorted(PERFECT)), st.floats(0, 360), st.booleans(), st.integers(0, 99))
def test_a_perfect_shape_is_named_however_it_is_turned_mirrored_numbered_or_disturbed(name, turn, mirror, seed):
    rng = np.random.default_rng(seed)
    degrees = np.array(PERFECT[name]) * (-1 if mirror else 1) + turn + rng.uniform(-7, 7, len(PERFECT[name]))
    W = arrows(*degrees, length=rng.uniform(0.6, 1.3))[rng.permutation(5)]
    assert intro.SHAPES[intro.classify(W[None])[0]] == name


@pytest.mark.parametrize(
    "W",
    [arrows(0), arrows(0, 60), arrows(0, 120, 240), arrows(0, 180), arrows(0, 40, 80, 120, 160), arrows(0, 90, length=0.4)],
    ids=["one", "60 degrees", "triangle", "a pair alone", "fan", "too short"],
)
def test_any_other_arrangement_is_other(W):
    assert intro.SHAPES[intro.classify(W[None])[0]] == "other"


def test_a_stack_is_classified_member_by_member():
    stack = np.stack([[arrows(*PERFECT["pentagon"]), arrows(0, 90)], [arrows(0), arrows(*PERFECT["two pairs"])]])
    assert intro.classify(stack).tolist() == [[3, 0], [4, 2]]


def test_the_film_begins_at_the_start_ends_at_the_end_and_is_slow_at_first():
    steps = intro.film_steps(10_000, 150)
    assert (steps[0], steps[-1]) == (0, 10_000)
    assert (np.diff(steps) > 0).all() and np.diff(steps)[0] < np.diff(steps)[-1]


def test_the_fifth_arrow_of_a_cross_is_found_with_its_length_and_its_nearest_neighbour():
    between, behind = (arrows(0, 180, angle, 90, 270) for angle in (30, 90))
    W = np.stack([between, behind]) * np.array([1, 1, 0.3, 1.1, 1])[:, None]
    length, cosine = intro.shortest_arrow(W)
    np.testing.assert_allclose(length, 0.3)
    np.testing.assert_allclose(cosine, [np.cos(np.radians(30)), 1])


def test_in_dense_data_the_stored_models_reach_the_least_loss_without_superposition():
    results = runs.load("toy/intro")
    importance = results.config.importance_decay ** np.arange(5)
    theory = linear_optimum(results["density"][:1], importance, 2)[0]
    mean, low, high = metrics.mean_interval(results["loss"][:, 0])
    assert theory * 0.999 < mean < theory * 1.005


def test_the_stored_losses_are_those_of_the_stored_weights():
    """With inputs from another generator, through the formula written out."""
    results = runs.load("toy/intro")
    p, importance, rng = results["density"][-1], results.config.importance_decay ** np.arange(5), np.random.default_rng(0)
    ours = []
    for W, b in zip(results["W"][:32, -1].astype(float), results["b"][:32, -1].astype(float)):
        x = rng.random((100_000, 5)) * (rng.random((100_000, 5)) < p)
        ours.append((importance * (x - np.maximum(x @ W @ W.T + b, 0)) ** 2).sum(1).mean())
    assert np.mean(ours) == pytest.approx(results["loss"][:32, -1].mean(), rel=0.01)


def test_the_first_chapter_bears_other_numbers_of_features_seeds_and_densities(tmp_path, monkeypatch):
    for name in ("chapters", "assets"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "_quarto.yml", tmp_path)
    config = tmp_path / "data/toy/intro/config.toml"
    config.parent.mkdir(parents=True)
    changed = {"n_features": 7, "densities": 9, "seeds": 5, "steps": 100, "batch": 64, "film_frames": 4, "null_draws": 50}
    text = (ROOT / "data/toy/intro/config.toml").read_text().partition("[quick]")[0]
    for key, value in changed.items():
        text = re.sub(rf"^{key} = .*$", f"{key} = {value}", text, flags=re.M)
    config.write_text(text)
    monkeypatch.setenv("SUPERPOSITION_ROOT", str(tmp_path))
    runs.run("toy/intro", device="cpu")
    pictures.check(Path("chapters/toy/intro.qmd"), ["toy/intro"])
    of_intro = [asset for asset in assets.ASSETS if asset.experiments == ("toy/intro",) and not asset.function.endswith("film")]
    assert len(of_intro) == 4 and all(assets.files(asset) for asset in of_intro)
