"""POST /me/read-all: a job marks everything of the caller as read."""

import json
from collections.abc import Sequence

import pytest

from tests.functional.desk import open_ticket
from tests.functional.mailing import clocked
from tests.functional.talk import contents, forget_events, make_group, names, open_direct, say
from tests.harness import Parley, Reply, User


def read_everything(person: User) -> Reply:
    return person.post("/me/read-all")


def unread(person: User) -> int:
    return int(person.get("/unread-count?exact=true").json["total"])


def written_to(parley: Parley, bob: User, count: int) -> list[str]:
    """Returns so many direct conversations of bob's, each with an unread message."""
    found = []
    for number in range(count):
        friend = parley.user(f"friend{number:02}")
        found.append(open_direct(friend, bob))
        say(friend, found[-1], "hello")
    return found


def run(parley: Parley, bob: User, conversation_ids: Sequence[str], at_ms: int | None = None) -> None:
    """Lets the queue bring the last part of bob's job, of a request of now or of another time."""
    caller = {"user_id": bob.user_id, "name": bob.user_id, "role": "user"}
    job = {"caller": caller, "at_ms": at_ms or parley.clock(), "conversation_ids": list(conversation_ids)}
    job["shelf"] = None
    errand = {"conversation_id": f"#read_all#{bob.user_id}", "errands": ["read_all"]}
    body = json.dumps({"errand": errand, "user_ids": [], "read_all": job})
    event = {"Records": [{"messageId": "m1", "body": body}]}
    assert parley.functions.invoke("RunFanOut", event) == {"batchItemFailures": []}


