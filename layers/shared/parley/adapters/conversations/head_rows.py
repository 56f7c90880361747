"""The rows of conversations and memberships, from heads and memberships and back, and their updates."""

from typing import Any

from msgspec import convert, to_builtins
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from parley.adapters.dynamodb import tables, unreadable
from parley.domain.api.types import Context, ConversationType, MessagePreview, NewcomersSee, Posting, Settings
from parley.domain.conversations.adding import Adding
from parley.domain.conversations.head import Frozen, Head, Membership, UnreadFrom


def head(row: tables.Conversation) -> Head:
    """Returns the head in a row."""
    return Head(
        conversation_id=row.conversation_id,
        type=convert(row.type, type=ConversationType),
        context=Context(row.context_type, row.context_id) if row.context_type else None,
        title=row.title,
        description=row.description,
        participants=tuple(row.participants),
        last_seq=int(row.last_seq),
        last_change_seq=int(row.last_change_seq),
        last_message=convert(row.last_message, type=MessagePreview) if row.last_message else None,
        sent_seqs=row.sent_seqs,
        created_at_ms=int(row.created_at_ms),
        last_activity_ms=int(row.last_activity_ms),
        active_hour=int(row.active_hour),
        member_count=len(row.participants) if row.member_count is None else int(row.member_count),
        owner_ids=tuple(row.owner_ids or ()),
        admin_ids=tuple(row.admin_ids or ()),
        shared_seq=int(row.shared_seq or 0),
        posting=convert(row.posting or "everyone", type=Posting),
        slow_mode_s=int(row.slow_mode_s or 0),
        closed=bool(row.closed),
        pins=tuple(row.pins or ()),
        everyone_seqs=tuple(row.everyone_seqs or ()),
        has_archived=bool(row.has_archived),
        rates=row.rates,
        blocked_by=tuple(row.blocked_by or ()),
        blocked_seq=int(row.blocked_seq or 0),
        awaits_answer=bool(row.awaits_answer),
        custom_type=row.custom_type,
        metadata=unreadable.metadata(row.metadata, "Conversations", row.conversation_id),
        is_reported=bool(row.is_reported),
        is_locked=bool(row.is_locked),
        dissolved=bool(row.dissolved),
        muted_ids=tuple(row.muted_ids or ()),
        adding=convert(row.adding, type=Adding) if row.adding else None,
        requester_id=row.requester_id,
        **_of_people(row),
    )


def _of_people(row: tables.Conversation) -> dict[str, Any]:
    """Returns the fields that tell how far back people see, and what their apps were told."""
    return {
        "pushed_seqs": _of_two(row, row.first_pushed_seq, row.second_pushed_seq),
        "visible_from_seqs": _of_two(row, row.first_visible_seq, row.second_visible_seq),
        "horizon_seq": int(row.horizon_seq or 1),
        "history": convert(row.history or "all", type=NewcomersSee),
    }


def _of_two(row: tables.Conversation, first: float | None, second: float | None) -> dict[str, int]:
    """Returns the seqs of the two people of a direct conversation, by user id, as far as there are any."""
    known = zip(row.participants, (first, second), strict=False)
    return {user_id: int(seq) for user_id, seq in known if seq is not None}


def membership(row: tables.Membership) -> Membership:
    """Returns the membership in a row."""
    return Membership(
        user_id=row.user_id,
        conversation_id=row.conversation_id,
        read_seq=int(row.read_seq),
        delivered_seq=int(row.delivered_seq),
        settings=convert(row.settings, type=Settings) if row.settings else Settings(),
        own_seq=int(row.own_seq or 0),
        archived_seq=None if row.archived_seq is None else int(row.archived_seq),
        mention_seqs=frozenset(int(mention_seq) for mention_seq in row.mention_seqs or ()),
        hidden_seq=None if row.hidden_seq is None else int(row.hidden_seq),
        shown_seq=None if row.shown_seq is None else int(row.shown_seq),
        since_ms=int(row.since_ms),
        since_seq=None if row.since_seq is None else int(row.since_seq),
        sent_ms=None if row.sent_ms is None else int(row.sent_ms),
        frozen=convert(row.frozen, type=Frozen) if row.frozen else None,
        pushed_seq=None if row.pushed_seq is None else int(row.pushed_seq),
        visible_from_seq=int(row.visible_from_seq or 1),
        unread_from=convert(row.unread_from, type=UnreadFrom) if row.unread_from else None,
    )


def conversation_row(head: Head) -> tables.Conversation:
    """Returns the row of a new conversation."""
    return tables.Conversation(conversation_id=head.conversation_id, rates={}, **stored_head(head))


