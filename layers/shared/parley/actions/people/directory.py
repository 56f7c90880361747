"""The directory: the users whom the caller may write to, by name."""

from msgspec import Struct

from parley.actions.people.profiles import (
    caller_of,
    get_users,
    own_key,
    party_of,
    sees_everybody,
    signed_in_as,
    view_person,
)
from parley.adapters.dynamodb import batches, tables
from parley.adapters.dynamodb.batches import Rows
from parley.adapters.people import blocks, directory, policies, profiles
from parley.domain.api import cursors, sealed_cursors
from parley.domain.api.errors import Invalid
from parley.domain.api.request import Request
from parley.domain.api.requests import ListUsers, user_ids_of
from parley.domain.api.types import Person
from parley.domain.people.directory import MAX_EXAMINED, Entry, Range, found_by
from parley.domain.people.policy import ANYBODY, Party, Reach
from parley.domain.people.profile import Profile
from parley.domain.text.folding import prefix_key


class UserList(Struct, frozen=True, kw_only=True):
    """A page of the directory, by name. It may be shorter than requested; only `next` says whether there is more."""

    users: list[Person]
    next: str | None


def list_users(request: Request, query: ListUsers) -> UserList:
    """Returns a page of the users with whom the caller may open a conversation, by name; two round trips.

    With `q` those of whom a word of the name begins with it, by the name from that word on.

    Without users who have blocked the caller, or whom the caller has blocked.

    If the policy needs a context that both hold, a page examines the next `MAX_EXAMINED` people of the allowed roles.
    The host's own server and moderators see everybody. With `ids`, it returns those of these people whom the caller
    may know (`profiles.get_user`), in one round trip.
    """
    if query.ids is not None:
        return UserList(users=_named(request, query, query.ids), next=None)
    page = _read(request, query, signed_in_as(request))
    if _reach(page.caller) != page.reach:  # the host has put the caller since they signed in: two more round trips
        page = _read(request, query, page.caller)
    shown = [(entry, profile) for entry, profile in page.found if _is_shown(page.caller, query, profile)]
    users = [view_person(profile, page.caller) for _, profile in shown[: query.limit]]
    return UserList(users=users, next=_next(query, shown, page))


def _named(request: Request, query: ListUsers, user_ids: str) -> list[Person]:
    others = [name for name in ("role", "q", "cursor") if getattr(query, name) is not None]
    if others:
        raise Invalid.field(
            f"?{others[0]}", "contradiction", f"`ids` names the people; `{others[0]}` looks for others."
        )
    return get_users(request, user_ids_of(user_ids))


class _Page(Struct, frozen=True, kw_only=True):
    """The next entries of the directory within a reach, with one more than `examined`, and the caller as they are."""

    reach: Reach
    examined: int
    entries: list[Entry]
    found: list[tuple[Entry, Profile]]
    caller: Party


def _reach(caller: Party) -> Reach:
    return ANYBODY if sees_everybody(caller) else policies.current().reach_of(caller)


def _read(request: Request, query: ListUsers, caller: Party) -> _Page:
    """Reads a page for the caller as they were known; two round trips."""
    reach = _reach(caller)
    # One more than is shown, because the caller is in the directory too.
    examined = min(query.limit + 1, MAX_EXAMINED) if reach.is_free(query.role) else MAX_EXAMINED
    entries = _entries(reach, query, examined + 1)
    rows = _rows(request, entries[:examined])
    return _Page(
        reach=reach,
        examined=examined,
        entries=entries,
        found=_found(request, entries[:examined], rows, _prefix(query.q)),
        caller=caller_of(request, rows),
    )


def _entries(reach: Reach, query: ListUsers, limit: int) -> list[Entry]:
    """Returns the next people of the roles that the caller may talk to."""
    within, words = Range.behind(_position(query.cursor), _prefix(query.q)), query.q is not None
    if query.role is None and reach.is_everyone:
        return directory.of_all(within, limit, words=words)
    return directory.of_roles(reach.roles(query.role), within, limit, words=words)


def _rows(request: Request, entries: list[Entry]) -> Rows:
    """Returns the rows of people and of their blocks with the caller, and the caller's own; one round trip."""
    people_keys = [*((entry.user_id,) for entry in entries), *own_key(request)]
    block_keys = [blocks.key(request.user_id, entry.user_id) for entry in entries]
    return batches.read_rows({tables.User: people_keys, tables.Block: block_keys}, stale=(tables.User,))


def _found(request: Request, entries: list[Entry], rows: Rows, prefix: str) -> list[tuple[Entry, Profile]]:
    """Returns the entries with the people's profiles, without people who have a block with the caller.

    An index may be late: a person who has another name by now belongs elsewhere in it, and is left out. A person of
    whom several words begin with `prefix` is there once.
    """
    found = profiles.readable(rows, [entry.user_id for entry in entries])
    known = ((entry, found.get(entry.user_id)) for entry in entries)
    return [
        (entry, profile)
        for entry, profile in known
        if profile is not None
        and found_by(profile.name, profile.user_id, prefix) == entry.name_key
        and not blocks.of(rows, request.user_id, profile.user_id).is_on
    ]


def _is_shown(caller: Party, query: ListUsers, profile: Profile) -> bool:
    if profile.user_id == caller.user_id or query.role not in (None, profile.role):
        return False
    return sees_everybody(caller) or policies.current().may_open_anything(caller, party_of(profile))


def _next(query: ListUsers, shown: list[tuple[Entry, Profile]], page: _Page) -> str | None:
    """Returns the cursor of the next page, or None at the end; it may name a person who was not shown."""
    if len(shown) > query.limit:
        return sealed_cursors.seal(shown[query.limit - 1][0].name_key, directory.sealing_key())
    if len(page.entries) > page.examined:
        return sealed_cursors.seal(page.entries[page.examined - 1].name_key, directory.sealing_key())
    return None


def _position(cursor: str | None) -> str | None:
    """Returns the key after which a page starts; raises Invalid for a cursor that Parley did not make."""
    if cursor is None:
        return None
    try:
        return sealed_cursors.unseal(cursor, directory.sealing_key())
    except ValueError as error:
        raise cursors.unknown() from error


def _prefix(text: str | None) -> str:
    """Returns the common prefix of the keys of names that begin with `text`; raises Invalid if it is empty."""
    prefix = prefix_key(text or "")
    if text is not None and not prefix:
        raise Invalid.field("?q", "blank", "`q` must not be blank.")
    return prefix
