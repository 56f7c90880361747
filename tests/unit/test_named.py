"""Every answer and event that names people has `users`: the name, role and picture of each.

The shapes are those of the API documents, so a new operation, event or field is here by itself.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from parley.domain.api.types import Message, NamedUser
from parley.domain.conversations.events import (
    LiveEvent,
    MemberAdded,
    MessageDelivered,
    NamingEvent,
    NewMessage,
    ReactionAdded,
    Shared,
)
from parley.domain.conversations.named import MAX_FRAME_USERS_BYTES, with_users

Document = dict[str, Any]
DOCS = Path(__file__).parents[2] / "docs"

PEOPLE = {
    *(
        "actor_id",
        "admin_ids",
        "assignee_id",
        "callee_id",
        "caller_id",
        "created_by",
        "from_user_id",
        "handled_by",
        "mentions",
        "muted_ids",
    ),
    *(
        "owner_ids",
        "removed_id",
        "reporter_id",
        "requester_id",
        "sender_id",
        "suspended_by",
        "updated_by",
        "user_id",
        "user_ids",
    ),
}
NO_PEOPLE = {
    "device_id",
    *("attachment_id", "attachment_ids", "call_id", "client_id", "connection_id", "conversation_id", "erasure_id"),
    *(
        "delivery_id",
        "event_id",
        "follow_up_of",
        "macro_id",
        "merged_into",
        "source_message_id",
        "ticket_id",
        "webhook_id",
    ),
    *(
        "export_id",
        "from_connection_id",
        "message_id",
        "reconnect_by",
        "report_id",
        "request_id",
        "rule_id",
        "rule_ids",
    ),
    "ticket_id",
}
_OF_BLOCK = "A block takes any id, and must not reveal who exists."
_OF_EXPORT = "An export reads the users once, by themselves."
_OF_HOST = "The request names the person, and comes from the host's own server, which has put them."
EXCUSED = {
    "block_user": _OF_BLOCK,
    "unblock_user": _OF_BLOCK,
    "list_blocks": _OF_BLOCK,
    "block_changed_event": _OF_BLOCK,
    "list_stored_conversations": _OF_EXPORT,
    "list_stored_members": _OF_EXPORT,
    "list_stored_reactions": _OF_EXPORT,
    "sign_out_user": _OF_HOST,
    "put_context_person": _OF_HOST,
    "remove_context_person": _OF_HOST,
    "erase_user": "The person is gone, or about to be.",
    "get_erasure": "The person is gone, or about to be.",
    "call_signal_ack": "A call has tens of signals, and each is answered. Its two people are those of a conversation "
    "that the device has on its screen, and an offer's event names the caller.",
}


def read(name: str) -> Document:
    document: Document = json.loads((DOCS / name).read_text(encoding="utf-8"))
    return document


def resolve(document: Document, schema: Document) -> tuple[str, Document]:
    """Returns the name of a schema, if it has one, and what it stands for."""
    if "$ref" not in schema:
        return "", schema
    found: Any = document
    for part in schema["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return schema["$ref"].rpartition("/")[2], found


def fields_of(document: Document, schema: Document, place: str = "", *, has_users: bool = False) -> Iterator[str]:
    """Yields the place of each field with ids that no `users`, beside it or further out, explains."""
    name, found = resolve(document, schema)
    if name and f"/{name}/" in f"/{place}/":
        return
    inside = f"{place}/{name}" if name else place
    properties = found.get("properties", {})
    explained = has_users or "users" in properties
    for field, kind in properties.items():
        if field.endswith(("_id", "_ids", "_by")):
            assert field in PEOPLE | NO_PEOPLE, f"{inside}.{field}: say whether it is the id of a person, in PEOPLE"
        if field in PEOPLE and not explained:
            yield f"{inside}.{field}"
        yield from fields_of(document, kind, inside, has_users=explained)
    parts = [found.get("items"), found.get("additionalProperties"), *found.get("anyOf", ()), *found.get("oneOf", ())]
    for part in parts:
        if isinstance(part, dict):
            yield from fields_of(document, part, inside, has_users=explained)


def told() -> Iterator[tuple[str, Document, Document]]:
    """Yields the name of each answer and event, with its document and schema."""
    rest, sockets = read("openapi.json"), read("asyncapi.json")
    for methods in rest["paths"].values():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                if status.startswith("2") and operation.get("security") != []:  # the others answer pages
                    yield operation["operationId"], rest, answer["content"]["application/json"]["schema"]
    for name, message in sockets["components"]["messages"].items():
        if name.endswith(("_ack", "_event")):
            yield name, sockets, message["payload"]


TOLD = {name: (document, schema) for name, document, schema in told()}


@pytest.mark.parametrize("name", TOLD)
def test_an_answer_or_event_that_names_people_has_users(name: str) -> None:
    document, schema = TOLD[name]

    unexplained = sorted(set(fields_of(document, schema)))

    assert bool(unexplained) is (name in EXCUSED), f"{name} names people without `users`: {unexplained}"


def test_only_answers_and_events_are_excused() -> None:
    assert EXCUSED.keys() <= TOLD.keys()
    assert len(TOLD) > 100


def people(count: int, avatar_url: str = "https://cdn.example.com/avatars/6b0f6f6e2a4b.png") -> dict[str, NamedUser]:
    return {
        user_id(number): NamedUser(name=f"Person {number}", role="student", avatar_url=avatar_url, profile_seq=1)
        for number in range(count)
    }


def user_id(number: int) -> str:
    return f"{number:08}-6b0f-4f6e-8a2a-4b6b0f6f6e2a"


def message(text: str = "Hello", mentions: int = 0) -> Message:
    return Message(
        id="g_" + "a" * 26 + ".1",
        conversation_id="g_" + "a" * 26,
        seq=1,
        sender_id=user_id(0),
        kind="text",
        text=text,
        mentions=[user_id(number) for number in range(1, 1 + mentions)],
        created_at="2026-11-28T00:00:00.000Z",
    )


def size(event: NamingEvent | LiveEvent) -> int:
    return len(msgspec.json.encode(event))


def reaction(mentions: int = 0) -> ReactionAdded:
    shown = message(mentions=mentions)
    return ReactionAdded(
        conversation_id="g", change_seq=2, message_id=shown.id, user_id=user_id(9), message=shown, emoji="👍"
    )


def added(count: int) -> MemberAdded:
    shared = Shared(
        shared_seq=1, title=None, description=None, state="open", posting="everyone", slow_mode_s=0, history="all",
        custom_type=None, metadata=None, member_count=count, owner_ids=[], admin_ids=[], muted_ids=[], capabilities={},
    )  # fmt: skip
    came = [user_id(number) for number in range(1, count + 1)]
    return MemberAdded(conversation_id="g", change_seq=1, user_id=user_id(0), user_ids=came, shared=shared)


@pytest.mark.parametrize(
    "event",
    [
        NewMessage(conversation_id="g", message=message()),
        NewMessage(conversation_id="g", message=message(mentions=50)),
        reaction(),
        added(90),
    ],
    ids=["message", "with fifty mentions", "reaction", "ninety members"],
)
def test_people_of_an_event_take_no_more_bytes_than_the_event_itself(event: NamingEvent) -> None:
    named = with_users(event, people(100))

    assert size(named) - size(event) <= size(event)
    assert len(named.users) >= 1


def test_the_person_who_acted_is_the_first_to_be_named() -> None:
    assert list(with_users(reaction(mentions=3), people(10)).users)[:2] == [user_id(9), user_id(0)]


def test_a_person_with_a_long_picture_address_is_named_by_a_short_event() -> None:
    users = people(1, "https://example.com/" + "x" * 1_000)
    event = MessageDelivered(
        conversation_id="g", message_id="m", seq=1, user_id=user_id(0), delivered_at="2026-11-28T00:00:00.000Z"
    )

    assert with_users(event, users).users == users


def test_people_of_a_long_event_have_a_bound() -> None:
    long = NewMessage(conversation_id="g", message=message(text="x" * 60_000, mentions=50))

    named = with_users(long, people(51, "https://example.com/" + "x" * 1_000))

    assert MAX_FRAME_USERS_BYTES - 1_500 < size(named) - size(long) <= MAX_FRAME_USERS_BYTES


def test_nobody_is_named_whom_the_event_does_not_name() -> None:
    event = NewMessage(conversation_id="g", message=message())

    assert with_users(event, people(3)).users.keys() == {user_id(0)}
    assert with_users(event, {}) is event
