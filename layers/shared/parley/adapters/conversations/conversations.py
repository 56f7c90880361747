"""Heads and memberships: reading them together, opening a direct conversation, listing by activity."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import to_builtins
from pynamodb.exceptions import TransactWriteError, UpdateError
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from parley.adapters.conversations import head_rows
from parley.adapters.dynamodb import batches, clients, conditions, tables, unreadable
from parley.adapters.dynamodb.batches import Rows
from parley.adapters.dynamodb.documents import from_wire, to_wire
from parley.adapters.people import blocks, named_users
from parley.domain.api import ids
from parley.domain.api.types import NamedUser
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.listing import Entry

MAX_RECENT = 1000  # index entries of one query; about 100 bytes each, so well within a page of 1 MB


def head_of(rows: Rows, conversation_id: str) -> Head | None:
    """Returns the head from a batch, or None if the conversation does not exist.

    One that is being imported does not exist for anybody but its run (`adapters/moving`).
    """
    row = rows.get(tables.Conversation, conversation_id)
    return None if row is None or row.importing is not None else head_rows.head(row)


def is_importing(rows: Rows, conversation_id: str) -> bool:
    """Says whether a conversation in a batch is being imported; a damaged one is not."""
    return "importing" in (rows.item(tables.Conversation, conversation_id) or {})


def readable_heads(rows: Rows, conversation_ids: Iterable[str]) -> dict[str, Head]:
    """Returns the heads in a batch that can be read, by id; reports the others."""
    return unreadable.readable("Conversations", conversation_ids, lambda each: head_of(rows, each))


def membership_of(rows: Rows, user_id: str, conversation_id: str) -> Membership | None:
    """Returns a membership from a batch, or None if it does not exist."""
    row = rows.get(tables.Membership, user_id, conversation_id)
    return None if row is None else head_rows.membership(row)


def readable_memberships(rows: Rows, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Membership]:
    """Returns the memberships in a batch that can be read, by (user id, conversation id); reports the others."""
    return unreadable.readable("Memberships", keys, lambda key: membership_of(rows, *key))


def head(conversation_id: str) -> Head | None:
    """Returns one head; one round trip."""
    return head_of(batches.read_rows({tables.Conversation: [(conversation_id,)]}), conversation_id)


def head_and_membership(conversation_id: str, user_id: str) -> tuple[Head | None, Membership | None]:
    """Returns a head and one person's membership; one round trip."""
    rows = batches.read_rows(
        {tables.Conversation: [(conversation_id,)], tables.Membership: [(user_id, conversation_id)]},
    )
    return head_of(rows, conversation_id), membership_of(rows, user_id, conversation_id)


def head_and_memberships(conversation_id: str, user_ids: Iterable[str]) -> tuple[Head | None, dict[str, Membership]]:
    """Returns a head, and the memberships of those of these people who are in it; one round trip per 100."""
    wanted = list(user_ids)
    rows = batches.read_rows(
        {
            tables.Conversation: [(conversation_id,)],
            tables.Membership: [(user_id, conversation_id) for user_id in wanted],
        }
    )
    found = {user_id: membership_of(rows, user_id, conversation_id) for user_id in wanted}
    return head_of(rows, conversation_id), {user_id: mine for user_id, mine in found.items() if mine is not None}


def head_and_block(conversation_id: str, user_id: str, other_id: str) -> tuple[Head | None, bool]:
    """Returns a head, and whether a person has blocked another; one round trip."""
    rows = batches.read_rows(
        {tables.Conversation: [(conversation_id,)], tables.Block: [blocks.key(user_id, other_id)]},
    )
    return head_of(rows, conversation_id), blocks.of(rows, user_id, other_id).by_me


def heads(conversation_ids: Iterable[str]) -> dict[str, Head]:
    """Returns the heads that exist and can be read, by id; they may be a moment old; one round trip per 100."""
    wanted = list(conversation_ids)
    rows = batches.read_rows(
        {tables.Conversation: [(conversation_id,) for conversation_id in wanted]}, stale=(tables.Conversation,)
    )
    return readable_heads(rows, wanted)


