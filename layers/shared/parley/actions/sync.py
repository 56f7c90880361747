"""Catching up with everything that happened while a client was away."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from parley.actions.conversations import views
from parley.adapters import conversations, messages
from parley.domain import sync
from parley.domain.call import Call
from parley.domain.requests import Sync
from parley.domain.sync import Budget, CaughtUp, Gap
from parley.domain.types import Message

MAX_JOINED = 100  # the most recently active conversations, among which new ones are looked for
MAX_QUERIES_AT_ONCE = 16

_queries = ThreadPoolExecutor(max_workers=MAX_QUERIES_AT_ONCE, thread_name_prefix="sync")


def sync_up(call: Call, wanted: Sync, budget: Budget) -> CaughtUp:
    """Returns per conversation what the client misses, which conversations are new to it, and which it has lost.

    Three round trips, the last of them a query for each conversation with something new, side by side. Clients connect
    before they ask ("subscribe, then read"), so that nothing falls in between.
    """
    at = sync.cursors(wanted.cursors)
    entries = conversations.recent(call.user_id, MAX_JOINED + 1)
    recent = [entry.conversation_id for entry in entries[:MAX_JOINED]]
    found = conversations.heads_and_memberships(list(dict.fromkeys([*at, *recent])), call.user_id)
    mine = {one: head for one, (head, _) in found.items() if call.user_id in head.participants}
    named = [mine[one] for one in at if one in mine]
    new = [mine[one] for one in recent if one in mine and one not in at]
    gaps = sync.plan(named, at, budget)
    return CaughtUp(
        conversations=sync.answer(named, at, _read(gaps), budget),
        joined=views(new[: budget.conversations], call.user_id),
        left=[one for one in at if one not in mine],
        joined_capped=len(new) > budget.conversations or len(entries) > MAX_JOINED,
    )


def _read(gaps: Mapping[str, Gap]) -> dict[str, list[Message]]:
    """Returns the messages of each gap; empty gaps cost nothing."""
    found = _queries.map(lambda one: messages.between(one[0], one[1].first_seq, one[1].last_seq), gaps.items())
    return {one: [message.view() for message in stored] for one, stored in zip(gaps, found, strict=True)}
