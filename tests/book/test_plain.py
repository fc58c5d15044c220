import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pypandoc
import pytest

from superposition import paths
from superposition.book import plain
from superposition.errors import SuperpositionError

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="60"><path d="M0 60L120 0" stroke="black"/></svg>'

SETTINGS = """
project: {type: book, output-dir: _book, resources: [assets/films/*]}
book:
  title: "Small, *Measured*"
  subtitle: "A book & a test"
  author: "Nobody"
  chapters:
    - index.qmd
    - part: "First part"
      chapters: [chapters/toy/intro.qmd, chapters/toy/more.qmd]
  appendices: [chapters/appendix/claims.qmd, chapters/appendix/references.qmd]
lang: en-GB
bibliography: references.bib
link-citations: true
jupyter: python3
execute: {freeze: auto}
format:
  html: {html-math-method: mathml, code-fold: true, toc: true, theme: none}
  typst: {toc: true, citeproc: true}
"""

BIBLIOGRAPHY = """
@article{elhage2022, title={Toy Models of Superposition}, author={Elhage, Nelson}, journal={Circuits}, year={2022}}
@book{knuth1984, title={Literate Programming}, author={Knuth, Donald E.}, publisher={CSLI}, year={1984}}
@book{unread1999, title={Never Cited}, author={Unread, U.}, publisher={None}, year={1999}}
"""

INDEX = """# Preface {.unnumbered #sec-preface}

See @sec-intro, [-@sec-more], @fig-plot, @tbl-appendix, @eq-loss, @sec-claims and @sec-how.

## How to read {#sec-how}

Text.[^1]

[^1]: A note with @fig-div.
"""

INTRO_SOURCE = """# Five features {#sec-intro}

```{python}
#| label: fig-plot
1 + 1
```
"""

INTRO = """# Five features {#sec-intro}

## A plot {#sec-plot}

Said by @elhage2022 and others [@knuth1984, p. 3].

::: {#cell-fig-plot .cell execution_count=2}
``` {.python .cell-code}
plot("<x>")
```

::: {.cell-output .cell-output-display}
![A *plot* of $x$.](intro_files/figure-FORMAT/fig-plot-output-1.svg){#fig-plot fig-alt='A line that rises.'}
:::
:::

::: {#fig-div}

::: {#cell-a .cell execution_count=3}

::: {.cell-output .cell-output-display}
![](intro_files/figure-FORMAT/a-output-1.svg){#a fig-alt='Another line.'}
:::
:::

Caption in a fenced figure.
:::

### Deeper

$$
L = \\sum_i I_i (x_i - x'_i)^2
$$ {#eq-loss}

No number: $$ a = b $$

::: {#tbl-cell .cell tbl-cap='A computed table.' execution_count=4}

::: {.cell-output .cell-output-display .cell-output-markdown execution_count=4}
| a | b |
|---|---|
| 1 | 2 |

:::
:::

| Left | Right |
|:-----|------:|
| a | 1 |

: A written table. {#tbl-written}

### Deeper still {#sec-deeper}

## Aside {.unnumbered}

See @fig-subs, [@fig-subs-b; @tbl-cell], [Fig. @fig-div], @Sec-deeper and [the other chapter](more.qmd#sec-tabs).

::: {#fig-subs .cell layout-ncol='2' execution_count=5}
``` {.python .cell-code}
plot(2)
```

::: {.cell-output .cell-output-display}
![First](intro_files/figure-FORMAT/a-output-1.svg){#fig-subs-a fig-alt='first'}
:::

::: {.cell-output .cell-output-display}
![Second](intro_files/figure-FORMAT/a-output-1.svg){#fig-subs-b fig-alt='second'}
:::

Two plots.
:::

## Last {#sec-last}

::: {#cell-fig-markdown .cell execution_count=6}

::: {#fig-markdown .cell-output .cell-output-display .cell-output-markdown execution_count=6}
::: {.content-visible when-format="html"}
```{=html}
<video controls muted preload="none" poster="../../assets/films/a.png" aria-label="film"><source src="../../assets/films/a.mp4"></video>
```
:::
::: {.content-visible when-format="typst"}
![](../../assets/films/a.png){fig-alt="strip"}
:::

The film.
:::
:::
"""

