"""The README's conversation over REST, with the client that openapi-python-client makes."""

import sys
from typing import TypeVar

from parley_client import AuthenticatedClient
from parley_client.api.conversations import list_conversations, list_messages, mark_conversation_read, send_message
from parley_client.api.messages import send_message_to_user
from parley_client.api.search import search_messages
from parley_client.api.unread_count import count_unread
from parley_client.models import Problem, SendMessage, SendMessageToUser

T = TypeVar("T")


def answered(reply: T | Problem | None) -> T:
    assert reply is not None and not isinstance(reply, Problem), reply
    return reply


url, alice_token, bob_token, bob_id = sys.argv[1:]
alice = AuthenticatedClient(base_url=url, token=alice_token)
bob = AuthenticatedClient(base_url=url, token=bob_token)

hello = SendMessageToUser(user_id=bob_id, text="Hello Bob!", client_id="a-1")
assert not answered(send_message_to_user.sync(client=alice, body=hello)).replayed
assert answered(send_message_to_user.sync(client=alice, body=hello)).replayed
assert answered(count_unread.sync(client=bob)).total == 1

[conversation] = answered(list_conversations.sync(client=bob, limit=10)).conversations
assert conversation.last_message is not None and conversation.last_message.text == "Hello Bob!"
assert answered(mark_conversation_read.sync(conversation.id, client=bob)).unread == 0
reply = SendMessage(text="Hello Alice! 👋", client_id="b-1")
answered(send_message.sync(conversation.id, client=bob, body=reply))

history = answered(list_messages.sync(conversation.id, client=alice, limit=10))
assert [(one.seq, one.text) for one in history.messages] == [(1, "Hello Bob!"), (2, "Hello Alice! 👋")]
assert history.messages[0].created_at.year > 2000
assert len(answered(search_messages.sync(client=alice, q="hello")).results) == 2

refused = send_message.sync(conversation.id, client=alice, body=SendMessage(text=" "))
assert isinstance(refused, Problem) and refused.code == "invalid_request"
