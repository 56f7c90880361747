"""The people who may be told of a ticket: its requester, and its agents as long as they have the role."""

from collections.abc import Iterable

from parley.adapters.conversations import conversations
from parley.adapters.dynamodb import batches, tables
from parley.adapters.people import agents, named_users


def of(ticket_id: str, user_ids: Iterable[str]) -> set[str]:
    """Returns those of these people who may be told; one round trip, half a read unit for each and one for the head.

    The role is that of their profile, which changes with what the host puts and with their next token.
    """
    wanted = list(user_ids)
    rows = batches.read_rows(
        {tables.Conversation: [(ticket_id,)], tables.User: [(user_id,) for user_id in wanted]}, stale=(tables.User,)
    )
    head, users = conversations.head_of(rows, ticket_id), named_users.of(rows, wanted)
    requester_id = None if head is None else head.requester_id
    return {
        user_id
        for user_id in wanted
        if user_id == requester_id or (user_id in users and agents.is_agent(users[user_id].role))
    }
