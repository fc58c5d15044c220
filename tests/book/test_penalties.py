"""The slider over a penalty: a picture for each, of which one shows; the script moves on by keyboard, from disk."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from superposition.book import penalties

from .test_elements import HOSTILE, Page

RNG = np.random.default_rng(0)
W, ROWS = RNG.standard_normal((2, 5, 2)), RNG.standard_normal((2, 3, 4, 2))
ALIVE = np.array([[[True, True, False, False], [True] * 4, [False] * 4], [[True] * 4] * 3])
LABELS = ["λ = 0.02, latents that fire: 2, 4", "λ = 0.2, latents that fire: 4, 4", "λ = 0.6, latents that fire: 0, 4"]


def html(alt="Arrows."):
    made = penalties.arrows("five", W, ROWS, ALIVE, np.array([0.5, 0.05]), [0.02, 0.2, 0.6], 1, alt).data
    assert made.startswith('::: {.content-visible when-format="html"}')
    return made.split("```{=html}\n")[1].split("\n```")[0]


def test_only_the_first_picture_shows_without_scripts_and_it_has_the_latents_that_fire():
    page = Page(html())
    steps = [group for group in page.named("g") if "data-step" in group]
    assert [step["data-step"] for step in steps] == LABELS
    assert ["display" in step for step in steps] == [True, False, True]
    ends = [(float(line["x2"]), -float(line["y2"])) for line in page.named("line") if line["stroke"] == "#000"]
    wanted = np.concatenate([ROWS[i, k][ALIVE[i, k]] for k in range(3) for i in range(2)])
    np.testing.assert_allclose(ends, wanted, atol=1e-3)
    assert "hidden" in page.named("p")[0] and LABELS[1] in page.words
    assert page.named("svg")[0]["aria-label"] == f"Arrows. {LABELS[1]}"


def test_hostile_descriptions_stay_text():
    page = Page(html(HOSTILE))
    assert {tag for tag, _ in page.elements} <= {"div", "svg", "g", "line", "circle", "text", "p", "label", "input", "script"}


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium on the PATH")
def test_the_slider_shows_another_picture_from_disk_by_keyboard(tmp_path):
    sync_api = pytest.importorskip("playwright.sync_api")
    (tmp_path / "assets/js").mkdir(parents=True)
    shutil.copy(Path(__file__).resolve().parents[2] / "assets/js/steps.js", tmp_path / "assets/js")
    file = tmp_path / "chapters/sparse/recovery.html"
    file.parent.mkdir(parents=True)
    file.write_text(f"<!doctype html><html lang=en><meta charset=utf-8><body>{html()}", encoding="utf-8")
    with sync_api.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            page = browser.new_page(viewport={"width": 390, "height": 700})
            page.goto(file.as_uri())
            page.locator("input").focus()
            page.keyboard.press("ArrowRight")
            shown = page.evaluate("[...document.querySelectorAll('[data-step]')].map(g => !g.hasAttribute('display'))")
            assert shown == [False, False, True] and page.locator("[data-value]").text_content() == LABELS[2]
            assert page.locator("svg").get_attribute("aria-label") == f"Arrows. {LABELS[2]}"
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
        finally:
            browser.close()
