"""The files of the web client, as `make run` serves them: what a browser gets, and under which rules."""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from local.events import Headers
from local.hosts import Hosts
from local.rest import Response

DEMO = "demo/index.html"
# The parts of web/ that are served: the sources of the package, what `make web` makes of them, and the demo.
FOLDERS = frozenset({"client", "store", "compat", "components", "languages", "emoji", "dist", "demo"})
BESIDE = frozenset({"parley.js", "worker.js"})  # what lies beside the folders
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
}
# Beside the policy, which depends on the addresses. stacks/web.yaml has the same ones for CloudFront.
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=()",
}
# No dots in front: neither `..` nor hidden files. What is longer than a file's name can be has no file.
_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_MAX_SEGMENTS = 8
# The modules that a page names, and those that a module imports as it starts: ours are all formatted alike.
_OF_PAGE = re.compile(r'(?:type="module" src|rel="modulepreload" href)="/web/([^"]+)"')
_IMPORTED = re.compile(r'^(?:import|export)\b[^;]*?"(\.{1,2}/[^"]+)"', re.MULTILINE)


def policy(connect: Iterable[str] = (), media: Iterable[str] = ()) -> str:
    """Returns the Content-Security-Policy of a page that holds the web client.

    `connect` are the origins of the API, of the socket and of the attachments' bucket, as far as they are not the
    page's own. `media` are those that pictures, sounds and films come from: the bucket's.
    """
    connect, media = " ".join(["'self'", *connect]), " ".join(["'self'", "blob:", "data:", *media])
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"connect-src {connect}",
            f"img-src {media}",
            f"media-src {media}",
            "font-src 'self'",
            "worker-src 'self'",
            "manifest-src 'self'",
            "frame-src 'self'",
            "frame-ancestors 'self'",
            "form-action 'none'",
            "base-uri 'none'",
            # One policy, for the address of the service worker of Web Push: nothing is ever made from text.
            "require-trusted-types-for 'script'",
            "trusted-types parley",
        )
    )


def _local_policy(hosts: Hosts, websocket_port: int, environment: Mapping[str, str]) -> str:
    """Returns the policy of the local stack's pages: they reach its socket, and the store that has the attachments."""
    # A policy cannot name `[::1]`: its grammar has no IPv6 (CSP level 3, "host-part").
    names = sorted(name for name in hosts.names if not name.startswith("["))
    store = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")
    parts = urlsplit(store or "")
    bucket = f"{parts.scheme}://{parts.netloc}" if store else "https://*.amazonaws.com"
    return policy([*(f"ws://{name}:{websocket_port}" for name in names), bucket], [bucket])


class Site:
    """The pages of web/: `/` is the demo, `/web/…` are the files. `environment` says where the attachments are."""

    def __init__(self, root: Path, hosts: Hosts, websocket_port: int, environment: Mapping[str, str]) -> None:
        self.websocket_port = websocket_port
        self._root = root.resolve()
        self._hosts = hosts
        said = _local_policy(hosts, websocket_port, environment)
        self._headers: Headers = [("Content-Security-Policy", said), *SECURITY_HEADERS.items()]
        self._read: dict[Path, tuple[tuple[int, int], bytes, str]] = {}  # by file: its time and size, content, ETag

    def has(self, method: str, path: str) -> bool:
        """Says whether a request is for a page, and not for the API."""
        return path.startswith("/web/") or (path == "/" and method in ("GET", "HEAD"))

    def answer(self, method: str, path: str, headers: Mapping[str, str]) -> Response:
        """Returns what a browser gets; `headers` are the request's, with names in lower case."""
        if method not in ("GET", "HEAD"):
            return self._plain(405, "Only GET and HEAD read files.", [("Allow", "GET, HEAD")])
        file = self._file(DEMO if path == "/" else path.removeprefix("/web/"))
        if file is None:
            return self._plain(404, "The web client has no such file.")
        body, tag = self._content(file)
        said = [("ETag", tag), ("Cache-Control", "no-cache"), *self._headers, *self._cors(headers.get("origin"))]
        if _names(headers.get("if-none-match", ""), tag):
            return Response(304, said, b"")
        return Response(200, [("Content-Type", TYPES[file.suffix]), *self._links(file), *said], body)

    def _file(self, path: str) -> Path | None:
        """Returns the file of a path; None for whatever is not served."""
        segments = path.split("/")
        if len(segments) > _MAX_SEGMENTS or not all(map(_SEGMENT.fullmatch, segments)):
            return None
        if Path(path).suffix not in TYPES or (segments[0] not in FOLDERS and path not in BESIDE):
            return None
        file = (self._root / path).resolve()  # a link may lead out of the folder
        return file if file.is_relative_to(self._root) and file.is_file() else None

    def _links(self, file: Path) -> Headers:
        """Returns the header by which a browser asks for all modules of a page at once.

        Otherwise it learns of a module only from the one that imports it, several times in a row.
        """
        if file.suffix != ".html":
            return []
        found: dict[str, None] = {}  # in their order, each once
        waiting = _OF_PAGE.findall(self._content(file)[0].decode())
        while waiting:
            path = waiting.pop(0)
            module = None if path in found else self._file(path)
            if module is not None:
                found[path] = None
                imported = _IMPORTED.findall(self._content(module)[0].decode())
                waiting += [os.path.normpath(os.path.join(os.path.dirname(path), each)) for each in imported]
        return [("Link", ", ".join(f'</web/{path}>; rel="modulepreload"' for path in found))] if found else []

    def _content(self, file: Path) -> tuple[bytes, str]:
        now = os.stat(file)
        version = now.st_mtime_ns, now.st_size
        known = self._read.get(file)
        if known is None or known[0] != version:
            body = file.read_bytes()
            known = self._read[file] = version, body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        return known[1], known[2]

    def _cors(self, origin: str | None) -> Headers:
        """Lets pages of this machine's other ports load the modules, which browsers do with CORS only."""
        allowed = origin is not None and self._hosts.allow_origin(origin)
        return [("Access-Control-Allow-Origin", origin or ""), ("Vary", "Origin")] if allowed else [("Vary", "Origin")]

    def _plain(self, status: int, text: str, more: Headers | None = None) -> Response:
        headers = [("Content-Type", "text/plain; charset=utf-8"), *self._headers, *(more or [])]
        return Response(status, headers, f"{text}\n".encode())


def _names(if_none_match: str, tag: str) -> bool:
    """Says whether the header names the tag (RFC 9110, 13.1.2: weak comparison, or any by `*`)."""
    return any(each.strip().removeprefix("W/") in (tag, "*") for each in if_none_match.split(","))
