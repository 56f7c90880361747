"""POST /conversations/{conversation_id}/messages: written once, in order, and on every device of everybody."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest

from tests.functional.replies import (
    WRONG_IDS,
    Meanwhile,
    Refusal,
    at_once,
    invalid,
    malformed_bodies,
    refusal,
    stored,
)
from tests.functional.talk import bare, contents, forget_events, in_s, joined, names, open_direct
from tests.harness import Parley, Reply, User

TEXT_MAX = 10_000


def send(person: User, conversation_id: str, text: str = "hello", **more: object) -> Reply:
    return person.post(f"/conversations/{conversation_id}/messages", json={"text": text} | more)


def history(person: User, conversation_id: str) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = person.get(f"/conversations/{conversation_id}/messages?limit=100").json["messages"]
    return messages


def test_message_is_answered_whole_and_stored(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)

    reply = send(alice, conversation_id, "Grüße *an alle* 👋", client_id="c1")

    assert reply.status == 201
    assert bare(reply.json) == {
        "id": f"{conversation_id}.1",
        "conversation_id": conversation_id,
        "seq": 1,
        "sender_id": "alice",
        "kind": "text",
        "text": "Grüße *an alle* 👋",
        "system": None,
        "reply_to": None,
        "forwarded_from": None,
        "mentions": [],
        "attachments": [],
        "custom_type": None,
        "metadata": None,
        "reactions": [],
        "pinned": False,
        "blocked": False,
        "hidden": False,
        "removed": False,
        "created_at": in_s(parley, 0),
        "edited_at": None,
        "deleted_at": None,
        "client_id": "c1",
        "via": None,
        "change_seq": 0,
        "replayed": False,
    }
    assert [message | {"replayed": False} for message in history(bob, conversation_id)] == [bare(reply.json)]


def test_every_device_of_everybody_gets_it_and_no_outsider(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)
    own, own_open = alice.connect(), joined(alice, conversation_id)
    theirs, their_open, outsider = bob.connect(), joined(bob, conversation_id), eve.connect()
    forget_events(own, own_open, theirs, their_open)

    text = "x" * 150
    message = bare(send(alice, conversation_id, text).json)
    del message["replayed"]

    full = {"conversation_id": conversation_id, "message": message}
    cut = {"conversation_id": conversation_id, "message": message | {"text": "x" * 100}}
    for socket, name, told in (
        (own_open, "new_message", full),
        (their_open, "new_message", full),
        (own, "message_notification", cut),
        (theirs, "message_notification", cut),
    ):
        frames = socket.events()
        assert (names(frames), contents(frames)) == ([name], [told])
    assert outsider.frames == []


def test_conversation_moves_on_with_the_message(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    parley.advance(90)

    message = send(alice, conversation_id, "x" * 150).json

    shown = bob.get(f"/conversations/{conversation_id}").json
    assert (shown["last_seq"], shown["unread"], shown["read_seq"]) == (1, 1, 0)
    assert shown["last_activity_at"] == message["created_at"]
    assert shown["last_message"] == {
        "id": message["id"],
        "seq": 1,
        "sender_id": "alice",
        "kind": "text",
        "text": "x" * 100,
        "created_at": message["created_at"],
        "change_seq": 0,
        "deleted_at": None,
        "attachments": None,
        "custom_type": None,
        "blocked": False,
        "system": None,
    }
    own = alice.get(f"/conversations/{conversation_id}").json
    assert (own["unread"], own["read_seq"], own["delivered_seq"]) == (0, 1, 1)


def test_seqs_run_without_a_gap_and_times_never_backwards(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)

    sent = []
    for number in range(6):
        sent.append(send(alice if number % 2 else bob, conversation_id, f"{number}").json)
        parley.clock.ms += 1_500 if number % 3 else -1_000  # machines whose clocks differ

    assert [message["seq"] for message in sent] == [1, 2, 3, 4, 5, 6]
    assert [message["text"] for message in history(alice, conversation_id)] == list("012345")
    times = [message["created_at"] for message in sent]
    assert times == sorted(times)


@pytest.mark.parametrize(
    "text",
    ["x", "👋" * TEXT_MAX, "a\0\x01\x1b", '"\\/<b>&amp;</b> {{x}} \r\n\t', " a\u200b", "e\u0301 \u202e\U0010ffff"],
    ids=["one", "longest", "controls", "markup", "white space", "odd"],
)
def test_text_comes_back_as_it_was_sent(parley: Parley, text: str) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    screen = joined(bob, conversation_id)

    reply = send(alice, conversation_id, text)

    assert reply.json["text"] == text
    assert [message["text"] for message in history(bob, conversation_id)] == [text]
    assert [one["message"]["text"] for one in contents(screen.events("new_message"))] == [text]


def test_same_client_id_gets_the_first_answer_again_over_both_transports(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone, screen = alice.connect(), bob.connect()
    first = send(alice, conversation_id, client_id="c1")
    send(bob, conversation_id, "meanwhile")
    forget_events(phone, screen)
    before = stored(parley)
    parley.advance(60)

    again = send(alice, conversation_id, client_id="c1")
    to_user = alice.post("/messages", json={"user_id": "bob", "text": "hello", "client_id": "c1"})
    body = {"conversation_id": conversation_id, "text": "hello", "client_id": "c1"}
    over_websocket = phone.request("send_message", body)

    assert (first.status, again.status, to_user.status, over_websocket["type"]) == (201, 200, 200, "ack")
    assert again.json == to_user.json == over_websocket["data"] == first.json | {"replayed": True}
    assert stored(parley) == before
    assert screen.frames == []  # they know


def test_client_id_is_the_senders_and_the_conversations(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    with_bob, with_eve = open_direct(alice, bob), open_direct(alice, eve)

    sent = [
        send(alice, with_bob, "one", client_id="c1"),
        send(bob, with_bob, "two", client_id="c1"),
        send(alice, with_eve, "three", client_id="c1"),
    ]

    assert [(reply.status, reply.json["seq"]) for reply in sent] == [(201, 1), (201, 2), (201, 1)]


def test_without_a_client_id_every_send_is_a_message(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)

    assert [send(alice, conversation_id).json["seq"] for _ in range(2)] == [1, 2]


def test_same_client_id_with_another_text_is_refused(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    send(alice, conversation_id, client_id="c1")
    screen = bob.connect()
    before = stored(parley)

    reply = send(alice, conversation_id, "something else", client_id="c1")

    assert refusal(reply) == ("client_id_reused", 422, [("/client_id", "client_id_reused")])
    assert stored(parley) == before
    assert screen.frames == []


def test_client_id_is_forgotten_after_a_day(parley: Parley) -> None:
    alice, bob = parley.user("alice", expires_in_s=3 * 86_400), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    send(alice, conversation_id, client_id="c1")

    parley.advance(86_400 - 1)
    within = send(alice, conversation_id, client_id="c1")
    parley.advance(1)
    later = send(alice, conversation_id, "another day", client_id="c1")
    again = send(alice, conversation_id, "another day", client_id="c1")

    assert (within.json["seq"], within.json["replayed"]) == (1, True)
    assert (later.status, later.json["seq"], later.json["replayed"]) == (201, 2, False)
    assert (again.status, again.json["seq"]) == (200, 2)


def test_same_send_twice_at_the_same_moment_is_one_message(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    others: list[Reply] = []
    race = Meanwhile("TransactWriteItems", lambda: others.append(send(alice, conversation_id, client_id="c1")))
    parley.hooks.append(race)

    reply = send(alice, conversation_id, client_id="c1")

    assert race.happened
    assert (others[0].status, reply.status) == (201, 200)
    assert reply.json == others[0].json | {"replayed": True}
    assert len(history(bob, conversation_id)) == 1


def test_who_loses_the_race_for_a_seq_takes_the_next(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    race = Meanwhile("TransactWriteItems", lambda: send(bob, conversation_id, "faster"))
    parley.hooks.append(race)

    reply = send(alice, conversation_id, "slower")

    assert race.happened
    assert (reply.status, reply.json["seq"]) == (201, 2)
    assert [message["text"] for message in history(bob, conversation_id)] == ["faster", "slower"]


def test_twenty_sends_at_once_are_twenty_messages_in_a_row(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    screen = joined(bob, conversation_id)

    people = [alice, bob] * 10
    replies = at_once(partial(send, one, conversation_id, client_id=f"c{n}") for n, one in enumerate(people))

    assert [reply.status for reply in replies] == [201] * 20
    messages = history(alice, conversation_id)
    assert [message["seq"] for message in messages] == list(range(1, 21))
    answered = sorted((bare(reply.json) for reply in replies), key=lambda message: int(message["seq"]))
    assert [message | {"replayed": False} for message in messages] == answered
    heard = [one["message"]["seq"] for one in contents(screen.events("new_message"))]
    assert sorted(heard) == list(range(1, 21))


def test_outsider_is_told_the_conversation_does_not_exist(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)
    screen = bob.connect()
    before = stored(parley)

    outside = send(eve, conversation_id, client_id="c1")
    nowhere = send(eve, "d_" + "a" * 26)

    assert refusal(outside) == refusal(nowhere) == ("conversation_not_found", 404, [])
    assert outside.json["detail"] == nowhere.json["detail"]
    assert stored(parley) == before
    assert screen.frames == []


def test_outsider_cannot_learn_which_client_ids_were_used(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)
    send(alice, conversation_id, client_id="c1")

    used, unused = (send(eve, conversation_id, client_id=client_id) for client_id in ("c1", "c2"))

    assert refusal(used) == refusal(unused)


WRONG: dict[str, tuple[Mapping[str, Any], Refusal]] = {
    "nothing": ({}, invalid(("/text", "required"))),
    "null": ({"text": None}, invalid(("/text", "wrong_type"))),
    "number": ({"text": 7}, invalid(("/text", "wrong_type"))),
    "list": ({"text": ["a"]}, invalid(("/text", "wrong_type"))),
    "empty": ({"text": ""}, invalid(("/text", "blank"))),
    "blank": ({"text": " \n\t\u200b\u2060\ufeff\u3164"}, invalid(("/text", "blank"))),
    "one too many": ({"text": "a" * (TEXT_MAX + 1)}, invalid(("/text", "too_long"))),
    "one emoji too many": ({"text": "👋" * (TEXT_MAX + 1)}, invalid(("/text", "too_long"))),
    "another kind": ({"text": "a", "kind": "system"}, invalid(("/kind", "not_allowed"))),
    "empty client_id": ({"text": "a", "client_id": ""}, invalid(("/client_id", "bad_format"))),
    "long client_id": ({"text": "a", "client_id": "c" * 65}, invalid(("/client_id", "too_long"))),
    "separator": ({"text": "a", "client_id": "a#b"}, invalid(("/client_id", "bad_format"))),
    "number for client_id": ({"text": "a", "client_id": 7}, invalid(("/client_id", "wrong_type"))),
    "another sender": ({"text": "a", "sender_id": "bob"}, ("service_only", 403, [])),
    "number for sender_id": ({"text": "a", "sender_id": 7}, invalid(("/sender_id", "wrong_type"))),
    "odd sender_id": ({"text": "a", "sender_id": "bob/1"}, invalid(("/sender_id", "bad_format"))),
    "a seq": ({"text": "a", "seq": 7}, invalid(("/seq", "unknown_field"))),
    "pointer to escape": ({"text": "a", "a/b~c": 7}, invalid(("/a~1b~0c", "unknown_field"))),
    "two at once": ({"text": 7, "client_id": 7}, invalid(("/text", "wrong_type"), ("/client_id", "wrong_type"))),
}


def test_wrong_fields_are_named_and_nothing_is_written(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    path, screen = f"/conversations/{conversation_id}/messages", bob.connect()
    before = stored(parley)

    refused = {name: refusal(alice.post(path, json=body)) for name, (body, _) in WRONG.items()}

    assert refused == {name: expected for name, (_, expected) in WRONG.items()}
    assert stored(parley) == before
    assert screen.frames == []


def test_limits_are_said(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")

    reply = send(alice, open_direct(alice, bob), "a" * (TEXT_MAX + 1))

    assert reply.json["errors"] == [{"pointer": "/text", "code": "too_long", "limit": TEXT_MAX}]


def test_body_that_is_no_json_object_is_refused(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    path = f"/conversations/{open_direct(alice, bob)}/messages"
    before = stored(parley)

    assert malformed_bodies(lambda raw: alice.post(path, raw=raw)) == {}
    assert refusal(alice.post(path, raw=b'{"text": "' + b"a" * 1_000_000 + b'"}')) == invalid(("/text", "too_long"))
    assert stored(parley) == before


def test_what_is_no_conversations_id_is_refused(parley: Parley) -> None:
    alice = parley.user("alice")

    refused = {name: refusal(send(alice, wrong)) for name, wrong in WRONG_IDS.items()}

    assert refused == dict.fromkeys(WRONG_IDS, invalid(("{conversation_id}", "bad_format")))
