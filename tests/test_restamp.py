"""`superposition restamp` keeps results that a change of code leaves alone, to the byte, and no others."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import superposition

COIN = """
import numpy as np
from superposition import runs

class Config(runs.Config):
    tosses: int

SCHEMA = {"sum": "toss", "last": ""}

def run(config, job):
    tosses = np.random.default_rng(config.seed).random(config.tosses)
    return {"sum": FACTOR * tosses.cumsum(), "last": np.array(tosses[-1])}, {}

FACTOR = 2
"""


class Repository:
    """A clone of its own, with one small experiment committed together with its results."""

    def __init__(self, root: Path):
        self.root, self.module = root, root / "src/superposition/toy/coin.py"
        source = Path(superposition.__file__).parent
        for name in ("__init__.py", "toy/__init__.py", *(path.name for path in source.glob("*.py"))):
            (root / "src/superposition" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source / name, root / "src/superposition" / name)
        (root / "_quarto.yml").touch()
        (root / "data/toy/coin").mkdir(parents=True)
        (root / "data/toy/coin/config.toml").write_text("tosses = 50\n[quick]\ntosses = 5\n")
        self.module.write_text(COIN)
        self.git("init", "-q")
        self.commit()
        assert self("run", "toy/coin", "--device", "cpu")[0] == 0
        self.commit()

    def git(self, *arguments: str) -> str:
        own = ["-c", "user.name=a", "-c", "user.email=a@b.c", *arguments]
        return subprocess.run(["git", *own], cwd=self.root, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self) -> str:
        self.git("add", "src", "data")
        self.git("commit", "-q", "-m", "as it is", "--allow-empty")
        return self.git("rev-parse", "HEAD")

    def __call__(self, *arguments: str) -> tuple[int, str]:
        environment = os.environ | {"PYTHONPATH": str(self.root / "src"), "SUPERPOSITION_ROOT": str(self.root)}
        program = "import sys; sys.dont_write_bytecode = True; from superposition.cli import main; main()"
        command = [sys.executable, "-c", program, *arguments]
        ended = subprocess.run(command, env=environment, cwd=self.root, capture_output=True, text=True, check=False)
        return ended.returncode, ended.stdout + ended.stderr

    def edit(self, old: str, new: str) -> None:
        text = self.module.read_text()
        assert old in text
        self.module.write_text(text.replace(old, new))

    @property
    def record(self) -> dict:
        return json.loads((self.root / "data/toy/coin/record.json").read_text())


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Repository(tmp_path_factory.mktemp("made"))


@pytest.fixture
def repository(made):
    yield made
    made.git("checkout", "-q", "--", ".")


def test_a_change_that_leaves_the_bytes_alone_is_taken_over_and_said(repository):
    before, made_at = repository.record, repository.git("rev-parse", "HEAD")
    repository.edit("FACTOR * tosses.cumsum()", "(tosses * FACTOR).cumsum()")
    code, said = repository("restamp", "toy/coin")
    assert (code, said) == (0, f"toy/coin: the same bytes as by the code of {made_at[:12]}\n")
    after = repository.record
    (note,) = after.pop("restamped")
    assert (note["from"], note["commit"]) == (before["code_sha256"], made_at)
    changed = {key for key in before if before[key] != after[key]}
    assert changed == {"code_sha256", "reached"}
    assert repository("restamp", "toy/coin") == (0, "toy/coin: is fresh\n")


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (
            ("FACTOR = 2", "FACTOR = 3"),
            "sum differs between a quick run by the old code and one by the present: superposition run toy/coin",
        ),
        (("np.array(tosses[-1])", "np.float32(tosses[-1])"), "last differs between"),
        (("tosses = np", "tosses = nothing"), "the quick run of"),
    ],
)
def test_a_change_of_numbers_is_refused_by_the_name_of_the_array_and_changes_nothing(repository, edit, said):
    before = repository.record
    repository.edit(*edit)
    code, shown = repository("restamp", "toy/coin")
    assert code == 1 and said in shown and "Traceback" not in shown
    assert repository.record == before


def test_a_changed_config_cannot_be_restamped(repository):
    (repository.root / "data/toy/coin/config.toml").write_text("tosses = 51\n[quick]\ntosses = 5\n")
    code, shown = repository("restamp", "toy/coin")
    assert code == 1 and "tosses 50 -> 51" in shown and "superposition run toy/coin" in shown


def test_results_of_code_that_no_commit_has_cannot_be_restamped(repository):
    record = repository.record | {"code_sha256": "0" * 64}
    (repository.root / "data/toy/coin/record.json").write_text(json.dumps(record))
    code, shown = repository("restamp", "toy/coin")
    assert code == 1 and "no commit's code has the digest 000000000000" in shown


def test_a_change_ages_the_result_and_status_names_the_definition(repository):
    repository.edit("FACTOR = 2", "FACTOR = 3")
    from superposition.digests import Code

    assert "FACTOR" in Code(repository.root / "src").reached([("superposition.toy.coin", "run")])["superposition.toy.coin"]
    code, shown = repository("list")
    assert code == 0 and "stale" in shown
