"""A person who has cleared their history finds none of the older texts: no operation has them, and no frame."""

import json
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from docs.operations import RestOperation
from tests.functional.attachments import clean_attachment
from tests.functional.attempts import PATH_PARTS, Attempt, everything, naming
from tests.functional.exports import exported, fetched
from tests.functional.talk import joined, make_group, names, open_direct, say
from tests.harness import Parley, Socket, User

WORD = "marmalade"
# Operations that read, and are no GET.
READERS = {"sync", "create_attachment_urls", "hello", "join_conversation", "request_user_status", "ping"}
# These show the word to bob, who has cleared nothing: the walk comes to what it shall find.
SHOWN = {
    "direct": {
        *("rest/list_messages", "rest/get_message", "rest/search_messages", "rest/list_pins", "rest/list_attachments"),
        *("rest/sync", "rest/create_attachment_urls", "websocket/sync"),
    },
}
SHOWN["group"] = SHOWN["direct"] | {"rest/list_versions"}


@dataclass
class Past:
    """A conversation with old messages that hold the word, of which alice has cleared her history, and a new one."""

    kind: str
    parley: Parley
    alice: User
    bob: User
    conversation_id: str
    attachment_id: str
    screens: list[Socket]

    @property
    def old_id(self) -> str:
        return f"{self.conversation_id}.2"


@pytest.fixture(params=["direct", "group"])
def past(parley: Parley, request: pytest.FixtureRequest) -> Past:
    alice, bob = parley.user("alice"), parley.user("bob")
    kind = str(request.param)
    if kind == "direct":
        conversation_id = open_direct(bob, alice)
        say(bob, conversation_id, "first")
    else:
        conversation_id = make_group(bob, alice, parley.user("carol"))
    path = f"/conversations/{conversation_id}/messages"
    attachment_id = clean_attachment(parley, bob, conversation_id, asked={"name": f"{WORD}.pdf"})
    body = {"text": f"@all {WORD}", "attachment_ids": [attachment_id], "mentions": ["alice"]}
    assert bob.post(path, json=body).status == 201
    old_id = f"{conversation_id}.2"
    for person in (alice, bob):
        assert person.put(f"/messages/{old_id}/reactions/%F0%9F%91%8D").status == 200
    assert bob.patch(f"/messages/{old_id}", json={"text": f"{WORD} again", "mentions": ["alice"]}).status == 200
    assert bob.put(f"/messages/{old_id}/pin").status == 200
    say(alice, conversation_id, f"my own {WORD}")
    parley.drain()
    assert alice.delete(f"/conversations/{conversation_id}/history").status == 200
    reply = bob.post(path, json={"text": "toast", "reply_to": old_id})
    assert reply.status == 201, reply
    parley.drain()
    screens = [alice.connect(), joined(alice, conversation_id)]
    return Past(kind, parley, alice, bob, conversation_id, attachment_id, screens)


def walk(past: Past, person: User, socket: Socket) -> dict[str, str]:
    """Returns what each operation that reads answers to a person, as text."""
    found = {}
    for one in everything(past.parley.template):
        name = one.operation.name
        is_get = isinstance(one.operation, RestOperation) and one.operation.method == "get"
        if is_get or name in READERS:
            found[str(one)] = answer(past, one, person, socket)
    return found


def answer(past: Past, one: Attempt, person: User, socket: Socket) -> str:
    ids = {"conversation_id": past.conversation_id, "message_id": past.old_id}
    fields = {**one.fields, "q": WORD, "cursors": {past.conversation_id: 0}, "ids": [past.attachment_id]}
    takes = one.operation.takes
    taken = {field.name for field in msgspec.structs.fields(takes)} if takes else set()
    if not isinstance(one.operation, RestOperation):
        data = {name: value for name, value in (fields | ids).items() if name in taken}
        return json.dumps(socket.request(one.operation.name, data))
    query = one.query.replace("secret", WORD)
    path = (one.operation.path + query).format(**PATH_PARTS | ids | {"attachment_id": past.attachment_id})
    body = {name: value for name, value in (fields | ids).items() if name in taken}
    is_post = one.operation.method == "post"
    return person.request(one.operation.method.upper(), path, json=body if is_post else None).text


def test_no_operation_that_reads_shows_what_was_cleared(past: Past) -> None:
    seen_by_bob = {name for name, text in walk(past, past.bob, past.bob.connect()).items() if WORD in text}

    assert SHOWN[past.kind] <= seen_by_bob
    for name, text in walk(past, past.alice, past.screens[1]).items():
        assert WORD not in text, name


