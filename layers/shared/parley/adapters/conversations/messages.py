"""Messages: the batch that a send reads, history by seq, the change log."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, convert

from parley.adapters.attachments import attachments
from parley.adapters.conversations import conversations, message_rows
from parley.adapters.dynamodb import batches, tables, unreadable
from parley.adapters.moderation import word_list_cache
from parley.adapters.people import named_users
from parley.domain.api import ids
from parley.domain.api.requests import MAX_SEQ
from parley.domain.api.types import Context, LinkPreview, MessageAttachment, NamedUser, Note, Origin, Via
from parley.domain.attachments import compact
from parley.domain.attachments.attachment import StoredAttachment
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.message import Removed, StoredMessage, Tally
from parley.domain.conversations.send_steps import Earlier
from parley.domain.conversations.steps import Change

if TYPE_CHECKING:  # most messages are in no ticket
    from parley.domain.support.ticket import StoredTicket


class Ahead(Struct, frozen=True, kw_only=True):
    """The rows that a send reads: the head, in a group the sender's membership, and the people mentioned.

    `earlier` is an earlier send with the same `client_id` within 24 hours, `ticket` the state of a ticket, or of the
    one to which notes belong. `beside_notes` is the conversation of that one.
    """

    head: Head | None
    mine: Membership | None
    earlier: Earlier | None
    named: Mapping[str, Membership | None]
    attachments: Mapping[str, StoredAttachment]
    ticket: "StoredTicket | None" = None
    beside_notes: Head | None = None


def before_sending(
    conversation_id: str,
    sender_id: str,
    client_id: str | None,
    now_s: int,
    mentioned: Collection[str] = (),
    attachment_ids: Collection[str] = (),
    via: Via | None = None,
) -> Ahead:
    """Returns the rows for a send; one round trip, 2 units in a direct conversation.

    One unit more for each mention and for each attachment, one in a ticket for its state, and two in notes.

    Once in `CHECK_S` seconds half a unit more, for the version of the banned words.
    """
    wanted: dict[type[tables.Table], list[batches.Key]] = {tables.Conversation: [(conversation_id,)]}
    people = [*mentioned, *([sender_id] if ids.has_members(conversation_id) else [])]
    wanted[tables.Membership] = [(person, conversation_id) for person in people]
    record = (message_rows.record_key(conversation_id, sender_id, client_id, via), 0) if client_id else None
    if record:
        wanted[tables.Message] = [record]
    wanted[tables.File] = [attachments.key(attachment_id) for attachment_id in attachment_ids]
    ticket_id = ids.ticket_of(conversation_id) if ids.is_desks_id(conversation_id) else None
    if ticket_id is not None:
        from parley.adapters.support import tickets  # most messages are in no ticket

        wanted[tables.Ticket] = [tickets.key(ticket_id)]
        wanted[tables.Conversation] = list({(conversation_id,), (ticket_id,)})
    wanted[tables.WordList] = word_list_cache.due(now_s)
    rows = batches.read_rows(wanted, stale=(tables.WordList,))
    word_list_cache.take(rows, now_s)
    return Ahead(
        head=conversations.head_of(rows, conversation_id),
        mine=conversations.membership_of(rows, sender_id, conversation_id),
        earlier=_earlier(rows.get(tables.Message, *record) if record else None, now_s),
        named=_named(rows, mentioned, conversation_id),
        attachments=attachments.readable(rows, attachment_ids),
        ticket=None if ticket_id is None else tickets.of(rows, ticket_id),
        beside_notes=None if ticket_id in (None, conversation_id) else conversations.head_of(rows, ticket_id),
    )


def sent_in(sender_id: str, context: Context, client_id: str, via: Via | None, now_s: int) -> str | None:
    """Returns the conversation of an earlier send with this `client_id` that named no user; None if there was none.

    One consistent round trip.
    """
    key = (message_rows.unaddressed_key(sender_id, context, client_id, via), 0)
    row = batches.read_rows({tables.Message: [key]}).get(tables.Message, *key)
    return None if row is None or int(row.expires_at_s or 0) <= now_s else row.sent_in


def _earlier(row: tables.Message | None, now_s: int) -> Earlier | None:
    # The record's time is checked here too, because DynamoDB deletes expired items up to days late
    # (aws-facts.md#dynamodb-time-to-live).
    if row is None or int(row.expires_at_s or 0) <= now_s:
        return None
    return Earlier(seq=int(row.sent_seq or 0), fingerprint=row.fingerprint or "")


def is_shown(rows: batches.Rows, conversation_id: str, seq: int) -> bool:
    """Says whether a message in a batch exists and was not deleted for everyone; raises one of `unreadable.ERRORS`."""
    row = rows.get(tables.Message, conversation_id, seq)
    return row is not None and row.deleted_at_ms is None


def restorable_until_ms(rows: batches.Rows, conversation_id: str, seq: int) -> int:
    """Returns until when a removed message of a batch can be restored, 0 if it was not removed."""
    row = rows.get(tables.Message, conversation_id, seq)
    removed = None if row is None else _removed(row)
    return 0 if removed is None else removed.until_ms


def first_key(conversation_id: str) -> batches.Key:
    """Returns the key of a conversation's first message: one more key in a batch."""
    return (conversation_id, 1)


