"""The guarded HTTP client, against servers on this machine that behave well or badly."""

import datetime
import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.adapters.outbound import http
from parley.adapters.outbound.http import Answer, Refused
from tests.harness.serving import Serve, Server, answer, serving


@pytest.fixture(autouse=True)
def locally(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOW_PRIVATE_ADDRESSES", "true")


def fetch(server: Server, **options: Any) -> Answer:
    return http.fetch(f"http://127.0.0.1:{server.port}/page?q=1", {"Accept": "text/html"}, **options)


def post(server: Server, **options: Any) -> Answer:
    return http.post(f"http://127.0.0.1:{server.port}/hook", {"Webhook-Id": "msg_1"}, b'{"a": 1}', **options)


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(Refused) as caught:
        yield
    assert caught.value.code == code


def test_a_post_sends_its_body_and_headers_once_and_returns_the_answer() -> None:
    with serving(answer("201 Created", b"thanks", X_Seen="yes")) as server:
        found = post(server)

    assert (found.status, found.body, found.is_cut, found.headers["x-seen"]) == (201, b"thanks", False, "yes")
    head, _, body = server.asked[0].partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"POST /hook HTTP/1.1" and body == b'{"a": 1}'
    assert {
        f"host: 127.0.0.1:{server.port}".encode(),
        b"accept-encoding: identity",
        b"connection: close",
        b"content-length: 8",
        b"webhook-id: msg_1",
    } == set(head.split(b"\r\n")[1:])


def test_a_chunked_answer_is_put_together() -> None:
    with serving(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n") as server:
        assert fetch(server).body == b"abcde"


def test_a_post_takes_a_redirect_for_an_answer() -> None:
    with serving(answer("307 Temporary Redirect", Location="http://127.0.0.1:1/")) as server:
        assert post(server).status == 307
    assert len(server.asked) == 1


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "https://169.254.169.254/", "https://[::ffff:10.0.0.1]/"])
def test_no_private_address_is_asked_even_locally(url: str) -> None:
    with pytest.raises(Refused):
        http.post(url, {}, b"")


