"""send_message over WebSocket: one ack, and the message on every other device of everybody in the conversation."""

from collections.abc import Callable

import pytest

from tests.functional.notifying import besides_notifications
from tests.functional.replies import stored
from tests.functional.talk import bare, contents, forget_events, frame_refusal, joined, names, open_direct, say
from tests.harness import Call, Frame, Parley, Socket
from tests.harness.calls import aws_refusal

TEXT_MAX = 10_000


def send(socket: Socket, conversation_id: str, text: str = "hello", **more: object) -> Frame:
    return socket.request("send_message", {"conversation_id": conversation_id, "text": text, **more})


def test_ack_is_the_message_and_it_is_stored(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)

    reply = send(alice.connect(), conversation_id, "Grüße 👋", client_id="c1")

    message = dict(reply["data"])
    assert (reply["type"], message.pop("replayed")) == ("ack", False)
    assert (message["seq"], message["sender_id"], message["text"]) == (1, "alice", "Grüße 👋")
    assert bob.get(f"/messages/{message['id']}").json == message


def test_all_other_devices_get_it_in_full_or_as_a_preview_and_the_sending_one_does_not(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)
    phone, own_open, own_other = alice.connect(), joined(alice, conversation_id), alice.connect()
    open_one, other_one, outsider = joined(bob, conversation_id), bob.connect(), eve.connect()
    forget_events(phone, own_open, own_other, open_one, other_one)

    message = bare(send(phone, conversation_id)["data"])
    del message["replayed"]

    told = {"conversation_id": conversation_id, "message": message}
    for socket, name in (
        (own_open, "new_message"),
        (own_other, "message_notification"),
        (open_one, "new_message"),
        (other_one, "message_notification"),
    ):
        frames = socket.events()
        assert (names(frames), contents(frames)) == ([name], [told])
    assert phone.frames == [] and outsider.frames == []


