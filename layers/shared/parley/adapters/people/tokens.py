"""Verifies the host's JWTs with PyJWT. Only the authorizers may import this: cryptography costs 80 ms of a cold start.

The environment decides on keys and algorithms, never the token: a shared secret means HS256 and nothing else, a
JWKS URL means RS256, ES256 or EdDSA with a key of that very kind. No key that a token names is used.
"""

import threading
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import jwt
from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError
from jwt.types import Options
from msgspec import Struct

from parley.adapters import environment, limits
from parley.adapters.dynamodb import clients
from parley.domain.api.errors import Unauthenticated, Unavailable
from parley.domain.people import claims
from parley.domain.people.claims import ClaimNames, SignIn

MAX_TOKEN_BYTES = 8_192  # API Gateway takes 10,240 bytes of headers in all
SHARED_SECRET = ("HS256",)
PUBLIC_KEYS = ("RS256", "ES256", "EdDSA")

KEEP_S = 300  # seconds until keys are fetched again
REFETCH_S = 60  # a token with an unknown key causes a fetch at most this often, from any sender
RETRY_S = 5  # while no key is known
STALE_S = 3_600  # seconds for which keys are believed while they cannot be fetched again
JWKS_TIMEOUT_S = 3

# PyJWT checks issuer and audience. `domain.claims` checks the times, like all else, against the request's own time.
_OPTIONS: Options = {
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_sub": False,
    "verify_jti": False,
    "enforce_minimum_key_length": True,
}
MAX_NOTED_CHARACTERS = 256  # characters of an issuer or audience in the log; anybody can send a token that names any
# PyJWT's errors, the most specific first.
_CODES: tuple[tuple[type[jwt.InvalidTokenError], str, str], ...] = (
    (jwt.InvalidAlgorithmError, "token_algorithm", "The token is signed by an algorithm that is not accepted here."),
    (jwt.InvalidSignatureError, "token_signature", "The token's signature is not one of the issuer's."),
    (jwt.InvalidIssuerError, "token_issuer", "The token comes from another issuer."),
    (jwt.InvalidAudienceError, "token_audience", "The token is meant for another audience."),
    (jwt.MissingRequiredClaimError, "token_claims", "The token lacks the claim `iss` or `aud`."),
    (jwt.InvalidTokenError, "token_malformed", "This is not a token."),
)

logger = Logger()


class KeysNotFetched(Exception):
    """The keys' address does not answer, or answers without a key set."""


class Key(Struct, frozen=True):
    """The key of a signature, for one algorithm only. `key_id` is None for a secret."""

    algorithm: str
    material: bytes | jwt.PyJWK
    key_id: str | None = None


class Keys:
    """Keys from elsewhere, kept for `KEEP_S`, and for up to `STALE_S` while they cannot be fetched again."""

    def __init__(self, algorithms: Sequence[str], fetch: Callable[[], list[Key]]) -> None:
        self.algorithms = algorithms
        self._fetch = fetch
        self._keys: list[Key] = []
        self._fetched_at_s = self._tried_at_s = -STALE_S
        self._lock = threading.Lock()

    def known(self, now_s: int) -> list[Key]:
        """Returns the keys; raises Unavailable if none is known, or none fresh enough to be believed."""
        with self._lock:
            if now_s - self._fetched_at_s >= KEEP_S:
                self._try_to_fetch(now_s, not_within_s=RETRY_S)
            if now_s - self._fetched_at_s >= STALE_S:
                raise Unavailable("keys_unavailable", "Sign-in is not possible now.", retry_after_ms=RETRY_S * 1000)
            return self._keys

    def fetched_anew(self, now_s: int) -> list[Key]:
        """Returns fresh keys for a token that no known key fits; none within `REFETCH_S`."""
        with self._lock:
            return self._keys if self._try_to_fetch(now_s, not_within_s=REFETCH_S) else []

    def _try_to_fetch(self, now_s: int, not_within_s: int) -> bool:
        if now_s - self._tried_at_s < not_within_s:
            return False
        self._tried_at_s = now_s
        try:
            self._keys = self._fetch()
        except KeysNotFetched:
            logger.exception("keys_not_fetched", code="keys_not_fetched")
            return False
        self._fetched_at_s = now_s
        return True


class Verifier(Struct, frozen=True, kw_only=True):
    """The requirements for a token."""

    keys: Keys
    issuer: str
    audience: str
    service_audience: str = ""  # the audience that tokens of the role `service` must carry, too; empty: none
    leeway_s: int = 0
    names: ClaimNames = ClaimNames()
    max_lifetime_s: int = claims.MAX_LIFETIME_S

    def verify(self, token: str, now_s: int) -> SignIn:
        """Returns the sign-in of a token; raises Unauthenticated, or Unavailable for lack of keys."""
        if len(token) > MAX_TOKEN_BYTES:
            raise Unauthenticated("token_too_large", f"The token is longer than {MAX_TOKEN_BYTES} bytes.")
        if not token.isascii():
            raise _refusal(jwt.DecodeError())
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in self.keys.algorithms:
                raise jwt.InvalidAlgorithmError
            content = self._content(token, header["alg"], header.get("kid"), now_s)
        except jwt.InvalidTokenError as error:
            raise _refusal(error) from None
        return claims.read_claims(
            content,
            self.names,
            now_s=now_s,
            leeway_s=self.leeway_s,
            service_audience=self.service_audience,
            max_lifetime_s=self.max_lifetime_s,
        )

    def _content(self, token: str, algorithm: str, key_id: str | None, now_s: int) -> dict[str, Any]:
        """Returns the claims under a good signature; raises InvalidSignatureError if no key fits."""
        for keys in (self.keys.known, self.keys.fetched_anew):
            for key in keys(now_s):
                if key.algorithm != algorithm or (key_id is not None and key.key_id not in (None, key_id)):
                    continue
                try:
                    return jwt.decode(
                        token,
                        key.material,
                        algorithms=[key.algorithm],
                        options=_OPTIONS,
                        issuer=self.issuer,
                        audience=self.audience,
                    )
                except jwt.InvalidSignatureError:
                    continue
        raise jwt.InvalidSignatureError


