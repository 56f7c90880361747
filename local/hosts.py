"""The host names that a local server answers to, and the origins whose web pages may use its own routes.

Web pages reach servers on this machine in two ways. By DNS rebinding, a page's own name points at 127.0.0.1: the `Host`
of its requests is that name, so every port checks it. By a cross-site request, which browsers send first and check
afterwards: its `Origin` is the page's.

Standard library only: the store's process imports this too.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+?)\.?(?::[0-9]{1,5})?")

RawHeaders = Iterable[tuple[bytes, bytes]]


class Hosts:
    """The names of this machine: the loopback ones, and those in LOCAL_HOSTS (with commas or spaces between them)."""

    def __init__(self, more: str = "") -> None:
        self.names = _LOOPBACK | {name.lower() for name in re.split(r"[,\s]+", more) if name}

    def allow(self, headers: RawHeaders) -> bool:
        """Says whether a request is for one of the names, whatever its port."""
        hosts = [value.decode("latin-1") for name, value in headers if name.lower() == b"host"]
        return bool(hosts) and all(self._is_ours(host) for host in hosts)

    def allow_origin(self, origin: str) -> bool:
        """Says whether pages of an origin are this machine's own: a front end on any port."""
        parts = urlsplit(origin)
        return (
            parts.scheme in ("http", "https")
            and origin.lower() == f"{parts.scheme}://{parts.netloc.lower()}"
            and (self._is_ours(parts.netloc))
        )

    def _is_ours(self, host: str) -> bool:
        match = _HOST.fullmatch(host.lower())
        return match is not None and match["name"] in self.names
