"""Long tests that run once for all that they depend on: where nothing of it has changed since they passed, they are skipped.
What passed is kept in .work/passed, so a fresh clone runs everything; with SUPERPOSITION_CI everything is run always."""

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GROUND = ("requirements.txt", "tests/conftest.py", "tests/passed.py")


@contextmanager
def unless_passed(name: str, made_of: object, *files: str) -> Iterator[None]:
    """Skips the test from here on, if its block has passed before with the same `made_of` and the same content of `files`."""
    content = [(ROOT / file).read_text() for file in (*GROUND, *files)]
    key = hashlib.sha256(json.dumps([sys.version, content, made_of], sort_keys=True).encode()).hexdigest()
    file = ROOT / ".work/passed" / name
    if file.exists() and file.read_text() == key and not os.environ.get("SUPERPOSITION_CI"):
        pytest.skip(f"{name} has passed, and nothing that it depends on has changed since; to run all: rm -r .work/passed")
    yield
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(key)
