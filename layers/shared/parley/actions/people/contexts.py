"""The people of contexts, put by the host's own server: as many as neither a token nor a profile could carry."""

from msgspec import Struct

from parley.actions import access, named
from parley.actions.people import profiles
from parley.actions.people.bulk_items import result_of
from parley.actions.roles import SERVICE
from parley.adapters.dynamodb import conditions
from parley.adapters.people import context_people
from parley.adapters.threads import Threads
from parley.domain.api import cursors
from parley.domain.api.bulk import ItemResult
from parley.domain.api.errors import Invalid, Unavailable
from parley.domain.api.identity import MAX_USER_ID_CHARACTERS, is_context_id, is_context_type, is_user_id
from parley.domain.api.request import Request
from parley.domain.api.requests import (
    MAX_CONTEXT_PEOPLE,
    ContextId,
    ContextType,
    Page,
    PutContextPeople,
    UserId,
)
from parley.domain.api.types import NamedUser
from parley.domain.erasure import job
from parley.domain.people import held, profile

MAX_PUTS_AT_ONCE = 8

_puts = Threads(max_workers=MAX_PUTS_AT_ONCE, thread_name_prefix="put-context-people")


class ContextRef(Struct, frozen=True, kw_only=True):
    """A context: a class, a game block, a pattern, a booking."""

    type: str
    id: str


class ContextPerson(Struct, frozen=True, kw_only=True):
    """A person, and a context to which they belong, or no longer do."""

    user_id: str
    context: ContextRef


class PutContextPeopleAnswer(Struct, frozen=True, kw_only=True):
    """The results of PUT /contexts/{context_type}/{context_id}/people: those of `add`, then those of `remove`."""

    results: list[ItemResult]


class ContextMember(Struct, frozen=True, kw_only=True):
    """A person of a context."""

    user_id: str


class ContextPersonList(Struct, frozen=True, kw_only=True):
    """A page of the people of a context, by id."""

    people: list[ContextMember]
    next: str | None
    users: dict[str, NamedUser]


class UserContextList(Struct, frozen=True, kw_only=True):
    """A page of the contexts of a person, by type and id."""

    contexts: list[ContextRef]
    next: str | None


