"""Verifies the host's JWTs with PyJWT. Only the authorizers may import this: cryptography costs 80 ms of a cold start.

The environment decides on keys and algorithms, never the token: a shared secret means HS256 and nothing else, a
JWKS URL means RS256, ES256 or EdDSA with a key of that very kind. No key that a token names is used.

A deployment with both has two issuers: the JWKS is the sign-in's, and the secret the host's, for its programs only.
"""

import threading
from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import Any

import jwt
from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct

from parley.adapters import environment, limits
from parley.adapters.dynamodb import clients
from parley.adapters.people import agents, moderators
from parley.domain.api.errors import Unauthenticated, Unavailable
from parley.domain.api.identity import SERVICE_ROLE
from parley.domain.people import claims, role_claims
from parley.domain.people.claim_values import NotStrictJson, read_json
from parley.domain.people.claims import ClaimNames, SignIn
from parley.domain.people.role_claims import RoleRules

MAX_TOKEN_BYTES = 8_192  # API Gateway takes 10,240 bytes of headers in all
SHARED_SECRET = ("HS256",)
PUBLIC_KEYS = ("RS256", "ES256", "EdDSA")

KEEP_S = 300  # seconds until keys are fetched again
REFETCH_S = 60  # a token with an unknown key causes a fetch at most this often, from any sender
RETRY_S = 5  # while no key is known
STALE_S = 3_600  # seconds for which keys are believed while they cannot be fetched again
JWKS_TIMEOUT_S = 3

MAX_NOTED_CHARACTERS = 256  # characters of an issuer or audience in the log; anybody can send a token that names any
# PyJWT's errors, the most specific first.
_CODES: tuple[tuple[type[jwt.InvalidTokenError], str, str], ...] = (
    (jwt.InvalidAlgorithmError, "token_algorithm", "The token is signed by an algorithm that is not accepted here."),
    (jwt.InvalidSignatureError, "token_signature", "The token's signature is not one of the issuer's."),
    (jwt.InvalidTokenError, "token_malformed", "This is not a token."),
)

# It checks signatures only. `domain.people.claims` checks the claims, and the times against the request's own time.
_signatures = jwt.PyJWS(options={"verify_signature": True, "enforce_minimum_key_length": True})

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
    host_keys: Keys | None = None  # of the host's own programs, beside those of the sign-in
    issuers: tuple[str, ...]
    audiences: tuple[str, ...]
    service_audience: str = ""  # the audience that tokens of the role `service` must carry, too; empty: none
    leeway_s: int = 0
    names: ClaimNames = ClaimNames()
    roles: RoleRules = RoleRules()
    max_lifetime_s: int = claims.MAX_LIFETIME_S

    def verify(self, token: str, now_s: int) -> SignIn:
        """Returns the sign-in of a token; raises Unauthenticated, or Unavailable for lack of keys."""
        if len(token) > MAX_TOKEN_BYTES:
            raise Unauthenticated("token_too_large", f"The token is longer than {MAX_TOKEN_BYTES} bytes.")
        if not token.isascii():
            raise _refusal(jwt.DecodeError())
        try:
            header = jwt.get_unverified_header(token)
            keys = self._keys_for(header.get("alg"))
            payload = _payload(keys, token, header["alg"], header.get("kid"), now_s)
        except jwt.InvalidTokenError as error:
            raise _refusal(error) from None
        sign_in = self._read(_content(payload), is_hosts=keys is self.host_keys, now_s=now_s)
        self._check_key(sign_in, is_hosts=keys is self.host_keys)
        return sign_in

    def _keys_for(self, algorithm: object) -> Keys:
        for keys in (self.keys, self.host_keys):
            if keys is not None and algorithm in keys.algorithms:
                return keys
        raise jwt.InvalidAlgorithmError

    def _read(self, content: dict[str, Any], *, is_hosts: bool, now_s: int) -> SignIn:
        """Returns the sign-in in the claims. The host's own tokens have Parley's names, not those of the provider."""
        claims.check_origin(content, self.issuers, self.audiences)
        return claims.read_claims(
            content,
            ClaimNames() if is_hosts else self.names,
            now_s=now_s,
            leeway_s=self.leeway_s,
            service_audience=self.service_audience,
            max_lifetime_s=self.max_lifetime_s,
            roles=RoleRules() if is_hosts else self.roles,
        )

    def _check_key(self, sign_in: SignIn, *, is_hosts: bool) -> None:
        """Raises Unauthenticated if there are two kinds of keys, and the other one signs tokens of this role."""
        if self.host_keys is None:
            return
        is_service = sign_in.identity.role == SERVICE_ROLE
        if is_hosts and not is_service:
            raise Unauthenticated(
                "token_wrong_key", "The secret signs tokens of the role `service` only.", claim=ClaimNames().role
            )
        # With an audience of programs the provider's token has been found to carry it.
        if is_service and not is_hosts and not self.service_audience:
            detail = "Only the secret signs tokens of the role `service`, because JwtServiceAudience is empty."
            raise Unauthenticated("token_wrong_key", detail, claim=self.names.role)


