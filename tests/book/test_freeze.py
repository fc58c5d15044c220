import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from superposition.book import assets, freeze
from superposition.book.assets import registry

SETTINGS = """
project: {type: book, output-dir: _book, execute-dir: project}
book:
  title: "Small"
  author: "Nobody"
  chapters:
    - index.qmd
    - part: "Part"
      chapters: [chapters/toy/intro.qmd, chapters/toy/more.qmd]
  appendices: [chapters/appendix/end.qmd]
jupyter: python3
execute: {freeze: auto}
format:
  html: {theme: none}
  typst: {}
"""

INTRO = """# Intro {#sec-intro}

```{python}
#| label: fig-x
#| fig-cap: "A line."
from superposition import metrics, runs
#toy = runs.load("toy/commented")
numbers = [1, 2]
print(numbers)
```

``` python
runs.load("toy/never")
```
"""

DRAWING = """from matplotlib import pyplot, rcParams
rcParams["svg.hashsalt"] = "x"
pyplot.plot(numbers)
from matplotlib_inline.backend_inline import set_matplotlib_formats
set_matplotlib_formats("svg", metadata={"Date": None})"""

LOADING = """# More

````{python}
#| label: setup
from superposition import book as b, figures, paths
results = runs.load("toy/intro"), runs.load( 'toy/wide')
figures.style.use()
````
"""

# A stand-in for Quarto: freezes every chapter of the book where it is called that has a cell and no freeze, and fails on request.
QUARTO = """
import hashlib, json, pathlib, sys, yaml
root = pathlib.Path(sys.argv[3])
assert sys.argv[1:] == ["render", "--execute-dir", str(root)]
chapters = yaml.safe_load(pathlib.Path("_quarto.yml").read_text())["book"]["chapters"]
assert chapters[0] == "index.qmd" and all(pathlib.Path(chapter).is_file() for chapter in chapters)
done = []
for source in map(pathlib.Path, chapters):
    frozen = pathlib.Path("_freeze") / source.with_suffix("") / "execute-results"
    if "{python}" not in source.read_text() or frozen.exists(): continue
    frozen.mkdir(parents=True)
    done.append(source.as_posix())
    for output in ("html", "typ"):
        key = hashlib.md5(source.read_bytes().replace(b"\\r\\n", b"\\n")).hexdigest()
        result = dict(engine="jupyter", markdown="# Title", supporting=[], filters=[])
        (frozen / (output + ".json")).write_text(json.dumps(dict(hash=key, result=result)))
    if source.stem == (root / "fail").read_text().strip() if (root / "fail").exists() else False: sys.exit("a cell failed")
with open(root / "calls", "a") as calls: calls.write(" ".join(done) + "\\n")
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    (tmp_path / "_quarto.yml").write_text(SETTINGS)
    for name, text in {
        "index.qmd": "# Preface {.unnumbered}\n",
        "chapters/toy/intro.qmd": INTRO,
        "chapters/toy/more.qmd": LOADING,
        "chapters/appendix/end.qmd": "# End\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for name in ("toy/intro", "toy/wide", "toy/commented"):
        write_record(tmp_path, name, "1" * 64)
    monkeypatch.setenv("SUPERPOSITION_ROOT", str(tmp_path))
    monkeypatch.setattr(registry, "ASSETS", ())
    return tmp_path


@pytest.fixture
def quarto(root, monkeypatch):
    command = root / "bin/quarto"
    command.parent.mkdir()
    program = command.with_suffix(".py")
    program.write_text(QUARTO)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{program}" "$@"\n')
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{command.parent}{os.pathsep}{os.environ['PATH']}")
    return command


def write_record(root: Path, name: str, digest: str) -> None:
    (root / "data" / name).mkdir(parents=True, exist_ok=True)
    (root / "data" / name / "config.toml").touch()
    (root / "data" / name / "record.json").write_text(json.dumps({"results_sha256": digest}))


def tree(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_chapters_come_in_the_order_of_the_settings(root):
    assert freeze.chapters() == [Path(name) for name in (
        "index.qmd", "chapters/toy/intro.qmd", "chapters/toy/more.qmd", "chapters/appendix/end.qmd")]  # fmt: skip
    assert [(c.part, c.appendix) for c in freeze.contents()] == [(None, False), ("Part", False), ("Part", False), (None, True)]


def test_cells_are_what_quarto_executes_and_nothing_else(root):
    (cell,) = freeze.cells(Path("chapters/toy/intro.qmd"))
    assert cell.splitlines()[2] == "from superposition import metrics, runs" and cell.endswith("print(numbers)\n")
    assert len(freeze.cells(Path("chapters/toy/more.qmd"))) == 1
    assert freeze.cells(Path("index.qmd")) == []


def test_the_key_is_the_md5_of_the_source_with_unix_line_ends(root):
    expected = hashlib.md5(INTRO.encode()).hexdigest()
    assert freeze.source_digest(Path("chapters/toy/intro.qmd")) == expected
    (root / "chapters/toy/intro.qmd").write_bytes(INTRO.replace("\n", "\r\n").encode())
    assert freeze.source_digest(Path("chapters/toy/intro.qmd")) == expected


def reached(chapter: str) -> dict[str, list[str]]:
    """The definitions that the chapter's cells reach, by module."""
    found = freeze.ingredients(Path(chapter))["reached"]
    return {module: [pair.partition(":")[0] for pair in line.split()] for module, line in found.items()}