MORE = """# More {#sec-more}

::: {.callout-tip collapse="true"}
## The *answer*
It is $x$, by @eq-loss.
:::

::: {.callout-note}
Without a title.
:::

## Tabs {#sec-tabs}

::: {.panel-tabset}
#### One
Only one.

#### Two
![In a tab](../../assets/films/a.png){#fig-tab fig-alt="tab"}
:::

::: {.content-visible when-format="html"}
Shown on pages.
:::
::: {.content-visible unless-format="html"}
Shown in print.
:::

::: {layout-ncol=2}
![Left](../../assets/films/a.png){#fig-left fig-alt="left"}

![Right](../../assets/films/a.png){#fig-right fig-alt="right"}
:::

| a very wide table | with many | columns that | do not fit | on a narrow | screen at all |
|---|---|---|---|---|---|
| 1111111111111111 | 2222222222222222 | 3333333333333333 | 4444444444444444 | 5555555555555555 | 6666666666666666 |

$$ a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q + r + s + t + u + v + w = z $$ {#eq-wide}

## Exercises {.unnumbered}

1. See @fig-tab, @fig-right and @eq-wide.
"""

CLAIMS = """# Claims {#sec-claims}

| A | B |
|---|---|
| 1 | 2 |

: In the appendix. {#tbl-appendix}

## More claims {#sec-more-claims}

@sec-more-claims, @tbl-appendix, @sec-claims, [index](../../index.qmd).
"""

REFERENCES = "# References {.unnumbered}\n\n::: {#refs}\n:::\n"


def write_frozen(root: Path, chapter: str, source: str, markdown: str) -> None:
    (root / chapter).parent.mkdir(parents=True, exist_ok=True)
    (root / chapter).write_bytes(source.encode())
    frozen = root / "_freeze" / chapter.removesuffix(".qmd")
    for output, figures in (("html", "html"), ("typ", "typst")):
        folder = frozen / "execute-results"
        folder.mkdir(parents=True, exist_ok=True)
        result = {"engine": "jupyter", "markdown": markdown.replace("FORMAT", figures), "supporting": [], "filters": []}
        (folder / f"{output}.json").write_text(json.dumps({"hash": hashlib.md5(source.encode()).hexdigest(), "result": result}))
        (frozen / f"figure-{figures}").mkdir(exist_ok=True)
        for name in ("fig-plot-output-1.svg", "a-output-1.svg"):
            (frozen / f"figure-{figures}" / name).write_text(SVG)


def write_book(root: Path) -> None:
    (root / "_quarto.yml").write_text(SETTINGS)
    (root / "references.bib").write_text(BIBLIOGRAPHY)
    (root / "assets/films").mkdir(parents=True)
    (root / "assets/films/a.mp4").write_bytes(b"film")
    png = (
        "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
        "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
    )
    (root / "assets/films/a.png").write_bytes(bytes.fromhex(png))
    (root / "index.qmd").write_text(INDEX)
    write_frozen(root, "chapters/toy/intro.qmd", INTRO_SOURCE, INTRO)
    (root / "chapters/appendix").mkdir(parents=True)
    (root / "chapters/toy/more.qmd").write_text(MORE)
    (root / "chapters/appendix/claims.qmd").write_text(CLAIMS)
    (root / "chapters/appendix/references.qmd").write_text(REFERENCES)


