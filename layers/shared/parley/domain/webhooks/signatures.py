"""Signatures of Standard Webhooks 1.0: secrets `whsec_…`, and the three headers of each request."""

import base64
import binascii
import hmac
from collections.abc import Sequence

from parley.domain.api.errors import Invalid

PREFIX = "whsec_"
MIN_BYTES = 24  # and at most 64 (Standard Webhooks 1.0, "Signature scheme")
MAX_BYTES = 64
NEW_BYTES = 32
MAX_SECRET_CHARACTERS = len(PREFIX) + 4 * ((MAX_BYTES + 2) // 3)


def secret_of(raw: bytes) -> str:
    """Returns a secret in the form in which receivers get it."""
    return PREFIX + base64.b64encode(raw).decode()


def check_secret(secret: str, pointer: str) -> str:
    """Returns a secret that the caller has chosen; raises Invalid if it is not `whsec_` with 24 to 64 bytes."""
    try:
        raw = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not secret.startswith(PREFIX) or not MIN_BYTES <= len(raw) <= MAX_BYTES:
        detail = f"A secret is `{PREFIX}` and {MIN_BYTES} to {MAX_BYTES} bytes in base64."
        raise Invalid.field(pointer, "bad_secret", detail)
    return secret


def headers(message_id: str, at_s: int, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """Returns the headers of a request: its id, its time, and a signature by each secret that is valid."""
    signed = b".".join([message_id.encode(), str(at_s).encode(), body])
    signatures = [hmac.digest(base64.b64decode(each.removeprefix(PREFIX)), signed, "sha256") for each in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(each).decode()}" for each in signatures),
    }
