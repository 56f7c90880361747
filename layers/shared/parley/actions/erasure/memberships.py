"""Erasing memberships: the person leaves groups, and a pseudonym takes over their direct conversations."""

import contextlib
from collections.abc import Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from parley.actions.conversations import members
from parley.actions.erasure.work import Unit, Work
from parley.adapters.conversations import conversations
from parley.adapters.dynamodb import tables
from parley.adapters.erasure import erased_tickets, erasures
from parley.adapters.erasure.erasures import Op
from parley.domain.api import ids
from parley.domain.api.errors import NotFound
from parley.domain.conversations.head import Head, Membership
from parley.domain.erasure.job import head_without


class _Leaving(Struct, frozen=True):
    """The conversation that the person is removed from, and its next owner. Written before the removal."""

    conversation_id: str | None = None
    heir_id: str | None = None

    def unit(self, ops: Sequence[Op] = (), **removed: int) -> Unit:
        return Unit(ops, removed, msgspec.json.encode(self).decode())


_ON = _Leaving()


def erase_memberships(work: Work) -> Unit:
    """Removes the person from one conversation after another; a retry does it again, and tells the others again."""
    leaving = msgspec.json.decode(work.job.cursor, type=_Leaving) if work.job.cursor else _ON
    if leaving.conversation_id is None:
        following = erasures.first_membership(work.user_id)
        return Unit() if following is None else _Leaving(following).unit()
    conversation_id = leaving.conversation_id
    head, mine = conversations.head_and_membership(conversation_id, work.user_id)
    if head is None:
        return _ON.unit([erasures.delete_row(tables.Membership(user_id=work.user_id, conversation_id=conversation_id))])
    if head.is_group:
        return _leave(work, leaving, head, is_member=mine is not None)
    if mine is None:
        return _ON.unit()
    if head.is_ticket:
        return _ON.unit([*_pass_on_ticket(work, head, mine), *_rename_in_notes(work, head)], support_tickets=1)
    if head.is_notes:
        return _ON.unit(_pass_on_ticket(work, head, mine), notes=1)
    return _ON.unit(_pass_on(work, head, mine), direct_conversations=1)


def _pass_on_ticket(work: Work, head: Head, mine: Membership) -> list[Op]:
    """Returns the writes that put the pseudonym in the person's place in a ticket or its notes.

    The requester's ticket loses its subject.
    """
    change_seq = head.last_change_seq + 1
    after = replace(head_without(head, work.user_id, work.pseudonym), last_change_seq=change_seq, shared_seq=change_seq)
    if head.requester_id == work.user_id:
        after = replace(after, title="")
    return [
        erasures.move_head(head, after),
        erasures.add_change(
            work.change(after, "ticket_updated" if head.is_ticket else "conversation_updated", change_seq)
        ),
        *erasures.hand_over(after, mine, work.pseudonym),
        *erased_tickets.hand_over_ticket(head.conversation_id, work.user_id, work.pseudonym, work.by_desk),
    ]


def _rename_in_notes(work: Work, ticket: Head) -> list[Op]:
    """Returns the writes that put the pseudonym in the requester's place in the notes, which are closed to them.

    One round trip for the requester. If there are no notes, none may be begun meanwhile: they would name the person.
    """
    if ticket.requester_id != work.user_id:
        return []
    notes_id = ids.notes_id(ticket.conversation_id)
    notes = conversations.head(notes_id)
    if notes is None:
        return [erasures.keep_absent(notes_id)]
    return [erasures.move_head(notes, replace(notes, requester_id=work.pseudonym))]


def _pass_on(work: Work, head: Head, mine: Membership) -> list[Op]:
    """Returns the writes that put the pseudonym in the person's place in a direct conversation, and close it."""
    [peer_id] = head.others(work.user_id)
    change_seq = head.last_change_seq + 1
    after = replace(
        head_without(head, work.user_id, work.pseudonym),
        closed=True,
        is_locked=False,
        last_change_seq=change_seq,
        shared_seq=change_seq,
    )
    change = work.change(after, "conversation_updated", change_seq)
    return [
        erasures.move_head(head, after),
        erasures.add_change(change),
        *erasures.take_over(after, mine, work.pseudonym, peer_id),
    ]


def _leave(work: Work, leaving: _Leaving, head: Head, *, is_member: bool) -> Unit:
    """Lets the person leave a group; if they are its only owner, an heir gets it first."""
    conversation_id = head.conversation_id
    if is_member and leaving.heir_id is None and head.owner_ids == (work.user_id,) and head.member_count > 1:
        return _Leaving(conversation_id, members.heir_of(head, work.user_id)).unit(groups_handed_over=1)
    try:
        # The heir of an earlier try may have taken the ownership from the person since.
        if is_member and leaving.heir_id is not None and work.user_id in head.owner_ids:
            members.set_role(work.call, conversation_id, leaving.heir_id, "owner")
    except NotFound:
        return _Leaving(conversation_id).unit(groups_handed_over=-1)  # the heir has left meanwhile
    # If an earlier try removed them, and the group has changed since, there is no such member.
    with contextlib.suppress(NotFound):
        members.remove_member(work.call, conversation_id, work.user_id)
    return _ON.unit()
