"""The content of a Web Push, encrypted for one browser: RFC 8291, over the encoding aes128gcm of RFC 8188.

`cryptography` is imported on the first use, because it takes 50 ms.
"""

import functools
import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

MAX_BODY_BYTES = 4_096  # that each push service must take (RFC 8030, section 7.2)
RECORD_SIZE = 4_096
SALT_BYTES = 16
POINT_BYTES = 65  # of P-256, uncompressed: 0x04, x, y
AUTH_BYTES = 16
_HEADER_BYTES = SALT_BYTES + 4 + 1 + POINT_BYTES
_TAG_BYTES = 16
MAX_CONTENT_BYTES = MAX_BODY_BYTES - _HEADER_BYTES - _TAG_BYTES - 1  # 3,993: one byte ends the content
# A content is padded to the next of these, so that a body's length does not tell how long the text is.
PADDED_SIZES = (1_024, 2_048, MAX_CONTENT_BYTES)
_LAST_RECORD = b"\x02"


class WrongPoint(ValueError):
    """65 bytes that are no point of P-256."""


def check_point(point: bytes) -> None:
    """Raises WrongPoint if these bytes are not an uncompressed point of P-256."""
    _public_key(point)


def encrypt(content: bytes, p256dh: bytes, auth: bytes, *, salt: bytes, key: "EllipticCurvePrivateKey") -> bytes:
    """Returns the body of a push for a browser's keys, padded; `salt` and `key` are new for each body.

    Raises ValueError if the content is longer than `MAX_CONTENT_BYTES`, and WrongPoint.
    """
    from cryptography.hazmat.primitives.asymmetric.ec import ECDH

    shared = key.exchange(ECDH(), _public_key(p256dh))
    own_point = point_of(key)
    # RFC 8291, section 3.4: both keys go into the key, so that nobody can pass the content on to another browser.
    material = _hkdf(auth, shared, b"WebPush: info\0" + p256dh + own_point, 32)
    return seal(content, material, salt=salt, key_id=own_point, padded_to=_padded_size(len(content)))


def seal(content: bytes, material: bytes, *, salt: bytes, key_id: bytes, padded_to: int = 0) -> bytes:
    """Returns a content as one record of aes128gcm, with its header (RFC 8188, section 2)."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    encryption_key = _hkdf(salt, material, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _hkdf(salt, material, b"Content-Encoding: nonce\0", 12)
    record = content + _LAST_RECORD + bytes(max(0, padded_to - len(content)))
    header = salt + RECORD_SIZE.to_bytes(4, "big") + bytes([len(key_id)]) + key_id
    return header + AESGCM(encryption_key).encrypt(nonce, record, None)


def new_key() -> "EllipticCurvePrivateKey":
    """Returns a new key of P-256."""
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def point_of(key: "EllipticCurvePrivateKey") -> bytes:
    """Returns the uncompressed point of a key: 65 bytes."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _padded_size(length: int) -> int:
    for size in PADDED_SIZES:
        if length <= size:
            return size
    raise ValueError(f"{length} bytes are more than a push takes ({MAX_CONTENT_BYTES})")


@functools.lru_cache(maxsize=128)
def _public_key(point: bytes) -> "EllipticCurvePublicKey":
    from cryptography.hazmat.primitives.asymmetric import ec

    # A compressed point would be read, too, but RFC 8291 wants this form.
    if len(point) != POINT_BYTES or point[0] != 4:
        raise WrongPoint("a key has 65 bytes, and begins with 0x04")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError as error:
        raise WrongPoint("the key is no point of P-256") from error


def _hkdf(salt: bytes, material: bytes, info: bytes, length: int) -> bytes:
    """Returns up to 32 bytes by HKDF with SHA-256 (RFC 5869): one round is enough for them."""
    extracted = hmac.digest(salt, material, hashlib.sha256)
    return hmac.digest(extracted, info + b"\x01", hashlib.sha256)[:length]
