"""The map of neurons in a real Chromium, from disk: what is loaded when, what hovering says, and where a click leads."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from superposition.book import neurons
from superposition.book.assets import AssetError

from . import site
from .test_elements import HOSTILE, Page, halves

ROOT = Path(__file__).resolve().parents[2]
PAGE, COUNT = "chapters/stories/clusters.html", 40


def view(title, layer, seed):
    rng = np.random.default_rng(seed)
    tokens = [[f" t{k}", "\n"] for k in range(COUNT)]
    tokens[7] = [HOSTILE, "<b>bold</b>"]
    return neurons.View(title, "train_1l", layer, rng.standard_normal((COUNT, 2)), np.arange(COUNT) % 5, tokens)


def rendered(folder):
    """The viewer of two maps, with its files below the folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUPERPOSITION_ROOT", str(folder))
        (folder / "_quarto.yml").touch()
        for name in ("assets/js", "assets/maps"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "assets/js/tiny.js").write_bytes(neurons.points_script("tiny", [view("first", 0, 0), view(HOSTILE, 1, 1)]))
        (folder / "assets/maps/tiny.svg").write_text(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><circle r="1"/></svg>'
        )
        return halves(neurons.neuron_map("tiny", f"A map. {HOSTILE}"))


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    """A book of one page, with the plain edition's style sheet, and a page for the neurons."""
    folder = tmp_path_factory.mktemp("neurons")
    html, _ = rendered(folder)
    shutil.copy(ROOT / "assets/js/neurons.js", folder / "assets/js")
    shutil.copy(ROOT / "src/superposition/book/plain/plain.css", folder)
    neurons.bring_library(folder)
    for page, body in (
        (PAGE, f"<figure>{html}<figcaption>Try it.</figcaption></figure>"),
        ("neuroscope/train_1l/index.html", ""),
    ):
        (folder / page).parent.mkdir(parents=True)
        (folder / page).write_text(
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f'<title>Neurons</title><link rel="stylesheet" href="../../plain.css"></head><body><main><h1>A page</h1>{body}</main></body></html>',
            encoding="utf-8",
        )
    return site.Edition("neurons", folder, folder.as_uri())


def open_map(tab):
    tab.click("text='Point at neurons'")
    tab.wait_for_selector(".scatterlayer .point")


def status(tab):
    return tab.locator("[data-part=status]").text_content()


def at(tab, k):
    """Where the neuron is on the screen."""
    return tab.locator(".scatterlayer .trace").first.locator(".point").nth(k).evaluate(
        "p => { const box = p.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; }"
    )  # fmt: skip


def test_from_disk_a_click_loads_library_and_points_hovering_says_a_neuron_and_a_click_leads_to_its_page(chromium, edition):
    with site.opened(chromium, edition, PAGE) as (tab, visit):
        loaded = lambda: sorted(url.rpartition("/")[2] for url in visit.requests if url.endswith((".js", ".svg")))
        assert loaded() == ["neurons.js", "tiny.svg"] and tab.locator(".neurons > img").is_visible()
        open_map(tab)
        assert loaded() == ["neurons.js", "plotly.min.js", "tiny.js", "tiny.svg"]
        assert not tab.locator(".neurons > img").is_visible() and tab.locator(".scatterlayer .point").count() == COUNT
        tab.mouse.move(*at(tab, 7))  # whose tokens are hostile
        tab.wait_for_selector(".hovertext")
        shown = "".join(tab.locator(".hovertext").all_text_contents())
        assert "<b>bold</b>" in shown and "<img␣src=x" in shown and tab.locator(".hovertext a").count() == 0
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00]", status(tab) + shown)
        tab.mouse.move(*at(tab, 12))
        tab.wait_for_function("document.querySelector('[data-part=status]').textContent.includes('N12')")
        assert status(tab) == "L0N12, strongest at ‘␣t12’ ‘↵’."
        tab.wait_for_function("document.querySelector('.hovertext').textContent === 'L0N12‘␣t12’ ‘↵’'")
        tab.mouse.down()
        tab.mouse.up()
        tab.wait_for_url("**/neuroscope/train_1l/index.html#L0N12")
        assert all(url.startswith(("file:", "data:", "blob:")) for url in visit.requests) and not visit.errors


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_without_a_pointer_a_neuron_is_found_by_its_number_on_a_small_screen_with_nothing_serious_for_axe(
    chromium, edition, scheme
):
    with site.opened(chromium, edition, PAGE, scheme) as (tab, visit):
        tab.set_viewport_size({"width": 390, "height": 844})
        open_map(tab)
        tab.locator("[data-key=view]").select_option(index=1)
        assert "40 neurons" in status(tab) and not tab.locator("[data-part=page]").is_visible()
        tab.fill("[data-key=neuron]", "3")
        tab.keyboard.press("Tab")
        assert status(tab) == "L1N3, strongest at ‘␣t3’ ‘↵’."
        assert tab.locator("[data-part=page]").get_attribute("href") == "../../neuroscope/train_1l/index.html#L1N3"
        assert tab.locator(".scatterlayer .point").count() == COUNT + 1
        tab.click("[aria-label='zoom in']")
        tab.click("text='all'")
        tab.evaluate(site._AXE_SOURCE)
        assert tab.evaluate(site._AXE) == [] and tab.evaluate(site._OVERHANG) == [] and not visit.errors
        sizes = tab.locator(":is([data-part=tools] button, select, input)").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect().height)"
        )
        assert len(sizes) == 5 and min(sizes) >= 44
        inverted = tab.locator(".main-svg").first.evaluate("i => getComputedStyle(i).filter") != "none"
        assert inverted == (scheme == "dark")


def test_the_page_holds_one_picture_and_one_script_and_the_pdf_has_the_picture(tmp_path):
    html, still = rendered(tmp_path)
    page = Page(html)
    assert len(page.named("img")) == 1 and len(page.named("script")) == 1 and "\n```" not in html
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00]", html) and "![](../../assets/maps/tiny.svg)" in still


def test_a_map_whose_points_were_not_made_is_an_error_naming_them(tmp_path, monkeypatch):
    rendered(tmp_path)
    (tmp_path / "assets/js/tiny.js").unlink()
    monkeypatch.setenv("SUPERPOSITION_ROOT", str(tmp_path))
    with pytest.raises(AssetError, match="tiny.js"):
        neurons.neuron_map("tiny", "A map.")


def test_the_library_is_that_of_the_pinned_package_under_the_mit_licence(tmp_path):
    brought = tmp_path / neurons.LIBRARY
    brought.parent.mkdir(parents=True)
    neurons.bring_library(tmp_path)
    assert not brought.exists()  # in a book without a map
    brought.with_name("neurons.js").touch()
    neurons.bring_library(tmp_path)
    assert brought.read_bytes() == neurons.library().read_bytes() and b"MIT license" in brought.read_bytes()[:400]
