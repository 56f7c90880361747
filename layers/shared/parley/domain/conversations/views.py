"""A conversation, its members and their markers, as a member sees them."""

from collections.abc import Collection, Mapping

import msgspec

from parley.domain.api.custom_data import from_compact
from parley.domain.api.identity import is_system_sender
from parley.domain.api.times import rfc3339
from parley.domain.api.types import Conversation, ListedMessage, Marker, Member, NamedUser
from parley.domain.conversations import rights
from parley.domain.conversations.head import Frozen, Head, Membership
from parley.domain.conversations.message import Reader, as_listed


def view_conversation(
    head: Head, reader: Reader, memberships: Mapping[str, Membership], users: Mapping[str, NamedUser]
) -> Conversation:
    """Returns the conversation as a member sees it; `memberships` and `users` are by user id."""
    mine, role = memberships[reader.user_id], head.role_of(reader.user_id)
    mentions = head.unread_mentions(mine)
    return Conversation(
        id=head.conversation_id,
        type=head.type,
        title=head.title,
        description=head.description,
        context=head.context,
        state="closed" if head.closed else "open",
        posting=head.posting,
        slow_mode_s=head.slow_mode_s,
        history=head.history,
        custom_type=head.custom_type,
        metadata=from_compact(head.metadata),
        shared_seq=head.shared_seq,
        role=role,
        members=_members(head, reader, memberships, users),
        member_count=head.member_count,
        last_message=last_message(head, mine, reader.blocked),
        last_seq=head.last_seq,
        last_change_seq=head.last_change_seq,
        unread=head.unread(mine),
        unread_mentions=len(mentions),
        mention_seqs=mentions,
        read_seq=head.read_seq(mine),
        delivered_seq=head.delivered_seq(mine),
        unread_from_seq=head.unread_from_seq(mine),
        settings=mine.settings,
        own_seq=mine.own_seq,
        archived=head.is_archived(mine),
        visible_from_seq=head.visible_from_seq(mine.user_id, mine),
        capabilities=_capabilities(head, reader.user_id),
        created_at=rfc3339(head.created_at_ms),
        last_activity_at=rfc3339(head.last_activity_ms),
    )


def _capabilities(head: Head, user_id: str) -> list[str]:
    """Returns the names of everything that a member may do here, or the host's own server."""
    if is_system_sender(user_id):
        return rights.capabilities_of_host(head)
    return rights.capabilities(head, rights.role_of(head, user_id))


def _members(
    head: Head, reader: Reader, memberships: Mapping[str, Membership], users: Mapping[str, NamedUser]
) -> list[Member]:
    """Returns both people of a direct conversation; a group has a list of its own."""
    user_ids = () if head.has_members else head.participants
    return [
        view_member(head, memberships[user_id], users.get(user_id), reader.user_id, ())
        for user_id in user_ids
        if user_id in memberships
    ]


def view_member(
    head: Head, membership: Membership, user: NamedUser | None, viewer_id: str, cut_off: Collection[str]
) -> Member:
    """Returns one member as another sees them; `cut_off` are the people with whom the reader has a block."""
    seen = view_membership(head, membership, viewer_id)
    is_hidden = head.is_group and seen.user_id in cut_off
    return Member(
        user_id=seen.user_id,
        name=None if user is None else user.name,
        role=head.role_of(seen.user_id),
        read_seq=None if is_hidden else head.read_seq(seen),
        delivered_seq=None if is_hidden else head.delivered_seq(seen),
    )


def view_marker(head: Head, membership: Membership, viewer_id: str) -> Marker:
    """Returns how far one of two people has received and read, as the other may see it."""
    seen = view_membership(head, membership, viewer_id)
    return Marker(user_id=seen.user_id, read_seq=head.read_seq(seen), delivered_seq=head.delivered_seq(seen))


def last_message(head: Head, membership: Membership, blocked: Collection[str]) -> ListedMessage | None:
    """Returns the newest message as a member's list shows it, who has blocked these people."""
    last = head.last_message_for(membership)
    if last is None:
        return None
    return as_listed(last, blocked=head.shows_words and last.sender_id in blocked)


def view_membership(head: Head, membership: Membership, viewer_id: str) -> Membership:
    """Returns a membership with the markers that another member may see; one's own as they are."""
    frozen = frozen_markers(head, membership) if membership.user_id != viewer_id else None
    if frozen is None:
        return membership
    return msgspec.structs.replace(membership, read_seq=frozen.read_seq, delivered_seq=frozen.delivered_seq)


def frozen_markers(head: Head, mine: Membership) -> Frozen | None:
    """Returns a member's markers as the other of two still sees them under a block; None without a block."""
    if not head.blocked_by:
        return None
    if mine.frozen is not None and mine.frozen.blocked_seq == head.blocked_seq:
        return mine.frozen
    return Frozen(blocked_seq=head.blocked_seq, read_seq=mine.read_seq, delivered_seq=mine.delivered_seq)
