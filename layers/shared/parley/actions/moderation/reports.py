"""Reporting messages, and the moderators' queue."""

import msgspec
from msgspec import Struct

from parley.actions import access, limits, named, push
from parley.actions.attachments import downloads
from parley.actions.moderation import ranks
from parley.actions.parallel import in_parallel
from parley.adapters.attachments.limits import files_since_ms
from parley.adapters.conversations import messages
from parley.adapters.dynamodb import conditions, retrying
from parley.adapters.moderation import audit, reports
from parley.adapters.people import account_states
from parley.domain.api import cursors, ids
from parley.domain.api.errors import Conflict, Field, Invalid, NotFound
from parley.domain.api.identity import DEFAULT_ROLE
from parley.domain.api.request import Request
from parley.domain.api.requests import Page, ReportMessage, ReportQuery, ResolveReport
from parley.domain.api.types import AttachmentUrls, Message, NamedUser
from parley.domain.conversations.events import ReportUpdated
from parley.domain.conversations.named import in_messages
from parley.domain.conversations.reports import (
    CONTEXT_MESSAGES,
    FiledReport,
    Report,
    ReportAnswer,
    ReportDetails,
    ReportPosition,
    ReportSummary,
    check_report_id,
    filed_report,
    in_reports,
    report_by_person,
    report_details,
    report_id_of,
    report_summary,
)
from parley.domain.moderation.audit import new_entry

MAX_PARTS = 5  # of the queue, which one request looks through for reports that are open to the caller


class ReportList(Struct, frozen=True, kw_only=True):
    """A page of the queue. It may hold fewer than `limit`: only without `next` it is the last."""

    reports: list[ReportSummary]
    next: str | None
    users: dict[str, NamedUser]


class OwnReportList(Struct, frozen=True, kw_only=True):
    """A page of the caller's own reports. It may hold fewer than `limit`: only without `next` it is the last."""

    reports: list[FiledReport]
    next: str | None


class ReportInContext(Struct, frozen=True, kw_only=True):
    """A report, and the conversation around its message as it is now; `message` is null if it is no longer there.

    `attachments` has the addresses of the files of the message, by id; also of a removed one that can be restored.
    """

    report: ReportDetails
    message: Message | None
    context: list[Message]
    attachments: dict[str, AttachmentUrls]
    users: dict[str, NamedUser]


def report_message(request: Request, message_id: str, wanted: ReportMessage) -> tuple[FiledReport, bool]:
    """Reports a message to the moderators, once; returns the report, and whether this call made it.

    Three round trips, one if it was reported before.
    """
    conversation_id, seq = ids.split_message_id(message_id, access.field_of(request, "message_id"))
    report_id = report_id_of(request.user_id, conversation_id, seq)
    (head, message), earlier = in_parallel(
        lambda: access.access_message(request, message_id), lambda: reports.get_report(report_id)
    )
    if message.sender_id == request.user_id:
        field = Field("{message_id}", "not_allowed")
        raise Invalid("own_message", "You cannot report your own message.", fields=(field,))
    if earlier is not None:
        return filed_report(earlier), False
    # After the read, and not beside it: nothing is written for a caller who may not know of the message.
    limits.take_own(request)
    new = report_by_person(request.user_id, message, wanted.reason, wanted.note, request.now_ms)
    for _ in conditions.tries():
        if reports.add(new, marks=not head.is_reported):
            return filed_report(new), True
        found = reports.get_report(new.report_id)
        if found is not None:  # and no message that was sent meanwhile
            return filed_report(found), False
    raise conditions.busy()


def list_reports(request: Request, query: ReportQuery) -> ReportList:
    """Returns a page of the queue, to moderators; two round trips, one more if notes are among the reported messages.

    Reports about notes of the caller's own tickets are left out. If they are many, it takes two more for each part.
    """
    access.require_moderator(request, or_service=True)
    found, last = _open_reports(request, query)
    shown = [report.seen_by(request.user_id) for report in found]
    return ReportList(
        reports=[report_summary(report) for report in shown],
        next=cursors.encode(last) if last is not None else None,
        users=named.users(request, in_reports(shown)),
    )


def _open_reports(request: Request, query: ReportQuery) -> tuple[list[Report], ReportPosition | None]:
    """Returns the reports of a page that are open to the caller, and the place of the last before the next page."""
    after = cursors.decode(query.cursor, ReportPosition)
    found: list[Report] = []
    for _ in range(MAX_PARTS):
        part = reports.list_reports(query.status, query.limit + 1, after, newest_first=query.order == "newest")
        closed = access.closed_notes(request, (report.conversation_id for report in part))
        found += [report for report in part if report.conversation_id not in closed]
        if len(found) > query.limit:
            return found[: query.limit], _position(found[query.limit - 1])
        if len(part) <= query.limit:
            return found, None
        after = _position(part[-1])
    return found, after


def _position(report: Report) -> ReportPosition:
    return ReportPosition(created_at_ms=report.created_at_ms, report_id=report.report_id)


def list_own_reports(request: Request, query: Page) -> OwnReportList:
    """Returns a page of the caller's own reports, newest first; two round trips."""
    after = cursors.decode(query.cursor, ReportPosition)
    found = reports.of_reporter(request.user_id, query.limit + 1, after)
    shown = found[: query.limit]
    more = len(found) > len(shown)
    last = ReportPosition(created_at_ms=shown[-1].created_at_ms, report_id=shown[-1].report_id) if more else None
    return OwnReportList(
        reports=[filed_report(report) for report in reports.some(position.report_id for position in shown)],
        next=cursors.encode(last) if last is not None else None,
    )


