"""Films, slider, tables, claims and text as chapters use them, with hostile strings in every place that data reaches."""

import json
import os
import re
import shutil
import subprocess
import sys
import warnings
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pypandoc
import pytest
from IPython.display import Markdown
from PIL import Image

from superposition import book, claims
from superposition.book import solutions, text
from superposition.book.assets import AssetError
from superposition.book.plain import PROGRAM
from superposition.estimates import Estimate
from superposition.tolerances import AtLeast, Tolerance

HOSTILE = "</script><img src=x onerror=\"alert('1')\"> `</q>` ``` | a\\b \u202egnp.exe\u2066 \x00\x1b[31m \u2028 *b* [l](javascript:x) $x$ ::: \n# no"
DENSITY = np.array([1.0, 0.2, 0.05])


@pytest.fixture
def root(tmp_path, monkeypatch):
    (tmp_path / "_quarto.yml").write_text("")
    monkeypatch.setenv("SUPERPOSITION_ROOT", str(tmp_path))
    (tmp_path / "assets/films").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def vectors():
    return np.random.default_rng(0).normal(size=(3, 5, 2))


class Page(HTMLParser):
    """The elements of a page, and what lies inside its scripts."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.scripts, self.words = [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        if self.elements and self.elements[-1][0] == "script":
            self.scripts.append(data)
        else:
            self.words += data

    def named(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def to_html(markdown):
    return pypandoc.convert_text(markdown, "html", format="markdown", extra_args=["--wrap=none"])


def rows(table):
    """Cells of an HTML table as plain text, by pandoc's own account."""
    tree = json.loads(pypandoc.convert_text(table, "json", format="markdown"))
    [block] = tree["blocks"]
    if block["t"] == "Div":
        [block] = block["c"][1]
    assert block["t"] == "Table"
    parts = block["c"][3][1], *(body[3] for body in block["c"][4])
    return [[_words(cell[4]) for cell in row[1]] for part in parts for row in part]


def _words(node):
    if isinstance(node, dict):
        return {"Space": " ", "SoftBreak": " "}.get(node.get("t"), "") or (
            node["c"] if node.get("t") == "Str" else _words(node.get("c", []))
        )
    return "".join(map(_words, node)) if isinstance(node, list) else ""


# --- text ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "digits", "printed"),
    [
        (0.5, 2, "0.50"),
        (1234.56, 1, "1,234.6"),
        (-0.25, 2, "−0.25"),
        (0, 2, "0.00"),
        (-0.0, 2, "0.00"),
        (0.00312, 2, "0.0031"),
        (3.1e-7, 2, "3.1 × 10⁻⁷"),
        (-3.1e-12, 1, "−3 × 10⁻¹²"),
        (float("nan"), 2, "n/a"),
        (float("-inf"), 2, "−∞"),
        (0.4, 0, "0"),
        (-0.4, 0, "0"),
        (np.float32(0.25), 2, "0.25"),
        (7, 0, "7"),
    ],
)
def test_numbers_print_as_prose_wants_them(x, digits, printed):
    assert text.number(x, digits) == printed


def test_percent_and_interval():
    assert text.percent(0.953) == "95%" and text.percent(0.9531, 1) == "95.3%" and text.percent(float("nan")) == "n/a"
    assert text.percent_interval(0.953, 0.9, 0.97) == "95% (90% to 97%)"
    assert text.interval(0.98, 0.951, 0.99) == "0.98 (0.95 to 0.99)"
    assert text.interval(-1, -2, 0, digits=0) == "−1 (−2 to 0)"
    assert text.interval(18, 17.9, 18.1, digits=0) == "18" and text.percent_interval(1, 1, 1) == "100%"


def test_a_mean_over_seeds_has_students_interval_which_ends_at_what_is_possible():
    assert text.mean([1, 3]) == "2.00 (−10.71 to 14.71)"  # 12.706 standard errors of 1, from a printed table of t
    assert text.mean([1, 3], 1, least=0) == "2.0 (0.0 to 14.7)" and text.mean([1, 3], 0, 0, 9) == "2 (0 to 9)"
    assert text.mean(np.array([True, True, False])) == "0.67 (−0.77 to 2.10)"  # 4.303 standard errors of 1/3


