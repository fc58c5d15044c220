"""Which tests run in one worker where there are several: those that share what is dear to make.
This is a scheduler of its own because pytest-xdist's `xdist_group` is silently without effect from pytest 9.2 on."""

import re
from pathlib import PurePosixPath

import pytest
from xdist.scheduler import LoadScopeScheduling

COMPILING = ("toy", "addition", "sparse")  # parts that compile much, anew in every process


def group(nodeid: str) -> str:
    """The tests that look at one edition of the book, or compile one part's code; else those of a file."""
    file, _, test = nodeid.partition("::")
    _, own, *_ = PurePosixPath(file).parts
    edition = re.search(r"\[(plain|quarto)\b", test)
    if own == "book" and edition:
        return f"{edition[1]} edition"
    if file.endswith("/test_contents.py") and re.search(r"\[(?:exact|train|evaluate)\b", test):
        return "toy"
    compiled = re.match(rf"(?:tests/|tests/test_experiments\.py::.*\[)({'|'.join(COMPILING)})/", nodeid)
    return compiled[1] if compiled else file


class Grouped(LoadScopeScheduling):
    """Gives out whole groups, those of the most tests first."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


@pytest.hookimpl(optionalhook=True)  # without pytest-xdist there is no such hook
def pytest_xdist_make_scheduler(config, log):
    """Takes the place of what `--dist` names."""
    return Grouped(config, log)
