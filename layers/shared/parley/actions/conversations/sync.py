"""Catching up with everything that happened while a client was away."""

from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from parley.actions import access, ticket_events
from parley.actions.conversations.earlier import with_earlier
from parley.actions.conversations.views import view_and_name
from parley.actions.named import Known, caller, members, users
from parley.actions.parallel import in_parallel
from parley.actions.viewer import viewer_and_messages
from parley.adapters.conversations import conversations, messages
from parley.adapters.people import agents, blocks
from parley.adapters.threads import Threads
from parley.domain.api.request import Request
from parley.domain.api.requests import Sync
from parley.domain.api.times import rfc3339
from parley.domain.api.types import Conversation, Marker, Message
from parley.domain.conversations import listing, views
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.listing import Entry
from parley.domain.conversations.message import Reader
from parley.domain.conversations.named import in_changes, in_conversations, in_heads, in_messages
from parley.domain.conversations.steps import Change
from parley.domain.conversations.sync import Budget, CaughtUp, Filled, Found, Missed, Named, cursors, cut, plan

MAX_JOINED = 100  # the most recently active conversations, archived ones, notes: sync looks for new ones here
MAX_QUERIES_AT_ONCE = 16

Side = tuple[Head, Membership]  # a conversation's head, and the caller's own membership

_queries = Threads(max_workers=MAX_QUERIES_AT_ONCE, thread_name_prefix="sync")


def sync(request: Request, wanted: Sync, budget: Budget) -> CaughtUp:
    """Returns what the client misses in each conversation, its new conversations, and those that it has lost.

    With `list_limit` it also returns the beginning of the list of conversations, and reads each head once for both.

    Three round trips; the last one queries each conversation with something new, `MAX_QUERIES_AT_ONCE` side by side. A
    fourth reads the changed messages, and those before a last one that the caller has deleted for themselves
    (`with_earlier`). Clients connect before they ask ("subscribe, then read"), so that they miss nothing in between.
    """
    at = cursors(wanted.cursors)
    entries, blocked = in_parallel(lambda: _entries(request), lambda: blocks.blocked_by(request.user_id))
    recent = dict.fromkeys(entry.conversation_id for part in entries for entry in part[:MAX_JOINED])
    unknown = [conversation_id for conversation_id in recent if conversation_id not in at]
    looked_at = unknown[: budget.conversations]
    mine, damaged = _own(request, [*at, *looked_at, *listing.ids_on_first_page(entries[0], wanted.list_limit)])
    planned = plan(
        {conversation_id: mine[conversation_id] for conversation_id in at if conversation_id in mine}, at, budget
    )
    page = listing.first_page(entries[0], wanted.list_limit, {one: head for one, (head, _) in mine.items()})
    shown = [head.conversation_id for head in page.shown] if page else []
    new = [conversation_id for conversation_id in looked_at if conversation_id in mine and conversation_id not in shown]
    named, seen, known = _read(request, planned, [mine[one] for one in [*new, *shown]], blocked)
    found = Found(
        named=named,
        joined=[seen[conversation_id] for conversation_id in new],
        joined_capped=not set(unknown) <= {*looked_at, *shown} or any(len(part) > MAX_JOINED for part in entries),
        # A client deletes what it has left, and it is still in a conversation whose rows are damaged.
        left=[
            conversation_id for conversation_id in at if conversation_id not in mine and conversation_id not in damaged
        ],
        blocked=sorted(blocked),
        as_of=rfc3339(request.now_ms),
        page=page,
        rows=[seen[conversation_id] for conversation_id in shown],
    )
    caught, room = cut(found, budget)
    return msgspec.structs.replace(caught, users=users(request, _named_in(caught), known, room))


def _named_in(caught: CaughtUp) -> Iterator[str]:
    """Yields the people whom an answer names, those on the first screen first.

    Not those of `markers`: the client holds their conversations, and each would cost half a unit in every answer.
    """
    listed = caught.listed.conversations if caught.listed is not None else []
    yield from in_conversations([*listed, *caught.joined])
    for each in caught.conversations.values():
        yield from in_messages(each.messages)
        yield from in_changes(each.changes)


def _entries(request: Request) -> list[list[Entry]]:
    """Returns the caller's most recently active conversations, their archived ones, and an agent's notes."""
    me, most = request.user_id, MAX_JOINED + 1
    active, (archived, notes) = in_parallel(
        lambda: conversations.recent(me, most),
        lambda: in_parallel(lambda: conversations.recent(me, most, archived=True), lambda: _notes(request, most)),
    )
    return [active, archived, notes]


def _notes(request: Request, most: int) -> list[Entry]:
    """Returns the caller's most recently active notes; none, and no round trip, if their token has no agent's role."""
    return conversations.recent(request.user_id, most, notes=True) if agents.is_agent(request.caller.role) else []


def _own(request: Request, conversation_ids: Sequence[str]) -> tuple[dict[str, Side], set[str]]:
    """Returns head and own membership of those conversations in which the caller is, and the unreadable ones."""
    pairs, damaged = conversations.read_pairs(list(dict.fromkeys(conversation_ids)), request.user_id)
    mine = {
        conversation_id: (access.as_seen(request, *pair), pair[1])
        for conversation_id, pair in pairs.items()
        if access.is_admitted(request, *pair)
    }
    return mine, damaged