def test_everything_is_read_and_the_members_and_own_devices_hear_it(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct, group, archived = open_direct(alice, bob), make_group(alice, bob), make_group(alice, bob)
    for conversation_id in (direct, group, archived):
        say(alice, conversation_id, "one", "two")
    bob.patch(f"/conversations/{archived}/archive", json={"archived": True})
    screen, phone = alice.connect(), bob.connect()
    parley.drain()
    forget_events(screen, phone)

    reply = read_everything(bob)
    parley.drain()

    assert (reply.status, list(reply.json)) == (202, ["requested_at"])
    for conversation_id in (direct, group, archived):
        assert bob.get(f"/conversations/{conversation_id}").json["unread"] == 0
        [receipt] = alice.get(f"/messages/{conversation_id}.2/receipts").json["receipts"]
        assert receipt["read_at"] is not None
    for device in (screen, phone):
        heard = contents(device.events("conversation_read"))
        assert sorted(one["conversation_id"] for one in heard) == sorted((direct, group, archived))
        assert {one["user_id"] for one in heard} == {"bob"}


def test_a_mark_as_unread_ends(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one")
    bob.patch(f"/conversations/{conversation_id}/read-all")
    assert bob.put(f"/conversations/{conversation_id}/unread", json={"seq": 1}).json["unread"] == 1

    read_everything(bob)
    parley.drain()

    one = bob.get(f"/conversations/{conversation_id}").json
    assert (one["unread"], one["unread_from_seq"]) == (0, None)


def test_a_part_marks_25_and_puts_the_next(parley: Parley) -> None:
    bob = parley.user("bob")
    written_to(parley, bob, 27)
    parley.drain()

    read_everything(bob)
    with parley.watch() as calls:
        parley.drain()

    marks = [call for call in calls if call.function == "RunFanOut" and call.operation == "TransactWriteItems"]
    parts = [call for call in calls if call.function == "RunFanOut" and call.service == "sqs"]
    assert unread(bob) == 0
    assert len(marks) == 27
    # 25, the other 2 with which the first shelf ends, and none
    assert len([call for call in parts if "read_all" in str(call.params)]) == 3


def test_pages_beyond_the_first_are_read(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    from parley.actions.messages import reading_all

    monkeypatch.setattr(reading_all, "MAX_LOOKED_AT", 2)
    monkeypatch.setattr(reading_all, "MAX_MARKED", 1)
    bob = parley.user("bob")
    written_to(parley, bob, 5)
    parley.drain()

    read_everything(bob)
    parley.drain()

    assert unread(bob) == 0


def test_a_part_that_comes_again_marks_nothing_twice(parley: Parley) -> None:
    bob = parley.user("bob")
    [conversation_id] = written_to(parley, bob, 1)
    for _ in range(2):
        run(parley, bob, [conversation_id])

    assert unread(bob) == 0


def test_a_message_that_comes_after_the_request_stays_unread(parley: Parley) -> None:
    alice, bob, carol = parley.user("alice"), parley.user("bob"), parley.user("carol")
    both, late = make_group(alice, bob), make_group(carol, bob)
    read_so_far = bob.get(f"/conversations/{late}").json["last_message"]["seq"]
    bob.patch(f"/conversations/{late}/read-all")
    say(alice, both, "early", "early, too")

    read_everything(bob)
    parley.clock.ms += 1000
    say(alice, both, "late")
    say(carol, late, "late", "later")
    with clocked(parley):
        parley.drain()

    one = bob.get(f"/conversations/{both}").json
    assert (one["unread"], one["read_seq"]) == (1, one["last_message"]["seq"] - 1)
    other = bob.get(f"/conversations/{late}").json
    assert (other["unread"], other["read_seq"]) == (2, read_so_far)


@pytest.mark.parametrize(("later", "left"), [(99, 99), (100, 101)])
def test_100_newer_messages_are_looked_through(parley: Parley, later: int, left: int) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "early")
    asked_ms = parley.clock()
    for _ in range(later):
        parley.clock.ms += 2000
        say(alice, conversation_id, "late")

    for _ in range(2):
        run(parley, bob, [conversation_id], at_ms=asked_ms)

    assert unread(bob) == left


def test_a_mark_of_after_the_request_stays(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one")
    bob.patch(f"/conversations/{conversation_id}/read-all")

    read_everything(bob)
    parley.clock.ms += 1000
    bob.put(f"/conversations/{conversation_id}/unread", json={"seq": 1})
    with clocked(parley):
        parley.drain()

    one = bob.get(f"/conversations/{conversation_id}").json
    assert (one["unread"], one["unread_from_seq"]) == (1, 1)


def test_a_conversation_that_the_person_is_out_of_is_passed_over(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group, direct = make_group(alice, bob), open_direct(alice, bob)
    say(alice, direct, "one")
    alice.delete(f"/conversations/{group}/members/bob")

    run(parley, bob, [group, direct])

    assert unread(bob) == 0


def test_the_other_of_two_learns_nothing_under_a_block(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one")
    bob.put("/users/alice/block")
    screen = alice.connect()
    parley.drain()
    forget_events(screen)

    read_everything(bob)
    parley.drain()

    assert unread(bob) == 0
    assert names(screen.events("conversation_read")) == []
    assert alice.get(f"/messages/{conversation_id}.1/receipts").json["receipts"][0]["read_at"] is None


def test_a_blocked_member_of_a_group_hears_nothing(parley: Parley) -> None:
    alice, bob, carol = parley.user("alice"), parley.user("bob"), parley.user("carol")
    group = make_group(alice, bob, carol)
    say(alice, group, "one")
    bob.put("/users/carol/block")
    screen, other = carol.connect(), alice.connect()
    parley.drain()
    forget_events(screen, other)

    read_everything(bob)
    parley.drain()

    assert names(screen.events("conversation_read")) == []
    assert names(other.events("conversation_read")) == ["conversation_read"]


def test_a_former_agent_reads_no_ticket(parley: Parley) -> None:
    host, agent, customer = parley.user("host", role="service"), parley.user("ann", role="agent"), parley.user("cy")
    ticket = open_ticket(customer)
    say(agent, ticket, "hello")
    say(customer, ticket, "thanks")
    read_everything(agent)
    host.put("/users/ann", json={"name": "Ann", "role": "user"})
    parley.drain()

    host.put("/users/ann", json={"name": "Ann", "role": "agent"})
    assert agent.get(f"/conversations/{ticket}").json["unread"] == 1


def test_an_agent_reads_tickets(parley: Parley) -> None:
    agent, customer = parley.user("ann", role="agent"), parley.user("cy")
    ticket = open_ticket(customer)
    say(agent, ticket, "hello")
    say(customer, ticket, "thanks")

    read_everything(agent)
    parley.drain()

    assert agent.get(f"/conversations/{ticket}").json["unread"] == 0
