"""Builds the book into `_book`: with Quarto where there is one, else with its PyPI package, else the plain edition.
Says what it did and why; a second call with nothing changed returns at once."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from superposition import paths
from superposition.book import freeze, neuroscope
from superposition.book import plain as plain_edition
from superposition.errors import SuperpositionError

OLDEST = (1, 9)
RETRY = "SUPERPOSITION_RETRY_QUARTO"
PATIENCE = 90.0
"""Seconds that the installation of Quarto's PyPI package may take."""
MEMORY = 24 * 3600.0
"""Seconds for which a failed installation is not tried again."""
PANDOC = {"GHCRTS": "-A256m"}
"""Environment in which pandoc collects its garbage less often, which is a quarter of its time on the whole book for the PDF."""


class BuildError(SuperpositionError):
    """A book that Quarto could not render."""


def main(plain: bool = False) -> Path:
    """Builds the book where anything has changed, and returns the path of its index.html.

    `plain` asks for the plain edition even where there is a Quarto. Raises FreezeError where a chapter has changed
    since it was executed, PlainError or BuildError where the book cannot be built."""
    started = time.monotonic()
    paths.work().mkdir(exist_ok=True)
    quarto, why = (None, "as you asked") if plain else _quarto()
    edition = f"the Quarto edition ({why})" if quarto else f"the plain edition ({why})"
    key = _inputs("quarto " + why if quarto else "plain")
    if _is_built(key):
        print(f"The book is up to date: {edition}.")
        return paths.book() / "index.html"
    for chapter in freeze.chapters():
        freeze.executed(chapter, "html")
        freeze.executed(chapter, "typ")
    stale = freeze.status()
    print(f"Building {edition}.", flush=True)
    _stamp().unlink(missing_ok=True)
    index = _build_with(quarto) if quarto else _build_plain()
    _stamp().write_text(json.dumps({"inputs": key}), encoding="utf-8")
    print(f"Built {edition} in {time.monotonic() - started:.1f} s. The PDF: {_pdf()}")
    for what in dict.fromkeys(what for what, _, _ in stale):  # last, where it is read
        reasons = "; ".join(reason for other, reason, _ in stale if other == what)
        commands = " && ".join(dict.fromkeys(command for other, _, command in stale if other == what))
        print(f"Stale: {what}: {reasons}. The book shows what was frozen; to refresh it: {commands}")
    return index


def _build_plain() -> Path:
    return plain_edition.build()


def _build_with(quarto: str) -> Path:
    """Renders from the freeze: no kernel starts, as every chapter's frozen execution fits its source."""
    if (paths.book() / "plain.css").exists():
        shutil.rmtree(paths.book())
    environment = {**os.environ, **PANDOC, "QUARTO_PYTHON": sys.executable}
    ended = subprocess.run([quarto, "render"], cwd=paths.root(), env=environment, check=False)
    index = paths.book() / "index.html"
    if ended.returncode or not index.exists() or not _pdf().exists():
        raise BuildError(
            f"quarto render failed with status {ended.returncode}, see above; `superposition book --plain` builds the plain "
            f"edition"
        )
    return index


def _quarto() -> tuple[str | None, str]:
    """A usable Quarto and its version, or None and why there is none; installs the PyPI package where it may."""
    found = _look()
    if found is None:
        failure = _install()
        if failure:
            return None, failure
        found = _look()
    if found is None:
        return None, "Quarto's PyPI package brought no quarto"
    version = _version(found)
    if version is None:
        return None, f"{found} does not run"
    if version < OLDEST:
        return None, f"Quarto {'.'.join(map(str, version))} is older than {'.'.join(map(str, OLDEST))}"
    return found, f"Quarto {'.'.join(map(str, version))}"


def _look() -> str | None:
    """The quarto command on the PATH, or the one beside this Python."""
    return shutil.which("quarto") or shutil.which("quarto", path=str(Path(sys.executable).parent))


def _version(quarto: str) -> tuple[int, ...] | None:
    """Its version, or None where it does not run."""
    try:
        said = subprocess.run([quarto, "--version"], capture_output=True, encoding="utf-8", timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.match(r"\d+(\.\d+)*", said.strip())
    return tuple(map(int, match[0].split("."))) if match else None


def _install() -> str:
    """Tries Quarto's PyPI package, at most once a day: empty where it came, else why it did not."""
    memory, log = paths.work() / "quarto-attempt.json", paths.work() / "quarto-install.log"
    again = f"to try again now: {RETRY}=1 make book"
    try:
        age = time.time() - float(json.loads(memory.read_text(encoding="utf-8"))["at"])
    except (OSError, ValueError, KeyError, TypeError):
        age = MEMORY
    if 0 <= age < MEMORY and not os.environ.get(RETRY):
        return f"no Quarto on the PATH, and its PyPI package could not be installed {age / 3600:.0f} h ago; {again}"
    print(f"No Quarto on the PATH: trying its PyPI package for at most {PATIENCE:.0f} s …", flush=True)
    failure = _run_bounded([sys.executable, "-m", "pip", "install", "--no-input", "quarto-cli>=1.9"], log)
    if failure:
        memory.write_text(json.dumps({"at": time.time(), "failure": failure}), encoding="utf-8")
        return f"no Quarto on the PATH, and its PyPI package {failure}, see {log.relative_to(paths.root())}; {again}"
    memory.unlink(missing_ok=True)
    return ""


def _run_bounded(command: list[str], log: Path) -> str:
    """Runs the command with its output in `log`, and ends it with all its children when time is up; why it failed, or empty."""
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            status = process.wait(timeout=PATIENCE)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            return f"was not installed within {PATIENCE:.0f} s"
    return "could not be installed" if status else ""


def _stamp() -> Path:
    return paths.work() / "book.json"


def _pdf() -> Path:
    book = freeze.config()["book"]
    return paths.book() / plain_edition.pdf_name(book.get("output-file", book["title"]))


def _is_built(key: str) -> bool:
    try:
        built = json.loads(_stamp().read_text(encoding="utf-8"))["inputs"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return built == key and (paths.book() / "index.html").exists() and _pdf().exists()


def _inputs(edition: str) -> str:
    """SHA-256 over all that a book is made of: settings, chapters, freeze, assets, and the code that builds it."""
    root, code = paths.root(), Path(__file__).parent
    files = [file for name in ("_quarto.yml", "index.qmd") if (file := root / name).exists()]
    for folder in (root / "chapters", paths.freeze(), paths.assets(), code / "plain"):
        files += [file for file in folder.rglob("*") if file.is_file()]
    files += neuroscope.made_of()
    files += [*root.glob("*.bib"), *root.glob("*.csl"), code / "plain.py", code / "freeze.py"]
    digest = hashlib.sha256(edition.encode())
    for file in sorted(files):
        digest.update(f"{file.as_posix()}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()
