"""ping: the device is still there; its lease starts anew."""

import pytest

from parley.domain.presence import HEARTBEAT_S, LEASE_S
from tests.functional.talk import contents, forget_events, in_s, joined, meet, names, refusal, say
from tests.harness import Parley


def test_lease_begins_anew_and_the_answer_tells_what_is_open(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    phone = joined(alice, conversation_id)
    parley.advance(30)

    pong = phone.request("ping")["data"]

    assert pong["expires_at"][:19] == in_s(parley, LEASE_S)[:19]
    assert pong["joined"] == [conversation_id]


def test_who_pings_stays_online(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    screen, phone = bob.connect(), alice.connect()
    forget_events(screen)

    for _ in range(6):
        parley.advance(HEARTBEAT_S)
        screen.request("ping")
        phone.request("ping")
        parley.run_schedule("ClearStalePresence")

    assert screen.frames == []
    assert screen.closed is None and phone.closed is None
    [status] = screen.request("request_user_status", {"user_ids": ["alice"]})["data"]["statuses"]
    assert status["status"] == "online"


def test_device_that_was_taken_for_gone_comes_back_with_a_ping(parley: Parley) -> None:
    parley.clock.ms -= 600_000
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    screen, phone = bob.connect(), joined(alice, conversation_id)
    state = phone.connection.state
    phone.connection.state = type(state).CLOSED  # a short outage at API Gateway: posts answer 410
    parley.advance(60)
    say(bob, conversation_id, "are you there?")
    phone.connection.state = state
    forget_events(screen, phone)

    refused = phone.request("join_conversation", {"conversation_id": conversation_id})
    pong = phone.request("ping")["data"]
    say(bob, conversation_id, "and now?")

    assert refusal(refused)[:2] == ("connection_forgotten", 404)
    assert pong["joined"] == []  # it must join again
    assert names(phone.events()) == ["message_notification"]
    assert [one["status"] for one in contents(screen.events("user_status_change"))] == ["online"]


def test_ping_does_not_outlive_the_token(parley: Parley) -> None:
    phone = parley.user("alice", expires_in_s=90).connect()
    expires_at = phone.request("hello")["data"]["token_expires_at"]
    parley.advance(30)

    assert phone.request("ping")["data"]["expires_at"] == expires_at
    parley.advance(90)
    assert refusal(phone.request("ping"))[:2] == ("token_expired", 401)


def test_ping_is_answered_without_request_id_too(parley: Parley) -> None:
    phone = parley.user("alice").connect()

    phone.send({"action": "ping"})

    [reply] = phone.frames
    assert reply["type"] == "ack" and "request_id" not in reply


def test_delivered_twice_nothing_is_different(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    screen, phone = bob.connect(), alice.connect()
    forget_events(screen)
    parley.deliver_twice = True

    assert phone.request("ping")["type"] == "ack"
    assert screen.frames == []


def test_forgotten_device_whose_place_is_taken_is_refused_until_there_is_room(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONNECTIONS_PER_USER", "1")
    parley.clock.ms -= parley.clock.ms % 1000
    alice = parley.user("alice")
    phone = alice.connect(subprotocol=True)
    state = phone.connection.state
    phone.connection.state = type(state).CLOSED  # a short outage at API Gateway: the phone cannot be closed
    parley.advance(LEASE_S + 10)
    laptop = alice.connect(subprotocol=True)
    phone.connection.state = state

    refused = phone.request("ping")
    parley.advance(LEASE_S + 10)
    pong = phone.request("ping")

    assert refusal(refused)[:2] == ("too_many_connections", 429)
    assert refused["error"]["rule"] == "connections"
    assert refused["error"]["retry_after_ms"] == LEASE_S * 1000
    assert pong["type"] == "ack"
    assert laptop.closed == 1000  # silent for too long: it made room
