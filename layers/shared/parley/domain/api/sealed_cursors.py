"""Encrypted cursors: a cursor may contain the name of a user whom the reader may not see."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import shake_256

_MARK_BYTES = 16


def seal(text: str, key: bytes) -> str:
    """Returns text that only `unseal` with the same key can read; equal texts give equal results."""
    plain = text.encode()
    mark = _mark(plain, key)
    sealed = mark + _mixed(plain, mark, key)
    return urlsafe_b64encode(sealed).decode().rstrip("=")


def unseal(sealed: str, key: bytes) -> str:
    """Returns the sealed text; raises ValueError if `seal` did not make it with this key."""
    raw = urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    mark = raw[:_MARK_BYTES]
    plain = _mixed(raw[_MARK_BYTES:], mark, key)
    if not hmac.compare_digest(mark, _mark(plain, key)):
        raise ValueError("sealed with another key, or not at all")
    return plain.decode()


def _mark(plain: bytes, key: bytes) -> bytes:
    return hmac.digest(key, plain, "sha256")[:_MARK_BYTES]


def _mixed(text: bytes, mark: bytes, key: bytes) -> bytes:
    """Returns `text` hidden, or shown again. The mark differs by text, so no two are hidden by the same bytes."""
    stream = shake_256(hmac.digest(key, b"stream" + mark, "sha256")).digest(len(text))
    return bytes(byte ^ other for byte, other in zip(text, stream, strict=True))
