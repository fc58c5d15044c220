"""The almost orthogonal space in the page, in a real Chromium, from disk: against the package, and under a reader's hands."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from superposition import book
from superposition.toy.theory import almost_orthogonal

from . import one_page, site
from .test_elements import HOSTILE

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "assets/js/room.js"


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    """A book of one page, which has the space."""
    return one_page.built(
        tmp_path_factory.mktemp("room"), "room", "room", lambda: book.room("room", alt=f"Cosines. {HOSTILE}", up="")
    )


@pytest.fixture(scope="module")
def room(chromium, edition):
    with site.opened(chromium, edition, "index.html") as (tab, seen):
        yield tab
        assert seen.errors == []


@pytest.mark.parametrize(
    ("in_page", "in_package", "second"),
    [
        ("chance", almost_orthogonal.overlap_chance, (0.05, 0.3, 0.9)),
        ("drawn", almost_orthogonal.drawn, (0.05, 0.3, 0.9)),
        ("lindenstrauss", almost_orthogonal.johnson_lindenstrauss, (0.05, 0.3, 0.9)),
        ("atMost", almost_orthogonal.at_most, (0.05, 0.3, 0.9)),
        ("best", almost_orthogonal.features_of_best, (1, 4, 16)),
        ("oneLook", almost_orthogonal.features_in_one_look, (1, 4, 16)),
    ],
)
def test_the_page_counts_as_the_package_does(room, in_page, in_package, second):
    cases = [(m, other) for m in (2, 3, 16, 128, 512) for other in second]
    shown = room.evaluate("([name, cases]) => cases.map((one) => window.roomInPage[name](...one))", [in_page, cases])
    np.testing.assert_allclose([float(n) for n in shown], [float(in_package(*case)) for case in cases], rtol=1e-6, atol=1)


@pytest.mark.parametrize("m", [2, 3, 64])
def test_cosines_in_the_page_are_those_of_random_directions(room, m):
    cosines = room.evaluate("m => Array.from(roomInPage.cosines(m, 20000, roomInPage.uniform(5)))", m)
    squared = stats.kstest(np.square(cosines), stats.beta(0.5, (m - 1) / 2).cdf)
    assert squared.pvalue > 1e-3 and abs(np.mean(np.sign(cosines))) < 0.03


def test_a_reader_with_a_keyboard_gets_more_room_with_more_dimensions_and_hears_how_much(room):
    part = lambda name: room.locator(f"[data-part={name}]")  # noqa: E731
    slider, before = room.locator("[data-key=dimensions]"), part("drawn").inner_text()
    said = part("told").inner_text()
    slider.focus()
    room.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "384" and "In 384 dimensions" in part("told").inner_text() != said
    assert int(part("drawn").inner_text().replace(",", "")) > int(before.replace(",", ""))
    assert "In 384 dimensions" in room.locator("svg").get_attribute("aria-label")
    bars = part("plot").inner_html()
    part("again").press("Enter")
    assert part("plot").inner_html() != bars


def test_the_script_is_small_the_page_accessible_and_its_parts_large_enough_for_a_finger(chromium, edition):
    assert SCRIPT.stat().st_size < 12_000
    seen = site.visit(chromium, edition, "index.html")
    assert seen.axe == [] and seen.overhang == [] and seen.errors == []
    with site.opened(chromium, edition, "index.html") as (tab, _):
        sizes = tab.locator("button, input[type=range]").evaluate_all("all => all.map(e => e.getBoundingClientRect().height)")
        assert len(sizes) == 4 and min(sizes) >= 44


def test_without_scripts_the_still_picture_is_there(chromium, edition):
    context = chromium.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{edition.address}/index.html")
    assert tab.locator("noscript img, img").count() == 1 and not tab.locator("[data-part=controls]").is_visible()
    context.close()
