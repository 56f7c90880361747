"""The TURN servers, and the secret that Parley shares with them."""

from functools import lru_cache

from msgspec import Struct

from parley.adapters import environment
from parley.adapters.dynamodb import clients

DEFAULT_LIFE_S = 3600
KEEP_S = 300  # until the secret is fetched again: so long after its rotation the relay must take the old one, too


class Relays(Struct, frozen=True, kw_only=True):
    """The relays: none if `urls` is empty."""

    urls: list[str]
    secret: bytes
    life_s: int


def relays(now_s: int) -> Relays:
    """Returns the relays that the environment names; one call of Secrets Manager every `KEEP_S`."""
    urls = [url for part in environment.optional("TURN_URLS").split(",") if (url := part.strip())]
    return Relays(
        urls=urls,
        secret=_secret(now_s // KEEP_S) if urls else b"",
        life_s=int(environment.optional("TURN_TTL_S", str(DEFAULT_LIFE_S))),
    )


def forget_secret() -> None:
    """Forgets the secret, so that the next call fetches it again."""
    _secret.cache_clear()


@lru_cache(maxsize=1)
def _secret(_: int) -> bytes:
    secret = environment.optional("TURN_SECRET")  # on a developer's machine only; template.yaml never sets it
    if not secret:
        secret_id = environment.required("TURN_SECRET_ARN")
        secret = clients.client("secretsmanager").get_secret_value(SecretId=secret_id)["SecretString"]
    return secret.encode()
