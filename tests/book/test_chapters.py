"""Every chapter runs as it stands, and has what a reader is promised.
Each is executed from its source with the network off; its time is reported by pytest's --durations."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from passed import unless_passed

from superposition.book import freeze
from superposition.digests import Code

from . import chapters

ALL = chapters.names()
IN_PARTS = chapters.names(parts_only=True)
WITH_CODE = [
    name for name in ALL if chapters.source(name).exists() and "{python}" in chapters.source(name).read_text(encoding="utf-8")
]


@pytest.fixture(scope="module")
def code():
    """What chapters may reach, read once for all of them."""
    return Code(carriers=freeze._CARRIERS)


@pytest.mark.parametrize("name", WITH_CODE)
def test_chapter_runs_offline_without_error_or_warning_and_its_sentences_get_rounded_numbers(name, code):
    made_of = {key: value for key, value in freeze.ingredients(Path(f"{name}.qmd"), code).items() if key != "reached"}
    tests = ("tests/book/test_chapters.py", "tests/book/chapters.py", "tests/book/runner.py")
    with unless_passed(name, made_of, *tests):
        problems, shown = chapters.execute(chapters.read(name))
        assert not problems, "\n".join(problems)
        odd = re.compile(r"\bnan\b|n/a|\binf\b|∞|\bNone\b|\d\.\d{5,}|<\w+[ .]|^\s*$", re.I)
        assert not {line: text for line, text in shown.items() if odd.search(text)}


def test_cells_run_as_they_do_in_jupyter():
    broken = "class Broken:\n    def _repr_svg_(self):\n        raise ValueError('no picture')\nBroken()"
    codes = [
        "from superposition import book\nbook.setup()", "import matplotlib.pyplot as plt\nline = plt.plot([1, 2])", "plt.gcf()",
        "print('seen')", "import sys\nprint('told', file=sys.stderr)", "1 / 0",
        "import warnings\nwarnings.warn('careful')", broken, "x", "%config InlineBackend.figure_formats", "display(plt.gcf())",
    ]  # fmt: skip
    ours, jupyters = chapters.executed(codes), chapters.execute_in_jupyter(codes)
    for code, one, other in zip(codes, ours, jupyters, strict=True):
        assert one["error"] == other["error"] and bool(one["stderr"]) == bool(other["stderr"]), code
    assert ours[3]["stdout"] == jupyters[3]["stdout"] == "seen\n"
    assert [code for code, one in zip(codes, ours) if one["error"]] == ["1 / 0", broken, "x"]


def test_a_figure_of_pyplot_is_closed_with_a_word_on_how_figures_are_made():
    codes = ("from superposition import book\nbook.setup()", "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nfig")
    problems, _ = chapters.execute(
        chapters.Chapter("example", "", [chapters.Piece(k, code, {}) for k, code in enumerate(codes, 1)])
    )
    assert [problem.split(":")[1] for problem in problems] == ["2"] and "superposition.figures, with style.figure()" in problems[
        0
    ]


def test_chapter_that_asks_the_network_is_caught():
    code = 'import urllib.request\nurllib.request.urlopen("http://example.org", timeout=5)'
    by_address = 'import socket\nsocket.create_connection(("192.0.2.1", 80), timeout=5)'
    noisy = 'import sys\nprint("careful", file=sys.stderr)'
    pieces = [chapters.Piece(line, text, {}) for line, text in enumerate((code, by_address, noisy, "print(1)"), 1)]
    problems, _ = chapters.execute(chapters.Chapter("example", "", pieces))
    assert [problem.split(":")[1] for problem in problems] == ["1", "2", "3"]
    assert "asks the network" in problems[0] and "asks the network" in problems[1] and "careful" in problems[2]


LINES = 12  # what a cell may have; a longer one computes what belongs into the package


def shown(cell: chapters.Piece) -> bool:
    """Whether the reader can see a cell's code, folded or not."""
    return cell.options.get("echo", True) is not False and cell.options.get("include", True) is not False