def all_heads(after: str | None, limit: int) -> tuple[list[Head], str | None]:
    """Returns the readable heads among the next `limit` rows of the table, and the id after which the next ones start.

    None at its end. Conversations that are being imported are left out. One round trip.
    """
    start = None if after is None else {"conversation_id": to_wire(after)}
    found = tables.Conversation.scan(limit=limit, page_size=limit, last_evaluated_key=start, consistent_read=True)
    heads = list(unreadable.decoded("Conversations", found, lambda row: None if row.importing else head_rows.head(row)))
    behind = found.last_evaluated_key
    following = None if behind is None else str(from_wire(behind["conversation_id"]))
    return [head for head in heads if head is not None], following


def heads_and_memberships(
    conversation_ids: Sequence[str], user_id: str, *, stale: bool = False
) -> dict[str, tuple[Head, Membership]]:
    """Returns head and own membership of those conversations that have both, by id, without unreadable ones.

    Strongly consistent. With `stale` they may be a moment old, which costs half; memberships of groups never are,
    because only they list a group's members.
    """
    return read_pairs(conversation_ids, user_id, stale=stale)[0]


def read_pairs(
    conversation_ids: Sequence[str], user_id: str, *, stale: bool = False
) -> tuple[dict[str, tuple[Head, Membership]], set[str]]:
    """Returns what `heads_and_memberships` does, and the conversations whose head or membership is unreadable.

    A person is still in those: their rows are damaged, not gone.
    """
    heads, own = (
        [(conversation_id,) for conversation_id in conversation_ids],
        [(user_id, conversation_id) for conversation_id in conversation_ids],
    )
    if stale:
        rows = _read_stale(own, user_id, {tables.Conversation: heads})
    else:
        rows = batches.read_rows({tables.Conversation: heads, tables.Membership: own})
    found_heads = readable_heads(rows, conversation_ids)
    found_own = readable_memberships(rows, own)
    pairs = {
        conversation_id: (found_heads[conversation_id], found_own[user_id, conversation_id])
        for conversation_id in conversation_ids
        if conversation_id in found_heads and (user_id, conversation_id) in found_own
    }
    whole = {
        conversation_id
        for conversation_id in conversation_ids
        if rows.has(tables.Conversation, conversation_id)
        and rows.has(tables.Membership, user_id, conversation_id)
        and not is_importing(rows, conversation_id)
    }
    return pairs, whole - pairs.keys()


def memberships_and_users(
    keys: Iterable[tuple[str, str]],
    *,
    known: Collection[tuple[str, str]] = (),
    stale_for: str | None = None,
    named: Iterable[str] | None = None,
) -> tuple[dict[tuple[str, str], Membership], dict[str, NamedUser]]:
    """Returns memberships by (user id, conversation id), and the people in `keys`, or those `named`.

    People may be a moment old, and so may memberships with `stale_for`, but not that person's own in groups:
    only they list a group's members. Memberships that are `known` are not read. One round trip per 100 rows.
    """
    asked = list(keys)
    people = [(user_id,) for user_id in dict.fromkeys((user_id for user_id, _ in asked) if named is None else named)]
    wanted = [key for key in asked if key not in known]
    if stale_for is not None:
        rows = _read_stale(wanted, stale_for, {tables.User: people})
    else:
        rows = batches.read_rows({tables.Membership: wanted, tables.User: people}, stale=(tables.User,))
    return readable_memberships(rows, wanted), named_users.of(rows, [user_id for (user_id,) in people])


def memberships_and_users_stale(
    keys: Iterable[tuple[str, str]], user_ids: Iterable[str]
) -> tuple[dict[tuple[str, str], Membership], dict[str, NamedUser]]:
    """Returns memberships by (user id, conversation id), and other people; all may be a moment old.

    One round trip per 100 rows, half a read unit each.
    """
    wanted, people = list(keys), list(dict.fromkeys(user_ids))
    rows = batches.read_rows(
        {tables.Membership: wanted, tables.User: [(user_id,) for user_id in people]},
        stale=(tables.Membership, tables.User),
    )
    return readable_memberships(rows, wanted), named_users.of(rows, people)


def _read_stale(
    memberships: Iterable[tuple[str, str]], user_id: str, beside: Mapping[type[tables.Table], list[tuple[str]]]
) -> Rows:
    """Returns memberships and other rows that may be a moment old, except the person's own memberships of groups."""
    wanted = list(memberships)
    deciding = [key for key in wanted if key[0] == user_id and ids.has_members(key[1])]
    others = set(wanted) - set(deciding)
    return batches.read_rows({tables.Membership: deciding}, beside={tables.Membership: others, **beside})


