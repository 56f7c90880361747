"""`users` of lists: the people whom an answer names, so that a screen needs no second request."""

from typing import Any

import pytest

from bench.calls import recording
from tests.functional.erasures import erased
from tests.functional.talk import make_group, named, open_direct, say
from tests.harness import Parley, Socket, User

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


def data_of(socket: Socket, event: str) -> list[dict[str, Any]]:
    return [frame["data"] for frame in socket.events(event)]


def users_told(socket: Socket, event: str) -> dict[str, Any]:
    """Returns the `users` of the only event of this name."""
    [data] = data_of(socket, event)
    found: dict[str, Any] = data["users"]
    return found


def test_every_event_names_the_people_whom_it_shows(parley: Parley, people: dict[str, User]) -> None:
    alice, bob, carol, dave = people.values()
    group = make_group(alice, bob, carol)
    listener, writer = bob.connect(), carol.connect()
    listener.request("join_conversation", {"conversation_id": group})
    listener.events()
    every = named(parley, *people)

    def of(*user_ids: str) -> dict[str, Any]:
        return {user_id: every[user_id] for user_id in user_ids}

    sent = writer.request("send_message", {"conversation_id": group, "text": "hello", "mentions": ["alice"]})["data"]
    assert sent["users"] == users_told(listener, "new_message") == of("carol", "alice")
    reacted = alice.put(f"/messages/{sent['id']}/reactions/%F0%9F%91%8D").json
    assert reacted["users"] == of("carol", "alice")
    assert users_told(listener, "reaction_added") == of("alice", "carol")
    writer.request("join_conversation", {"conversation_id": group})
    assert users_told(listener, "user_joined_conversation") == of("carol")
    writer.request("typing_start", {"conversation_id": group})
    assert users_told(listener, "user_typing") == of("carol")
    assert alice.connect().request("join_conversation", {"conversation_id": group})["data"]["users"] == of("carol")
    alice.patch(f"/messages/{sent['id']}/read")
    assert users_told(listener, "message_read") == of("alice")
    added = alice.post(f"/conversations/{group}/members", json={"user_ids": ["dave"]}).json
    assert added["users"] == of("dave")
    assert users_told(listener, "member_added") == of("alice", "dave")
    removed = alice.delete(f"/conversations/{group}/members/dave").json
    assert removed["users"] == of("dave")
    assert users_told(listener, "member_removed") == of("alice", "dave")
    changed = alice.patch(f"/conversations/{group}", json={"title": "Go"}).json
    assert changed["users"] == users_told(listener, "conversation_updated") == of("alice")
    assert alice.put(f"/conversations/{group}/members/carol", json={"role": "admin"}).json["users"] == of("carol")
    opened = alice.post("/conversations", json={"type": "direct", "user_id": "bob"}).json
    assert opened["users"] == users_told(listener, "conversation_created") == of("alice", "bob")
    [last] = say(alice, opened["id"], "hello")
    assert bob.get(f"/messages/{last}").json["users"] == of("alice")
    assert bob.get(f"/conversations/{opened['id']}").json["users"] == of("alice", "bob")
    say(bob, opened["id"], "hello")
    assert bob.get("/users/presence?ids=alice,carol").json["users"] == of("alice")


def test_events_in_a_large_group_name_the_sender_and_the_mentioned(parley: Parley, people: dict[str, User]) -> None:
    alice, bob, carol, _ = people.values()
    group = make_group(alice, bob, carol)
    for first in (0, 50):
        ids = {"user_ids": [f"u{number}" for number in range(first, first + 50)]}
        assert alice.post(f"/conversations/{group}/members", json=ids).status == 200
    listener = bob.connect()

    parley.drain()
    listener.events()
    message = carol.post(f"/conversations/{group}/messages", json={"text": "hello", "mentions": ["alice"]}).json
    alice.put(f"/messages/{message['id']}/pin")
    parley.drain()

    expected = named(parley, "alice", "carol")
    assert users_told(listener, "message_notification") == expected
    assert users_told(listener, "message_updated") == expected