def test_a_mean_share_ends_at_none_and_all():
    assert text.share([0.9, 0.94], 1) == "92.0% (66.6% to 100.0%)"  # 12.706 standard errors of 0.02
    assert text.share([0.0, 0.04]) == "2% (0% to 27%)"


def test_seeds_that_all_gave_the_same_say_so_with_the_bound_that_so_many_allow_where_there_is_one():
    assert text.share(np.ones(8)) == "100% (in all 8 seeds, so at least 68%)"  # Wilson's lower end is n / (n + 1.96²)
    assert text.share([0.0] * 16, 1) == "0.0% (in all 16 seeds, so at most 19.4%)"
    assert text.mean([5, 5, 5, 5], 1) == "5.0 (in all 4 seeds)" and text.mean([0, 0], 0, least=0) == "0 (in all 2 seeds)"
    assert text.mean([10.0] * 8, 1, 0, 10) == "10.0 (in all 8 seeds, so at least 6.8)"
    assert text.mean([5.0] * 8, 1, 0, 10) == "5.0 (in all 8 seeds, so 3.4 to 6.6)"  # a share of 8 / (8 + 1.96²) keeps its 5
    assert text.mean([0.1 + 0.2, 0.3], 0) == "0 (in all 2 seeds)" and text.mean([1, 1.0001]) == "1.00"


def test_a_rate_that_every_trial_hits_still_has_an_interval():
    assert text.rate(np.ones((5, 2), bool)) == "100% (72% to 100%)"  # Wilson's lower end is n / (n + 1.96²)
    assert text.rate([1, 0, 0, 0], 1) == "25.0% (4.6% to 69.9%)"


def test_a_count_has_an_interval_where_every_seed_counts_none():
    assert text.count([0, 0]) == "0.0 (0.0 to 1.8)" and text.a_seed(np.zeros(2, int)) == "not one, in any seed"  # 3.689 / 2
    assert text.a_seed([3, 3, 3, 1]) == "2.5 (1.2 to 4.6) a seed"


def test_a_median_says_where_the_middle_lies_and_a_span_where_all_does():
    assert text.median(range(101), 0) == "50 (5 to 95)" and text.median(range(101), 0, middle=1) == "50 (0 to 100)"
    assert text.span(np.array([[3, -1], [2, 0]]), 0) == "−1 to 3" and text.span([0.121, 0.124]) == "0.12"
    assert text.by_seed(np.float32([0.5, 1])) == "75.0% (by seed 50.0% to 100.0%)"


def test_escaped_markdown_prints_as_it_stands_and_makes_no_element():
    page = Page(to_html(text.markdown(HOSTILE)))
    assert [tag for tag, _ in page.elements] == ["p"]
    assert "".join(page.words.split()) == "".join(text.visible(HOSTILE).split())


def test_control_and_bidirectional_characters_are_spelt_out():
    shown = text.visible("a\u202eb\x00c\u2066d\u200be\nf")
    assert shown == "a⟨U+202E⟩b⟨U+0000⟩c⟨U+2066⟩d⟨U+200B⟩e f"
    assert text.visible("naïve Δ — 日本 🙂") == "naïve Δ — 日本 🙂"


def test_json_for_a_script_ends_neither_the_script_nor_the_fence():
    encoded = text.script_json({"a": HOSTILE})
    assert json.loads(encoded) == {"a": HOSTILE}
    assert not re.search(r"[<>&`\n]", encoded)
    with pytest.raises(ValueError):
        text.script_json(float("nan"))


# --- tables -------------------------------------------------------------------------------------------------------


def test_a_table_prints_its_cells_as_they_stand():
    table = book.table({"name": [HOSTILE, "plain"], "$S$": [0.5, 0.25], "count": [1000, 2]})
    assert isinstance(table, Markdown)
    head, hostile, plain = rows(table.data)
    assert plain == ["plain", "0.25", "2"] and hostile[1:] == ["0.50", "1,000"]
    assert hostile[0].split() == text.visible(HOSTILE).split()
    assert not Page(to_html(table.data)).named("img") and not Page(to_html(table.data)).named("script")