def names(user_ids: Iterable[str]) -> dict[str, str | None]:
    """Returns people's names, which may be a moment old; one round trip.

    None for a user who has never signed in, or whose row is unreadable.
    """
    wanted = list(user_ids)
    found = named_users.read_named(wanted)
    return {user_id: found[user_id].name if user_id in found else None for user_id in wanted}


def recent(
    user_id: str, limit: int, after: tuple[int, str] | None = None, *, archived: bool = False, notes: bool = False
) -> list[Entry]:
    """Returns up to `limit` (1–1000) readable index entries of a person, newest hour first; one round trip.

    The entries start after `after`, an entry's active hour and conversation id. Archived conversations are on a shelf
    of their own, and so are notes.
    """
    start = None
    shelf = head_rows.shelf_of(user_id, archived=archived, notes=notes)
    if after is not None:
        start = {
            "shelf": to_wire(shelf),
            "active_hour": to_wire(after[0]),
            "user_id": to_wire(user_id),
            "conversation_id": to_wire(after[1]),
        }
    found = tables.Membership.by_activity.query(
        shelf, scan_index_forward=False, page_size=limit, last_evaluated_key=start
    )
    return unreadable.first(
        "Memberships", found, lambda row: Entry(row.conversation_id, int(row.active_hour), row.peer_id), limit
    )


def count_groups(user_id: str, most: int) -> int:
    """Returns how many groups a person is in, `most` if they are in more; strongly consistent.

    One round trip for some thousands. A unit for each 4 KB of memberships, of which 10 to 20 fit.
    """
    is_group = tables.Membership.conversation_id.startswith(ids.GROUP_PREFIX)
    return tables.Membership.count(user_id, is_group, limit=most, consistent_read=True)


def count(user_id: str, most: int) -> int:
    """Returns in how many conversations a person is, notes of tickets aside: `most` of those before and after them.

    Two queries. It may be a moment old.
    """
    name = tables.Membership.conversation_id
    before, after = name < ids.NOTES_PREFIX, name > f"{ids.NOTES_PREFIX}~"
    return sum(tables.Membership.count(user_id, part, limit=most) for part in (before, after))


def pinned(user_id: str, limit: int) -> list[str]:
    """Returns the ids of the conversations that a person has pinned, the latest pin first; one round trip."""
    found = tables.Membership.by_pin.query(user_id, scan_index_forward=False, limit=limit, page_size=limit)
    return [row.conversation_id for row in found]


def direct_ids(user_id: str, other_id: str) -> list[str]:
    """Returns the direct conversations of two people, in any context; one round trip per 1 MB of memberships."""
    of_both = (tables.Membership.peer_id == other_id) | (tables.Membership.unseen_peer_id == other_id)
    key = tables.Membership.key_names()
    found = tables.Membership.query(user_id, filter_condition=of_both, consistent_read=True, attributes_to_get=key)
    return [row.conversation_id for row in found]


def member_ids(conversation_id: str, limit: int, after: str | None = None) -> list[str]:
    """Returns up to `limit` members by id, after the id `after`; one round trip. It may be a moment old."""
    condition = None if after is None else tables.Membership.user_id > after
    found = tables.Membership.by_conversation.query(conversation_id, condition, limit=limit, page_size=limit)
    return [row.user_id for row in found]


def members_behind(head: Head, limit: int, after: str | None = None) -> list[str]:
    """Returns up to `limit` members by id, after the id `after`, in a group of any size; one round trip at most."""
    if head.is_large:
        return member_ids(head.conversation_id, limit, after)
    return sorted(user_id for user_id in head.participants if after is None or user_id > after)[:limit]


def memberships(keys: Iterable[tuple[str, str]], *, stale: bool = False) -> dict[tuple[str, str], Membership]:
    """Returns the memberships that exist and can be read, by (user id, conversation id).

    One round trip per 100, at once. With `stale` they may be a moment old.
    """
    wanted = list(keys)
    rows = batches.read_rows({tables.Membership: wanted}, stale=(tables.Membership,) if stale else ())
    return readable_memberships(rows, wanted)


