"""Presence is shown to those with whom a person has talked, or for whom policy and context vouch."""

import pytest

from bench.calls import recording
from tests.functional.talk import contents, forget_events, meet, open_direct, say
from tests.harness import Parley, Socket, User
from tests.harness.fixtures import forget_told


def asked(socket: Socket, *user_ids: str) -> set[str]:
    reply = socket.request("request_user_status", {"user_ids": list(user_ids)})
    return {str(one["user_id"]) for one in reply["data"]["statuses"]}


def asked_over_rest(person: User, user_id: str) -> list[str]:
    found = person.get(f"/users/presence?ids={user_id}").json["statuses"]
    return [str(one["user_id"]) for one in found]


def told(watcher: Socket, person: User) -> list[str]:
    """Returns what a device is told while a person comes and goes."""
    forget_events(watcher)
    person.connect().close()
    return [str(one["status"]) for one in contents(watcher.events("user_status_change"))]


def sees(watcher: User, other: User) -> bool:
    """Says whether one sees that another is there, by every way at once."""
    socket = watcher.connect()
    ways = {
        bool(told(socket, other)),
        bool(asked(socket, other.user_id)),
        bool(asked_over_rest(watcher, other.user_id)),
    }
    socket.close()
    assert len(ways) == 1
    return ways.pop()


def test_stranger_sees_nothing_until_the_other_one_has_written_back(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    conversation_id = open_direct(mallory, alice)
    shown = [(sees(mallory, alice), sees(alice, mallory))]
    say(mallory, conversation_id, "hello", "are you there?")
    shown.append((sees(mallory, alice), sees(alice, mallory)))
    alice.patch(f"/conversations/{conversation_id}/read-all")
    alice.patch(f"/conversations/{conversation_id}/archive", json={"archived": True})
    shown.append((sees(mallory, alice), sees(alice, mallory)))
    say(alice, conversation_id, "yes")
    shown.append((sees(mallory, alice), sees(alice, mallory)))

    assert shown == [(False, False), (False, False), (False, False), (True, True)]


def test_who_opened_it_does_not_matter(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    conversation_id = open_direct(alice, mallory)
    say(mallory, conversation_id, "hello")

    assert not sees(mallory, alice)
    say(alice, conversation_id, "hello")
    assert sees(mallory, alice)


def test_context_vouches_for_those_who_share_it(parley: Parley) -> None:
    alice, bob = (parley.user(one, contexts={"booking": ["b1"]}) for one in ("alice", "bob"))
    open_direct(alice, bob)
    assert not sees(alice, bob)

    body = {"type": "direct", "user_id": "bob", "context": {"type": "booking", "id": "b1"}}
    assert alice.post("/conversations", json=body).status == 201

    assert sees(alice, bob) and sees(bob, alice)


def test_roles_that_the_policy_names_vouch_for_a_pair(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLICY", "school")
    teacher, student = parley.user("teacher", role="teacher"), parley.user("student", role="student")
    admin = parley.user("admin", role="admin")
    open_direct(teacher, student)
    open_direct(admin, student)

    assert sees(teacher, student) and sees(student, teacher)
    assert not sees(admin, student)  # an admin reaches everyone


def test_first_answer_costs_what_the_first_message_of_an_hour_does(parley: Parley) -> None:
    parley.clock.ms -= parley.clock.ms % 3_600_000
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "hello")
    parley.hooks.clear()  # the recorder looks at items under the functions' names, which their roles do not allow

    spent = []
    for text in ("an answer", "another"):
        with recording() as recorded:
            say(bob, conversation_id, text)
        spent.append((recorded.round_trips, recorded.units.write))

    (trips, first), (trips_then, then) = spent
    assert trips == trips_then <= 3
    assert then <= 7 < first <= 14


def test_change_of_presence_reads_as_much_whoever_has_answered(parley: Parley) -> None:
    alice = parley.user("alice")
    friends = [parley.user(f"friend{number}") for number in range(3)]
    for friend in friends:
        meet(alice, friend)
    alice.connect().close()
    parley.hooks.clear()

    def spent() -> tuple[int, float]:
        forget_told()  # also what this process owes: now and then one more write
        with recording() as recorded:
            alice.connect().close()
        return len(recorded.dynamodb), recorded.units.read

    before = spent()
    for number in range(3):
        say(parley.user(f"stranger{number}"), open_direct(parley.user(f"stranger{number}"), alice), "hello")

    assert spent() == before


def test_conversation_of_an_earlier_version_goes_on_as_it_was(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    dynamodb = parley.store.client("dynamodb")
    place = {"conversation_id": {"S": conversation_id}}
    dynamodb.update_item(
        TableName=parley.template.resources["Conversations"].ref, Key=place, UpdateExpression="REMOVE awaits_answer"
    )
    for person, other in (("alice", "bob"), ("bob", "alice")):
        dynamodb.update_item(
            TableName=parley.template.resources["Memberships"].ref,
            Key={"user_id": {"S": person}, **place},
            UpdateExpression="REMOVE unseen_peer_id SET peer_id = :other",
            ExpressionAttributeValues={":other": {"S": other}},
        )

    assert sees(alice, bob) and sees(bob, alice)
    for writer in (alice, bob):
        say(writer, conversation_id, "hello")
    assert sees(alice, bob) and sees(bob, alice)


def test_block_finds_a_conversation_that_nobody_has_answered(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    conversation_id = open_direct(mallory, alice)
    say(mallory, conversation_id, "hello")

    alice.put("/users/mallory/block")

    assert "send_message" not in mallory.get(f"/conversations/{conversation_id}").json["capabilities"]