def test_numbers_stand_right_and_text_left_unless_told_otherwise():
    columns = {"a": ["x"], "b": [1.5]}
    assert re.fullmatch(r"\| :-+ \| -+: \|", book.table(columns).data.splitlines()[1])
    assert re.fullmatch(r"\| :-+: \| :-+ \|", book.table(columns, align="cl").data.splitlines()[1])


def test_an_interval_in_a_table_stays_on_one_line_and_goes_where_it_has_no_width():
    column = ["0.98 (0.95 to 0.99)", "0% (0% to 0%)", "from 1 to 2"]
    printed = book.table({"a": column}).data
    assert "\\(0\\.95\u00a0to\u00a00\\.99\\)" in printed
    assert rows(printed)[1:] == [["0.98 (0.95\u00a0to\u00a00.99)"], ["0%"], ["from 1 to 2"]]


def test_a_cell_may_be_markdown_and_stays_in_its_cell():
    table = book.table({"a": [Markdown("**bold** | x\ny")], "b": [Markdown(r"done \| already")]})
    assert "<strong>bold</strong>" in to_html(table.data)
    assert rows(table.data)[1] == ["bold | x y", "done | already"]


def test_tables_of_uneven_columns_or_wrong_alignment_are_errors():
    with pytest.raises(ValueError, match="equally long"):
        book.table({"a": [1], "b": [1, 2]})
    with pytest.raises(ValueError, match="align 'lx'"):
        book.table({"a": [1], "b": [1]}, align="lx")
    with pytest.raises(ValueError, match="align 'l'"):
        book.table({"a": [1], "b": [1]}, align="l")


# --- films and the slider -----------------------------------------------------------------------------------------


def halves(markdown):
    """The part for the site and the part for the PDF."""
    found = re.fullmatch(
        r'::: \{\.content-visible when-format="html"\}\n```\{=html\}\n(.*?)\n```\n:::\n\n'
        r'::: \{\.content-visible when-format="typst"\}\n(.*?)\n:::\n',
        markdown.data,
        re.S,
    )
    assert found, markdown.data
    return found.groups()


def test_a_film_is_a_video_on_the_site_and_a_strip_in_the_pdf(root):
    for name in ("f.mp4", "f.strip.png"):
        (root / "assets/films" / name).write_bytes(b"")
    Image.new("RGB", (64, 48)).save(root / "assets/films/f.poster.png")
    html, still = halves(book.film("f", alt=HOSTILE))
    page = Page(html)
    [video], [source] = page.named("video"), page.named("source")
    assert (video["width"], video["height"], video["preload"]) == ("64", "48", "none")
    assert {"controls", "muted", "loop", "playsinline"} <= set(video)
    assert video["poster"] == "../../assets/films/f.poster.png" and source["src"] == "../../assets/films/f.mp4"
    assert video["aria-label"] == text.visible(HOSTILE)
    assert [tag for tag, _ in page.elements] == ["div", "video", "source", "a", "p", "button", "input", "script"]
    assert "hidden" in page.named("p")[0] and page.named("script")[0]["src"] == "../../assets/js/film.js"
    [image] = [attributes for tag, attributes in Page(to_html(still)).elements if tag == "img"]
    assert image["src"] == "../../assets/films/f.strip.png"
    assert Page(halves(book.film("f", alt="x", up=""))[0]).named("source")[0]["src"] == "assets/films/f.mp4"


def test_a_film_that_was_not_made_is_an_error_naming_its_files_and_the_command(root):
    (root / "assets/films/gone.mp4").touch()
    with pytest.raises(AssetError, match=r"^assets/films/gone\.poster\.png, assets/films/gone\.strip\.png: .* make freeze$"):
        book.film("gone", alt="x")


def slide(root, vectors, notes=("a", "b", "c"), alt="Five vectors."):
    (root / "assets/films/five.svg").touch()
    return halves(book.slider("five", vectors, DENSITY, notes, alt))


