"""POST /messages/{message_id}/forward: a text goes on to other conversations, with word of who wrote it."""

from tests.functional.replies import Meanwhile, invalid, outside, refusal
from tests.functional.talk import contents, make_group, open_direct, say
from tests.harness import Parley


def test_text_goes_on_with_its_origin(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    [message_id] = say(bob, open_direct(alice, bob), "the address")
    wrote_at = alice.get(f"/messages/{message_id}").json["created_at"]
    direct, group = open_direct(alice, carol), make_group(alice, carol)
    screen = carol.connect()

    body = {"conversation_ids": [direct, group, direct], "client_id": "f1"}
    forwarded = alice.post(f"/messages/{message_id}/forward", json=body)

    assert (forwarded.status, forwarded.json["failed"]) == (200, [])
    assert [one["conversation_id"] for one in forwarded.json["messages"]] == [direct, group]
    for told in contents(screen.events("message_notification")):
        assert told["message"]["text"] == "the address"
        assert told["message"]["sender_id"] == "alice"
        assert told["message"]["forwarded_from"] == {"sender_id": "bob", "created_at": wrote_at}


def test_forwarded_again_it_keeps_its_first_origin(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    [message_id] = say(bob, open_direct(alice, bob), "the address")
    body = {"conversation_ids": [open_direct(alice, carol)]}
    [once] = alice.post(f"/messages/{message_id}/forward", json=body).json["messages"]

    body = {"conversation_ids": [open_direct(carol, bob)]}
    [twice] = carol.post(f"/messages/{once['id']}/forward", json=body).json["messages"]

    assert twice["forwarded_from"] == once["forwarded_from"]


def test_retry_writes_nothing_twice(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    [message_id] = say(bob, open_direct(alice, bob), "the address")
    direct = open_direct(alice, carol)
    body = {"conversation_ids": [direct], "client_id": "f1"}

    first, again = (alice.post(f"/messages/{message_id}/forward", json=body).json["messages"][0] for _ in range(2))

    assert (first["id"], first["replayed"], again["replayed"]) == (again["id"], False, True)
    assert carol.get(f"/conversations/{direct}").json["last_seq"] == 1


def test_nothing_is_written_unless_all_are_the_callers(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    [message_id] = say(bob, open_direct(alice, bob), "the address")
    mine, theirs = open_direct(alice, carol), open_direct(bob, carol)

    refused = alice.post(f"/messages/{message_id}/forward", json={"conversation_ids": [mine, theirs]})

    assert refusal(refused) == invalid(("/conversation_ids/1", "not_allowed"))
    assert carol.get(f"/conversations/{mine}").json["last_seq"] == 0


def test_where_one_may_not_write_nothing_is_written_anywhere(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct, group = open_direct(alice, bob), make_group(bob, alice, posting="admins")
    [message_id] = say(bob, direct, "the address")

    refused = alice.post(f"/messages/{message_id}/forward", json={"conversation_ids": [direct, group]})

    assert refusal(refused) == ("posting_restricted", 403, [("/conversation_ids/1", "posting_restricted")])
    assert bob.get(f"/conversations/{direct}").json["last_seq"] == 1


def test_each_conversation_that_refuses_is_named_with_its_own_code(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct, strict = open_direct(alice, bob), make_group(bob, alice, posting="admins")
    with_carol = open_direct(alice, parley.user("carol"))
    [message_id] = say(bob, direct, "the address")
    assert parley.user("carol").put("/users/alice/block").status == 200
    targets = [with_carol, direct, strict]

    refused = alice.post(f"/messages/{message_id}/forward", json={"conversation_ids": targets})

    code, status, fields = refusal(refused)
    assert (code, status) == ("blocked", 403)
    assert fields == [("/conversation_ids/0", "blocked"), ("/conversation_ids/2", "posting_restricted")]
    assert bob.get(f"/conversations/{direct}").json["last_seq"] == 1


def test_conversation_that_refuses_after_the_check_is_in_failed(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct, group = open_direct(alice, bob), make_group(bob, alice)
    [message_id] = say(bob, direct, "the address")

    def close() -> None:
        outside(lambda: bob.patch(f"/conversations/{group}", json={"posting": "admins"}))

    parley.hooks.append(hook := Meanwhile("TransactWriteItems", close))
    reply = alice.post(f"/messages/{message_id}/forward", json={"conversation_ids": [group]})
    parley.hooks.remove(hook)

    assert (hook.happened, reply.status, reply.json["messages"]) == (True, 200, [])
    assert [(each["conversation_id"], each["code"]) for each in reply.json["failed"]] == [(group, "posting_restricted")]


def test_what_is_gone_or_no_message_is_not_forwarded(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct, group = open_direct(alice, bob), make_group(alice, bob)
    deleted, hidden = say(alice, direct, "one", "two")
    alice.delete(f"/messages/{deleted}")
    alice.delete(f"/messages/{hidden}?scope=me")
    body = {"conversation_ids": [direct]}

    for gone in (deleted, hidden):
        assert refusal(alice.post(f"/messages/{gone}/forward", json=body))[:2] == ("message_deleted", 409)
    assert refusal(alice.post(f"/messages/{group}.1/forward", json=body))[:2] == ("system_message", 403)


def test_wrong_fields_are_named(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(bob, open_direct(alice, bob), "the address")
    path = f"/messages/{message_id}/forward"
    many = ["d_" + "a" * 26] * 21

    assert refusal(alice.post(path, json={})) == invalid(("/conversation_ids", "required"))
    assert refusal(alice.post(path, json={"conversation_ids": []})) == invalid(("/conversation_ids", "too_few_items"))
    assert refusal(alice.post(path, json={"conversation_ids": many})) == invalid(
        ("/conversation_ids", "too_many_items")
    )
    assert refusal(alice.post(path, json={"conversation_ids": ["x"]})) == invalid(("/conversation_ids/0", "bad_format"))
