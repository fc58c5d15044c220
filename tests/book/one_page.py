"""A book of one page, with one element that a script brings to life."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from . import site
from .test_elements import Page, halves

ROOT = Path(__file__).resolve().parents[2]


def built(folder: Path, script: str, still: str, element: Callable) -> site.Edition:
    """The page, in `folder`, beside its script and an empty still; nothing in it comes from a hostile description."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUPERPOSITION_ROOT", str(folder))
        (folder / "_quarto.yml").touch()
        (folder / "assets/films").mkdir(parents=True)
        (folder / f"assets/films/{still}.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
        (folder / "assets/js").mkdir()
        shutil.copy(ROOT / f"assets/js/{script}.js", folder / "assets/js")
        html, printed = halves(element())
    assert f"{still}.svg" in printed and not [attributes for _, attributes in Page(html).elements if "onerror" in attributes]
    shutil.copy(ROOT / "src/superposition/book/plain/plain.css", folder)
    page = f"<!DOCTYPE html><html lang=en><title>t</title><link rel=stylesheet href=plain.css><main><h1>t</h1>{html}</main>"
    (folder / "index.html").write_text(page, encoding="utf-8")
    return site.Edition(script, folder, folder.as_uri())
