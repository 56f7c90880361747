"""The bodies of webhooks: each is made from the stored rows at the moment of its attempt.

So it shows the subject as it is then: an edited text is the present one, and after an erasure there is no name left.
"""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from parley.actions.support.history import HistoryEntry, view_of_entry
from parley.adapters.attachments import attachments, limits
from parley.adapters.conversations import conversations, messages
from parley.adapters.live import calls
from parley.adapters.moderation import audit, reports
from parley.adapters.people import named_users
from parley.adapters.support import ticket_history
from parley.domain.api.times import rfc3339
from parley.domain.api.types import Attachment, CallStatus, Context, ConversationType, Message, NamedUser
from parley.domain.conversations.events import Shared
from parley.domain.conversations.head import Head
from parley.domain.conversations.reports import ReportDetails, report_details
from parley.domain.conversations.steps import Change
from parley.domain.moderation.audit import AuditEntry, view_entry
from parley.domain.webhooks.event_types import MODERATION, TEST, Occurrence

MAX_BODY_BYTES = 65_536


class EventData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The root of what an event tells. `truncated` says that its content takes more than 64 KB: read it by the API."""

    truncated: bool = False

    def without_content(self) -> "EventData":
        """Returns the event without the part that may be long."""
        return self


class MessageData(EventData, frozen=True, kw_only=True):
    """A message was written (`seq`), or has changed (`change_seq`): `message` as it is now, null if it is too long.

    `user_id` is the user who wrote or changed it. Of two versions of a message the greater `change_seq` is the newer.
    """

    conversation_id: str
    message_id: str
    user_id: str
    message: Message | None
    seq: int | UnsetType = UNSET
    change_seq: int | UnsetType = UNSET
    emoji: str | None = None

    def without_content(self) -> "MessageData":
        return replace(self, message=None, truncated=True)


class ConversationFacts(Struct, frozen=True, kw_only=True):
    """A conversation, with the part that all members see alike."""

    id: str
    type: ConversationType
    context: Context | None
    created_at: str
    shared: Shared
    user_ids: list[str]  # of a direct conversation, and of a group of at most 100


class ConversationData(EventData, frozen=True, kw_only=True):
    """A conversation has its first message (`seq`), or has changed (`change_seq`): `conversation` as it is now."""

    conversation_id: str
    conversation: ConversationFacts | None
    seq: int | UnsetType = UNSET
    change_seq: int | UnsetType = UNSET
    user_id: str | None = None

    def without_content(self) -> "ConversationData":
        return replace(self, conversation=None, truncated=True)


class MemberData(EventData, frozen=True, kw_only=True):
    """People have come into a group, have left it or were removed; `user_id` is the user who did it."""

    conversation_id: str
    change_seq: int
    user_id: str
    user_ids: list[str]
    member_count: int


class TicketData(EventData, frozen=True, kw_only=True):
    """A ticket was opened or has changed: the entry of its history, as agents see it."""

    ticket_id: str
    seq: int  # the number of the entry
    entry: HistoryEntry | None

    def without_content(self) -> "TicketData":
        return replace(self, entry=None, truncated=True)


class CallData(EventData, frozen=True, kw_only=True):
    """A call rings, has ended, or was missed: `call` as it is now, `seq` of the message about one that was missed."""

    conversation_id: str
    call: CallStatus
    seq: int | UnsetType = UNSET


class UserData(EventData, frozen=True, kw_only=True):
    """A user's name, role or picture has changed: `user` as they are now, the greater `profile_seq` is the newer."""

    user_id: str
    user: NamedUser


class AttachmentData(EventData, frozen=True, kw_only=True):
    """An attachment was announced, has been scanned, or has expired: `attachment` as it is now."""

    seq: int  # the number of the state
    attachment: Attachment


class ReportData(EventData, frozen=True, kw_only=True):
    """A message was reported, or a moderator has decided a report: `report` as it is now, null if it is too long."""

    report_id: str
    report: ReportDetails | None

    def without_content(self) -> "ReportData":
        return replace(self, report=None, truncated=True)


class ModerationData(EventData, frozen=True, kw_only=True):
    """A moderator or the host's server has acted: the entry of the audit log."""

    entry: AuditEntry


class TestData(EventData, frozen=True, kw_only=True):
    """A test that an endpoint's keeper asked for."""

    webhook_id: str


class WebhookBody(Struct, frozen=True, kw_only=True):
    """The body of a request: the event's id, its type, when it happened, and what it tells."""

    id: str
    type: str
    timestamp: str
    data: (
        MessageData
        | ConversationData
        | MemberData
        | TicketData
        | CallData
        | UserData
        | AttachmentData
        | ReportData
        | ModerationData
        | TestData
    )


def body_of(event: Occurrence, now_ms: int) -> bytes | None:
    """Returns the body of an event, at most 64 KB; None if its subject is gone. One or two round trips."""
    data = _data(event, now_ms)
    if data is None:
        return None
    body = _encoded(event, data)
    return body if len(body) <= MAX_BODY_BYTES else _encoded(event, data.without_content())


