"""Suspending people: for a time, from writing or from everything (`domain/api/suspension.py`)."""

from msgspec import Struct
from msgspec.structs import replace

from parley.actions import access, push
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
from parley.domain.conversations.events import Suspended, SuspensionLifted
from parley.domain.moderation.audit import new_entry
from parley.domain.moderation.suspensions import (
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


class SuspensionList(Struct, frozen=True, kw_only=True):
    """A page of the suspensions that hold; the first to end comes first."""

    suspensions: list[SuspensionDetails]
    next: str | None


def suspend_user(request: Request, user_id: str, wanted: SuspendUser) -> SuspensionDetails:
    """Suspends a person, in place of an earlier suspension, and decides a report in the same transaction.

    Raises NotFound for a person or a report that does not exist, Forbidden for a person of the caller's rank or above,
    Conflict for a report that is decided otherwise. Two round trips, one for the event, and for `all` those of closing
    the person's sockets. The order matters: a device that connects meanwhile finds the suspension.
    """
    access.require_moderator(request, or_service=True)
    new = new_suspension(request, wanted)
    suspension = _suspended(request, check_user_id(user_id), new, wanted.resolution)
    what = ("suspension", user_id, suspension.suspended_at_ms)
    if push.is_news(request, what, suspension.suspended_at_ms):
        _tell_suspended(request, user_id, suspension)
        push.remember(what)
    return suspension_details(user_id, suspension)


def _tell_suspended(request: Request, user_id: str, suspension: Suspension) -> None:
    own = own_suspension(suspension)
    event = Suspended(until=own.until, reason=own.reason, scope=own.scope)
    if suspension.scope == "all":
        push.tell_once(request, [user_id], event)
        presence.close(request, user_id)
    else:
        push.tell(request, [user_id], event)


def _suspended(request: Request, user_id: str, new: Suspension, resolution: str | None) -> Suspension:
    """Returns the suspension that is in force then: the new one, or the same of an earlier try."""
    for _ in conditions.tries():
        (known, profile), report = in_parallel(lambda: _read(user_id), lambda: reports.read_decidable(new.report_id))
        reports.check_about(report, "/report_id", sender_id=user_id)
        person = ranks.check_known(request, user_id, profile)
        decided = None if report is None else reports.decision(request, report, resolution)
        held = _held(request, known)
        if held is not None and is_same(held, new) and decided is None:
            if report is not None:
                reports.tell_reporter(request, report)
            return held
        details = {"before": in_words(held), "after": in_words(new)}
        details |= {"report_id": new.report_id} if new.report_id is not None else {}
        entry = new_entry(account_states.as_put(request), "suspend_user", user_id, **details)
        if suspensions.save(person, known, new, entry, decided):
            if decided is not None:
                reports.tell_reporter(request, decided[1])
            return new
    raise retrying.busy()


def lift_suspension(request: Request, user_id: str) -> LiftedSuspension:
    """Ends a suspension before its time; does nothing if none holds. Two round trips, and one for the event.

    Raises NotFound for a person who does not exist, Forbidden for a person of the caller's rank or above.
    """
    access.require_moderator(request, or_service=True)
    check_user_id(user_id)
    for _ in conditions.tries():
        known, profile = _read(user_id)
        person = ranks.check_known(request, user_id, profile)
        held = _held(request, known)
        if held is None:
            _tell_lifted(request, user_id, known.suspension)
            return LiftedSuspension(user_id=user_id)
        lifted = replace(held, lifted_at_ms=request.now_ms, reason="", suspended_by="")  # only its end is needed now
        entry = new_entry(account_states.as_put(request), "lift_suspension", user_id, before=in_words(held))
        if suspensions.save(person, known, lifted, entry):
            _tell_lifted(request, user_id, lifted)
            return LiftedSuspension(user_id=user_id)
    raise retrying.busy()


def _tell_lifted(request: Request, user_id: str, suspension: Suspension | None) -> None:
    """Tells a person's devices that their suspension was lifted, unless that is done or long past."""
    if suspension is None or suspension.lifted_at_ms is None:
        return
    what = ("suspension_lifted", user_id, suspension.lifted_at_ms)
    if push.is_news(request, what, suspension.lifted_at_ms):
        push.tell(request, [user_id], SuspensionLifted(at=rfc3339(suspension.lifted_at_ms)))
        push.remember(what)


def get_suspension(request: Request, user_id: str) -> SuspensionDetails:
    """Returns the suspension of a person; raises NotFound if none holds. One round trip."""
    access.require_moderator(request, or_service=True)
    held = _held(request, suspensions.get_suspension(check_user_id(user_id)))
    if held is None:
        raise NotFound("suspension_not_found", "This person is not suspended.")
    return suspension_details(user_id, held)


def list_suspensions(request: Request, query: Page) -> SuspensionList:
    """Returns a page of the suspensions that hold; one round trip."""
    access.require_moderator(request, or_service=True)
    after = cursors.decode(query.cursor, SuspensionPosition)
    found = suspensions.list_suspensions(query.limit + 1, request.now_ms, after)
    shown = found[: query.limit]
    last = None
    if len(found) > len(shown):
        last = cursors.encode(position_of(shown[-1].user_id, shown[-1].suspension))
    return SuspensionList(suspensions=[suspension_details(each.user_id, each.suspension) for each in shown], next=last)


def _read(user_id: str) -> tuple[Held, Profile | None]:
    return in_parallel(lambda: suspensions.get_suspension(user_id), lambda: profiles.get_profile(user_id))


def _held(request: Request, known: Held) -> Suspension | None:
    """Returns the suspension that holds now."""
    return known.suspension if known.suspension is not None and known.suspension.holds(request.now_ms) else None
