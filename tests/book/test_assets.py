"""What is made under `assets/`: made once, again only where something changed, from full runs alone; and the book's own."""

import json
import re
from importlib import import_module
from inspect import signature
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from superposition import runs
from superposition.book import assets, freeze
from superposition.book.assets import Asset, AssetError, registry

ROOT = Path(__file__).resolve().parents[2]


class Bench:
    """One asset of the experiment toy/walk, of two files that say how long the walk was; `made` counts the times."""

    def __init__(self, scratch, patch):
        self.name = scratch.experiment("walk", "steps = 30\n[quick]\nsteps = 5")
        self.scratch, self.patch, self.made = scratch, patch, 0
        self.folder, self.endings = scratch.root / "assets/films", [".svg", "-00.mp4"]
        self.declare(Asset("films/walk", "toy/walk", "toy.length", (self.name,)))
        patch.setattr(registry, "import_module", lambda module: SimpleNamespace(length=self.length))
        self.code("old")

    def length(self, walk):
        self.made += 1
        return {ending: f"{ending} {len(walk['path'])}".encode() for ending in self.endings}

    def declare(self, *declared):
        self.patch.setattr(registry, "ASSETS", declared)

    def code(self, digest):
        self.patch.setattr(registry, "_code_digest", lambda function, code: f"{digest} {function}")

    def files(self):
        return {file.name: file.read_bytes() for file in self.folder.iterdir()}


@pytest.fixture
def bench(scratch, monkeypatch):
    return Bench(scratch, monkeypatch)


def test_an_asset_is_made_once_and_is_fresh_then(bench):
    runs.run(bench.name)
    assert assets.status() == [("assets/films/walk", "was never made", "make freeze")]
    assert assets.refresh() == ["assets/films/walk"]
    assert bench.files() == {"walk.svg": b".svg 30", "walk-00.mp4": b"-00.mp4 30"}
    assert assets.status() == [] and assets.refresh() == [] and bench.made == 1
    assert assets.made("films/walk", "-00.mp4", ".svg") == [bench.folder / "walk-00.mp4", bench.folder / "walk.svg"]


def _results_change(bench):
    bench.scratch.experiment("walk", "steps = 31\n[quick]\nsteps = 5")
    runs.run(bench.name)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_results_change, "the results of toy/walk have changed"),
        (lambda bench: bench.code("new"), "the code that makes it has changed"),
        (lambda bench: (bench.folder / "walk.svg").unlink(), "assets/films/walk.svg is missing"),
        (lambda bench: (bench.folder / "walk.svg").write_bytes(b"by hand"), "assets/films/walk.svg is not what was made"),
        (lambda bench: (bench.scratch.root / "assets/manifest.json").write_text("{"), "was never made"),
    ],
)
def test_an_asset_is_stale_and_made_again_where_what_it_is_made_of_or_a_file_of_it_changed(bench, change, reason):
    runs.run(bench.name)
    assets.refresh()
    change(bench)
    assert assets.status() == [("assets/films/walk", reason, "make freeze")]
    assert assets.refresh() == ["assets/films/walk"] and bench.made == 2
    assert assets.status() == [] and set(bench.files()) == {"walk.svg", "walk-00.mp4"}


def test_a_stale_asset_stands_in_the_status_of_the_book_beside_its_chapters(bench, monkeypatch):
    monkeypatch.setattr(freeze, "_stale", lambda: [("chapters/toy/walk.qmd", "a reason", "make freeze")])
    runs.run(bench.name)
    assert [name for name, _, _ in freeze.status()] == ["assets/films/walk", "chapters/toy/walk.qmd"]


def test_files_that_an_asset_no_longer_has_go_and_so_do_those_of_an_asset_that_is_gone(bench):
    runs.run(bench.name)
    assets.refresh()
    bench.endings.remove("-00.mp4")
    bench.code("new")
    assets.refresh()
    assert set(bench.files()) == {"walk.svg"}
    bench.declare()
    assert assets.status() == [("assets/films/walk", "is made for no chapter any more", "make freeze")]
    assert assets.refresh() == ["assets/films/walk"]
    assert bench.files() == {} and assets.status() == []


def test_the_assets_of_a_named_chapter_are_made_and_no_others(bench):
    runs.run(bench.name)
    bench.declare(*(Asset(f"films/{leaf}", f"toy/{leaf}", "toy.length", (bench.name,)) for leaf in ("walk", "other")))
    assert assets.refresh(["toy/other"]) == ["assets/films/other"]
    assert set(bench.files()) == {"other.svg", "other-00.mp4"}


def test_an_asset_without_results_names_the_run_that_it_needs(bench):
    expected = [("toy/walk has no results", "superposition run toy/walk"), ("was never made", "make freeze")]
    assert assets.status() == [("assets/films/walk", *why) for why in expected]
    with pytest.raises(AssetError, match="assets/films/walk lacks results; first: superposition run toy/walk"):
        assets.refresh()


def test_an_asset_is_never_made_from_a_quick_run_even_in_the_data_folder(bench):
    runs.run(bench.name, quick=True, out=bench.scratch.root / "data/toy/walk")
    with pytest.raises(runs.ResultsError, match="expected the full run, got a quick one"):
        assets.refresh()
    assert bench.made == 0 and not bench.folder.exists()


# --- the book's own -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asset", assets.ASSETS, ids=lambda asset: asset.name)
def test_an_asset_of_the_book_has_a_function_of_its_results_and_a_chapter_that_exists(asset):
    module, _, name = f"superposition.book.assets.{asset.function}".rpartition(".")
    assert len(signature(getattr(import_module(module), name)).parameters) == len(asset.experiments)
    assert set(asset.experiments) <= set(runs.names())
    assert (ROOT / f"chapters/{asset.chapter}.qmd").exists() or asset.chapter == "index"


def test_the_manifest_lists_every_film_and_still_of_the_book():
    written = json.loads((ROOT / "assets/manifest.json").read_text())
    listed = {f"{name}{ending}" for name, entry in written.items() for ending in entry["files"]}
    there = {f"films/{file.name}" for file in (ROOT / "assets/films").iterdir()}
    assert written.keys() == {asset.name for asset in assets.ASSETS}
    assert {file for file in listed if file.startswith("films/")} == there


def test_every_film_has_the_size_that_its_page_says():
    sizes = {}
    for file in ROOT.glob("_freeze/**/execute-results/html.json"):
        markdown = json.loads(file.read_text())["result"]["markdown"]
        for video in re.findall(r"<video.*?</video>", markdown, re.S):
            poster = re.search(r'poster="[./]*(assets/films/[\w.-]+)"', video)[1]
            sizes[poster] = tuple(int(x) for x in re.search(r'width="(\d+)" height="(\d+)"', video).groups())
    assert len(sizes) >= 5
    for poster, size in sizes.items():
        with Image.open(ROOT / poster) as picture:
            assert picture.size == size, poster
