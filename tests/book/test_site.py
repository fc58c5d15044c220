"""Both editions in a real browser: the plain one opened from disk, Quarto's over a local server.
Every page is visited once, in the light and in the dark; each test looks at one fact of those visits."""

import re
from functools import cache

import pytest

from . import chapters, site

PAGES = [f"{name}.html" for name in chapters.names()]
OWN_WEIGHT = 500_000  # bytes that a page may add at first view to the files which Quarto gives to every page

each_page = pytest.mark.parametrize("page", PAGES)


def _listed(findings):
    return "\n" + "\n".join(findings)


@pytest.fixture(scope="module", params=["plain", "quarto"])
def edition(request):
    return request.getfixturevalue(f"{request.param}_edition")


@pytest.fixture(scope="module")
def visit(chromium, edition):
    return cache(lambda page: site.visit(chromium, edition, page))


def test_rendering_from_the_freeze_starts_no_kernel(quarto_edition):
    # Quarto looks whether there is a Jupyter, and assets/neuroscope.ts whether there is our package; to execute, Quarto would
    # call its jupyter/jupyter.py.
    looks = r"capabilities.jupyter\.py$|-m jupyter --paths|-c import superposition$"
    assert not [asked for asked in quarto_edition.asked if not re.search(looks, asked)]


def test_edition_has_a_page_for_every_chapter_and_one_pdf_with_bookmarks(edition):
    assert edition.pages() == sorted(PAGES)
    (pdf,) = (file.read_bytes() for file in edition.folder.glob("*.pdf"))
    assert pdf.startswith(b"%PDF") and b"/Outlines" in pdf


@each_page
def test_every_link_anchor_and_picture_leads_somewhere(edition, page):
    assert not edition.broken(page), _listed(edition.broken(page))


@each_page
def test_every_picture_and_film_says_what_it_shows(edition, page):
    parsed = site.parse(edition.folder / page)
    pictures = [image for image in parsed.images if image.get("role") not in ("presentation", "none")]
    assert not [image for image in pictures if not (image.get("alt") or "").strip()]
    assert not [film for film in parsed.videos if not (film.get("aria-label") or "").strip()]


@each_page
def test_no_reference_or_code_is_left_unresolved_in_the_text(edition, page):
    text = site.parse(edition.folder / page).text
    assert not re.findall(r".{0,40}(?:\?@|\?meta|\{python\}|:::|Unable to display|quarto-unresolved).{0,40}", text)


@each_page
def test_page_opens_without_an_error(visit, page):
    assert not visit(page).errors, _listed(visit(page).errors)


@each_page
def test_page_asks_nothing_outside_its_edition(visit, edition, page):
    assert not [url for url in visit(page).requests if not url.startswith(f"{edition.address}/")]


@each_page
def test_page_is_dark_in_the_dark_and_light_in_the_light(visit, page):
    assert visit(page).brightness["dark"] < 0.25 and visit(page).brightness["light"] > 0.85


@each_page
def test_page_does_not_scroll_sideways_on_a_small_screen(visit, page):
    assert not visit(page).overhang, _listed(visit(page).overhang)


@each_page
def test_axe_finds_nothing_serious(visit, page):
    assert not visit(page).axe, _listed(visit(page).axe)


@each_page
def test_page_adds_little_of_its_own_at_first_view(visit, edition, page):
    shared = ("site_libs/", "assets/fonts/")  # read once for all pages
    own = {edition.file(url) for url in visit(page).requests if not any(folder in url for folder in shared)}
    weights = {path.relative_to(edition.folder).as_posix(): path.stat().st_size for path in own}
    assert sum(weights.values()) <= OWN_WEIGHT, weights


FAULTY = """<!DOCTYPE html><html lang="en"><head><title>Faulty</title>
<style>em { color: #000 } @media (prefers-color-scheme: dark) { em { color: #eee } }</style></head><body style="background: #fff; color: #ddd">
<h1 id="top">Faulty</h1> <a href="#nowhere">Anchor</a> <a href="gone.html">Page</a> <a href="#top">Good</a> <p>See ?@fig-x.</p> <em>Dim</em> <em>Dim too</em>
<img src="http://192.0.2.1/far.png" alt="Far"> <img src="gone.png"> <div style="width: 600px">Wide</div>
<script>throw new Error("thrown")</script></body></html>"""


