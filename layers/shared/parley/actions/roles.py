"""Profiles from tokens: Parley learns of people when they sign in; then others can name them and write to them."""

from msgspec.structs import replace

from parley.adapters import environment
from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.people import erased_people, profiles
from parley.domain.api import time_zones
from parley.domain.api.errors import Unauthenticated
from parley.domain.api.identity import SERVICE_ROLE, Identity
from parley.domain.people import profile
from parley.domain.people.claims import SignIn
from parley.domain.people.profile import Profile, Statement

SERVICE = SERVICE_ROLE


def remember(sign_in: SignIn, now_ms: int) -> Identity:
    """Stores what a verified token states, unless a newer token has been seen; returns the person as Parley shows them.

    Raises Unauthenticated for an erased person, whatever their token says, and for a program of the host with a
    person's id. A program has no profile.

    One round trip; a second one for a new token. It is written even if it says the same as the one before, because an
    older token must not override it later.
    """
    identity = sign_in.identity
    user_id, rules = identity.user_id, profiles.rules()
    # Of a damaged row nobody knows what the host has said; if it does not decide, the token may.
    read = profiles.read_profile if rules.host_decides else profiles.profile_of
    for _ in conditions.tries():
        rows = batches.read_rows({tables.User: [(user_id,)], tables.Erasure: [(erased_people.key(user_id),)]})
        known = read(rows, user_id)
        if identity.role == SERVICE:
            _require_program(is_known=rows.has(tables.User, user_id))  # readable or not
            return identity
        if erased_people.is_marked(rows, user_id):
            raise Unauthenticated("user_erased", "This person was erased.")
        now = profile.with_token(known, user_id, _said(sign_in, known), rules, now_ms)
        # A damaged row may hold more than the token says, so it stays as it is.
        is_damaged = known is None and rows.has(tables.User, user_id)
        if is_damaged or now == known or profiles.save(now, known):
            return _identity(identity, now)
    raise conditions.busy()


def _require_program(*, is_known: bool) -> None:
    if is_known:  # the program would read and write as that person
        detail = f"A token of the role `{SERVICE}` carries the id of a person."
        raise Unauthenticated("token_claims", detail, claim=environment.optional("JWT_USER_ID_CLAIM", "sub"))


def _said(sign_in: SignIn, known: Profile | None) -> Statement:
    """Returns the statement of a token, without what Parley cannot use."""
    stated = sign_in.stated
    time_zone, before = stated.time_zone, known.statements.token.time_zone if known is not None else None
    return Statement(
        at_s=sign_in.issued_at_s,
        name=stated.name,
        role=stated.role,
        contexts=stated.contexts,
        avatar_url=profile.usable_avatar_url(stated.avatar_url),
        locale=None if stated.locale is None else stated.locale.replace("_", "-"),
        time_zone=time_zone if time_zone in (None, before) or time_zones.is_time_zone(time_zone) else None,
        email=stated.email,
    )


def _identity(identity: Identity, now: Profile) -> Identity:
    """Returns the caller with the values that count; of contexts only the types if API Gateway could not carry them."""
    shown = replace(
        identity,
        name=now.name,
        role=now.role,
        contexts=now.contexts,
        revision=now.revision,
        held_types=tuple(now.held),
        avatar_url=now.avatar_url,
        profile_seq=now.profile_seq,
    )
    if not shown.is_too_large:
        return shown
    types = dict.fromkeys((*now.held, *(name for name, ids in now.contexts.items() if ids)))
    return replace(shown, contexts={}, held_types=tuple(types))
