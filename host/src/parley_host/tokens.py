"""Tokens under the secret of `JwtSecretArn`: for your users, and for your server itself."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import jwt

from parley_host.ids import UserId, parley_id

MIN_SECRET_BYTES = 32
SERVICE_ID = "~parley.service-host"  # no token of a user can hold it
SERVICE_ROLE = "service"
SERVICE_LIFETIME_S = 3600
RENEWED_BEFORE_S = 300


class ServiceTokens(Protocol):
    """The source of your server's own token: a `Signer`, or a class of yours that asks your provider."""

    def service_token(self) -> str:
        """Returns a token with the role `service` that is valid for some minutes at least."""
        ...


class Signer:
    """Signs tokens with the shared secret (HS256). Keep the secret on your server."""

    def __init__(
        self,
        secret: str,
        *,
        issuer: str = "parley",
        audience: str = "parley",
        service_id: str = SERVICE_ID,
        service_audience: str | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Takes `JwtIssuer`, `JwtAudience`, `JwtServiceAudience`; no user may have `service_id`."""
        if len(secret.encode()) < MIN_SECRET_BYTES:
            raise ValueError(f"The secret must have {MIN_SECRET_BYTES} bytes at least.")
        self._secret = secret
        self._common = {"iss": issuer, "aud": audience}
        self._service_id = service_id
        self._service_audience = [audience, service_audience] if service_audience else audience
        self._now = now
        self._kept = ("", 0.0)  # the server's token, and when it is renewed

    def user_token(
        self,
        user_id: UserId,
        *,
        name: str | None = None,
        role: str | None = None,
        contexts: Mapping[str, Sequence[str]] | None = None,
        claims: Mapping[str, Any] | None = None,
        lifetime_s: int = 3600,
    ) -> str:
        """Returns a token for one of your users; `claims` are others, such as `picture`, `locale` or `email`."""
        stated = {"name": name, "role": role, "contexts": contexts and {kind: [*ids] for kind, ids in contexts.items()}}
        known = {claim: value for claim, value in stated.items() if value is not None}
        said = {**(claims or {}), **known, "sub": str(user_id)}
        if SERVICE_ROLE in _values(said.get("role")):
            raise ValueError("No user has the role `service`.")
        if parley_id(user_id) == self._service_id:
            raise ValueError(f"{user_id} is the id of your server. No user can have it.")
        return self._signed(said, lifetime_s)

    def service_token(self) -> str:
        """Returns your server's own token; the same one for 55 minutes, because API Gateway remembers tokens."""
        token, renewed_at_s = self._kept
        if self._now() >= renewed_at_s:
            claims = {"sub": self._service_id, "role": SERVICE_ROLE, "aud": self._service_audience}
            token = self._signed(claims, SERVICE_LIFETIME_S)
            self._kept = (token, self._now() + SERVICE_LIFETIME_S - RENEWED_BEFORE_S)
        return token

    def _signed(self, claims: Mapping[str, Any], lifetime_s: int) -> str:
        now_s = int(self._now())
        return jwt.encode({**self._common, **claims, "iat": now_s, "exp": now_s + lifetime_s}, self._secret, "HS256")


def _values(claim: object) -> Sequence[object]:
    return claim if isinstance(claim, list | tuple) else (claim,)