@pytest.mark.parametrize("name", WITH_CODE)
def test_cells_are_short_and_those_that_hide_their_code_only_show_something(name):
    for cell in chapters.read(name).cells:
        where = f"{name}.qmd:{cell.line}: {cell.options['label']}"
        code = [line for line in cell.code.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        assert len(code) <= LINES, f"{where} has {len(code)} lines of code, expected at most {LINES}"
        assert shown(cell) or isinstance(ast.parse(cell.code).body[-1], ast.Expr), f"{where} is hidden and shows nothing"


@pytest.mark.parametrize("name", WITH_CODE)
def test_the_set_up_can_be_unfolded_and_no_cell_defines_a_function(name):
    cells = chapters.read(name).cells
    assert "book.setup()" in cells[0].code and shown(cells[0])
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    found = [cell for cell in cells if any(isinstance(node, defined) for node in ast.walk(ast.parse(cell.code)))]
    assert not [f"{name}.qmd:{cell.line}: {cell.options['label']}" for cell in found], "what computes is in the package, tested"


def test_chapter_that_writes_in_the_repository_is_caught():
    written = chapters.ROOT / "assets/films/stray.svg"
    codes = (
        f"open({str(written)!r}, 'w')",
        "from pathlib import Path\nPath('assets/films/stray.svg').write_bytes(b'')",
        "import os\nos.replace('assets/five-features.png', 'assets/stray.png')",
        "import os\nos.remove('index.qmd')",
        "import tempfile\nwith tempfile.TemporaryFile() as file:\n    file.write(b'x')\nlen(open('index.qmd').read()) > 0",
    )
    pieces = [chapters.Piece(line, code, {}) for line, code in enumerate(codes, 1)]
    problems, _ = chapters.execute(chapters.Chapter("example", "", pieces))
    assert [problem.split(":")[1] for problem in problems] == ["1", "2", "3", "4"]
    assert all("PermissionError: a chapter writes in the repository: " in problem for problem in problems)
    assert not written.exists()


def test_chapter_that_loads_or_makes_a_quick_run_is_caught():
    codes = (
        "from superposition import book, runs\nbook.setup()",
        'runs.load("toy/intro", quick=True)',
        'from superposition.runs import run\nrun("toy/intro", quick=True)',
        'len(runs.load("toy/intro").arrays) > 0',
    )
    pieces = [chapters.Piece(line, code, {}) for line, code in enumerate(codes, 1)]
    problems, _ = chapters.execute(chapters.Chapter("example", "", pieces))
    assert [problem.split(":")[1] for problem in problems] == ["2", "3"]
    assert all("a chapter shows the full run, never a quick one" in problem for problem in problems)


@pytest.mark.parametrize("name", WITH_CODE)
def test_chapter_begins_with_the_set_up_that_refuses_quick_runs(name):
    first = chapters.read(name).cells[0]
    assert "book.setup()" in first.code.splitlines()


@pytest.mark.parametrize("name", ALL)
def test_every_cell_has_a_label(name):
    assert not [f"{name}.qmd:{cell.line}" for cell in chapters.read(name).cells if not cell.options.get("label")]


def test_labels_of_cells_sections_and_figures_are_unique_over_the_book():
    seen = Counter()
    for name in ALL:
        chapter = chapters.read(name)
        # A cell that draws nothing, such as setup, may have its namesake in another chapter; what is referred to may not.
        seen.update(re.findall(r"\{[^}\n]*#((?:sec|fig|tbl|eq|exr)-[\w-]+)", chapter.text))
        seen.update(label for cell in chapter.cells if (label := cell.options["label"]).partition("-")[0] in ("fig", "tbl"))
        own = Counter(cell.options["label"] for cell in chapter.cells)
        assert not [label for label, times in own.items() if times > 1], name
    assert not [label for label, times in seen.items() if times > 1]


@pytest.mark.parametrize("name", ALL)
def test_every_figure_says_what_it_shows_and_has_a_caption(name):
    for figure in chapters.read(name).figures:
        where = f"{name}.qmd:{figure.line}: {figure.label}"
        assert figure.alts and all(alt.strip() for alt in figure.alts), f"{where} has no alternative text"
        assert figure.caption.strip(), f"{where} has no caption"
        assert figure.caption.strip() not in figure.alts, f"{where} repeats its caption as alternative text"


@pytest.mark.parametrize("name", ALL)
def test_every_section_has_a_label_and_the_chapter_one_title(name):
    headings = chapters.read(name).headings
    assert [heading.level for heading in headings].count(1) == 1 and headings[0].level == 1
    assert not [h.title for h in headings if "#sec-" not in h.attributes and "unnumbered" not in h.attributes]


@pytest.mark.parametrize("name", IN_PARTS)
def test_chapter_ends_with_limits_exercises_with_folded_answers_and_a_summary(name):
    # A section's title is its author's; its label says what it is.
    chapter = chapters.read(name)
    labels = [label[1] for h in chapter.headings if (label := re.search(r"#sec-\S+-(limits|exercises|summary)\b", h.attributes))]
    assert labels == ["limits", "exercises", "summary"]
    folded = re.findall(r"^:{3,}\s*\{\.callout-\w+[^}]*collapse=\"true\"", chapter.section("exercise"), re.M)
    assert folded, "no folded answer"


@pytest.mark.parametrize("name", IN_PARTS)
def test_chapter_shows_its_goal_in_a_picture_before_it_explains(name):
    chapter = chapters.read(name)
    sections = [heading.line for heading in chapter.headings if heading.level == 2]
    assert chapter.figures and min(figure.line for figure in chapter.figures) < sections[1]