def fingerprint_of(rows: batches.Rows, conversation_id: str) -> str | None:
    """Returns the fingerprint of the request that made a group, from a batch that held `first_key`.

    None if it is no longer known: the erasure of a person whom the message names deletes it.
    """
    row = rows.get(tables.Message, *first_key(conversation_id))
    return None if row is None else row.fingerprint


def get_message(conversation_id: str, seq: int) -> StoredMessage | None:
    """Returns one message, None if it does not exist or is unreadable; one round trip."""
    return some(conversation_id, [seq]).get(seq)


def some(conversation_id: str, seqs: Iterable[int]) -> dict[int, StoredMessage]:
    """Returns the messages of these seqs that exist and can be read, by seq; one round trip per 100."""
    wanted = list(dict.fromkeys(seqs))
    rows = batches.read_rows({tables.Message: [(conversation_id, seq) for seq in wanted]})
    found = unreadable.readable(
        "Messages", [(conversation_id, seq) for seq in wanted], lambda key: message_of(rows, *key)
    )
    return {seq: message for (_, seq), message in found.items()}


def messages_and_users(
    keys: Iterable[tuple[str, int]], user_ids: Iterable[str]
) -> tuple[dict[tuple[str, int], StoredMessage], dict[str, NamedUser]]:
    """Returns the messages of any conversations that exist and can be read, by conversation and seq, and people.

    Everything may be a moment old. One round trip per 100 rows, half a read unit for each 4 KB.
    """
    wanted, people = list(keys), list(dict.fromkeys(user_ids))
    rows = batches.read_rows(
        {tables.Message: wanted, tables.User: [(user_id,) for user_id in people]}, stale=(tables.Message, tables.User)
    )
    found = unreadable.readable("Messages", wanted, lambda key: message_of(rows, *key))
    return {key: message for key, message in found.items() if message is not None}, named_users.of(rows, people)


def head_and_message(
    conversation_id: str, seq: int, user_id: str, also: Collection[str] = ()
) -> tuple[Head | None, Membership | None, StoredMessage | None, dict[str, Membership | None]]:
    """Returns a conversation's head, in a group a person's membership, and one of its messages; one round trip.

    It also returns the memberships of `also`, by user id.
    """
    wanted: dict[type[tables.Table], list[batches.Key]] = {
        tables.Conversation: [(conversation_id,)],
        tables.Message: [(conversation_id, seq)],
    }
    people = [*also, *([user_id] if ids.has_members(conversation_id) else [])]
    if people:
        wanted[tables.Membership] = [(person, conversation_id) for person in people]
    rows = batches.read_rows(wanted)
    return (
        conversations.head_of(rows, conversation_id),
        conversations.membership_of(rows, user_id, conversation_id),
        message_of(rows, conversation_id, seq),
        _named(rows, also, conversation_id),
    )


