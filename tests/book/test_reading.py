"""The editions for any reader: Quarto's from disk, both without scripts, on paper in the dark, by keyboard."""

import pytest

from . import site

PAGE = "chapters/toy/intro.html"


@pytest.fixture(scope="module", params=["plain", "quarto"])
def from_disk(request):
    edition = request.getfixturevalue(f"{request.param}_edition")
    return site.Edition(edition.name, edition.folder, edition.folder.as_uri())


@pytest.fixture
def quarto_from_disk(quarto_edition):
    return site.Edition("quarto", quarto_edition.folder, quarto_edition.folder.as_uri())


def test_quartos_page_from_disk_has_no_error_and_its_contents_follow_the_text(chromium, quarto_from_disk):
    with site.opened(chromium, quarto_from_disk, PAGE) as (tab, seen):
        marked = "document.querySelector('#TOC a.active')?.getAttribute('href')"
        tab.evaluate("window.scrollTo(0, document.body.scrollHeight / 2)")
        tab.wait_for_function(f"() => {marked}")
        half = tab.evaluate(marked)
        tab.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        tab.wait_for_function(f"was => {marked} !== was", arg=half)
        assert seen.errors == []


def test_quartos_search_from_disk_finds_a_word_and_leads_to_it(chromium, quarto_from_disk):
    with site.opened(chromium, quarto_from_disk, "index.html") as (tab, seen):
        tab.locator("#quarto-search input").fill("pentagon")
        found = tab.locator("#quarto-search-results a, .aa-Panel a").first
        found.wait_for()
        found.click()
        tab.wait_for_function("() => document.querySelector('mark')")
        assert tab.url.startswith(quarto_from_disk.address) and "pentagon" in tab.locator("main").inner_text().lower()
        assert seen.errors == []


def test_the_books_title_leads_to_its_first_page_from_disk_and_each_page_to_the_pdf(chromium, from_disk):
    with site.opened(chromium, from_disk, PAGE) as (tab, _):
        pdf = tab.locator("a[href$='.pdf']").first
        assert pdf.is_visible() and from_disk.file(pdf.evaluate("link => link.href")).is_file()
        tab.locator(".sidebar-title > a, .top .home").first.click()
        tab.wait_for_url(f"{from_disk.address}/index.html")


def test_equations_have_a_font_with_a_math_table_of_the_books_own_and_pages_without_them_ask_for_none(chromium, from_disk):
    own = "assets/fonts/stix-two-math.woff2"
    assert (from_disk.folder / own).stat().st_size < 120_000
    for page in (PAGE, "chapters/appendix/reproducing.html"):
        with site.opened(chromium, from_disk, page) as (tab, seen):
            asked = any(url.endswith(own) for url in seen.requests)
            assert asked == bool(tab.locator("math").count()) == (page == PAGE)


def test_without_scripts_folded_answers_can_be_read_and_films_are_as_they_are(chromium, from_disk):
    context = chromium.new_context(java_script_enabled=False, color_scheme="light")
    tab = context.new_page()
    tab.goto(f"{from_disk.address}/{PAGE}")
    answers = tab.locator("details.callout, .callout-collapse")
    assert answers.count() >= 2
    for answer in answers.all():
        if answer.evaluate("node => node.tagName") == "DETAILS":
            answer.locator("summary").click()
        assert answer.locator("p").last.is_visible()
    assert tab.locator("video").first.evaluate("film => getComputedStyle(film).filter") == "none"
    context.close()


def test_a_dark_page_is_printed_light_with_its_answers_open(chromium, from_disk):
    with site.opened(chromium, from_disk, PAGE, "dark") as (tab, _):
        tab.emulate_media(media="print", color_scheme="dark")
        tab.evaluate("dispatchEvent(new Event('beforeprint'))")
        paper, ink = (tab.evaluate(f"getComputedStyle(document.body).{which}") for which in ("backgroundColor", "color"))
        assert min(_channels(paper)) > 240 and max(_channels(ink)) < 60
        assert tab.locator("video").first.evaluate("film => getComputedStyle(film).filter") == "none"
        for answer in tab.locator("details.callout, .callout-collapse").all():
            assert answer.locator("p").last.is_visible()
        assert not tab.locator("#quarto-header").is_visible()  # Firefox would give its bar a page of its own
        tab.evaluate("dispatchEvent(new Event('afterprint'))")
        assert not tab.locator("details.callout[open]").count()


def _channels(colour):
    return [float(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]


def test_the_first_stop_of_the_keyboard_skips_to_the_text(chromium, from_disk):
    with site.opened(chromium, from_disk, PAGE) as (tab, _):
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.className") == "skip"
        assert tab.locator(".skip").bounding_box()["x"] >= 0
        tab.keyboard.press("Enter")
        tab.keyboard.press("Tab")
        assert tab.evaluate("!!document.activeElement.closest('main')")


def test_quartos_tabs_of_a_group_keep_step_from_disk(chromium, quarto_from_disk):
    twice = """document.addEventListener("DOMContentLoaded", () => {
        const tabs = document.querySelector(".panel-tabset"), again = tabs.cloneNode(true);
        again.innerHTML = again.innerHTML.replaceAll(/tabset-(\\d+)-/g, "tabset-9$1-");
        for (const one of [tabs, again]) one.dataset.group = "size";
        tabs.after(again); })"""
    with chromium.new_context() as context:
        context.add_init_script(twice)
        tab = context.new_page()
        tab.goto(f"{quarto_from_disk.address}/chapters/toy/demonstrating.html")
        second = tab.locator(".panel-tabset .nav-link:nth-child(1)").filter(has_text="80 features")
        assert second.count() == 2
        second.first.click()
        panels = tab.locator(".panel-tabset > .tab-content > .tab-pane")
        tab.wait_for_function("() => document.querySelectorAll('.tab-pane.active').length === 2")
        assert [panel.is_visible() for panel in panels.all()] == [False, True] * 2
