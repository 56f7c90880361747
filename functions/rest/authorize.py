"""The REST API's authorizer: `Authorization: Bearer <token>` opens the whole API, cached for 300 s; else 401."""

from parley.actions.account import sign_in
from parley.domain.api.identity import Identity
from parley.triggers.authorizers import rest_authorizer


@rest_authorizer
def handler(token: str, now_s: int) -> Identity:
    return sign_in.authorize(token, now_s)
