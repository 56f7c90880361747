"""Profiles as others may see them: set by the host's own server, read by users who may."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NoReturn

from msgspec import UNSET, Raw, Struct, UnsetType

from parley.actions.people.bulk_items import result_of
from parley.actions.roles import SERVICE
from parley.adapters.conversations import conversations
from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.erasure import erasures
from parley.adapters.people import blocks, erased_people, moderators, policies, profiles, senders
from parley.adapters.threads import Threads
from parley.domain.api import damaged_json, ids, time_zones
from parley.domain.api.bodies import decode, decode_metadata
from parley.domain.api.bulk import ItemResult
from parley.domain.api.errors import (
    Conflict,
    Field,
    Forbidden,
    Invalid,
    NotFound,
    Refusal,
    Unavailable,
)
from parley.domain.api.identity import (
    DEFAULT_ROLE,
    MAX_CONTEXT_BYTES,
    MAX_CONTEXT_IDS,
    MAX_METADATA_BYTES,
    SYSTEM_ROLE,
    Identity,
    is_reserved,
    is_user_id,
)
from parley.domain.api.request import Request
from parley.domain.api.requests import ListedUser, PutUser, PutUsers
from parley.domain.api.types import Person
from parley.domain.people import profile
from parley.domain.people.policy import NO_CONTEXT, Party, SystemSender
from parley.domain.people.profile import Contexts, Profile, Statement

MAX_PUTS_AT_ONCE = 8

_puts = Threads(max_workers=MAX_PUTS_AT_ONCE, thread_name_prefix="put-users")
_Item = tuple[str | None, Callable[[], int]]  # of a bulk request: the id, and what does it (`bulk_items.py`)


def require_service(request: Request, what: str, route: str) -> None:
    """Raises Forbidden for every caller but the host's own server; `what` and `route` name the operation."""
    if request.caller.role != SERVICE:
        raise Forbidden("service_only", f"Only the host's own server may {what}.", rule=f"role {SERVICE} → {route}")


class PutUsersAnswer(Struct, frozen=True, kw_only=True):
    """The results of PUT /users, in the order of the request."""

    results: list[ItemResult]


def put_user(request: Request, user_id: str, wanted: PutUser) -> tuple[Person, bool]:
    """Stores what the host's own server states of a person; returns the person, and whether they are new.

    It replaces what the host stated before, and is later than every token that was seen so far. An erased person can
    sign in again after it. Three round trips; raises Forbidden unless the caller's role is `service`.
    """
    require_service(request, "set a person's profile", "PUT /users")
    check_not_own_id(request, user_id)
    return _put(request, user_id, _said(request, user_id, wanted, ""))


def put_users(request: Request, wanted: PutUsers) -> PutUsersAnswer:
    """Stores what the host's own server states of many people, `MAX_PUTS_AT_ONCE` at a time, each by themselves.

    Raises Forbidden unless the caller's role is `service`. A repeated person is refused: nothing says which counts.
    """
    require_service(request, "set people's profiles", "PUT /users")
    seen: set[str] = set()
    items: list[_Item] = []
    for number, raw in enumerate(wanted.users):
        user_id, act = _listed(request, bytes(raw), f"/users/{number}")
        if user_id in seen:
            repeated = Invalid.field(f"/users/{number}/id", "repeated", "This person is in the request twice.")
            act = partial(_refuse, repeated)
        seen |= {user_id} if user_id is not None else set()
        items.append((user_id, act))
    return PutUsersAnswer(results=list(_puts.map(lambda item: result_of(*item), items)))


def _listed(request: Request, raw: bytes, pointer: str) -> _Item:
    """Returns the id of one person of many, if it can be read, and what stores or refuses the host's statement."""
    try:
        listed = decode(raw, ListedUser, pointer)
        if listed.id == request.user_id:
            raise no_person(f"{pointer}/id")
        return listed.id, partial(_put_listed, request, listed.id, _said(request, listed.id, listed, pointer))
    except Refusal as refusal:
        return damaged_json.text_member(raw.decode(), "id"), partial(_refuse, refusal)


def _put_listed(request: Request, user_id: str, said: Statement) -> int:
    _, is_new = _put(request, user_id, said)
    return 201 if is_new else 200


def _refuse(refusal: Refusal) -> NoReturn:
    raise refusal


