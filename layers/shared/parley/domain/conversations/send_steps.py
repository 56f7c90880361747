"""Decides from the rows read what one send writes: the next seq, the message, and any move of the index."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import sha256

import msgspec
from msgspec import UNSET, Struct

from parley.domain.api import custom_data, ids
from parley.domain.api.errors import Field, Invalid
from parley.domain.api.fingerprints import hash_of
from parley.domain.api.identity import is_system_sender
from parley.domain.api.request import Request
from parley.domain.api.requests import MAX_MENTIONED, Draft
from parley.domain.api.times import hour
from parley.domain.api.types import EVERYONE, Context, MessageAttachment, Note, Origin
from parley.domain.attachments.attachment import StoredAttachment
from parley.domain.attachments.sending import check_files, check_ids, check_one, check_sendable, check_voice, forwarded
from parley.domain.conversations.head import MAX_EVERYONE, MAX_LISTED, MAX_MENTIONS, Head, Membership
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.steps import Changed, MemberWrites, Record, Sent, Step, Swept, next_change, no_earlier

REPLAY_S = 24 * 3600  # how long a `client_id` is remembered (concepts.md, "What Parley promises")


class Earlier(Struct, frozen=True, kw_only=True):
    """An earlier send with the same `client_id`."""

    seq: int
    fingerprint: str


class Forward(Struct, frozen=True, kw_only=True):
    """The message that a new one forwards: its id, its first origin, and its attachments."""

    message_id: str
    origin: Origin
    originals: tuple[StoredAttachment, ...] = ()


class Carried(Struct, frozen=True, kw_only=True):
    """The attachments of a new message: the ones uploaded for it, or the copies that a forward makes."""

    uploaded: tuple[StoredAttachment, ...] = ()
    copies: tuple[StoredAttachment, ...] = ()

    def in_message(self) -> tuple[MessageAttachment, ...]:
        """Returns them as the message shows them."""
        return tuple(attachment.in_message() for attachment in (*self.uploaded, *self.copies))


NOTHING_CARRIED = Carried()


def fingerprint(draft: Draft, origin: Origin | None = None) -> str:
    """Returns the hash of a message's whole content, which tells two bodies under one `client_id` apart."""
    parts: tuple[object, ...] = (draft.kind, draft.words, draft.reply_to, draft.mentions, origin)
    if draft.attachment_ids:  # only then: a retry after an upgrade has the fingerprint of before
        parts += (draft.attachment_ids,)
    if draft.custom_type is not None or draft.metadata is not None:
        parts += ({"custom_type": draft.custom_type, "metadata": custom_data.compact(draft.metadata)},)
    return hash_of(parts)


def forward_fingerprint(message_id: str) -> str:
    """Returns the hash of a request to forward a message, which a repeat has after the message is gone (D-450)."""
    return sha256(f"forward {message_id}".encode()).hexdigest()[:32]


def fingerprints(draft: Draft, forward: Forward | None) -> tuple[str, ...]:
    """Returns the hashes that the record of an earlier try of this send may hold; new records hold the first."""
    if forward is None:
        return (fingerprint(draft),)
    # Records from before an upgrade have the content of the forwarded message, for a day.
    return forward_fingerprint(forward.message_id), fingerprint(draft, forward.origin)


def reply_to_seq(draft: Draft, head: Head, pointer: str) -> int | None:
    """Returns the seq of the message that a draft answers; refuses a message of another conversation."""
    if draft.reply_to is None:
        return None
    conversation_id, seq = ids.split_message_id(draft.reply_to, pointer)
    if conversation_id != head.conversation_id or not head.first_seq <= seq <= head.last_seq:
        raise Invalid.field(pointer, "not_allowed", "A reply needs a message of the same conversation.")
    return seq


def check_mentions(
    mentions: Collection[str], named: Mapping[str, Membership | None], pointer: str, before: Collection[str] = ()
) -> tuple[str, ...]:
    """Returns the mentions, each once; refuses people who are neither members nor named `before`.

    `named` holds the memberships of the people.
    """
    once = tuple(dict.fromkeys(mentions))
    strangers = tuple(
        Field(f"{pointer}/{place}", "not_allowed")
        for place, user_id in enumerate(mentions)
        if user_id != EVERYONE and user_id not in before and named.get(user_id) is None
    )
    if strangers:
        raise Invalid(
            "invalid_request", "Only members of the conversation can be mentioned.", fields=strangers[:MAX_MENTIONED]
        )
    return once


