"""Tokens for local people: HS256 under the local secret, with the issuer, audience and claims of the template."""

from collections.abc import Mapping, Sequence

import jwt

DEFAULT_EXPIRES_IN_S = 24 * 60 * 60


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
    """Returns a token; `environment` is that of the functions, where JWT_* say what a token must look like."""
    claims: dict[str, object] = {
        environment.get("JWT_USER_ID_CLAIM", "sub"): user_id,
        "iss": environment.get("JWT_ISSUER", "parley"),
        "aud": environment.get("JWT_AUDIENCE", "parley"),
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
