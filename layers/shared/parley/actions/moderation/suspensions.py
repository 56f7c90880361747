"""Suspending people: for a time, from writing or from everything (`domain/api/suspension.py`)."""

from msgspec import Struct
from msgspec.structs import asdict, replace

from parley.actions import access, named, push
from parley.actions.live import presence
from parley.actions.moderation import ranks, reports
from parley.actions.parallel import in_parallel
from parley.actions.people.profiles import check_user_id
from parley.adapters.dynamodb import conditions, retrying
from parley.adapters.people import account_states, profiles, suspensions
from parley.adapters.people.suspensions import Held
from parley.domain.api import cursors
from parley.domain.api.errors import NotFound
from parley.domain.api.request import Request
from parley.domain.api.requests import Page, SuspendUser
from parley.domain.api.suspension import Suspension, own_suspension
from parley.domain.api.times import rfc3339
from parley.domain.api.types import NamedUser
from parley.domain.conversations.events import Suspended, SuspensionLifted
from parley.domain.moderation.audit import new_entry, of_try
from parley.domain.moderation.suspensions import (
    SuspensionAnswer,
    SuspensionDetails,
    SuspensionPosition,
    in_words,
    is_same,
    new_suspension,
    position_of,
    suspension_details,
)
from parley.domain.people.profile import Profile


class LiftedSuspension(Struct, frozen=True, kw_only=True):
    """A person who is not suspended, or no longer."""

    user_id: str
    users: dict[str, NamedUser]


class SuspensionList(Struct, frozen=True, kw_only=True):
    """A page of the suspensions that hold; the first to end comes first."""

    suspensions: list[SuspensionDetails]
    next: str | None
    users: dict[str, NamedUser]


def suspend_user(request: Request, user_id: str, wanted: SuspendUser) -> SuspensionAnswer:
    """Suspends a person, in place of an earlier suspension, and decides a report in the same transaction.

    Raises NotFound for a person or a report that does not exist, Forbidden for a person of the caller's rank or above,
    Conflict for a report that is decided otherwise. Two round trips, one for the event, and for `all` those of closing
    the person's sockets. The order matters: a device that connects meanwhile finds the suspension.
    """
    access.require_moderator(request, or_service=True)
    new = new_suspension(request, wanted)
    suspension, person = _suspended(request, check_user_id(user_id), new, wanted.resolution)
    what = ("suspension", user_id, suspension.suspended_at_ms)
    if push.is_news(request, what, suspension.suspended_at_ms):
        _tell_suspended(request, user_id, suspension)
        push.remember(what)
    return _answer(request, user_id, suspension, named.of_profile(person))


def _answer(
    request: Request, user_id: str, suspension: Suspension, known: named.Known | None = None
) -> SuspensionAnswer:
    """Returns the answer with a suspension; one round trip for people who are not `known`, or none."""
    users = named.users(request, [user_id, suspension.suspended_by], known)
    return SuspensionAnswer(**asdict(suspension_details(user_id, suspension)), users=users)


def _tell_suspended(request: Request, user_id: str, suspension: Suspension) -> None:
    own = own_suspension(suspension)
    event = Suspended(until=own.until, reason=own.reason, scope=own.scope)
    if suspension.scope == "all":
        push.tell_once(request, [user_id], event)
        presence.close(request, user_id)
    else:
        push.tell(request, [user_id], event)


def _suspended(request: Request, user_id: str, new: Suspension, resolution: str | None) -> tuple[Suspension, Profile]:
    """Returns the suspension that is in force then, the new one or the same of an earlier try, and the person."""
    for number in conditions.tries():
        (known, profile), report = in_parallel(
            lambda: _read(user_id), lambda: reports.read_decidable(request, new.report_id)
        )
        reports.check_about(report, "/report_id", sender_id=user_id)
        person = ranks.check_known(request, user_id, profile)
        decided = None if report is None else reports.decision(request, report, resolution)
        held = _held(request, known)
        if held is not None and is_same(held, new) and decided is None:
            if report is not None:
                reports.tell_reporter(request, report)
            return held, person
        details = {"before": in_words(held), "after": in_words(new)}
        details |= {"report_id": new.report_id} if new.report_id is not None else {}
        entry = new_entry(account_states.as_put(request), "suspend_user", user_id, **details)
        if suspensions.save(person, known, new, of_try(entry, number), decided):
            if decided is not None:
                reports.tell_reporter(request, decided[1])
            return new, person
    raise retrying.busy()


def lift_suspension(request: Request, user_id: str) -> LiftedSuspension:
    """Ends a suspension before its time; does nothing if none holds. Two round trips, and one for the event.

    Raises NotFound for a person who does not exist, Forbidden for a person of the caller's rank or above.
    """
    access.require_moderator(request, or_service=True)
    check_user_id(user_id)
    for number in conditions.tries():
        known, profile = _read(user_id)
        person = ranks.check_known(request, user_id, profile)
        held = _held(request, known)
        if held is None:
            _tell_lifted(request, user_id, known.suspension)
            return _lifted(request, person)
        lifted = replace(held, lifted_at_ms=request.now_ms, reason="", suspended_by="")  # only its end is needed now
        entry = new_entry(account_states.as_put(request), "lift_suspension", user_id, before=in_words(held))
        if suspensions.save(person, known, lifted, of_try(entry, number)):
            _tell_lifted(request, user_id, lifted)
            return _lifted(request, person)
    raise retrying.busy()


def _lifted(request: Request, person: Profile) -> LiftedSuspension:
    users = named.users(request, [person.user_id], named.of_profile(person))
    return LiftedSuspension(user_id=person.user_id, users=users)


def _tell_lifted(request: Request, user_id: str, suspension: Suspension | None) -> None:
    """Tells a person's devices that their suspension was lifted, unless that is done or long past."""
    if suspension is None or suspension.lifted_at_ms is None:
        return
    what = ("suspension_lifted", user_id, suspension.lifted_at_ms)
    if push.is_news(request, what, suspension.lifted_at_ms):
        push.tell(request, [user_id], SuspensionLifted(at=rfc3339(suspension.lifted_at_ms)))
        push.remember(what)


def get_suspension(request: Request, user_id: str) -> SuspensionAnswer:
    """Returns the suspension of a person; raises NotFound if none holds. Two round trips."""
    access.require_moderator(request, or_service=True)
    held = _held(request, suspensions.get_suspension(check_user_id(user_id)))
    if held is None:
        raise NotFound("suspension_not_found", "This person is not suspended.")
    return _answer(request, user_id, held)


def list_suspensions(request: Request, query: Page) -> SuspensionList:
    """Returns a page of the suspensions that hold; two round trips."""
    access.require_moderator(request, or_service=True)
    after = cursors.decode(query.cursor, SuspensionPosition)
    found = suspensions.list_suspensions(query.limit + 1, request.now_ms, after)
    shown = found[: query.limit]
    last = None
    if len(found) > len(shown):
        last = cursors.encode(position_of(shown[-1].user_id, shown[-1].suspension))
    details = [suspension_details(each.user_id, each.suspension) for each in shown]
    people = (*(each.user_id for each in details), *(each.suspended_by for each in details))
    return SuspensionList(suspensions=details, next=last, users=named.users(request, people))


def _read(user_id: str) -> tuple[Held, Profile | None]:
    return in_parallel(lambda: suspensions.get_suspension(user_id), lambda: profiles.get_profile(user_id))


def _held(request: Request, known: Held) -> Suspension | None:
    """Returns the suspension that holds now."""
    return known.suspension if known.suspension is not None and known.suspension.holds(request.now_ms) else None