def stored_head(head: Head) -> dict[str, Any]:
    """Returns the attributes of a head's row, by name, without `rates`; None for attributes that need not be stored."""
    return {
        "type": head.type,
        "context_type": head.context.type if head.context else None,
        "context_id": head.context.id if head.context else None,
        "title": head.title,
        "description": head.description,
        "participants": list(head.participants),
        "last_seq": head.last_seq,
        "last_change_seq": head.last_change_seq,
        "last_message": _preview(head.last_message) if head.last_message else None,
        "sent_seqs": dict(head.sent_seqs),
        "created_at_ms": head.created_at_ms,
        "last_activity_ms": head.last_activity_ms,
        "active_hour": head.active_hour,
        "member_count": head.member_count if head.has_members else None,
        "owner_ids": list(head.owner_ids) or None,
        "admin_ids": list(head.admin_ids) or None,
        "shared_seq": head.shared_seq or None,
        "posting": head.posting if head.posting != "everyone" else None,
        "slow_mode_s": head.slow_mode_s or None,
        "closed": head.closed or None,
        "pins": list(head.pins) or None,
        "everyone_seqs": list(head.everyone_seqs) or None,
        "has_archived": head.has_archived or None,
        "blocked_by": list(head.blocked_by) or None,
        "blocked_seq": head.blocked_seq or None,
        "awaits_answer": head.awaits_answer or None,
        "custom_type": head.custom_type,
        "metadata": head.metadata,
        "is_reported": head.is_reported or None,
        "is_locked": head.is_locked or None,
        "dissolved": head.dissolved or None,
        "muted_ids": list(head.muted_ids) or None,
        "adding": to_builtins(head.adding) if head.adding else None,
        "requester_id": head.requester_id,
        **_stored_horizons(head),
    }


def _stored_horizons(head: Head) -> dict[str, Any]:
    # An attribute of each of the two: both may clear their history at the same time.
    return {
        "first_visible_seq": _visible_seq(head, 0),
        "second_visible_seq": _visible_seq(head, 1),
        "horizon_seq": head.horizon_seq if head.horizon_seq > 1 else None,
        "history": head.history if head.history != "all" else None,
    }


def _visible_seq(head: Head, place: int) -> int | None:
    """Returns the first message that one of two people sees, None if they see all; None in a group."""
    return None if head.has_members else head.visible_from_seqs.get(head.participants[place])


def _preview(preview: MessagePreview) -> dict[str, Any]:
    """Returns a preview as it is stored: most messages have no attachments, and a null costs as much as its name."""
    stored: dict[str, Any] = to_builtins(preview)
    for name in ("attachments", "custom_type", "system"):
        if stored[name] is None:
            del stored[name]
    return stored


def membership_row(head: Head, membership: Membership, peer_id: str | None = None) -> tables.Membership:
    """Returns the row of a person who comes into a conversation now."""
    return tables.Membership(
        user_id=membership.user_id,
        conversation_id=head.conversation_id,
        active_hour=head.active_hour,
        shelf=shelf_of(membership.user_id, notes=head.is_notes),
        peer_id=None if head.awaits_answer else peer_id,
        unseen_peer_id=peer_id if head.awaits_answer else None,
        read_seq=membership.read_seq,
        delivered_seq=membership.delivered_seq,
        since_ms=membership.since_ms,
        since_seq=membership.since_seq,
        visible_from_seq=membership.visible_from_seq if membership.visible_from_seq > 1 else None,
        frozen=to_builtins(membership.frozen) if membership.frozen else None,
    )


def shelf_of(user_id: str, *, archived: bool = False, notes: bool = False) -> str:
    """Returns the key of a person's list; no user id holds a `#`. All notes are on one shelf, also archived ones."""
    if notes:
        return f"{user_id}#notes"
    return f"{user_id}#archived" if archived else user_id


def index_actions(user_id: str, active_hour: int, *, notes: bool = False) -> list[Action]:
    """Returns the actions that move a conversation to its place in a member's list, from the archive too."""
    return [
        tables.Membership.active_hour.set(active_hour),
        tables.Membership.shelf.set(shelf_of(user_id, notes=notes)),
        tables.Membership.archived_seq.remove(),
    ]


def showing_actions(peer_id: str) -> list[Action]:
    """Returns the actions that let the other person of a direct conversation see whether a person is online."""
    return [tables.Membership.peer_id.set(peer_id), tables.Membership.unseen_peer_id.remove()]


def own_unmoved(before: Membership) -> Condition:
    """Returns the condition that a person has set nothing for a conversation since `before` was read."""
    own_seq = tables.Membership.own_seq
    return own_seq == before.own_seq if before.own_seq else own_seq.does_not_exist()
