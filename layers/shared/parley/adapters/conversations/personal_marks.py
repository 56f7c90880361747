"""A person's own marks on messages: their reactions, and the messages that they deleted from their own view."""

from collections.abc import Iterable, Iterator, Sequence

from pynamodb.expressions.condition import Condition

from parley.adapters.dynamodb import batches, tables, unreadable
from parley.adapters.dynamodb.documents import from_wire, to_wire
from parley.domain.conversations.message import PersonalMarks
from parley.domain.conversations.steps import PersonalMark

_HIDDEN = "h"
_EMOJI = "e"


def marks_on(conversation_id: str, user_id: str, first_seq: int, last_seq: int) -> dict[int, PersonalMarks]:
    """Returns a person's marks on the messages from `first_seq` to `last_seq`, by seq; one round trip.

    Without unreadable ones, except that an unreadable mark that hides a message still does.
    """
    found: dict[int, PersonalMarks] = {}
    if first_seq > last_seq:
        return found
    for mark in _readable(conversation_id, user_id, first_seq, last_seq):
        if mark.is_on:
            known = found.get(mark.seq, PersonalMarks())
            emojis = known.emojis | {mark.emoji} if mark.emoji is not None else known.emojis
            hidden_at_ms = mark.at_ms if mark.emoji is None else known.hidden_at_ms
            found[mark.seq] = PersonalMarks(emojis, hidden_at_ms)
    return found


def hidden(conversation_id: str, user_id: str, seqs: Iterable[int]) -> set[int]:
    """Returns those of these messages that a person has deleted for themselves; one round trip per 100."""
    wanted = set(seqs)
    found = batches.read_rows({tables.Receipt: [hidden_key(conversation_id, user_id, seq) for seq in wanted]})
    return {seq for seq in wanted if is_hidden(found, conversation_id, user_id, seq)}


def hidden_key(conversation_id: str, user_id: str, seq: int) -> batches.Key:
    """Returns the key of the mark of a person who has deleted a message for themselves: one more key in a batch."""
    return (conversation_id, f"{_prefix(user_id, seq)}#{_HIDDEN}")


def is_hidden(rows: batches.Rows, conversation_id: str, user_id: str, seq: int) -> bool:
    """Says whether a person has deleted a message for themselves, from a batch that held `hidden_key`.

    An unreadable mark counts: it must not show again what the person has deleted.
    """
    key = hidden_key(conversation_id, user_id, seq)
    try:
        row = rows.get(tables.Receipt, *key)
    except unreadable.ERRORS:
        unreadable.report("Receipts", ["/".join(map(str, key))])
        return True
    return row is not None and bool(row.is_on)


def emoji_key(conversation_id: str, user_id: str, seq: int, emoji: str) -> batches.Key:
    """Returns the key of a person's reaction to a message: one more key in a batch."""
    return (conversation_id, f"{_prefix(user_id, seq)}#{_EMOJI}{emoji}")


def reacts(rows: batches.Rows, conversation_id: str, user_id: str, seq: int, emoji: str) -> bool:
    """Says whether a person's reaction to a message is there, from a batch that held `emoji_key`.

    An unreadable one is left out.
    """
    key = emoji_key(conversation_id, user_id, seq, emoji)

    def read(_: batches.Key) -> PersonalMark | None:
        row = rows.get(tables.Receipt, *key)
        return None if row is None else _personal_mark(user_id, row)

    mark = unreadable.readable("Receipts", [key], read).get(key)
    return mark is not None and mark.is_on


def reactions_to(
    conversation_id: str, user_ids: Iterable[str], seq: int, emojis: Sequence[str]
) -> dict[tuple[str, str], int]:
    """Returns when these people reacted to a message with these emojis, in ms, by person and emoji.

    Without reactions that were taken off, and unreadable ones. One round trip for each 100 pairs, at once; a unit each.
    """
    pairs = {
        emoji_key(conversation_id, user_id, seq, emoji): (user_id, emoji) for user_id in user_ids for emoji in emojis
    }
    found = batches.read_rows({tables.Receipt: pairs})

    def read(key: batches.Key) -> PersonalMark | None:
        row = found.get(tables.Receipt, *key)
        return None if row is None else _personal_mark(pairs[key][0], row)

    marks = unreadable.readable("Receipts", pairs, read)
    return {pairs[key]: mark.at_ms for key, mark in marks.items() if mark.is_on}