def test_an_interactive_picture_whose_still_was_not_made_is_an_error_naming_it_and_the_command(root, vectors):
    W, grid = np.zeros((2, 2, 2, 1)), np.zeros((2, 2))
    one = np.array([0.1, 1.0])
    for shown in (
        lambda: book.slider("gone", vectors, DENSITY, ["a"] * 3, "x"),
        lambda: book.phase_explorer("gone", W, W[..., 0], grid, grid.astype(int), one, one, ["a"], "x"),
        lambda: solutions.view("gone", W[0], one, 0, "x"),
        lambda: book.gallery("gone", ["a"], np.zeros((1, 2, 10, 2)), 0, "x"),
    ):
        with pytest.raises(AssetError, match=r"^assets/films/gone\.svg: .* make freeze$"):
            shown()


def test_the_slider_holds_its_data_and_a_still_picture_for_the_pdf(root, vectors):
    html, still = slide(root, vectors)
    page = Page(html)
    data = json.loads(page.scripts[0])
    assert np.array(data["W"]) == pytest.approx(vectors, abs=5e-4)
    assert data["labels"] == ["S = 0.00: a", "S = 0.80: b", "S = 0.95: c"]
    [control], [label] = page.named("input"), page.named("label")
    assert (control["type"], control["min"], control["max"], control["step"]) == ("range", "0", "2", "1")
    assert control["aria-valuetext"] == "S = 0.00: a" and label["for"] == control["id"]
    assert [a["src"] for a in page.named("script") if "src" in a] == ["../../assets/js/five-features.js"]
    ends = [(float(line["x2"]), -float(line["y2"])) for line in page.named("line")]
    assert ends[::-1] == pytest.approx(vectors[0], abs=1e-3)
    assert "![](../../assets/films/five.svg)" in still


def test_the_slider_gives_the_same_bytes_again_and_writes_nothing(root, vectors):
    first = slide(root, vectors)
    before = {file: file.stat().st_mtime_ns for file in root.rglob("*")}
    assert halves(book.slider("five", vectors, DENSITY, ("a", "b", "c"), "Five vectors.")) == first
    assert {file: file.stat().st_mtime_ns for file in root.rglob("*")} == before


def test_hostile_labels_of_the_slider_stay_text(root, vectors):
    html, _ = slide(root, vectors, notes=[HOSTILE] * 3, alt=HOSTILE)
    page = Page(html)
    assert {tag for tag, _ in page.elements} == {
        "div",
        "svg",
        "g",
        "line",
        "circle",
        "text",
        "p",
        "label",
        "input",
        "span",
        "script",
    }
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00]", html)
    assert "\n```" not in html


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium on the PATH")
def test_the_slider_moves_its_picture_from_disk_by_keyboard(root, vectors):
    sync_api = pytest.importorskip("playwright.sync_api")
    script = Path(__file__).resolve().parents[2] / "assets/js/five-features.js"
    (root / "assets/js").mkdir()
    shutil.copy(script, root / "assets/js")
    html, _ = slide(root, vectors, notes=["a", HOSTILE, "c"])
    page_file = root / "chapters/toy/intro.html"
    page_file.parent.mkdir(parents=True)
    page_file.write_text(f"<!doctype html><html lang=en><meta charset=utf-8><body>{html}", encoding="utf-8")
    with sync_api.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            page = browser.new_page(viewport={"width": 390, "height": 700})
            said = []
            page.on("console", lambda message: said.append(message.text))
            page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
            page.goto(page_file.as_uri())
            control = page.locator("input[type=range]")
            assert control.bounding_box()["height"] >= 44
            control.focus()
            page.keyboard.press("ArrowRight")
            shown = page.locator("[data-value]").text_content()
            assert shown == f"S = 0.80: {text.visible(HOSTILE)}" == control.get_attribute("aria-valuetext")
            page.keyboard.press("End")
            x, y = (f"document.querySelectorAll('line')[4].getAttribute('{name}')" for name in ("x2", "y2"))
            page.wait_for_function(f"Math.abs({x} - {vectors[2, 0, 0]:.3f}) < 1e-9")
            assert float(page.evaluate(y)) == pytest.approx(-vectors[2, 0, 1], abs=1e-3)
            assert page.locator("svg").get_attribute("aria-label") == "Five vectors. S = 0.95: c"
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            assert said == []
        finally:
            browser.close()