def send_message(
    head: Head,
    draft: Draft,
    request: Request,
    *,
    text: str | None = None,
    named: Mapping[str, Membership | None] | None = None,
    found: Mapping[str, StoredAttachment] | None = None,
    forward: Forward | None = None,
    longest_voice_ms: int = 0,
) -> Step:
    """Returns the step that makes `draft` the newest message of the conversation.

    `text` is the stored text, if it differs. `named` holds the memberships of the people mentioned, `found` the
    attachments; of a `forward`, those whose files it shows. A voice message lasts `longest_voice_ms` at most.
    """
    mentions = check_mentions(draft.mentions, named or {}, f"{request.field_prefix}/mentions")
    carried = _carried(head, draft, request, found or {}, forward)
    if draft.kind == "voice" and forward is None:
        check_voice(carried.uploaded[0], f"{request.field_prefix}/attachment_ids", longest_voice_ms)
    message = StoredMessage(
        conversation_id=head.conversation_id,
        seq=head.last_seq + 1,
        sender_id=request.user_id,
        kind=draft.kind,
        text=draft.words if text is None else text,
        created_at_ms=no_earlier(request, head),
        client_id=draft.client_id,
        via=request.via,
        side=head.side_of(request.user_id),
        reply_to_seq=reply_to_seq(draft, head, f"{request.field_prefix}/reply_to"),
        forwarded_from=forward.origin if forward is not None else None,
        mentions=mentions,
        attachments=carried.in_message(),
        custom_type=draft.custom_type,
        metadata=custom_data.compact(draft.metadata),
    )
    others = (user_id for user_id in mentions if user_id != request.user_id)
    step = step_with(head, message, record=_record(draft, forward, request.now_s), carried=carried)
    return with_mentions(step, message.seq, others, named or {})


def with_agents(step: Step, request: Request, user_ids: Sequence[str]) -> Step:
    """Returns the step that also brings agents into a ticket, or into its notes.

    The caller has read all up to it, the others nothing of it.
    """
    count = step.before.member_count + len(user_ids)
    entry = next_change(
        request, step.before, "member_added", message_seq=step.new_message.seq, user_ids=tuple(user_ids)
    )
    is_listed = count <= MAX_LISTED and not step.before.is_large
    after = msgspec.structs.replace(
        step.after,
        participants=(*step.before.participants, *user_ids) if is_listed else (),
        member_count=count,
        last_change_seq=entry.change_seq,
        shared_seq=entry.change_seq,
    )
    sent = step.sent
    if sent is not None and sent.read_by in user_ids:  # their row is new
        sent = msgspec.structs.replace(sent, read_by=None)
    grown = msgspec.structs.replace(step, after=after, sent=sent, changed=Changed(entry=entry))
    return grown.with_members(added=(*step.members.added, *(_arriving(step, request, each) for each in user_ids)))


def _arriving(step: Step, request: Request, user_id: str) -> Membership:
    seq = step.after.last_seq if user_id == request.user_id else step.before.last_seq
    return msgspec.structs.replace(step.before.newcomer(user_id), read_seq=seq, delivered_seq=seq)


def check_content(draft: Draft, pointer: str, most: int) -> None:
    """Refuses a message with nothing to show, and one with more than `most` attachments; `pointer` is its own.

    A message shows a text, attachments, or what a product makes of its `custom_type`. A voice message has exactly one
    attachment. The codes of a text that is missing or blank are those of every other field.
    """
    if draft.kind == "voice":
        check_one(draft.attachment_ids, f"{pointer}/attachment_ids")
    if not draft.words and not draft.attachment_ids and draft.custom_type is None:
        code, fault = ("required", "is missing") if draft.text is UNSET else ("blank", "must not be blank")
        detail = f"`{pointer}/text` {fault}. A message needs a text, `attachment_ids` or a `custom_type`."
        raise Invalid.field(f"{pointer}/text", code, detail)
    check_ids(draft.attachment_ids, f"{pointer}/attachment_ids", most)


def _carried(
    head: Head, draft: Draft, request: Request, found: Mapping[str, StoredAttachment], forward: Forward | None
) -> Carried:
    """Returns the attachments of a new message; refuses those that it cannot carry."""
    if forward is None:
        uploaded = check_sendable(
            draft.attachment_ids,
            found,
            user_id=request.user_id,
            conversation_id=head.conversation_id,
            now_ms=request.now_ms,
            pointer=f"{request.field_prefix}/attachment_ids",
        )
        return Carried(uploaded=uploaded)
    check_files(forward.originals, found)
    copies = forwarded(
        forward.originals,
        user_id=request.user_id,
        conversation_id=head.conversation_id,
        seq=head.last_seq + 1,
        now_ms=no_earlier(request, head),
    )
    return Carried(copies=copies)


def _record(draft: Draft, forward: Forward | None, now_s: int) -> Record | None:
    """Returns the record of a draft's `client_id`."""
    if not draft.client_id:
        return None
    hashed, *_ = fingerprints(draft, forward)
    about = draft.unaddressed
    return record_of(draft.client_id, hashed, now_s, None if about is None else Context(about.type, about.id))


