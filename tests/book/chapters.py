"""Reads a chapter's source: its cells and inline code in order, its headings and its figures.
Only what the book's own chapters use of Quarto's Markdown is understood."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import yaml
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
_INLINE = re.compile(r"`\{python\} ([^`]+)`")
_HEADING = re.compile(r"(#+) (.*?)\s*(?:\{([^}]*)\})?$")
_IMAGE = re.compile(r'!\[(?P<alt>.*?)\]\([^)]*\)(?:\{[^}]*?fig-alt="(?P<better>[^"]+)"[^}]*\})?')

# Runs before a chapter's cells. Figures as Quarto asks for them; the font list, whose first reading may write to stderr.
# No network, and nothing of the repository is written: only compiled code is kept beside its source, and scratch in .work.
_PRELUDE = """
%config InlineBackend.figure_formats = ["svg"]
import os
import socket
import sys
import matplotlib.font_manager

_top = os.path.realpath(os.getcwd())

def _watch(event, args):
    if event == "open" and isinstance(args[0], (str, bytes)) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC):
        touched = args[:1]
    elif event in ("os.remove", "os.rename", "os.link", "os.symlink", "os.truncate"):
        touched = args[:2] if event != "os.remove" else args[:1]
    else:
        return
    for path in touched:
        if isinstance(path, (str, bytes)):
            parts = os.path.relpath(os.path.realpath(os.fsdecode(path)), _top).split(os.sep)
            if parts[0] != ".." and parts[0] not in (".venv", ".work") and "__pycache__" not in parts:
                raise PermissionError(f"a chapter writes in the repository: {'/'.join(parts)}")

sys.addaudithook(_watch)

def _guard(real, host_of):
    def guarded(*args, **kwargs):
        if host_of(*args) not in (None, "localhost", "127.0.0.1", "::1"):
            raise OSError(f"a chapter asks the network: {host_of(*args)}")
        return real(*args, **kwargs)
    return guarded

_address_host = lambda connection, address: address[0] if isinstance(address, tuple) else None
socket.socket.connect = _guard(socket.socket.connect, _address_host)
socket.socket.connect_ex = _guard(socket.socket.connect_ex, _address_host)
socket.getaddrinfo = _guard(socket.getaddrinfo, lambda host, *rest: host)

def _show(value):
    print(value._repr_markdown_() if hasattr(value, "_repr_markdown_") else value)
