"""The README's conversation over REST, with httpx and the pydantic models that datamodel-code-generator makes."""

import sys
from typing import TypeVar

import httpx
from parley_models import (
    ConversationList,
    HistoryPage,
    HitList,
    Marked,
    Problem,
    SendMessage,
    SendMessageToUser,
    SentMessage,
    UnreadCount,
)
from pydantic import BaseModel

Model = TypeVar("Model", bound=BaseModel)

url, alice_token, bob_token, bob_id = sys.argv[1:]
alice = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {alice_token}"}, trust_env=False)
bob = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {bob_token}"}, trust_env=False)


def asked(person: httpx.Client, method: str, path: str, into: type[Model], body: BaseModel | None = None) -> Model:
    content = None if body is None else body.model_dump_json(exclude_unset=True)
    return into.model_validate_json(person.request(method, path, content=content).text)


# The generator numbers the classes of optional ids (`UserId3`), so a field more in the API changes their names.
hello = SendMessageToUser.model_validate({"user_id": bob_id, "text": "Hello Bob!", "client_id": "a-1"})
assert not asked(alice, "POST", "/messages", SentMessage, hello).replayed
assert asked(alice, "POST", "/messages", SentMessage, hello).replayed
assert asked(bob, "GET", "/unread-count", UnreadCount).total == 1

[conversation] = asked(bob, "GET", "/conversations", ConversationList).conversations
assert conversation.last_message is not None and conversation.last_message.text == "Hello Bob!"
here = f"/conversations/{conversation.id}"
assert asked(bob, "PATCH", f"{here}/read-all", Marked).unread == 0
answer = SendMessage.model_validate({"text": "Hello Alice! 👋", "client_id": "b-1"})
asked(bob, "POST", f"{here}/messages", SentMessage, answer)

history = asked(alice, "GET", f"{here}/messages?limit=10", HistoryPage)
assert [(one.seq, one.text) for one in history.messages] == [(1, "Hello Bob!"), (2, "Hello Alice! 👋")]
assert history.messages[0].created_at.year > 2000
assert len(asked(alice, "GET", "/search?q=hello", HitList).results) == 2

problem = alice.post(f"{here}/messages", json={"text": " "})
assert Problem.model_validate_json(problem.text).code == "invalid_request"
