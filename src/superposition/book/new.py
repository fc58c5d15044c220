"""A new experiment with its chapter: every file that it needs, small and working, with REPLACE where its author's words belong.
The templates lie in the folder `template`; what they compute is known in closed form, so that all tests pass at once."""

import re
from pathlib import Path
from string import Template

from superposition import configs, paths, storage
from superposition.errors import SuperpositionError, did_you_mean

_NAME = re.compile(r"([a-z0-9_]+)/([a-z][a-z0-9_]*)")
PLACES = {
    "experiment": "src/superposition/{part}/{name}.py",
    "config": "data/{part}/{name}/config.toml",
    "figure": "src/superposition/figures/{part}/{name}.py",
    "claims": "src/superposition/{part}/claims/{name}.py",
    "chapter": "chapters/{part}/{name}.qmd",
    "test": "tests/{part}/test_{name}.py",
    "verdicts": "tests/verdicts/{part}_{name}.py",
}


class NewError(SuperpositionError):
    """An experiment that can't be begun: says which name or file is in the way."""


def write(name: str) -> list[Path]:
    """Writes the files of a new experiment, lists its chapter in `_quarto.yml` after its part's others, and returns them all.

    Raises NewError, before anything is written, for a name of another form, a part that is not there, and where one of
    the files is."""
    match = _NAME.fullmatch(name)
    if not match:
        raise NewError(f"{name!r}: expected part/name in small letters, digits and _, such as toy/mine")
    part, leaf = match.groups()
    parts = sorted({one.partition("/")[0] for one in configs.names()})
    if part not in parts:
        raise NewError(f"{name!r}: no such part.{did_you_mean(part, parts)} There are: {', '.join(parts)}")
    files = {kind: paths.root() / place.format(part=part, name=leaf) for kind, place in PLACES.items()}
    if there := [storage.shown(file) for file in files.values() if file.exists()]:
        raise NewError(f"{name}: {', '.join(there)}: already there")
    settings = paths.root() / "_quarto.yml"
    listed = _listed(settings.read_text(encoding="utf-8"), part, leaf)
    words = {"part": part, "name": leaf, "label": leaf.replace("_", "-"), "title": leaf.replace("_", " ").capitalize()}
    for kind, file in files.items():
        template = Template((Path(__file__).with_name("template") / f"{kind}.txt").read_text(encoding="utf-8"))
        storage.write(file, template.safe_substitute(words).encode())
    storage.write(settings, listed.encode())
    return [*files.values(), settings]


def _listed(settings: str, part: str, leaf: str) -> str:
    """The book's settings with the chapter after the last of its part."""
    lines = settings.splitlines(keepends=True)
    own = [number for number, line in enumerate(lines) if line.strip().startswith(f"- chapters/{part}/")]
    if not own:
        raise NewError(f"_quarto.yml lists no chapter of {part}: list one, and new ones follow it")
    before = lines[own[-1]]
    return "".join([*lines[: own[-1] + 1], f"{before[: before.index('-')]}- chapters/{part}/{leaf}.qmd\n", *lines[own[-1] + 1 :]])
