"""DELETE /conversations/{conversation_id}: an owner ends a group for everybody, however many its members are."""

import pytest

from tests.functional.erasures import host
from tests.functional.moderation import moderator, report
from tests.functional.replies import Meanwhile, refusal
from tests.functional.streams.test_start_fan_out import large_group
from tests.functional.talk import contents, forget_events, joined, make_group, names, open_direct, say
from tests.harness import Parley, User

MANY = [f"u{number:03}" for number in range(120)]


def groups_of(person: User) -> list[str]:
    """Returns the conversations of a person's lists."""
    pages = [person.get(f"/conversations?state={state}").json for state in ("active", "archived")]
    return [one["id"] for page in pages for one in page["conversations"]]


def rows_of(parley: Parley, group: str) -> list[str]:
    """Returns who has a row of a group among the memberships."""
    table = parley.template.resources["Memberships"].ref
    found = parley.store.client("dynamodb").scan(TableName=table)["Items"]
    return sorted(row["user_id"]["S"] for row in found if row["conversation_id"]["S"] == group)


def test_group_is_over_for_all_and_each_is_told_of_it(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    group = make_group(alice, bob, carol)
    [message_id] = say(bob, group, "hello")
    carol.patch(f"/conversations/{group}/archive", json={"archived": True})
    screens = [joined(bob, group), bob.connect(), carol.connect(), alice.connect()]
    forget_events(*screens)

    reply = alice.delete(f"/conversations/{group}")

    assert (reply.status, reply.json) == (200, {"conversation_id": group, "member_count": 0})
    for screen, user_id in zip(screens, ("bob", "bob", "carol", "alice"), strict=True):
        [told] = [one["data"] for one in screen.events()]
        assert (told["user_id"], told["removed_id"], told["shared"]["state"]) == ("alice", user_id, "closed")
        assert user_id in told["users"]
    for person in (alice, bob, carol):
        assert groups_of(person) == []
        assert person.get(f"/conversations/{group}").status == 404
        assert person.get(f"/messages/{message_id}").status == 404
        assert person.post(f"/conversations/{group}/messages", json={"text": "still here"}).status == 404
        assert person.get("/unread-count").json["conversations"] == 0
    assert screens[1].request("sync", {"cursors": {group: 0}})["data"]["left"] == [group]
    assert rows_of(parley, group) == []


def test_repeat_gets_the_answer_again_and_others_learn_nothing(parley: Parley) -> None:
    alice, bob, eve = (parley.user(one) for one in ("alice", "bob", "eve"))
    group = make_group(alice, bob)

    first, again = (alice.delete(f"/conversations/{group}") for _ in range(2))

    assert (first.status, first.json) == (again.status, again.json)
    for other in (bob, eve):
        assert refusal(other.delete(f"/conversations/{group}"))[:2] == ("conversation_not_found", 404)


def test_only_an_owner_dissolves_and_only_a_group(parley: Parley) -> None:
    alice, bob, carol, eve = (parley.user(one) for one in ("alice", "bob", "carol", "eve"))
    group, direct = make_group(alice, bob, carol), open_direct(alice, bob)
    alice.patch(f"/conversations/{group}/members/bob", json={"role": "admin"})

    for person in (bob, carol):
        assert refusal(person.delete(f"/conversations/{group}"))[:2] == ("owners_only", 403)
        assert "dissolve" not in person.get(f"/conversations/{group}").json["capabilities"]
    assert refusal(eve.delete(f"/conversations/{group}"))[:2] == ("conversation_not_found", 404)
    assert refusal(alice.delete(f"/conversations/{direct}"))[:2] == ("groups_only", 403)
    assert refusal(alice.delete("/conversations/x"))[2] == [("{conversation_id}", "bad_format")]
    assert "dissolve" in alice.get(f"/conversations/{group}").json["capabilities"]


@pytest.mark.parametrize("count", [44, 45, 99, 120])
def test_members_of_a_larger_group_leave_it_in_parts(parley: Parley, count: int) -> None:
    alice, last = parley.user("alice"), parley.user(MANY[count - 1])
    group = large_group(alice, MANY[:count])
    phone = last.connect()
    parley.drain()
    forget_events(phone)

    reply = alice.delete(f"/conversations/{group}")

    assert reply.json["member_count"] == max(0, count + 1 - 45)
    assert alice.get(f"/conversations/{group}").status == 404
    if count > 44:  # who is in it still reads, and nobody writes
        assert last.get(f"/conversations/{group}").json["state"] == "closed"
        assert refusal(last.post(f"/conversations/{group}/messages", json={"text": "hm"}))[0] == "conversation_closed"
    parley.drain()
    assert rows_of(parley, group) == []
    assert groups_of(last) == []
    removed = [one["removed_id"] for one in contents(phone.events("member_removed"))]
    assert removed.count(last.user_id) == 1
    assert alice.delete(f"/conversations/{group}").json["member_count"] == 0


def test_part_that_comes_twice_finds_that_it_is_done(parley: Parley) -> None:
    alice = parley.user("alice")
    group = large_group(alice, MANY)
    parley.drain()
    alice.delete(f"/conversations/{group}")

    parley.deliver_twice = True
    with parley.watch() as calls:
        parley.drain()

    removals = [call for call in calls if call.operation == "TransactWriteItems" and call.function == "RunFanOut"]
    assert len(removals) == 2
    assert rows_of(parley, group) == []


def test_part_that_was_lost_is_made_up_for_by_a_repeat(parley: Parley) -> None:
    alice, last = parley.user("alice"), parley.user(MANY[-1])
    group = large_group(alice, MANY)
    parley.drain()
    alice.delete(f"/conversations/{group}")
    assert alice.delete(f"/conversations/{group}").json["member_count"] == 76

    parley.advance(61)

    assert alice.delete(f"/conversations/{group}").json["member_count"] == 31
    assert refusal(last.delete(f"/conversations/{group}"))[:2] == ("owners_only", 403)


def test_dissolved_group_is_opened_by_nobody(parley: Parley) -> None:
    alice, bob, server = parley.user("alice"), parley.user("bob"), host(parley)
    group = make_group(alice, bob)
    [message_id] = say(bob, group, "hello")
    report(alice, message_id)
    mona = moderator(parley)
    alice.delete(f"/conversations/{group}")

    opened = server.patch(f"/conversations/{group}", json={"state": "open"})
    assert refusal(opened)[:2] == ("conversation_closed", 403)
    opened = mona.put(f"/admin/conversations/{group}/state", json={"state": "open"})
    assert refusal(opened)[:2] == ("conversation_closed", 403)
    added = server.post(f"/conversations/{group}/members", json={"user_ids": ["bob"]})
    assert refusal(added)[:2] == ("conversation_closed", 403)
    history = mona.get(f"/admin/conversations/{group}/messages").json["messages"]
    assert [one["system"]["event"] for one in history if one["system"]] == ["group_created", "group_dissolved"]
    assert message_id in [one["id"] for one in history]


def test_host_dissolves_a_group(parley: Parley) -> None:
    alice, bob, server = parley.user("alice"), parley.user("bob"), host(parley)
    group = make_group(alice, bob)
    phone = bob.connect()

    first, again = (server.delete(f"/conversations/{group}") for _ in range(2))

    assert (first.status, first.json["member_count"]) == (200, 0)
    assert first.json == again.json
    assert set(names(phone.events())) == {"member_removed"}
    assert groups_of(alice) == groups_of(bob) == []


def test_message_that_was_on_its_way_is_refused(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    say(bob, group, "hello")
    parley.hooks.append(Meanwhile("TransactWriteItems", lambda: alice.delete(f"/conversations/{group}")))

    refused = bob.post(f"/conversations/{group}/messages", json={"text": "too late"})

    assert refusal(refused)[:2] == ("conversation_not_found", 404)
