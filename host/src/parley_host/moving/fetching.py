"""Fetches a file of an old system by its URL, from public addresses only, to the disk.

A name is resolved once, each of its addresses is checked, and the connection goes to one that was checked. Redirects
are checked as the URL itself. One deadline holds for all of it, also for an answer that drips.
"""

import dataclasses
import io
import re
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import collapse_rfc2231_value
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, BinaryIO, cast
from urllib.parse import urljoin

from parley_host.moving import addresses
from parley_host.moving.addresses import Refused, Target

MAX_REDIRECTS = 3
TIMEOUT_S = 120.0
MAX_HEAD_BYTES = 64 * 1024  # of an answer's status line and headers
MAX_ADDRESSES = 3  # of a name that are tried
CHUNK_BYTES = 64 * 1024
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PLAIN = re.compile(r"http(://(?:\[[^\]]*\]|[^/?#:\[\]]*))(?::([0-9]{1,5}))?(?=[/?#]|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Described:
    """The words of a server about a file, empty where it has none."""

    media_type: str
    name: str


def target(url: str) -> Target:
    """Returns the parts of a URL that may be fetched, http or https; raises Refused: bad_url, private_address."""
    plain = PLAIN.match(url)
    port = int((plain and plain[2]) or 80)
    try:
        if plain is None:
            return addresses.parse(url)
        # The guard knows https alone: the URL is checked as one, and asked without.
        place = "" if port == 80 else f":{port}"
        found = addresses.parse(f"https{plain[1]}{place}{url[plain.end() :]}")
    except Refused as refused:
        raise Refused("bad_url" if refused.code == "https_only" else refused.code) from None
    return dataclasses.replace(found, is_https=False, port=port)


def fetch(url: str, to: BinaryIO, max_bytes: int, timeout_s: float = TIMEOUT_S) -> Described:
    """Writes what a URL answers to a file, in place of what it holds; returns how the server describes it.

    Raises Refused with a code: bad_url, private_address, unresolvable, unreachable, timed_out, tls_failed,
    redirect_refused, too_many_redirects, not_found, encoded_answer, too_large, or cut if the answer ends too early.
    """
    end_s = time.monotonic() + timeout_s
    at = target(url)
    for _ in range(MAX_REDIRECTS + 1):
        found = _ask(at, to, max_bytes, end_s)
        if isinstance(found, Described):
            return found
        at = _redirected(at, found)
    raise Refused("too_many_redirects")


def _redirected(at: Target, location: str) -> Target:
    if not location:
        raise Refused("redirect_refused")
    try:
        url = urljoin(at.url, location)
    except ValueError:
        raise Refused("bad_url") from None
    return target(url)


def _ask(at: Target, to: BinaryIO, max_bytes: int, end_s: float) -> Described | str:
    """Returns what the server says of the file after it is written, or where a redirect leads to."""
    sock = _connected(at, end_s)
    try:
        if at.is_https:
            sock.settimeout(_left_s(end_s))
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=at.host)
        return _exchange(at, _Stream(sock, end_s, max_bytes), to, max_bytes)
    except TimeoutError:
        raise Refused("timed_out") from None
    except ssl.SSLError as error:
        raise Refused("timed_out" if "timed out" in str(error) else "tls_failed") from None
    except (OSError, HTTPException, ValueError):  # http.client raises ValueError for some answers that are not HTTP
        raise Refused("unreachable") from None
    finally:
        sock.close()