def save_settings(before: Membership, after: Membership, now_ms: int) -> bool:
    """Writes a person's settings for a conversation; one round trip.

    Returns False if another device of theirs has set something since `before` was read, or they have left meanwhile.
    """
    pinned_at = tables.Membership.pinned_at_ms
    actions: list[Action] = [
        tables.Membership.settings.set(to_builtins(after.settings)),
        tables.Membership.own_seq.set(after.own_seq),
        pinned_at.set(pinned_at | now_ms) if after.settings.pinned else pinned_at.remove(),
    ]
    try:
        tables.Membership(user_id=before.user_id, conversation_id=before.conversation_id).update(
            actions=actions, condition=tables.Membership.user_id.exists() & head_rows.own_unmoved(before)
        )
    except UpdateError as error:
        if conditions.failed_condition(error):
            return False
        raise
    return True


def save_unread_from(before: Membership, after: Membership) -> bool:
    """Writes from where on a person has marked a conversation as unread; one round trip.

    Returns False if another device of theirs has set something or moved a marker since `before` was read, or they have
    left meanwhile.
    """
    actions: list[Action] = [
        tables.Membership.unread_from.set(to_builtins(after.unread_from)),
        tables.Membership.own_seq.set(after.own_seq),
    ]
    unmoved = (tables.Membership.read_seq == before.read_seq) & head_rows.own_unmoved(before)
    try:
        tables.Membership(user_id=before.user_id, conversation_id=before.conversation_id).update(
            actions=actions, condition=tables.Membership.user_id.exists() & unmoved
        )
    except UpdateError as error:
        if conditions.failed_condition(error):
            return False
        raise
    return True


def note_push(head: Head, user_id: str, seq: int) -> None:
    """Notes that an app of a person was told of the message `seq`; one round trip.

    It writes nothing if they have left, or were told of a later one; in a group also if they have read that message.
    """
    if not head.has_members:
        _note_push_to_one_of_two(head, user_id, seq)
        return
    conversation_id, pushed = head.conversation_id, tables.Membership.pushed_seq
    try:
        tables.Membership(user_id=user_id, conversation_id=conversation_id).update(
            actions=[pushed.set(seq)],
            condition=(tables.Membership.read_seq < seq) & (pushed.does_not_exist() | (pushed < seq)),
        )
    except UpdateError as error:
        if not _may_stay(error):
            raise


def _may_stay(error: UpdateError) -> bool:
    # A send may be writing the same row: then a notice stays on a device, which harms nobody.
    return conditions.failed_condition(error) or conditions.met_a_transaction(error)


def _note_push_to_one_of_two(head: Head, user_id: str, seq: int) -> None:
    if user_id not in head.participants:
        return
    is_first = head.participants[0] == user_id
    pushed = tables.Conversation.first_pushed_seq if is_first else tables.Conversation.second_pushed_seq
    try:
        tables.Conversation(conversation_id=head.conversation_id).update(
            actions=[pushed.set(seq)],
            condition=tables.Conversation.conversation_id.exists() & (pushed.does_not_exist() | (pushed < seq)),
        )
    except UpdateError as error:
        if not _may_stay(error):
            raise


def move_entry(head: Head, user_id: str, seq: int) -> None:
    """Moves a conversation to its place in a member's list, unless they have archived it since the message `seq`.

    One round trip; it writes nothing if the entry is there already.
    """
    archived = tables.Membership.archived_seq
    behind = (tables.Membership.active_hour < head.active_hour) | archived.exists()
    try:
        tables.Membership(user_id=user_id, conversation_id=head.conversation_id).update(
            actions=head_rows.index_actions(user_id, head.active_hour, notes=head.is_notes),
            condition=tables.Membership.user_id.exists() & behind & (archived.does_not_exist() | (archived < seq)),
        )
    except UpdateError as error:
        if not conditions.failed_condition(error):
            raise


def open_direct(head: Head) -> bool:
    """Writes a new direct conversation with its two memberships, all or nothing.

    Returns False if it exists already, or one of the two has blocked the other meanwhile.

    The id is derived from the pair and the context, so two people who open it at the same moment meet in the same row.
    """
    first, second = head.participants
    try:
        with TransactWrite(connection=clients.dynamodb) as transaction:
            row = head_rows.conversation_row(head)
            transaction.save(row, condition=tables.Conversation.conversation_id.does_not_exist())
            transaction.condition_check(tables.Block, first, second, condition=blocks.absent())
            for user_id, peer_id in ((first, second), (second, first)):
                transaction.save(head_rows.membership_row(head, head.newcomer(user_id), peer_id))
    except TransactWriteError as error:
        if conditions.lost_race(error):
            return False
        raise
    return True
