"""A built edition of the book, and what a visit to one of its pages shows.
Used by the tests of both editions: from disk, and over a server on this machine."""

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urlsplit

import numpy as np
from PIL import Image

_AXE_SOURCE = files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
_SERIOUS = """.then(result => result.violations
    .filter(found => ["serious", "critical"].includes(found.impact))
    .flatMap(found => found.nodes.map(node => `${found.id}: ${node.html.slice(0, 160)}: ${node.failureSummary.slice(0, 240)}`)))"""
_AXE = f"""() => axe.run(document, {{resultTypes: ["violations"]}}){_SERIOUS}"""
# In the dark nothing but the colours is other than in the light, so one text of each set of colours around it will do:
# to look at the contrast of every word is most of what axe does, and takes five seconds on the longest page.
_AXE_OF_COLOURS = f"""() => {{
    const own = element => {{
        const {{ color, fontSize, fontWeight, textDecorationLine }} = getComputedStyle(element);
        return [element.localName, color, fontSize, fontWeight, textDecorationLine];
    }};
    const around = element => {{
        if (!element) return [];
        const {{ backgroundColor, backgroundImage, opacity, filter }} = getComputedStyle(element);
        return [backgroundColor, backgroundImage, opacity, filter, ...around(element.parentElement)];
    }};
    const plain = ["rgba(0, 0, 0, 0)", "none", "1"];
    const key = element => [...own(element), ...around(element).filter(value => !plain.includes(value))].join();
    const says = element => [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const texts = [...document.querySelectorAll("body *")].filter(element => says(element) && element.checkVisibility());
    const one = [...new Map(texts.map(element => [key(element), element])).values()];
    const rules = {{resultTypes: ["violations"], runOnly: {{type: "rule", values: ["color-contrast", "link-in-text-block"]}}}};
    return one.length ? axe.run({{include: one}}, rules){_SERIOUS} : [];
}}"""
_STILL = "() => Promise.allSettled(document.getAnimations().filter(one => one instanceof CSSTransition).map(one => one.finished))"
_OVERHANG = """() => { const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    return [...document.querySelectorAll("body *")].filter(element => element.getBoundingClientRect().right > width + 1)
        .map(element => `${element.tagName.toLowerCase()}#${element.id}.${element.className}`).slice(0, 10); }"""


class _Parsed(HTMLParser):
    """A page's ids, links, resources, pictures and text."""

    def __init__(self, source: str):
        super().__init__()
        self.ids, self.links, self.resources, self.images, self.videos = set(), [], [], [], []
        self.text, self._hidden = "", 0
        self.feed(source)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids.update(filter(None, (given.get("id"), given.get("name") if tag == "a" else None)))
        self._hidden += tag in ("script", "style", "code")
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag == "link" and given.get("rel") not in ("canonical", "next", "prev") and given.get("href"):
            self.resources.append(given["href"])
        for attribute in ("src", "poster", "data"):
            if given.get(attribute) and tag in ("img", "video", "source", "script", "iframe", "embed", "object", "track"):
                self.resources.append(given[attribute])
        if tag == "img":
            self.images.append(given)
        if tag == "video":
            self.videos.append(given)

    def handle_endtag(self, tag):
        self._hidden -= tag in ("script", "style", "code")

    def handle_data(self, data):
        self.text += "" if self._hidden else data


