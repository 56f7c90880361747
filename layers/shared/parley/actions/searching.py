"""Searching the caller's messages: in one conversation, or in all of them, the most recently active first."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from parley.actions import access, seeing
from parley.adapters import conversations, messages
from parley.domain import search
from parley.domain.call import Call
from parley.domain.requests import Search
from parley.domain.search import Hit, HitList, Position
from parley.domain.stored import StoredMessage
from parley.domain.words import Query, Span

MAX_QUERIES_AT_ONCE = 16

_queries = ThreadPoolExecutor(max_workers=MAX_QUERIES_AT_ONCE, thread_name_prefix="search")


def find(call: Call, wanted: Search) -> HitList:
    """Returns a page of the caller's messages that hold all the words, newest first.

    Within a group of conversations that are searched together the order is exact; they are taken 25 at a time, the most
    recently active first, what is archived last. At most about `MAX_LOOKED_AT` messages are looked through.
    """
    query = search.check_query(wanted.q)
    position = _start(call, wanted)
    found: list[tuple[StoredMessage, list[Span]]] = []
    looked_at = 0
    position = _member_of(call, position)
    while position.at or not position.is_last:
        if len(found) >= wanted.limit or looked_at >= search.MAX_LOOKED_AT:
            return HitList(results=_hits(call, found), next=position.encode())
        if position.at:
            step = _round(query, position, wanted.limit - len(found))
            found += step.matches
            looked_at += step.looked_at
            position = msgspec.structs.replace(position, at=step.at)
        else:
            position = _member_of(call, _next_group(call, position))
            looked_at += search.MAX_CONVERSATIONS  # those with nothing in them are work, too
    return HitList(results=_hits(call, found), next=None)


def _start(call: Call, wanted: Search) -> Position:
    if wanted.cursor is not None:
        position = search.decode_cursor(wanted.cursor)
        if wanted.conversation_id is not None and not set(position.at) <= {wanted.conversation_id}:
            return Position(is_last=True)  # the cursor of another search
        return position
    if wanted.conversation_id is None:
        return _next_group(call, Position())
    head = access.access_conversation(call, wanted.conversation_id)
    return Position(at={head.conversation_id: head.last_seq} if head.last_seq else {}, is_last=True)


def _next_group(call: Call, position: Position) -> Position:
    """Returns the next conversations to search, with where to begin in each; two round trips."""
    size = search.MAX_CONVERSATIONS
    entries = conversations.recent(call.user_id, size + 1, position.after, archived=position.archived)
    taken = entries[:size]
    heads = conversations.heads(entry.conversation_id for entry in taken)
    at = {head.conversation_id: head.last_seq for head in heads.values() if head.last_seq}
    if len(entries) > size:
        return Position(at=at, after=(taken[-1].active_hour, taken[-1].conversation_id), archived=position.archived)
    # Behind what is active comes what is archived.
    return Position(at=at, archived=True, is_last=position.archived)


def _member_of(call: Call, position: Position) -> Position:
    """Returns the position without conversations that are not the caller's: a cursor comes back from outside."""
    if not position.at:
        return position
    pairs = conversations.heads_and_memberships(list(position.at), call.user_id)
    mine = {one for one, (head, member) in pairs.items() if access.is_member(head, call.user_id, member)}
    at = {one: min(seq, pairs[one][0].last_seq) for one, seq in position.at.items() if one in mine}
    return msgspec.structs.replace(position, at=at)


def _round(query: Query, position: Position, limit: int) -> search.Found:
    """Reads a part of each conversation, backwards, and looks through it; one round trip, side by side."""
    size = search.read_size(len(position.at))
    parts = _queries.map(
        lambda one: messages.between(one[0], max(1, one[1] - size + 1), one[1], is_fresh=False), position.at.items()
    )
    return search.look_through(query, position.at, dict(zip(position.at, parts, strict=True)), limit)


def _hits(call: Call, found: Sequence[tuple[StoredMessage, list[Span]]]) -> list[Hit]:
    """Returns the results without what the caller has deleted from their own view; one round trip."""
    seqs: dict[str, list[int]] = {}
    for message, _ in found:
        seqs.setdefault(message.conversation_id, []).append(message.seq)
    queried = _queries.map(lambda one: seeing.eyes(call, one[0], min(one[1]), max(one[1])), seqs.items())
    eyes = dict(zip(seqs, queried, strict=True))
    return [
        Hit(message=eyes[message.conversation_id].view(message), highlights=[(start, end) for start, end in spans])
        for message, spans in found
        if not eyes[message.conversation_id].is_hidden(message)
    ]
