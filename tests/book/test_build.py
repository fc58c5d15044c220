import json
import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from superposition.book import build, freeze, plain

SETTINGS = """
project: {type: book, output-dir: _book}
book:
  title: "Small"
  author: "Nobody"
  chapters: [index.qmd, chapters/one.qmd]
lang: en-GB
jupyter: python3
format:
  html: {theme: none}
  typst: {}
"""

# A stand-in for Quarto that says its version, counts its renders, and writes a page and a PDF unless told to fail.
QUARTO = """#!/bin/sh
if [ "$1" = --version ]; then echo {version}; exit; fi
echo "$QUARTO_PYTHON" >> renders
[ -e fail ] && exit 1
mkdir -p _book && echo quarto > _book/index.html && echo pdf > _book/Small.pdf
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A book without cells, on a machine without Quarto and without a package index."""
    (tmp_path / "_quarto.yml").write_text(SETTINGS)
    (tmp_path / "index.qmd").write_text("# Preface {.unnumbered}\n\nHello.\n")
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters/one.qmd").write_text("# One\n\nText.\n")
    monkeypatch.setenv("SUPERPOSITION_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", f"/usr/bin{os.pathsep}/bin")
    monkeypatch.delenv(build.RETRY, raising=False)
    monkeypatch.setattr(build, "_look", lambda: None)
    return tmp_path


@pytest.fixture
def attempts(monkeypatch):
    """The installations tried, each of which fails."""
    tried = []
    monkeypatch.setattr(build, "_run_bounded", lambda command, log: tried.append(command) or "could not be installed")
    return tried


def put_quarto(root: Path, monkeypatch, version: str = "1.10.18") -> None:
    command = root / "bin/quarto"
    command.parent.mkdir(exist_ok=True)
    command.write_text(QUARTO.replace("{version}", version))
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(build, "_look", lambda: str(command))


def renders(root: Path) -> int:
    return len((root / "renders").read_text().splitlines()) if (root / "renders").exists() else 0


def test_quarto_on_the_path_renders_with_this_python(root, monkeypatch, capfd):
    put_quarto(root, monkeypatch)
    assert build.main() == root / "_book/index.html"
    assert (root / "renders").read_text() == f"{sys.executable}\n"
    said = capfd.readouterr().out
    assert "the Quarto edition (Quarto 1.10.18)" in said and "s. The PDF: " in said


def test_a_second_build_with_nothing_changed_does_nothing(root, monkeypatch, capfd):
    put_quarto(root, monkeypatch)
    build.main()
    capfd.readouterr()
    assert build.main() == root / "_book/index.html"
    assert renders(root) == 1 and "up to date" in capfd.readouterr().out
    monkeypatch.setattr(plain, "build", lambda: pytest.fail("the plain edition was built again"))
    (root / ".work/book.json").write_text(json.dumps({"inputs": build._inputs("plain")}))
    assert build.main(plain=True) == root / "_book/index.html"


@pytest.mark.parametrize("change", ["chapter", "settings", "freeze", "asset", "page gone", "pdf gone", "stamp broken"])
def test_anything_changed_builds_again(root, monkeypatch, change):
    put_quarto(root, monkeypatch)
    build.main()
    files = {"chapter": "chapters/one.qmd", "freeze": "_freeze/manifest.json", "asset": "assets/js/a.js"}
    gone = {"page gone": "_book/index.html", "pdf gone": "_book/Small.pdf"}
    if change in files:
        (root / files[change]).parent.mkdir(parents=True, exist_ok=True)
        (root / files[change]).write_text("# Other\n")
    elif change in gone:
        (root / gone[change]).unlink()
    elif change == "settings":
        (root / "_quarto.yml").write_text(SETTINGS + "toc: true\n")
    else:
        (root / ".work/book.json").write_text("{")
    build.main()
    assert renders(root) == 2


def test_without_quarto_the_package_is_tried_once_and_the_plain_edition_built(root, attempts, capfd):
    index = build.main()
    said = capfd.readouterr().out
    assert index.read_text().startswith("<!DOCTYPE html>") and (root / "_book/Small.pdf").exists()
    assert [command[1:5] for command in attempts] == [["-m", "pip", "install", "--no-input"]]
    assert "the plain edition (no Quarto on the PATH, and its PyPI package could not be installed" in said
    assert "SUPERPOSITION_RETRY_QUARTO=1 make book" in said
    (root / "chapters/one.qmd").write_text("# One\n\nOther.\n")
    build.main()
    assert len(attempts) == 1 and "could not be installed 0 h ago" in capfd.readouterr().out


def test_a_failed_attempt_is_forgotten_after_a_day_or_on_request(root, attempts, monkeypatch):
    build.main()
    (root / ".work/quarto-attempt.json").write_text(json.dumps({"at": time.time() - build.MEMORY - 1}))
    build.main()
    assert len(attempts) == 2
    monkeypatch.setenv(build.RETRY, "1")
    build.main()
    assert len(attempts) == 3
    monkeypatch.delenv(build.RETRY)
    (root / ".work/quarto-attempt.json").write_text("{")
    build.main()
    assert len(attempts) == 4


def test_a_package_that_installs_is_used(root, monkeypatch):
    monkeypatch.setattr(build, "_run_bounded", lambda command, log: put_quarto(root, monkeypatch) or "")
    assert build.main().read_text() == "quarto\n"
    assert not (root / ".work/quarto-attempt.json").exists()


