"""PUT /users/{user_id}/block: neither of the two can write to the other directly any more."""

from functools import partial

import pytest

from parley.domain import blocking
from tests.functional.replies import Meanwhile, Refusal, at_once, invalid, refusal, stored
from tests.functional.talk import contents, forget_events, in_s, names, open_direct
from tests.harness import Parley, Reply, User

BLOCKED: Refusal = ("blocked", 403, [])


def block(person: User, user_id: str) -> Reply:
    return person.put(f"/users/{user_id}/block")


def open_with(person: User, user_id: str) -> Reply:
    return person.post("/conversations", json={"type": "direct", "user_id": user_id})


def write_to(person: User, user_id: str) -> Reply:
    return person.post("/messages", json={"user_id": user_id, "text": "hello"})


def test_somebody_is_blocked_from_now_on(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")

    reply = block(alice, "mallory")

    assert (reply.status, reply.json) == (200, {"user_id": "mallory", "blocked_at": in_s(parley, 0)})
    assert alice.get("/me/blocks").json == {"blocks": [reply.json], "next": None}
    assert mallory.get("/me/blocks").json == {"blocks": [], "next": None}


def test_blocking_again_changes_nothing(parley: Parley) -> None:
    alice = parley.user("alice")
    first = block(alice, "mallory")
    before = stored(parley)
    parley.advance(60)

    again = block(alice, "mallory")

    assert again.json == first.json
    assert stored(parley)["Blocks"] == before["Blocks"]


def test_neither_can_open_a_conversation_with_the_other(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    block(alice, "mallory")
    before = stored(parley)

    refused = [
        refusal(act(one, other))
        for act in (open_with, write_to)
        for one, other in ((alice, "mallory"), (mallory, "alice"))
    ]

    assert refused == [BLOCKED] * 4
    assert stored(parley) == before
    assert open_with(mallory, "alice").json["rule"] == blocking.RULE
    assert "alice" not in open_with(mallory, "alice").json["detail"]


def test_others_are_not_concerned(parley: Parley) -> None:
    alice, mallory, bob = parley.user("alice"), parley.user("mallory"), parley.user("bob")
    block(alice, "mallory")

    assert open_with(alice, "bob").status == 201
    assert open_with(mallory, "bob").status == 201
    assert write_to(bob, "mallory").status == 201


def test_conversation_that_is_there_can_still_be_read(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    conversation_id = open_direct(alice, mallory)
    block(alice, "mallory")

    assert {open_with(one, other).status for one, other in ((alice, "mallory"), (mallory, "alice"))} == {200}
    assert mallory.get(f"/conversations/{conversation_id}").status == 200


def test_block_that_comes_while_a_conversation_is_opened_wins(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    race = Meanwhile("TransactWriteItems", lambda: block(alice, "mallory"))
    parley.hooks.append(race)

    reply = open_with(mallory, "alice")

    assert race.happened
    assert refusal(reply) == BLOCKED
    assert stored(parley)["Conversations"] == []


def test_neither_is_told_whether_the_other_is_there(parley: Parley) -> None:
    alice, mallory, bob = parley.user("alice"), parley.user("mallory"), parley.user("bob")
    for one, other in ((alice, mallory), (alice, bob), (mallory, bob)):
        open_direct(one, other)
    block(alice, "mallory")
    spy, friend = mallory.connect(), bob.connect()
    forget_events(spy, friend)

    phone = alice.connect()
    asked = {
        person.user_id: socket.request("request_user_status", {"user_ids": ["alice", "mallory", "bob"]})["data"]
        for person, socket in ((alice, phone), (mallory, spy), (bob, friend))
    }
    phone.close()

    assert spy.events() == []
    told = friend.events()
    assert names(told) == ["user_status_change", "user_status_change"]
    assert [one["user_id"] for one in contents(told)] == ["alice", "alice"]
    seen = {who: {one["user_id"] for one in data["statuses"]} for who, data in asked.items()}
    assert seen == {"alice": {"alice", "bob"}, "mallory": {"mallory", "bob"}, "bob": {"alice", "mallory", "bob"}}


def test_somebody_unknown_can_be_blocked_before_they_come(parley: Parley) -> None:
    alice = parley.user("alice")

    assert block(alice, "stranger").status == 200
    assert refusal(write_to(parley.user("stranger"), "alice")) == BLOCKED


def test_both_may_block_each_other_at_the_same_moment(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")

    replies = at_once([partial(block, alice, "mallory"), partial(block, mallory, "alice")])

    assert [reply.status for reply in replies] == [200, 200]
    assert len(alice.get("/me/blocks").json["blocks"]) == len(mallory.get("/me/blocks").json["blocks"]) == 1


def test_nobody_blocks_themselves(parley: Parley) -> None:
    reply = block(parley.user("alice"), "alice")

    assert refusal(reply) == ("self_block", 400, [("{user_id}", "not_allowed")])
    assert stored(parley)["Blocks"] == []


@pytest.mark.parametrize("wrong", ["a%2Fb", "a%23b", "%20", "%F0%9F%91%8B", "a" * 129, "alice%0A"])
def test_what_is_no_users_id_is_refused(parley: Parley, wrong: str) -> None:
    reply = block(parley.user("alice"), wrong)

    assert refusal(reply) == invalid(("{user_id}", "bad_format"))


def test_there_is_an_end_to_blocking(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.actions.blocks.MAX_BLOCKS", 2)
    alice = parley.user("alice")
    for user_id in ("one", "two"):
        block(alice, user_id)
    block(parley.user("mallory"), "alice")

    assert refusal(block(alice, "three")) == ("too_many_blocks", 409, [])
    assert block(alice, "two").status == 200