def get_report(request: Request, report_id: str) -> ReportInContext:
    """Returns a report with its message in context, to moderators; four round trips.

    One more if it has attachments, and one if it is about a note. The audit log records the reading before it happens.
    """
    access.require_moderator(request, or_service=True)
    found = _read(request, check_report_id(report_id)).seen_by(request.user_id)
    audit.write_entry(
        new_entry(account_states.as_put(request), "read_report", report_id, message_id=_message_id(found))
    )
    first, last = max(1, found.seq - CONTEXT_MESSAGES), found.seq + CONTEXT_MESSAGES
    around = messages.between(found.conversation_id, first, last)
    since_ms = files_since_ms(request.now_ms)
    shown = {message.seq: message.for_all(since_ms) for message in around}
    files = [
        attachment
        for message in around
        if message.seq == found.seq
        for attachment in message.files_for_moderators(since_ms, request.now_ms)
    ]
    people = (*in_reports([found]), *in_messages(shown.values()))
    return ReportInContext(
        report=report_details(found),
        message=shown.get(found.seq),
        context=list(shown.values()),
        attachments=downloads.urls_of(request, files),
        users=named.users(request, people),
    )


def resolve_report(request: Request, report_id: str, wanted: ResolveReport) -> ReportAnswer:
    """Sets the status of a report, as a moderator; three round trips, one more to tell the reporter of a decision.

    Raises Conflict if another moderator has replaced the version meanwhile, Forbidden for a report about the caller, or
    about a person of their rank or above.
    """
    access.require_moderator(request, or_service=True)
    for _ in conditions.tries():
        known = _read(request, check_report_id(report_id))
        people = check_may_decide(request, known)
        changed = _resolved(request, known, wanted)
        if known.version == wanted.version + 1 and _same(known, _resolved(request, known, wanted)):
            tell_reporter(request, known)
            return _answer(request, known, people)  # a retry of a finished request
        if known.version != wanted.version:
            detail = "Another moderator has changed this report; read it again."
            raise Conflict("report_changed", detail, rule="version: as it was read")
        entry = new_entry(
            account_states.as_put(request),
            "resolve_report",
            report_id,
            message_id=_message_id(known),
            before=f"{known.status} {known.version}",
            after=f"{changed.status} {changed.version}",
        )
        if reports.change(known, changed, entry):
            tell_reporter(request, changed)
            return _answer(request, changed, people)
    raise retrying.busy()


def _answer(request: Request, report: Report, known: named.Known) -> ReportAnswer:
    users = named.users(request, in_reports([report]), known)
    return ReportAnswer(**msgspec.structs.asdict(report_details(report)), users=users)


def tell_reporter(request: Request, report: Report) -> None:
    """Tells the reporter's devices that their report is decided, unless that is done or long past."""
    if report.reporter_id is None or report.handled_at_ms is None or report.status not in ("resolved", "dismissed"):
        return
    what = ("report", report.report_id, report.version)
    if push.is_news(request, what, report.handled_at_ms):
        push.tell(request, [report.reporter_id], ReportUpdated(report=filed_report(report)))
        push.remember(what)


def check_may_decide(request: Request, report: Report) -> named.Known:
    """Returns the people whom a report names; raises Forbidden for one that the caller may not decide (D-527).

    One round trip.
    """
    known = named.read_known(request, in_reports([report]))
    sender = known.users.get(report.sender_id)
    ranks.check_role(request, report.sender_id, DEFAULT_ROLE if sender is None else sender.role)
    return known


def read_decidable(request: Request, report_id: str | None) -> Report | None:
    """Returns the report that an act decides, None for None; raises NotFound. One round trip, two for one of a note."""
    return None if report_id is None else _read(request, report_id)


def check_about(report: Report | None, pointer: str, **about: str) -> None:
    """Raises Invalid if a report is about a message of another person, or of another conversation."""
    if report is not None and any(getattr(report, name) != value for name, value in about.items()):
        raise Invalid.field(pointer, "contradiction", "This report is about another person or conversation.")


def decision(request: Request, known: Report, resolution: str | None) -> tuple[Report, Report] | None:
    """Returns a report before and after the caller's act has resolved it; None if it is resolved in these words.

    Raises Conflict if a moderator has decided it otherwise: only `resolve_report` replaces a decision.
    """
    if known.status == "resolved" and resolution in (None, known.resolution):
        return None
    if known.status in ("resolved", "dismissed"):
        detail = "A moderator has decided this report otherwise; read it again."
        raise Conflict("report_changed", detail, rule="a decided report stays as it is")
    wanted = ResolveReport(version=known.version, status="resolved", resolution=resolution)
    return known, _resolved(request, known, wanted)


def _resolved(request: Request, known: Report, wanted: ResolveReport) -> Report:
    return msgspec.structs.replace(
        known,
        status=wanted.status,
        version=known.version + 1,
        resolution=known.resolution if wanted.resolution is None else wanted.resolution,
        staff_note=known.staff_note if wanted.note is None else wanted.note,
        handled_by=request.user_id,
        handled_at_ms=request.now_ms,
    )


def _same(report: Report, other: Report) -> bool:
    """Says whether the two differ only in when and how often they were written."""
    return msgspec.structs.replace(report, version=0, handled_at_ms=0) == msgspec.structs.replace(
        other, version=0, handled_at_ms=0
    )


def _read(request: Request, report_id: str) -> Report:
    """Returns a report; raises NotFound also for one about a note of the caller's own ticket."""
    found = reports.get_report(report_id)
    if found is None or access.closed_notes(request, [found.conversation_id]):
        raise NotFound("report_not_found", "There is no such report.")
    return found


def _message_id(report: Report) -> str:
    return ids.message_id(report.conversation_id, report.seq)
