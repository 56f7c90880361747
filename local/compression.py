"""Content codings as the REST API of API Gateway takes and makes them (guide: "Payload compression for REST APIs")."""

import gzip
import zlib
from collections.abc import Callable
from io import BytesIO

# Supported content codings are these two and `identity`, which changes nothing.
_ENCODE: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: gzip.compress(body, compresslevel=6, mtime=0),
    "deflate": lambda body: zlib.compress(body, 6),
}


class NotDecodable(Exception):
    """The coding is not supported, or the body is not written in it: 415."""


def decoded(body: bytes, coding: str, most_bytes: int) -> bytes:
    """Returns a request's body without its coding, at most one byte longer than `most_bytes`; raises NotDecodable."""
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return body
    if coding not in _ENCODE:
        raise NotDecodable(coding)
    try:
        return _gunzipped(body, most_bytes + 1) if coding == "gzip" else _inflated(body, most_bytes + 1)
    except (zlib.error, gzip.BadGzipFile, EOFError) as problem:
        raise NotDecodable(coding) from problem


def _gunzipped(body: bytes, most_bytes: int) -> bytes:
    """Returns the first bytes of all members of a gzip file (RFC 1952); raises EOFError if it is cut off or empty."""
    if not body:
        raise EOFError
    with gzip.GzipFile(fileobj=BytesIO(body)) as members:
        return members.read(most_bytes)


def _inflated(body: bytes, most_bytes: int) -> bytes:
    decoder = zlib.decompressobj()
    plain = decoder.decompress(body, most_bytes)
    if len(plain) < most_bytes and (not decoder.eof or decoder.unused_data):
        raise EOFError  # it was cut off, or garbage follows
    return plain


def chosen(accept_encoding: str | None) -> str | None:
    """Returns the coding that the client prefers, if API Gateway has it; None for an answer as it is.

    A second choice is never taken: "the highest-priority content encoding must be one supported by API Gateway".
    Without the header, or with `*`, nothing is compressed.
    """
    weighted = [_weighted(part) for part in (accept_encoding or "").lower().split(",") if part.strip()]
    wanted = [(weight, coding) for weight, coding in weighted if weight > 0]
    if not wanted:
        return None
    coding = max(wanted, key=lambda pair: pair[0])[1]  # of equals the first
    return coding if coding in _ENCODE else None


def _weighted(part: str) -> tuple[float, str]:
    coding, _, parameters = part.partition(";")
    name, _, value = parameters.partition("=")
    try:
        weight = float(value) if name.strip() == "q" else 1.0
    except ValueError:
        weight = 0.0
    return weight, coding.strip()


def encoded(body: bytes, coding: str) -> bytes:
    """Returns an answer's body in a coding that `chosen` has returned."""
    return _ENCODE[coding](body)
