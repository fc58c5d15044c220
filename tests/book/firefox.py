"""A real Firefox, driven by Marionette, the protocol that it speaks itself: JSON over a local socket, each message with its length.
One page at a time, in a window whose width, colour scheme, scripts and forced colours are chosen by preferences."""

import base64
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

# Nothing is asked of the network, nothing pops up, and pages from disk are as strict as a reader's.
_PREFERENCES = {
    "marionette.port": 0,  # a free one, which it writes into the profile
    "remote.prefs.recommended": False,  # which would let pages from disk read what they may not
    "app.update.disabledForTesting": True,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.server": "",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "browser.safebrowsing.provider.mozilla.updateURL": "",
    "extensions.update.enabled": False,
    "media.autoplay.default": 0,
    "accessibility.tabfocus": 7,
}
KEYS = {"Tab": "\ue004", "Enter": "\ue007", "ArrowRight": "\ue014", "ArrowDown": "\ue015", "Home": "\ue011", "End": "\ue010"}
_ERRORS = """return Services.console.getMessageArray().filter(told => told instanceof Ci.nsIScriptError)
    .filter(told => !(told.flags & Ci.nsIScriptError.warningFlag) && told.sourceName.startsWith(arguments[0]))
    .filter(told => told.category !== "Layout: MathML")  // told of a formula that is still being read
    .map(told => `${told.sourceName}:${told.lineNumber}: ${told.errorMessage}`)"""


def command() -> str | None:
    """The Firefox on the PATH, or None."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


class Refused(Exception):
    """What Firefox answered instead of doing what it was asked."""


class Firefox:
    """A running Firefox with one tab."""

    def __init__(self, port: int):
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._file = self._socket.makefile("rb")
        self._serial = 0
        self._receive()
        self._ask("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {"timeouts": {"script": None}}}})

    def _receive(self) -> Any:
        length = b""
        while (byte := self._file.read(1)) != b":":
            length += byte
        return json.loads(self._file.read(int(length)))

    def _ask(self, name: str, given: Mapping[str, Any] | None = None) -> Any:
        self._serial += 1
        message = json.dumps([0, self._serial, name, given or {}]).encode()
        self._socket.sendall(str(len(message)).encode() + b":" + message)
        _, _, refusal, answer = self._receive()
        if refusal:
            raise Refused(f"{name}: {refusal['message']}")
        return answer["value"] if isinstance(answer, dict) and set(answer) == {"value"} else answer

    def goto(self, address: str) -> None:
        self._system("Services.console.reset()")
        self._ask("WebDriver:Navigate", {"url": address})

    def run(self, script: str, *given: Any) -> Any:
        """What the function body returns in the page, after what it returns a promise of."""
        body = f"const [done] = [arguments[arguments.length - 1]]; (async function () {{ {script} }}).apply(null, arguments)"
        body += ".then((value) => done({ value }), (error) => done({ error: String(error) }))"
        answer = self._ask("WebDriver:ExecuteAsyncScript", {"script": body, "args": list(given), "newSandbox": False})
        if "error" in answer:
            raise Refused(answer["error"])
        return answer.get("value")

    def wait(self, condition: str, *given: Any) -> None:
        """Until the expression is true in the page; what hangs is ended by pytest."""
        self.run(f"while (!({condition})) await new Promise((again) => requestAnimationFrame(again));", *given)

    def press(self, *keys: str) -> None:
        """One key after the other, as from a keyboard."""
        strokes = [{"type": kind, "value": KEYS.get(key, key)} for key in keys for kind in ("keyDown", "keyUp")]
        self._ask("WebDriver:PerformActions", {"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]})

    def prefer(self, name: str, value: bool | int) -> None:
        """Sets a preference, such as `layout.css.prefers-color-scheme.content-override` (0 dark, 1 light)."""
        kind = "Bool" if isinstance(value, bool) else "Int"
        self._system(f"Services.prefs.set{kind}Pref(arguments[0], arguments[1])", name, value)

    def zoom(self, factor: float) -> None:
        """Full zoom, as by the menu: a page in 1,000 pixels at 2 is laid out in 500."""
        self._system("window.gBrowser.selectedBrowser.fullZoom = arguments[0]", factor)

    def resize(self, width: int, height: int) -> None:
        """The page's own width and height, without the window's frame; the window is 500 pixels wide at least."""
        frame = self.run("return [outerWidth - innerWidth, outerHeight - innerHeight]")
        self._ask("WebDriver:SetWindowRect", {"width": width + frame[0], "height": height + frame[1]})

    def picture(self) -> bytes:
        return base64.b64decode(self._ask("WebDriver:TakeScreenshot", {"full": False, "hash": False}))

    def on_paper(self, so: bool = True) -> None:
        """Lays the page out as it would be printed."""
        self._system("window.gBrowser.selectedBrowser.browsingContext.top.mediumOverride = arguments[0]", "print" if so else "")

    def errors(self, address: str) -> list[str]:
        """Errors of scripts and refused loads since the page was opened, of files below the address."""
        return self._system(_ERRORS, address)

    def _system(self, script: str, *given: Any) -> Any:
        self._ask("Marionette:SetContext", {"value": "chrome"})
        try:
            return self._ask("WebDriver:ExecuteScript", {"script": script, "args": list(given)})
        finally:
            self._ask("Marionette:SetContext", {"value": "content"})

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@contextmanager
def running(folder: Path) -> Iterator[Firefox]:
    """A Firefox with a fresh profile in that folder."""
    profile = folder / "profile"
    profile.mkdir(parents=True)
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in _PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines) + "\n")
    arguments = ["--headless", "--no-remote", "--marionette", "--remote-allow-system-access", "--profile", str(profile)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([command(), *arguments, "about:blank"], stdout=log, stderr=log, env=_environment(folder))
        try:
            port = profile / "MarionetteActivePort"
            while not (port.exists() and port.read_text().strip()):  # what hangs is ended by pytest
                if process.poll() is not None:
                    raise Refused(f"Firefox ended with {process.returncode}: {(folder / 'log').read_text()[-500:]}")
                time.sleep(0.05)
            with closing(Firefox(int(port.read_text()))) as firefox:
                yield firefox
        finally:
            process.kill()
            process.wait()


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "HOME": str(folder), "MOZ_HEADLESS": "1", "MOZ_CRASHREPORTER_DISABLE": "1"}