def _read(
    request: Request, planned: Sequence[Named], shown: Sequence[Side], blocked: Collection[str]
) -> tuple[list[Named], dict[str, Conversation], Known]:
    """Returns the named conversations with all that the client misses, and the shown ones as the caller sees them.

    And the people whom they probably name.
    """
    held = {named.head.conversation_id for named in planned}
    new = [side for side in shown if side[0].conversation_id not in held]
    known = [side for side in shown if side[0].conversation_id in held]
    filled = _queries.map(lambda named: _fill(request, named, blocked), planned)
    (seen, in_new), ((sides, in_others), (earlier, beside)) = in_parallel(
        lambda: view_and_name(
            [head for head, _ in new], request.user_id, own={head.conversation_id: mine for head, mine in new}
        ),
        lambda: in_parallel(
            lambda: _read_others(request, planned, [head for head, _ in known]),
            lambda: with_earlier({head.conversation_id: (head, mine) for head, mine in known}),
        ),
    )
    named = [
        msgspec.structs.replace(one, filled=its, markers=_other_markers(request, one.head, sides))
        for one, its in zip(planned, filled, strict=True)
    ]
    reader = Reader(user_id=request.user_id, blocked=frozenset(blocked))
    found = in_others.users
    now = [(head, earlier.get(head.conversation_id, mine)) for head, mine in known]
    seen += [views.view_conversation(head, reader, _members(head, mine, sides), found) for head, mine in now]
    return named, {view.id: view for view in seen}, in_new | in_others | beside


def _read_others(
    request: Request, planned: Sequence[Named], shown: Sequence[Head]
) -> tuple[Mapping[tuple[str, str], Membership], Known]:
    """Returns the other person's side of each direct conversation, and the people whom the answer probably names.

    They may be a moment old: a marker that moves comes as an event. One round trip, half a read unit each.
    """
    keys = [
        (peer_id, named.head.conversation_id)
        for named in planned
        if not named.head.has_members
        for peer_id in named.head.others(request.user_id)
    ]
    people = set(in_heads(shown))
    people |= {user_id for named in planned if not named.gap.is_empty for user_id in members(named.head)}
    me = caller(request)
    sides, found = conversations.memberships_and_users_stale(keys, people.difference(me.asked))
    return sides, me | Known(people, found)


def _other_markers(request: Request, head: Head, sides: Mapping[tuple[str, str], Membership]) -> list[Marker]:
    """Returns the other person's read marker of a direct conversation, if the caller may see it."""
    found = (sides.get((peer_id, head.conversation_id)) for peer_id in head.others(request.user_id))
    return [views.view_marker(head, side, request.user_id) for side in found if side is not None]


def _members(head: Head, mine: Membership, sides: Mapping[tuple[str, str], Membership]) -> dict[str, Membership]:
    """Returns the sides of a conversation that a view of it needs, by user id."""
    others = {user_id: sides.get((user_id, head.conversation_id)) for user_id in head.others(mine.user_id)}
    return {mine.user_id: mine} | {user_id: side for user_id, side in others.items() if side is not None}


def _fill(request: Request, named: Named, blocked: Collection[str]) -> Filled:
    """Returns the messages and changes of a gap, as the caller sees them; an empty gap costs nothing."""
    gap, conversation_id = named.gap, named.head.conversation_id
    if gap.is_empty:
        return Filled()
    span = (gap.first_seq, gap.last_seq)
    (viewer, stored), changes = in_parallel(
        lambda: viewer_and_messages(
            request, named.head, span, lambda: messages.between(conversation_id, *span), blocked
        ),
        lambda: messages.changes(conversation_id, gap.first_change, gap.last_change),
    )
    wanted = [change for change in changes if _concerns(change, request.user_id)]
    return Filled([viewer.view(message) for message in stored], _missed(request, named, wanted, blocked))


def _concerns(change: Change, member_id: str) -> bool:
    """Says whether a member is told of a change.

    Not of what others did for themselves. Nor of the member's own removal: they are back, and a client that heard of
    it would delete the conversation that it is catching up with.
    """
    if change.kind == "member_removed" and member_id in change.user_ids:
        return False
    return change.is_for_all or change.for_user_id == member_id


def _missed(
    request: Request, named: Named, changes: Sequence[Change], blocked: Collection[str]
) -> list[tuple[int, Missed]]:
    """Returns the changes with the present state of their messages: each is read once, however often it has changed.

    Changes of messages that the client does not have yet are left out: it gets those messages as they are.
    """
    head, known_seq = named.head, named.at.seq
    wanted = [change for change in changes if not change.is_of_message or 0 < (change.message_seq or 0) <= known_seq]
    seqs = sorted({change.message_seq for change in wanted if change.is_of_message and change.message_seq is not None})
    shown: dict[int, Message] = {}
    if seqs:
        span = (seqs[0], seqs[-1])
        viewer, found = viewer_and_messages(
            request, head, span, lambda: list(messages.some(head.conversation_id, seqs).values()), blocked
        )
        shown = {message.seq: viewer.view(message) for message in found}
    ticket = ticket_events.ticket_of(head, wanted)
    told = []
    for change in wanted:
        view = shown.get(change.message_seq or 0) if change.is_of_message else None
        if change.is_of_message and view is None:
            continue
        event = ticket_events.of_change(change, head, view, ticket)
        data = msgspec.to_builtins(event)
        del data["users"]  # the answer has them
        told.append((change.change_seq, Missed(event.name, data)))
    return told