def test_outside_the_local_stack_this_machine_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALLOW_PRIVATE_ADDRESSES")
    with serving(answer()) as server:
        with refused("https_only"):
            fetch(server)
        with refused("private_address"):
            http.fetch(f"https://127.0.0.1:{server.port}/", {})
    assert server.asked == []


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Makes names resolve to these addresses, one list after the other; returns what was asked."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        if not answers[len(asked) - 1]:
            raise socket.gaierror
        return [
            (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
            for each in answers[len(asked) - 1]
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize(
    "found",
    [
        ["10.0.0.1"],
        ["93.184.216.34", "10.0.0.1"],
        ["::ffff:10.0.0.1"],
        ["fe80::1%2"],
        ["64:ff9b::a00:1"],
        ["2002:a00:1::"],
        ["169.254.169.254"],
        ["100.100.100.200"],
    ],
    ids=str,
)
def test_a_name_with_a_private_address_among_others_is_refused(
    monkeypatch: pytest.MonkeyPatch, found: list[str]
) -> None:
    resolving(monkeypatch, found)

    with refused("private_address"):
        http.post("https://hooks.example.com/", {}, b"")


def test_outside_the_local_stack_a_name_of_this_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALLOW_PRIVATE_ADDRESSES")
    resolving(monkeypatch, ["127.0.0.1"], ["::1"])

    for _ in range(2):
        with refused("private_address"):
            http.post("https://hooks.example.com/", {}, b"")


def test_a_name_is_resolved_once_for_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second answer could be another address: the one that was checked is the one that is asked."""
    with serving(answer()) as server:
        asked = resolving(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
        found = http.fetch(f"http://localhost:{server.port}/", {})

    assert (found.status, asked) == (200, ["localhost"])


def test_a_redirect_resolves_its_name_again_and_checks_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda sock, _: sock.sendall(answer("302 Found", Location="/again"))) as server:
        asked = resolving(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
        with refused("private_address"):
            http.fetch(f"http://localhost:{server.port}/", {})

    assert asked == ["localhost", "localhost"] and len(server.asked) == 1


def test_a_name_without_addresses_is_unresolvable(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, [])

    with refused("unresolvable"):
        http.fetch("https://hooks.example.com/", {})


def test_a_resolver_that_hangs_ends_with_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(10) and [])

    with refused("timed_out"):
        http.fetch("https://hooks.example.com/", {}, timeout_s=0.2)
    released.set()


def test_redirects_are_followed_three_times() -> None:
    def serve(sock: socket.socket, request: bytes) -> None:
        number = int(request.split(b"/", 2)[1].split(b" ")[0].removeprefix(b"page?q="))
        sock.sendall(answer("302 Found", Location=f"/page?q={number + 1}") if number < 4 else answer(body=b"end"))

    with serving(serve) as server:
        assert fetch(server).body == b"end"
        with refused("too_many_redirects"):
            fetch(server, max_redirects=2)
    assert len(server.asked) == 4 + 3


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("http://example.com/", "https_only"),
        ("http://10.0.0.1/", "https_only"),
        ("https://10.0.0.1/", "private_address"),
        ("https://169.254.169.254/latest/meta-data/", "private_address"),
        ("//user@example.com/", "bad_url"),
        ("file:///etc/passwd", "bad_url"),
    ],
)
def test_a_redirect_to_what_may_not_be_asked_is_refused(location: str, code: str) -> None:
    with serving(answer("301 Moved", Location=location)) as server, refused(code):
        fetch(server)


def test_a_redirect_to_nowhere_is_refused() -> None:
    with serving(answer("302 Found")) as server, refused("redirect_refused"):
        fetch(server)


def endless(sock: socket.socket, _: bytes) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        sock.sendall(b"a" * 65536)


def test_an_endless_body_is_cut() -> None:
    with serving(endless) as server:
        found = post(server)
        page = fetch(server, max_bytes=100_000)

    assert (found.status, len(found.body), found.is_cut) == (200, 4096, True)
    assert (len(page.body), page.is_cut) == (100_000, True)


def test_a_body_of_the_most_bytes_is_whole() -> None:
    with serving(answer(body=b"a" * 4096)) as server:
        found = post(server)

    assert (len(found.body), found.is_cut) == (4096, False)


def dripping(beginning: bytes, drop: bytes) -> Serve:
    def serve(sock: socket.socket, _: bytes) -> None:
        sock.sendall(beginning)
        for _n in range(200):
            sock.sendall(drop)
            time.sleep(0.05)

    return serve


@pytest.mark.parametrize(
    "serve",
    [
        dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"a"),
        dripping(b"HTTP/1.1 200 OK\r\nA: ", b"a"),
        dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        dripping(b"", b""),
    ],
    ids=["body", "header", "continue", "chunks", "silence"],
)
def test_a_server_that_drips_ends_with_the_deadline(serve: Serve) -> None:
    began = time.monotonic()
    with serving(serve) as server, refused("timed_out"):
        post(server, timeout_s=0.5)

    assert 0.4 < time.monotonic() - began < 3


def test_a_server_that_reads_nothing_ends_with_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=1) as deaf, refused("timed_out"):
        http.post(f"http://127.0.0.1:{deaf.getsockname()[1]}/", {}, b"a" * 30_000_000, timeout_s=0.5)


def test_headers_have_a_bound() -> None:
    lines = b"".join(b"A%d: %s\r\n" % (n, b"b" * 60_000) for n in range(20))
    with serving(b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n") as server, refused("answer_too_large"):
        post(server)


def test_a_gzip_bomb_stays_packed() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    with serving(answer(body=bomb, Content_Encoding="gzip")) as server:
        assert post(server).body == bomb[:4096]
        with refused("encoded_answer"):
            fetch(server)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 " + b"O" * 70_000,
    ],
)
def test_what_is_no_answer_is_unreachable(sent: bytes) -> None:
    with serving(sent) as server, refused("unreachable"):
        post(server)


def test_a_closed_port_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with refused("unreachable"):
        http.post(f"http://127.0.0.1:{port}/", {}, b"")


@settings(max_examples=40)
@given(st.binary(max_size=300), st.booleans())
def test_no_answer_raises_anything_but_a_refusal(sent: bytes, well_begun: bool) -> None:
    with serving((b"HTTP/1.1 200 OK\r\n" if well_begun else b"") + sent) as server:
        try:
            found = post(server)
        except Refused:
            return

    assert 100 <= found.status <= 999


def certificate(folder: Path, *names: str, days: int = 2) -> Path:
    """Makes a certificate of its own authority for these names; returns the file with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Parley's tests")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=3))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return file


def speaking_tls(file: Path) -> Callable[[socket.socket], socket.socket]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return lambda sock: context.wrap_socket(sock, server_side=True)


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Makes a certificate one of the system's authorities."""

    def trust(file: Path) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        http._context.cache_clear()

    yield trust
    http._context.cache_clear()


def test_tls_checks_the_name_and_says_it_to_the_server(
    tmp_path: Path, trusting: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate(tmp_path, "hooks.example.com")
    trusting(file)
    resolving(monkeypatch, ["127.0.0.1"], ["127.0.0.1"])
    with serving(answer(), wrap=speaking_tls(file)) as server:
        assert http.post(f"https://hooks.example.com:{server.port}/", {}, b"").status == 200
        with refused("tls_failed"):
            http.post(f"https://other.example.com:{server.port}/", {}, b"")
    assert len(server.asked) == 1 and b"host: hooks.example.com:" in server.asked[0]


def speaking_plainly(sock: socket.socket) -> socket.socket:
    sock.sendall(b"220 mail.example.com ESMTP\r\n")
    return sock


@pytest.mark.parametrize("fault", ["unknown authority", "expired", "no TLS"])
def test_bad_tls_is_refused_before_anything_is_sent(
    tmp_path: Path, trusting: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    file = certificate(tmp_path, "hooks.example.com", days=-1 if fault == "expired" else 2)
    if fault != "unknown authority":
        trusting(file)
    resolving(monkeypatch, ["127.0.0.1"])
    wrap = speaking_plainly if fault == "no TLS" else speaking_tls(file)
    with serving(answer(), wrap=wrap) as server, refused("tls_failed"):
        http.post(f"https://hooks.example.com:{server.port}/", {}, b"secret", timeout_s=2)
    assert not any(b"secret" in each for each in server.asked)


def test_a_handshake_that_hangs_ends_with_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ["127.0.0.1"])
    with socket.create_server(("127.0.0.1", 0)) as mute, refused("timed_out"):
        http.post(f"https://hooks.example.com:{mute.getsockname()[1]}/", {}, b"", timeout_s=0.3)


def test_a_url_is_checked_by_its_text_when_it_is_kept() -> None:
    http.check_url("https://hooks.example.com/x")
    with refused("private_address"):
        http.check_url("https://[::ffff:10.0.0.1]/")
