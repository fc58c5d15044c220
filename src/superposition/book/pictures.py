"""The pictures of an experiment: those that chapters draw, from whatever results of it there are.
Of a chapter's cells only the statements are executed that a picture needs, so one that can't be drawn spoils no other."""

import ast
import base64
import json
import re
import subprocess
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from superposition import paths, runs, storage
from superposition.book import assets, freeze
from superposition.errors import SuperpositionError
from superposition.figures import style
from superposition.runs import Results

KINDS = (".svg", ".png", ".html")
_LABEL = re.compile(r"^#\| *label: *(\S+)", re.M)
_CAPTION = re.compile(r'^#\| *fig-cap: *"(.*)" *$', re.M)


class PictureError(SuperpositionError):
    """Pictures that can't be drawn: names the experiment or the chapter, and why."""


@dataclass(frozen=True)
class Picture:
    """A figure, or the bytes of a still by ending; its label, where that is from, and its caption there."""

    label: str
    origin: str
    caption: str
    drawing: Figure | dict[str, bytes]

    def image(self, ending: str) -> bytes | None:
        """Its file with that ending, or None for a still that is made with another."""
        return self.drawing.get(ending) if isinstance(self.drawing, dict) else style.image(self.drawing, ending[1:])


@dataclass
class Drawn:
    """The pictures that could be drawn, and a sentence for each cell that failed."""

    pictures: list[Picture] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Statement:
    """One statement at the top of a cell: what it takes, what it gives or changes, and whether the cell shows its value."""

    label: str
    caption: str
    node: ast.stmt
    last: bool

    @property
    def shows(self) -> bool:
        """Whether the cell shows its value, which may be a figure: what `book` makes is Markdown."""
        if not (self.last and isinstance(self.node, ast.Expr)):
            return False
        value = self.node.value
        return not (isinstance(value, ast.Call) and _owner(value.func) & {"book", "print"})

    @property
    def imports(self) -> bool:
        return isinstance(self.node, (ast.Import, ast.ImportFrom))

    @property
    def unpacks(self) -> bool:
        """Whether it names the parts of one thing, as in `fig, axes = style.figure()`."""
        return (
            isinstance(self.node, ast.Assign)
            and isinstance(self.node.targets[0], ast.Tuple)
            and isinstance(self.node.value, ast.Call)
        )

    @cached_property
    def takes(self) -> set[str]:
        return {node.id for node in ast.walk(self.node) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}

    @cached_property
    def gives(self) -> set[str]:
        """The names that it binds, and those of what it changes in place: by an item, an attribute, or a method for its own sake."""
        found = set()
        for node in ast.walk(self.node):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                found.add(node.id)
            elif isinstance(node, (ast.Subscript, ast.Attribute)) and not isinstance(node.ctx, ast.Load):
                found |= _owner(node)
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                found |= _owner(node.value.func)
        return found

    @cached_property
    def strings(self) -> set[str]:
        """Those that it holds; an experiment's name among them says that it is loaded."""
        return {node.value for node in ast.walk(self.node) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _owner(node: ast.expr) -> set[str]:
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def statements(chapter: Path) -> list[Statement]:
    """The statements of the chapter's cells, in order."""
    found = []
    for number, cell in enumerate(freeze.cells(chapter), 1):
        label, caption = _LABEL.search(cell), _CAPTION.search(cell)
        body = ast.parse(cell).body
        named = label[1] if label else f"cell {number}"
        found += [Statement(named, caption[1] if caption else "", node, node is body[-1]) for node in body]
    return found


def needed(all_of: Sequence[Statement], wanted: int) -> set[int]:
    """The statement of that index and those before it on which it depends, by the names that each takes and gives."""
    found, missing = {wanted}, set(all_of[wanted].takes)
    for index in reversed(range(wanted)):
        if _given(all_of, index) & missing:
            found.add(index)
            missing |= all_of[index].takes
    return found


def _given(all_of: Sequence[Statement], index: int) -> set[str]:
    """What the statement gives or changes: axes that are drawn on change the figure that came with them, a call no module."""
    one = all_of[index]
    if one.imports:
        return one.gives
    given = one.gives.difference(*(other.gives for other in all_of if other.imports))
    if isinstance(one.node, ast.Expr):
        given = given.union(*(other.gives for other in all_of[:index] if other.unpacks and other.gives & given))
    return given


def drawn_by(name: str) -> dict[Path, list[int]]:
    """The chapters that draw the experiment, each with the indices of the statements that show something of it.

    That is the chapter of its own name where that shows anything of it, else every chapter that does."""
    found = {}
    for chapter in (chapter for chapter in freeze.chapters() if f'"{name}"' in freeze.source(chapter)):
        all_of = statements(chapter)
        shows = [k for k, one in enumerate(all_of) if one.shows]
        mine = [k for k in shows if any(name in all_of[index].strings for index in needed(all_of, k))]
        if mine:
            found[chapter] = mine
    own = Path(f"chapters/{name}.qmd")
    return {own: found[own]} if own in found else found


def draw(results: Iterable[Results]) -> Drawn:
    """The pictures of these results: what chapters draw of their experiments, with these in place of the stored ones.

    What else a picture shows is loaded as ever. Raises PictureError where no chapter draws the experiment."""
    given = {one.name: one for one in results}
    drawn, wanted = Drawn(), dict[Path, set[int]]()
    for name in given:
        by = drawn_by(name)
        if not by:
            raise PictureError(f"{name}: no chapter draws it: in a cell, load it and end with a figure")
        for chapter, shown in by.items():
            wanted.setdefault(chapter, set()).update(shown)
    with runs.standing_in(given), warnings.catch_warnings():
        for asset in assets.ASSETS:
            if set(given) & set(asset.experiments) and _still(asset):
                _make(asset, drawn)
        for chapter, shown in wanted.items():
            _execute(chapter, shown, drawn)
    return drawn


def _still(asset: assets.Asset) -> bool:
    """Whether it is a single picture, and no film, table or set of maps."""
    return storage.noted(paths.assets() / "manifest.json").get(asset.name, {}).get("files", {}).keys() in ({".svg"}, {".png"})


def _make(asset: assets.Asset, drawn: Drawn) -> None:
    label = asset.name.rpartition("/")[2]
    try:
        files = assets.files(asset)
    except Exception as error:  # as of cells
        drawn.faults.append(f"assets/{asset.name}: {type(error).__name__}: {error}")
    else:
        drawn.pictures.append(Picture(label, f"assets/{asset.name}", "", files))


def _execute(chapter: Path, shown: set[int], drawn: Drawn) -> None:
    """Executes what the statements of those indices need, and adds the figures that they show."""
    all_of = statements(chapter)
    wanted = {index for one in shown for index in needed(all_of, one)}
    space: dict[str, Any] = {"__name__": "cells"}
    lost: set[str] = set()  # what a failed statement would have given
    for index, one in enumerate(all_of):
        if index not in wanted and ast.unparse(one.node) != "book.setup()":
            continue
        if one.takes & lost:
            lost |= _given(all_of, index)
            continue
        try:
            warnings.simplefilter("ignore")  # what fails a chapter fails no picture
            value = _value(one, chapter, space)
        except Exception as error:  # whatever a cell does with results that it was not written for
            lost |= _given(all_of, index)
            drawn.faults.append(f"{chapter}: cell {one.label}: {type(error).__name__}: {error}")
            continue
        lost -= one.gives if not isinstance(one.node, ast.Expr) else set()
        if index in shown and isinstance(value, Figure):
            drawn.pictures.append(Picture(one.label, f"{chapter}, cell {one.label}", one.caption, value))


def _value(one: Statement, chapter: Path, space: dict[str, Any]) -> Any:
    """What the statement's expression comes to, if it is one."""
    where = f"{chapter}, cell {one.label}"
    if isinstance(one.node, ast.Expr):
        return eval(compile(ast.Expression(one.node.value), where, "eval"), space)
    return exec(compile(ast.Module([one.node], []), where, "exec"), space)


def check(chapter: Path, changed: Iterable[str]) -> None:
    """Tries out all cells and inline code of a chapter, of which the results of those experiments have changed.

    Nothing is written. Raises PictureError, in one sentence: which cell fails, and what their configs have otherwise than in
    the last commit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _try_out(chapter, changed)


def _try_out(chapter: Path, changed: Iterable[str]) -> None:
    space: dict[str, Any] = {"__name__": "cells"}
    for one in [*statements(chapter), *inline(chapter)]:
        try:
            _value(one, chapter, space)
        except assets.AssetError:
            continue  # is made next
        except SuperpositionError:
            raise
        except Exception as error:
            other = "; ".join(f"{name} with {', '.join(changes(name)) or 'its new results'}" for name in changed)
            raise PictureError(
                f"{chapter} can't bear {other}: cell {one.label} ends in {type(error).__name__}: {error}. Nothing was written. "
                f"`superposition show` draws what can be drawn"
            ) from None


def inline(chapter: Path) -> list[Statement]:
    """The expressions in the chapter's sentences."""
    return [Statement(f"`{code}`", "", ast.parse(code.strip()).body[0], True) for code in freeze.inline(chapter)]


def write(drawn: Drawn, results: Sequence[Results], out: Path) -> list[Path]:
    """Stores them: a page where `out` ends in .html, else a file each, with its label in the name where there are several.

    Raises PictureError for another ending, and where there is no picture."""
    if not drawn.pictures:
        raise PictureError("nothing could be drawn. " + "\n".join(drawn.faults))
    if out.suffix == ".html":
        storage.write(out, _page(drawn, results).encode())
        return [out]
    several = len(drawn.pictures) > 1
    written = []
    for one in drawn.pictures:
        file = out.with_stem(f"{out.stem}-{one.label.removeprefix('fig-')}") if several else out
        if (content := one.image(out.suffix)) is not None:
            storage.write(file, content)
            written.append(file)
    return written


def changes(name: str, record: Mapping[str, Any] | None = None) -> list[str]:
    """What the config in the record, by default the stored one, has otherwise than in the last commit: a phrase for each key."""
    file = (paths.experiment(name) / storage.RECORD).relative_to(paths.root())
    git = ["git", "show", f"HEAD:./{file.as_posix()}"]
    try:
        said = subprocess.run(git, cwd=paths.root(), capture_output=True, encoding="utf-8", check=True).stdout
        then, now = json.loads(said)["config"], (record or storage.noted(paths.root() / file))["config"]
    except (OSError, subprocess.CalledProcessError, ValueError, KeyError):
        return []
    return [f"{key} = {now[key]} (committed: {then.get(key)})" for key in now if now[key] != then.get(key)]


def _page(drawn: Drawn, results: Sequence[Results]) -> str:
    """A page that needs no other file."""
    body = []
    for one in results:
        changed = "; ".join(changes(one.name, one.record)) or "as committed"
        body.append(f"<h1>{escape(one.name)}</h1>\n<p>Config: {escape(changed)}.</p>")
    for one in drawn.pictures:
        kind, content = ("svg+xml", svg) if (svg := one.image(".svg")) else ("png", one.image(".png") or b"")
        source, caption = base64.b64encode(content).decode(), escape(one.caption or one.label)
        body.append(
            f'<figure id="{escape(one.label)}">\n<img src="data:image/{kind};base64,{source}" alt="{caption}">\n'
            f"<figcaption>{caption} <small>{escape(one.origin)}</small></figcaption>\n</figure>"
        )
    body += [f"<p>Not drawn: {escape(fault)}</p>" for fault in drawn.faults]
    title = escape(", ".join(one.name for one in results))
    return _PAGE.format(title=title, body="\n".join(body))


_PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff; }}
figure {{ margin: 2.5rem 0; }}
img {{ max-width: 100%; height: auto; }}
small {{ color: #666; }}
</style>
{body}
</html>
"""