def test_long_picture_address_is_in_no_event_to_a_large_group(parley: Parley, people: dict[str, User]) -> None:
    alice, bob, carol, _ = people.values()
    group = make_group(alice, bob, carol)
    for first in (0, 50):
        ids = {"user_ids": [f"u{number}" for number in range(first, first + 50)]}
        assert alice.post(f"/conversations/{group}/members", json=ids).status == 200
    long = {"name": "The carol", "role": "student", "avatar_url": "https://example.org/" + "a" * 600}
    parley.user("backend", role="service").put("/users/carol", json=long)
    listener = bob.connect()
    parley.drain()
    listener.events()

    [message_id] = say(carol, group, "hello")
    parley.drain()

    assert users_told(listener, "message_notification") == {}
    assert bob.get(f"/messages/{message_id}").json["users"] == named(parley, "carol")


def test_moderators_and_other_system_senders_are_named_by_their_declared_name(
    parley: Parley, people: dict[str, User]
) -> None:
    alice, bob, *_ = people.values()
    direct = open_direct(alice, bob)
    [message_id] = say(bob, direct, "rude")
    alice.post(f"/messages/{message_id}/report", json={"reason": "harassment"})
    moderator, listener = parley.user("mod", role="moderator"), bob.connect()

    removed = moderator.delete(f"/admin/messages/{message_id}").json

    system = {"name": "Moderators", "role": "system", "avatar_url": None, "profile_seq": 0}
    told = users_told(listener, "message_deleted")
    assert told == named(parley, "bob") | {"~parley.system-moderators": system}
    assert removed["users"] == named(parley, "bob")


SYSTEM = {"role": "system", "avatar_url": None, "profile_seq": 0}
MODERATORS = {"~parley.system-moderators": SYSTEM | {"name": "Moderators"}}
HOST = {"~parley.system-host": SYSTEM | {"name": "Host"}}


def told_of_actor(socket: Socket, user_id: str) -> list[dict[str, Any]]:
    """Returns the entries of a person in the events that came; {} stands for an event without them."""
    told = [(frame["event"], frame["data"]["users"]) for frame in socket.events()]
    return [{user_id: users[user_id]} if user_id in users else {"lacking": event} for event, users in told]


def test_members_learn_from_no_act_which_moderator_it_was(parley: Parley, people: dict[str, User]) -> None:
    alice, bob, carol, _ = people.values()
    group = make_group(alice, bob, carol)
    [message_id] = say(bob, group, "rude")
    alice.post(f"/messages/{message_id}/report", json={"reason": "harassment"})
    moderator, listener = parley.user("mod", role="moderator", name="Mo Derator"), alice.connect()
    parley.drain()
    listener.events()
    place, message = f"/admin/conversations/{group}", f"/admin/messages/{message_id}"
    lately = {"user_id": "bob", "hours": 1, "reason": "rude"}
    acts: dict[str, tuple[str, str, object]] = {
        "lock": ("PUT", f"{place}/state", {"state": "closed"}),
        "open": ("PUT", f"{place}/state", {"state": "open"}),
        "mute": ("PUT", f"{place}/mutes/bob", {}),
        "unmute": ("DELETE", f"{place}/mutes/bob", None),
        "remove": ("DELETE", message, None),
        "restore": ("POST", f"{message}/restore", None),
        "removals": ("POST", "/admin/removals", lately),
        "expel": ("DELETE", f"{place}/members/bob", None),
    }

    told = {}
    for act, (method, path, body) in acts.items():
        assert moderator.request(method, path, json=body).status in (200, 202)
        parley.drain()
        told[act] = told_of_actor(listener, "~parley.system-moderators")

    count = {"lock": 2, "open": 2, "expel": 2}
    assert told == {act: [MODERATORS] * count.get(act, 1) for act in acts}


