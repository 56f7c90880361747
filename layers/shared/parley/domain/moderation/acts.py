"""An act of a moderator: what its transaction writes besides the change itself."""

from msgspec import Struct
from msgspec.structs import replace

from parley.domain.api.errors import Invalid
from parley.domain.api.identity import MODERATORS
from parley.domain.api.request import Request
from parley.domain.api.requests import Decision
from parley.domain.conversations.reports import Report
from parley.domain.moderation.audit import Entry
from parley.domain.people.profile import Profile


class Act(Struct, frozen=True, kw_only=True):
    """The audit entry, the decided report (before and after), and the person whose rank was compared."""

    entry: Entry
    decided: tuple[Report, Report] | None = None
    person: Profile | None = None


def check_decision(wanted: Decision, place: str) -> None:
    """Refuses a resolution without a report; `place` is what the pointers begin with."""
    if wanted.resolution is not None and wanted.report_id is None:
        detail = "Only a report has a resolution; name it in `report_id`."
        raise Invalid.field(f"{place}resolution", "contradiction", detail)


def as_moderators(request: Request) -> Request:
    """Returns the request as members see it: they do not learn which moderator acts.

    Nothing of the moderator's sign-in but the role is left in it (D-524).
    """
    caller = replace(request.caller, user_id=MODERATORS, name="", avatar_url=None, profile_seq=0)
    return replace(request, caller=caller)
