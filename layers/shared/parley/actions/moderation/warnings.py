"""Warning people: a moderator's words to one person, who finds them in `GET /me`."""

import secrets

from msgspec import Struct
from msgspec.structs import asdict

from parley.actions import access, named, push
from parley.actions.moderation import ranks, reports
from parley.actions.parallel import in_parallel
from parley.adapters.dynamodb import conditions, retrying
from parley.adapters.people import account_states, profiles, warnings
from parley.domain.api.request import Request
from parley.domain.api.requests import ListWarnings, WarnUser
from parley.domain.api.types import NamedUser
from parley.domain.api.warning import StoredWarning, own_warning
from parley.domain.conversations.events import Warned
from parley.domain.moderation.audit import new_entry
from parley.domain.moderation.warnings import WarningAnswer, WarningDetails, given_before, new_warning, warning_details
from parley.domain.people.profile import Profile


class WarningList(Struct, frozen=True, kw_only=True):
    """The newest ten warnings that a person was given, the newest first."""

    warnings: list[WarningDetails]
    users: dict[str, NamedUser]


def list_warnings(request: Request, query: ListWarnings) -> WarningList:
    """Returns the newest ten warnings of a person, by any moderator; two round trips."""
    access.require_moderator(request, or_service=True)
    given = warnings.get_warnings(query.user_id)
    return WarningList(
        warnings=[warning_details(query.user_id, each) for each in given.warnings],
        users=named.users(request, [query.user_id] if given.warnings else []),
    )


def warn_user(request: Request, wanted: WarnUser) -> tuple[WarningAnswer, bool]:
    """Warns a person, and decides a report in the same transaction; returns whether this call has done it.

    Raises NotFound for a person or a report that does not exist, Forbidden for a person of the caller's rank or above,
    Conflict for a report that is decided otherwise. Two round trips, and one for the event.
    """
    access.require_moderator(request, or_service=True)
    new = new_warning(request, wanted, wanted.client_id or secrets.token_hex(16))
    warning, person, is_new = _warned(request, wanted, new)
    what = ("warning", warning.id)
    if push.is_news(request, what, warning.warned_at_ms):
        push.tell(request, [wanted.user_id], Warned(warning=own_warning(warning)))
        push.remember(what)
    users = named.users(request, [person.user_id], named.of_profile(person))
    return WarningAnswer(**asdict(warning_details(wanted.user_id, warning)), users=users), is_new


def _warned(request: Request, wanted: WarnUser, new: StoredWarning) -> tuple[StoredWarning, Profile, bool]:
    """Returns the warning that is stored then, the new one or that of an earlier try, and the person."""
    for _ in conditions.tries():
        (given, profile), report = in_parallel(
            lambda: in_parallel(
                lambda: warnings.get_warnings(wanted.user_id), lambda: profiles.get_profile(wanted.user_id)
            ),
            lambda: reports.read_decidable(request, new.report_id),
        )
        reports.check_about(report, "/report_id", sender_id=wanted.user_id)
        person = ranks.check_known(request, wanted.user_id, profile)
        before = given_before(given.warnings, new)
        if before is not None:
            if report is not None:
                reports.tell_reporter(request, report)
            return before, person, False
        decided = None if report is None else reports.decision(request, report, wanted.resolution)
        details = {"warning_id": new.id} | ({"report_id": new.report_id} if new.report_id is not None else {})
        entry = new_entry(account_states.as_put(request), "warn_user", wanted.user_id, **details)
        if warnings.save(person, given, new, entry, decided):
            if decided is not None:
                reports.tell_reporter(request, decided[1])
            return new, person, True
    raise retrying.busy()
