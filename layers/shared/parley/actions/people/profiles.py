"""Profiles as others may see them: set by the host's own server, read by users who may."""

from collections.abc import Mapping

from msgspec import UNSET

from parley.actions.roles import SERVICE
from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.erasure import erasures
from parley.adapters.people import blocks, erased_people, moderators, policies, profiles
from parley.domain.api import ids
from parley.domain.api.errors import Conflict, Field, Forbidden, Invalid, NotFound, Unavailable
from parley.domain.api.identity import (
    DEFAULT_ROLE,
    MAX_CONTEXT_BYTES,
    MAX_CONTEXT_IDS,
    Identity,
    is_reserved,
    is_user_id,
)
from parley.domain.api.request import Request
from parley.domain.api.requests import PutUser
from parley.domain.api.types import Person
from parley.domain.people import profile
from parley.domain.people.policy import NO_CONTEXT, Party
from parley.domain.people.profile import Profile, Statement


def require_service(request: Request, what: str, route: str) -> None:
    """Raises Forbidden for every caller but the host's own server; `what` and `route` name the operation."""
    if request.caller.role != SERVICE:
        raise Forbidden("service_only", f"Only the host's own server may {what}.", rule=f"role {SERVICE} → {route}")


def put_user(request: Request, user_id: str, wanted: PutUser) -> tuple[Person, bool]:
    """Stores what the host's own server states of a person; returns the person, and whether they are new.

    It replaces what the host stated before, and is later than every token that was seen so far. An erased person can
    sign in again after it. Three round trips; raises Forbidden unless the caller's role is `service`.
    """
    require_service(request, "set a person's profile", "PUT /users")
    if check_user_id(user_id) == request.user_id:
        raise Invalid.field("{user_id}", "not_allowed", "The id of a program cannot also be a person's.")
    said, rules = _said(request, user_id, wanted), profiles.rules()
    _let_in_again(user_id)
    for _ in conditions.tries():
        known = profiles.get_profile(user_id)
        now = profile.with_host(known, user_id, said, rules, request.now_ms)
        if now == known or profiles.put(now, known, request.now_s):
            return whole_profile(now), known is None
    raise Unavailable("store_busy", "Other requests keep writing this profile; try again.", retry_after_ms=1000)


def _let_in_again(user_id: str) -> None:
    """Forgets that a person was erased, so that they can have a profile again; Conflict while the erasure runs."""
    job = erasures.begun_for(user_id)
    if job is None:
        return
    if not job.is_over:
        detail = "This person is being erased; give them a new profile when that is over."
        raise Conflict("erasure_running", detail, rule="an erasure ends before a new profile begins")
    erased_people.forget(user_id)


def get_user(request: Request, user_id: str) -> Person:
    """Returns the profile of a user whom the caller may write to, or already talks with; one round trip.

    It goes by the caller's own profile, so that what the host has just put counts.

    Raises NotFound for all others, whether they exist or not, and for a user who has blocked the caller and has never
    talked with them. The host's own server and moderators may read every profile.
    """
    if is_reserved(user_id):  # an answer may have shown it, but it belongs to no user any more
        raise unknown_user()
    general_id = ids.direct_conversation_id(request.user_id, check_user_id(user_id), NO_CONTEXT, "")
    rows = batches.read_rows(
        {
            tables.User: [(user_id,), *own_key(request)],
            tables.Conversation: [(general_id,)],
            tables.Block: [blocks.key(request.user_id, user_id)],
        }
    )
    person = profiles.profile_of(rows, user_id)
    if person is None:
        raise unknown_user()
    caller = caller_of(request, rows)
    if sees_everybody(caller) or user_id == request.user_id:
        return whole_profile(person)
    have_talked = rows.get(tables.Conversation, general_id) is not None
    may_open = policies.current().may_open_anything(caller, party_of(person))
    if not have_talked and (not may_open or blocks.of(rows, request.user_id, user_id).of_me):
        raise unknown_user()
    return shared_profile(person, caller.contexts)