def _refusal(error: jwt.InvalidTokenError) -> Unauthenticated:
    code, detail = next((code, detail) for kind, code, detail in _CODES if isinstance(error, kind))
    return Unauthenticated(code, detail, claim=_claim(error))


def _claim(error: jwt.InvalidTokenError) -> str | None:
    """Returns the name of the claim that PyJWT found wrong; None if it was none."""
    if isinstance(error, jwt.MissingRequiredClaimError):
        return error.claim
    if isinstance(error, jwt.InvalidIssuerError):
        return "iss"
    return "aud" if isinstance(error, jwt.InvalidAudienceError) else None


def origin(token: str) -> dict[str, object]:
    """Returns the issuer and audience that a refused token names, for the log. Nobody has verified them."""
    if len(token) > MAX_TOKEN_BYTES:
        return {}
    try:
        content = jwt.decode(token, options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        return {}  # it is no token, so it names nobody
    named = {"issuer": content.get("iss"), "audience": content.get("aud")}
    return {name: str(value)[:MAX_NOTED_CHARACTERS] for name, value in named.items() if value is not None}


def verify(token: str, now_s: int) -> SignIn:
    """Returns the sign-in of a token, verified as the environment asks; see `Verifier.verify`."""
    return _verifier().verify(token, now_s)


def forget_settings() -> None:
    """Forgets environment and keys, so that the next token is verified by the new environment."""
    _verifier.cache_clear()


@cache
def _verifier() -> Verifier:
    return Verifier(
        keys=_keys(),
        issuer=environment.required("JWT_ISSUER"),
        audience=environment.required("JWT_AUDIENCE"),
        service_audience=environment.optional("JWT_SERVICE_AUDIENCE"),
        leeway_s=int(environment.optional("JWT_LEEWAY_S", "0")),
        max_lifetime_s=limits.token_lifetime_s(),
        names=ClaimNames(
            user_id=environment.optional("JWT_USER_ID_CLAIM", "sub"),
            name=environment.optional("JWT_NAME_CLAIM", "name"),
            role=environment.optional("JWT_ROLE_CLAIM", "role"),
            contexts=environment.optional("JWT_CONTEXTS_CLAIM", "contexts"),
        ),
    )


def _keys() -> Keys:
    """Returns the keys of the one kind that the environment names; raises if it names none."""
    url = environment.optional("JWT_JWKS_URL")
    if url:
        return Keys(PUBLIC_KEYS, lambda: public_keys(url))
    secret = environment.optional("JWT_SECRET")  # on a developer's machine only; template.yaml never sets it
    if secret:
        return Keys(SHARED_SECRET, lambda: [Key("HS256", secret.encode())])
    secret_id = environment.required("JWT_SECRET_ARN")
    return Keys(SHARED_SECRET, lambda: shared_secrets(secret_id))


def public_keys(url: str) -> list[Key]:
    """Returns a JWKS's public keys for the algorithms that Parley takes; raises KeysNotFetched.

    A key that PyJWT cannot use, or finds too weak, is skipped; a set without any usable key counts as not fetched.
    """
    try:
        members = jwt.PyJWKClient(url, cache_jwk_set=False, timeout=JWKS_TIMEOUT_S).fetch_data().get("keys")
    except (jwt.PyJWTError, OSError, ValueError, RecursionError) as error:  # no answer, cut off, no JSON, nested deep
        raise KeysNotFetched(url) from error
    found = [_usable(member) for member in members] if isinstance(members, list) else []
    keys = [key for key in found if key is not None]
    if not keys:
        raise KeysNotFetched(url)
    return [
        Key(key.algorithm_name, key, key.key_id)
        for key in keys
        if key.algorithm_name in PUBLIC_KEYS and key.public_key_use in (None, "sig")
    ]


def _usable(member: Any) -> jwt.PyJWK | None:
    """Returns a key of a JWKS, or None if checking a signature with it would raise: weak, or not a key."""
    try:
        key = jwt.PyJWK.from_dict(member)
        weakness = key.Algorithm.check_key_length(key.Algorithm.prepare_key(key.key))
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError) as error:
        weakness = str(error)
    if weakness is None:
        return key
    logger.warning("key_skipped", code="key_skipped")
    return None


def shared_secrets(secret_id: str) -> list[Key]:
    """Returns the current secret and the one before, whose tokens are good until they expire; raises KeysNotFetched."""
    client = clients.client("secretsmanager")
    secrets = []
    for stage in ("AWSCURRENT", "AWSPREVIOUS"):
        try:
            secrets.append(client.get_secret_value(SecretId=secret_id, VersionStage=stage)["SecretString"])
        except ClientError as error:
            # A secret that was never rotated has no version of that stage.
            if stage == "AWSCURRENT" or error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise KeysNotFetched(secret_id) from error
        except BotoCoreError as error:
            raise KeysNotFetched(secret_id) from error
    return [Key("HS256", secret.encode()) for secret in secrets]
