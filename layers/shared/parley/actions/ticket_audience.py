"""The people who may be told of a ticket: its requester, and its agents as long as they have the role.

Those who may be told of its notes are the agents without the requester.
"""

from collections.abc import Iterable

from parley.adapters.conversations import conversations
from parley.adapters.dynamodb import batches, tables
from parley.adapters.people import agents, named_users


def of(conversation_id: str, user_ids: Iterable[str]) -> set[str]:
    """Returns those of these people who may be told; one round trip, half a read unit for each and one for the head.

    The role is that of their profile, which changes with what the host puts and with their next token.
    """
    wanted = list(user_ids)
    people = [(user_id,) for user_id in wanted]
    rows = batches.read_rows({tables.Conversation: [(conversation_id,)], tables.User: people}, stale=(tables.User,))
    head, users = conversations.head_of(rows, conversation_id), named_users.of(rows, wanted)
    if head is None:
        return set()
    told = {user_id for user_id in wanted if user_id in users and agents.is_agent(users[user_id].role)}
    requester = {user_id for user_id in wanted if user_id == head.requester_id}
    return told | requester if head.is_ticket else told - requester
