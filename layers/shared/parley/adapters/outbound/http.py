"""HTTP requests to servers that others named: webhooks, push services, pages to preview.

Each request resolves its name once, checks every address that the name has, and connects to the one that it checked,
so a name cannot lead elsewhere the second time. TLS checks the certificate by the name. One deadline holds for all of
it, also for an answer that drips. Nothing is decompressed, kept alive, or sent through a proxy.
"""

import functools
import io
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, Never, cast

from msgspec import Struct

from parley.adapters import environment
from parley.adapters.threads import Threads
from parley.domain.outbound import addresses
from parley.domain.outbound.addresses import Target

Refused = addresses.Refused
MAX_HEAD_BYTES = 64 * 1024  # of an answer's status line and headers, and of what frames its body
MAX_ADDRESSES = 3  # of a name that are tried
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CHUNK_BYTES = 16 * 1024

# A resolver may keep its thread longer than a request waits for it. More threads than that many requests can lose this
# way, so that names without an answer do not keep the others from theirs.
_resolvers = Threads(max_workers=256, thread_name_prefix="resolve")


class Answer(Struct, frozen=True, kw_only=True):
    """The answer of a server: header names in small letters; the body's first bytes, and whether it has more.

    `url` is where it came from, after all redirects.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool = False


def check_url(url: str) -> Target:
    """Returns the parts of a URL to which a request may go, as far as its text shows.

    Raises Refused otherwise: bad_url, https_only, private_address.
    """
    return addresses.parse(url, loopback=_loopback())


def is_loopback(target: Target) -> bool:
    """Says whether a URL leads to this machine, which only the local stack allows."""
    return _loopback() and addresses.is_loopback(target.host)


def post(
    url: str, headers: Mapping[str, str], body: bytes, *, timeout_s: float = 10.0, max_bytes: int = 4096
) -> Answer:
    """Posts a body; returns the answer, cut at `max_bytes`. No redirect is followed: a 3xx is an answer.

    Raises Refused if there is no whole answer after `timeout_s`, or the address may not be connected to.
    """
    deadline = _Deadline(timeout_s)
    target = addresses.parse(url, loopback=_loopback())
    return _ask("POST", target, headers, body, deadline, max_bytes)


def fetch(
    url: str, headers: Mapping[str, str], *, timeout_s: float = 5.0, max_bytes: int = 1_000_000, max_redirects: int = 3
) -> Answer:
    """Asks for a resource by GET; returns the answer, cut at `max_bytes`, after at most `max_redirects` redirects.

    Each redirect is checked as the URL itself. The headers go to each of them, so none may be a secret.
    Raises Refused as `post` does; also too_many_redirects, redirect_refused, and encoded_answer for a compressed body.
    """
    deadline, loopback = _Deadline(timeout_s), _loopback()
    target = addresses.parse(url, loopback=loopback)
    for _ in range(max_redirects + 1):
        answer = _ask("GET", target, headers, None, deadline, max_bytes)
        if answer.status not in _REDIRECTS:
            if answer.headers.get("content-encoding", "identity").strip().lower() != "identity":
                raise Refused("encoded_answer")
            return answer
        target = addresses.redirected(target, answer.headers.get("location"), loopback=loopback)
    raise Refused("too_many_redirects")


def _loopback() -> bool:
    """Says whether this is the local stack, which sets the variable; no template does."""
    return environment.optional("ALLOW_PRIVATE_ADDRESSES") == "true"


class _Deadline:
    """The end of a whole request."""

    def __init__(self, timeout_s: float) -> None:
        self._end_s = time.monotonic() + timeout_s

    def left_s(self) -> float:
        """Returns how long the request may still take; raises Refused if no time is left."""
        left_s = self._end_s - time.monotonic()
        if left_s <= 0:
            raise Refused("timed_out")
        return left_s


def _ask(
    method: str, target: Target, headers: Mapping[str, str], body: bytes | None, deadline: _Deadline, max_bytes: int
) -> Answer:
    sock = _connected(target, deadline)
    try:
        if target.is_https:
            sock.settimeout(deadline.left_s())
            sock = _context().wrap_socket(sock, server_hostname=target.host)
        return _exchange(method, target, headers, body, _Stream(sock, deadline, 2 * max_bytes), max_bytes)
    except TimeoutError:
        raise Refused("timed_out") from None
    except ssl.SSLError as error:
        _refuse_tls(error)
    except (OSError, HTTPException, ValueError):
        # http.client raises ValueError for some answers that are not HTTP.
        raise Refused("unreachable") from None
    finally:
        sock.close()


def _refuse_tls(error: ssl.SSLError) -> Never:
    if "timed out" in str(error):  # of the handshake, in some versions of Python
        raise Refused("timed_out") from None
    raise Refused("tls_failed") from None


def _exchange(
    method: str, target: Target, headers: Mapping[str, str], body: bytes | None, stream: "_Stream", max_bytes: int
) -> Answer:
    connection = HTTPConnection(target.host, target.port)
    connection.sock = cast("socket.socket", stream)
    connection.putrequest(method, target.path, skip_host=True, skip_accept_encoding=True)
    ours = {"host": target.authority, "accept-encoding": "identity", "connection": "close"}
    if body is not None:
        ours["content-length"] = str(len(body))
    for name, value in {**{name.lower(): value for name, value in headers.items()}, **ours}.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    response = connection.getresponse()
    return _answer(target, response, max_bytes)


def _answer(target: Target, response: HTTPResponse, max_bytes: int) -> Answer:
    body = bytearray()
    while len(body) <= max_bytes and (chunk := response.read(min(_CHUNK_BYTES, max_bytes + 1 - len(body)))):
        body += chunk
    return Answer(
        url=target.url,
        status=response.status,
        headers={name.lower(): value for name, value in reversed(response.getheaders())},
        body=bytes(body[:max_bytes]),
        is_cut=len(body) > max_bytes,
    )


def _connected(target: Target, deadline: _Deadline) -> socket.socket:
    """Returns a socket to one of the target's addresses, which are resolved once and checked."""
    for family, address in _addresses(target, deadline)[:MAX_ADDRESSES]:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(deadline.left_s())
            sock.connect((address, target.port))
        except OSError as error:
            sock.close()
            if isinstance(error, TimeoutError):
                raise Refused("timed_out") from None
            continue
        except Refused:
            sock.close()
            raise
        return sock
    raise Refused("unreachable")


