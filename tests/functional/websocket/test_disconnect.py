"""$disconnect: a device goes; those who watch are told when it was the last one, at once or by the sweep."""

import os

from tests.functional.talk import LEASE_S, contents, forget_events, in_s, meet, named, names, say
from tests.harness import Call, Parley


def test_last_device_takes_the_person_offline(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    screen, phone = bob.connect(), alice.connect()
    forget_events(screen)
    parley.advance(10)

    phone.close()

    frames = screen.events()
    left = {"user_id": "alice", "status": "offline", "last_seen": in_s(parley, 0), "expires_at": None}
    assert contents(frames) == [left]
    assert frames[0]["data"]["users"] == named(parley, "alice")


def test_one_of_two_devices_is_nobodys_news(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    screen, phone, laptop = bob.connect(), alice.connect(), alice.connect()
    forget_events(screen)

    phone.close()
    assert screen.events() == []

    laptop.close()
    assert [one["status"] for one in contents(screen.events())] == ["offline"]


def test_hand_over_to_a_new_connection_is_nobodys_news(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    screen, first = bob.connect(), alice.connect()
    forget_events(screen)

    second = alice.connect()
    first.close()

    assert screen.events() == []
    assert second.request("ping")["type"] == "ack"


def test_closed_device_gets_no_more_messages(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    bob.connect().close()

    with parley.watch() as calls:
        say(alice, conversation_id, "hello")

    assert [call for call in calls if call.operation == "PostToConnection"] == []


def test_expired_token_does_not_keep_a_device_from_going(parley: Parley) -> None:
    alice, bob = parley.user("alice", expires_in_s=60), parley.user("bob")
    meet(alice, bob)
    screen, phone = bob.connect(), alice.connect()
    forget_events(screen)
    parley.advance(90)

    phone.close()

    assert [one["status"] for one in contents(screen.events())] == ["offline"]


def test_delivered_twice_it_is_told_once(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    screen, phone = bob.connect(), alice.connect()
    forget_events(screen)
    parley.deliver_twice = True

    phone.close()

    assert names(screen.events()) == ["user_status_change"]


def test_device_that_a_post_found_gone_may_still_have_been_the_last(parley: Parley) -> None:
    parley.clock.ms -= 60_000  # so that no connection is young enough to be still connecting
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    screen, phone = alice.connect(), bob.connect()
    parley.lose_disconnects = True
    phone.close()
    parley.advance(40)
    forget_events(screen)

    say(alice, conversation_id, "hello")  # 410
    parley.drain()
    parley.advance(LEASE_S)
    screen.request("ping")
    parley.run_schedule("ClearStalePresence")

    [told] = contents(screen.events("user_status_change"))
    assert (told["user_id"], told["status"]) == ("bob", "offline")
    assert told["last_seen"][:19] == in_s(parley, -LEASE_S - 40)[:19]  # the last that was heard of them


def test_lost_disconnect_heals_when_the_lease_runs_out(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    screen, phone = bob.connect(), alice.connect()
    parley.lose_disconnects = True
    forget_events(screen)
    phone.close()
    assert screen.events() == []

    parley.advance(LEASE_S / 2)
    screen.request("ping")
    parley.advance(LEASE_S / 2 + 1)
    [status] = screen.request("request_user_status", {"user_ids": ["alice"]})["data"]["statuses"]
    assert status["status"] == "offline"  # whether or not the sweep has come by
    parley.run_schedule("ClearStalePresence")

    [swept] = screen.events()
    assert (swept["data"]["status"], swept["data"]["users"]) == ("offline", {})  # no request of alice's is the reason


def test_watchers_of_a_leave_are_read_at_half_the_price_and_those_of_a_coming_are_not(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    screen = bob.connect()

    with parley.watch() as coming:
        phone = alice.connect(subprotocol=True)
    with parley.watch() as going:
        phone.close()

    assert [one["status"] for one in contents(screen.events("user_status_change"))] == ["online", "offline"]
    assert [
        reads_of_devices(calls, function) for calls, function in ((coming, "OnConnect"), (going, "OnDisconnect"))
    ] == [
        [True],
        [False],
    ]


def reads_of_devices(calls: list[Call], function: str) -> list[bool]:
    """Returns of each batch in which a function reads people's devices whether it is strongly consistent."""
    name = os.environ["CONNECTIONS_TABLE"]
    batches = [
        call.params["RequestItems"] for call in calls if call.operation == "BatchGetItem" and call.function == function
    ]
    return [batch[name]["ConsistentRead"] for batch in batches if name in batch]
