"""The plain edition: the book's site and PDF from `_quarto.yml`, the chapters and `_freeze`, with pandoc and Typst alone.
No Quarto and no kernel: a Lua program numbers and writes all chapters, this module gathers what it needs and what it shows."""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pypandoc
import typst

from superposition import paths
from superposition.book import freeze, neuroscope
from superposition.errors import SuperpositionError

PROGRAM = Path(__file__).parent / "plain"
_FROZEN = re.compile(r"(.+)_files/(figure-(?:html|typst)/.+)")
_MARKUP = re.compile(r"[*_`]")


class PlainError(SuperpositionError):
    """A book that cannot be built: names the chapter and the label, picture or link at fault."""


def build() -> Path:
    """Builds the plain edition in a temporary folder, puts it in `_book`'s place, and returns its index.html.

    Raises FreezeError for a chapter whose frozen execution is missing, stale or broken, and PlainError for
    an unknown or duplicate label, an unknown citation, a missing picture or a link that leads nowhere:
    then the old `_book` stays."""
    paths.work().mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="plain-", dir=paths.work()) as temporary:
        work = Path(temporary)
        site = work / "site"
        site.mkdir()
        manifest = _manifest(site, work)
        _run_pandoc(manifest, work)
        _make_pdf(manifest, work)
        shutil.copy(PROGRAM / "plain.css", site / "plain.css")
        _copy_resources(site)
        _write_site_files(manifest, site)
        neuroscope.sites(site)
        _gather(manifest, site)
        if paths.book().exists():
            paths.book().rename(work / "old")
        site.rename(paths.book())
    return paths.book() / "index.html"


def pdf_name(title: str) -> str:
    """The file name that Quarto gives the PDF of a book of this title."""
    return re.sub(r"[ <>()|:&;#?*'\\/]", "-", title) + ".pdf"


def _manifest(site: Path, work: Path) -> dict[str, Any]:
    """All that the Lua program needs to know, chapters' text included."""
    settings = freeze.config()
    book = settings["book"]
    author = book.get("author", "")
    return {
        "title": _MARKUP.sub("", book["title"]),
        "subtitle": book.get("subtitle", ""),
        "author": ", ".join(map(str, author)) if isinstance(author, list) else str(author),
        "lang": settings.get("lang", "en"),
        "bibliography": _files(settings.get("bibliography", [])),
        **({"csl": _files(settings["csl"])[0]} if "csl" in settings else {}),
        "fold": str(settings["format"]["html"].get("code-fold", False)).lower(),
        **_published(book),
        "pdf": pdf_name(book.get("output-file", book["title"])),
        "out": str(site),
        "typst_out": str(work / "book.typ"),
        "pictures_out": str(work / "pictures.json"),
        "after": "".join(
            Path(name).read_text("utf-8") for name in _files(settings["format"]["html"].get("include-after-body", []))
        ),
        "html_template": str(PROGRAM / "page.html"),
        "typst_template": str(PROGRAM / "book.typ"),
        "chapters": [
            {
                "source": chapter.path.as_posix(),
                "href": chapter.path.with_suffix(".html").as_posix(),
                **({"part": chapter.part} if chapter.part else {}),
                "appendix": chapter.appendix,
                "text": {"html": freeze.executed(chapter.path, "html"), "typst": freeze.executed(chapter.path, "typ")},
            }
            for chapter in freeze.contents()
        ],
    }


def _published(book: dict[str, Any]) -> dict[str, str]:
    """What a site has on top where `_quarto.yml` gives it an address, in Quarto's own words."""
    given = {
        "site": book.get("site-url", "").rstrip("/"),
        "repository": book.get("repo-url", "").rstrip("/"),
        "favicon": book.get("favicon", ""),
        "footer": book.get("page-footer", {}).get("center", ""),
    }
    return {name: value for name, value in given.items() if value}


def _write_site_files(manifest: dict[str, Any], site: Path) -> None:
    """The site's map and its page 404, whose links are whole: it is shown at any depth."""
    if address := manifest.get("site"):
        pages = "".join(f"<url><loc>{address}/{quote(chapter['href'])}</loc></url>\n" for chapter in manifest["chapters"])
        urls = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{pages}</urlset>\n'
        (site / "sitemap.xml").write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n{urls}', encoding="utf-8")
        (site / "robots.txt").write_text(f"Sitemap: {address}/sitemap.xml\n", encoding="utf-8")
        lost = (paths.assets() / "404.html").read_text(encoding="utf-8")
        (site / "404.html").write_text(lost.replace("SITE", address), encoding="utf-8")


def _files(names: str | list[str]) -> list[str]:
    files = [paths.root() / name for name in ([names] if isinstance(names, str) else names)]
    for file in files:
        if not file.is_file():
            raise PlainError(f"_quarto.yml names {file.relative_to(paths.root())}, which is not there")
    return [str(file) for file in files]


def _run_pandoc(manifest: dict[str, Any], work: Path) -> None:
    given = work / "manifest.json"
    given.write_text(json.dumps(manifest), encoding="utf-8")
    command = [pypandoc.get_pandoc_path(), "lua", str(PROGRAM / "book.lua"), str(given)]
    ended = subprocess.run(command, cwd=work, capture_output=True, encoding="utf-8", check=False)
    if ended.returncode:
        raise PlainError("the book does not hold together:\n" + ended.stderr.strip())


def _make_pdf(manifest: dict[str, Any], work: Path) -> None:
    for picture, chapter in json.loads((work / "pictures.json").read_text(encoding="utf-8")).items():
        target = work / picture.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(_find(picture.lstrip("/"), chapter), target)
    try:
        typst.compile(str(work / "book.typ"), output=str(Path(manifest["out"]) / manifest["pdf"]), root=str(work))
    except RuntimeError as error:
        raise PlainError(f"Typst cannot set the PDF: {error}") from None


def _copy_resources(site: Path) -> None:
    for pattern in freeze.config()["project"].get("resources", []):
        for file in paths.root().glob(pattern):
            if file.is_file():
                target = site / file.relative_to(paths.root())
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target)


def _gather(manifest: dict[str, Any], site: Path) -> None:
    """Copies every file that a page shows or links to. Raises PlainError, naming the chapters, where one is not there."""
    faults = []
    for chapter in manifest["chapters"]:
        page = site / chapter["href"]
        for link in _links(page):
            target = (page.parent / unquote(link)).resolve()
            try:
                if not target.exists():
                    found = _find(target.relative_to(site.resolve()).as_posix(), chapter["source"])
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(found, target)
            except (PlainError, ValueError):
                faults.append(f"{chapter['source']}: {link} is not there")
    if faults:
        raise PlainError("files are missing:\n" + "\n".join(sorted(set(faults))))


def _find(name: str, chapter: str) -> Path:
    """The file behind an address relative to the site's top: frozen with a chapter, or in the repository."""
    frozen = _FROZEN.fullmatch(name)
    file = paths.freeze() / frozen[1] / frozen[2] if frozen else paths.root() / name
    if not file.is_file():
        raise PlainError(f"{chapter}: {name} is not there")
    return file


def _links(page: Path) -> Iterator[str]:
    """The addresses of files that the page at that path loads or leads to, inside the book."""
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.extend(value for name, value in attrs if name in ("src", "href", "poster") and value)

    Reader().feed(page.read_text(encoding="utf-8"))
    for link in found:
        parts = urlsplit(link)
        if not parts.scheme and not parts.netloc and parts.path:
            yield parts.path