def test_a_faulty_page_is_noticed_in_each_of_these_ways(chromium, tmp_path):
    (tmp_path / "index.html").write_text(FAULTY)
    faulty = site.Edition("faulty", tmp_path, tmp_path.as_uri())
    seen, parsed = site.visit(chromium, faulty, "index.html"), site.parse(tmp_path / "index.html")
    assert faulty.broken("index.html") == ["#nowhere", "gone.html", "http://192.0.2.1/far.png", "gone.png"]
    assert any("thrown" in error for error in seen.errors) and any("Failed to load" in error for error in seen.errors)
    assert "http://192.0.2.1/far.png" in seen.requests
    assert seen.overhang and seen.brightness["dark"] > 0.85 and "?@fig-x" in parsed.text
    assert {"image-alt", "color-contrast"} <= {found.split(": ")[1] for found in seen.axe if found.startswith("light")}
    dim = {found.split(": ")[0] for found in seen.axe if "Dim" in found}
    assert dim == {"dark"}


def test_slider_moves_its_picture_and_says_where_it_is(chromium, edition):
    with site.opened(chromium, edition, "chapters/toy/intro.html") as (tab, _):
        slider = tab.locator("[data-slider]").first
        knob, picture = slider.locator("input[type=range]"), slider.locator("svg")
        before = picture.inner_html(), picture.get_attribute("aria-label"), knob.get_attribute("aria-valuetext")
        knob.fill(knob.get_attribute("max"))
        tab.wait_for_function("before => document.querySelector('[data-slider] svg').innerHTML !== before", arg=before[0])
        assert picture.get_attribute("aria-label") not in (None, before[1])
        assert knob.get_attribute("aria-valuetext") not in (None, before[2])


def test_film_loads_on_demand_and_plays(chromium, edition):
    with site.opened(chromium, edition, "chapters/toy/intro.html") as (tab, seen):
        assert not [url for url in seen.requests if url.endswith(".mp4")]
        film, play = tab.locator("video").first, tab.locator("[data-film] button").first
        play.click()
        tab.wait_for_function("() => document.querySelector('video').currentTime > 0.3")
        assert film.evaluate("film => film.videoWidth") > 0 and play.inner_text() == "Pause"
        play.click()
        tab.wait_for_function("button => button.textContent === 'Play'", arg=play.element_handle())
        assert film.evaluate("film => film.paused")


def test_a_films_place_is_chosen_before_it_ever_played(chromium, plain_edition):  # Quarto's is served here without byte ranges
    with site.opened(chromium, plain_edition, "chapters/toy/intro.html") as (tab, _):
        film = tab.locator("video").first
        tab.locator("[data-film] input").first.fill("500")
        halfway = "film => Math.abs(film.currentTime / film.duration - 0.5) < 0.02"
        tab.wait_for_function(halfway, arg=film.element_handle())
        assert film.evaluate("film => film.paused")


def test_a_films_controls_cover_nothing_of_it_and_are_not_inverted_in_the_dark(chromium, edition):
    with site.opened(chromium, edition, "chapters/toy/intro.html", "dark") as (tab, _):
        film, play = tab.locator("video").first, tab.locator("[data-film] button").first
        picture, controls = film.bounding_box(), play.bounding_box()
        assert not film.evaluate("film => film.controls")
        assert controls["y"] >= picture["y"] + picture["height"] and controls["height"] >= 44
        assert "invert" in film.evaluate("film => getComputedStyle(film).filter")
        around = "node => node ? [getComputedStyle(node).filter, ...around(node.parentElement)] : []"
        assert set(play.evaluate(f"node => {{ const around = {around}; return around(node) }}")) == {"none"}


def test_what_scrolls_sideways_on_a_small_screen_fades_where_there_is_more(chromium, edition):
    with site.opened(chromium, edition, "chapters/stories/attention.html") as (tab, _):
        fade = "[...document.querySelectorAll('.scroll, main table')].filter(e => e.scrollWidth > e.clientWidth + 1)"
        fade += ".map(e => parseFloat(getComputedStyle(e).getPropertyValue('--fade')))"
        assert tab.evaluate(fade) == []
        tab.set_viewport_size({"width": 390, "height": 844})
        shown = tab.evaluate(fade)
        assert shown and min(shown) > 20