def _named(rows: batches.Rows, user_ids: Collection[str], conversation_id: str) -> dict[str, Membership | None]:
    """Returns the memberships of people by user id, None also for unreadable ones."""
    found = conversations.readable_memberships(rows, [(user_id, conversation_id) for user_id in user_ids])
    return {user_id: found.get((user_id, conversation_id)) for user_id in user_ids}


def between(conversation_id: str, first_seq: int, last_seq: int) -> list[StoredMessage]:
    """Returns the messages from `first_seq` to `last_seq`, both included, ascending; one round trip per 1 MB.

    Seqs have no gaps, so a page of history is a range of seqs that is known before anything is read. Unreadable
    messages are left out.
    """
    return list(each(conversation_id, first_seq, last_seq))


def each(conversation_id: str, first_seq: int, last_seq: int, *, strictly: bool = False) -> Iterator[StoredMessage]:
    """Yields the messages from `first_seq` to `last_seq`, ascending; one round trip per 1 MB, when it is needed.

    Without unreadable ones, unless `strictly`: then they raise one of `unreadable.ERRORS`.
    """
    if first_seq > last_seq:
        return iter(())
    found = _query(conversation_id, first_seq, last_seq)
    return (_message(row) for row in found) if strictly else unreadable.decoded("Messages", found, _message)


def before(
    conversation_id: str, last_seq: int, limit: int, max_characters: int, oldest_seq: int = 1
) -> list[StoredMessage]:
    """Returns up to `limit` (1–) messages from `last_seq` down, the newest first; one round trip per 1 MB.

    It ends with the message that makes them `max_characters` together, or with `oldest_seq`.
    """
    found: list[StoredMessage] = []
    first_seq = last_seq + 1
    # An empty read is the end of a conversation, so it must not be a damaged part.
    while not found and first_seq > oldest_seq:
        first_seq, last_seq = max(oldest_seq, first_seq - limit), first_seq - 1
        found = _newest(conversation_id, first_seq, last_seq, max_characters)
    return found


def _newest(conversation_id: str, first_seq: int, last_seq: int, max_characters: int) -> list[StoredMessage]:
    found: list[StoredMessage] = []
    characters = 0
    newest = _query(conversation_id, first_seq, last_seq, newest_first=True)
    for message in unreadable.decoded("Messages", newest, _message):
        found.append(message)
        characters += message.characters
        if characters >= max_characters:
            break
    return found


def newest(conversation_id: str, first_seq: int, last_seq: int | None, limit: int) -> list[StoredMessage]:
    """Returns up to `limit` of the newest messages of a range, ascending; to the end without a `last_seq`.

    One round trip, half a read unit for each 4 KB: they may be a moment old. Unreadable messages are left out.
    """
    last_seq = MAX_SEQ if last_seq is None else last_seq
    found = _query(conversation_id, first_seq, last_seq, newest_first=True, limit=limit)
    return list(unreadable.decoded("Messages", found, _message))[::-1]


def _query(
    conversation_id: str, first_seq: int, last_seq: int, *, newest_first: bool = False, limit: int | None = None
) -> Iterator[tables.Message]:
    """Yields rows; strongly consistent, but not with a `limit`."""
    seqs = tables.Message.seq.between(first_seq, last_seq)
    return tables.Message.query(
        conversation_id, seqs, consistent_read=limit is None, scan_index_forward=not newest_first, limit=limit
    )


def versions(conversation_id: str, seq: int) -> list[StoredMessage]:
    """Returns a message's texts before each of its edits and before its deletion, the oldest first."""
    found = tables.Message.query(message_rows.versions_key(conversation_id, seq), consistent_read=True)

    def version(row: tables.Message) -> StoredMessage:
        return StoredMessage(
            conversation_id=conversation_id,
            seq=seq,
            sender_id=row.sender_id or "",
            kind="text",
            text=row.text or "",
            created_at_ms=int(row.created_at_ms or 0),
            edited_at_ms=None if row.edited_at_ms is None else int(row.edited_at_ms),
        )

    return list(unreadable.decoded("Messages", found, version))


