"""Tests side by side."""

import os
import re
import subprocess
import sys

import pytest
from grouping import group

SLOW = """
import time, pytest
@pytest.mark.parametrize("page", range(6))
@pytest.mark.parametrize("edition", ["plain", "quarto"])
def test_page(edition, page):
    time.sleep(0.05)
"""


@pytest.mark.parametrize(
    ("nodeid", "together"),
    [
        ("tests/book/test_site.py::test_page[quarto-chapters/toy/intro.html]", "quarto edition"),
        ("tests/book/test_solids.py::test_polytopes[plain]", "plain edition"),
        ("tests/book/test_plain.py::test_numbers", "tests/book/test_plain.py"),
        ("tests/toy/engine/test_kernel.py::test_gradient[2]", "toy"),
        ("tests/test_experiments.py::test_a_run[addition/train]", "addition"),
        ("tests/test_experiments.py::test_a_run[stories/train]", "tests/test_experiments.py"),
        ("tests/test_house.py::test_line[src/superposition/toy/phase.py]", "tests/test_house.py"),
    ],
)
def test_an_edition_and_a_compiling_part_are_a_group_and_else_a_file(nodeid, together):
    assert group(nodeid) == together


def test_each_group_runs_in_one_worker(tmp_path):
    for name in ("test_site", "test_solids"):
        (tmp_path / "tests/book").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"tests/book/{name}.py").write_text(SLOW)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environment |= {"PYTHONPATH": os.path.dirname(__file__), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "xdist", "-p", "grouping", "-n", "2", "-v", "tests"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, text=True, capture_output=True)
    ran = re.findall(r"\[(gw\d)\].*PASSED.*\[(plain|quarto)-", done.stdout)
    assert len(ran) == 24, done.stdout
    assert len({*ran}) == 2  # a worker for each edition
