"""Serves the built book on this machine and opens it."""

import webbrowser
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT = 8000


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def main(book: Path, opened: Callable[[str], object] = webbrowser.open) -> None:
    """Serves the folder `book` on loopback until Ctrl-C, and calls `opened` with the address.

    At port 8000, or a free one where that is taken."""
    handler = partial(_Quiet, directory=str(book))
    try:
        server = ThreadingHTTPServer(("127.0.0.1", PORT), handler)
    except OSError:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    with server, suppress(KeyboardInterrupt):
        address = f"http://127.0.0.1:{server.server_port}/"
        print(f"The book is at {address}; Ctrl-C ends it.", flush=True)
        opened(address)
        server.serve_forever()
