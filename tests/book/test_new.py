"""`superposition new` in a copy of the repository: all that it writes passes the linter and the tests that look at it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from superposition.book import new

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def copy(tmp_path):
    """The repository, whose stored results are links."""
    for name in ("src", "tests", "chapters"):
        shutil.copytree(ROOT / name, tmp_path / name)  # with what is compiled: to compile it anew takes seconds
    for name in ("_quarto.yml", "index.qmd", "pyproject.toml", "requirements.txt"):
        shutil.copy(ROOT / name, tmp_path)
    for folder in (ROOT / "data").glob("*/*"):
        (tmp_path / "data" / folder.parent.name).mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / folder.parent.name / folder.name).symlink_to(folder)
    shutil.copy(ROOT / "data/claims.json", tmp_path / "data")
    return tmp_path


def test_a_new_experiment_passes_the_linter_its_own_tests_and_those_of_every_experiment_chapter_and_claim(copy):
    alone = {key: value for key, value in os.environ.items() if key != "PYTEST_XDIST_WORKER"}  # its tests share with no worker
    environment = alone | {"PYTHONPATH": str(copy / "src"), "SUPERPOSITION_ROOT": str(copy)}

    def call(*words):
        done = subprocess.run([sys.executable, *words], cwd=copy, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout

    said = call("-c", "from superposition.cli import main; main()", "new", "toy/mine")
    written = [line for line in said.splitlines() if (copy / line).is_file()]
    assert len(written) == 8 and all(
        "REPLACE" in (copy / name).read_text() for name in written if "mine.py" in name[-20:] and "verdicts" not in name
    )
    assert "- chapters/toy/mine.qmd" in (copy / "_quarto.yml").read_text()
    own = [name for name in written if name.endswith(".py")]
    call("-m", "ruff", "check", *own)
    call("-m", "ruff", "format", "--check", *own)
    tests = [
        "tests/toy/test_mine.py",
        "tests/test_verdicts.py",
        "tests/test_house.py",
        "tests/test_experiments.py",
        "tests/book/test_chapters.py",
        "tests/book/test_pictures.py",
    ]
    passed = call("-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *tests, "-k", "mine")
    assert "failed" not in passed and int(passed.split(" passed")[0].split()[-1]) >= 20


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mine", "expected part/name in small letters"), ("toy/Mine", "expected part/name in small letters"),
        ("tyo/mine", "no such part. Did you mean toy"), ("toy/intro", r"src/superposition/toy/intro\.py, .*: already there"),
    ],
)  # fmt: skip
def test_a_name_that_cannot_be_is_refused_and_nothing_is_written(name, message):
    before = (ROOT / "_quarto.yml").read_bytes()
    with pytest.raises(new.NewError, match=message):
        new.write(name)
    assert (ROOT / "_quarto.yml").read_bytes() == before and not (ROOT / "chapters/tyo").exists()
