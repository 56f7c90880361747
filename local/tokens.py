"""Tokens for local people: HS256 under the local secret, with the issuer, audience and claims of the template."""

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import jwt
from msgspec import Meta, Struct

from parley.domain.api import bodies
from parley.domain.api.errors import Invalid
from parley.domain.api.identity import (
    SERVICE_ROLE,
    is_context_id,
    is_context_type,
    is_reserved,
    is_role,
    is_service_id,
    is_user_id,
)

DEFAULT_EXPIRES_IN_S = 24 * 60 * 60
MAX_EXPIRES_IN_S = 366 * 24 * 60 * 60


class Wanted(Struct, forbid_unknown_fields=True, frozen=True):
    """The person who gets a token: the body of `POST /local/token`."""

    user_id: str
    name: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    role: str | None = None
    contexts: dict[str, list[str]] | None = None
    expires_in_s: Annotated[int, Meta(ge=1, le=MAX_EXPIRES_IN_S)] = DEFAULT_EXPIRES_IN_S


def read_wanted(raw: bytes) -> Wanted:
    """Returns the person who gets a token; raises Invalid with the wrong field."""
    wanted = bodies.decode(raw, Wanted)
    is_program = wanted.role == SERVICE_ROLE and is_service_id(wanted.user_id)
    if (is_reserved(wanted.user_id) and not is_program) or wanted.user_id in (".", ".."):
        raise Invalid.field("/user_id", "not_allowed", "`user_id` can be neither `.`, `..` nor an id of Parley's own.")
    if not is_program and not is_user_id(wanted.user_id):
        raise Invalid.field("/user_id", "pattern", "`user_id` is 1 to 128 of A–Z a–z 0–9 . _ ~ @ | : + = -.")
    if wanted.role is not None and not is_role(wanted.role):
        raise Invalid.field("/role", "pattern", "`role` is 1 to 64 of A–Z a–z 0–9 . _ : -.")
    for kind, ids in (wanted.contexts or {}).items():
        if not is_context_type(kind) or not all(map(is_context_id, ids)):
            raise Invalid.field(f"/contexts/{kind}", "pattern", "`contexts` maps types like `class` to lists of ids.")
    return wanted


def local_secret(given: str | None, kept_in: Path) -> str:
    """Returns the secret that signs local tokens: the given one, else one made once and kept in a file."""
    if given:
        return given
    if not kept_in.exists():
        kept_in.parent.mkdir(parents=True, exist_ok=True)
        kept_in.touch(mode=0o600)
        kept_in.write_text(secrets.token_urlsafe(48), encoding="ascii")
    return kept_in.read_text(encoding="ascii").strip()


def mint_for(wanted: Wanted, environment: Mapping[str, str], secret: str, *, now_s: int) -> str:
    """Returns a token for a person."""
    return mint(
        environment,
        secret,
        now_s=now_s,
        user_id=wanted.user_id,
        name=wanted.name,
        role=wanted.role,
        contexts=wanted.contexts,
        expires_in_s=wanted.expires_in_s,
    )


def mint(
    environment: Mapping[str, str],
    secret: str,
    *,
    now_s: int,
    user_id: str,
    name: str | None = None,
    role: str | None = None,
    contexts: Mapping[str, Sequence[str]] | None = None,
    expires_in_s: int = DEFAULT_EXPIRES_IN_S,
) -> str:
    """Returns a token; `environment` is that of the functions, whose JWT_* variables define the form of a token."""
    if environment.get("JWT_JWKS_URL"):
        # The secret is the host's own, and its tokens have Parley's names for claims, not those of the provider.
        environment = {name: value for name, value in environment.items() if not name.endswith("_CLAIM")}
    claims: dict[str, object] = {
        environment.get("JWT_USER_ID_CLAIM", "sub"): user_id,
        "iss": environment.get("JWT_ISSUER", "parley").split(",")[0].strip(),
        "aud": _audience(environment, role),
        "iat": now_s,
        "exp": now_s + expires_in_s,
    }
    if name is not None:
        claims[environment.get("JWT_NAME_CLAIM", "name")] = name
    if role is not None:
        claims[environment.get("JWT_ROLE_CLAIM", "role")] = role
    if contexts:
        claims[environment.get("JWT_CONTEXTS_CLAIM", "contexts")] = {kind: list(ids) for kind, ids in contexts.items()}
    return jwt.encode(claims, secret, algorithm="HS256")


def _audience(environment: Mapping[str, str], role: str | None) -> str | list[str]:
    audience = environment.get("JWT_AUDIENCE", "parley").split(",")[0].strip()
    of_programs = environment.get("JWT_SERVICE_AUDIENCE", "")
    return [audience, of_programs] if role == SERVICE_ROLE and of_programs else audience