def write_cell(root: Path, code: str) -> str:
    (root / "chapters/toy/more.qmd").write_text(f"# A\n\n```{{python}}\n{code}\n```\n")
    return "chapters/toy/more.qmd"


def test_ingredients_are_the_results_loaded_and_the_definitions_drawn_with(root):
    made = freeze.ingredients(Path("chapters/toy/more.qmd"))
    assert made["results"] == {"toy/intro": "1" * 64, "toy/wide": "1" * 64}
    assert "use" in reached("chapters/toy/more.qmd")["superposition.figures.style"]
    assert "superposition.metrics" not in reached("chapters/toy/intro.qmd")  # imported, and not used


def test_a_chapter_that_asks_for_all_names_depends_on_the_results_of_every_experiment(root):
    (root / "data/toy/new").mkdir()
    (root / "data/toy/new/config.toml").touch()
    (root / "chapters/toy/more.qmd").write_text(
        "# A\n\n```{python}\nfrom superposition import runs\nstored = [runs.load(name) for name in runs.names()]\n```\n"
    )
    assert freeze.ingredients(Path("chapters/toy/more.qmd"))["results"] == {
        name: None if name == "toy/new" else "1" * 64 for name in ("toy/commented", "toy/intro", "toy/new", "toy/wide")
    }


def test_a_chapter_depends_on_the_definitions_that_it_calls_and_on_no_others(root):
    found = reached(write_cell(root, "from superposition import book, figures\nbook.table(figures.toy.phase_maps(1))"))
    assert "table" in found["superposition.book.elements"] and "slider" not in found["superposition.book.elements"]
    assert "phase_maps" in found["superposition.figures.toy.phase"]
    assert "superposition.figures.toy.geometry" not in found


def test_code_of_any_part_counts_and_so_does_what_the_prose_calls(root):
    name = write_cell(root, "from superposition import metrics\nfrom superposition.toy.measures import polytopes")
    assert reached(name) == {}
    with open(root / name, "a") as file:
        file.write("It is `{python} metrics.norms(1)` and `{python} polytopes.clusters(2)`.\n")
    found = reached(name)
    assert "norms" in found["superposition.metrics"] and "clusters" in found["superposition.toy.measures.polytopes"]


def test_a_chapter_uses_the_results_that_code_it_calls_names(root, monkeypatch):
    import superposition.toy

    (root / "modules").mkdir()
    monkeypatch.setattr(superposition.toy, "__path__", [str(root / "modules"), *superposition.toy.__path__])
    source = "def both():\n    return ['toy/intro', 'toy/wide']\ndef none():\n    return 'such as toy/intro'\n"
    (root / "modules" / "named.py").write_text(source)
    name = write_cell(root, "from superposition.toy import named\nnamed.both()")
    assert freeze.ingredients(Path(name))["results"].keys() == {"toy/intro", "toy/wide"}
    assert freeze.ingredients(Path(write_cell(root, "from superposition.toy import named\nnamed.none()")))["results"] == {}


def test_a_chapter_that_shows_claims_depends_on_their_experiments_and_checks(root):
    name = write_cell(root, 'from superposition import book\nbook.claims_table("toy/intro")')
    found = reached(name)
    assert "superposition.toy.claims.intro" in found and "superposition.toy.claims.phase" not in found
    assert "evaluate" in found["superposition.claims"]
    assert "toy/intro" in freeze.ingredients(Path(name))["results"]