def _exchange(at: Target, stream: "_Stream", to: BinaryIO, max_bytes: int) -> Described | str:
    connection = HTTPConnection(at.host, at.port)
    connection.sock = cast("socket.socket", stream)
    connection.putrequest("GET", at.path, skip_host=True, skip_accept_encoding=True)
    for name, value in {"host": at.authority, "accept-encoding": "identity", "connection": "close"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    if answer.status in REDIRECTS:
        return answer.getheader("location") or ""
    if answer.status != 200:
        may_pass = answer.status >= 500 or answer.status in (408, 429)
        raise Refused("unreachable" if may_pass else "not_found")
    if answer.getheader("content-encoding", "identity").strip().lower() != "identity":
        raise Refused("encoded_answer")
    _write(answer, to, max_bytes)
    media_type = answer.getheader("content-type", "").partition(";")[0].strip()
    return Described(media_type, _name(answer))


def _name(answer: HTTPResponse) -> str:
    """Returns the name of a `Content-Disposition`; `filename*` counts before `filename` (RFC 6266, 4.3)."""
    parts = answer.headers.get_params([], "content-disposition")
    names = [item for name, item in parts if name.lower() == "filename" and item]
    names.sort(key=lambda item: isinstance(item, str))  # the other is a tuple: character set, language, text
    return collapse_rfc2231_value(names[0]) if names else ""


def _write(answer: HTTPResponse, to: BinaryIO, max_bytes: int) -> None:
    declared = answer.length
    if declared is not None and declared > max_bytes:
        raise Refused("too_large")
    written = 0
    to.seek(0)
    to.truncate()
    try:
        while chunk := answer.read(CHUNK_BYTES):
            written += len(chunk)
            if written > max_bytes:
                raise Refused("too_large")
            to.write(chunk)
    except (ConnectionError, HTTPException):
        raise Refused("cut") from None
    if declared is not None and written != declared:
        raise Refused("cut")


def _connected(at: Target, end_s: float) -> socket.socket:
    """Returns a socket to one of the target's addresses, which are resolved once and checked."""
    for family, address in _addresses(at)[:MAX_ADDRESSES]:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(min(10.0, _left_s(end_s)))
            sock.connect((address, at.port))
        except OSError as error:
            sock.close()
            if isinstance(error, TimeoutError) and time.monotonic() > end_s:
                raise Refused("timed_out") from None
            continue
        return sock
    raise Refused("unreachable")


def _addresses(at: Target) -> Sequence[tuple[socket.AddressFamily, str]]:
    """Returns the addresses of a host, IPv4 first; raises Refused if one of them may not be connected to."""
    try:
        found = socket.getaddrinfo(at.host, at.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Refused("unresolvable") from None
    families = (socket.AF_INET, socket.AF_INET6)
    resolved = {(family, str(place[0])): None for family, _, _, _, place in found if family in families}
    if not resolved:
        raise Refused("unresolvable")
    if not all(may_connect(address) for _, address in resolved):
        raise Refused("private_address")
    return sorted(resolved, key=lambda each: each[0] != socket.AF_INET)


def may_connect(address: str) -> bool:
    """Says whether a file may be fetched from an address: everyone can reach it."""
    return addresses.is_public(address)


def _left_s(end_s: float) -> float:
    left_s = end_s - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    return left_s


class _Stream:
    """A socket for http.client, with one deadline for all reads and writes and a bound for all that comes in.

    http.client would start the time limit again at each read, so a server that sends a byte a second never ended.
    """

    def __init__(self, sock: socket.socket, end_s: float, max_bytes: int) -> None:
        self._sock = sock
        self._end_s = end_s
        self._reader = _Reader(sock, end_s, 2 * max_bytes)  # chunks have frames of their own

    def sendall(self, data: Any) -> None:
        """Sends all bytes; raises TimeoutError at the deadline."""
        view = memoryview(data)
        while view:
            self._sock.settimeout(_left_s(self._end_s))
            view = view[self._sock.send(view) :]

    def makefile(self, *_: Any) -> io.BufferedReader:
        """Returns the reader of the answer."""
        return io.BufferedReader(self._reader, CHUNK_BYTES)

    def close(self) -> None:
        """Does nothing: http.client closes before the body is read, and `_ask` closes the socket itself."""


class _Reader(io.RawIOBase):
    def __init__(self, sock: socket.socket, end_s: float, max_bytes: int) -> None:
        self._sock = sock
        self._end_s = end_s
        self._left = max_bytes + MAX_HEAD_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._left <= 0:
            raise Refused("too_large")
        self._sock.settimeout(_left_s(self._end_s))
        count = self._sock.recv_into(memoryview(buffer)[: self._left])
        self._left -= count
        return count
