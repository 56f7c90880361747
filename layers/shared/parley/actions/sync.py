"""Catching up with everything that happened while a client was away."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from parley.actions import access, seeing, together
from parley.actions.conversations import views
from parley.actions.seeing import Eyes
from parley.adapters import conversations, messages
from parley.domain import events, sync
from parley.domain.call import Call
from parley.domain.requests import Sync
from parley.domain.steps import Change
from parley.domain.stored import Head, StoredMessage
from parley.domain.sync import Budget, CaughtUp, Filled, Gap, Missed

MAX_JOINED = 100  # the most recently active conversations, among which new ones are looked for
MAX_QUERIES_AT_ONCE = 16

_queries = ThreadPoolExecutor(max_workers=MAX_QUERIES_AT_ONCE, thread_name_prefix="sync")


def sync_up(call: Call, wanted: Sync, budget: Budget) -> CaughtUp:
    """Returns per conversation what the client misses, which conversations are new to it, and which it has lost.

    Three round trips, the last of them queries for each conversation with something new, side by side; a fourth for the
    messages that have changed. Clients connect before they ask ("subscribe, then read"), so that nothing falls in
    between.
    """
    at = sync.cursors(wanted.cursors)
    entries = conversations.recent(call.user_id, MAX_JOINED + 1)
    recent = [entry.conversation_id for entry in entries[:MAX_JOINED]]
    pairs = conversations.heads_and_memberships(list(dict.fromkeys([*at, *recent])), call.user_id)
    found = {one: pair for one, pair in pairs.items() if access.is_member(pair[0], call.user_id, pair[1])}
    named = {one: found[one] for one in at if one in found}
    new = [found[one][0] for one in recent if one in found and one not in at]
    gaps = sync.plan([head for head, _ in named.values()], at, budget)
    filled = _queries.map(lambda one: _fill(call, named[one][0], gaps[one], at[one].seq), gaps)
    return CaughtUp(
        conversations=sync.answer(named, at, gaps, dict(zip(gaps, filled, strict=True)), budget),
        joined=views(new[: budget.conversations], call.user_id),
        left=[one for one in at if one not in found],
        joined_capped=len(new) > budget.conversations or len(entries) > MAX_JOINED,
    )


def _fill(call: Call, head: Head, gap: Gap, known_seq: int) -> Filled:
    """Returns the messages and changes of a gap, as the caller sees them; an empty one costs nothing."""
    if gap.is_empty:
        return Filled()
    conversation_id = head.conversation_id
    (eyes, changes), stored = together.both(
        lambda: together.both(
            lambda: seeing.eyes(call, conversation_id, gap.first_seq, gap.last_seq),
            lambda: messages.changes(conversation_id, gap.first_change, gap.last_change),
        ),
        lambda: messages.between(conversation_id, gap.first_seq, gap.last_seq),
    )
    return Filled(
        [eyes.view(message) for message in stored],
        _missed(call, head, [one for one in changes if _concerns(one, call.user_id)], stored, known_seq),
    )


def _concerns(change: Change, member_id: str) -> bool:
    """Says whether a member is told of a change.

    Not what others have done for themselves, nor that the member was out of the group: they are back, and a client
    that heard of it would forget what it is just catching up with.
    """
    if change.kind == "member_removed" and member_id in change.user_ids:
        return False
    return change.is_for_all or change.for_user_id == member_id


def _missed(
    call: Call, head: Head, changes: Sequence[Change], stored: Sequence[StoredMessage], known_seq: int
) -> list[tuple[int, Missed]]:
    """Returns the changes with what they are about as that is now: it is read once, however often it has changed.

    Those of messages that the client has not got yet are left out: it gets them as they are.
    """
    wanted = [
        one
        for one in changes
        if not one.is_of_message or (one.message_seq is not None and one.message_seq <= known_seq)
    ]
    seqs = sorted({one.message_seq for one in wanted if one.is_of_message and one.message_seq is not None})
    here: dict[int, StoredMessage] = {message.seq: message for message in stored}
    eyes = Eyes({})
    if seqs:
        eyes, found = together.both(
            lambda: seeing.eyes(call, head.conversation_id, seqs[0], seqs[-1]),
            lambda: messages.some(head.conversation_id, [seq for seq in seqs if seq not in here]),
        )
        here |= found
    told = []
    for change in wanted:
        message = here.get(change.message_seq or 0) if change.is_of_message else None
        if change.is_of_message and message is None:
            continue
        view = None if message is None else eyes.view(message)
        event = events.of_change(change, head, view)
        told.append((change.change_seq, Missed(event.name, msgspec.to_builtins(event))))
    return told
