"""Both editions in a real Firefox, from disk: pages, equations, films, and the parts that a reader moves, by keyboard alone."""

import io

import numpy as np
import pytest
from PIL import Image

from . import firefox as driver
from . import site

INTRO, HEADS, CIRCUITS, ROOM = (
    f"chapters/{name}.html" for name in ("toy/intro", "addition/heads", "addition/circuits", "toy/room")
)
PAGES = ["index.html", INTRO, CIRCUITS, "chapters/addition/train.html", "chapters/appendix/claims.html"]
SCHEME, FORCED = "layout.css.prefers-color-scheme.content-override", "browser.display.document_color_use"
DARK, LIGHT, ALWAYS, BY_SYSTEM = 0, 1, 2, 0


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    if driver.command() is None:
        pytest.skip("no Firefox on the PATH")
    with driver.running(tmp_path_factory.mktemp("firefox")) as running:
        running.prefer(SCHEME, LIGHT)
        running.resize(1280, 900)
        yield running


@pytest.fixture(scope="module", params=["plain", "quarto"])
def edition(request):
    built = request.getfixturevalue(f"{request.param}_edition")
    return site.Edition(built.name, built.folder, built.folder.as_uri())


@pytest.fixture
def opened(firefox, edition):
    """A function that opens a page of the edition; at the end there was no error."""

    def goto(page: str) -> driver.Firefox:
        firefox.goto(f"{edition.address}/{page}")
        return firefox

    yield goto
    assert firefox.errors(edition.address) == []


@pytest.mark.parametrize("page", PAGES)
def test_page_opens_without_an_error_and_doesnt_scroll_sideways_at_twice_the_size_or_on_a_phone(opened, page):
    tab = opened(page)
    tab.resize(780, 900)
    tab.zoom(2)  # laid out in 390 pixels
    try:
        assert tab.run("return innerWidth") == 390
        assert tab.run(f"return ({site._OVERHANG})()") == []
    finally:
        tab.zoom(1)
        tab.resize(1280, 900)


def test_page_is_dark_in_the_dark_light_in_the_light_and_in_the_systems_own_colours_where_these_are_forced(opened):
    def brightness() -> float:
        return float(np.median(np.asarray(Image.open(io.BytesIO(opened(INTRO).picture())).convert("L")))) / 255

    tab = opened(INTRO)
    assert brightness() > 0.85
    try:
        tab.prefer(SCHEME, DARK)
        assert brightness() < 0.25
        tab.prefer(FORCED, ALWAYS)
        opened(INTRO)
        assert tab.run("return matchMedia('(forced-colors: active)').matches")
        text, paper = tab.run(
            "const own = getComputedStyle(document.querySelector('main p')); return [own.color, getComputedStyle(document.body).backgroundColor]"
        )
        assert text != paper
    finally:
        tab.prefer(SCHEME, LIGHT)
        tab.prefer(FORCED, BY_SYSTEM)


def test_equations_are_set_in_the_books_own_font_from_disk_and_each_power_has_its_exponent(opened):
    tab = opened(INTRO)
    assert (
        tab.run("await document.fonts.ready; return [...document.fonts].find((own) => /Book Math/.test(own.family)).status")
        == "loaded"
    )
    width = "return document.querySelector('math[display=block] mrow').getBoundingClientRect().width"
    own = tab.run(width)
    tab.run("document.querySelectorAll('math').forEach((one) => { one.style.fontFamily = 'serif'; })")
    assert tab.run(width) != own
    assert tab.run("return [...document.querySelectorAll('msup, msub')].every((one) => one.children.length === 2)")


def test_a_film_plays_and_pauses_by_keyboard(opened):
    tab = opened(INTRO)
    if not tab.run("return document.createElement('video').canPlayType('video/mp4; codecs=avc1.42E01E')"):
        pytest.skip("this Firefox has no H.264: on Debian, apt install libavcodec59")
    tab.run("document.querySelector('[data-film] button').focus()")
    tab.press("Enter")
    tab.wait("document.querySelector('video').currentTime > 0.1")
    tab.press(" ")
    tab.wait("document.querySelector('video').paused")


def test_slider_trainer_and_space_obey_the_keyboard_and_say_so(opened):
    tab = opened(INTRO)
    words = "return document.querySelector('[data-slider] svg').getAttribute('aria-label')"
    before = tab.run(words)
    tab.run("document.querySelector('[data-slider] input').focus()")
    tab.press("End")
    assert tab.run(words) != before
    tab.run("document.querySelector('[data-trainer] [data-part=step]').focus()")
    tab.press("Enter")
    assert "After 100 steps" in tab.run("return document.querySelector('[data-part=told]').textContent")
    opened(ROOM)
    tab.run("document.querySelector('[data-room] [data-key=dimensions]').focus()")
    tab.press("Home")
    assert "In 2 dimensions" in tab.run("return document.querySelector('[data-part=told]').textContent")


def test_heads_are_chosen_and_switched_off_by_keyboard(opened):
    tab = opened(HEADS)
    tab.run("const box = document.querySelector('[data-name=addition-head-picker]'); box.scrollIntoView();")
    tab.wait("document.querySelectorAll('[data-name=addition-head-picker] svg circle').length === 12")
    tab.run("document.querySelector('[data-name=addition-head-picker] [data-key=head]').focus()")
    tab.press("ArrowDown")
    tab.wait("/Head [1-9]/.test(document.querySelector('[data-name=addition-head-picker] svg').getAttribute('aria-label'))")
    opened(CIRCUITS)
    tab.run("document.querySelector('[data-part=heads]').scrollIntoView()")
    tab.wait("window.superpositionLaboratory")
    tab.wait("document.querySelector('[data-part=status]').textContent")
    drawn = tab.run("return document.querySelector('[data-part=attention]').innerHTML")
    tab.run("document.querySelector('[data-part=heads] button').focus()")
    tab.press(" ")
    assert tab.run("return document.querySelector('[data-part=heads] button').getAttribute('aria-pressed')") == "false"
    assert tab.run("return document.querySelector('[data-part=attention]').innerHTML") != drawn


def test_a_dark_page_is_printed_light_with_its_answers_open(opened, firefox):
    firefox.prefer(SCHEME, DARK)
    try:
        tab = opened(INTRO)
        tab.on_paper()
        tab.run("dispatchEvent(new Event('beforeprint'))")
        ink = tab.run("return getComputedStyle(document.querySelector('main p:not([class])')).color.match(/[0-9]+/g).map(Number)")
        assert max(ink[:3]) < 60
        hidden = (
            "[...document.querySelectorAll('details.callout p, .callout-collapse p')].filter((one) => !one.checkVisibility())"
        )
        assert tab.run(f"return {hidden}.length") == 0
        assert tab.run("return getComputedStyle(document.querySelector('video')).filter") == "none"
    finally:
        firefox.on_paper(False)
        firefox.prefer(SCHEME, LIGHT)
