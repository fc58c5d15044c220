"""The laboratory in a real Chromium, from disk: its model against PyTorch, and what a reader can do with it."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from superposition import book, runs
from superposition.addition.engine import browser_tables, data, learning_curves
from superposition.addition.engine.lookup import Lookup, ablated
from superposition.addition.engine.transformer import Transformer
from superposition.book.assets import AssetError
from superposition.book.laboratory import tables_script

from . import site
from .test_elements import HOSTILE, Page, halves

ROOT = Path(__file__).resolve().parents[2]
CHAPTER = "chapters/addition/circuits.html"
PAIRS = data.draw(11, 200)
KEEP = np.random.default_rng(0).random((200, 32)) < np.random.default_rng(1).random((200, 1))


def seen(pairs=PAIRS):
    return torch.from_numpy(data.tokens(*pairs.T))


@pytest.fixture(scope="module")
def model():
    """The transformer that the chapter shows, in float64."""
    trained = runs.load("addition/train")
    return Transformer.of({name: trained[name][0].astype(float) for name in learning_curves.PARAMETERS})


def rendered(folder, model, sets):
    """The laboratory's HTML, with its files below the folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUPERPOSITION_ROOT", str(folder))
        (folder / "_quarto.yml").touch()
        for file, content in (("films/laboratory.svg", b""), ("js/laboratory-tables.js", tables(model))):
            (folder / "assets" / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / "assets" / file).write_bytes(content)
        return halves(book.laboratory(model.n_heads, sets, alt=HOSTILE))


def tables(model):
    return tables_script(browser_tables.tables(Lookup.of(model), seen()))


@pytest.fixture(scope="module")
def edition(tmp_path_factory, model):
    """A book of one page: a screen of nothing, then the laboratory, with the plain edition's style sheet."""
    folder = tmp_path_factory.mktemp("laboratory")
    html, _ = rendered(folder, model, {"three & more": [1, 5, 30]})
    shutil.copy(ROOT / "assets/js/laboratory.js", folder / "assets/js")
    shutil.copy(ROOT / "src/superposition/book/plain/plain.css", folder)
    (folder / CHAPTER).parent.mkdir(parents=True)
    (folder / CHAPTER).write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>Laboratory</title><link rel="stylesheet" href="../../plain.css"></head><body><main><h1>A page</h1>'
        f'<p style="height:1500px">Before.</p><figure>{html}<figcaption>Try it.</figcaption></figure></main></body></html>',
        encoding="utf-8",
    )
    return site.Edition("laboratory", folder, folder.as_uri())


@pytest.fixture
def room(chromium, edition):
    """The page with the laboratory at work, and what went wrong meanwhile; nothing may."""
    with site.opened(chromium, edition, CHAPTER) as (tab, visit):
        enter(tab)
        yield tab
        assert not visit.errors


def enter(tab):
    tab.locator("[data-part=heads]").scroll_into_view_if_needed()
    tab.wait_for_function("window.superpositionLaboratory")


def asked(tab, pairs, keep, off="zero"):
    """The page's logits (sum, answer, n_out)."""
    given = [[int(a), int(b), np.flatnonzero(here).tolist(), off] for (a, b), here in zip(pairs, keep, strict=True)]
    return np.array(tab.evaluate("given => given.map(one => superpositionLaboratory.logits(...one))", given))


def without(model, pair, keep):
    """The transformer's own logits, with the weights gone that lead out of its other heads."""
    cut = Transformer.of(model.state_dict())
    with torch.no_grad():
        cut.W_O[~torch.from_numpy(keep)] = 0
        return cut(seen(pair[None]))[0, 12:].numpy()


def status(tab):
    return tab.locator("[data-part=status]").text_content()


def cell_fills(tab, picture):
    """The colours of a picture's rectangles, cells first, row by row."""
    return tab.locator(f"[data-part={picture}] rect").evaluate_all("all => all.map(one => one.getAttribute('fill'))")


def shown_map(tab):
    """The hundred digits of the map, and which of them are filled."""
    cells = tab.locator("[data-part=map] text[font-size='15']")
    filled = np.reshape(cell_fills(tab, "map")[:100], (10, 10)) == "#a63f03"
    return np.array(cells.all_text_contents(), int).reshape(10, 10), filled


