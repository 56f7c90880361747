"""Endpoints' secrets as the table holds them: sealed by a key that only Secrets Manager has (D-703)."""

import hmac
import threading
from functools import cache

from parley.adapters import environment
from parley.adapters.dynamodb import clients
from parley.domain.api import sealed_cursors

_reading = threading.Lock()


def seal(webhook_id: str, secret: str) -> str:
    """Returns a secret as the row of its endpoint holds it; one call of Secrets Manager in a process."""
    return sealed_cursors.seal(secret, _key_of(webhook_id))


def unseal(webhook_id: str, sealed: str) -> str:
    """Returns a secret again; raises ValueError if it was sealed for another endpoint, or with another key."""
    return sealed_cursors.unseal(sealed, _key_of(webhook_id))


def forget_key() -> None:
    """Forgets the key, so that the next use reads it again."""
    _key.cache_clear()


def _key_of(webhook_id: str) -> bytes:
    with _reading:  # of two first calls at once, one would ask in vain
        return hmac.digest(_key(), f"webhook {webhook_id}".encode(), "sha256")


@cache
def _key() -> bytes:
    secret = environment.optional("WEBHOOK_KEY")  # on a developer's machine only; template.yaml never sets it
    if not secret:
        secret_id = environment.required("WEBHOOK_KEY_ARN")
        secret = clients.client("secretsmanager").get_secret_value(SecretId=secret_id)["SecretString"]
    return secret.encode()