def check_not_own_id(request: Request, user_id: str) -> str:
    """Returns the id in the path of a request of the host's; raises Invalid if it is the program's own."""
    if check_user_id(user_id) == request.user_id:
        raise no_person("{user_id}")
    return user_id


def no_person(pointer: str) -> Invalid:
    """Returns the refusal of a program's own id where a person's is wanted."""
    return Invalid.field(pointer, "not_allowed", "The id of a program cannot also be a person's.")


def _put(request: Request, user_id: str, said: Statement) -> tuple[Person, bool]:
    rules = profiles.rules()
    _let_in_again(user_id)
    for _ in conditions.tries():
        known = profiles.get_profile(user_id)
        now = profile.with_host(known, user_id, said, rules, request.now_ms)
        if now == known or profiles.put_profile(now, known, request.now_s):
            return view_person(now, signed_in_as(request)), known is None
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
    if (sender := senders.system_sender(user_id)) is not None:
        return _view_sender(sender)
    if is_reserved(user_id):  # an answer may have shown it, but it belongs to no user any more
        raise unknown_user()
    found = get_users(request, [check_user_id(user_id)])
    if not found:
        raise unknown_user()
    return found[0]


def get_users(request: Request, user_ids: Sequence[str]) -> list[Person]:
    """Returns the profiles that `get_user` would return; one round trip, up to 3 read units a person.

    The system senders among them come first.
    """
    system = [sender for user_id in dict.fromkeys(user_ids) if (sender := senders.system_sender(user_id)) is not None]
    wanted = [user_id for user_id in dict.fromkeys(user_ids) if is_user_id(user_id)]
    keys: dict[type[tables.Table], list[batches.Key]] = {
        tables.User: [*((user_id,) for user_id in wanted), *own_key(request)],
        tables.Conversation: [(_general_id(request, user_id),) for user_id in wanted],
        tables.Block: [blocks.key(request.user_id, user_id) for user_id in wanted],
    }
    rows = batches.read_rows(keys)
    caller = caller_of(request, rows)
    people = (profiles.profile_of(rows, user_id) for user_id in wanted)
    known = [
        view_person(person, caller)
        for person in people
        if person is not None and _may_know(request, caller, person, rows)
    ]
    return [*map(_view_sender, system), *known]


def _view_sender(sender: SystemSender) -> Person:
    """Returns a system sender as everybody may see it; it has no profile."""
    return Person(
        id=sender.user_id,
        name=sender.name,
        role=SYSTEM_ROLE,
        contexts={},
        profile_seq=0,
        avatar_url=sender.avatar_url,
    )


def _may_know(request: Request, caller: Party, person: Profile, rows: batches.Rows) -> bool:
    if sees_everybody(caller) or person.user_id == caller.user_id:
        return True
    if conversations.head_of(rows, _general_id(request, person.user_id)) is not None:
        return True
    may_open = policies.current().may_open_anything(caller, party_of(person))
    return may_open and not blocks.of(rows, caller.user_id, person.user_id).of_me


def _general_id(request: Request, user_id: str) -> str:
    return ids.direct_conversation_id(request.user_id, user_id, NO_CONTEXT, "")


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
    own = profiles.profile_of(batches.read_rows({tables.User: own_key(request)}), request.user_id)
    caller = request.caller
    return own or Profile(user_id=caller.user_id, name=caller.name, role=caller.role, contexts=caller.contexts)


def signed_in_as(request: Request) -> Party:
    """Returns the caller as they were known at sign-in: of the contexts that rows give them, only the types."""
    caller = request.caller
    return Party(caller.user_id, caller.role, caller.contexts, dict.fromkeys(caller.held_types, b""))


def party_of(person: Profile) -> Party:
    """Returns a user as a policy sees them."""
    return Party(person.user_id, person.role, person.contexts, person.held)


def _said(request: Request, user_id: str, wanted: PutUser, pointer: str) -> Statement:
    """Returns the host's statement; raises Invalid if no token could carry it."""
    contexts, metadata, private_metadata, *_ = all_of(
        lambda: _contexts(request, user_id, wanted, pointer),
        lambda: read_metadata(wanted.metadata, f"{pointer}/metadata"),
        lambda: read_metadata(wanted.private_metadata, f"{pointer}/private_metadata"),
        lambda: _check_role(wanted.role, pointer),
        lambda: check_time_zone(wanted.time_zone, pointer),
    )
    return Statement(
        name=wanted.name,
        role=wanted.role or None,
        contexts=contexts,
        avatar_url=wanted.avatar_url,
        locale=wanted.locale,
        time_zone=wanted.time_zone,
        email=wanted.email,
        metadata=metadata,
        private_metadata=private_metadata,
    )