def test_the_page_runs_the_transformer_to_a_millionth_of_a_logit_with_any_heads_off(room, model):
    truth = np.stack([without(model, pair, keep) for pair, keep in zip(PAIRS, KEEP, strict=True)])
    found = asked(room, PAIRS, KEEP)
    assert found.shape == (200, 7, 10)
    np.testing.assert_allclose(found, truth, rtol=0, atol=1e-6)


def test_heads_that_are_off_give_their_mean_if_asked(room, model):
    lookup = Lookup.of(model)
    z = lookup.attend(seen()).z
    truth = lookup.read(ablated(z, torch.from_numpy(KEEP)[:, None], z.mean(0)), lookup.direct(seen())).detach()
    np.testing.assert_allclose(asked(room, PAIRS, KEEP, "mean"), truth, rtol=0, atol=1e-6)
    np.testing.assert_allclose(asked(room, PAIRS[:1], KEEP[:1] & False, "mean")[0], z_free(model), rtol=0, atol=1e-6)


def z_free(model):
    """With every head at its mean, the logits are the mean logits."""
    return model(seen())[:, 12:].mean(0).detach().numpy()


def test_the_tables_weigh_at_most_250_kb_and_the_script_25(edition):
    weigh = {name: (edition.folder / f"assets/js/{name}").stat().st_size for name in ("laboratory-tables.js", "laboratory.js")}
    assert weigh["laboratory-tables.js"] <= 250_000 and weigh["laboratory.js"] <= 25_000


def test_the_tables_are_asked_for_when_the_reader_comes_near(chromium, edition):
    with site.opened(chromium, edition, CHAPTER) as (tab, visit):
        assert not [url for url in visit.requests if "tables" in url]
        assert not tab.locator("[data-part=a]").is_enabled()
        enter(tab)
        assert [url for url in visit.requests if "tables" in url] == [f"{edition.address}/assets/js/laboratory-tables.js"]
        assert tab.locator("[data-part=a]").is_enabled() and not visit.errors


def test_missing_tables_are_said_to_be_missing(chromium, edition, tmp_path):
    alone = Path(shutil.copytree(edition.folder, tmp_path / "book", ignore=shutil.ignore_patterns("*-tables.js")))
    with site.opened(chromium, site.Edition("alone", alone, alone.as_uri()), CHAPTER) as (tab, _):
        tab.locator("[data-part=heads]").scroll_into_view_if_needed()
        tab.wait_for_function("document.querySelector('[data-part=status]').textContent")
        assert "laboratory-tables.js" in status(tab)


def test_the_answer_is_shown_digit_by_digit_right_or_wrong(room, model):
    room.fill("[data-part=a]", "987654")
    room.fill("[data-part=b]", "12349")
    answers = without(model, np.array([987654, 12349]), np.full(32, True)).argmax(-1)
    truth = data.answers(*np.array([[987654], [12349]]))[0]
    assert [*map(int, room.locator("[data-part=digits] span").all_text_contents())] == answers[::-1].tolist()
    marks = room.locator("[data-part=digits] small").all_text_contents()
    assert marks == ["✓" if x == y else f"✗ {y}" for x, y in zip(answers[::-1], truth[::-1], strict=True)]
    assert f"answers {int(''.join(map(str, answers[::-1])))}, wrong in {(answers != truth).sum()} of 7" in status(room)
    assert "1000003" in status(room)


