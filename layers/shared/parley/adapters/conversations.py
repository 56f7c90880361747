"""Heads and memberships: reading them together, opening a direct conversation, listing by activity."""

from collections.abc import Iterable, Sequence

from msgspec import convert
from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from parley.adapters import aws, batches, tables, writes
from parley.adapters.batches import Rows
from parley.adapters.documents import to_wire
from parley.domain.listing import Entry
from parley.domain.stored import Head, Membership
from parley.domain.types import Context, ConversationType, MessagePreview, Settings

MAX_RECENT = 1000  # index entries of one query; about 100 bytes each, so well within a page of 1 MB


def head_of(rows: Rows, conversation_id: str) -> Head | None:
    """Returns the head from a batch, or None where there is no such conversation."""
    row = rows.get(tables.Conversation, conversation_id)
    return None if row is None else _head(row)


def membership_of(rows: Rows, user_id: str, conversation_id: str) -> Membership | None:
    """Returns a membership from a batch, or None where there is none."""
    row = rows.get(tables.Membership, user_id, conversation_id)
    return None if row is None else _membership(row)


def head(conversation_id: str) -> Head | None:
    """Returns one head; one round trip."""
    return head_of(batches.read({tables.Conversation: [(conversation_id,)]}), conversation_id)


def head_and_membership(conversation_id: str, user_id: str) -> tuple[Head | None, Membership | None]:
    """Returns a head and one person's membership; one round trip."""
    rows = batches.read(
        {tables.Conversation: [(conversation_id,)], tables.Membership: [(user_id, conversation_id)]},
    )
    return head_of(rows, conversation_id), membership_of(rows, user_id, conversation_id)


def heads(conversation_ids: Iterable[str]) -> dict[str, Head]:
    """Returns the heads that exist, by id; one round trip per 100."""
    wanted = list(conversation_ids)
    rows = batches.read({tables.Conversation: [(one,) for one in wanted]})
    found = ((one, head_of(rows, one)) for one in wanted)
    return {one: head for one, head in found if head is not None}


def heads_and_memberships(conversation_ids: Sequence[str], user_id: str) -> dict[str, tuple[Head, Membership]]:
    """Returns head and own membership of those conversations that have both, by id; strongly consistent."""
    rows = batches.read(
        {
            tables.Conversation: [(one,) for one in conversation_ids],
            tables.Membership: [(user_id, one) for one in conversation_ids],
        }
    )
    pairs = ((one, head_of(rows, one), membership_of(rows, user_id, one)) for one in conversation_ids)
    return {one: (head, mine) for one, head, mine in pairs if head is not None and mine is not None}


def memberships_and_names(
    keys: Iterable[tuple[str, str]],
) -> tuple[dict[tuple[str, str], Membership], dict[str, str | None]]:
    """Returns memberships by (user id, conversation id), and the names of the people in `keys`.

    One round trip per 100 rows.
    """
    wanted = list(keys)
    people = [user_id for user_id, _ in wanted]
    rows = batches.read({tables.Membership: wanted, tables.User: [(one,) for one in people]}, stale=(tables.User,))
    found = {key: membership for key in wanted if (membership := membership_of(rows, *key)) is not None}
    return found, {one: _name(rows, one) for one in people}


def names(user_ids: Iterable[str]) -> dict[str, str | None]:
    """Returns people's names, None for somebody who has never signed in; they may be a moment old; one round trip."""
    wanted = list(user_ids)
    rows = batches.read({tables.User: [(one,) for one in wanted]}, stale=(tables.User,))
    return {one: _name(rows, one) for one in wanted}


def _name(rows: Rows, user_id: str) -> str | None:
    row = rows.get(tables.User, user_id)
    return None if row is None else row.name


def recent(user_id: str, limit: int, after: tuple[int, str] | None = None) -> list[Entry]:
    """Returns up to `limit` (1–1000) index entries of a person, newest hour first; one round trip.

    `after` is the active hour and conversation id of the entry to go on behind.
    """
    start = None
    if after is not None:
        start = {"user_id": to_wire(user_id), "conversation_id": to_wire(after[1]), "active_hour": to_wire(after[0])}
    found = tables.Membership.by_activity.query(
        user_id, scan_index_forward=False, limit=limit, page_size=limit, last_evaluated_key=start
    )
    return [Entry(row.conversation_id, int(row.active_hour), row.peer_id) for row in found]


def open_direct(head: Head) -> bool:
    """Writes a new direct conversation with its two memberships, all or nothing.

    Returns False where it was there already.

    The id is derived from the pair and the context, so two people who open it at the same moment meet in the same row.
    """
    one, other = head.participants
    try:
        with TransactWrite(connection=aws.dynamodb) as transaction:
            row = _conversation_row(head)
            transaction.save(row, condition=tables.Conversation.conversation_id.does_not_exist())
            for user_id, peer_id in ((one, other), (other, one)):
                transaction.save(_membership_row(head, user_id, peer_id))
    except TransactWriteError as error:
        if writes.lost_race(error):
            return False
        raise
    return True


def _conversation_row(head: Head) -> tables.Conversation:
    return tables.Conversation(
        conversation_id=head.conversation_id,
        type=head.type,
        context_type=head.context.type if head.context else None,
        context_id=head.context.id if head.context else None,
        participants=list(head.participants),
        last_seq=head.last_seq,
        last_change_seq=head.last_change_seq,
        sent_seqs=dict(head.sent_seqs),
        created_at_ms=head.created_at_ms,
        last_activity_ms=head.last_activity_ms,
        active_hour=head.active_hour,
    )


def _membership_row(head: Head, user_id: str, peer_id: str) -> tables.Membership:
    return tables.Membership(
        user_id=user_id,
        conversation_id=head.conversation_id,
        active_hour=head.active_hour,
        peer_id=peer_id,
        role="member",
        read_seq=0,
        delivered_seq=0,
    )


def _head(row: tables.Conversation) -> Head:
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
    )


def _membership(row: tables.Membership) -> Membership:
    return Membership(
        user_id=row.user_id,
        conversation_id=row.conversation_id,
        role=row.role,
        read_seq=int(row.read_seq),
        delivered_seq=int(row.delivered_seq),
        settings=convert(row.settings, type=Settings) if row.settings else Settings(),
    )
