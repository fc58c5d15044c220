"""The page on the heads in a real browser, from disk and from a server: 32 films that play, and a picture that obeys."""

import pytest

from . import site

PAGE = "chapters/addition/heads.html"
PICKER = "[data-slider][data-name='addition-head-picker']"


@pytest.fixture(scope="module", params=["plain", "quarto"])
def edition(request):
    return request.getfixturevalue(f"{request.param}_edition")


def test_at_first_view_no_film_no_poster_and_no_data_are_loaded_and_the_player_gets_a_still_when_it_is_near(chromium, edition):
    with site.opened(chromium, edition, PAGE) as (tab, seen):
        assert not [url for url in seen.requests if url.endswith((".mp4", ".poster.png", "addition-head-picker.js"))]
        tab.locator("[data-gallery] video").scroll_into_view_if_needed()
        tab.wait_for_function("() => document.querySelector('[data-gallery] video').poster")
        tab.wait_for_load_state("networkidle")
        assert [url.rsplit(".", 2)[-2:] for url in seen.requests if "assets/films/addition-heads-" in url] == [["poster", "png"]]


def test_each_of_the_32_films_plays_when_it_is_chosen(chromium, edition):
    with site.opened(chromium, edition, PAGE) as (tab, seen):
        links, played = tab.locator("[data-gallery] a"), set()
        assert links.count() == 32
        for k in range(32):
            links.nth(k).click()
            tab.wait_for_function("() => document.querySelector('[data-gallery] video').currentTime > 0.05")
            film = tab.locator("[data-gallery] video")
            played.add(film.evaluate("film => film.currentSrc"))
            assert film.evaluate("film => film.videoWidth") > 0
            assert film.get_attribute("aria-label").endswith(f"head {k}")
            assert tab.locator("[data-gallery] [aria-current]").count() == 1
        assert len(played) == 32 and not seen.errors


def test_a_film_is_chosen_by_keyboard(chromium, edition):
    with site.opened(chromium, edition, PAGE) as (tab, _):
        tab.locator("[data-gallery] a").nth(4).focus()
        tab.keyboard.press("Enter")
        tab.wait_for_function("() => document.querySelector('[data-gallery] video').currentTime > 0.05")
        assert tab.locator("[data-gallery] video").get_attribute("src").endswith("addition-heads-04.mp4")


def test_on_a_narrow_page_a_film_chosen_far_below_the_player_is_seen(chromium, edition):
    with site.opened(chromium, edition, PAGE) as (tab, _):
        tab.set_viewport_size({"width": 390, "height": 844})
        last, film = tab.locator("[data-gallery] a").nth(31), tab.locator("[data-gallery] video")
        edges = "film => [film.getBoundingClientRect().top, film.getBoundingClientRect().bottom]"
        last.evaluate("link => link.scrollIntoView({ block: 'center' })")
        assert film.evaluate(edges)[0] < 0
        last.focus()
        tab.keyboard.press("Enter")
        tab.wait_for_function("() => document.querySelector('[data-gallery] video').currentTime > 0.05")
        top, bottom = film.evaluate(edges)
        assert 0 <= top < bottom <= 844


def drawn(tab):
    return tab.evaluate(f"""() => {{ const svg = document.querySelector("{PICKER} svg");
        return [svg.innerHTML, svg.getAttribute("aria-label")]; }}""")


def test_head_matrix_and_epoch_each_change_the_picture_and_its_words(chromium, edition):
    with site.opened(chromium, edition, PAGE) as (tab, seen):
        box = tab.locator(PICKER)
        box.scroll_into_view_if_needed()
        tab.wait_for_function(f'() => document.querySelectorAll("{PICKER} svg circle").length === 12')
        states = [drawn(tab)]
        box.locator("[data-key=head]").select_option("3")
        states.append(drawn(tab))
        box.locator("[data-key=matrix]").select_option("K")
        states.append(drawn(tab))
        box.locator("[data-key=epoch]").focus()
        tab.keyboard.press("Home")
        states.append(drawn(tab))
        assert len({picture for picture, _ in states}) == 4
        assert states[-1][1].endswith("Head 3, K, epoch 0.")
        assert box.locator("[data-key=epoch]").get_attribute("aria-valuetext") == "epoch 0"
        assert not seen.errors


def test_what_was_never_trained_is_said_and_grey_and_o_has_no_positions(chromium, edition):
    with site.opened(chromium, edition, PAGE) as (tab, _):
        box = tab.locator(PICKER)
        box.scroll_into_view_if_needed()
        tab.wait_for_function(f'() => document.querySelectorAll("{PICKER} svg circle").length === 12')
        box.locator("[data-key=matrix]").select_option("Q")
        assert "never trained" in box.locator("svg").text_content()
        colours = "circles => new Set(circles.map(circle => circle.getAttribute('stroke'))).size"
        assert box.locator("svg circle").evaluate_all(colours) == 1
        box.locator("[data-key=matrix]").select_option("O")
        assert box.locator("svg circle").count() == 0 and "O knows no positions" in box.locator("svg").text_content()


def test_on_a_narrow_page_the_two_squares_stand_one_below_the_other(chromium, edition):
    with site.opened(chromium, edition, PAGE) as (tab, _):
        tab.locator(PICKER).scroll_into_view_if_needed()
        tab.wait_for_function(f'() => document.querySelectorAll("{PICKER} svg circle").length === 12')
        corners = "squares => squares.map(square => [square.getBoundingClientRect().x, square.getBoundingClientRect().y])"
        squares = tab.locator(f"{PICKER} svg rect")
        (left, top), (right, same) = squares.evaluate_all(corners)
        assert right > left and same == top
        tab.set_viewport_size({"width": 390, "height": 844})
        tab.wait_for_function(f'() => document.querySelector("{PICKER} svg").viewBox.baseVal.width < 480')
        (left, top), (same, below) = squares.evaluate_all(corners)
        assert same == left and below > top
