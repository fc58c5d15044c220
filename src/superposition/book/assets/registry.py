"""What the package makes under `assets/`, films, tables for scripts and still pictures: for which chapter, how, from what.
`make freeze` makes the stale ones before it executes chapters. These only refer to the files: a chapter writes nothing."""

import hashlib
import json
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from superposition import paths, runs, storage
from superposition.digests import Code
from superposition.errors import SuperpositionError

REFRESH = "make freeze"


class AssetError(SuperpositionError):
    """A made file that is missing: names it and the command that makes it."""


@dataclass(frozen=True)
class Asset:
    """The files `assets/<name><ending>` of a chapter, made from the results of `experiments` by `function`.

    The function is one of this folder, such as `toy.intro_film`; it takes the loaded results in order and returns bytes
    by ending. It is named, not imported, so that saying what is stale draws nothing."""

    name: str
    chapter: str
    function: str
    experiments: tuple[str, ...]


ASSETS = (
    Asset("five-features", "index", "toy.cover", ("toy/intro",)),
    Asset("card", "index", "toy.card", ("toy/intro",)),
    Asset("films/toy-intro-slider", "toy/intro", "toy.intro_slider", ("toy/intro",)),
    Asset("films/toy-intro-trainer", "toy/intro", "toy.intro_trainer", ("toy/intro",)),
    Asset("films/toy-room", "toy/room", "toy.room_still", ()),
    Asset("films/toy-intro", "toy/intro", "toy.intro_film", ("toy/intro",)),
    Asset("films/toy-phase-explorer", "toy/phase", "toy.phase_map", ("toy/phase",)),
    Asset("films/toy-geometry-solution", "toy/geometry", "toy.geometry_solution", ("toy/geometry",)),
    Asset("films/toy-geometry-solids", "toy/geometry", "toy.geometry_solids", ("toy/geometry_training", "toy/geometry")),
    Asset("films/toy-nonuniform-slider", "toy/nonuniform", "toy.nonuniform_slider", ("toy/nonuniform",)),
    Asset("films/toy-dynamics", "toy/dynamics", "toy.dynamics_film", ("toy/dynamics",)),
    Asset("films/toy-computation", "toy/gradual", "toy.computation_film", ("toy/computation",)),
    Asset("films/addition-heads", "addition/heads", "addition.head_films", ("addition/train", "addition/heads")),
    Asset("films/addition-head-picker", "addition/heads", "addition.picker_still", ("addition/train", "addition/heads")),
    Asset("js/addition-head-picker", "addition/heads", "addition.picker_script", ("addition/train",)),
    Asset("films/addition-circuits", "addition/circuits", "addition.circuits_film", ("addition/circuits",)),
    Asset("films/laboratory", "addition/circuits", "addition.laboratory_still", ("addition/train",)),
    Asset("js/laboratory-tables", "addition/circuits", "addition.laboratory_tables", ("addition/train", "addition/circuits")),
    Asset("maps/stories-ordering", "stories/ordering", "stories.sibling_maps", ("stories/ordering",)),
    Asset("maps/stories-pretrained", "stories/ordering", "stories.encoder_maps", ("stories/pretrained",)),
    Asset("maps/stories-neurons", "stories/clusters", "stories.neurons_still", ("stories/clusters_1l",)),
    Asset("js/stories-neurons", "stories/clusters", "stories.neurons_script", ("stories/clusters_1l", "stories/clusters_2l")),
    Asset("films/stories-ordering", "stories/ordering", "stories.diagonal_film", ("stories/ordering",)),
    Asset("films/bottleneck-transformer", "bottleneck/transformer", "bottleneck.transformer_film", ("bottleneck/transformer",)),
)


def made(name: str, *endings: str) -> list[Path]:
    """The files `assets/<name><ending>`, in order. Raises AssetError, naming the command, where any is not there."""
    files = [paths.assets() / f"{name}{ending}" for ending in endings]
    missing = [storage.shown(file) for file in files if not file.is_file()]
    if missing:
        raise AssetError(f"{', '.join(missing)}: not there. To make what the book's assets lack: {REFRESH}")
    return files


def files(asset: Asset) -> dict[str, bytes]:
    """Its files as the stored results give them now, by ending; nothing is written."""
    module, _, name = f"{__package__}.{asset.function}".rpartition(".")
    return getattr(import_module(module), name)(*(runs.load(name) for name in asset.experiments))


