"""The private key of VAPID (RFC 8292), derived from a secret: CloudFormation can generate a text, but no key."""

import hashlib
import hmac

MIN_SECRET_CHARACTERS = 32
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256 (SP 800-186, section 3.2.1.3)
_SALT = b"Parley: Web Push"
_INFO = b"VAPID key, P-256"
_BITS_BYTES = 48  # 128 bits more than the order has, so that no number is likelier than another (FIPS 186-5, A.2.1)


class WeakSecret(ValueError):
    """A secret that is too short to be one."""


def private_number(secret: str) -> int:
    """Returns the number of the key of a secret: 1 to n - 1, always the same; raises WeakSecret for a short secret."""
    if len(secret) < MIN_SECRET_CHARACTERS:
        raise WeakSecret(f"the secret of Web Push has fewer than {MIN_SECRET_CHARACTERS} characters")
    extracted = hmac.digest(_SALT, secret.encode(), hashlib.sha256)
    first = hmac.digest(extracted, _INFO + b"\x01", hashlib.sha256)
    second = hmac.digest(extracted, first + _INFO + b"\x02", hashlib.sha256)
    return int.from_bytes((first + second)[:_BITS_BYTES], "big") % (_ORDER - 1) + 1
