"""The rows of the table of messages, and their updates.

The table of messages holds, by key (`conversation_id`, `seq`):

    <conversation>                          1, 2, 3 …     the messages
    <conversation>#<sender>#<client id>     0             the record of one send's `client_id`, for 24 hours
    <conversation>#<sender>#host#<client id>  0           the same of a message that the host wrote as the sender
    #<hash of sender, context and client id>  0           the conversation of a send that named no user, for 24 hours
    #page#<hash of the URL>                 0             what a page says about itself, for a day (`pages.py`)
    <conversation>#c                        1, 2, 3 …     the change log, by change_seq
    <conversation>#v<seq>                   1, 2, 3 …     a message's text before each edit, and before its deletion

No id holds a `#`, so none is ever taken for another.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec
from pynamodb.expressions.update import Action

from parley.adapters.dynamodb import tables
from parley.domain.api.types import Context, Via
from parley.domain.attachments import compact
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.steps import Change, Record, Step
from parley.domain.previews.job import is_of_preview


def record_key(conversation_id: str, sender_id: str, client_id: str, via: Via | None) -> str:
    """Returns the key of the record of a send's `client_id`: what the host writes has ids of its own."""
    writer = sender_id if via is None else f"{sender_id}#{via}"
    return f"{conversation_id}#{writer}#{client_id}"


def unaddressed_key(sender_id: str, context: Context, client_id: str, via: Via | None) -> str:
    """Returns the key by which a send that named no user is found again: a hash, so that it holds nobody's id."""
    parts = (sender_id, via, context.type, context.id, client_id)
    return "#" + sha256(msgspec.json.encode(parts)).hexdigest()[:32]


def changes_key(conversation_id: str) -> str:
    """Returns the key of a conversation's change log."""
    return f"{conversation_id}#c"


def versions_key(conversation_id: str, seq: int) -> str:
    """Returns the key of a message's earlier texts."""
    return f"{conversation_id}#v{seq}"


def message_row(step: Step, message: StoredMessage, follow_ups: tuple[str, ...] | None = None) -> tables.Message:
    """Returns the row of a step's message, with the step's follow-ups or these."""
    left = step.follow_ups if follow_ups is None else follow_ups
    row = _row(message, step.after.context.type if step.after.context else None)
    row.fingerprint = step.sent.fingerprint if step.sent and step.sent.message is message else None
    row.follow_ups = ",".join(left) or None
    return row


def imported_row(message: StoredMessage, context_type: str | None) -> tables.Message:
    """Returns the row of a message that comes from another system, for which the stream has nothing to do."""
    row = _row(message, context_type)
    row.imported = True
    return row


def _row(message: StoredMessage, context_type: str | None) -> tables.Message:
    return tables.Message(
        conversation_id=message.conversation_id,
        seq=message.seq,
        sender_id=message.sender_id,
        kind=message.kind,
        created_at_ms=message.created_at_ms,
        client_id=message.client_id,
        via=message.via,
        side=message.side,
        context_type=context_type,
        system=msgspec.to_builtins(message.system) if message.system else None,
        **content(message),
    )


def record_row(message: StoredMessage, record: Record) -> tables.Message:
    """Returns the row that records the `client_id` of a send."""
    return tables.Message(
        conversation_id=record_key(message.conversation_id, message.sender_id, record.client_id, message.via),
        seq=0,
        sent_seq=message.seq,
        fingerprint=record.fingerprint,
        expires_at_s=record.expires_at_s,
    )


def change_record_row(change: Change, record: Record) -> tables.Message:
    """Returns the row that records the `client_id` of a person's change which no message tells."""
    return tables.Message(
        conversation_id=record_key(change.conversation_id, change.user_id, record.client_id, None),
        seq=0,
        fingerprint=record.fingerprint,
        expires_at_s=record.expires_at_s,
    )


def unaddressed_row(message: StoredMessage, record: Record, context: Context) -> tables.Message:
    """Returns the row that says in which conversation a send that named no user was written."""
    return tables.Message(
        conversation_id=unaddressed_key(message.sender_id, context, record.client_id, message.via),
        seq=0,
        sent_in=message.conversation_id,
        expires_at_s=record.expires_at_s,
    )


def version_row(message: StoredMessage) -> tables.Message:
    """Returns a message's text until now, as one more of its versions."""
    return tables.Message(
        conversation_id=versions_key(message.conversation_id, message.seq),
        seq=message.edit_count + 1,
        sender_id=message.sender_id,
        text=message.text,
        edited_at_ms=message.edited_at_ms,
        created_at_ms=message.created_at_ms,
    )


def change_row(change: Change, follow_ups: tuple[str, ...] = ()) -> tables.Message:
    """Returns the row of an entry of the change log."""
    return tables.Message(
        conversation_id=changes_key(change.conversation_id),
        seq=change.change_seq,
        change=msgspec.to_builtins(change),
        follow_ups=",".join(
            each for each in follow_ups if each in ("fan_out", "add", "dissolve") or is_of_preview(each)
        )
        or None,
    )


def attachment_ids(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the ids of a message's attachments from its row in the stream; each attachment begins with its id."""
    text = row.get("attachments")
    return tuple(values[0] for values in msgspec.json.decode(text)) if text else ()


def content(message: StoredMessage) -> dict[str, Any]:
    """Returns the attributes of a message that can change after it was sent."""
    return {
        "text": message.text,
        "edited_at_ms": message.edited_at_ms,
        "deleted_at_ms": message.deleted_at_ms,
        "reply_to_seq": message.reply_to_seq,
        "forwarded_from": msgspec.to_builtins(message.forwarded_from) if message.forwarded_from else None,
        "mentions": list(message.mentions) or None,
        "attachments": compact.encode(message.attachments),
        "custom_type": message.custom_type,
        "metadata": message.metadata,
        "reactions": msgspec.to_builtins(message.reactions) or None,
        "pinned": message.pinned or None,
        "change_seq": message.change_seq or None,
        "edit_count": message.edit_count or None,
        "removed": msgspec.json.encode(message.removed).decode() if message.removed else None,
        "link_preview": msgspec.json.encode(message.link_preview).decode() if message.link_preview else None,
        "without_preview": message.without_preview or None,
    }


def changed_actions(message: StoredMessage) -> list[Action]:
    """Returns the actions that turn a stored message into this one."""
    return tables.setting(tables.Message, content(message))


def rewritten_actions(message: StoredMessage) -> list[Action]:
    """Returns the actions that turn a stored message into this one, with another sender too."""
    who = {
        "sender_id": message.sender_id,
        "client_id": message.client_id,
        "system": msgspec.to_builtins(message.system) if message.system else None,
        "fingerprint": None,  # its hash covers ids too
    }
    return tables.setting(tables.Message, content(message) | who)