@cache
def parse(path: Path) -> _Parsed:
    return _Parsed(path.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Edition:
    """One built edition: its folder, the address that it is read from, and the Pythons that its build asked for."""

    name: str
    folder: Path
    address: str
    asked: tuple[str, ...] = ()

    def pages(self) -> list[str]:
        return sorted(
            path.relative_to(self.folder).as_posix()
            for path in self.folder.rglob("*.html")
            if not {"site_libs", "neuroscope"}
            & set(path.relative_to(self.folder).parts[:1])  # whose pages have tests of their own
        )

    def file(self, url: str) -> Path:
        """The file behind an address of this edition."""
        path = self.folder / unquote(url.removeprefix(self.address).split("?")[0].split("#")[0]).lstrip("/")
        return path / "index.html" if path.is_dir() else path

    def broken(self, page: str) -> list[str]:
        """Links to a page, a file or an anchor that isn't there, and resources that are missing or outside."""
        here, found = self.folder / page, []
        parsed = parse(here)
        for url in [*parsed.links, *parsed.resources]:
            parts = urlsplit(url)
            if parts.scheme in ("data", "javascript", "mailto") or url == "#":
                continue
            if parts.scheme or parts.netloc:
                found += [url] if url in parsed.resources else []
                continue
            address, anchor = urldefrag(url)
            target = (here.parent / unquote(address.split("?")[0])).resolve() if address else here
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file() or not target.is_relative_to(self.folder.resolve()):
                found.append(url)
            elif (neuron := re.fullmatch(r"L(\d+)N(\d+)", anchor)) and (target.parent / "data/site.js").exists():
                found += [] if (target.parent / "data" / neuron[1] / f"{neuron[2]}.js").exists() else [url]
            elif anchor and target.suffix == ".html" and unquote(anchor) not in parse(target).ids:
                found.append(url)
        return found


@dataclass(repr=False)
class Visit:
    """What a look at a page showed; what axe finds and what hangs over begins with the scheme, light or dark."""

    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    overhang: list[str] = field(default_factory=list)
    axe: list[str] = field(default_factory=list)
    brightness: dict[str, float] = field(default_factory=dict)


@contextmanager
def opened(
    browser, edition: Edition, page: str, scheme: str = "light", until: str = "networkidle"
) -> Iterator[tuple[Any, Visit]]:
    """The page in a fresh context, with everything loaded that it loads at first view; and what that showed."""
    seen = Visit()
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(0)  # what hangs is ended by pytest
    try:
        tab = context.new_page()
        tab.on("console", lambda said: seen.errors.append(said.text) if said.type == "error" else None)
        tab.on("pageerror", lambda error: seen.errors.append(str(error)))
        tab.on("request", lambda request: seen.requests.append(request.url))
        tab.goto(f"{edition.address}/{page}", wait_until=until)
        yield tab, seen
    finally:
        context.close()


def visit(browser, edition: Edition, page: str) -> Visit:
    """Looks at the page in the light and in the dark, wide and narrow, and lets axe-core look.

    It is opened in one and then turns, as the reader's system does; Quarto's pages are opened in the dark, the others in the light,
    so that what a chapter brings is opened in both."""
    looks = [("light", _AXE), ("dark", _AXE_OF_COLOURS)]
    looks = looks[::-1] if edition.name == "quarto" else looks
    with opened(browser, edition, page, looks[0][0], until="load") as (tab, seen):
        tab.evaluate(_AXE_SOURCE)
        for scheme, axe in looks:
            tab.emulate_media(color_scheme=scheme)
            tab.set_viewport_size({"width": 1280, "height": 900})
            tab.evaluate(_STILL)
            shown = Image.open(io.BytesIO(tab.screenshot())).convert("L")
            seen.brightness[scheme] = float(np.median(np.asarray(shown))) / 255
            seen.axe += [f"{scheme}: {found}" for found in tab.evaluate(axe)]
            tab.set_viewport_size({"width": 320, "height": 700})  # as 640 pixels at twice the size
            seen.overhang += [f"{scheme}: {found}" for found in tab.evaluate(_OVERHANG)]
        tab.wait_for_load_state("networkidle")
    seen.requests = [url for url in seen.requests if not url.startswith(("data:", "blob:"))]
    return seen


class _Quiet(SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/favicon.ico":  # which a browser asks for by itself
            self.send_response(204)
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *_):
        pass


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """A server of this folder on this machine alone; yields its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
