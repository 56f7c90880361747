"""`users` of lists: the people whom an answer names, so that a screen needs no second request."""

from typing import Any

import pytest

from bench.calls import recording
from tests.functional.erasures import erased
from tests.functional.talk import make_group, named, open_direct, say
from tests.harness import Parley, User

PICTURE = "https://example.org/a.png"


def users_of(person: User, path: str, body: object = None) -> dict[str, Any]:
    """Returns the `users` of an answer."""
    reply = person.get(path) if body is None else person.post(path, json=body)
    assert reply.status == 200, reply
    found: dict[str, Any] = reply.json["users"]
    return found


@pytest.fixture
def people(parley: Parley) -> dict[str, User]:
    host = parley.user("backend", role="service")
    for name, role in (("alice", "teacher"), ("bob", "student"), ("carol", "student"), ("dave", "student")):
        profile = {"name": f"The {name}", "role": role, "avatar_url": PICTURE, "email": "a@example.org"}
        assert host.put(f"/users/{name}", json=profile).status == 201
    return {
        name: parley.bearer(parley.token(name, "teacher" if name == "alice" else "student", name=f"The {name}"), name)
        for name in ("alice", "bob", "carol", "dave")
    }


def test_every_list_names_the_people_whom_it_shows(parley: Parley, people: dict[str, User]) -> None:
    alice, bob, carol, dave = people.values()
    direct, group = open_direct(alice, bob), make_group(alice, bob, carol, dave)
    say(bob, direct, "hello world")
    for member in (bob, carol):
        [last] = say(member, group, "hello group")
    alice.put(f"/messages/{last}/pin")
    alice.delete(f"/conversations/{group}/members/dave")
    bob.post(f"/conversations/{group}/messages", json={"text": "hello again", "mentions": ["alice"]})

    both, trio = named(parley, "alice", "bob"), named(parley, "alice", "bob", "carol")
    everybody = named(parley, *people)
    assert both["bob"] | {"profile_seq": 1} == {
        "name": "The bob", "role": "student", "avatar_url": PICTURE, "profile_seq": 1,
    }  # fmt: skip
    assert users_of(alice, "/conversations") == both
    assert users_of(alice, f"/conversations/{direct}/messages") == named(parley, "bob")
    assert users_of(alice, f"/conversations/{group}/messages") == everybody  # dave too, whom she has removed
    assert users_of(alice, f"/conversations/{group}/pins") == named(parley, "carol")
    assert users_of(alice, f"/conversations/{group}/mentions") == both
    assert users_of(alice, "/search?q=hello") == trio
    assert users_of(alice, f"/conversations/{group}/members") == trio
    assert users_of(alice, f"/messages/{last}/receipts") == both
    assert users_of(carol, f"/conversations/{group}/messages?custom_type=x") == {}
    assert users_of(alice, "/sync", {"cursors": {direct: 0, group: 0}}) == everybody
    assert users_of(alice, "/sync", {}) == users_of(alice, "/sync", {"list_limit": 50}) == both
    assert alice.connect().request("sync", {"cursors": {group: 0}})["data"]["users"] == everybody


def test_senders_of_a_large_group_and_those_who_left_are_named_with_one_round_trip_more(
    parley: Parley, people: dict[str, User]
) -> None:
    alice, bob, _, dave = people.values()
    group = make_group(alice, bob, dave, *(parley.bearer("", f"u{number}") for number in range(30)))
    say(bob, group, "hello")
    say(dave, group, "bye")
    dave.delete(f"/conversations/{group}/members/dave")
    expected = named(parley, "bob", "dave")
    users_of(alice, "/conversations")  # the authorizer's answer is kept
    parley.hooks.clear()  # the recorder looks at items under the functions' names, which their roles do not allow

    with recording() as recorded:
        found = users_of(alice, f"/conversations/{group}/messages?limit=3")

    assert found == expected
    assert recorded.round_trips <= 3


def test_new_profile_shows_at_once_and_an_erased_person_is_not_named(parley: Parley, people: dict[str, User]) -> None:
    alice, bob, *_ = people.values()
    direct = open_direct(alice, bob)
    say(bob, direct, "hello")
    before = users_of(alice, f"/conversations/{direct}/messages")["bob"]
    parley.user("backend", role="service").put("/users/bob", json={"name": "Robert"})

    after = users_of(alice, f"/conversations/{direct}/messages")["bob"]
    assert (after["name"], after["avatar_url"], after["profile_seq"] > before["profile_seq"]) == ("Robert", None, True)

    erased(parley, "bob")
    assert users_of(alice, f"/conversations/{direct}/messages") == {}
    assert set(users_of(alice, "/conversations")) == {"alice"}


def test_answer_names_as_many_as_there_is_room_for(
    parley: Parley, people: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob, carol, dave = people.values()
    group = make_group(alice, bob, carol, dave)
    for member in (bob, carol, dave):
        say(member, group, "hello")

    monkeypatch.setattr("parley.actions.named.MAX_USERS_BYTES", 200)
    assert set(users_of(alice, f"/conversations/{group}/messages?limit=3")) == {"bob"}


def test_blocks_name_nobody(parley: Parley, people: dict[str, User]) -> None:
    alice = people["alice"]
    alice.put("/users/bob/block")

    assert alice.get("/me/blocks").json.keys() == {"blocks", "next"}
    assert alice.post("/sync", json={}).json["users"] == {}
