"""Reads the claims of a token about its bearer, once its signature is verified. Every claim is checked."""

import re
from collections.abc import Mapping
from typing import NoReturn

from msgspec import Struct

from parley.domain.api.errors import Unauthenticated
from parley.domain.api.fields import is_blank, is_unicode
from parley.domain.api.identity import (
    DEFAULT_ROLE,
    MAX_CONTEXT_BYTES,
    MAX_CONTEXT_IDS,
    MAX_CONTEXT_TYPES,
    MAX_NAME_CHARACTERS,
    SERVICE_ROLE,
    Identity,
    is_context_id,
    is_context_type,
    is_reserved,
    is_role,
    is_user_id,
)

MAX_LIFETIME_S = 86_400  # the default of JwtMaxLifetimeS
MAX_TIME_S = 253_402_300_799  # the last second that RFC 3339 can write, in the year 9999

# The standard claims that Parley uses if it can. A URL's characters are those of RFC 3986, so it needs no escape.
_avatar_url = re.compile(r"https://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]{1,2040}")
_locale = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,7}")  # some providers write `en_US`
_time_zone = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,31}(/[A-Za-z0-9_+-]{1,32}){0,2}")
_email = re.compile(r"[^\s@\x00-\x1f\x7f\ud800-\udfff]{1,64}@[^\s@\x00-\x1f\x7f\ud800-\udfff]{1,189}")


class ClaimNames(Struct, frozen=True, kw_only=True):
    """The names of the claims that Parley reads; the host's sign-in decides them."""

    user_id: str = "sub"
    name: str = "name"
    role: str = "role"
    contexts: str = "contexts"


class Stated(Struct, frozen=True, kw_only=True):
    """The claims that the token itself has; None for each one that it lacks, or that Parley cannot use.

    The last four are standard claims of OpenID Connect (Core 1.0, 5.1), and they are never a reason to refuse a token.
    """

    name: str | None = None
    role: str | None = None
    contexts: dict[str, tuple[str, ...]] | None = None
    avatar_url: str | None = None  # `picture`
    locale: str | None = None  # `locale`, a BCP 47 tag
    time_zone: str | None = None  # `zoneinfo`, a name of the IANA database
    email: str | None = None  # `email`, unless `email_verified` is false


class SignIn(Struct, frozen=True, kw_only=True):
    """A verified token: its identity, what it states itself, and when the host issued it."""

    identity: Identity
    issued_at_s: int
    stated: Stated = Stated()


def read_claims(
    claims: Mapping[str, object],
    names: ClaimNames,
    *,
    now_s: int,
    leeway_s: int,
    service_audience: str = "",
    max_lifetime_s: int = MAX_LIFETIME_S,
) -> SignIn:
    """Returns the sign-in that the claims describe; raises Unauthenticated for wrong times or types.

    A token of the role `service` must name `service_audience` among its audiences, unless that is empty.

    Name, role and contexts may be missing: the id replaces the name, `user` the role. The clocks of issuer and
    Parley may differ by `leeway_s`, which is added to the expiry, so that all of Parley uses the same second.

    A token counts for `max_lifetime_s` after `iat` at most. One without `iat` counts as issued that long before its
    `exp`, so that a sign-out ends it whenever it was made.
    """
    times = _times(claims, max_lifetime_s)
    _check_times(claims, times, now_s, leeway_s)
    user_id = _user_id(claims, names.user_id)
    stated = _stated(claims, names)
    identity = Identity(
        user_id=user_id,
        name=stated.name or user_id,
        role=stated.role or DEFAULT_ROLE,
        contexts=stated.contexts or {},
        expires_at_s=min(times.expires_at_s + leeway_s, MAX_TIME_S),
        issued_at_s=times.issued_at_s,
    )
    if identity.role == SERVICE_ROLE and service_audience and service_audience not in _audiences(claims):
        detail = "A token of the role `service` needs the audience of programs, too."
        raise Unauthenticated("token_audience", detail, claim="aud")
    if identity.is_too_large:
        _refuse(names.contexts, f"is too large for API Gateway: more than {MAX_CONTEXT_BYTES} bytes with the others")
    # Of two tokens without `iat`, the profile of the later `exp` is the newer.
    issued_at_s = times.issued_at_s if "iat" in claims else times.exp_s
    return SignIn(identity=identity, issued_at_s=issued_at_s, stated=stated)


class _Times(Struct, frozen=True, kw_only=True):
    """The times of a token; `expires_at_s` is `exp_s` or the end of its longest life, whichever comes first."""

    exp_s: int
    issued_at_s: int
    expires_at_s: int


