"""A real Chromium, and the two editions of the book, each built once from what a fresh clone holds."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from superposition.book import build

from . import site

ROOT = Path(__file__).resolve().parents[2]
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--use-angle=swiftshader --enable-unsafe-swiftshader"  # WebGL without a graphics card
)
_NOT_IN_A_CLONE = (
    ".git",
    ".venv",
    ".work",
    ".quarto",
    "_book",
    "*_files",
    "__pycache__",
    "*.egg-info",
    ".*_cache",
    ".hypothesis",
)


@pytest.fixture(scope="module")
def chromium():
    """A running Chromium; a module's alone, because Playwright keeps an event loop running while it lives."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if path is None:
        no_browser = pytest.fail if os.environ.get("SUPERPOSITION_CI") else pytest.skip
        no_browser("no Chromium on the PATH: install one, or name one with CHROMIUM=...")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_FLAGS.split())
        yield browser
        browser.close()


def _clone(folder: Path) -> Path:
    return Path(shutil.copytree(ROOT, folder / "a clone", ignore=shutil.ignore_patterns(*_NOT_IN_A_CLONE)))


def _build(command: list[str], clone: Path, **environment: str) -> None:
    done = subprocess.run(
        command,
        cwd=clone,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        pytest.fail(f"{' '.join(command)} ended with {done.returncode}: {done.stdout[-1500:]}", pytrace=False)


@pytest.fixture(scope="session")
def plain_edition(once):
    """The plain edition, to be opened from disk."""

    def make(folder):
        clone = _clone(folder)
        superposition = str(Path(sys.executable).with_name("superposition"))
        _build([superposition, "book", "--plain"], clone, SUPERPOSITION_ROOT=str(clone))

    book = once("plain", make) / "a clone/_book"
    return site.Edition("plain", book, book.as_uri())


@pytest.fixture(scope="session")
def quarto_edition(once):
    """Quarto's edition over a local server, rendered where every Python is one that fails and says what it was asked."""
    quarto = shutil.which("quarto")
    if quarto is None:
        pytest.skip("no quarto on the PATH")

    def make(folder):
        clone, fakes = _clone(folder), folder / "fakes"
        fakes.mkdir()
        asked = folder / "asked"
        asked.touch()
        for name in ("python", "python3", "jupyter"):
            (fakes / name).write_text(f'#!/bin/sh\necho "$0 $*" >> "{asked}"\nexit 1\n')
            (fakes / name).chmod(0o755)
        path = f"{fakes}{os.pathsep}{os.environ['PATH']}"
        _build([quarto, "render"], clone, **build.PANDOC, PATH=path, QUARTO_PYTHON=str(fakes / "python"))
        neuroscope = [sys.executable, "-m", "superposition.book.neuroscope"]
        _build(neuroscope, clone, SUPERPOSITION_ROOT=str(clone))  # as the render does itself where there is a Python

    folder = once("quarto", make)
    with site.serve(folder / "a clone/_book") as address:
        yield site.Edition("quarto", folder / "a clone/_book", address, tuple((folder / "asked").read_text().splitlines()))