def test_act_of_the_host_names_the_person_or_the_system_sender_in_whose_name_it_was(
    parley: Parley, people: dict[str, User]
) -> None:
    alice, bob, *_ = people.values()
    group = make_group(alice, bob)
    host, listener = parley.user("backend", role="service", name="The Backend"), alice.connect()
    listener.request("join_conversation", {"conversation_id": group})

    told = []
    for sender_id in ("bob", "~parley.system-host"):
        sent = host.post(f"/conversations/{group}/messages", json={"text": "hello", "sender_id": sender_id})
        told.append((sent.json["users"], users_told(listener, "new_message")))
    host.patch(f"/conversations/{group}", json={"title": "New"})
    bob_alone = named(parley, "bob")

    assert told == [(bob_alone, bob_alone), (HOST, HOST)]
    assert users_told(listener, "conversation_updated") == HOST


def test_moderators_answers_name_the_people_whom_they_show(parley: Parley, people: dict[str, User]) -> None:
    alice, bob, *_ = people.values()
    direct = open_direct(alice, bob)
    [message_id] = say(bob, direct, "rude")
    alice.post(f"/messages/{message_id}/report", json={"reason": "harassment"})
    moderator = parley.user("mod", role="moderator")
    every = named(parley, "alice", "bob", "mod")

    def of(*user_ids: str) -> dict[str, Any]:
        return {user_id: every[user_id] for user_id in user_ids}

    [report] = moderator.get("/admin/reports").json["reports"]
    path = f"/admin/reports/{report['id']}"
    assert users_of(moderator, "/admin/reports") == users_of(moderator, path) == of("alice", "bob")
    until = {"until": "2030-01-01T00:00:00Z", "reason": "rude", "scope": "write"}
    assert moderator.put("/admin/suspensions/bob", json=until).json["users"] == of("bob", "mod")
    assert users_of(moderator, "/admin/suspensions") == of("bob", "mod")
    assert users_of(moderator, "/admin/suspensions/bob") == of("bob", "mod")
    assert moderator.delete("/admin/suspensions/bob").json["users"] == of("bob")
    warning = {"user_id": "bob", "reason": "rude", "client_id": "w1"}
    assert moderator.post("/admin/warnings", json=warning).json["users"] == of("bob")
    assert users_of(moderator, "/admin/audit") == of("mod", "bob")
    assert users_of(moderator, "/admin/conversations?user_id=bob") == of("alice", "bob")
    decided = {"version": report["version"], "status": "resolved"}
    assert moderator.patch(path, json=decided).json["users"] == of("alice", "bob", "mod")
    rules = {"version": 0, "rules": [{"kind": "word", "text": "rude", "action": "flag"}]}
    assert moderator.put("/admin/banned-words", json=rules).json["users"] == of("mod")
    assert users_of(moderator, "/admin/banned-words") == of("mod")
    tried = moderator.post("/admin/banned-words/try", json={"rules": rules["rules"]}).json
    assert tried["users"] == of("bob")


def test_events_of_the_senders_sign_in_read_nothing_more(parley: Parley, people: dict[str, User]) -> None:
    alice, bob, *_ = people.values()
    direct = open_direct(alice, bob)
    bob.connect()
    socket = alice.connect()
    socket.request("send_message", {"conversation_id": direct, "text": "first"})
    parley.hooks.clear()

    with recording() as recorded:
        sent = socket.request("send_message", {"conversation_id": direct, "text": "hello"})["data"]

    assert sent["users"].keys() == {"alice"}
    assert "parley-Users" not in str(recorded.calls)


def test_erased_person_is_named_by_no_single_answer(parley: Parley, people: dict[str, User]) -> None:
    alice, bob, carol, _ = people.values()
    group = make_group(alice, bob, carol)
    [message_id] = say(bob, group, "hello")
    erased(parley, "bob")

    assert alice.get(f"/messages/{message_id}").json["users"] == {}
    assert alice.get(f"/conversations/{group}").json["users"].keys() == {"~parley.system-host"}