def _addresses(target: Target, deadline: _Deadline) -> Sequence[tuple[socket.AddressFamily, str]]:
    """Returns the addresses of a target, IPv4 first; raises Refused if one of them may not be connected to.

    A resolver keeps no deadline of ours, so a thread asks it.
    """
    question = _resolvers.submit(socket.getaddrinfo, target.host, target.port, type=socket.SOCK_STREAM)
    try:
        found = question.result(timeout=deadline.left_s())
    except TimeoutError:
        question.cancel()
        raise Refused("timed_out") from None
    except (OSError, UnicodeError):
        raise Refused("unresolvable") from None
    resolved = {(family, str(at[0])): None for family, _, _, _, at in found if family in _FAMILIES}
    if not resolved:
        raise Refused("unresolvable")
    if not all(_may_connect(address) for _, address in resolved):
        raise Refused("private_address")
    return sorted(resolved, key=lambda each: each[0] != socket.AF_INET)


_FAMILIES = frozenset({socket.AF_INET, socket.AF_INET6})


def _may_connect(address: str) -> bool:
    return addresses.is_public(address) or (_loopback() and addresses.is_loopback(address))


@functools.cache
def _context() -> ssl.SSLContext:
    """Returns the rules of TLS: certificates of the system's authorities, the name checked, TLS 1.2 at least."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class _Stream:
    """A socket for http.client, with one deadline for all reads and writes and a bound for all that comes in.

    http.client would start the time limit again at each read, so a server that sends a byte a second never ended.
    """

    def __init__(self, sock: socket.socket, deadline: _Deadline, max_bytes: int) -> None:
        self._sock = sock
        self._deadline = deadline
        self._reader = _Reader(sock, deadline, max_bytes)

    def sendall(self, data: Any) -> None:
        """Sends all bytes; raises TimeoutError or Refused at the deadline."""
        view = memoryview(data)
        while view:
            self._sock.settimeout(self._deadline.left_s())
            view = view[self._sock.send(view) :]

    def makefile(self, *_: Any) -> io.BufferedReader:
        """Returns the reader of the answer."""
        return io.BufferedReader(self._reader, _CHUNK_BYTES)

    def close(self) -> None:
        """Does nothing: http.client closes before the body is read, and `_ask` closes the socket itself."""


class _Reader(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: _Deadline, max_bytes: int) -> None:
        self._sock = sock
        self._deadline = deadline
        self._left = max_bytes + MAX_HEAD_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._left <= 0:
            raise Refused("answer_too_large")
        self._sock.settimeout(self._deadline.left_s())
        count = self._sock.recv_into(memoryview(buffer)[: self._left])
        self._left -= count
        return count
