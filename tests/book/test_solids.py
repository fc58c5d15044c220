"""Polytopes to be turned by hand: what a corner says, and in a real browser, that nothing loads before it is asked for."""

import io
import json
import re

import numpy as np
import pytest
from PIL import Image, ImageChops

from superposition.book import solids
from superposition.book.assets import AssetError
from superposition.toy.measures import polytopes

from . import site
from .test_elements import HOSTILE, Page, halves, root  # noqa: F401

PAGE, BOX = "chapters/toy/geometry.html", "[data-slider][data-name='toy-geometry-solids']"
EDGES = {"triangle": 3, "tetrahedron": 6, "square antiprism": 16}


@pytest.fixture(params=list(EDGES))
def solid(request):
    """A perfect one, 0.9 long, turned into six dimensions, as features 3 and on of the second of two models."""
    corners = polytopes.CORNERS[polytopes.NAMES.index(request.param)]
    W = np.zeros((2, 12, 6))
    W[1, 3 : 3 + len(corners), : corners.shape[1]] = 0.9 * corners
    W = W @ np.linalg.qr(np.random.default_rng(0).standard_normal((6, 6)))[0]
    return solids.solid(W, np.array([1, 0.75]), request.param)


def test_a_solid_lies_in_three_dimensions_as_it_does_in_the_model_with_its_edges(solid):
    perfect = polytopes.CORNERS[polytopes.NAMES.index(solid.name)]
    np.testing.assert_allclose(np.linalg.norm(solid.corners, axis=1), 0.9)
    assert polytopes.name(solid.corners) == polytopes.NAMES.index(solid.name)
    np.testing.assert_allclose(
        np.sort((solid.corners @ solid.corners.T).ravel()), np.sort(0.81 * (perfect @ perfect.T).ravel()), atol=1e-12
    )
    assert len(solid.edges) == EDGES[solid.name] and solid.title == f"{solid.name}, S = 0.25"


def test_a_corner_says_its_length_its_dimensionality_and_its_cosines(solid):
    share = {"triangle": "0.67; cosines −0.50, −0.50", "tetrahedron": "0.75; cosines −0.33, −0.33, −0.33"}
    assert solid.notes[0].startswith("feature 4: length 0.90, D ")
    assert solid.notes[0].endswith(share.get(solid.name, "−0.33, 0.14, 0.14, 0.33, 0.33"))


def test_data_that_look_like_tags_stay_data_and_the_pdf_has_the_picture(solid, root):  # noqa: F811
    with pytest.raises(AssetError):
        solids.view("turned", [solid], "Corners.")
    (root / "assets/js").mkdir(parents=True, exist_ok=True)
    (root / "assets/films/turned.svg").touch()
    (root / "assets/js/plotly-gl3d.min.js").touch()
    html, still = halves(solids.view("turned", [solid._replace(title=HOSTILE, notes=[HOSTILE])], f"Corners. {HOSTILE}"))
    data = json.loads(re.search(r'<script type="application/json">(.*?)</script>', html, re.S)[1])
    assert len(data["solids"]) == 1 and len(Page(html).named("img")) == 1 and "turned.svg" in still
    assert not [one for one in Page(html).named("script") if "plotly" in one.get("src", "")]


@pytest.fixture(scope="module", params=["plain", "quarto"])
def edition(request):
    return request.getfixturevalue(f"{request.param}_edition")


def test_plotly_loads_on_a_click_from_the_edition_itself_and_its_polytopes_turn(chromium, edition):
    with site.opened(chromium, edition, PAGE) as (tab, seen):
        box = tab.locator(BOX)
        assert not [url for url in seen.requests if "plotly" in url] and box.locator("img").is_visible()
        box.locator("button").click()
        tab.wait_for_selector(f"{BOX}[data-slider='turning'] canvas")
        assert [url for url in seen.requests if "plotly" in url] == [f"{edition.address}/assets/js/plotly-gl3d.min.js"]
        assert all(url.startswith(f"{edition.address}/") for url in seen.requests if not url.startswith(("data:", "blob:")))
        stage = box.locator("[data-part='stage']")
        assert stage.locator(".gl-container").count() == 3 and not box.locator("img").is_visible()
        before = Image.open(io.BytesIO(stage.screenshot()))
        box.locator("input").fill("200")
        eye = "plot => plot.layout.scene.camera.eye.x < 0"
        tab.wait_for_function(eye, arg=stage.locator(".js-plotly-plot").first.element_handle())
        after = Image.open(io.BytesIO(stage.screenshot()))
        assert ImageChops.difference(before.convert("RGB"), after.convert("RGB")).getbbox() and not seen.errors


def test_on_a_narrow_page_the_polytopes_stay_inside_it(chromium, edition):
    with site.opened(chromium, edition, PAGE, "dark") as (tab, _):
        tab.set_viewport_size({"width": 390, "height": 844})
        tab.locator(BOX).locator("button").click()
        tab.wait_for_selector(f"{BOX}[data-slider='turning'] canvas")
        assert tab.evaluate("() => document.documentElement.scrollWidth <= document.documentElement.clientWidth")