def unknown_user() -> NotFound:
    """Returns the refusal for a user who does not exist, or whom the caller may not know: both look the same."""
    return NotFound("unknown_user", "There is no such user.")


def check_user_id(user_id: str) -> str:
    """Returns a part of the path if a caller may use it as a person's id; raises Invalid if not."""
    if not is_user_id(user_id):
        raise Invalid.field("{user_id}", "bad_format", "That is not the id of a user.")
    return user_id


def sees_everybody(caller: Party) -> bool:
    """Says whether the caller may know every profile: the host's own server, and moderators."""
    return caller.role == SERVICE or moderators.is_moderator(caller.role)


def own_key(request: Request) -> list[batches.Key]:
    """Returns the key of the caller's own profile, which `caller_of` needs; a program has none."""
    return [] if request.caller.role == SERVICE else [(request.user_id,)]


def caller_of(request: Request, rows: batches.Rows) -> Party:
    """Returns the caller as a policy sees them: by their own profile, so that what the host has put counts at once.

    `rows` holds the profile under `own_key`. A program goes by its token, as does a person who is being erased.
    """
    own = profiles.profile_of(rows, request.user_id) if own_key(request) else None
    return party_of(own) if own is not None else signed_in_as(request)


def own_profile(request: Request) -> Profile:
    """Returns the caller's own profile; of a program what its token says. One round trip."""
    own = profiles.some([request.user_id] if own_key(request) else []).get(request.user_id)
    caller = request.caller
    return own or Profile(user_id=caller.user_id, name=caller.name, role=caller.role, contexts=caller.contexts)


def signed_in_as(request: Request) -> Party:
    """Returns the caller as they were known at sign-in."""
    return Party(request.user_id, request.caller.role, request.caller.contexts)


def party_of(person: Profile) -> Party:
    """Returns a user as a policy sees them."""
    return Party(person.user_id, person.role, person.contexts)


def _said(request: Request, user_id: str, wanted: PutUser) -> Statement:
    """Returns the host's statement; raises Invalid if no token could carry it."""
    if wanted.role == SERVICE:
        raise Invalid.field("/role", "not_allowed", f"`{SERVICE}` is the role of programs, which have no profile.")
    contexts = {context_type: tuple(dict.fromkeys(held)) for context_type, held in (wanted.contexts or {}).items()}
    if sum(len(held) for held in contexts.values()) > MAX_CONTEXT_IDS:
        detail = f"A person has at most {MAX_CONTEXT_IDS} contexts."
        raise Invalid.field("/contexts", "too_many_items", detail, MAX_CONTEXT_IDS)
    identity = Identity(
        user_id=user_id,
        name=wanted.name or user_id,
        role=wanted.role or DEFAULT_ROLE,
        contexts=contexts,
        expires_at_s=request.now_s,
    )
    if identity.is_too_large:
        field = Field("/contexts", "too_long", MAX_CONTEXT_BYTES)
        raise Invalid("invalid_request", "No token of this person could carry so much.", fields=(field,))
    return Statement(
        name=wanted.name, role=wanted.role or None, contexts=contexts if wanted.contexts is not UNSET else None
    )


def whole_profile(person: Profile) -> Person:
    """Returns a profile as the host, moderators and the person themselves may see it."""
    return _person(person, person.contexts)


def shared_profile(person: Profile, mine: Mapping[str, tuple[str, ...]]) -> Person:
    """Returns a profile as others may see it: only with the contexts that both hold."""
    common = {
        context_type: tuple(context_id for context_id in held if context_id in mine.get(context_type, ()))
        for context_type, held in person.contexts.items()
    }
    return _person(person, {context_type: held for context_type, held in common.items() if held})


def _person(person: Profile, contexts: Mapping[str, tuple[str, ...]]) -> Person:
    return Person(
        id=person.user_id,
        name=person.name,
        role=person.role,
        contexts={context_type: list(held) for context_type, held in contexts.items()},
    )