def all_of(*checks: Callable[[], Any]) -> list[Any]:
    """Returns the results of these checks; raises one Invalid with the fields of all that raise it."""
    found: list[Any] = []
    refusals: list[Invalid] = []
    for check in checks:
        try:
            found.append(check())
        except Invalid as refusal:
            refusals.append(refusal)
    if refusals:
        first = refusals[0]
        raise Invalid(first.code, first.detail, fields=tuple(field for each in refusals for field in each.fields))
    return found


def _check_role(role: str | UnsetType, pointer: str) -> None:
    if role == SERVICE:
        detail = f"`{SERVICE}` is the role of programs, which have no profile."
        raise Invalid.field(f"{pointer}/role", "not_allowed", detail)
    if role == SYSTEM_ROLE:
        detail = f"`{SYSTEM_ROLE}` is the role of system senders, which are no people."
        raise Invalid.field(f"{pointer}/role", "not_allowed", detail)


def _contexts(request: Request, user_id: str, wanted: PutUser, pointer: str) -> Contexts | None:
    """Returns the contexts of the host's statement; None if it is silent on them."""
    if wanted.contexts is UNSET:
        return None
    contexts = {context_type: tuple(dict.fromkeys(held)) for context_type, held in wanted.contexts.items()}
    if sum(len(held) for held in contexts.values()) > MAX_CONTEXT_IDS:
        detail = f"A person has at most {MAX_CONTEXT_IDS} contexts."
        raise Invalid.field(f"{pointer}/contexts", "too_many_items", detail, MAX_CONTEXT_IDS)
    identity = Identity(
        user_id=user_id,
        name=wanted.name or user_id,
        role=wanted.role or DEFAULT_ROLE,
        contexts=contexts,
        expires_at_s=request.now_s,
    )
    if identity.is_too_large:
        field = Field(f"{pointer}/contexts", "too_long", MAX_CONTEXT_BYTES)
        raise Invalid("invalid_request", "No token of this person could carry so much.", fields=(field,))
    return contexts


def check_time_zone(name: str | None | UnsetType, pointer: str) -> None:
    """Raises Invalid for a name that IANA's database does not have."""
    if name and not time_zones.is_time_zone(name):
        raise Invalid.field(f"{pointer}/time_zone", "not_allowed", "There is no time zone of this name.")


def read_metadata(raw: Raw | UnsetType, pointer: str) -> str | None:
    """Returns the text of a JSON object, None if it was left out or null; raises Invalid."""
    return None if raw is UNSET else decode_metadata(bytes(raw), pointer, MAX_METADATA_BYTES)


def view_person(person: Profile, caller: Party) -> Person:
    """Returns a profile as the caller may see it: only the host sees all of it.

    Others see the contexts that they share. Moderators see everything but the e-mail address.
    """
    is_own, is_host = person.user_id == caller.user_id, caller.role == SERVICE
    sees_all = is_own or sees_everybody(caller)
    contexts = person.contexts if sees_all else _shared(person, caller)
    return Person(
        id=person.user_id,
        name=person.name,
        role=person.role,
        contexts={context_type: list(ids) for context_type, ids in contexts.items()},
        profile_seq=person.profile_seq,
        avatar_url=person.avatar_url,
        metadata=as_json(person.metadata),
        locale=person.locale if sees_all else None,
        time_zone=person.time_zone if sees_all else None,
        email=person.email if is_own or is_host else None,
        private_metadata=as_json(person.private_metadata) if is_host else None,
    )


def as_json(text: str | None) -> Raw | None:
    """Returns a stored JSON object as an answer carries it."""
    return None if text is None else Raw(text)


def _shared(person: Profile, caller: Party) -> Contexts:
    """Returns the contexts that both belong to, if a token or a `PUT` of either names them: a digest names nothing."""
    other = party_of(person)
    types = dict.fromkeys((*person.contexts, *caller.contexts))
    common = {context_type: tuple(other.named_in_common(caller, context_type)) for context_type in types}
    return {context_type: ids for context_type, ids in common.items() if ids}