def status() -> list[tuple[str, str, str]]:
    """What is stale: asset, reason, and the command that refreshes it; empty when all is fresh."""
    written, code = _manifest(), Code()
    found = [(f"assets/{asset.name}", *why) for asset in ASSETS for why in _reasons(asset, written.get(asset.name), code)]
    strangers = sorted(written.keys() - {asset.name for asset in ASSETS})
    return found + [(f"assets/{name}", "is made for no chapter any more", REFRESH) for name in strangers]


def refresh(chapters: Collection[str] = ()) -> list[str]:
    """Makes the stale assets of all chapters, or of those named, such as toy/intro, and returns their names.

    What is made for no chapter any more is removed. Nothing is written before all could be made.
    Raises AssetError where results are missing or no asset can be made of them, ResultsError where they are broken or
    those of a quick run."""
    written, made_now, code = _manifest(), dict[str, tuple[Any, dict[str, bytes]]](), Code()
    for asset in ASSETS:
        reasons = list(_reasons(asset, written.get(asset.name), code)) if not chapters or asset.chapter in chapters else []
        missing = sorted({command for _, command in reasons if command != REFRESH})
        if missing:
            raise AssetError(f"assets/{asset.name} lacks results; first: {' && '.join(missing)}")
        if reasons:
            print(f"making assets/{asset.name}: {reasons[0][0]}", file=sys.stderr)
            made_now[asset.name] = _make(asset, code)
    for name, (entry, content_of) in made_now.items():
        for ending, content in content_of.items():
            storage.write(paths.assets() / f"{name}{ending}", content)
        _remove(name, written.get(name, {"files": {}})["files"].keys() - content_of.keys())
        written[name] = entry
        _write(written)
    done = [f"assets/{name}" for name in made_now]
    for name in sorted(written.keys() - {asset.name for asset in ASSETS}) if not chapters else []:
        _remove(name, written.pop(name)["files"])
        _write(written)
        done.append(f"assets/{name}")
    return done


def _reasons(asset: Asset, written: Mapping[str, Any] | None, code: Code) -> Iterator[tuple[str, str]]:
    """Why the asset is stale, each with its command."""
    now = _ingredients(asset, code)
    for name, digest in now["results"].items():
        if digest is None:
            yield f"{name} has no results", f"superposition run {name}"
    if written is None or written.keys() != {*now, "files"}:
        yield "was never made", REFRESH
        return
    for ending, digest in written["files"].items():
        file = paths.assets() / f"{asset.name}{ending}"
        if not file.is_file():
            yield f"{storage.shown(file)} is missing", REFRESH
        elif _sha256(file.read_bytes()) != digest:
            yield f"{storage.shown(file)} is not what was made", REFRESH
    for name, digest in now["results"].items():
        if digest is not None and digest != written["results"].get(name):
            yield f"the results of {name} have changed", REFRESH
    if written["code"] != now["code"]:
        yield "the code that makes it has changed", REFRESH


def _make(asset: Asset, code: Code) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What it is made of, as the manifest keeps that, and its files by ending."""
    made_of = _ingredients(asset, code)
    try:
        content_of = files(asset)
    except SuperpositionError:
        raise
    except Exception as error:
        raise AssetError(
            f"assets/{asset.name} can't be made of these results of {', '.join(asset.experiments)} by {asset.function}: "
            f"{type(error).__name__}: {error}"
        ) from error
    return made_of | {"files": {ending: _sha256(content) for ending, content in sorted(content_of.items())}}, content_of


def _ingredients(asset: Asset, code: Code) -> dict[str, Any]:
    """Digests of the results that it is made from and of the code that makes it."""
    return {
        "results": {name: runs.results_digest(name) for name in asset.experiments},
        "code": _code_digest(f"{__package__}.{asset.function}", code),
    }


def _code_digest(function: str, code: Code) -> str:
    """Of the function and all that it reaches."""
    module, _, name = function.rpartition(".")
    return code.digest([(module, name)])


def _manifest() -> dict[str, Any]:
    """What each asset was made of and the digests of its files, as last written; empty where nothing was, or it is broken."""
    return storage.noted(paths.assets() / "manifest.json")


def _write(manifest: Mapping[str, Any]) -> None:
    storage.write(paths.assets() / "manifest.json", (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode())


def _remove(name: str, endings: Iterable[str]) -> None:
    for ending in endings:
        (paths.assets() / f"{name}{ending}").unlink(missing_ok=True)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