def test_every_operation_on_a_message_that_was_cleared_finds_none(past: Past) -> None:
    tried = [one for one in naming(past.parley.template) if "message_id" in one.ids and not one.is_for_moderators]
    assert {"rest/forward_message", "rest/report_message", "websocket/mark_read"} <= {str(one) for one in tried}

    for one in tried:
        refused = one.ask(past.alice, past.screens[0], past.conversation_id)
        assert (refused.status, refused.code) == (404, "message_not_found"), one


def test_no_frame_has_what_was_cleared_whatever_others_do_with_it(past: Past) -> None:
    for screen in past.screens:
        screen.frames.clear()

    assert past.bob.patch(f"/messages/{past.old_id}", json={"text": f"{WORD} once more"}).status == 200
    assert past.bob.delete(f"/messages/{past.old_id}/pin").status == 200
    assert past.bob.put(f"/messages/{past.old_id}/reactions/%F0%9F%8D%9E").status == 200
    assert past.bob.delete(f"/messages/{past.old_id}/reactions/%F0%9F%8D%9E").status == 200
    assert past.bob.delete(f"/messages/{past.old_id}").status == 200
    past.parley.drain()
    say(past.bob, past.conversation_id, "butter")

    # `notification` tells of an entry of the inbox, which the new message has.
    heard = [[name for name in names(screen.events()) if name != "notification"] for screen in past.screens]
    assert heard == [["message_notification"], ["new_message"]]


def test_export_begins_after_what_was_cleared(past: Past) -> None:
    for format in ("jsonl", "html"):
        done = exported(past.parley, past.alice, past.conversation_id, format)
        content = fetched(past.parley, done["url"]).decode()
        assert WORD not in content and "toast" in content
    of_bob = exported(past.parley, past.bob, past.conversation_id)
    assert WORD in fetched(past.parley, of_bob["url"]).decode()


def test_reply_to_what_was_cleared_is_refused(past: Past) -> None:
    path = f"/conversations/{past.conversation_id}/messages"

    refused = past.alice.post(path, json={"text": "yes", "reply_to": past.old_id})

    assert (refused.status, refused.json["errors"][0]["pointer"]) == (400, "/reply_to")


def test_repeated_send_gets_its_answer_though_its_message_was_cleared(past: Past) -> None:
    path, body = f"/conversations/{past.conversation_id}/messages", {"text": WORD, "client_id": "c1"}
    sent = past.alice.post(path, json=body)
    assert past.alice.delete(f"/conversations/{past.conversation_id}/history").status == 200

    again = past.alice.post(path, json=body)

    assert (again.status, again.json["id"]) == (200, sent.json["id"])


def test_sync_skips_what_was_cleared_and_says_where_the_history_begins(past: Past) -> None:
    caught = past.alice.post("/sync", json={"cursors": {past.conversation_id: 0}}).json
    part: dict[str, Any] = caught["conversations"][past.conversation_id]

    assert [one["text"] for one in part["messages"]] == ["toast"]
    assert (part["verdict"], part["mine"]["visible_from_seq"], part["mine"]["unread"]) == ("complete", 4, 1)
    assert part["next"]["seq"] == part["last_seq"]


def test_host_and_moderators_see_all(past: Past) -> None:
    host = past.parley.user("backend", role="service")

    read = host.get(f"/conversations/{past.conversation_id}/messages")

    assert WORD in read.text
    assert past.bob.get(f"/messages/{past.old_id}").status == 200


def test_large_group_tells_nobody_of_what_they_cleared(parley: Parley) -> None:
    alice, bob, carol = (parley.user(name) for name in ("alice", "bob", "carol"))
    group = make_group(bob, alice, carol)
    for first in range(0, 180, 60):
        user_ids = [f"u{number}" for number in range(first, first + 60)]
        assert bob.post(f"/conversations/{group}/members", json={"user_ids": user_ids}).status == 200
    [old_id] = say(bob, group, WORD)
    assert alice.delete(f"/conversations/{group}/history").status == 200
    parley.drain()
    screens = [person.connect() for person in (alice, carol)]

    assert bob.patch(f"/messages/{old_id}", json={"text": f"{WORD} again"}).status == 200
    parley.drain()
    say(bob, group, "toast")
    parley.drain()

    heard = [[name for name in names(screen.events()) if name != "notification"] for screen in screens]
    assert heard == [
        ["message_notification"],
        ["message_updated", "message_notification"],
    ]
