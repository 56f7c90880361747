"""POST /messages: write to a person; the conversation is there, or is opened first."""

from collections.abc import Mapping
from typing import Any

from tests.functional.replies import Meanwhile, Refusal, at_once, invalid, malformed_bodies, refusal, stored
from tests.functional.talk import bare, contents, names, open_direct
from tests.harness import Parley, Reply, User


def write(person: User, user_id: str, text: str = "hello", **more: object) -> Reply:
    return person.post("/messages", json={"user_id": user_id, "text": text} | more)


def test_first_message_opens_the_conversation(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")

    reply = write(alice, "bob", "Grüße 👋", client_id="c1")

    message = reply.json
    assert (reply.status, message.pop("replayed")) == (201, False)
    assert (message["seq"], message["sender_id"], message["text"]) == (1, "alice", "Grüße 👋")
    shown = bob.get(f"/conversations/{message['conversation_id']}").json
    assert (shown["last_seq"], shown["unread"], shown["context"]) == (1, 1, None)
    assert bob.get(f"/messages/{message['id']}").json == message


def test_everybodys_devices_hear_of_the_conversation_and_then_of_the_message(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    own, phone, laptop, outsider = alice.connect(), bob.connect(), bob.connect(), eve.connect()

    message = bare(write(alice, "bob").json)
    del message["replayed"]

    for socket in (own, phone, laptop):
        frames = socket.events()
        assert names(frames) == ["conversation_created", "message_notification"]
        assert contents(frames)[1] == {"conversation_id": message["conversation_id"], "message": message}
    assert outsider.frames == []


def test_next_message_goes_into_the_same_conversation_whoever_opened_it(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(bob, alice)
    screen = bob.connect()

    replies = [write(alice, "bob"), write(bob, "alice"), write(alice, "bob")]

    assert [(reply.json["conversation_id"], reply.json["seq"]) for reply in replies] == [
        (conversation_id, seq) for seq in (1, 2, 3)
    ]
    assert names(screen.events()) == ["message_notification"] * 3


def test_message_may_be_about_something(parley: Parley) -> None:
    alice = parley.user("alice", "customer", contexts={"pattern": ["shawl-12"]})
    bob = parley.user("bob", "creator", contexts={"pattern": ["shawl-12"]})
    about = {"type": "pattern", "id": "shawl-12"}

    first, second = write(alice, "bob", context=about), write(bob, "alice", context=about)
    elsewhere = write(alice, "bob")

    assert first.json["conversation_id"] == second.json["conversation_id"] != elsewhere.json["conversation_id"]
    assert alice.get(f"/conversations/{first.json['conversation_id']}").json["context"] == about


def test_message_moves_the_conversation_up_in_a_later_hour(parley: Parley) -> None:
    alice, bob, carol = (parley.user(name, expires_in_s=12 * 3600) for name in ("alice", "bob", "carol"))
    with_bob = open_direct(alice, bob)
    parley.advance(10)
    with_carol = open_direct(alice, carol)
    parley.advance(2 * 3600)

    assert alice.post("/messages", json={"user_id": "bob", "text": "hello"}).status == 201

    assert [one["id"] for one in alice.get("/conversations").json["conversations"]] == [with_bob, with_carol]


def test_same_client_id_gets_the_first_answer_again(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    first = write(alice, "bob", client_id="c1")
    screen = bob.connect()
    before = stored(parley)

    again = write(alice, "bob", client_id="c1")
    by_conversation = alice.post(
        f"/conversations/{first.json['conversation_id']}/messages", json={"text": "hello", "client_id": "c1"}
    )

    assert (first.status, again.status, by_conversation.status) == (201, 200, 200)
    assert again.json == by_conversation.json == first.json | {"replayed": True}
    assert stored(parley) == before
    assert screen.frames == []


def test_same_client_id_with_another_text_is_refused(parley: Parley) -> None:
    alice = parley.user("alice")
    parley.user("bob")
    write(alice, "bob", client_id="c1")
    before = stored(parley)

    reply = write(alice, "bob", "something else", client_id="c1")

    assert refusal(reply) == ("client_id_reused", 422, [("/client_id", "client_id_reused")])
    assert stored(parley) == before


def test_somebody_who_has_never_signed_in_finds_it_when_they_come(parley: Parley) -> None:
    message = write(parley.user("alice"), "bob").json

    bob = parley.user("bob")

    assert bob.get("/unread-count").json["total"] == 1
    assert bob.get(f"/messages/{message['id']}").json["text"] == "hello"


def test_who_may_not_open_the_conversation_writes_nothing(parley: Parley) -> None:
    alice = parley.user("alice", "student", contexts={"class": ["7b"]})
    screen = parley.user("bob", "student", contexts={"class": ["7b"]}).connect()
    other = parley.user("carol", "teacher", contexts={"class": ["8a"]}).connect()
    about = {"type": "class", "id": "7b"}
    before = stored(parley)

    wrong_role = write(alice, "bob", context=about)
    not_shared = write(alice, "carol", context=about)
    unknown = write(alice, "nobody", context=about)

    assert refusal(wrong_role) == ("role_not_allowed", 403, [])
    assert wrong_role.json["rule"] == "default.toml [class] may_open student → teacher"
    assert refusal(not_shared) == ("context_not_shared", 403, [])
    assert refusal(unknown) == ("unknown_user", 404, [("/user_id", "not_allowed")])
    assert stored(parley) == before
    assert screen.frames == other.frames == []


WRONG: dict[str, tuple[Mapping[str, Any], Refusal]] = {
    "nothing": ({}, invalid(("/user_id", "required"))),
    "no text": ({"user_id": "bob"}, invalid(("/text", "required"))),
    "no user": ({"text": "a"}, invalid(("/user_id", "required"))),
    "blank": ({"user_id": "bob", "text": "\u200b "}, invalid(("/text", "blank"))),
    "too long": ({"user_id": "bob", "text": "a" * 10_001}, invalid(("/text", "too_long"))),
    "slash": ({"user_id": "b/b", "text": "a"}, invalid(("/user_id", "bad_format"))),
    "list of users": ({"user_id": ["bob"], "text": "a"}, invalid(("/user_id", "wrong_type"))),
    "unknown field": ({"user_id": "bob", "text": "a", "to": "x"}, invalid(("/to", "unknown_field"))),
    "bad client_id": ({"user_id": "bob", "text": "a", "client_id": "a b"}, invalid(("/client_id", "bad_format"))),
    "another kind": ({"user_id": "bob", "text": "a", "kind": "system"}, invalid(("/kind", "not_allowed"))),
    "oneself": ({"user_id": "alice", "text": "a"}, ("self_conversation", 400, [("/user_id", "not_allowed")])),
    "unknown context": (
        {"user_id": "bob", "text": "a", "context": {"type": "planet", "id": "x"}},
        ("unknown_context_type", 400, [("/context/type", "not_allowed")]),
    ),
}


def test_wrong_fields_are_named_and_nothing_is_written(parley: Parley) -> None:
    alice, screen = parley.user("alice"), parley.user("bob").connect()
    before = stored(parley)

    refused = {name: refusal(alice.post("/messages", json=body)) for name, (body, _) in WRONG.items()}

    assert refused == {name: expected for name, (_, expected) in WRONG.items()}
    assert stored(parley) == before
    assert screen.frames == []


def test_body_that_is_no_json_object_is_refused(parley: Parley) -> None:
    alice = parley.user("alice")
    before = stored(parley)

    assert malformed_bodies(lambda raw: alice.post("/messages", raw=raw)) == {}
    assert stored(parley) == before


def test_somebody_who_opens_it_meanwhile_is_answered_in_the_same(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    race = Meanwhile("TransactWriteItems", lambda: write(bob, "alice", "faster"))
    parley.hooks.append(race)

    reply = write(alice, "bob", "slower")

    assert race.happened
    assert (reply.status, reply.json["seq"]) == (201, 2)
    assert len(stored(parley)["Conversations"]) == 1


def test_two_who_write_first_at_once_share_one_conversation(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")

    replies = at_once([lambda: write(alice, "bob"), lambda: write(bob, "alice")] * 3)

    assert [reply.status for reply in replies] == [201] * 6
    assert len({reply.json["conversation_id"] for reply in replies}) == 1
    assert sorted(reply.json["seq"] for reply in replies) == [1, 2, 3, 4, 5, 6]
