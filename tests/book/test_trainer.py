"""The network that trains in the page, in a real Chromium, from disk: against the package's trainings, and under a reader's hands."""

from pathlib import Path

import numpy as np
import pytest

from superposition import book, metrics, runs
from superposition.toy.theory import expected_loss

from . import one_page, site
from .test_elements import HOSTILE

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "assets/js/trainer.js"
DENSITY = np.array([1.0, 0.3, 0.1, 0.05])
ALONE = 3  # trainings in the page that are held against the package's; each takes about a second


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    """A book of one page, which has the trainer."""
    rates = np.array([0.1, 0.05, 0.03, 0.02])
    element = lambda: book.trainer("five", DENSITY, rates, 256, alt=f"Arrows. {HOSTILE}", up="")  # noqa: E731
    return one_page.built(tmp_path_factory.mktemp("trainer"), "trainer", "five", element)


@pytest.fixture
def room(chromium, edition):
    with site.opened(chromium, edition, "index.html") as (tab, seen):
        yield tab
        assert seen.errors == []


def test_a_training_in_the_page_ends_where_the_packages_256_seeds_do(room):
    intro = runs.load("toy/intro")
    k = metrics.nearest(1 - intro["density"], 0.95)
    importance = intro.config.importance_decay ** np.arange(5)
    trained = room.evaluate(
        """([seeds, density, importance, steps]) => seeds.map(seed => {
            const model = trainInPage.create(importance.length, seed);
            for (let k = 0; k < steps; k++) trainInPage.step(model, density, importance);
            return Array.from(model.theta); })""",
        [list(range(ALONE)), float(intro["density"][k]), importance.tolist(), intro.config.steps],
    )
    theta = np.array(trained)
    W, b = theta[:, :10].reshape(ALONE, 5, 2), theta[:, 10:]
    loss = expected_loss.loss(W, b, np.full((ALONE, 5), intro["density"][k]), np.tile(importance, (ALONE, 1)))
    least, most = np.quantile(intro["loss"][:, k], [0, 1])
    assert (loss > 0.99 * least).all() and (loss < 1.01 * most).all()


def test_one_step_in_the_page_is_one_of_adamw_on_the_loss_of_its_batch(room):
    """AdamW's first step is lr·sign(gradient) beside the decay, whatever the batch: the sign is that of the exact gradient."""
    importance = (0.9 ** np.arange(5)).tolist()
    before, after = room.evaluate(
        """importance => { const model = trainInPage.create(5, 1), before = Array.from(model.theta);
            trainInPage.step(model, 1, importance); return [before, Array.from(model.theta)]; }""",
        importance,
    )
    before, after = np.array(before), np.array(after)
    step = after - before * (1 - 1e-3 * 0.01)
    W, b = before[:10].reshape(1, 5, 2), before[None, 10:]
    _, dW, db = expected_loss.gradients(W, b, np.ones((1, 5)), np.array([importance]))
    slope = np.concatenate([dW.ravel(), db.ravel()])
    clear = np.abs(slope) > 0.02  # where chance in 1,024 inputs can't turn it
    assert clear.sum() >= 5
    np.testing.assert_allclose(step[clear], -1e-3 * np.sign(slope[clear]), rtol=1e-3)


def test_the_reader_starts_pauses_steps_and_comes_back_to_the_same_start(room):
    part = lambda name: room.locator(f"[data-part={name}]")  # noqa: E731
    arrows = lambda: part("plane").inner_html()  # noqa: E731
    first = arrows()
    part("step").click()
    assert "After 100 steps" in part("told").inner_text() and arrows() != first
    part("run").click()
    room.wait_for_function("() => document.querySelector('[data-part=curve] polyline')")
    part("run").click()
    assert part("run").inner_text() == "Start" and "longer than ½" in room.locator("svg").get_attribute("aria-label")
    part("same").click()
    assert arrows() == first
    part("new").click()
    assert arrows() != first


def test_settings_begin_anew_and_say_where_they_are(room):
    room.locator("[data-key=features]").fill("8")
    assert room.locator("[data-on]:visible").count() == 8 and room.locator("[data-part=plane] line").count() == 8
    room.locator("[data-key=sparsity]").fill("3")
    assert room.locator("[data-key=sparsity]").get_attribute("aria-valuetext") == "S = 0.95"
    assert "0 steps" in room.locator("[data-part=told]").inner_text()


def test_switching_a_feature_on_shows_what_the_network_gives_back_of_it(room):
    said = room.locator("[data-part=off]")
    before = room.locator("[data-part=bars]").inner_html()
    room.locator("[data-on]").nth(2).check()
    assert room.locator("[data-part=bars]").inner_html() != before
    assert said.inner_text().startswith("Furthest off: feature ")


def test_the_script_is_small_the_page_accessible_and_its_parts_large_enough_for_a_finger(chromium, edition):
    assert SCRIPT.stat().st_size < 12_000
    seen = site.visit(chromium, edition, "index.html")
    assert seen.axe == [] and seen.overhang == [] and seen.errors == []
    with site.opened(chromium, edition, "index.html") as (tab, _):
        sizes = tab.locator("button, input[type=range], label:has([data-on])").evaluate_all(
            "all => all.filter(e => e.offsetParent).map(e => e.getBoundingClientRect().height)"
        )
        assert len(sizes) == 4 + 3 + 5 and min(sizes) >= 44


def test_without_scripts_the_still_picture_is_there(chromium, edition):
    context = chromium.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{edition.address}/index.html")
    assert tab.locator("noscript img, img").count() == 1 and not tab.locator("[data-part=controls]").is_visible()
    context.close()
