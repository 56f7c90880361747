"""Reports of messages, and moderators' decisions about them."""

import re
from base64 import b32encode
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from parley.domain.api.errors import Invalid
from parley.domain.api.ids import message_id
from parley.domain.api.requests import REPORT_ID_PATTERN, Reason, ReportState
from parley.domain.api.times import rfc3339, rfc3339_or_none
from parley.domain.api.types import AttachmentKind, NamedUser
from parley.domain.conversations.message import StoredMessage

RULE = "banned_words"  # the reason of a report that a rule has made

CONTEXT_MESSAGES = 10  # on each side of a reported message

_report_id = re.compile(r"r_[a-z2-7]{26}")


class ReportedAttachment(Struct, frozen=True, kw_only=True):
    """The facts about a file of a message when the message was reported; the file itself may be gone."""

    id: str
    name: str
    kind: AttachmentKind
    type: str
    size: int
    duration_ms: int | None = None


class Report(Struct, frozen=True, kw_only=True):
    """A report as it is stored, with the text and the files' names of the message when it was reported.

    `reporter_id` is None if a rule has reported; `rule` names it then. `version` counts the moderators' changes.
    """

    report_id: str
    conversation_id: str
    seq: int
    sender_id: str
    reporter_id: str | None
    reason: str
    note: str | None
    rule: str | None = None
    text: str
    created_at_ms: int
    status: ReportState = "open"
    version: int = 1
    resolution: str | None = None
    staff_note: str | None = None
    handled_by: str | None = None
    handled_at_ms: int | None = None
    attachments: tuple[ReportedAttachment, ...] = ()

    def seen_by(self, user_id: str) -> "Report":
        """Returns the report as a moderator sees it: one about themselves without who said what about them."""
        if user_id != self.sender_id:
            return self
        return msgspec.structs.replace(self, reporter_id=None, note=None, staff_note=None)


class FiledReport(Struct, frozen=True, kw_only=True):
    """A report as its reporter sees it."""

    id: str
    message_id: str
    reason: str
    note: str | None
    status: ReportState
    created_at: str


class ReportSummary(Struct, frozen=True, kw_only=True):
    """A report in the queue: without any user's words. `rule` is the rule that made it."""

    id: str
    message_id: str
    conversation_id: str
    sender_id: str
    reporter_id: str | None
    reason: str
    rule: str | None
    status: ReportState
    version: int
    created_at: str
    handled_by: str | None
    handled_at: str | None


class ReportDetails(ReportSummary, frozen=True, kw_only=True):
    """A report with its words: `text` and `attachments` are those of the message when it was reported."""

    note: str | None
    text: str
    attachments: list[ReportedAttachment]
    resolution: str | None
    staff_note: str | None


class ReportAnswer(ReportDetails, frozen=True, kw_only=True):
    """A report with its words, and the people whom it names."""

    users: dict[str, NamedUser]


class ReportPosition(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """The last report of a page; the next page starts after it."""

    created_at_ms: Annotated[int, Meta(ge=0, le=10**15)]
    report_id: Annotated[str, Meta(pattern=REPORT_ID_PATTERN)]


def report_id_of(reporter: str, conversation_id: str, seq: int) -> str:
    """Returns the only id that a person's report of a message can have, so that nobody reports it twice."""
    parts = f"{reporter}\n{message_id(conversation_id, seq)}"
    return "r_" + b32encode(sha256(parts.encode()).digest()[:16]).decode().rstrip("=").lower()


def in_reports(reports: Iterable[Report]) -> Iterator[str]:
    """Yields the senders of reported messages, the reporters, and the moderators who have handled the reports."""
    for report in reports:
        yield from (one for one in (report.sender_id, report.reporter_id, report.handled_by) if one is not None)


def check_report_id(text: str) -> str:
    """Returns a part of the path if it can be a report's id; raises Invalid if not."""
    if _report_id.fullmatch(text) is None:
        raise Invalid.field("{report_id}", "bad_format", "That is not the id of a report.")
    return text


def report_by_person(reporter_id: str, message: StoredMessage, reason: Reason, note: str | None, now_ms: int) -> Report:
    """Returns a person's report of a message."""
    return Report(
        report_id=report_id_of(reporter_id, message.conversation_id, message.seq),
        conversation_id=message.conversation_id,
        seq=message.seq,
        sender_id=message.sender_id,
        reporter_id=reporter_id,
        reason=reason,
        note=note,
        text=message.text,
        attachments=_attachments(message),
        created_at_ms=now_ms,
    )


def report_by_rules(message: StoredMessage, text: str, rule_ids: Iterable[str], now_ms: int) -> Report:
    """Returns the report of a message by the rules that flag it; a message that is edited may be reported again."""
    return Report(
        # No person's id holds a `#`.
        report_id=report_id_of(f"#{message.edit_count}", message.conversation_id, message.seq),
        conversation_id=message.conversation_id,
        seq=message.seq,
        sender_id=message.sender_id,
        reporter_id=None,
        reason=RULE,
        note=None,
        rule=", ".join(rule_ids),
        text=text,
        attachments=_attachments(message),
        created_at_ms=now_ms,
    )


def _attachments(message: StoredMessage) -> tuple[ReportedAttachment, ...]:
    names = ReportedAttachment.__struct_fields__
    return tuple(
        ReportedAttachment(**{name: getattr(attachment, name) for name in names}) for attachment in message.attachments
    )


def filed_report(report: Report) -> FiledReport:
    """Returns a report as its reporter sees it."""
    return FiledReport(
        id=report.report_id,
        message_id=message_id(report.conversation_id, report.seq),
        reason=report.reason,
        note=report.note,
        status=report.status,
        created_at=rfc3339(report.created_at_ms),
    )


def report_summary(report: Report) -> ReportSummary:
    """Returns a report as the queue shows it."""
    return ReportSummary(
        id=report.report_id,
        message_id=message_id(report.conversation_id, report.seq),
        conversation_id=report.conversation_id,
        sender_id=report.sender_id,
        reporter_id=report.reporter_id,
        reason=report.reason,
        rule=report.rule,
        status=report.status,
        version=report.version,
        created_at=rfc3339(report.created_at_ms),
        handled_by=report.handled_by,
        handled_at=rfc3339_or_none(report.handled_at_ms),
    )


def report_details(report: Report) -> ReportDetails:
    """Returns a report with all that moderators may know."""
    return ReportDetails(
        **msgspec.structs.asdict(report_summary(report)),
        note=report.note,
        text=report.text,
        attachments=list(report.attachments),
        resolution=report.resolution,
        staff_note=report.staff_note,
    )