def _payload(keys: Keys, token: str, algorithm: str, key_id: str | None, now_s: int) -> bytes:
    """Returns the text under a good signature; raises InvalidSignatureError if no key fits."""
    for some in (keys.known, keys.fetched_anew):
        for key in some(now_s):
            if key.algorithm != algorithm or (key_id is not None and key.key_id not in (None, key_id)):
                continue
            try:
                signed: bytes = _signatures.decode(token, key.material, algorithms=[key.algorithm])
                return signed
            except jwt.InvalidSignatureError:
                continue
    raise jwt.InvalidSignatureError


def _content(payload: bytes) -> dict[str, Any]:
    """Returns the claims; raises Unauthenticated if they are not one object that has each name once."""
    try:
        content = read_json(payload)
    except NotStrictJson:
        content = None
    if not isinstance(content, dict):
        detail = "The token's claims are not a JSON object, are nested too deep, or hold a name twice."
        raise Unauthenticated("token_malformed", detail)
    return content


def _refusal(error: jwt.InvalidTokenError) -> Unauthenticated:
    code, detail = next((code, detail) for kind, code, detail in _CODES if isinstance(error, kind))
    return Unauthenticated(code, detail)


def origin(token: str) -> dict[str, object]:
    """Returns the issuer and audience that a refused token names, for the log. Nobody has verified them."""
    if len(token) > MAX_TOKEN_BYTES:
        return {}
    try:
        content = jwt.decode(token, options={"verify_signature": False})
        named = {"issuer": content.get("iss"), "audience": content.get("aud")}
        return {name: _loggable(value) for name, value in named.items() if value is not None}
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        return {}  # it is no token, so it names nobody


def _loggable(value: object) -> str:
    """Returns a claim that nobody has verified as printable text of `MAX_NOTED_CHARACTERS` at most.

    A line break, a terminal's control sequence or half an emoji would forge a line of the log, or end it.
    """
    text = str(value)[:MAX_NOTED_CHARACTERS]
    shown = "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in text)
    return shown[:MAX_NOTED_CHARACTERS]


def verify(token: str, now_s: int) -> SignIn:
    """Returns the sign-in of a token, verified as the environment asks; see `Verifier.verify`."""
    return _verifier().verify(token, now_s)


def forget_settings() -> None:
    """Forgets environment and keys, so that the next token is verified by the new environment."""
    _verifier.cache_clear()


def check_settings() -> None:
    """Raises RoleMapError if the environment maps roles wrongly, as the first token would."""
    _role_rules()


@cache
def _verifier() -> Verifier:
    keys, host_keys = _keys()
    return Verifier(
        keys=keys,
        host_keys=host_keys,
        issuers=_listed("JWT_ISSUER"),
        audiences=_listed("JWT_AUDIENCE"),
        service_audience=environment.optional("JWT_SERVICE_AUDIENCE"),
        leeway_s=int(environment.optional("JWT_LEEWAY_S", "0")),
        max_lifetime_s=limits.token_lifetime_s(),
        names=ClaimNames(
            user_id=environment.optional("JWT_USER_ID_CLAIM", "sub"),
            name=environment.optional("JWT_NAME_CLAIM", "name"),
            role=environment.optional("JWT_ROLE_CLAIM", "role"),
            contexts=environment.optional("JWT_CONTEXTS_CLAIM", "contexts"),
        ),
        roles=_role_rules(),
    )


def _listed(variable: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in environment.required(variable).split(","))


def _role_rules() -> RoleRules:
    mapped = role_claims.read_role_map(environment.optional("JWT_ROLE_MAP"), _known_roles)
    return RoleRules(mapped=mapped, known=_known_roles)


def _known_roles() -> Collection[str]:
    """Returns the roles that the policy, ModeratorRoles, AgentRoles or SupportAdminRoles name."""
    from parley.adapters.people import policies  # only for a list of roles or a map: it takes 3 ms

    return {*policies.current().roles, *moderators.roles(), *agents.roles()}


def _keys() -> tuple[Keys, Keys | None]:
    """Returns the keys of the kind that the environment names, and the host's own beside them if it names both."""
    url, secret_id = environment.optional("JWT_JWKS_URL"), environment.optional("JWT_SECRET_ARN")
    secret = environment.optional("JWT_SECRET")  # on a developer's machine only; template.yaml never sets it
    if url:
        public = Keys(PUBLIC_KEYS, lambda: public_keys(url))
        return public, (_secret_keys(secret, secret_id) if secret_id else None)
    return _secret_keys(secret, secret_id or ("" if secret else environment.required("JWT_SECRET_ARN"))), None


def _secret_keys(secret: str, secret_id: str) -> Keys:
    if secret:
        return Keys(SHARED_SECRET, lambda: [Key("HS256", secret.encode())])
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
