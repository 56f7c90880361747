"""The members of a large group hear of messages and changes, those who are online and still in it."""

from tests.functional.notifying import besides_notifications
from tests.functional.streams.test_start_fan_out import large_group
from tests.functional.talk import contents, forget_events, joined, names, say
from tests.harness import Call, Parley, User

PEOPLE = [f"u{number:03}" for number in range(150)]


def calls_behind(person: User, group: str, text: str) -> list[Call]:
    """Returns the calls of all that follows a message that was acknowledged."""
    say(person, group, text)
    with person.parley.watch() as calls:
        person.parley.drain()
    return calls


def test_all_who_are_online_hear_it_each_as_they_have_it_open(parley: Parley) -> None:
    alice = parley.user("alice")
    group = large_group(alice, PEOPLE)
    online = [parley.user(one) for one in PEOPLE[::30]]
    screens = [joined(online[0], group), *(one.connect() for one in online[1:])]
    parley.drain()
    forget_events(*screens)

    [message_id] = say(alice, group, "x" * 300)
    parley.drain()

    heard = [besides_notifications(screen) for screen in screens]
    assert [names(frames) for frames in heard] == [["new_message"]] + [["message_notification"]] * 4
    assert [len(contents(frames)[0]["message"]["text"]) for frames in heard] == [300, 100, 100, 100, 100]

    alice.patch(f"/messages/{message_id}", json={"text": "shorter"})
    parley.drain()
    assert [contents(screen.events("message_updated"))[0]["message"]["text"] for screen in screens] == ["shorter"] * 5


def test_whoever_was_removed_while_it_waited_hears_nothing(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("u000")
    group = large_group(alice, PEOPLE)
    screen = joined(bob, group)
    parley.drain()
    forget_events(screen)

    say(alice, group, "a secret")
    alice.delete(f"/conversations/{group}/members/u000")
    parley.drain()

    assert names(screen.events()) == ["member_removed"]


def test_lists_are_put_in_order_once_an_hour(parley: Parley) -> None:
    alice, bob = parley.user("alice", expires_in_s=10_000), parley.user("u000", expires_in_s=10_000)
    group = large_group(alice, PEOPLE[:3])
    parley.drain()
    parley.clock.ms += 3_600_000

    first, second = (calls_behind(alice, group, text) for text in ("first of the hour", "second"))

    assert len([call for call in first if call.operation == "UpdateItem"]) == 4
    assert [call for call in second if call.operation == "UpdateItem"] == []
    assert bob.get("/conversations").json["conversations"][0]["last_message"]["text"] == "second"


def test_everything_may_happen_twice(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("u000")
    group = large_group(alice, PEOPLE)
    screen = bob.connect()
    parley.drain()
    forget_events(screen)
    parley.deliver_twice = True

    alice.post(f"/conversations/{group}/messages", json={"text": "hello", "client_id": "c1"})
    parley.drain()

    heard = {one["message"]["seq"] for one in contents(screen.events("message_notification"))}
    assert heard == {alice.get(f"/conversations/{group}").json["last_seq"]}


def test_device_that_is_gone_is_forgotten(parley: Parley) -> None:
    parley.clock.ms -= 120_000  # functions that a queue calls go by the clock on the wall
    alice, bob = parley.user("alice"), parley.user("u000")
    group = large_group(alice, PEOPLE)
    parley.drain()
    parley.lose_disconnects = True
    bob.connect().close()
    parley.lose_disconnects = False
    there = bob.connect()
    parley.clock.ms += 120_000  # a connection that is younger may only be on its way

    first, second = (calls_behind(alice, group, text) for text in ("one", "two"))

    assert len(contents(there.events("message_notification"))) == 2
    table = parley.template.resources["Connections"].ref  # an hour may have begun, and lists are put in order then
    updates = [[call for call in calls if call.operation == "UpdateItem"] for calls in (first, second)]
    forgotten = [[call.function for call in calls if call.params["TableName"] == table] for calls in updates]
    assert forgotten == [["RunFanOut"], []]


def test_callers_other_devices_hear_a_change_of_a_large_group_once(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("u000")
    group = large_group(alice, PEOPLE)
    screens = [alice.connect(), bob.connect()]
    parley.drain()
    forget_events(*screens)
    path = f"/conversations/{group}"
    parley.user("carol")

    for asked in (
        alice.post(f"{path}/members", json={"user_ids": ["carol"]}),
        alice.patch(path, json={"title": "All"}),
        alice.delete(f"{path}/members/carol"),
    ):
        assert asked.status == 200, asked
    parley.drain()

    heard = [names(screen.events()) for screen in screens]
    assert sorted(heard[0]) == sorted(heard[1])
    assert heard[0].count("member_added") == heard[0].count("member_removed") == 1
