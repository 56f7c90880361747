"""Reads the claims of a token about its bearer, once its signature is verified. Every claim is checked."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from parley.domain.api.errors import Unauthenticated
from parley.domain.api.fields import is_blank, is_unicode
from parley.domain.api.identity import (
    DEFAULT_ROLE,
    LOCALE_PATTERN,
    MAX_CONTEXT_BYTES,
    MAX_CONTEXT_IDS,
    MAX_CONTEXT_TYPES,
    MAX_NAME_CHARACTERS,
    SERVICE_ROLE,
    Identity,
    is_context_id,
    is_context_type,
    is_service_id,
)
from parley.domain.people.claim_values import NotStrictJson, find, read_json, refuse
from parley.domain.people.mapped_ids import can_be_given, mapped_id
from parley.domain.people.role_claims import RoleRules

MAX_LIFETIME_S = 86_400  # the default of JwtMaxLifetimeS
ROLES_AS_THEY_ARE = RoleRules()
MAX_TIME_S = 253_402_300_799  # the last second that RFC 3339 can write, in the year 9999

# The standard claims that Parley uses if it can. A URL's characters are those of RFC 3986, so it needs no escape.
_avatar_url = re.compile(r"https://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]{1,2040}")
_locale = re.compile(LOCALE_PATTERN.replace("(-", "([-_]"))  # some providers write `en_US`
_time_zone = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,31}(/[A-Za-z0-9_+-]{1,32}){0,2}")
_email = re.compile(r"[^\s@\x00-\x1f\x7f\ud800-\udfff]{1,64}@[^\s@\x00-\x1f\x7f\ud800-\udfff]{1,189}")


class ClaimNames(Struct, frozen=True, kw_only=True):
    """The claims that Parley reads, each by its name or by a path; the host's sign-in decides them."""

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


def check_origin(claims: Mapping[str, Any], issuers: Sequence[str], audiences: Sequence[str]) -> None:
    """Raises Unauthenticated for a token of another issuer, or for another audience."""
    if claims.get("iss") is None:
        raise _lacking("iss")
    if claims["iss"] not in issuers:
        raise Unauthenticated("token_issuer", "The token comes from another issuer.", claim="iss")
    named = _audiences(claims)
    if not named:
        raise _lacking("aud")
    # One of several audiences is enough. Where clients stand for them, the token belongs to each of them.
    fits = any if "aud" in claims else all
    if not fits(isinstance(audience, str) and audience in audiences for audience in named):
        raise Unauthenticated("token_audience", "The token is meant for another audience.", claim="aud")