@pytest.mark.parametrize("answer", [0, 4, 6])
def test_the_map_is_the_transformers_own_answers_for_all_pairs_of_digits(room, model, answer):
    room.click("[data-sum='444445 555555']")
    room.check(f"[data-digit][value='{answer}']")
    found = browser_tables.view(Lookup.of(model), 444445, 555555, answer)
    digits, filled = shown_map(room)
    assert (digits == found.varied).all()
    tens = 10 ** min(answer, 5)
    here = [int(n // tens % 10) for n in (444445, 555555)]
    sums = 10**6 + (np.add.outer(np.arange(10), np.arange(10)) - sum(here)) * tens
    assert (filled == (digits != sums // 10**answer % 10)).all() and filled.any()
    assert f"{(~filled).sum()} of 100 are right" in room.locator("[data-part=map]").get_attribute("aria-label")


def test_the_map_can_vary_the_column_to_the_right_whose_carry_counts(room, model):
    room.check("[data-digit][value='1']")
    room.select_option("[data-part=column]", "1")
    pairs = np.array([(1230 + x, 5670 + y) for x in range(10) for y in range(10)])
    truth = model(seen(pairs))[:, 13].argmax(-1).reshape(10, 10).numpy()
    assert (shown_map(room)[0] == truth).all()
    assert "a’s digit of the ones" in room.locator("[data-part=map]").text_content()


@pytest.mark.parametrize("column", ["0", "1"])
def test_to_the_right_of_the_millions_stand_the_hundred_thousands(room, model, column):
    room.check("[data-digit][value='6']")
    room.select_option("[data-part=column]", column)
    pairs = np.array([(1234 + x * 10**5, 5678 + y * 10**5) for x in range(10) for y in range(10)])
    truth = model(seen(pairs))[:, 18].argmax(-1).reshape(10, 10).numpy()
    assert (shown_map(room)[0] == truth).all()
    assert "a’s digit of the hundred thousands" in room.locator("[data-part=map]").text_content()


def test_attention_is_drawn_for_the_head_chosen_with_numbers_as_one_writes_them(room, model):
    room.click("[data-sum='444445 555555']")
    room.select_option("[data-part=head]", "7")
    pattern = Lookup.of(model).attend(seen(np.array([[444445, 555555]]))).pattern[0, :, 7].detach().numpy()
    fills = np.reshape(cell_fills(room, "attention")[:133], (7, 19))
    order = [5, 4, 3, 2, 1, 0, 11, 10, 9, 8, 7, 6, 18, 17, 16, 15, 14, 13, 12]
    written = pattern[::-1, order]
    blue = np.array([[0 if fill[0] == "#" else 255 - int(re.findall(r"\d+", fill)[0]) for fill in row] for row in fills])
    np.testing.assert_allclose(blue, 244 * np.sqrt(written), atol=1)
    assert ((fills == "#e4e4e4") == (written == 0)).all() and (written == 0).sum() == 21


def test_contributions_are_coloured_relative_to_the_mean_digit(room, model):
    room.check("[data-digit][value='2']")
    found = browser_tables.view(Lookup.of(model), 1234, 5678, 2).contributions
    centred = found - found.mean(1, keepdims=True)
    fills = cell_fills(room, "contributions")[:320]
    rgb = np.array([[int(x) for x in re.findall(r"\d+", fill)] for fill in fills]).reshape(10, 32, 3)
    strength = np.sqrt(np.abs(centred.T) / np.abs(centred).max())
    np.testing.assert_allclose(255 - rgb[..., 0], strength * np.where(centred.T < 0, 244, 89), atol=1)


def test_buttons_and_presets_switch_heads(room, model):
    pressed = "all => all.map(one => one.getAttribute('aria-pressed') === 'true')"
    heads = room.locator("[data-part=heads] button")
    room.click("text='three & more'")
    assert np.flatnonzero(heads.evaluate_all(pressed)).tolist() == [1, 5, 30]
    heads.nth(7).click()
    heads.nth(30).click()
    assert np.flatnonzero(heads.evaluate_all(pressed)).tolist() == [1, 5, 7]
    keep = np.isin(np.arange(32), [1, 5, 7])
    answers = without(model, np.array([1234, 5678]), keep).argmax(-1)
    assert [*map(int, room.locator("[data-part=digits] span").all_text_contents())] == answers[::-1].tolist()
    room.click("text='all off'")
    assert not any(heads.evaluate_all(pressed))
    assert "No head is on" in room.locator("[data-part=attention]").get_attribute("aria-label")
    room.select_option("[data-part=off]", "mean")
    assert [*map(int, room.locator("[data-part=digits] span").all_text_contents())] == z_free(model).argmax(-1)[::-1].tolist()
    room.click("text='all on'")
    assert all(heads.evaluate_all(pressed))


def test_a_head_switched_recolours_what_is_drawn_at_once_and_makes_no_new_element(room):
    seen = room.evaluate("""() => {
        const all = () => [...document.querySelectorAll("*")], before = all();
        const fills = () => [...document.querySelectorAll("[data-part=contributions] rect")].map(r => r.getAttribute("fill")).join();
        return [...document.querySelectorAll("[data-part=heads] button")].slice(0, 20).map(button => {
            const was = fills();
            button.click();
            const now = all();
            return [fills() !== was, now.length === before.length && now.every((element, k) => element === before[k])];
        });
    }""")
    assert seen == [[True, True]] * 20
    assert len(room.locator("[aria-pressed=false]").all()) == 20


@pytest.mark.parametrize(
    ("typed", "message"),
    [("", "type a number"), ("12a", "only the digits"), ("-5", "only the digits"), ("1.5", "only the digits"),
     ("٣", "only the digits"), ("<b>", "only the digits"), ("1234567", "at most six digits")],
)  # fmt: skip
def test_what_is_no_six_digit_number_gets_a_clear_message_and_mends(room, typed, message):
    room.fill("[data-part=b]", typed)
    assert f"b: {message}" in status(room) and "still show 1234 + 5678" in status(room)
    field = room.locator("[data-part=b]")
    assert field.get_attribute("aria-invalid") == "true"
    assert room.locator("[data-part=a]").get_attribute("aria-invalid") == "false"
    assert field.get_attribute("aria-describedby") == room.locator("[role=status]").get_attribute("id")
    room.locator("[data-part=heads] button").first.click()
    assert f"b: {message}" in status(room)
    room.fill("[data-part=b]", " 000042 ")
    assert status(room).startswith("1234 + 42: ") and field.get_attribute("aria-invalid") == "false"


def test_everything_is_reached_from_the_keyboard(room):
    room.focus("[data-part=heads] button")
    room.keyboard.press("ArrowRight")
    room.keyboard.press("ArrowRight")
    room.keyboard.press("Space")
    assert room.locator("[aria-pressed=false]").all_text_contents() == ["2"]
    room.keyboard.press("End")
    room.keyboard.press("Enter")
    assert room.locator("[aria-pressed=false]").all_text_contents() == ["2", "31"]
    room.keyboard.press("Shift+Tab")
    assert room.evaluate("document.activeElement.textContent") == "three & more"
    room.keyboard.press("Tab")
    assert room.evaluate("document.activeElement.textContent") == "31"
    room.focus("[data-digit]:checked")
    room.keyboard.press("ArrowRight")
    assert room.locator("[data-digit]:checked").get_attribute("value") == "0"
    assert "the ones digit" in room.locator("[data-caption=contributions]").text_content()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_small_screen_does_not_scroll_sideways_and_axe_finds_nothing_serious(chromium, edition, scheme):
    with site.opened(chromium, edition, CHAPTER, scheme) as (tab, visit):
        tab.set_viewport_size({"width": 390, "height": 844})
        enter(tab)
        tab.click("text='all off'")
        tab.evaluate(site._AXE_SOURCE)
        assert tab.evaluate(site._AXE) == [] and tab.evaluate(site._OVERHANG) == [] and not visit.errors
        sizes = tab.locator(":is(button, select, [data-part=a], [data-part=b], [data-digit])").evaluate_all(
            "all => all.map(one => [one.getBoundingClientRect().width, one.getBoundingClientRect().height])"
        )
        assert len(sizes) == 2 + 2 + 7 + 3 + 32 + 3 and np.min(sizes) >= 44


def test_hostile_words_stay_words(tmp_path, model):
    html, still = rendered(tmp_path, model, {HOSTILE: [0]})
    page = Page(html)
    assert not [attributes for _, attributes in page.elements if any(name.startswith("on") for name in attributes)]
    assert [attributes["src"] for attributes in page.named("script")] == ["../../assets/js/laboratory.js"]
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00]", html + still) and "\n```" not in html
    assert "![](../../assets/films/laboratory.svg)" in still


def test_the_same_model_gives_the_same_tables(model):
    assert tables(model) == tables(model)
    held = json.loads(tables(model).decode().split("=", 1)[1].rstrip(";\n"))
    assert held["by_token"]["shape"] == [7, 11, 32]


@pytest.mark.parametrize("missing", ["films/laboratory.svg", "js/laboratory-tables.js"])
def test_a_laboratory_whose_picture_or_tables_were_not_made_is_an_error(tmp_path, model, monkeypatch, missing):
    rendered(tmp_path, model, {})
    (tmp_path / "assets" / missing).unlink()
    monkeypatch.setenv("SUPERPOSITION_ROOT", str(tmp_path))
    with pytest.raises(AssetError, match=f"^assets/{missing}: .* make freeze$"):
        book.laboratory(32, {}, alt="x")


def test_the_built_chapter_runs_the_model_of_the_committed_results(chromium, plain_edition, model):
    with site.opened(chromium, plain_edition, CHAPTER) as (tab, visit):
        enter(tab)
        truth = np.stack([without(model, pair, keep) for pair, keep in zip(PAIRS, KEEP, strict=True)])
        np.testing.assert_allclose(asked(tab, PAIRS, KEEP), truth, rtol=0, atol=1e-3)
        assert status(tab).startswith("1234 + 5678: the model answers") and not visit.errors
