"""DELETE /users/{user_id}/block: a block is taken back."""

import pytest

from tests.functional.replies import Meanwhile, invalid, refusal, stored
from tests.functional.talk import contents, forget_events, in_s, names, open_direct, say
from tests.harness import Parley, Reply, User


def unblock(person: User, user_id: str) -> Reply:
    return person.delete(f"/users/{user_id}/block")


def test_after_it_the_two_can_write_again(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    alice.put("/users/mallory/block")

    reply = unblock(alice, "mallory")

    assert (reply.status, reply.json) == (200, {"user_id": "mallory"})
    assert alice.get("/me/blocks").json["blocks"] == []
    assert stored(parley)["Blocks"] == []
    assert open_direct(mallory, alice)


def test_what_was_open_is_open_again_and_both_are_told(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    conversation_id = open_direct(alice, mallory)
    before = [person.get(f"/conversations/{conversation_id}").json["capabilities"] for person in (alice, mallory)]
    alice.put("/users/mallory/block")
    phone, screen = alice.connect(), mallory.connect()
    forget_events(phone, screen)

    unblock(alice, "mallory")

    after = [person.get(f"/conversations/{conversation_id}").json["capabilities"] for person in (alice, mallory)]
    assert after == before
    assert say(mallory, conversation_id, "sorry")
    told = phone.events() + screen.events()
    assert sorted(names(told))[:3] == ["block_changed", "conversation_updated", "conversation_updated"]
    assert {"user_id": "mallory", "blocked": False, "at": in_s(parley, 0)} in contents(told)


@pytest.mark.parametrize("first", ["alice", "mallory"])
def test_block_of_the_other_one_stays(parley: Parley, first: str) -> None:
    people = {name: parley.user(name) for name in ("alice", "mallory")}
    conversation_id = open_direct(*people.values())
    people["alice"].put("/users/mallory/block")
    people["mallory"].put("/users/alice/block")
    [second] = set(people) - {first}

    unblock(people[first], second)

    shown = {name: len(one.get("/me/blocks").json["blocks"]) for name, one in people.items()}
    assert shown == {first: 0, second: 1}
    for person in people.values():
        assert person.post(f"/conversations/{conversation_id}/messages", json={"text": "hello"}).status == 403

    unblock(people[second], first)

    assert stored(parley)["Blocks"] == []


def test_nobody_takes_back_the_block_of_another(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    alice.put("/users/mallory/block")
    before = stored(parley)

    reply = unblock(mallory, "alice")

    assert (reply.status, reply.json) == (200, {"user_id": "alice"})
    assert stored(parley) == before


def test_block_of_the_other_one_that_comes_meanwhile_stays(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    alice.put("/users/mallory/block")
    race = Meanwhile("TransactWriteItems", lambda: mallory.put("/users/alice/block"))
    parley.hooks.append(race)

    unblock(alice, "mallory")

    assert race.happened
    assert alice.get("/me/blocks").json["blocks"] == []
    assert [one["user_id"] for one in mallory.get("/me/blocks").json["blocks"]] == ["alice"]


def test_nothing_to_take_back_is_no_mistake(parley: Parley) -> None:
    alice = parley.user("alice")

    assert unblock(alice, "nobody").status == 200
    assert stored(parley)["Blocks"] == []


def test_what_is_no_users_id_is_refused(parley: Parley) -> None:
    assert refusal(unblock(parley.user("alice"), "a%2Fb")) == invalid(("{user_id}", "bad_format"))
