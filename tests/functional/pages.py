"""Web pages for tests: a server on this machine that links lead to."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.functional.attachments import put_object
from tests.harness import Parley, User


@dataclass
class Site:
    """A site whose pages all say the same; `asked` are the paths that were asked for.

    `files` are its other files by path: the type and the bytes.
    """

    url: str
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "text/html; charset=utf-8"})
    asked: list[str] = field(default_factory=list)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)

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
            status, headers, body = site.status, site.headers, site.body
            if self.path in site.files:
                kind, body = site.files[self.path]
                status, headers = 200, {"content-type": kind}
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

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


def forget_pages(parley: Parley) -> dict[str, int]:
    """Lets what is known of pages end; returns when it would have, in seconds, by the keys of the pages."""
    client, table = parley.store.client("dynamodb"), parley.template.resources["Messages"].ref
    items = client.scan(TableName=table)["Items"]
    kept = {
        key: int(item["expires_at_s"]["N"]) for item in items if (key := item["conversation_id"]["S"])[:6] == "#page#"
    }
    for key in kept:
        client.update_item(
            TableName=table,
            Key={"conversation_id": {"S": key}, "seq": {"N": "0"}},
            UpdateExpression="SET expires_at_s = :then",
            ExpressionAttributeValues={":then": {"N": "1"}},
        )
    return kept


def preview_of(user: User, message_id: str) -> dict[str, Any] | None:
    """Returns the preview that a user sees on a message."""
    found: dict[str, Any] | None = user.get(f"/messages/{message_id}").json.get("preview")
    return found


IMAGE = {"id": f"1-{'a' * 26}", "width": 4, "height": 3}
PREVIEW = {"url": "https://example.com/", "title": "The game", "description": None, "site": "example.com"}


def show_picture(parley: Parley, message_id: str) -> str:
    """Lets a message show a preview with a picture; returns the key of the picture."""
    conversation_id, _, seq = message_id.partition(".")
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Messages"].ref,
        Key={"conversation_id": {"S": conversation_id}, "seq": {"N": seq}},
        UpdateExpression="SET link_preview = :shown",
        ExpressionAttributeValues={":shown": {"S": json.dumps(PREVIEW | {"image": IMAGE})}},
    )
    put_object(parley, key := f"previews/{message_id}/{IMAGE['id']}", b"a picture")
    return key