def _encoded(event: Occurrence, data: EventData) -> bytes:
    return msgspec.json.encode({"id": event.id, "type": event.type, "timestamp": rfc3339(event.at_ms), "data": data})


def _data(event: Occurrence, now_ms: int) -> EventData | None:
    if event.type == TEST:
        return TestData(webhook_id=event.key)
    if event.type.startswith(MODERATION):
        entry = audit.get_entry(_id_in(event))
        return None if entry is None else ModerationData(entry=view_entry(entry))
    family = event.type.partition(".")[0]
    if family in ("message", "note", "conversation", "member") and event.key.endswith("#c"):
        return _of_change(event, now_ms)
    return _READERS[family](event, now_ms)


def _id_in(event: Occurrence) -> str:
    """Returns the id in the key of the outbox's entry."""
    return event.key.split("#", 2)[2]


def _of_message(event: Occurrence, now_ms: int) -> EventData | None:
    message = messages.get_message(event.key, event.number)
    if message is None:
        return None
    shown = message.for_all(limits.files_since_ms(now_ms))
    return MessageData(
        conversation_id=event.key,
        message_id=message.message_id,
        user_id=message.sender_id,
        message=shown,
        seq=message.seq,
    )


def _of_call(event: Occurrence, _: int) -> EventData | None:
    if event.key.startswith("#"):
        conversation_id, call_id = _id_in(event).split("/")
        call = calls.find_call(conversation_id, call_id)
        return None if call is None else CallData(conversation_id=conversation_id, call=call.view())
    message = messages.get_message(event.key, event.number)
    if message is None or message.system is None or message.system.call_id is None:
        return None
    call = calls.find_call(event.key, message.system.call_id)
    return None if call is None else CallData(conversation_id=event.key, call=call.view(), seq=event.number)


def _of_conversation(event: Occurrence, _: int) -> EventData | None:
    head = conversations.head(event.key)
    if head is None:
        return None
    return ConversationData(conversation_id=event.key, conversation=_facts(head), seq=event.number)


def _of_change(event: Occurrence, now_ms: int) -> EventData | None:
    conversation_id = event.key.removesuffix("#c")
    for change in messages.changes(conversation_id, event.number, event.number):
        if change.is_of_message:
            return _of_changed_message(change, now_ms)
        head = conversations.head(conversation_id)
        return None if head is None else _of_changed_conversation(event, change, head)
    return None


def _of_changed_message(change: Change, now_ms: int) -> EventData | None:
    message = messages.get_message(change.conversation_id, change.message_seq or 0)
    if message is None:
        return None
    return MessageData(
        conversation_id=change.conversation_id,
        message_id=message.message_id,
        user_id=change.user_id,
        message=message.for_all(limits.files_since_ms(now_ms)),
        change_seq=change.change_seq,
        emoji=change.emoji,
    )


def _of_changed_conversation(event: Occurrence, change: Change, head: Head) -> EventData:
    told: dict[str, Any] = {"conversation_id": change.conversation_id, "change_seq": change.change_seq}
    told["user_id"] = change.user_id
    if event.type.startswith("member."):
        return MemberData(**told, user_ids=list(change.user_ids), member_count=head.member_count)
    return ConversationData(**told, conversation=_facts(head))


def _facts(head: Head) -> ConversationFacts:
    return ConversationFacts(
        id=head.conversation_id,
        type=head.type,
        context=head.context,
        created_at=rfc3339(head.created_at_ms),
        shared=Shared.of(head),
        user_ids=list(head.participants),
    )


def _of_ticket(event: Occurrence, _: int) -> EventData | None:
    ticket_id = _id_in(event)
    for entry in ticket_history.entries_after(ticket_id, event.number - 1, 1):
        if entry.number == event.number:
            return TicketData(ticket_id=ticket_id, seq=entry.number, entry=view_of_entry(entry, of_desk=True))
    return None


def _of_user(event: Occurrence, _: int) -> EventData | None:
    user_id = _id_in(event)
    user = named_users.read_named([user_id]).get(user_id)
    return None if user is None else UserData(user_id=user_id, user=user)


def _of_attachment(event: Occurrence, now_ms: int) -> EventData | None:
    found = attachments.some_readable([_id_in(event)]).get(_id_in(event))
    return None if found is None else AttachmentData(seq=event.number, attachment=found.view(now_ms))


def _of_report(event: Occurrence, _: int) -> EventData | None:
    report = reports.get_report(_id_in(event))
    return None if report is None else ReportData(report_id=report.report_id, report=report_details(report))


_READERS = {
    "message": _of_message,
    "note": _of_message,
    "call": _of_call,
    "conversation": _of_conversation,
    "ticket": _of_ticket,
    "user": _of_user,
    "attachment": _of_attachment,
    "report": _of_report,
}
