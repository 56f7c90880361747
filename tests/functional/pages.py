"""Web pages for tests: a server on this machine that links lead to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.harness import Parley, User


@dataclass
class Site:
    """A site whose pages all say the same; `asked` are the paths that were asked for."""

    url: str
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "text/html; charset=utf-8"})
    asked: list[str] = field(default_factory=list)

    def says(self, title: str, **named: str) -> None:
        """Gives the pages a title, and OpenGraph's `og:<name>`."""
        told = "".join(f"<meta property='og:{name}' content='{value}'>" for name, value in named.items())
        self.body = f"<html><head><title>{title}</title>{told}</head></html>".encode()


@contextmanager
def serving() -> Iterator[Site]:
    """A site while it is needed."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            self.send_response(site.status)
            for name, value in {**site.headers, "content-length": str(len(site.body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(site.body)

        def log_message(self, *_: Any) -> None:
            """Says nothing: the output is the test's."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = Site(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def looked(parley: Parley) -> None:
    """Lets the stream and the queues do their work."""
    parley.drain()


def preview_of(user: User, message_id: str) -> dict[str, Any] | None:
    """Returns the preview that a user sees on a message."""
    found: dict[str, Any] | None = user.get(f"/messages/{message_id}").json.get("preview")
    return found
