"""Where things lie: one function per folder of the repository.
Set SUPERPOSITION_ROOT to work on another checkout than the one the package was installed from."""

import os
import re
from pathlib import Path

_NAME = re.compile(r"[a-z0-9_]+/[a-z0-9_]+")


def root() -> Path:
    """The repository's top folder, which holds `_quarto.yml`.

    Raises FileNotFoundError where the package was installed without its repository."""
    given = os.environ.get("SUPERPOSITION_ROOT")
    folder = Path(given).resolve() if given else Path(__file__).resolve().parents[2]
    if not (folder / "_quarto.yml").exists():
        raise FileNotFoundError(
            f"this needs the book's repository, and {folder} holds no _quarto.yml: "
            "install with `pip install -e .` from a clone, or set SUPERPOSITION_ROOT to one"
        )
    return folder


def data() -> Path:
    """Configs, results and records, one folder an experiment."""
    return root() / "data"


def assets() -> Path:
    """Styles, scripts, and the films and film strips that the code makes."""
    return root() / "assets"


def freeze() -> Path:
    """Quarto's frozen executions of the chapters."""
    return root() / "_freeze"


def book() -> Path:
    """The built book: HTML site and PDF."""
    return root() / "_book"


def work() -> Path:
    """Checkpoints, quick runs and locks: never committed, safe to delete when nothing runs."""
    return root() / ".work"


def experiment(name: str) -> Path:
    """The folder of the experiment `name`, such as `toy/intro`.

    Raises ValueError where `name` is not of the form part/experiment."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not an experiment's name: expected part/experiment, such as toy/intro")
    return data() / name
