"""Reading as a moderator, in conversations of others; the audit log records each time before it happens."""

from msgspec.structs import asdict

from parley.actions import access
from parley.actions.messages import messages
from parley.actions.messages.messages import HistoryPage, Read
from parley.adapters.conversations import conversations
from parley.adapters.moderation import audit
from parley.adapters.people import account_states
from parley.domain.api import ids
from parley.domain.api.request import Request
from parley.domain.api.requests import History
from parley.domain.api.types import Message
from parley.domain.moderation.audit import new_entry


def list_moderated_messages(request: Request, conversation_id: str, query: History) -> HistoryPage:
    """Returns a page of a conversation's history, as all members see it; three round trips."""
    access.require_moderator(request, or_service=True)
    ids.check_conversation_id(conversation_id, access.field_of(request, "conversation_id"))
    head = access.access_moderated(request, conversations.head(conversation_id))
    asked = {name: str(value) for name, value in asdict(query).items() if value is not None and name != "cursor"}
    audit.write_entry(new_entry(account_states.as_put(request), "read_messages", conversation_id, **asked))

    def see(_: tuple[int, int], read: Read) -> list[Message]:
        return [message.for_all() for message in read()]

    return messages.history_page(head, query, see)
