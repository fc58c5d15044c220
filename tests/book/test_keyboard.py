"""Both editions by keyboard alone, from disk, in a real Chromium: every stop is seen, and every part that moves obeys.
Also with colours that the system forces, and with less motion."""

import pytest

from . import site

INTRO, HEADS, CIRCUITS, ROOM, GEOMETRY = (
    f"chapters/{name}.html" for name in ("toy/intro", "addition/heads", "addition/circuits", "toy/room", "toy/geometry")
)

# Each stop in turn has the focus as if it came from the keyboard, and is to be seen: an outline of its own or of its label.
STOPS = """async () => {
    const stops = [...document.querySelectorAll("a[href], button, input, select, summary, video[controls], [tabindex='0']")];
    const seen = [];
    for (const stop of stops.filter(one => !one.disabled && one.checkVisibility({ visibilityProperty: true }))) {
        stop.focus({ focusVisible: true });
        if (document.activeElement !== stop) continue;
        const marked = [stop, stop.nextElementSibling, stop.parentElement].filter(Boolean).map(one => getComputedStyle(one));
        const outlined = marked.some(one => one.outlineStyle !== "none" && parseFloat(one.outlineWidth) > 0);
        seen.push([stop.tagName + "#" + stop.id + "." + stop.className, outlined]);
    }
    return seen; }"""


@pytest.fixture(scope="module", params=["plain", "quarto"])
def edition(request):
    built = request.getfixturevalue(f"{request.param}_edition")
    return site.Edition(built.name, built.folder, built.folder.as_uri())


@pytest.fixture
def opened(chromium, edition):
    """A function that opens a page and brings what the selector names into view; at the end there was no error."""
    left = []

    def goto(page: str, selector: str = "main", **context):
        context = chromium.new_context(viewport={"width": 1280, "height": 900}, **context)
        context.set_default_timeout(0)
        tab = context.new_page()
        left.append((context, errors := []))
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.goto(f"{edition.address}/{page}")
        tab.locator(selector).first.scroll_into_view_if_needed()
        return tab

    yield goto
    for context, errors in left:
        context.close()
        assert errors == []


@pytest.mark.parametrize("page", [INTRO, CIRCUITS])
def test_every_stop_of_the_keyboard_is_seen_in_forced_colours_too(opened, page):
    tab = opened(page, "[data-slider], [data-part=heads]", forced_colors="active")  # where an outline is left, and no shadow
    tab.keyboard.press("Tab")
    stops = tab.evaluate(STOPS)
    assert len(stops) > 30
    assert [stop for stop, seen in stops if not seen] == []


def focused(tab, selector: str) -> None:
    """Goes to what stands before it, and on by Tab."""
    place = tab.locator(selector).first
    place.focus()
    tab.keyboard.press("Shift+Tab")
    tab.keyboard.press("Tab")
    assert place.evaluate("one => document.activeElement === one")


def test_slider_film_and_trainer_obey(opened):
    tab = opened(INTRO, "[data-slider]")
    words = "document.querySelector('[data-slider] svg').getAttribute('aria-label')"
    before = tab.evaluate(words)
    focused(tab, "[data-slider] input")
    tab.keyboard.press("End")
    assert tab.evaluate(words) != before
    focused(tab, "[data-film] button")
    tab.keyboard.press("Enter")
    tab.wait_for_function("document.querySelector('video').currentTime > 0.1")
    tab.keyboard.press("Space")
    tab.wait_for_function("document.querySelector('video').paused")
    focused(tab, "[data-trainer] [data-part=step]")
    tab.keyboard.press("Enter")
    assert "After 100 steps" in tab.locator("[data-trainer] [data-part=told]").inner_text()
    focused(tab, "[data-trainer] [data-on] >> nth=1")
    tab.keyboard.press("Space")
    assert tab.locator("[data-trainer] [data-on]").nth(1).is_checked()


def test_gallery_and_picker_obey(opened):
    tab = opened(HEADS, "[data-gallery]")
    focused(tab, "[data-gallery] a >> nth=4")
    tab.keyboard.press("Enter")
    tab.wait_for_function("document.querySelector('[data-gallery] video').currentTime > 0.05")
    picker = tab.locator("[data-name='addition-head-picker']")
    picker.scroll_into_view_if_needed()
    tab.wait_for_function("document.querySelectorAll('[data-name=addition-head-picker] svg circle').length === 12")
    before = picker.locator("svg").get_attribute("aria-label")
    focused(tab, "[data-name='addition-head-picker'] [data-key=head]")
    tab.keyboard.press("ArrowDown")
    assert picker.locator("svg").get_attribute("aria-label") != before


def test_laboratory_obeys_and_shows_what_is_off_without_colour(opened):
    tab = opened(CIRCUITS, "[data-part=heads]", forced_colors="active")
    tab.wait_for_function("window.superpositionLaboratory")
    focused(tab, "[data-part=heads] button")
    tab.keyboard.press("Space")
    off, on = (tab.locator("[data-part=heads] button").nth(k) for k in (0, 1))
    looks = "one => [one.getAttribute('aria-pressed'), getComputedStyle(one).borderTopStyle, getComputedStyle(one).textDecorationLine]"
    assert off.evaluate(looks) == ["false", "dashed", "line-through"] and on.evaluate(looks)[:2] == ["true", "solid"]
    said = tab.locator("[data-part=status]").text_content()
    focused(tab, "input[type=text] >> nth=0")
    tab.keyboard.press("Control+A")
    tab.keyboard.type("999999")
    tab.wait_for_function("said => document.querySelector('[data-part=status]').textContent !== said", arg=said)


def test_solids_and_solutions_obey(opened):
    tab = opened(GEOMETRY, "main [data-slider], main [data-solids]")
    sliders = tab.locator("main input[type=range]:visible")
    assert sliders.count() >= 1
    for slider in sliders.all():
        slider.focus()
        before = slider.input_value()
        tab.keyboard.press("ArrowRight")
        assert slider.input_value() != before


def test_tabs_obey(opened):
    tab = opened("chapters/toy/demonstrating.html", ".panel-tabset, .tabset")
    panels = tab.locator(".panel-tabset .tab-pane, .tabset > .tab")
    assert panels.nth(0).is_visible() and not panels.nth(1).is_visible()
    tab.locator(".panel-tabset [role=tab][aria-selected=true], .tabset > input").first.focus()
    tab.keyboard.press("ArrowRight")
    panels.nth(1).wait_for(state="visible")
    assert not panels.nth(0).is_visible()


def test_the_space_obeys(opened):
    tab = opened(ROOM, "[data-room]")
    focused(tab, "[data-room] [data-key=dimensions]")
    tab.keyboard.press("Home")
    assert "In 2 dimensions" in tab.locator("[data-room] [data-part=told]").inner_text()


def test_with_less_motion_nothing_moves_by_itself(opened):
    tab = opened(INTRO, "[data-film]", reduced_motion="reduce")
    tab.wait_for_load_state("networkidle")
    moving = (
        "document.getAnimations().filter(one => one.playState === 'running' && one.timeline instanceof DocumentTimeline).length"
    )
    assert tab.evaluate(moving) == 0 and tab.evaluate("[...document.querySelectorAll('video')].every(film => film.paused)")
    tab.locator("#quarto-search, .menu, main a").first.focus()
    tab.wait_for_function(f"{moving} === 0")
    assert tab.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
