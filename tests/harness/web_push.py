"""A browser's side of Web Push: keys of a subscription, and what it makes of a body (RFC 8291, RFC 8188).

It shares no code with Parley: the keys come from `cryptography`'s own HKDF, and the records are read one by one.
"""

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Browser:
    """The keys of one subscription."""

    def __init__(self, number: int = 12345, auth: bytes = b"0123456789abcdef") -> None:
        self.private_key = ec.derive_private_key(number, ec.SECP256R1())
        self.auth = auth

    @property
    def point(self) -> bytes:
        return self.private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def keys(self) -> dict[str, Any]:
        """Returns the keys as `PushSubscription.toJSON()` has them."""
        return {"p256dh": encoded(self.point), "auth": encoded(self.auth)}

    def open(self, body: bytes) -> bytes:
        """Returns the content of a push."""
        sender = key_id_of(body)
        shared = self.private_key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, sender))
        material = _hkdf(self.auth, shared, b"WebPush: info\x00" + self.point + sender, 32)
        return open_body(body, material)


_CURVE = ec.SECP256R1()


def key_id_of(body: bytes) -> bytes:
    """Returns the key id in the header of a body."""
    return body[21 : 21 + body[20]]


def open_body(body: bytes, material: bytes) -> bytes:
    """Returns the content of a body in aes128gcm, of any number of records; raises if it is not whole and right."""
    salt, record_size, records = body[:16], int.from_bytes(body[16:20], "big"), body[21 + body[20] :]
    key = AESGCM(_hkdf(salt, material, b"Content-Encoding: aes128gcm\x00", 16))
    nonce = int.from_bytes(_hkdf(salt, material, b"Content-Encoding: nonce\x00", 12), "big")
    content = b""
    for number, start in enumerate(range(0, len(records), record_size)):
        is_last = start + record_size >= len(records)
        plain = key.decrypt((nonce ^ number).to_bytes(12, "big"), records[start : start + record_size], None)
        unpadded = plain.rstrip(b"\x00")
        assert unpadded[-1] == (2 if is_last else 1), "the record has a wrong delimiter"
        content += unpadded[:-1]
    return content


def _hkdf(salt: bytes, material: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(material)


def claims_of(authorization: str) -> tuple[dict[str, Any], bytes]:
    """Returns the claims of a VAPID header, whose signature is checked by the point that it names, and that point."""
    import jwt

    scheme, _, rest = authorization.partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert scheme == "vapid" and set(parts) == {"t", "k"}
    key = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, decoded(parts["k"]))
    claims = jwt.decode(parts["t"], key, algorithms=["ES256"], options={"verify_aud": False, "verify_exp": False})
    return claims, decoded(parts["k"])


class PushService:
    """A push service on 127.0.0.1: it keeps each request, and answers with 201 or as `answers` says, by path."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.origin = f"http://127.0.0.1:{port}"
        self.answers: dict[str, tuple[int, dict[str, str]]] = {}
        self.waits: dict[str, threading.Event] = {}
        self.got: list[tuple[str, dict[str, str], bytes]] = []  # path, headers by small name, body

    def endpoint(self, name: str) -> str:
        """Returns the endpoint of a subscription."""
        return f"{self.origin}/send/{name}"

    def answer(self, name: str, status: int, **headers: str) -> None:
        """Sets how pushes to a subscription are answered."""
        self.answers[f"/send/{name}"] = (status, {each.replace("_", "-"): value for each, value in headers.items()})

    def bodies(self, name: str) -> list[bytes]:
        """Returns the bodies that a subscription got, in order."""
        return [body for path, _, body in self.got if path == f"/send/{name}"]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # a hundred pushes come at once


@contextmanager
def push_service() -> Iterator[PushService]:
    """Runs a push service while it lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802 - http.server's name
            body = self.rfile.read(int(self.headers["content-length"]))
            service.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            if self.path in service.waits:
                service.waits[self.path].wait(30)
            status, headers = service.answers.get(self.path, (201, {}))
            self.send_response(status)
            for name, value in {**headers, "content-length": "0"}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Logs nothing: pytest's output is not the place."""

    server = _Server(("127.0.0.1", 0), Handler)
    service = PushService(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        for each in service.waits.values():
            each.set()
        server.shutdown()
        server.server_close()
        thread.join()