def record_of(client_id: str, fingerprint: str, now_s: int, context: Context | None = None) -> Record:
    """Returns the record of a `client_id`, which is remembered for `REPLAY_S`."""
    return Record(client_id=client_id, fingerprint=fingerprint, expires_at_s=now_s + REPLAY_S, context=context)


def with_mentions(step: Step, seq: int, user_ids: Iterable[str], named: Mapping[str, Membership | None]) -> Step:
    """Returns a step that also counts its message as an unread mention of these people, if it is one.

    Not for people who have read it, nor for people who have `MAX_MENTIONS` unread mentions. `named` holds the
    memberships.
    """
    mentioned, swept = [], {}
    for mine in (found for user_id in user_ids if (found := named.get(user_id)) is not None):
        read_seq = step.before.read_seq(mine)
        unread = frozenset(mention_seq for mention_seq in mine.mention_seqs if mention_seq > read_seq)
        if seq <= read_seq or len(unread) >= MAX_MENTIONS:
            continue
        mentioned.append(mine.user_id)
        # A sender has read; in a conversation of two the row keeps the old mentions.
        if len(mine.mention_seqs) >= MAX_MENTIONS:
            swept[mine.user_id] = Swept(mine.mention_seqs, unread | {seq})
    return step.with_members(mentioned=tuple(mentioned), swept=swept)


def next_note(
    head: Head, note: Note, request: Request, *, after: Head | None = None, sender_id: str | None = None
) -> Step:
    """Returns the step that makes a system message the newest; `after` is the head with the change that it tells of.

    The caller did it, unless `sender_id` names another user.
    """
    message = StoredMessage(
        conversation_id=head.conversation_id,
        seq=head.last_seq + 1,
        sender_id=sender_id or request.user_id,
        kind="system",
        text=SENTENCES.get(note.event, "Something happened."),
        created_at_ms=no_earlier(request, head),
        via=request.via,
        side="system" if head.is_ticket else None,
        system=note,
    )
    return step_with(head, message, after=after)


# Without names: `system` has the ids, which an erasure may replace. Clients that know the event say it better.
SENTENCES: Mapping[str, str] = {
    "group_created": "The group was made.",
    "group_dissolved": "The group was dissolved.",
    "members_added": "Members were added.",
    "everyone_added": "Members were added.",
    "member_removed": "A member was removed.",
    "member_left": "A member left.",
    "role_changed": "A member's role was changed.",
    "title_changed": "The title was changed.",
    "description_changed": "The description was changed.",
    "posting_changed": "Who may write was changed.",
    "slow_mode_changed": "The slow mode was changed.",
    "history_changed": "How far back new members see was changed.",
    "conversation_changed": "The conversation was changed.",
    "closed": "The conversation was closed.",
    "reopened": "The conversation was opened again.",
    "ticket_updated": "The ticket was changed.",
    "ticket_merged": "The ticket was merged with another one.",
    "call_missed": "A call was missed.",
    "call_ended": "A call has ended.",
}


def step_with(
    head: Head,
    message: StoredMessage,
    *,
    after: Head | None = None,
    record: Record | None = None,
    carried: Carried = NOTHING_CARRIED,
) -> Step:
    """Returns the step that adds a message to a head, with all its consequences."""
    grown = _grown(after or head, message)
    sent = Sent(
        message=message,
        attachments=carried.uploaded,
        copies=carried.copies,
        record=record,
        read_by=message.sender_id if head.has_members and _has_read(message) else None,
    )
    members = MemberWrites(
        moves_index=hour(message.created_at_ms) > head.active_hour or head.has_archived,
        is_answer=head.awaits_answer and not grown.awaits_answer,
    )
    return Step(before=head, after=grown, sent=sent, members=members)


def _has_read(message: StoredMessage) -> bool:
    """Says whether a message tells that its sender has read: neither one of the host's nor one of a system sender."""
    return message.via is None and not is_system_sender(message.sender_id)


def _grown(head: Head, message: StoredMessage) -> Head:
    """Returns a head with a message as its last."""
    # A message by the host in a person's name does not say that the person has read, or has answered.
    is_theirs = not head.has_members and _has_read(message)
    sent_seqs = {**head.sent_seqs, message.sender_id: message.seq} if is_theirs else head.sent_seqs
    calls_everyone = EVERYONE in message.mentions
    return msgspec.structs.replace(
        head,
        last_seq=message.seq,
        last_message=message.preview(),
        sent_seqs=sent_seqs,
        last_activity_ms=message.created_at_ms,
        active_hour=max(hour(message.created_at_ms), head.active_hour),
        everyone_seqs=(*head.everyone_seqs, message.seq)[-MAX_EVERYONE:] if calls_everyone else head.everyone_seqs,
        has_archived=False,  # an archived conversation comes back
        awaits_answer=head.awaits_answer and not set(head.participants) <= sent_seqs.keys(),
    )