def test_the_appendix_of_claims_depends_on_the_claims_of_every_chapter(root):
    shutil.copy(root / "chapters/toy/more.qmd", root / "chapters/toy/geometry.qmd")
    (root / "_quarto.yml").write_text(
        SETTINGS.replace("chapters/toy/more.qmd]", "chapters/toy/more.qmd, chapters/toy/geometry.qmd]")
    )
    found = reached(write_cell(root, "from superposition import book\nbook.claims_appendix()"))
    assert {"superposition.toy.claims.intro", "superposition.toy.claims.geometry"} <= found.keys()


def test_status_is_empty_after_a_refresh_and_a_second_one_executes_nothing(root, quarto):
    never = [("chapters/toy/intro.qmd", "was never executed"), ("chapters/toy/more.qmd", "was never executed")]
    assert [(name, reason[:18]) for name, reason, _ in freeze.status()] == never
    assert freeze.refresh() == ["chapters/toy/intro.qmd", "chapters/toy/more.qmd"]
    assert freeze.status() == []
    written = json.loads((root / "_freeze/manifest.json").read_text())
    assert written["chapters/toy/intro.qmd"]["source"] == hashlib.md5(INTRO.encode()).hexdigest()
    assert freeze.refresh() == []
    assert (root / "calls").read_text() == "chapters/toy/intro.qmd chapters/toy/more.qmd\n"


def test_a_chapter_that_is_named_is_executed_alone_and_even_where_it_is_fresh(root, quarto):
    assert freeze.refresh(["toy/more"]) == ["chapters/toy/more.qmd"]
    assert [name for name, _, _ in freeze.status()] == ["chapters/toy/intro.qmd"]
    assert freeze.refresh(["toy/more"]) == ["chapters/toy/more.qmd"]
    assert (root / "calls").read_text() == "chapters/toy/more.qmd\n" * 2
    with pytest.raises(freeze.FreezeError, match=r"'toy/mroe': no such chapter with cells\. Did you mean toy/more\?"):
        freeze.refresh(["toy/mroe"])


def test_what_changes_while_chapters_are_executed_leaves_them_stale(root, quarto, monkeypatch):
    execute = freeze._execute
    monkeypatch.setattr(freeze, "_execute", lambda *given: (execute(*given), write_record(root, "toy/wide", "2" * 64)))
    freeze.refresh()
    assert freeze.status() == [("chapters/toy/more.qmd", "the results of toy/wide have changed", "make freeze")]


def test_a_refresh_makes_the_stale_assets_before_it_executes_and_those_of_a_named_chapter_alone(root, quarto, monkeypatch):
    calls = []

    def make(names):
        calls.append((list(names), (root / "calls").exists()))
        return ["assets/films/a"]

    monkeypatch.setattr(assets, "refresh", make)
    assert freeze.refresh() == ["assets/films/a", "chapters/toy/intro.qmd", "chapters/toy/more.qmd"]
    freeze.refresh(["toy/intro"])
    assert calls == [([], False), (["toy/intro"], True)]


def test_two_executions_give_the_same_bytes(root, quarto):
    freeze.refresh()
    first = tree(root / "_freeze")
    freeze.refresh(["toy/intro", "toy/more"])
    assert tree(root / "_freeze") == first


def _source_changes(root):
    (root / "chapters/toy/more.qmd").write_text(LOADING + "\nNew.\n")


def _results_change(root):
    write_record(root, "toy/wide", "2" * 64)


def _code_changes(root):
    written = json.loads((root / "_freeze/manifest.json").read_text())
    written["chapters/toy/more.qmd"]["code"] = "0" * 64
    (root / "_freeze/manifest.json").write_text(json.dumps(written))


def _figure_vanishes(root):
    file = root / "_freeze/chapters/toy/more/execute-results/html.json"
    frozen = json.loads(file.read_text())
    frozen["result"]["markdown"] = "![](more_files/figure-html/fig-x-output-1.svg)"
    file.write_text(json.dumps(frozen))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_source_changes, "has changed since it was executed"),
        (_results_change, "the results of toy/wide have changed"),
        (_code_changes, "the code that it reaches has changed: what its definitions call"),
        (_figure_vanishes, "its frozen figure figure-html/fig-x-output-1.svg is missing"),
    ],
)
def test_a_change_makes_its_chapter_stale_and_only_that_is_executed(root, quarto, change, reason):
    freeze.refresh()
    change(root)
    assert freeze.status() == [("chapters/toy/more.qmd", reason, "make freeze")]
    assert freeze.refresh() == ["chapters/toy/more.qmd"]
    assert freeze.status() == []


