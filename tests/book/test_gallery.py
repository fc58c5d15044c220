"""The gallery and the picker: made from what they are given, escaped, loaded on demand; and the book's own 32 films."""

import base64
import json
import re
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from superposition import book
from superposition.book import heads as picker
from superposition.book import text
from superposition.book.assets import AssetError

from .test_elements import HOSTILE, Page, halves, root  # noqa: F401

FILMS = Path(__file__).resolve().parents[2] / "assets/films"
CURVES = np.random.default_rng(0).normal(size=(2, 2, 10, 2))


def shown(root, titles=("a", "b"), first=0, alt="Squares."):
    """A gallery of two films that are there, of which only the posters' size matters."""
    for file in ("tiny.svg", "tiny-00.mp4", "tiny-01.mp4"):
        (root / "assets/films" / file).touch()
    for k in (0, 1):
        Image.new("RGB", (60, 50 + k)).save(root / f"assets/films/tiny-0{k}.poster.png")
    return halves(book.gallery("tiny", titles, CURVES, first, alt))


def test_a_gallery_is_a_player_and_a_link_with_a_drawing_for_every_film(root):  # noqa: F811
    html, still = shown(root, first=1)
    page = Page(html)
    [video], links = page.named("video"), page.named("a")
    assert (
        video["preload"] == "none"
        and "autoplay" not in video
        and "poster" not in video
        and {"controls", "muted", "playsinline"} <= set(video)
    )
    assert video["src"] == "../../assets/films/tiny-01.mp4" and video["data-poster"] == "../../assets/films/tiny-01.poster.png"
    assert (video["width"], video["height"]) == ("60", "51") and video["aria-label"] == "Squares. b"
    assert [link["href"] for link in links] == ["../../assets/films/tiny-00.mp4", "../../assets/films/tiny-01.mp4"]
    assert ["aria-current" in link for link in links] == [False, True]
    drawings = [path["d"] for path in page.named("path")]
    assert len(drawings) == 2 and all(drawing.count("M") == 2 and drawing.count("L") == 18 for drawing in drawings)
    assert not page.named("img") and [s["src"] for s in page.named("script")] == [
        "../../assets/js/film.js", "../../assets/js/gallery.js"
    ]  # fmt: skip
    assert "![](../../assets/films/tiny.svg)" in still


def test_hostile_titles_of_films_stay_text(root):  # noqa: F811
    html, _ = shown(root, titles=(HOSTILE, "b"), alt=HOSTILE)
    page = Page(html)
    assert {tag for tag, _ in page.elements} == {
        "div",
        "video",
        "p",
        "button",
        "input",
        "ul",
        "li",
        "a",
        "svg",
        "path",
        "br",
        "script",
    }
    assert page.named("video")[0]["aria-label"] == f"{text.visible(HOSTILE)} {text.visible(HOSTILE)}"
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00]", html) and "\n```" not in html


def test_a_gallery_one_of_whose_films_was_not_made_is_an_error_naming_it_and_the_command(root):  # noqa: F811
    shown(root)
    (root / "assets/films/tiny-01.mp4").unlink()
    with pytest.raises(AssetError, match=r"^assets/films/tiny-01\.mp4: .* make freeze$"):
        book.gallery("tiny", ["a", "b"], CURVES, 0, "Squares.")


# --- the picker ---------------------------------------------------------------------------------------------------


def pick(root, alt="Digits."):
    (root / "assets/js").mkdir()
    for file in ("js/pick.js", "films/pick.svg"):
        (root / "assets" / file).touch()
    return halves(book.head_picker("pick", 2, [0, 5, 1000], 1, alt))


def test_bytes_of_the_picker_are_its_points_to_a_255th_of_the_side():
    points = np.random.default_rng(2).normal(size=(2, 3, 4, 10, 2)) * [[[[[1.0, 3.0]]]]]
    encoded, half = picker.packing(points)
    whole = np.frombuffer(base64.b64decode(encoded), np.uint8).reshape(points.shape)
    low, high = points.min((1, 3), keepdims=True), points.max((1, 3), keepdims=True)
    back = (low + high) / 2 + (whole / 255 * 2 - 1) * half[:, None, :, None, None]
    assert np.abs(back - points).max() < 1.01 * half.max() / 255
    assert whole.min() >= 5 and whole.max() <= 250


def test_the_picker_has_three_labelled_controls_and_its_data_in_a_script_of_its_own(root):  # noqa: F811
    html, still = pick(root)
    page = Page(html)
    controls = page.named("select") + page.named("input")
    assert [control["data-key"] for control in controls] == ["head", "matrix", "epoch"]
    assert {label["for"] for label in page.named("label")} == {control["id"] for control in controls}
    assert [option["value"] for option in page.named("option")] == ["0", "1", "Q", "K", "V", "O"]
    assert [s["src"] for s in page.named("script")] == ["../../assets/js/heads.js"]
    assert page.named("div")[0]["data-script"] == "../../assets/js/pick.js"
    assert "![](../../assets/films/pick.svg)" in still


def test_the_pickers_script_holds_its_points_and_epochs_under_its_name():
    rng = np.random.default_rng(1)
    digits, places = rng.normal(size=(3, 4, 2, 10, 2)), rng.normal(size=(3, 3, 2, 19, 2))
    script = picker.points_script("pick", digits, places, [0, 5, 1000]).decode()
    data = json.loads(re.fullmatch(r'\(window\.superpositionHeads = .*?\)\["pick"\] = (.*);\n', script)[1])
    assert data["epochs"] == [0, 5, 1000]
    assert (
        data["digits"] == picker.packing(np.moveaxis(digits, 2, 0))[0]
        and data["places"] == picker.packing(np.moveaxis(places, 2, 0))[0]
    )


def test_hostile_words_of_the_picker_stay_text(root):  # noqa: F811
    html, _ = pick(root, alt=HOSTILE)
    page = Page(html)
    assert {tag for tag, _ in page.elements} == {
        "div",
        "p",
        "label",
        "select",
        "option",
        "input",
        "span",
        "svg",
        "noscript",
        "img",
        "script",
    }
    assert page.named("svg")[0]["aria-label"] == text.visible(HOSTILE) and "\n```" not in html


# --- the book's films ---------------------------------------------------------------------------------------------


def test_the_heads_have_32_different_films_of_at_most_8_megabytes_with_their_posters():
    movies = [FILMS / f"addition-heads-{head:02}.mp4" for head in range(32)]
    posters = [movie.with_suffix(".poster.png") for movie in movies]
    assert sum(file.stat().st_size for file in movies + posters) <= 8e6
    assert len({sha256(movie.read_bytes()).digest() for movie in movies}) == 32
    assert {path.name for path in FILMS.glob("addition-heads-*")} == {path.name for path in [*movies, *posters]}


def test_the_pickers_data_are_at_most_200_kilobytes():
    assert (FILMS.parent / "js/addition-head-picker.js").stat().st_size <= 200e3
