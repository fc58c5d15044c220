"""The frozen executions of the chapters: what is in the book, whether `_freeze` still fits it, and how to refresh it.
`make freeze` makes what is stale under `assets/`, executes stale chapters with Quarto, and notes what each was made of."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from superposition import configs, paths, runs, storage
from superposition.book import assets
from superposition.digests import CARRIERS, EFFECTS, Code, Key, Unresolved
from superposition.errors import SuperpositionError, did_you_mean

REFRESH = "make freeze"
_CELL = re.compile(r"^[\t >]*(```+)\s*\{python(?:[ ,][^}\n]*)?\}[ \t]*\n(.*?)^[\t >]*\1[ \t]*$", re.M | re.S)
_LOADED = re.compile(r"""\bload\(\s*["']([a-z0-9_]+/[a-z0-9_]+)["']""")
_INLINE = re.compile(r"(?<!`)`\{python\}[ \t]+([^`]+)`")
_NAMED = re.compile(r"value='([a-z0-9_]+/[a-z0-9_]+)'")
_CLAIMED = re.compile(r"""\b(?:claims_table|evaluate)\(\s*["']([a-z0-9_]+/[a-z0-9_]+)["']""")
_FIGURE = re.compile(r"\b[\w-]+_files/(figure-(?:html|typst)/[^\s)\"']+)")
_PROGRESS = re.compile(r"\s*Cell \d+/\d+:|Executing ")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_NOISE = re.compile(r"TCP without encryption|Unable to resolve|Could not convert TeX|default tabset rendering")
# A chapter shows what claims say; what else carries results, or builds the book around the chapter, does not count.
_CARRIERS = CARRIERS - {"superposition.claims"} | {"superposition.book.freeze"}


class FreezeError(SuperpositionError):
    """A frozen chapter that is missing, stale or broken, or a refresh that failed: names the chapter and the way out."""


@dataclass(frozen=True)
class Chapter:
    """A chapter of `_quarto.yml`: its source relative to the repository, its part's title, and whether it is an appendix."""

    path: Path
    part: str | None = None
    appendix: bool = False


def config() -> dict[str, Any]:
    """The content of `_quarto.yml`. Raises FreezeError where it cannot be read."""
    file = paths.root() / "_quarto.yml"
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise FreezeError(f"{file}: {error}") from None


def contents() -> list[Chapter]:
    """The chapters in the book's order, appendices last.

    Raises FreezeError for a chapter that `_quarto.yml` lists and that is not there."""
    book = config()["book"]

    def flat(entries: list[Any], part: str | None, appendix: bool) -> Iterator[Chapter]:
        for entry in entries:
            if isinstance(entry, dict):
                yield from flat(entry["chapters"], entry["part"], appendix)
            else:
                yield Chapter(Path(entry), part, appendix)

    found = [*flat(book["chapters"], None, False), *flat(book.get("appendices", []), None, True)]
    for chapter in found:
        if not (paths.root() / chapter.path).is_file():
            raise FreezeError(f"_quarto.yml lists {chapter.path}, which is not there: write it or take it off the list")
    return found


def chapters() -> list[Path]:
    """The chapters' sources relative to the repository, in the book's order."""
    return [chapter.path for chapter in contents()]


def source_digest(chapter: Path) -> str:
    """MD5 of the chapter's source with LF line ends, Quarto's own key of a frozen execution."""
    return hashlib.md5(source(chapter).encode()).hexdigest()


def cells(chapter: Path) -> list[str]:
    """The source of the chapter's Python cells, in order; a chapter without cells is never frozen."""
    return [match[2] for match in _CELL.finditer(source(chapter))]


def inline(chapter: Path) -> list[str]:
    """The expressions in the chapter's sentences, in order."""
    return _INLINE.findall(source(chapter))


def executed(chapter: Path, output: Literal["html", "typ"]) -> str:
    """The chapter's executed Markdown for that output: frozen, or the source itself where it has no cells.

    Raises FreezeError where it is missing, broken, older than its source, or lacks one of its figures."""
    return _frozen(folder(chapter), chapter, output) if cells(chapter) else source(chapter)


def _frozen(place: Path, chapter: Path, output: str) -> str:
    file = place / "execute-results" / f"{output}.json"
    shown = file.relative_to(paths.root())
    try:
        frozen = json.loads(file.read_text(encoding="utf-8"))
        markdown, key = str(frozen["result"]["markdown"]), frozen["hash"]
    except FileNotFoundError:
        raise FreezeError(f"{chapter} was never executed ({shown} is missing): {REFRESH}") from None
    except (ValueError, KeyError, TypeError):
        raise FreezeError(f"{chapter}: {shown} is broken: {REFRESH}") from None
    if key != source_digest(chapter):
        raise FreezeError(f"{chapter} has changed since it was executed: {REFRESH}")
    for figure in _FIGURE.findall(markdown):
        if not (place / figure).is_file():
            raise FreezeError(f"{chapter}: its frozen figure {figure} is missing: {REFRESH}")
    return markdown


def folder(chapter: Path) -> Path:
    """Where the chapter's frozen execution lies."""
    return paths.freeze() / chapter.with_suffix("")


def ingredients(chapter: Path, code: Code | None = None) -> dict[str, Any]:
    """What the chapter's execution depends on: digests of its source, of the results it uses, and of all code that it reaches.

    It uses the results whose names its cells hold, or the code that these reach; a result that was never computed has
    the digest None. `code` spares reading the package again. Raises FreezeError for cells that do not parse."""
    code = code or Code(carriers=_CARRIERS)
    roots = _roots(chapter, code)
    text = code.text(roots)
    known = set(configs.names())
    loaded = known if "carrier names" in text else known & set(_NAMED.findall(text))
    loaded |= {name for cell in cells(chapter) for name in _LOADED.findall(cell)}
    inside = code.reached(roots)
    inside.pop(_module(chapter))
    return {
        "source": source_digest(chapter),
        "results": {name: runs.results_digest(name) for name in sorted(loaded)},
        "code": code.digest(roots),
        "reached": runs.lines(inside),
    }


def manifest() -> dict[str, Any]:
    """What each frozen chapter was made of, as last written; empty where nothing was, or it is broken."""
    return storage.noted(paths.freeze() / "manifest.json")


def status() -> list[tuple[str, str, str]]:
    """What is stale: asset or chapter, reason, and the command that refreshes it; empty when all is fresh."""
    return assets.status() + _stale()


def _stale() -> list[tuple[str, str, str]]:
    found = []
    written = manifest()
    frozen = [chapter for chapter in chapters() if cells(chapter)]
    code = Code(carriers=_CARRIERS)
    for chapter in frozen:
        for reason, command in _reasons(chapter, written.get(chapter.as_posix()), code):
            found.append((chapter.as_posix(), reason, command))
    for stranger in sorted(_frozen_sources() - {chapter.as_posix() for chapter in frozen}):
        found.append((stranger, "is frozen, but is no chapter with cells", REFRESH))
    return found


def refresh(names: Collection[str] = ()) -> list[str]:
    """Makes the stale assets, executes the stale chapters again with Quarto, and writes both manifests.

    With `names`, such as toy/intro, that is done for these chapters alone, and they are executed even where they are fresh.
    Returns what was made and executed. Where a chapter fails, the freeze stays as it was.
    Raises FreezeError where a name is no chapter's, there is no Quarto, a result is missing, or the render fails."""
    known = {name_of(chapter): chapter for chapter in chapters() if cells(chapter)}
    for name in names:
        if name not in known:
            raise FreezeError(f"{name!r}: no such chapter with cells.{did_you_mean(name, known)} There are: {', '.join(known)}")
    made = assets.refresh(names)
    asked = {known[name].as_posix() for name in names}
    found = [entry for entry in _stale() if not names or entry[0] in asked]
    missing = sorted({command for _, _, command in found if command != REFRESH})
    if missing:
        raise FreezeError("some results are missing; first: " + " && ".join(missing))
    stale = asked | {name for name, _, _ in found}
    chosen = [chapter for chapter in known.values() if chapter.as_posix() in stale]
    code = Code(carriers=_CARRIERS)
    made_of = {chapter.as_posix(): ingredients(chapter, code) for chapter in chosen}
    if chosen:
        paths.work().mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="freeze-", dir=paths.work()) as book:
            _execute(chosen, Path(book))
            for chapter in chosen:
                shutil.rmtree(folder(chapter), ignore_errors=True)
                shutil.copytree(Path(book) / folder(chapter).relative_to(paths.root()), folder(chapter))
    for stranger in stale - made_of.keys():
        shutil.rmtree(folder(Path(stranger)))
    if stale:
        kept = {name: entry for name, entry in manifest().items() if name in {chapter.as_posix() for chapter in known.values()}}
        text = json.dumps(kept | made_of, indent=2, sort_keys=True) + "\n"
        storage.write(paths.freeze() / "manifest.json", text.encode())
    return made + sorted(stale)


def with_other_results(names: Collection[str] = ()) -> dict[Path, list[str]]:
    """The chapters, or those of them named, whose frozen execution showed other results than there are now: and which."""
    found, written = {}, manifest()
    for chapter in (chapter for chapter in chapters() if not names or name_of(chapter) in names):
        then = written.get(chapter.as_posix(), {}).get("results", {})
        if other := [
            name for name, digest in then.items() if runs.results_digest(name) != digest or runs.of_another_config(name)
        ]:
            found[chapter] = other
    return found


def name_of(chapter: Path) -> str:
    """Such as toy/intro."""
    return chapter.with_suffix("").as_posix().removeprefix("chapters/")


def _execute(chosen: list[Path], book: Path) -> None:
    """Executes the chapters for both outputs, as a book of their own in the folder `book`, and checks what was frozen there.

    There Quarto finds nothing left over from another render, so that an execution is the same bytes each time."""
    quarto = shutil.which("quarto")
    if quarto is None:
        raise FreezeError("executing chapters needs Quarto 1.10 on the PATH: https://quarto.org/docs/get-started")
    (book / "index.qmd").write_text("# A book begins with this file {.unnumbered}\n", encoding="utf-8")
    for chapter in chosen:
        (book / chapter).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(paths.root() / chapter, book / chapter)
    (book / "_quarto.yml").write_text(yaml.safe_dump(_settings(chosen)), encoding="utf-8")
    command = [quarto, "render", "--execute-dir", str(paths.root())]
    environment = {**os.environ, "QUARTO_PYTHON": sys.executable, "SUPERPOSITION_ROOT": str(paths.root())}
    print(f"executing {', '.join(map(str, chosen))}: each once for the site and once for the PDF", file=sys.stderr, flush=True)
    said, status = _told(command, book, environment)
    if status:
        raise FreezeError(f"{said}\nquarto render failed with status {status}, see above; the freeze is as it was")
    for chapter in chosen:
        for output in ("html", "typ"):
            _frozen(book / folder(chapter).relative_to(paths.root()), chapter, output)


def _told(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[str, int]:
    """What Quarto says, and its exit status; on the way only which cell it executes is shown.

    The rest is about a book of these chapters alone, in which no reference leads to another, and about pages that go away."""
    said = []
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8", "errors": "replace"}
    with subprocess.Popen(command, cwd=folder, env=environment, **pipes) as process:
        for line in process.stdout or ():
            said.append(_COLOURS.sub("", line))
            if _PROGRESS.match(line):
                print(line, end="", file=sys.stderr, flush=True)
    return "".join(line for line in said if not _NOISE.search(line)).strip(), process.returncode


def _settings(chosen: list[Path]) -> dict[str, Any]:
    """A book of these chapters that executes as this one does, and is as quickly rendered as can be: no theme, no PDF."""
    own = config()
    html, typst = (
        {key: value for key, value in own["format"][name].items() if key.startswith("fig-")} for name in ("html", "typst")
    )
    return {key: own[key] for key in ("lang", "jupyter", "execute") if key in own} | {
        "project": {"type": "book", "output-dir": "_book"},
        "book": {"title": "Executed", "chapters": ["index.qmd", *(c.as_posix() for c in chosen if c != Path("index.qmd"))]},
        "format": {"html": html | {"theme": "none", "minimal": True}, "typst": typst | {"output-ext": "typ"}},
    }


def source(chapter: Path) -> str:
    """The chapter's text, with LF line ends."""
    return (paths.root() / chapter).read_bytes().decode("utf-8-sig").replace("\r\n", "\n")


def _frozen_sources() -> set[str]:
    found = paths.freeze().glob("**/execute-results/*.json")
    return {file.parents[1].relative_to(paths.freeze()).as_posix() + ".qmd" for file in found}


def _reasons(chapter: Path, written: dict[str, Any] | None, code: Code) -> Iterator[tuple[str, str]]:
    try:
        for output in ("html", "typ"):
            executed(chapter, output)
    except FreezeError as error:
        yield str(error).removeprefix(f"{chapter}").removesuffix(f": {REFRESH}").strip(": "), REFRESH
        return
    try:
        now = ingredients(chapter, code)
    except Unresolved as error:
        yield f"calls what is not there: {error}", REFRESH
        return
    for name, digest in now["results"].items():
        if digest is None:
            yield f"{name} has no results", f"superposition run {name}"
    if written is None or written.keys() != now.keys():
        yield "is not in the manifest", REFRESH
        return
    changed = [
        name for name in {**written["results"], **now["results"]} if written["results"].get(name) != now["results"].get(name)
    ]
    for name in sorted(changed):
        if now["results"].get(name, "") is not None:
            yield f"the results of {name} have changed", REFRESH
    if written["code"] != now["code"]:
        yield f"the code that it reaches has changed: {runs.differing(written['reached'], now['reached'])}", REFRESH


def _module(chapter: Path) -> str:
    """The name under which the chapter's cells stand among the package's modules."""
    return f"cells of {chapter.as_posix()}"


def _roots(chapter: Path, code: Code) -> list[Key]:
    """The chapter's cells and inline expressions, and the claims that they show: of the chapters named, or all."""
    executed = "\n".join([*cells(chapter), *inline(chapter)])
    try:
        roots = code.add(_module(chapter), executed)
    except SyntaxError as error:
        raise FreezeError(f"{chapter}: its cells do not parse: {error.msg}: {error.text}") from None
    every = any(f"{call}(" in executed for call in ("claims_appendix", "claims_count"))
    shown = chapters() if every else _CLAIMED.findall(executed)
    for part, leaf in (Path(name).with_suffix("").parts[-2:] for name in map(str, shown) if "/" in str(name)):
        if code.is_module(module := f"superposition.{part}.claims.{leaf}"):
            roots.append((module, EFFECTS))
    return roots
