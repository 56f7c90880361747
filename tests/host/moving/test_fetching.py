"""Files by URL: fetched from public addresses only, whole or not at all, from servers that behave badly."""

import io
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from parley_host.moving import addresses, fetching
from parley_host.moving.addresses import Refused
from parley_host.moving.fetching import Described
from tests.harness.serving import answer, serving


def resolving(monkeypatch: pytest.MonkeyPatch, *found: list[str]) -> list[str]:
    """Makes names resolve to these addresses, one list after the other; returns what is asked."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        if not (here := found[min(len(asked), len(found)) - 1]):
            raise socket.gaierror
        family = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(family[":" in each], socket.SOCK_STREAM, 6, "", (each, port)) for each in here]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names lead to this machine, and may: the only change to the guard, and of a test alone."""
    monkeypatch.setattr(fetching, "may_connect", addresses.is_loopback)
    return resolving(monkeypatch, ["127.0.0.1"])


def fetched(url: str, max_bytes: int = 1000, timeout_s: float = 10) -> tuple[Described, bytes]:
    file = io.BytesIO(b"what an earlier try has left, which is longer")
    return fetching.fetch(url, file, max_bytes, timeout_s), file.getvalue()


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(Refused) as caught:
        yield
    assert caught.value.code == code


def test_a_file_is_written_with_what_its_server_says(here: list[str]) -> None:
    named = "attachment; filename=\"plan.pdf\"; filename*=UTF-8''Stundenpl%C3%A4ne.pdf"
    with serving(answer(body=b"%PDF", Content_Type="application/pdf; a=b", Content_Disposition=named)) as server:
        found = fetched(f"http://img.example:{server.port}/a?b=c#d")

    assert found == (Described("application/pdf", "Stundenpläne.pdf"), b"%PDF")
    assert server.asked[0].split(b"\r\n")[0] == b"GET /a?b=c HTTP/1.1"
    assert f"host: img.example:{server.port}".encode() in server.asked[0].split(b"\r\n")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://10.0.0.1/a", "private_address"),
        ("http://10.0.0.1/a", "private_address"),
        ("http://127.0.0.1:8080/a", "private_address"),
        ("http://[::1]/a", "private_address"),
        ("http://[::ffff:10.0.0.1]/a", "private_address"),
        ("http://localhost/a", "private_address"),
        ("http://metadata.google.internal/a", "private_address"),
        ("http://169.254.169.254/latest/meta-data/", "private_address"),
        ("http://0x7f000001/a", "bad_url"),
        ("http://127.1/a", "bad_url"),
        ("http://2130706433/a", "bad_url"),
        ("http://user@img.example/a", "bad_url"),
        ("http://img.example:22/a", "bad_url"),
        ("http://img.example:99999/a", "bad_url"),
        ("http://img.example\\@10.0.0.1/a", "bad_url"),
        ("http:///a", "bad_url"),
        ("file:///etc/passwd", "bad_url"),
        ("ftp://img.example/a", "bad_url"),
        ("gopher://img.example/a", "bad_url"),
        ("a.png", "bad_url"),
    ],
)
def test_a_url_that_leads_inside_is_refused_without_a_request(
    monkeypatch: pytest.MonkeyPatch, url: str, code: str
) -> None:
    asked = resolving(monkeypatch, ["93.184.216.34"])

    with refused(code):
        fetched(url)

    assert asked == []


@pytest.mark.parametrize(
    ("url", "is_https", "port"),
    [
        ("http://img.example/a", False, 80),
        ("HTTP://img.example:80/a", False, 80),
        ("http://img.example:8080/a", False, 8080),
        ("http://img.example:443/a", False, 443),
        ("https://img.example/a", True, 443),
        ("https://img.example:8443/a", True, 8443),
    ],
)
def test_a_public_url_keeps_its_scheme_and_port(url: str, is_https: bool, port: int) -> None:
    found = fetching.target(url)

    assert (found.is_https, found.host, found.port, found.path) == (is_https, "img.example", port, "/a")


