"""The built book on loopback."""

import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from superposition.book import serve


def test_the_book_is_served_on_loopback_and_at_a_free_port_where_its_own_is_taken_until_ctrl_c(tmp_path, monkeypatch, capsys):
    (tmp_path / "index.html").write_text("the book")
    read: list[str] = []

    class Interrupted(ThreadingHTTPServer):
        def service_actions(self):
            if read:
                raise KeyboardInterrupt

    def reader(address):
        threading.Thread(target=lambda: read.append(urllib.request.urlopen(address).read().decode()), daemon=True).start()

    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as taken:
        monkeypatch.setattr(serve, "PORT", taken.server_port)
        monkeypatch.setattr(serve, "ThreadingHTTPServer", Interrupted)
        serve.main(tmp_path, reader)
    assert read == ["the book"]
    said = capsys.readouterr().out
    assert "http://127.0.0.1:" in said and f":{taken.server_port}/" not in said