def test_a_missing_result_is_refreshed_by_its_experiment_first(root, quarto):
    freeze.refresh()
    shutil.rmtree(root / "data/toy/wide")
    assert freeze.status() == [("chapters/toy/more.qmd", "toy/wide has no results", "superposition run toy/wide")]
    with pytest.raises(freeze.FreezeError, match="superposition run toy/wide"):
        freeze.refresh()


def test_a_frozen_chapter_that_left_the_book_is_cleared_away(root, quarto):
    freeze.refresh()
    (root / "chapters/toy/intro.qmd").write_text("# Intro without cells\n")
    assert freeze.status() == [("chapters/toy/intro.qmd", "is frozen, but is no chapter with cells", "make freeze")]
    freeze.refresh()
    assert not (root / "_freeze/chapters/toy/intro").exists() and freeze.status() == []


def test_a_failed_render_leaves_the_old_freeze(root, quarto):
    freeze.refresh()
    before = tree(root / "_freeze")
    _source_changes(root)
    (root / "fail").write_text("more")
    with pytest.raises(freeze.FreezeError, match="the freeze is as it was"):
        freeze.refresh()
    assert tree(root / "_freeze") == before
    assert [path.name for path in (root / ".work").iterdir()] == ["trees.txt"]


def test_a_broken_manifest_makes_all_stale_and_is_written_anew(root, quarto):
    freeze.refresh()
    for broken in ("{", "[]", '{"chapters/toy/intro.qmd": {}}'):
        (root / "_freeze/manifest.json").write_text(broken)
        assert {reason for _, reason, _ in freeze.status()} == {"is not in the manifest"}
    freeze.refresh()
    assert freeze.status() == []


def test_without_quarto_the_way_out_is_named(root, monkeypatch):
    monkeypatch.setenv("PATH", str(root))
    with pytest.raises(freeze.FreezeError, match="needs Quarto"):
        freeze.refresh()


def test_cells_that_do_not_parse_name_their_chapter(root):
    (root / "chapters/toy/more.qmd").write_text("# More\n\n```{python}\nfor\n```\n")
    with pytest.raises(freeze.FreezeError, match=r"chapters/toy/more\.qmd: its cells do not parse"):
        freeze.ingredients(Path("chapters/toy/more.qmd"))


@pytest.mark.skipif(shutil.which("quarto") is None, reason="no quarto on the PATH")
def test_quarto_renders_a_refreshed_book_without_a_kernel_and_one_chapter_with_the_environment_to_the_same_bytes(root):
    drawn = INTRO.replace("from superposition import metrics, runs\n", "").replace("print(numbers)", DRAWING)
    (root / "chapters/toy/intro.qmd").write_text(drawn)
    (root / "chapters/toy/more.qmd").write_text("# More\n")
    shutil.copy(Path(__file__).resolve().parents[2] / "_environment", root)
    assert freeze.refresh() == ["chapters/toy/intro.qmd"]
    frozen = tree(root / "_freeze/chapters")  # beside them Quarto keeps the scripts that its pages load
    assert {"toy/intro/figure-html/fig-x-output-1.svg", "toy/intro/figure-typst/fig-x-output-1.svg"} <= frozen.keys()
    assert "kernel" not in render(root) and tree(root / "_freeze/chapters") == frozen
    assert (root / "_book/chapters/toy/intro.html").exists() and (root / "_book/Small.pdf").exists()
    assert [file.parent.name for file in (root / "_book").rglob("fig-x-output-1.svg")] == ["figure-html"]
    python = root / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho >> "{root}/asked"\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    assert "kernel" in render(root, "chapters/toy/intro.qmd") and (root / "asked").exists()
    assert tree(root / "_freeze/chapters") == frozen


def render(root, *arguments):
    """What Quarto says as it renders, called by a user's shell: which Python to use it has to find out by itself."""
    environment = {key: value for key, value in os.environ.items() if key != "QUARTO_PYTHON"}
    ended = subprocess.run(["quarto", "render", *arguments], cwd=root, env=environment, capture_output=True, encoding="utf-8")
    assert ended.returncode == 0, ended.stderr
    return ended.stderr
