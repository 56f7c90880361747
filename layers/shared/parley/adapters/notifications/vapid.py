"""The key by which push services know this deployment, and its signatures (VAPID, RFC 8292).

`cryptography` and PyJWT are imported on the first use: together they take 80 ms.
"""

import base64
import threading
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from parley.adapters import environment
from parley.adapters.dynamodb import clients
from parley.adapters.notifications.encrypted_content import point_of
from parley.domain.notifications.vapid_keys import WeakSecret, private_number

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

TOKEN_LIFE_S = 12 * 3_600  # a push service refuses a token that is good for more than 24 hours (RFC 8292, section 2)
RENEW_S = 4 * 3_600  # seconds for which one token is used, so each is good for 8 hours more
MAX_ORIGINS = 64  # of which a process keeps the tokens; browsers have a handful of push services

_reading = threading.Lock()
logger = Logger()


def public_key() -> str | None:
    """Returns the public key for `PushManager.subscribe`; None without Web Push, or without a secret that is usable.

    One call of Secrets Manager in a process. A failure is logged, and tried again with the next call.
    """
    if not is_on():
        return None
    try:
        return base64url(point_of(_key()))
    except (BotoCoreError, ClientError, WeakSecret):
        logger.exception("vapid_key_unavailable", code="vapid_key_unavailable")
        return None


def is_on() -> bool:
    """Says whether the deployment has a secret for Web Push."""
    return bool(environment.optional("WEB_PUSH_SECRET") or environment.optional("WEB_PUSH_SECRET_ARN"))


def authorization(endpoint: str, now_s: int) -> str:
    """Returns the header `Authorization` of a push to this endpoint.

    Each origin's token is kept for `RENEW_S`. Raises an error of botocore if the secret cannot be read.
    """
    parts = urlsplit(endpoint)
    return _signed(f"{parts.scheme}://{parts.netloc}", now_s // RENEW_S)


def forget_key() -> None:
    """Forgets the key and the tokens that it has signed, so that the next use reads the secret again."""
    _read_key.cache_clear()
    _signed.cache_clear()


def base64url(octets: bytes) -> str:
    """Returns bytes in base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


@lru_cache(maxsize=MAX_ORIGINS)
def _signed(origin: str, period: int) -> str:
    import jwt

    key = _key()
    claims: dict[str, object] = {"aud": origin, "exp": period * RENEW_S + TOKEN_LIFE_S}
    if contact := environment.optional("WEB_PUSH_CONTACT"):  # empty on a developer's machine only
        claims["sub"] = contact
    return f"vapid t={jwt.encode(claims, key, algorithm='ES256')}, k={base64url(point_of(key))}"


def _key() -> "EllipticCurvePrivateKey":
    with _reading:  # of two first calls at once, one would ask in vain
        return _read_key()


@cache
def _read_key() -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives.asymmetric import ec

    secret = environment.optional("WEB_PUSH_SECRET")  # on a developer's machine only; template.yaml never sets it
    if not secret:
        secret_id = environment.required("WEB_PUSH_SECRET_ARN")
        secret = clients.client("secretsmanager").get_secret_value(SecretId=secret_id)["SecretString"]
    return ec.derive_private_key(private_number(secret), ec.SECP256R1())