# --- claims -------------------------------------------------------------------------------------------------------


MOSTLY = Tolerance(reproduced=AtLeast(0.95))


def shown(monkeypatch, *pairs):
    """Claims as (id, unit, set after looking) with what was found, in place of the registry's."""
    evaluated = [
        (claims.Claim(id, "Elhage 2022, §2", f"In {id} | a fact", "shares", MOSTLY, (), lambda r: None, unit, after), finding)
        for id, unit, after, finding in pairs
    ]
    monkeypatch.setattr(claims, "evaluate", lambda chapter=None: [e for e in evaluated if chapter in (None, e[0].chapter)])


@pytest.fixture
def two_claims(monkeypatch):
    late = claims.Finding(Estimate(0.5, 0.4, 0.75, "models", 9), note="Late.", also={"rate": 0.25, "width": {"5": 1, "9": 2}})
    first = claims.Finding(Estimate(0.98, 0.95, 0.99, "seeds", 64), baseline=0.05)
    shown(monkeypatch, ("toy/intro/a", "", False, first), ("toy/non_uniform/b", "%", True, late))


def test_the_claims_of_a_chapter_are_a_table_of_four_columns(two_claims):
    head, row = rows(book.claims_table("toy/intro").data)
    assert head == ["Claim", "Verdict", "Measured", "Baseline"]
    assert row == ["In toy/intro/a | a fact Elhage 2022, §2.", "reproduced", "0.98 (0.95\u00a0to\u00a00.99), 64 seeds", "0.05"]


def test_a_chapter_of_two_pages_shows_its_claims_in_parts(monkeypatch):
    found = claims.Finding(Estimate(0.98, 0.95, 0.99, "seeds", 64))
    shown(monkeypatch, *((f"toy/intro/{k}", "", False, found) for k in "abc"))
    parts = (rows(book.claims_table("toy/intro", part).data)[1:] for part in (slice(1), slice(1, None)))
    assert [[row[0].split()[1] for row in part] for part in parts] == [["toy/intro/a"], ["toy/intro/b", "toy/intro/c"]]


def test_the_claims_of_others_that_do_not_stand_are_listed_by_verdict_then_chapter(root, monkeypatch):
    (root / "_quarto.yml").write_text("book: {chapters: [chapters/toy/b.qmd, chapters/toy/a.qmd]}")
    (root / "chapters/toy").mkdir(parents=True, exist_ok=True)
    for name in "ab":
        (root / f"chapters/toy/{name}.qmd").touch()
    verdicts = {"toy/a/1": "corrected", "toy/a/2": "not reproduced", "toy/b/1": "not reproduced", "toy/b/2": "reproduced"}
    found = claims.Finding(Estimate(0.98, 0.95, 0.99, "seeds", 64))
    shown(monkeypatch, *((id, "", False, found) for id in verdicts))
    monkeypatch.setattr(claims.Claim, "verdict", lambda claim, finding: verdicts[claim.id])
    listed = rows(book.surprises().data)[1:]
    assert [(row[0].split()[1], *row[1:]) for row in listed] == [
        ("toy/b/1", "not reproduced", "@sec-b"), ("toy/a/2", "not reproduced", "@sec-a"), ("toy/a/1", "corrected", "@sec-a"),
    ]  # fmt: skip


def test_the_appendix_counts_verdicts_and_says_how_each_was_measured(two_claims):
    said = book.claims_appendix().data
    assert said.startswith("2 claims: 1 reproduced, 1 not reproduced. Of 1 the measure or the tolerance was set after looking.")
    assert book.claims_count() in said
    assert "@sec-intro" in said and "@sec-non-uniform" in said
    assert "Measured: shares. Tolerance: reproduced from 0.95%." in said
    assert "0.50% (0.40\u00a0to\u00a00.75), 9 models. Rate: 0.25. By width: 5, 1; 9, 2. Late" in said