def test_an_attempt_past_its_time_is_ended_with_its_children(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "PATIENCE", 0.5)
    child = "import os, subprocess; print(os.getpid(), flush=True); subprocess.run(['sleep', '600'])"
    assert build._run_bounded([sys.executable, "-c", child], tmp_path / "log") == "was not installed within 0 s"
    group = (tmp_path / "log").read_text().strip()
    while group in _living_groups():  # a signal takes its time; what never ends is ended by pytest
        time.sleep(0.01)


def _living_groups() -> set[str]:
    listed = subprocess.run(["ps", "-eo", "pgid=,stat="], capture_output=True, encoding="utf-8", check=True).stdout
    return {group for group, state in map(str.split, listed.splitlines()) if not state.startswith("Z")}


def test_the_output_of_an_attempt_is_kept(tmp_path):
    assert build._run_bounded([sys.executable, "-c", "print('forbidden'); raise SystemExit(1)"], tmp_path / "log")
    assert (tmp_path / "log").read_text() == "forbidden\n"
    assert build._run_bounded([sys.executable, "-c", ""], tmp_path / "log") == ""


def test_an_older_quarto_is_named_and_passed_over(root, monkeypatch, attempts, capfd):
    put_quarto(root, monkeypatch, "1.8.27")
    build.main()
    assert "the plain edition (Quarto 1.8.27 is older than 1.9)" in capfd.readouterr().out
    assert renders(root) == 0 and attempts == []


def test_a_quarto_that_does_not_run_is_passed_over(root, monkeypatch, attempts, capfd):
    put_quarto(root, monkeypatch)
    (root / "bin/quarto").write_text("#!/bin/sh\nexit 127\n")
    build.main()
    assert "does not run" in capfd.readouterr().out and (root / "_book/plain.css").exists()


def test_a_failed_render_is_told_and_not_taken_for_a_book(root, monkeypatch):
    put_quarto(root, monkeypatch)
    build.main()
    (root / "chapters/one.qmd").write_text("# Changed\n")
    (root / "fail").touch()
    for _ in range(2):
        with pytest.raises(build.BuildError, match="quarto render failed with status 1"):
            build.main()


def test_nothing_of_the_plain_edition_is_left_in_a_rendered_book(root, monkeypatch):
    build.main(plain=True)
    assert (root / "_book/plain.css").exists()
    put_quarto(root, monkeypatch)
    build.main()
    assert sorted(file.name for file in (root / "_book").iterdir()) == ["Small.pdf", "index.html"]


def test_what_is_stale_is_said_last_in_a_line_each(root, monkeypatch, capfd):
    put_quarto(root, monkeypatch)
    reasons = [("chapters/one.qmd", "the results of a have changed"), ("index.qmd", "old"), ("chapters/one.qmd", "so has b")]
    monkeypatch.setattr(freeze, "status", lambda: [(*one, "make freeze") for one in reasons])
    build.main()
    before, *last = capfd.readouterr().out.splitlines()[-3:]
    assert before.startswith("Built the Quarto edition") and [line.split()[1] for line in last] == [
        "chapters/one.qmd:",
        "index.qmd:",
    ]
    assert "the results of a have changed; so has b" in last[0] and last[0].endswith("make freeze")


def test_a_chapter_that_was_not_executed_stops_the_build_and_keeps_the_book(root, monkeypatch):
    build.main(plain=True)
    before = (root / "_book/index.html").read_bytes()
    (root / "chapters/one.qmd").write_text("# One\n\n```{python}\n#| label: a\n1\n```\n")
    put_quarto(root, monkeypatch)
    for asked in (False, True):
        with pytest.raises(freeze.FreezeError, match=r"chapters/one\.qmd was never executed .*make freeze"):
            build.main(plain=asked)
    assert (root / "_book/index.html").read_bytes() == before and renders(root) == 0


def test_a_book_in_a_folder_with_a_space_is_built(root, monkeypatch, tmp_path):
    moved = tmp_path / "a folder"
    moved.mkdir()
    for name in ("_quarto.yml", "index.qmd", "chapters"):
        (root / name).rename(moved / name)
    monkeypatch.setenv("SUPERPOSITION_ROOT", str(moved))
    assert build.main(plain=True) == moved / "_book/index.html"


@pytest.mark.parametrize("has_package", [True, False])
def test_a_full_render_makes_neuroscopes_pages_or_leaves_ones_that_say_how(tmp_path, has_package):
    quarto = shutil.which("quarto") or pytest.skip("no quarto on the PATH")
    folder = tmp_path / "data/stories/neuroscope_1l"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('module = "stories/neuroscope"\nmodel = "stories/train_1l"\n')
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho "$*" >> "{tmp_path}/asked"\nexit {0 if has_package else 1}\n')
    python.chmod(0o755)
    environment = os.environ | {"QUARTO_PYTHON": str(python), "QUARTO_PROJECT_RENDER_ALL": "1"}
    hook = Path(__file__).parents[2] / "assets/neuroscope.ts"
    subprocess.run([quarto, "run", str(hook)], cwd=tmp_path, env=environment, check=True, capture_output=True)
    page, asked = tmp_path / "_book/neuroscope/train_1l/index.html", (tmp_path / "asked").read_text()
    assert ("-m superposition.book.neuroscope" in asked) == has_package
    assert has_package or "make book" in page.read_text()