@pytest.mark.parametrize(
    "found", [["10.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["127.0.0.1"], ["::1"], ["fe80::1%2"]], ids=str
)
def test_a_name_with_a_private_address_is_refused(monkeypatch: pytest.MonkeyPatch, found: list[str]) -> None:
    resolving(monkeypatch, found)

    with serving(answer(body=b"a")) as server, refused("private_address"):
        fetched(f"http://img.example:{server.port}/a")
    assert server.asked == []


def test_a_name_is_resolved_once_for_a_request(monkeypatch: pytest.MonkeyPatch, here: list[str]) -> None:
    asked = resolving(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    with serving(answer(body=b"a")) as server:
        assert fetched(f"http://img.example:{server.port}/a")[1] == b"a"

    assert asked == ["img.example"]


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("http://10.0.0.1/a", "private_address"),
        ("http://127.0.0.1:8000/a", "private_address"),
        ("https://169.254.169.254/latest/meta-data/", "private_address"),
        ("file:///etc/passwd", "bad_url"),
        ("//user@img.example/a", "bad_url"),
        ("", "redirect_refused"),
    ],
)
def test_a_redirect_is_checked_as_the_url(here: list[str], location: str, code: str) -> None:
    with serving(answer("302 Found", Location=location)) as server, refused(code):
        fetched(f"http://img.example:{server.port}/a")
    assert len(server.asked) == 1


def test_a_redirect_resolves_its_name_again(monkeypatch: pytest.MonkeyPatch, here: list[str]) -> None:
    resolving(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    with serving(answer("302 Found", Location="/b")) as server, refused("private_address"):
        fetched(f"http://img.example:{server.port}/a")
    assert len(server.asked) == 1


def test_redirects_are_followed_three_times(here: list[str]) -> None:
    def serve(sock: socket.socket, request: bytes) -> None:
        number = int(request.split(b" ")[1][1:])
        sock.sendall(answer("302 Found", Location=f"/{number + 1}") if number < 4 else answer(body=b"end"))

    with serving(serve) as server:
        assert fetched(f"http://img.example:{server.port}/1")[1] == b"end"
        with refused("too_many_redirects"):
            fetched(f"http://img.example:{server.port}/0")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (answer("404 Not Found", b"no"), "not_found"),
        (answer("403 Forbidden", b"no"), "not_found"),
        (answer("503 Busy", b"no"), "unreachable"),
        (answer("429 Slower", b"no"), "unreachable"),
        (answer(body=b"a" * 1001), "too_large"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5368709120\r\n\r\n", "too_large"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 1001, "too_large"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 1001 + b"0\r\n\r\n", "too_large"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "cut"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nhalf", "cut"),
        (answer(body=b"a", Content_Encoding="gzip"), "encoded_answer"),
        (b"220 mail.example ESMTP\r\n", "unreachable"),
        (b"HTTP/1.1 200 OK\r\n" + b"".join(b"A%d: %s\r\n" % (n, b"b" * 60_000) for n in range(20)), "too_large"),
        (b"", "unreachable"),
    ],
)
def test_half_a_file_and_none_are_named(here: list[str], said: bytes, code: str) -> None:
    with serving(said) as server, refused(code):
        fetched(f"http://img.example:{server.port}/a")


def test_a_file_of_the_most_bytes_is_whole(here: list[str]) -> None:
    with serving(answer(body=b"a" * 1000)) as server:
        assert len(fetched(f"http://img.example:{server.port}/a")[1]) == 1000


@pytest.mark.parametrize("begin", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nA: ", b""])
def test_a_server_that_drips_ends_with_the_deadline(here: list[str], begin: bytes) -> None:
    def serve(sock: socket.socket, _: bytes) -> None:
        sock.sendall(begin)
        for _n in range(100):
            sock.sendall(b"a" if begin else b"")
            time.sleep(0.05)

    began = time.monotonic()
    with serving(serve) as server, refused("timed_out"):
        fetched(f"http://img.example:{server.port}/a", timeout_s=0.5)
    assert 0.4 < time.monotonic() - began < 3


def test_a_host_that_is_away_is_named(monkeypatch: pytest.MonkeyPatch, here: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with refused("unreachable"):
        fetched(f"http://img.example:{port}/a")
    resolving(monkeypatch, [])
    with refused("unresolvable"):
        fetched("https://img.example/a")


def test_tls_is_checked(here: list[str]) -> None:
    def without_tls(sock: socket.socket) -> socket.socket:
        sock.sendall(b"no TLS at all\r\n\r\n")
        return sock

    with serving(b"", wrap=without_tls) as server, refused("tls_failed"):
        fetched(f"https://img.example:{server.port}/a")