"""


@dataclass(frozen=True)
class Piece:
    """A cell, or an expression inside a sentence."""

    line: int
    code: str
    options: dict[str, Any] | None = None

    @property
    def inline(self) -> bool:
        return self.options is None


@dataclass(frozen=True)
class Heading:
    line: int
    level: int
    title: str
    attributes: str


@dataclass
class Figure:
    """A figure with its label, every alternative text given for it, and its caption."""

    line: int
    label: str
    alts: list[str] = field(default_factory=list)
    caption: str = ""


@dataclass
class Chapter:
    name: str
    text: str
    pieces: list[Piece] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)

    @property
    def cells(self) -> list[Piece]:
        return [piece for piece in self.pieces if not piece.inline]

    def section(self, title: str) -> str:
        """The source of the section whose title holds `title`, up to the next heading of its level; "" without one."""
        lines = self.text.splitlines()
        for heading in self.headings:
            if title.lower() in heading.title.lower():
                ends = [h.line for h in self.headings if h.line > heading.line and h.level <= heading.level]
                return "\n".join(lines[heading.line : min(ends, default=len(lines) + 1) - 1])
        return ""


def names(parts_only: bool = False) -> list[str]:
    """The chapters of `_quarto.yml` in order, such as `chapters/toy/intro`; those in a part alone if asked."""
    book = yaml.safe_load((ROOT / "_quarto.yml").read_text(encoding="utf-8"))["book"]
    found = []
    for entry in [*book["chapters"], *([] if parts_only else book.get("appendices", []))]:
        if isinstance(entry, dict):
            found += entry["chapters"]
        elif not parts_only:
            found.append(entry)
    return [name.removesuffix(".qmd") for name in found]


def source(name: str) -> Path:
    return ROOT / f"{name}.qmd"


def read(name: str) -> Chapter:
    """Parses the chapter `name`; a figure is a labelled cell or a `::: {#fig-…}` div."""
    text = source(name).read_text(encoding="utf-8")
    chapter, lines = Chapter(name, text), text.splitlines()
    divs: list[Figure | None] = []  # the open ::: blocks, None for one that is no figure
    paragraph: list[str] = []
    number = 0
    while number < len(lines):
        line, start = lines[number], number + 1
        number += 1
        if fence := re.match(r"(`{3,}|~{3,})\s*(\{?[\w.=-]*)", line):
            body = []
            while number < len(lines) and not lines[number].startswith(fence[1]):
                body.append(lines[number])
                number += 1
            number += 1
            if fence[2] == "{python":
                _add_cell(chapter, start, body, divs)
        elif re.match(r":{3,}\s*\S", line):
            label = re.search(r"\{[^}]*#(fig-[\w-]+)", line)
            divs.append(Figure(start, label[1]) if label else None)
            paragraph = []
        elif re.match(r":{3,}\s*$", line):
            if figure := divs.pop():
                figure.caption = " ".join(paragraph)
                chapter.figures.append(figure)
            paragraph = []
        else:
            paragraph = [*paragraph, line] if line.strip() else (paragraph if _closes(lines, number) else [])
            chapter.pieces += [Piece(start, code) for code in _INLINE.findall(line)]
            for image in _IMAGE.finditer(line):
                for figure in filter(None, divs):
                    figure.alts.append(image["better"] or image["alt"])
            if (heading := _HEADING.match(line)) and not divs:
                chapter.headings.append(Heading(start, len(heading[1]), heading[2], heading[3] or ""))
    return chapter


def _closes(lines: list[str], number: int) -> bool:
    """Whether the next line that is not blank closes a div."""
    following = next((line for line in lines[number:] if line.strip()), "")
    return bool(re.match(r":{3,}\s*$", following))


def _add_cell(chapter: Chapter, line: int, body: list[str], divs: list[Figure | None]) -> None:
    head = [text for text in body if text.startswith("#|")]
    options = yaml.safe_load("\n".join(text[2:].removeprefix(" ") for text in head)) or {}
    code = "\n".join(body[len(head) :])
    chapter.pieces.append(Piece(line, code, options))
    alts = [options["fig-alt"]] if options.get("fig-alt") else re.findall(r"\balt\s*=\s*f?[\"'(]", code)
    label = str(options.get("label", ""))
    if label.startswith("fig-"):
        chapter.figures.append(Figure(line, label, alts, options.get("fig-cap", "")))
    for figure in filter(None, divs):
        figure.alts += alts


def execute(chapter: Chapter) -> tuple[list[str], dict[int, str]]:
    """Runs a chapter in a fresh process at the top of the repository, without the network, and lets it write nothing there.

    Returns what went wrong (errors, anything on stderr), each as `file:line: what`, and what the inline code shows by line."""
    pieces = [piece for piece in chapter.pieces if piece.inline or piece.options.get("eval", True)]
    codes = [_PRELUDE, *(f"_show({piece.code})" if piece.inline else piece.code for piece in pieces)]
    problems, shown = [], {}
    for piece, output in zip([Piece(0, _PRELUDE, {}), *pieces], executed(codes), strict=True):
        where = f"{chapter.name}.qmd:{piece.line}"
        if output["error"]:
            problems.append(f"{where}: {output['error']}")
        elif output["stderr"] and piece.line:
            problems.append(f"{where}: on stderr: {output['stderr'].strip()}")
        elif piece.inline:
            shown[piece.line] = shown.get(piece.line, "") + output["stdout"]
    return problems, shown


def executed(codes: list[str]) -> list[dict[str, str | None]]:
    """The error of each cell, if any, and what it wrote to stdout and stderr."""
    runner = _runner()
    print(json.dumps(codes), file=runner.stdin, flush=True)
    found = json.loads(runner.stdout.readline())
    assert found is not None, "the process that ran the cells ended before the last of them"
    return found


@cache
def _runner() -> subprocess.Popen:
    """The process that runs chapters, one for all of a test worker's; it ends with its stdin."""
    environment = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    environment |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    command = [sys.executable, str(Path(__file__).with_name("runner.py"))]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=ROOT, env=environment, **pipes)


def execute_in_jupyter(codes: list[str]) -> list[dict[str, str | None]]:
    """The same of cells in a Jupyter kernel, as Quarto runs them."""
    cells = [nbformat.v4.new_code_cell(code) for code in codes]
    client = NotebookClient(
        nbformat.v4.new_notebook(cells=cells), timeout=None, allow_errors=True, kernel_name="python3",
        resources={"metadata": {"path": str(ROOT)}},
    )  # fmt: skip
    client.execute()
    found = []
    for cell in cells:
        streams = {name: "".join(out.text for out in cell.outputs if out.get("name") == name) for name in ("stdout", "stderr")}
        errors = [f"{out.ename}: {out.evalue}" for out in cell.outputs if out.output_type == "error"]
        found.append({"error": errors[0] if errors else None, **streams})
    return found