def read_claims(
    claims: Mapping[str, Any],
    names: ClaimNames,
    *,
    now_s: int,
    leeway_s: int,
    service_audience: str = "",
    max_lifetime_s: int = MAX_LIFETIME_S,
    roles: RoleRules = ROLES_AS_THEY_ARE,
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
    stated = _stated(claims, names, roles)
    user_id = _user_id(claims, names.user_id, is_program=stated.role == SERVICE_ROLE)
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
        refuse(names.contexts, f"is too large for API Gateway: more than {MAX_CONTEXT_BYTES} bytes with the others")
    # Of two tokens without `iat`, the profile of the later `exp` is the newer.
    issued_at_s = times.issued_at_s if "iat" in claims else times.exp_s
    return SignIn(identity=identity, issued_at_s=issued_at_s, stated=stated)


class _Times(Struct, frozen=True, kw_only=True):
    """The times of a token; `expires_at_s` is `exp_s` or the end of its longest life, whichever comes first."""

    exp_s: int
    issued_at_s: int
    expires_at_s: int


def _times(claims: Mapping[str, Any], max_lifetime_s: int) -> _Times:
    exp_s = _time(claims, "exp")
    issued_at_s = _time(claims, "iat") if "iat" in claims else max(0, exp_s - max_lifetime_s)
    return _Times(exp_s=exp_s, issued_at_s=issued_at_s, expires_at_s=min(exp_s, issued_at_s + max_lifetime_s))


def _check_times(claims: Mapping[str, Any], times: _Times, now_s: int, leeway_s: int) -> None:
    """Refuses a token that has expired, or is not valid yet; the refusal names the claim."""
    if times.expires_at_s + leeway_s <= now_s:
        late = "exp" if times.exp_s + leeway_s <= now_s else "iat"
        raise Unauthenticated("token_expired", "The token has expired.", claim=late)
    not_before_s = _time(claims, "nbf") if "nbf" in claims else 0
    early = "nbf" if not_before_s > now_s + leeway_s else "iat"
    if early == "nbf" or ("iat" in claims and times.issued_at_s > now_s + leeway_s):
        raise Unauthenticated("token_not_yet_valid", "The token is not valid yet.", claim=early)


def _audiences(claims: Mapping[str, Any]) -> list[Any]:
    """Returns whom the token is for: `aud`, and without it the client that asked for it.

    Access tokens of Cognito have `client_id` in place of `aud`, session tokens of Clerk `azp`. If `aud` is there, the
    client says nothing, because one client gets tokens for many APIs.
    """
    if "aud" in claims:
        return claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    return [claims[name] for name in ("client_id", "azp") if name in claims]


def _lacking(name: str) -> Unauthenticated:
    return Unauthenticated("token_claims", f"The token lacks the claim `{name}`.", claim=name)


def _time(claims: Mapping[str, Any], name: str) -> int:
    """Returns a NumericDate (RFC 7519: seconds, fractions allowed) in whole seconds."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_TIME_S:
        refuse(name, "must be a time in seconds since 1970")
    return int(value)


def _stated(claims: Mapping[str, Any], names: ClaimNames, roles: RoleRules) -> Stated:
    return Stated(
        name=_name(find(claims, names.name), names.name),
        role=roles.role_of(find(claims, names.role), names.role),
        contexts=_contexts(find(claims, names.contexts), names.contexts),
        avatar_url=_usable(claims.get("picture"), _avatar_url),
        locale=_usable(claims.get("locale"), _locale),
        time_zone=_usable(claims.get("zoneinfo"), _time_zone),
        email=None if claims.get("email_verified") in (False, "false") else _usable(claims.get("email"), _email),
    )


def _usable(value: object, pattern: re.Pattern[str]) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None


def _user_id(claims: Mapping[str, Any], name: str, *, is_program: bool) -> str:
    value = find(claims, name)
    if is_program and isinstance(value, str) and is_service_id(value):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        value = str(value)  # the keys of many databases
    if not isinstance(value, str) or not can_be_given(value):
        refuse(
            name,
            "must be a user id: 1 to 1,024 visible characters or a whole number, "
            "but not `.`, `..` or an id that only Parley makes",
        )
    return mapped_id(value)


def _name(value: object, name: str) -> str | None:
    if value is None or (isinstance(value, str) and is_blank(value)):
        return None
    if not isinstance(value, str) or not is_unicode(value):
        refuse(name, "must be a text")
    shown = value if len(value) <= MAX_NAME_CHARACTERS else _cut(value)
    return None if is_blank(shown) else shown


def _cut(name: str) -> str:
    """Returns the beginning of a long name; the cut is not before a mark, or in an emoji of several characters."""
    import unicodedata  # only for long names

    end = MAX_NAME_CHARACTERS
    while end > MAX_NAME_CHARACTERS - 20 and (
        unicodedata.category(name[end]) in ("Mn", "Mc", "Me", "Sk") or "\u200d" in name[end - 1 : end + 1]
    ):
        end -= 1
    return name[:end]


def _contexts(value: Any, name: str) -> dict[str, tuple[str, ...]] | None:
    if isinstance(value, str):
        value = _contexts_in_text(value, name)
    if value is None:
        return None
    if not isinstance(value, dict) or len(value) > MAX_CONTEXT_TYPES:
        refuse(name, f"must be an object of at most {MAX_CONTEXT_TYPES} context types with lists of ids")
    contexts = {context_type: _context_ids(name, context_type, held) for context_type, held in value.items()}
    if sum(len(held) for held in contexts.values()) > MAX_CONTEXT_IDS:
        refuse(name, f"holds more than {MAX_CONTEXT_IDS} ids")
    return contexts


def _contexts_in_text(text: str, name: str) -> Any:
    """Returns what the text says: some providers store texts only, and an attribute that was cleared is empty."""
    try:
        return read_json(text) if text.strip() else None
    except NotStrictJson:
        refuse(name, "is a text that is not JSON, is nested too deep, or holds a name twice")


def _context_ids(name: str, context_type: str, held: object) -> tuple[str, ...]:
    if not is_context_type(context_type) or not isinstance(held, list):
        refuse(name, "must be an object of context types (a–z 0–9 _) with lists of ids")
    ids = [context_id for context_id in held if isinstance(context_id, str) and is_context_id(context_id)]
    if len(ids) != len(held):
        refuse(name, "holds an invalid id; an id is 1 to 128 of the characters A–Z a–z 0–9 . _ ~ @ | : + = -")
    return tuple(dict.fromkeys(ids))