def test_the_appendix_says_what_each_interval_is_over_and_what_was_set_after_looking(two_claims):
    tables = [rows("|" + part.partition("|")[2].partition("\n:::")[0]) for part in book.claims_appendix().data.split("## ")[1:]]
    assert tables[0][0][-2:] == ["Interval over", "Set after looking"]
    assert [table[1][-3:] for table in tables] == [["0.05", "seeds", "no"], ["none", "models", "yes"]]


def test_the_pdf_has_each_claim_as_a_paragraph_with_all_that_its_row_says(two_claims, tmp_path):
    said = book.claims_appendix().data
    (tmp_path / "on_paper.lua").write_text(f"return {{ dofile('{PROGRAM / 'together.lua'}').typst }}")
    filters, unwrapped = [str(tmp_path / "on_paper.lua")], ["--wrap=none"]
    plainly = pypandoc.convert_text(said, "plain", "markdown", filters=filters, extra_args=unwrapped)
    paragraphs = [line for line in plainly.splitlines() if " Found: " in line]
    tables = [rows("|" + part.partition("|")[2].partition("\n:::")[0]) for part in said.split("## ")[1:]]
    for (_, row), paragraph in zip(tables, paragraphs, strict=True):
        statement, verdict, measured, against, over, after = (cell.replace("*", "").replace("\\|", "|") for cell in row)
        expected = f"{verdict.capitalize()}. {statement} Found: {measured}. Baseline: {against}. Interval over: {over}."
        assert paragraph == expected + (" Set after looking." if after == "yes" else "")


@pytest.mark.parametrize(
    ("estimate", "unit", "printed"),
    [
        (Estimate(0.09, 0.0899, 0.0901, "seeds", 3), "", "0.09, 3 seeds"),
        (Estimate(100.0, 80.6, 100.0, "seeds", 16, tied=True), "%", "100%, the same in all 16 seeds (so at least 81%)"),
        (Estimate(7, 7, 8, "seeds", 1), "", "7 (7\u00a0to\u00a08), 1 seed"),
        (Estimate(7, 7, 7, "none", 1), "steps", "7 steps"),
        (Estimate(99.5, 99, 100, "sums", 100000), "%", "100% (99\u00a0to\u00a0100), 100,000 sums"),
    ],
)
def test_what_was_measured_is_printed_with_its_interval_and_what_that_is_over(monkeypatch, estimate, unit, printed):
    shown(monkeypatch, ("toy/intro/a", unit, False, claims.Finding(estimate)))
    assert rows(book.claims_table("toy/intro").data)[1][2] == printed


# --- set-up -------------------------------------------------------------------------------------------------------


def test_setup_makes_figures_reproducible_and_warnings_of_the_package_errors():
    environment = dict(os.environ)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book.setup()
            assert os.environ["SOURCE_DATE_EPOCH"] == "0"
            with pytest.raises(UserWarning):
                warnings.warn_explicit("w", UserWarning, "f.py", 1, module="superposition.toy.intro")
            warnings.warn_explicit("w", UserWarning, "f.py", 1, module="superpositional")
    finally:
        os.environ.clear()
        os.environ.update(environment)


def test_a_figure_in_a_notebook_is_one_svg_of_its_own_size_without_date(tmp_path):
    code = """
from IPython.testing.globalipapp import start_ipython
shell = start_ipython()
from superposition import book
from superposition.figures import style
book.setup()
fig, axes = style.figure()
formatters = shell.display_formatter.formatters
for formatter in formatters.values():
    formatter.enabled = True
shown = {kind: formatter(fig) for kind, formatter in formatters.items()}
svg = shown["image/svg+xml"]
print([kind for kind, data in shown.items() if data and "/plain" not in kind], 'width="374.4pt"' in svg, "<dc:date>" in svg)
"""
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.splitlines()[-1] == "['image/svg+xml'] True False"


def test_a_link_in_a_sentence_is_markdown_and_its_words_are_as_they_stand():
    assert text.link("L0N2 *b*", "page.html#L0N2").data == r"[L0N2 \*b\*](page.html#L0N2)"
