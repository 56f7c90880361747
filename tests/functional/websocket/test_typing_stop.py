"""typing_stop: the others see the caller typing no more."""

from tests.functional.talk import contents, forget_events, names, open_direct
from tests.harness import Parley


def test_members_are_told_and_nobody_types_any_more(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)
    screen, laptop, phone, outsider = bob.connect(), alice.connect(), alice.connect(), eve.connect()
    phone.request("typing_start", {"conversation_id": conversation_id})
    forget_events(screen, laptop, phone)

    reply = phone.request("typing_stop", {"conversation_id": conversation_id})

    assert reply["data"] == {"conversation_id": conversation_id}
    told = {"conversation_id": conversation_id, "user_id": "alice"}
    for socket in (screen, laptop):
        frames = socket.events()
        assert (names(frames), contents(frames)) == (["user_stopped_typing"], [told])
    assert phone.frames == [] and outsider.frames == []
    assert screen.request("join_conversation", {"conversation_id": conversation_id})["data"]["typing"] == []


def test_nothing_is_left_for_the_sweep(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    screen, phone = bob.connect(), alice.connect()
    phone.request("typing_start", {"conversation_id": conversation_id})
    phone.request("typing_stop", {"conversation_id": conversation_id})
    forget_events(screen)
    parley.advance(60)

    parley.run_schedule("ClearStaleTyping")

    assert screen.frames == []


def test_delivered_twice_it_stays_stopped(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    screen, phone = bob.connect(), alice.connect()
    phone.request("typing_start", {"conversation_id": conversation_id})
    forget_events(screen)
    parley.deliver_twice = True

    phone.request("typing_stop", {"conversation_id": conversation_id})

    assert set(names(screen.events())) == {"user_stopped_typing"}