class PersonPosition(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """The last person of a page; the next page starts after them."""

    user_id: UserId


class ContextPosition(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """The last context of a page; the next page starts after it."""

    type: ContextType
    id: ContextId


class _Wanted(Struct, frozen=True, kw_only=True):
    """A person who is to belong to a context, or no longer; `pointer` is the place of their id in the request."""

    user_id: str
    context: ContextRef
    belongs: bool
    pointer: str = "{user_id}"


def put_context_person(
    request: Request, context_type: str, context_id: str, user_id: str
) -> tuple[ContextPerson, bool]:
    """Lets a person belong to a context; returns whether that is new.

    It counts for the person's next request. Two round trips, one for a repeat. Raises Forbidden unless the caller's
    role is `service`, NotFound for a person without a profile.
    """
    profiles.require_service(request, "say who belongs to a context", "PUT /contexts")
    context = _context(context_type, context_id)
    profiles.check_user_id(user_id)
    is_new = _write(request, _Wanted(user_id=user_id, context=context, belongs=True))
    return ContextPerson(user_id=user_id, context=context), is_new


def remove_context_person(request: Request, context_type: str, context_id: str, user_id: str) -> ContextPerson:
    """Ends that a person belongs to a context; round trips and errors as those of `put_context_person`."""
    profiles.require_service(request, "say who belongs to a context", "DELETE /contexts")
    context = _context(context_type, context_id)
    profiles.check_user_id(user_id)
    _write(request, _Wanted(user_id=user_id, context=context, belongs=False))
    return ContextPerson(user_id=user_id, context=context)


def put_context_people(
    request: Request, context_type: str, context_id: str, wanted: PutContextPeople
) -> PutContextPeopleAnswer:
    """Adds and removes people of a context, `MAX_PUTS_AT_ONCE` at a time, each by themselves.

    Raises Forbidden unless the caller's role is `service`. A repeated person is refused: nothing says which counts.
    """
    profiles.require_service(request, "say who belongs to a context", "PUT /contexts")
    context = _context(context_type, context_id)
    people = [
        _Wanted(user_id=user_id, context=context, belongs=name == "add", pointer=f"/{name}/{number}")
        for name, user_ids in (("add", wanted.add), ("remove", wanted.remove))
        for number, user_id in enumerate(user_ids)
    ]
    if not 1 <= len(people) <= MAX_CONTEXT_PEOPLE:
        code = "too_many_items" if people else "too_few_items"
        detail = f"`add` and `remove` name {MAX_CONTEXT_PEOPLE} people at most in all, and one at least."
        raise Invalid.field("/add", code, detail, MAX_CONTEXT_PEOPLE if people else 1)
    first = {person.user_id: person.pointer for person in reversed(people)}
    repeated = [person.pointer for person in people if first[person.user_id] != person.pointer]
    results = _puts.map(lambda person: _result(request, person, is_repeated=person.pointer in repeated), people)
    return PutContextPeopleAnswer(results=list(results))


def _result(request: Request, person: _Wanted, *, is_repeated: bool) -> ItemResult:
    def act() -> int:
        if is_repeated:
            raise Invalid.field(person.pointer, "repeated", "This person is in the request twice.")
        if not is_user_id(person.user_id):
            raise Invalid.field(person.pointer, "bad_format", "That is not the id of a user.")
        return 201 if _write(request, person) and person.belongs else 200

    return result_of(person.user_id if len(person.user_id) <= MAX_USER_ID_CHARACTERS else None, act)


def _write(request: Request, wanted: _Wanted) -> bool:
    """Writes that a person belongs to a context, or does not; returns whether that is new."""
    if wanted.user_id == request.user_id:
        raise profiles.no_person(wanted.pointer)
    place = (wanted.context.type, wanted.context.id)
    for _ in conditions.tries():
        known = context_people.get_standing(*place, wanted.user_id)
        if known.is_erased:
            raise job.nobody(wanted.pointer)
        if known.profile is None:
            raise profiles.unknown_user()
        change = held.with_context if wanted.belongs else held.without_context
        after = profile.with_held(known.profile, change(known.profile.held, *place), request.now_ms)
        is_new = known.belongs != wanted.belongs
        if after == known.profile and not is_new:
            return False
        try:
            context_people.write_standing(after, known.profile, *place, belongs=wanted.belongs)
        except conditions.LostRace:
            continue
        return is_new
    raise Unavailable("store_busy", "Other requests keep writing this profile; try again.", retry_after_ms=1000)


def list_context_people(request: Request, context_type: str, context_id: str, query: Page) -> ContextPersonList:
    """Returns a page of the people whom rows give a context, to the host and to moderators; two round trips.

    Without people whose context a token or PUT /users names: no index knows them.
    """
    _require_host_or_moderator(request)
    context = _context(context_type, context_id)
    position = cursors.decode(query.cursor, PersonPosition)
    after = None if position is None else position.user_id
    found = context_people.people_of(context.type, context.id, after, query.limit + 1)
    shown = found[: query.limit]
    last = PersonPosition(user_id=shown[-1]) if len(found) > len(shown) else None
    people = [ContextMember(user_id=user_id) for user_id in shown]
    users = named.users(request, shown)
    return ContextPersonList(people=people, next=cursors.encode(last) if last else None, users=users)


def list_user_contexts(request: Request, user_id: str, query: Page) -> UserContextList:
    """Returns a page of the contexts that rows give a person, to the host and to moderators; one round trip.

    Of a person who does not exist it is empty. It may be a second late.
    """
    _require_host_or_moderator(request)
    profiles.check_user_id(user_id)
    position = cursors.decode(query.cursor, ContextPosition)
    after = None if position is None else (position.type, position.id)
    found = context_people.contexts_of(user_id, after, query.limit + 1)
    shown = [ContextRef(type=context_type, id=context_id) for context_type, context_id in found[: query.limit]]
    last = ContextPosition(type=shown[-1].type, id=shown[-1].id) if len(found) > len(shown) else None
    return UserContextList(contexts=shown, next=cursors.encode(last) if last else None)


def _require_host_or_moderator(request: Request) -> None:
    if request.caller.role != SERVICE:
        access.require_moderator(request)


def _context(context_type: str, context_id: str) -> ContextRef:
    """Returns the context of a path; raises Invalid for a part that no context can have."""
    if not is_context_type(context_type):
        raise Invalid.field("{context_type}", "bad_format", "That is not the type of a context.")
    if not is_context_id(context_id):
        raise Invalid.field("{context_id}", "bad_format", "That is not the id of a context.")
    return ContextRef(type=context_type, id=context_id)
