"""The maps of cosines in a real Chromium, from disk: what a reader can do with them, and what is loaded when."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from superposition.book import maps
from superposition.book.assets import AssetError, stories

from . import site
from .test_elements import HOSTILE, Page, halves

ROOT = Path(__file__).resolve().parents[2]
PAGE, ROWS = "chapters/stories/ordering.html", (600, 100)


def rendered(folder, name=HOSTILE):
    """A viewer of two maps, with its files below the folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUPERPOSITION_ROOT", str(folder))
        (folder / "_quarto.yml").touch()
        (folder / "assets/maps").mkdir(parents=True, exist_ok=True)
        for ending, content in stories.tiles({k: random_map(n) for k, n in enumerate(ROWS)}).items():
            (folder / f"assets/maps/tiny{ending}").write_bytes(content)
        places = [maps.Place(298, 302, "the corner"), maps.Place(10, 20, name)]
        pages = ["neuroscope/tiny/index.html", None]
        views = [maps.Map("tiny", k, f"map {k}", k, range(n), places[k:], pages[k]) for k, n in enumerate(ROWS)]
        return halves(maps.ordered_map("tiny", views, 0, f"A map. {name}"))


def random_map(rows):
    ordered = np.random.default_rng(0).integers(-60, 60, (rows, rows)).astype(np.int8)
    return np.triu(ordered) + np.triu(ordered, 1).T


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    """A book of one page, with the plain edition's style sheet."""
    folder = tmp_path_factory.mktemp("maps")
    html, _ = rendered(folder)
    (folder / "assets/js").mkdir()
    shutil.copy(ROOT / "assets/js/ordered.js", folder / "assets/js")
    shutil.copy(ROOT / "src/superposition/book/plain/plain.css", folder)
    (folder / PAGE).parent.mkdir(parents=True)
    (folder / PAGE).write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>Maps</title><link rel="stylesheet" href="../../plain.css"></head><body><main><h1>A page</h1>'
        f"<figure>{html}<figcaption>Try it.</figcaption></figure></main></body></html>",
        encoding="utf-8",
    )
    return site.Edition("maps", folder, folder.as_uri())


@pytest.fixture
def room(chromium, edition):
    """The page with the viewer open, and what went wrong meanwhile; nothing may."""
    with site.opened(chromium, edition, PAGE) as (tab, visit):
        tab.click("text='Zoom and move'")
        yield tab
        assert not visit.errors


def status(tab):
    return tab.locator("[data-part=status]").text_content()


def tiles(tab):
    return set(
        re.findall(r"tiny-0-(\d-\d)\.png", " ".join(tab.locator("[data-part=stage] img").evaluate_all("a => a.map(i => i.src)")))
    )


def test_before_a_click_nothing_but_the_still_picture_is_loaded_and_after_it_the_whole_map_alone(chromium, edition):
    with site.opened(chromium, edition, PAGE) as (tab, visit):
        assert [url.rpartition("/")[2] for url in visit.requests if url.endswith(".png")] == ["tiny-0.png"]
        tab.click("text='Zoom and move'")
        assert tiles(tab) == set() and "rows 1 to 600 of 600" in status(tab)
        assert not tab.locator(".ordered > img").is_visible() and not visit.errors


def test_zooming_loads_the_tiles_in_view_and_no_others_and_they_lie_where_they_belong(room):
    room.locator("[data-key=place]").select_option(label="the corner")
    assert "the corner: rows 299 to 302, L0N298, L0N299, L0N300, L0N301." == status(room)
    links = room.locator("[data-part=status] a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert links == [f"../../neuroscope/tiny/index.html#L0N{neuron}" for neuron in (298, 299, 300, 301)]
    assert tiles(room) == {"1-1"}
    room.wait_for_function("[...document.querySelectorAll('[data-part=stage] img')].every(i => i.complete && i.naturalWidth)")
    boxes = room.locator("[data-part=stage] img").evaluate_all("a => a.map(i => [i.style.left, i.style.top, i.style.width])")
    assert boxes == [["0px", "0px", "600px"], ["256px", "256px", "256px"]]
    room.click("text='all'")
    assert "rows 1 to 600" in status(room)


def test_everything_is_reached_from_the_keyboard(room):
    room.focus("[data-part=view]")
    for _ in range(3):
        room.keyboard.press("+")
    middle = lambda: re.search(r"rows (\d+) to (\d+)", status(room)).groups()
    assert middle() == ("263", "338")
    room.keyboard.press("ArrowDown")
    assert middle() == ("272", "347") and "L0N309 and L0N300" in status(room)
    room.keyboard.press("ArrowRight")
    room.keyboard.press(".")
    assert "in the middle L0N318." in status(room)
    room.keyboard.press("0")
    assert middle() == ("1", "600")


def test_the_pointer_drags_a_double_click_zooms_and_the_slider_follows_the_diagonal(room):
    box = room.locator("[data-part=view]").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    room.mouse.dblclick(x, y)
    room.mouse.dblclick(x, y)
    room.mouse.move(x, y)
    room.mouse.down()
    room.mouse.move(x - 100, y - 100, steps=3)
    room.mouse.up()
    assert "in the middle L0N326." in status(room)  # 100 pixels at four times the least scale
    room.locator("[data-key=along]").evaluate("i => { i.value = 77; i.dispatchEvent(new Event('input')); }")
    assert "in the middle L0N77." in status(room)
    room.locator("[data-key=map]").select_option("1")
    assert "rows 1 to 100 of 100" in status(room) and room.locator("[data-part=stage] img").count() == 1
    room.locator("[data-key=place]").select_option(index=1)
    assert "L1N10, L1N11" in status(room) and room.locator("[data-part=status] a").count() == 0  # this map has no pages


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_small_screen_does_not_scroll_sideways_and_axe_finds_nothing_serious(chromium, edition, scheme):
    with site.opened(chromium, edition, PAGE, scheme) as (tab, visit):
        tab.set_viewport_size({"width": 390, "height": 844})
        tab.click("text='Zoom and move'")
        tab.evaluate(site._AXE_SOURCE)
        assert tab.evaluate(site._AXE) == [] and tab.evaluate(site._OVERHANG) == [] and not visit.errors
        sizes = tab.locator(":is([data-part=tools] button, select)").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect().height)"
        )
        assert len(sizes) == 5 and min(sizes) >= 44
        inverted = tab.locator("[data-part=stage] img").first.evaluate("i => getComputedStyle(i).filter") != "none"
        assert inverted == (scheme == "dark")


def test_hostile_words_stay_words(tmp_path):
    html, still = rendered(tmp_path)
    page = Page(html)
    assert len(page.named("img")) == 1 and len(page.named("script")) == 2 and "\n```" not in html
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00]", html) and "![](../../assets/maps/tiny-0.png)" in still


def test_a_map_one_of_whose_tiles_was_not_made_is_an_error_naming_it(tmp_path, monkeypatch):
    monkeypatch.setenv("SUPERPOSITION_ROOT", str(tmp_path))
    (tmp_path / "_quarto.yml").touch()
    with pytest.raises(AssetError, match="tiny-0-0-0.png"):
        maps.ordered_map("tiny", [maps.Map("tiny", 0, "a", 0, [0], [])], 0, "A map.")


def test_a_spot_is_named_by_what_it_reads_and_writes_with_spaces_to_be_seen():
    spot = {"reads": [" thr", "\n", "a", "b"], "writes": ["ow"]}
    assert maps.said(spot).startswith("reads ‘␣thr’ ‘↵’ ‘a’;") and maps.said(spot).endswith("writes ‘ow’")