class Page(HTMLParser):
    """A page as a reader meets it: headings, captions, links, loads, ids, and all the text of the main part."""

    def __init__(self, file: Path):
        super().__init__()
        self.file, self.source = file, file.read_text(encoding="utf-8")
        self.texts: dict[str, list[str]] = {}
        self.links: list[tuple[str, str]] = []
        self.loads: list[str] = []
        self.ids: list[str] = []
        self._open: list[tuple[str, list[str], str]] = []
        self.feed(self.source)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if "id" in given:
            self.ids.append(given["id"])
        self.loads += [given[name] for name in ("src", "poster") if name in given]
        if tag == "link":
            self.loads.append(given["href"])
        if tag in ("h1", "h2", "h3", "h4", "h5", "figcaption", "a", "main", "summary", "label", "nav", "math"):
            self._open.append((tag, [], given.get("href", "")))

    def handle_endtag(self, tag):
        if self._open and self._open[-1][0] == tag:
            _, parts, href = self._open.pop()
            text = " ".join("".join(parts).replace("\xa0", " ").split())
            self.texts.setdefault(tag, []).append(text)
            if tag == "a":
                self.links.append((href, text))

    def handle_data(self, data):
        for _, parts, _ in self._open if not self._open or self._open[-1][0] != "math" else []:
            parts.append(data)

    def all(self, *tags):
        return [text for tag in tags for text in self.texts.get(tag, [])]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    root = tmp_path_factory.mktemp("a book")
    write_book(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUPERPOSITION_ROOT", str(root))
        kept = []
        compile_typst = plain.typst.compile
        patch.setattr(
            plain.typst, "compile", lambda file, **rest: (kept.append(Path(file).read_text()), compile_typst(file, **rest))
        )
        index = plain.build()
    assert index == root / "_book/index.html"
    (root / "book.typ").write_text(kept[0])
    return root / "_book"


def page(site: Path, name: str) -> Page:
    return Page(site / f"{name}.html")


INTRO_PAGE, MORE_PAGE, CLAIMS_PAGE = "chapters/toy/intro", "chapters/toy/more", "chapters/appendix/claims"


def test_sections_have_the_numbers_counted_by_hand(site):
    assert page(site, "index").all("h1", "h2") == ["Small, Measured", "Preface", "How to read"]
    intro = page(site, INTRO_PAGE)
    assert intro.all("h1", "h2") == ["1 Five features", "1.1 A plot", "Aside", "1.2 Last"]
    assert intro.all("h3") == ["1.1.1 Deeper", "1.1.2 Deeper still"]
    assert page(site, MORE_PAGE).all("h1", "h2") == ["2 More", "2.1 Tabs", "Exercises"]
    assert page(site, CLAIMS_PAGE).all("h1", "h2") == ["A Claims", "A.1 More claims"]
    assert page(site, "chapters/appendix/references").all("h1") == ["References"]


def test_figures_tables_and_equations_have_the_numbers_counted_by_hand(site):
    assert page(site, INTRO_PAGE).all("figcaption") == [
        "Figure 1.1: A plot of .",
        "Figure 1.2: Caption in a fenced figure.",
        "Table 1.1: A computed table.",
        "Table 1.2: A written table.",
        "(a) First",
        "(b) Second",
        "Figure 1.3: Two plots.",
        "Figure 1.4: The film.",
    ]
    assert page(site, MORE_PAGE).all("figcaption") == ["Figure 2.1: In a tab", "Figure 2.2: Left", "Figure 2.3: Right"]
    assert page(site, CLAIMS_PAGE).all("figcaption") == ["Table A.1: In the appendix."]
    assert re.findall(r'class="number">(\(.*?\))', page(site, INTRO_PAGE).source) == ["(1.1)"]
    assert re.findall(r'class="number">(\(.*?\))', page(site, MORE_PAGE).source) == ["(2.1)"]


def test_references_name_the_number_and_lead_to_the_place(site):
    index = dict(reversed(page(site, "index").links))
    assert index["chapters/toy/intro.html#fig-plot"] == "Figure 1.1"
    assert index["chapters/toy/intro.html#fig-div"] == "Figure 1.2"
    assert index["chapters/toy/intro.html#eq-loss"] == "Equation 1.1"
    assert index["chapters/appendix/claims.html#tbl-appendix"] == "Table A.1"
    assert index["#sec-how"] == "How to read"
    texts = [text for _, text in page(site, "index").links]
    assert {"Chapter 1", "2", "Appendix A"} <= set(texts)
    intro = page(site, INTRO_PAGE).links
    assert [("#fig-subs", "Figure 1.3"), ("#fig-subs-b", "Figure 1.3 (b)"), ("#tbl-cell", "Table 1.1"), ("#fig-div", "Fig. 1.2"),
            ("#sec-deeper", "Section 1.1.2"), ("more.html#sec-tabs", "the other chapter")] == [
        link for link in intro if link[0] in ("#fig-subs", "#fig-subs-b", "#tbl-cell", "#fig-div", "more.html#sec-tabs")
        or link == ("#sec-deeper", "Section 1.1.2")]  # fmt: skip


def test_every_link_leads_somewhere_and_nothing_is_loaded_from_elsewhere(site):
    for file in site.rglob("*.html"):
        shown = Page(file)
        assert len(shown.ids) == len(set(shown.ids)), file
        for link in [href for href, _ in shown.links] + shown.loads:
            parts = urlsplit(link)
            assert not parts.scheme and not parts.netloc, (file, link)
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            assert target.is_relative_to(site.resolve()) or target == file, (file, link)
            assert target.is_file(), (file, link)
            if parts.fragment and target.suffix == ".html":
                assert parts.fragment in Page(target).ids, (file, link)


def test_headings_are_those_that_pandoc_reads_in_the_source(site):
    sources = {INTRO_PAGE: INTRO, CLAIMS_PAGE: CLAIMS, "index": INDEX}
    for name, source in sources.items():
        tree = json.loads(pypandoc.convert_text(source, "json", format="markdown"))
        told = [block["c"][1][0] for block in tree["blocks"] if block["t"] == "Header" and block["c"][0] > 1]
        ids = page(site, name).ids
        assert [i for i in ids if i in told] == told


def test_alternative_texts_reach_the_page(site):
    source = page(site, INTRO_PAGE).source
    assert re.findall(r'<img [^>]*alt="([^"]*)"', source) == ["A line that rises.", "Another line.", "first", "second"]
    assert "fig-alt" not in source
    assert 'fig-plot-output-1.svg", alt: "A line that rises.")' in (site.parent / "book.typ").read_text()


def test_code_is_folded_above_its_figure_and_escaped(site):
    source = page(site, INTRO_PAGE).source
    assert page(site, INTRO_PAGE).all("summary") == ["Code", "Code"]
    assert "&lt;x&gt;" in source and "<x>" not in source
    assert source.index("<details", source.index('id="sec-last"') - 3000) < source.index('id="fig-subs"')


def test_callouts_tabs_and_content_of_one_format(site):
    more = page(site, MORE_PAGE)
    assert '<details class="callout callout-tip"><summary>The <em>answer</em></summary>' in more.source
    assert '<p class="title">Note</p>' in more.source
    assert more.all("label") == ["One", "Two"]
    assert more.source.count('type="radio"') == 2 and more.source.count(" checked>") == 1
    assert "Shown on pages." in more.source and "Shown in print." not in more.source


def test_citations_lead_to_the_references_that_are_cited(site):
    links = page(site, INTRO_PAGE).links
    assert ("../appendix/references.html#ref-elhage2022", "2022") in links
    assert ("../appendix/references.html#ref-knuth1984", "Knuth 1984, 3") in links
    assert {i for i in page(site, "chapters/appendix/references").ids if i.startswith("ref-")} == {
        "ref-elhage2022",
        "ref-knuth1984",
    }


def test_navigation_lists_all_chapters_with_their_parts_and_the_pdf(site):
    more = page(site, MORE_PAGE)
    assert more.all("nav")[-1].startswith(
        "Preface First part 1 Five features 2 More 2.1 Tabs Exercises Appendices A Claims References"
    )
    assert ("intro.html", "Previous 1 Five features") in more.links
    assert ("../appendix/claims.html", "Next A Claims") in more.links
    pdf = site / "Small,--Measured-.pdf"
    assert ("../../Small,--Measured-.pdf", "PDF") in more.links
    assert pdf.read_bytes().startswith(b"%PDF-")


def test_the_pdf_carries_the_same_numbers(site):
    text = (site.parent / "book.typ").read_text()
    told = re.findall(r'^#heading\(level: [123], numbering: (?:none|\(\.\.n\) => "(.*?)")\)\[(.*?)\]', text, re.M)
    assert told == [
        ("", "Preface"), ("", "How to read"), ("1", "Five features"), ("1.1", "A plot"), ("1.1.1", "Deeper"),
        ("1.1.2", "Deeper still"), ("", "Aside"), ("1.2", "Last"), ("2", "More"), ("2.1", "Tabs"), ("", "Exercises"),
        ("A", "Claims"), ("A.1", "More claims"), ("", "References"),
    ]  # fmt: skip
    assert re.findall(r"#label-of\[(.*?)\]", text) == [
        "Figure~1.1:", "Figure~1.2:", "Table~1.1:", "Table~1.2:", "Figure~1.3:", "(a)", "(b)", "Figure~1.4:",
        "Figure~2.1:", "Figure~2.2:", "Figure~2.3:", "Table~A.1:",
    ]  # fmt: skip
    assert re.findall(r'equation\(numbering: \(\.\.n\) => "\((.*?)\)"\)', text) == ["1.1", "2.1"]
    assert "Shown in print." in text and "Shown on pages." not in text
    assert re.findall(r"#part\[(.*?)\]", text) == ["First part", "Appendices"]


def test_a_second_build_gives_the_same_bytes(site, monkeypatch):
    monkeypatch.setenv("SUPERPOSITION_ROOT", str(site.parent))
    before = {file.relative_to(site): file.read_bytes() for file in site.rglob("*") if file.is_file()}
    plain.build()
    assert before == {file.relative_to(site): file.read_bytes() for file in site.rglob("*") if file.is_file()}


@pytest.fixture
def root(tmp_path, monkeypatch):
    write_book(tmp_path)
    monkeypatch.setenv("SUPERPOSITION_ROOT", str(tmp_path))
    return tmp_path


def _append(file: Path, text: str) -> None:
    file.write_text(file.read_text() + "\n" + text + "\n")


FROZEN = "_freeze/chapters/toy/intro/execute-results/html.json"
FAULTS = {
    "missing freeze": (lambda r: (r / FROZEN).unlink(), ["chapters/toy/intro.qmd", "never executed", "make freeze"]),
    "stale freeze": (
        lambda r: _append(r / "chapters/toy/intro.qmd", "New."),
        ["chapters/toy/intro.qmd", "has changed", "make freeze"],
    ),
    "broken freeze": (
        lambda r: (r / FROZEN).write_text('{"hash": "'),
        ["chapters/toy/intro.qmd", "html.json is broken", "make freeze"],
    ),
    "foreign freeze": (lambda r: (r / FROZEN).write_text("[]"), ["chapters/toy/intro.qmd", "html.json is broken", "make freeze"]),
    "frozen figure gone": (
        lambda r: (r / "_freeze/chapters/toy/intro/figure-html/a-output-1.svg").unlink(),
        ["chapters/toy/intro.qmd", "a-output-1.svg is missing", "make freeze"],
    ),
    "unknown reference": (lambda r: _append(r / "chapters/toy/more.qmd", "@fig-nope"), ["chapters/toy/more.qmd: ", "@fig-nope"]),
    "unknown citation": (lambda r: _append(r / "index.qmd", "[@nobody2000]"), ["index.qmd: ", "@nobody2000"]),
    "label twice": (
        lambda r: _append(r / "chapters/toy/more.qmd", "## Again {#sec-plot}"),
        ["chapters/toy/more.qmd: ", "sec-plot is already in chapters/toy/intro.qmd"],
    ),
    "picture gone": (lambda r: _append(r / "index.qmd", "![](assets/nope.png)"), ["index.qmd: ", "assets/nope.png"]),
    "film gone": (lambda r: (r / "assets/films/a.mp4").unlink(), ["chapters/toy/intro.qmd: ../../assets/films/a.mp4"]),
    "link to no chapter": (lambda r: _append(r / "index.qmd", "[x](chapters/nope.qmd)"), ["index.qmd: ", "chapters/nope.qmd"]),
    "no title": (lambda r: (r / "chapters/toy/more.qmd").write_text("Text."), ["chapters/toy/more.qmd: ", "title"]),
    "chapter gone": (lambda r: (r / "chapters/toy/more.qmd").unlink(), ["_quarto.yml", "chapters/toy/more.qmd"]),
    "bibliography gone": (lambda r: (r / "references.bib").unlink(), ["references.bib"]),
    "settings broken": (lambda r: (r / "_quarto.yml").write_text("book: ["), ["_quarto.yml"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_its_chapter_and_the_old_book_stays(root, fault):
    (root / "_book").mkdir()
    (root / "_book/index.html").write_text("old")
    spoil, told = FAULTS[fault]
    spoil(root)
    with pytest.raises(SuperpositionError) as error:
        plain.build()
    for part in told:
        assert part in str(error.value)
    assert [file.name for file in (root / "_book").iterdir()] == ["index.html"]
    assert list((root / ".work").glob("*")) == [] if (root / ".work").exists() else True


def test_a_source_with_windows_line_ends_fits_the_same_freeze(root):
    file = root / "chapters/toy/intro.qmd"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert plain.build().exists()


def test_a_book_with_a_hostile_title_stays_text(root):
    (root / "_quarto.yml").write_text(SETTINGS.replace("A book & a test", "<script>alert(1)</script> #panic() $x"))
    index = plain.build().read_text()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; #panic() $x" in index


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_pages_fit_the_screen_and_satisfy_axe(site, chromium, scheme, width):
    from axe_core_python.sync_playwright import Axe

    tab = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    for file in sorted(site.rglob("*.html")):
        tab.goto(file.as_uri())
        tab.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, file
        assert tab.locator("h1").count() == 1, file
        found = [(fault["id"], node["html"]) for fault in Axe().run(tab)["violations"] for node in fault["nodes"]]
        assert found == [], file
    tab.close()


def test_tabs_turn_by_keyboard_without_a_script(site, chromium):
    tab = chromium.new_page(java_script_enabled=False)
    tab.goto((site / f"{MORE_PAGE}.html").as_uri())
    assert not tab.locator("#fig-tab").is_visible()
    tab.locator("#tab-1-1").focus()
    tab.keyboard.press("ArrowRight")
    assert tab.locator("#fig-tab").is_visible()
    tab.close()


def _numbers(file: Path) -> dict[str, list[str]]:
    """The numbers that a page prints, from either edition: headings, captions in order, and equations by label."""
    shown = Page(file)
    headings = [
        re.sub(r"^Appendix (\w) — ", r"\1 ", text)
        for text in shown.all("h1", "h2", "h3", "h4", "h5")
        if text != "Table of contents"
    ]
    equations = re.findall(r'id="(eq-[\w-]+)".*?(?:\\qquad\((.*?)\)|class="number">\((.*?)\))', shown.source, re.S)
    return {
        "sections": headings,
        "floats": re.findall(r"(?:Figure|Table) [\w.]+|^\(\w\)", "\n".join(shown.all("figcaption")), re.M),
        "equations": [f"{label} {first or second}" for label, first, second in equations],
    }


def _assert_same_numbers(ours: Path, theirs: Path) -> None:
    pages = [file.relative_to(ours) for file in ours.rglob("*.html")]
    assert sorted(pages) == sorted(file.relative_to(theirs) for file in theirs.rglob("*.html"))
    for name in pages:
        expected, got = _numbers(theirs / name), _numbers(ours / name)
        if name.as_posix() == "index.html":
            for numbers in (expected, got):
                numbers["sections"] = sorted(numbers["sections"])
        assert got == expected, name


def test_quarto_gives_the_book_the_same_numbers(plain_edition, quarto_edition):
    _assert_same_numbers(plain_edition.folder, quarto_edition.folder)


def test_quarto_gives_a_small_book_the_same_numbers(tmp_path, monkeypatch):
    quarto = shutil.which("quarto")
    if quarto is None:
        pytest.skip("no quarto on the PATH")
    write_book(tmp_path)
    monkeypatch.setenv("SUPERPOSITION_ROOT", str(tmp_path))
    environment = {**os.environ, "QUARTO_PYTHON": sys.executable}
    ended = subprocess.run(
        [quarto, "render", "--to", "html"], cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8"
    )
    assert ended.returncode == 0, ended.stderr
    assert "kernel" not in ended.stderr, "the freeze is stale: make freeze"
    theirs = tmp_path / "quarto"
    paths.book().rename(theirs)
    _assert_same_numbers(plain.build().parent, theirs)