def _times(claims: Mapping[str, object], max_lifetime_s: int) -> _Times:
    exp_s = _time(claims, "exp")
    issued_at_s = _time(claims, "iat") if "iat" in claims else max(0, exp_s - max_lifetime_s)
    return _Times(exp_s=exp_s, issued_at_s=issued_at_s, expires_at_s=min(exp_s, issued_at_s + max_lifetime_s))


def _check_times(claims: Mapping[str, object], times: _Times, now_s: int, leeway_s: int) -> None:
    """Refuses a token that has expired, or is not valid yet; the refusal names the claim."""
    if times.expires_at_s + leeway_s <= now_s:
        late = "exp" if times.exp_s + leeway_s <= now_s else "iat"
        raise Unauthenticated("token_expired", "The token has expired.", claim=late)
    not_before_s = _time(claims, "nbf") if "nbf" in claims else 0
    early = "nbf" if not_before_s > now_s + leeway_s else "iat"
    if early == "nbf" or ("iat" in claims and times.issued_at_s > now_s + leeway_s):
        raise Unauthenticated("token_not_yet_valid", "The token is not valid yet.", claim=early)


def _audiences(claims: Mapping[str, object]) -> list[object]:
    audience = claims.get("aud")
    return audience if isinstance(audience, list) else [audience]


def _time(claims: Mapping[str, object], name: str) -> int:
    """Returns a NumericDate (RFC 7519: seconds, fractions allowed) in whole seconds."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_TIME_S:
        _refuse(name, "must be a time in seconds since 1970")
    return int(value)


def _stated(claims: Mapping[str, object], names: ClaimNames) -> Stated:
    return Stated(
        name=_name(claims, names.name),
        role=_role(claims, names.role),
        contexts=_contexts(claims, names.contexts),
        avatar_url=_usable(claims.get("picture"), _avatar_url),
        locale=_usable(claims.get("locale"), _locale),
        time_zone=_usable(claims.get("zoneinfo"), _time_zone),
        email=None if claims.get("email_verified") in (False, "false") else _usable(claims.get("email"), _email),
    )


def _usable(value: object, pattern: re.Pattern[str]) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None


def _user_id(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name)
    if isinstance(value, str) and (is_reserved(value) or value in (".", "..")):
        _refuse(name, "holds an id that nobody can sign in with: `.`, `..` or an id that only Parley makes")
    if not isinstance(value, str) or not is_user_id(value):
        _refuse(name, "must be a user id: 1 to 128 of the characters A–Z a–z 0–9 . _ ~ @ | : + = -")
    return value


def _name(claims: Mapping[str, object], name: str) -> str | None:
    value = claims.get(name)
    if value is None or (isinstance(value, str) and is_blank(value)):
        return None
    if not isinstance(value, str) or len(value) > MAX_NAME_CHARACTERS or not is_unicode(value):
        _refuse(name, f"must be a text of at most {MAX_NAME_CHARACTERS} characters")
    return value


def _role(claims: Mapping[str, object], name: str) -> str | None:
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not is_role(value):
        _refuse(name, "must be one role: 1 to 64 of the characters A–Z a–z 0–9 . _ : -")
    return value


def _contexts(claims: Mapping[str, object], name: str) -> dict[str, tuple[str, ...]] | None:
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, dict) or len(value) > MAX_CONTEXT_TYPES:
        _refuse(name, f"must be an object of at most {MAX_CONTEXT_TYPES} context types with lists of ids")
    contexts = {context_type: _context_ids(name, context_type, held) for context_type, held in value.items()}
    if sum(len(held) for held in contexts.values()) > MAX_CONTEXT_IDS:
        _refuse(name, f"holds more than {MAX_CONTEXT_IDS} ids")
    return contexts


def _context_ids(name: str, context_type: str, held: object) -> tuple[str, ...]:
    if not is_context_type(context_type) or not isinstance(held, list):
        _refuse(name, "must be an object of context types (a–z 0–9 _) with lists of ids")
    ids = [context_id for context_id in held if isinstance(context_id, str) and is_context_id(context_id)]
    if len(ids) != len(held):
        _refuse(name, "holds an invalid id; an id is 1 to 128 of the characters A–Z a–z 0–9 . _ ~ @ | : + = -")
    return tuple(dict.fromkeys(ids))


def _refuse(name: str, wanted: str) -> NoReturn:
    raise Unauthenticated("token_claims", f"The token's claim `{name}` {wanted}.", claim=name)