def test_messages_come_in_order_without_a_gap(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone, screen = joined(alice, conversation_id), joined(bob, conversation_id)

    for number in range(6):
        send(phone if number % 2 else screen, conversation_id, f"{number}")

    heard = [one["message"]["seq"] for one in contents(phone.events("new_message") + screen.events("new_message"))]
    assert sorted(heard) == [1, 2, 3, 4, 5, 6]
    history = alice.get(f"/conversations/{conversation_id}/messages").json["messages"]
    assert [message["text"] for message in history] == ["0", "1", "2", "3", "4", "5"]


def test_same_client_id_is_the_same_message_over_both_transports(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone = alice.connect()

    first = send(phone, conversation_id, client_id="c1")["data"]
    again = send(phone, conversation_id, client_id="c1")["data"]
    over_rest = alice.post(f"/conversations/{conversation_id}/messages", json={"text": "hello", "client_id": "c1"})
    other = send(bob.connect(), conversation_id, client_id="c1")["data"]

    assert again == over_rest.json == first | {"replayed": True}
    assert (over_rest.status, other["replayed"], other["seq"]) == (200, False, 2)


def test_message_to_a_user_opens_the_conversation_which_the_ack_names(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    phone, own, screen = alice.connect(), alice.connect(), bob.connect()

    reply = phone.request("send_message", {"user_id": "bob", "text": "Grüße 👋", "client_id": "c1"})

    message = dict(reply["data"])
    assert (reply["type"], message.pop("replayed"), message["seq"]) == ("ack", False, 1)
    assert bob.get(f"/messages/{message['id']}").json == message
    assert bob.get(f"/conversations/{message['conversation_id']}").json["last_seq"] == 1
    for socket in (own, screen):
        heard = socket.events()
        assert names(heard) == ["conversation_created", "message_notification"]
        assert contents(heard)[1] == {"conversation_id": message["conversation_id"], "message": bare(message)}
    assert phone.events() == []  # its ack says it


def test_message_to_a_user_is_the_one_of_post_messages(parley: Parley) -> None:
    alice = parley.user("alice", "customer", contexts={"pattern": ["shawl-12"]})
    parley.user("bob", "creator", contexts={"pattern": ["shawl-12"]})
    wanted = {"user_id": "bob", "text": "hello", "client_id": "c1", "context": {"type": "pattern", "id": "shawl-12"}}

    first = alice.connect().request("send_message", wanted)["data"]
    again = alice.connect().request("send_message", wanted)["data"]
    over_rest = alice.post("/messages", json=wanted)
    here = send(alice.connect(), first["conversation_id"], client_id="c1")["data"]

    assert again == over_rest.json == here == first | {"replayed": True}
    shown = alice.get(f"/conversations/{first['conversation_id']}").json
    assert (shown["context"], shown["last_seq"]) == (wanted["context"], 1)


@pytest.mark.parametrize(
    "data, errors",
    [
        ({}, [("/data/conversation_id", "required")]),
        ({"conversation_id": "HERE", "user_id": "bob"}, [("/data/user_id", "contradiction")]),
        (
            {"conversation_id": "HERE", "user_id": "bob", "context": {"type": "general"}},
            [("/data/user_id", "contradiction"), ("/data/context", "contradiction")],
        ),
        ({"conversation_id": "HERE", "context": {"type": "general"}}, [("/data/context", "contradiction")]),
        ({"context": {"type": "general"}}, [("/data/conversation_id", "required")]),
        ({"user_id": None}, [("/data/user_id", "wrong_type")]),
        ({"user_id": "a/b"}, [("/data/user_id", "bad_format")]),
        ({"user_id": "alice"}, [("/data/user_id", "not_allowed")]),
        ({"user_id": "bob", "context": {"type": "moon"}}, [("/data/context/type", "not_allowed")]),
        ({"user_id": "bob", "mentions": ["eve"]}, [("/data/mentions/0", "not_allowed")]),
    ],
)
def test_a_frame_names_a_conversation_or_a_user(parley: Parley, data: Frame, errors: list[tuple[str, str]]) -> None:
    alice, bob, _ = parley.user("alice"), parley.user("bob"), parley.user("eve")
    here = open_direct(alice, bob)
    phone = alice.connect()
    before = stored(parley)

    named = {name: here if value == "HERE" else value for name, value in data.items()}
    reply = phone.request("send_message", {"text": "hello"} | named)

    assert [(one["pointer"], one["code"]) for one in reply["error"]["errors"]] == errors
    assert stored(parley) == before


def test_message_to_a_user_is_refused_as_over_rest(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    assert bob.put("/users/alice/block").status < 300
    phone = alice.connect()

    for wanted in (
        {"user_id": "bob", "text": "hello"},
        {"user_id": "alice", "text": "hello"},
        {"user_id": "bob", "text": " "},
        {"user_id": "bob", "text": "hello", "context": {"type": "class"}},
    ):
        over_rest = alice.post("/messages", json=wanted).json
        error = phone.request("send_message", wanted)["error"]
        assert (error["code"], error["status"]) == (over_rest["code"], over_rest["status"])
        pointers = [f"/data{one['pointer']}" for one in over_rest.get("errors", [])]
        assert [one["pointer"] for one in error.get("errors", [])] == pointers


def test_same_client_id_with_another_text_is_refused(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone = alice.connect()
    send(phone, conversation_id, client_id="c1")

    reply = send(phone, conversation_id, "something else", client_id="c1")

    assert frame_refusal(reply) == ("client_id_reused", 422, [("/data/client_id", "client_id_reused")])
    assert alice.get(f"/conversations/{conversation_id}").json["last_seq"] == 1


def test_delivered_twice_it_is_one_message(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone, screen = alice.connect(), bob.connect()
    forget_events(screen)
    parley.deliver_twice = True

    send(phone, conversation_id, client_id="c1")

    assert alice.get(f"/conversations/{conversation_id}").json["last_seq"] == 1
    assert {one["message"]["seq"] for one in contents(screen.events())} == {1}


def test_connection_that_is_gone_is_forgotten_and_only_that_one(parley: Parley) -> None:
    parley.clock.ms -= 60_000
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone, dead, alive = alice.connect(), bob.connect(), bob.connect()
    parley.lose_disconnects = True
    dead.close()
    parley.advance(40)

    with parley.watch() as calls:
        reply = send(phone, conversation_id, "one")
    with parley.watch() as later:
        send(phone, conversation_id, "two")

    assert reply["type"] == "ack"
    assert posted_to(calls) == {alive.connection_id}  # the other post raised
    assert [call.operation for call in calls if call.function == "OnSendMessage"].count("UpdateItem") == 1
    assert posted_to(later) == {alive.connection_id}
    assert "UpdateItem" not in [call.operation for call in later]
    assert len(alive.events("message_notification")) == 2
    assert phone.request("ping")["type"] == "ack"


def posted_to(calls: list[Call]) -> set[str]:
    return {call.params["ConnectionId"] for call in calls if call.operation == "PostToConnection"}


def test_device_that_reads_too_slowly_gets_it_through_the_queue(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone, slow, other = alice.connect(), bob.connect(), bob.connect()
    forget_events(slow, other)
    slow.is_full = True

    reply = send(phone, conversation_id)
    slow.is_full = False
    parley.drain()

    assert reply["type"] == "ack"
    heard = [names(besides_notifications(device)) for device in (slow, other)]
    assert heard == [["message_notification"]] * 2


class Failing:
    """A hook: posts are answered with a code, or not at all."""

    def __init__(self, failure: Callable[[Call], Exception]) -> None:
        self._failure = failure

    def before(self, call: Call) -> None:
        if call.operation == "PostToConnection":
            raise self._failure(call)

    def after(self, call: Call) -> None:
        pass


def aws_failure(status: int, code: str) -> Callable[[Call], Exception]:
    def failure(call: Call) -> Exception:
        error = aws_refusal(call, code, "")
        error.response["ResponseMetadata"] = {
            "HTTPStatusCode": status, "RequestId": "", "HostId": "", "HTTPHeaders": {}, "RetryAttempts": 0
        }  # fmt: skip
        return error

    return failure


@pytest.mark.parametrize(
    "status, code",
    [(429, "LimitExceededException"), (403, "ForbiddenException"), (500, "InternalServerError"), (503, "")],
)
def test_post_that_api_gateway_refuses_for_now_comes_later(parley: Parley, status: int, code: str) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone, screen = alice.connect(), bob.connect()
    forget_events(screen)
    hook = Failing(aws_failure(status, code))
    parley.hooks.append(hook)

    reply = send(phone, conversation_id)
    parley.hooks.remove(hook)
    assert screen.frames == []
    parley.drain()

    assert reply["type"] == "ack"
    assert names(besides_notifications(screen)) == ["message_notification"]


@pytest.mark.parametrize("text", ["x", "👋" * 3000, "a" * TEXT_MAX], ids=["one", "emoji", "longest"])
def test_text_comes_back_as_it_was_sent(parley: Parley, text: str) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    screen = joined(bob, conversation_id)

    reply = send(alice.connect(), conversation_id, text)

    assert reply["data"]["text"] == text
    assert screen.events("new_message")[0]["data"]["message"]["text"] == text


@pytest.mark.parametrize(
    "wrong, fields",
    [
        ({"text": None}, [("/data/text", "wrong_type")]),
        ({"text": 7}, [("/data/text", "wrong_type")]),
        ({"text": ""}, [("/data/text", "blank")]),
        ({"text": " \n\t\u200b"}, [("/data/text", "blank")]),
        ({"text": "a" * (TEXT_MAX + 1)}, [("/data/text", "too_long")]),
        ({"kind": "video"}, [("/data/kind", "not_allowed")]),
        ({"client_id": ""}, [("/data/client_id", "bad_format")]),
        ({"client_id": "c" * 65}, [("/data/client_id", "too_long")]),
        ({"client_id": "a#b"}, [("/data/client_id", "bad_format")]),
        ({"sender_id": "bob"}, [("/data/sender_id", "unknown_field")]),
        ({"conversation_id": 7}, [("/data/conversation_id", "wrong_type")]),
        ({"conversation_id": "d_nobody"}, [("/data/conversation_id", "bad_format")]),
        ({"text": 7, "extra": 1}, [("/data/text", "wrong_type"), ("/data/extra", "unknown_field")]),
    ],
    ids=lambda value: None if isinstance(value, list) else ascii(value)[:40],
)
def test_bad_input_is_refused_by_field_and_nothing_is_written(
    parley: Parley, wrong: dict[str, object], fields: list[tuple[str, str]]
) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone, screen = alice.connect(), bob.connect()
    forget_events(screen)

    reply = phone.request("send_message", {"conversation_id": conversation_id, "text": "hello"} | wrong)

    assert frame_refusal(reply) == ("invalid_request", 400, fields)
    assert screen.frames == []
    assert alice.get(f"/conversations/{conversation_id}").json["last_seq"] == 0


def test_half_an_emoji_is_refused_by_field_under_its_request_id(parley: Parley) -> None:
    reply = parley.user("alice").connect().request("send_message", {"conversation_id": "d_x", "text": "cut \ud83d"})

    assert frame_refusal(reply) == ("invalid_request", 400, [("/data/text", "bad_format")])


def test_outsider_is_told_the_conversation_does_not_exist(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)
    screen = bob.connect()

    reply = send(eve.connect(), conversation_id)

    assert frame_refusal(reply)[:2] == ("conversation_not_found", 404)
    assert screen.frames == []


def test_who_writes_has_read(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one", "two")

    send(bob.connect(), conversation_id, "three")

    seen = bob.get(f"/conversations/{conversation_id}").json
    assert (seen["unread"], seen["read_seq"], seen["delivered_seq"], seen["last_seq"]) == (0, 3, 3, 3)