def rows(conversation_id: str, user_id: str, first_seq: int, last_seq: int) -> list[PersonalMark]:
    """Returns every mark of a person on these messages, including those taken off.

    An unreadable one raises one of `unreadable.ERRORS`.
    """
    if first_seq > last_seq:
        return []
    return [_personal_mark(user_id, row) for row in _query(conversation_id, user_id, first_seq, last_seq)]


def all_marks(conversation_id: str, after: str | None, limit: int) -> tuple[list[PersonalMark], str | None]:
    """Returns the readable marks that are on, among the next `limit` rows of receipts and marks of a conversation.

    And the key after which the next rows start, None at the end. One round trip, a read unit for each 4 KB.
    """
    start = None if after is None else {"conversation_id": to_wire(conversation_id), "marker": to_wire(after)}
    found = tables.Receipt.query(
        conversation_id,
        filter_condition=tables.Receipt.is_on == True,  # noqa: E712
        limit=limit,
        page_size=limit,
        last_evaluated_key=start,
        consistent_read=True,
    )
    marks = list(unreadable.decoded("Receipts", found, lambda row: _personal_mark(row.marker.partition("#")[0], row)))
    behind = found.last_evaluated_key
    return marks, None if behind is None else str(from_wire(behind["marker"]))


def _readable(conversation_id: str, user_id: str, first_seq: int, last_seq: int) -> Iterator[PersonalMark]:
    damaged = []
    for row in unreadable.each(_query(conversation_id, user_id, first_seq, last_seq)):
        marker = str(row.key[1]) if isinstance(row, unreadable.UnreadableRow) else row.marker
        mark = _mark_or_none(user_id, row)
        if mark is None:
            damaged.append(f"{conversation_id}/{marker}")
            mark = _unknown_mark(user_id, marker)
        if mark is not None:
            yield mark
    unreadable.report("Receipts", damaged)


def _mark_or_none(user_id: str, row: tables.Receipt | unreadable.UnreadableRow) -> PersonalMark | None:
    if isinstance(row, unreadable.UnreadableRow):
        return None
    try:
        return _personal_mark(user_id, row)
    except unreadable.ERRORS:
        return None


def _unknown_mark(user_id: str, marker: str) -> PersonalMark | None:
    """Returns an unreadable mark as it counts: one that hides a message still hides it, an emoji is left out."""
    seq, emoji = _parts(user_id, marker)
    if emoji is not None:
        return None
    return PersonalMark(user_id=user_id, seq=seq, emoji=None, is_on=True, change_seq=0, at_ms=0)


def _query(conversation_id: str, user_id: str, first_seq: int, last_seq: int) -> Iterator[tables.Receipt]:
    # A mark's key has more text after the seq, so the next seq's bare prefix is the end of this seq's marks.
    between = tables.Receipt.marker.between(_prefix(user_id, first_seq), _prefix(user_id, last_seq + 1))
    return tables.Receipt.query(conversation_id, between, consistent_read=True)


def row(conversation_id: str, mark: PersonalMark) -> tables.Receipt:
    """Returns the row of a mark, which replaces any earlier one."""
    what = _HIDDEN if mark.emoji is None else f"{_EMOJI}{mark.emoji}"
    return tables.Receipt(
        conversation_id=conversation_id,
        marker=f"{_prefix(mark.user_id, mark.seq)}#{what}",
        at_ms=mark.at_ms,
        is_on=mark.is_on,
        change_seq=mark.change_seq,
    )


def unmoved(mark: PersonalMark) -> Condition:
    """Returns the condition that a mark's row is as it was read: another device may have put the same meanwhile."""
    change_seq = tables.Receipt.change_seq
    return change_seq == mark.before_seq if mark.before_seq else change_seq.does_not_exist()


def _prefix(user_id: str, seq: int) -> str:
    return f"{user_id}#m#{seq:016d}"


def _parts(user_id: str, marker: str) -> tuple[int, str | None]:
    """Returns the seq in the key of a mark, and its emoji; None for a mark that hides a message."""
    seq, _, what = marker.removeprefix(f"{user_id}#m#").partition("#")
    return int(seq), None if what == _HIDDEN else what.removeprefix(_EMOJI)


def _personal_mark(user_id: str, row: tables.Receipt) -> PersonalMark:
    seq, emoji = _parts(user_id, row.marker)
    return PersonalMark(
        user_id=user_id,
        seq=seq,
        emoji=emoji,
        is_on=bool(row.is_on),
        change_seq=int(row.change_seq or 0),
        at_ms=int(row.at_ms),
    )
