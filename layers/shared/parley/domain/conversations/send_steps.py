"""Decides from the rows read what one send writes: the next seq, the message, and any move of the index."""

from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256

import msgspec
from msgspec import Struct

from parley.domain.api import ids
from parley.domain.api.errors import Field, Invalid
from parley.domain.api.request import Request
from parley.domain.api.requests import MAX_MENTIONED, Draft
from parley.domain.api.times import hour
from parley.domain.api.types import EVERYONE, Note, Origin
from parley.domain.conversations.head import MAX_EVERYONE, MAX_MENTIONS, Head, Membership
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.steps import MemberWrites, Record, Sent, Step, Swept, no_earlier

REPLAY_S = 24 * 3600  # how long a `client_id` is remembered (concepts.md, "What Parley promises")


class Earlier(Struct, frozen=True, kw_only=True):
    """An earlier send with the same `client_id`."""

    seq: int
    fingerprint: str


def fingerprint(draft: Draft, origin: Origin | None = None) -> str:
    """Returns the hash of a message's whole content, which tells two bodies under one `client_id` apart."""
    parts = (draft.kind, draft.text, draft.reply_to, draft.mentions, origin)
    return sha256(msgspec.json.encode(parts)).hexdigest()[:32]


def reply_to_seq(draft: Draft, head: Head, pointer: str) -> int | None:
    """Returns the seq of the message that a draft answers; refuses a message of another conversation."""
    if draft.reply_to is None:
        return None
    conversation_id, seq = ids.split_message_id(draft.reply_to, pointer)
    if conversation_id != head.conversation_id or seq > head.last_seq:
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
    origin: Origin | None = None,
) -> Step:
    """Returns the step that makes `draft` the newest message of the conversation.

    `text` is the stored text, if it differs. `named` holds the memberships of the people mentioned, `origin` the first
    message if it was forwarded.
    """
    mentions = check_mentions(draft.mentions, named or {}, f"{request.field_prefix}/mentions")
    message = StoredMessage(
        conversation_id=head.conversation_id,
        seq=head.last_seq + 1,
        sender_id=request.user_id,
        kind=draft.kind,
        text=draft.text if text is None else text,
        created_at_ms=no_earlier(request, head),
        client_id=draft.client_id,
        reply_to_seq=reply_to_seq(draft, head, f"{request.field_prefix}/reply_to"),
        forwarded_from=origin,
        mentions=mentions,
    )
    others = (user_id for user_id in mentions if user_id != request.user_id)
    step = step_with(head, message, record=_record(draft, origin, request.now_s))
    return with_mentions(step, message.seq, others, named or {})


def _record(draft: Draft, origin: Origin | None, now_s: int) -> Record | None:
    """Returns the record of a draft's `client_id`."""
    if not draft.client_id:
        return None
    expires_at_s = now_s + REPLAY_S
    return Record(client_id=draft.client_id, fingerprint=fingerprint(draft, origin), expires_at_s=expires_at_s)


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
        system=note,
    )
    return step_with(head, message, after=after)


# Without names: `system` has the ids, which an erasure may replace. Clients that know the event say it better.
SENTENCES: Mapping[str, str] = {
    "group_created": "The group was made.",
    "members_added": "Members were added.",
    "member_removed": "A member was removed.",
    "member_left": "A member left.",
    "role_changed": "A member's role was changed.",
    "title_changed": "The title was changed.",
    "description_changed": "The description was changed.",
    "posting_changed": "Who may write was changed.",
    "slow_mode_changed": "The slow mode was changed.",
    "conversation_changed": "The conversation was changed.",
    "closed": "The conversation was closed.",
    "reopened": "The conversation was opened again.",
    "call_missed": "A call was missed.",
    "call_ended": "A call has ended.",
}


def step_with(head: Head, message: StoredMessage, *, after: Head | None = None, record: Record | None = None) -> Step:
    """Returns the step that adds a message to a head, with all its consequences."""
    grown = _grown(after or head, message)
    sent = Sent(message=message, record=record, read_by=message.sender_id if head.is_group else None)
    members = MemberWrites(
        moves_index=hour(message.created_at_ms) > head.active_hour or head.has_archived,
        is_answer=head.awaits_answer and not grown.awaits_answer,
    )
    return Step(before=head, after=grown, sent=sent, members=members)


def _grown(head: Head, message: StoredMessage) -> Head:
    """Returns a head with a message as its last."""
    sent_seqs = head.sent_seqs if head.is_group else {**head.sent_seqs, message.sender_id: message.seq}
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