def changes(conversation_id: str, first_seq: int, last_seq: int, *, strictly: bool = False) -> list[Change]:
    """Returns the entries of the change log from `first_seq` to `last_seq`, both included; one round trip.

    Without unreadable ones, unless `strictly`: then they raise one of `unreadable.ERRORS`.
    """
    if first_seq > last_seq:
        return []
    found = tables.Message.query(
        message_rows.changes_key(conversation_id), tables.Message.seq.between(first_seq, last_seq), consistent_read=True
    )
    return [_change(row) for row in found] if strictly else list(unreadable.decoded("Messages", found, _change))


def _change(row: tables.Message) -> Change:
    return convert(row.change, type=Change)


def change_key(conversation_id: str, change_seq: int) -> batches.Key:
    """Returns the key of an entry of the change log: one more in a batch."""
    return (message_rows.changes_key(conversation_id), change_seq)


def change_of(rows: batches.Rows, conversation_id: str, change_seq: int) -> Change | None:
    """Returns an entry of the change log from a batch that held `change_key`, None without a readable one."""
    key = change_key(conversation_id, change_seq)
    return unreadable.readable("Messages", [key], lambda each: _change_in(rows, each)).get(key)


def _change_in(rows: batches.Rows, key: batches.Key) -> Change | None:
    row = rows.get(tables.Message, *key)
    return None if row is None else _change(row)


def readable_message(rows: batches.Rows, conversation_id: str, seq: int) -> StoredMessage | None:
    """Returns a message from a batch, None if it does not exist or is unreadable."""
    return unreadable.readable("Messages", [seq], lambda each: message_of(rows, conversation_id, each)).get(seq)


def message_of(rows: batches.Rows, conversation_id: str, seq: int) -> StoredMessage | None:
    """Returns a message from a batch, or None if it does not exist."""
    row = rows.get(tables.Message, conversation_id, seq)
    return None if row is None else _message(row)


_PLAIN = ("conversation_id", "seq", "sender_id", "kind", "text", "created_at_ms", "client_id")
_OPTIONAL = ("edited_at_ms", "deleted_at_ms", "reply_to_seq", "custom_type", "via", "side")


def _attachments(row: tables.Message) -> tuple[MessageAttachment, ...]:
    """Returns a message's attachments; none if their text is damaged, so that it hides no message."""
    try:
        return compact.decode(row.attachments)
    except unreadable.ERRORS:
        unreadable.report("Messages", [ids.message_id(row.conversation_id, int(row.seq))])
        return ()


def _removed(row: tables.Message) -> Removed | None:
    """Returns what a moderator has removed; None also if it is damaged: then it cannot be restored."""
    if row.removed is None:
        return None
    try:
        return msgspec.json.decode(row.removed, type=Removed)
    except unreadable.ERRORS:
        unreadable.report("Messages", [ids.message_id(row.conversation_id, int(row.seq))])
        return None


def _link_preview(row: tables.Message) -> LinkPreview | None:
    """Returns the preview of a message's link; None also if it is damaged: the message needs it least."""
    if row.link_preview is None:
        return None
    try:
        return msgspec.json.decode(row.link_preview, type=LinkPreview)
    except unreadable.ERRORS:
        unreadable.report("Messages", [ids.message_id(row.conversation_id, int(row.seq))])
        return None


def _message(row: tables.Message) -> StoredMessage:
    return msgspec.convert(
        {name: getattr(row, name) for name in (*_PLAIN, *_OPTIONAL)}
        | {
            "system": convert(row.system, type=Note) if row.system else None,
            "forwarded_from": convert(row.forwarded_from, type=Origin) if row.forwarded_from else None,
            "mentions": tuple(row.mentions or ()),
            "attachments": _attachments(row),
            "metadata": unreadable.metadata(
                row.metadata, "Messages", ids.message_id(row.conversation_id, int(row.seq))
            ),
            "reactions": convert(row.reactions or {}, type=dict[str, Tally]),
            "pinned": bool(row.pinned),
            "change_seq": int(row.change_seq or 0),
            "edit_count": int(row.edit_count or 0),
            "removed": _removed(row),
            "link_preview": _link_preview(row),
            "without_preview": bool(row.without_preview),
        },
        type=StoredMessage,
    )
