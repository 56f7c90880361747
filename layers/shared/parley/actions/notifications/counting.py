"""Counting what has gathered: the unread messages of conversations, for people who are told of them."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from parley.actions.notifications import facts
from parley.actions.notifications.facts import Known, Pair
from parley.adapters.conversations import messages
from parley.adapters.threads import Threads
from parley.domain.conversations.message import StoredMessage
from parley.domain.notifications.gathered import MAX_COUNTED, Unread, first_counted, gathered
from parley.domain.notifications.notice import Kind

MAX_AT_ONCE = 16
GATHERED: frozenset[Kind] = frozenset({"message", "mention"})  # a conversation's are one entry
MAX_RENEWED = 3  # newest messages in a row that a person does not see any more

_reads = Threads(max_workers=MAX_AT_ONCE, thread_name_prefix="count")


class Span(Struct, frozen=True):
    """The messages of a conversation that a person has not read, both included; None: up to the newest."""

    conversation_id: str
    first_seq: int
    last_seq: int | None = None


class Part(Struct, frozen=True):
    """Messages of a conversation as they were read, from a seq on, up to another or to the newest."""

    first_seq: int
    last_seq: int | None
    messages: Sequence[StoredMessage]


Parts = Mapping[str, Part]  # by conversation


def spans(unread: Iterable[tuple[str, int | None, int]]) -> list[Span]:
    """Returns what to read to count, of conversations with how far a person has read and is told.

    Of a single unread message nothing need be read, and of a person without a marker nobody knows yet.
    """
    return [
        Span(conversation_id, first_counted(read_seq, told_seq), told_seq)
        for conversation_id, read_seq, told_seq in unread
        if read_seq is not None and told_seq - read_seq > 1
    ]


def read_parts(wanted: Iterable[Span]) -> Parts:
    """Returns the newest messages of spans; one round trip, a call for each conversation, all at once."""
    merged: dict[str, Span] = {}
    for each in wanted:
        former = merged.get(each.conversation_id, each)
        lasts = (former.last_seq, each.last_seq)
        merged[each.conversation_id] = Span(
            each.conversation_id,
            min(former.first_seq, each.first_seq),
            None if None in lasts else max(filter(None, lasts)),
        )
    found = _reads.map(
        lambda each: messages.newest(each.conversation_id, each.first_seq, each.last_seq, MAX_COUNTED), merged.values()
    )
    return {each.conversation_id: _part(each, rows) for each, rows in zip(merged.values(), found, strict=True)}


def _part(span: Span, found: Sequence[StoredMessage]) -> Part:
    # A full read may have left older messages out.
    first_seq = found[0].seq if len(found) == MAX_COUNTED else span.first_seq
    return Part(first_seq, span.last_seq, found)


def counted(known: Sequence[Known], parts: Parts) -> list[Known]:
    """Returns what is known with the messages that each person has not read.

    No round trip if `parts` has them, else one.
    """
    missing = spans(
        (each.pair.occasion.conversation_id, each.read_seq, each.told_seq)
        for each in known
        if _counts(each) and not _has(parts, each)
    )
    found = {**parts, **read_parts(missing)}
    return [_with_count(each, found.get(each.pair.occasion.conversation_id)) for each in known]


def _counts(known: Known) -> bool:
    """Says whether a notice of this tells how many there are."""
    return known.pair.occasion.kind == "message" and known.read_seq is not None


def _has(parts: Parts, known: Known) -> bool:
    part = parts.get(known.pair.occasion.conversation_id)
    return part is not None and (part.last_seq is None or part.last_seq >= known.told_seq)


def _with_count(known: Known, part: Part | None) -> Known:
    occasion, unread = known.pair.occasion, _unread(known)
    if unread is None:
        return known
    # The message of the occasion was read for this decision, the others may be a moment old.
    found = {} if part is None else {each.seq: each for each in part.messages}
    if known.message is not None:
        found[occasion.seq] = known.message
    first_seq = occasion.seq if part is None else part.first_seq
    in_order = [found[seq] for seq in sorted(found)]
    return replace(known, gathered=gathered(unread, in_order, first_seq))


def _unread(known: Known) -> Unread | None:
    read_seq, head, mine = known.read_seq, known.head, known.membership
    if not _counts(known) or read_seq is None or head is None or mine is None:
        return None
    of_mentions = known.facts.kind == "mention"
    return Unread(
        user_id=known.pair.user_id,
        read_seq=read_seq,
        told_seq=known.told_seq,
        entry_seq=known.entry_seq,
        of_mentions=of_mentions,
        mention_seqs=head.unread_mentions(mine) if of_mentions else (),
    )


def renewed(known: Sequence[Known], now_ms: int) -> list[Known]:
    """Returns entries of conversations with their newest message that the person may see.

    Another one if it was deleted since, also by the person for themselves, or in a group if they have blocked its
    sender. One round trip for each time that there is such a one, `MAX_RENEWED` at most; two if it is a mention before
    all messages that were looked at.
    """
    found = list(known)
    for _ in range(MAX_RENEWED):
        found = _with_older_mentions([_without_what_is_gone(each) for each in found])
        other = {number: newest for number, each in enumerate(found) if (newest := _newest(each)) is not None}
        if not other:
            break
        again = facts.read_facts([_moved(found[number].pair, newest) for number, newest in other.items()], now_ms)
        for number, each in zip(other, again, strict=True):
            found[number] = replace(each, gathered=found[number].gathered)
    return found


def _without_what_is_gone(known: Known) -> Known:
    """Returns an entry that does not count what the person does not see, as far as its newest message tells."""
    counts, message = known.gathered, known.message
    if message is None or known.facts.kind not in GATHERED:
        return known
    if known.facts.is_blocked and known.head is not None and known.head.is_group:
        counts = replace(counts, without=counts.without | {message.sender_id})
    if known.facts.is_deleted and message.deleted_at_ms is None:
        counts = replace(counts, messages=tuple(each for each in counts.messages if each.seq != message.seq))
    return replace(known, gathered=counts)


def _with_older_mentions(known: Sequence[Known]) -> list[Known]:
    """Returns entries of mentions with the newest of the older ones, if none of those that were looked at is left.

    One round trip if there is such an entry, a call for each, all at once.
    """
    bare = {
        number: each
        for number, each in enumerate(known)
        if each.gathered.older_mentions and not each.gathered.told_together
    }
    if not bare:
        return list(known)
    found = list(known)
    for number, older in zip(bare, _reads.map(_older_mentions, bare.values()), strict=True):
        found[number] = replace(
            bare[number], gathered=replace(bare[number].gathered, messages=older, older_mentions=())
        )
    return found


def _older_mentions(known: Known) -> tuple[StoredMessage, ...]:
    seqs = known.gathered.older_mentions[-MAX_COUNTED:]
    found = messages.some(known.pair.occasion.conversation_id, seqs)
    return tuple(found[seq] for seq in sorted(found))


def _moved(pair: Pair, newest: StoredMessage) -> Pair:
    occasion = replace(pair.occasion, seq=newest.seq, by=newest.sender_id, at_ms=newest.created_at_ms)
    return replace(pair, occasion=occasion)


def _newest(known: Known) -> StoredMessage | None:
    """Returns the newest message that an entry tells, unless that is the one of its occasion."""
    told = known.gathered.told_together if known.facts.kind in GATHERED else []
    return told[-1] if told and told[-1].seq != known.pair.occasion.seq else None
