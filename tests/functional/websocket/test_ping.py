"""ping: the device is still there; its lease starts again."""

from collections.abc import Iterable

import pytest

from tests.functional.talk import (
    HEARTBEAT_S,
    LEASE_S,
    LEAST_S,
    contents,
    forget_events,
    frame_refusal,
    in_s,
    joined,
    make_group,
    meet,
    names,
    say,
)
from tests.harness import Parley, Refused


def test_ping_keeps_the_lease_and_the_answer_tells_what_is_open(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    phone = joined(alice, conversation_id)
    parley.advance(30)

    pong = phone.request("ping")["data"]

    assert pong["expires_at"][:19] == in_s(parley, LEASE_S - 30)[:19]
    assert pong["joined"] == [conversation_id]


def test_ping_costs_no_write_while_much_is_left_of_the_lease(parley: Parley) -> None:
    phone = parley.user("alice").connect()

    for beat in range(10):
        parley.advance(HEARTBEAT_S)
        with parley.watch() as calls:
            pong = phone.request("ping")["data"]
        is_renewed = beat % 4 == 3
        left_s = LEASE_S if is_renewed else LEASE_S - HEARTBEAT_S * (beat % 4 + 1)
        assert pong["expires_at"][:19] == in_s(parley, left_s)[:19]
        of_the_store = [call.operation for call in calls if call.service == "dynamodb"]
        assert of_the_store == ["BatchGetItem", *["UpdateItem"] * is_renewed]


def test_ping_that_gets_lost_ends_nothing(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    phone, screen = alice.connect(), bob.connect()
    parley.advance(LEASE_S - LEAST_S)  # the next frame finds just enough
    phone.request("ping")
    screen.request("ping")
    parley.advance(2 * HEARTBEAT_S)  # one of two pings got through
    screen.request("ping")
    forget_events(screen)

    parley.run_schedule("ClearStalePresence")
    pong = phone.request("ping")["data"]

    assert screen.events() == []
    assert pong["expires_at"][:19] == in_s(parley, LEASE_S)[:19]


def test_sweep_has_nothing_to_do_for_those_who_ping(parley: Parley) -> None:
    """Renewing moves the sweep's entry, so a million people online are no work for the sweep."""
    alice = parley.user("alice")
    phone, tablet = alice.connect(), alice.connect()
    looked: set[str] = set()

    for _ in range(12):
        parley.advance(HEARTBEAT_S)
        phone.request("ping")
        tablet.request("ping")
        with parley.watch() as calls:
            parley.run_schedule("ClearStalePresence")
        looked |= {call.operation for call in calls}

    assert looked == {"Query"}


@pytest.mark.parametrize(
    "action",
    [
        "send_message",
        "typing_start",
        "join_conversation",
        "mark_conversation_read",
        "mark_delivered",
        "request_user_status",
    ],
)
def test_frames_renew_the_lease_too_when_little_is_left(parley: Parley, action: str) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    [message] = bob.get(f"/conversations/{conversation_id}/messages?limit=1").json["messages"]
    phone, screen = alice.connect(), bob.connect()
    data: dict[str, dict[str, object]] = {
        "send_message": {"conversation_id": conversation_id, "text": "still here"},
        "mark_conversation_read": {"conversation_id": conversation_id},
        "mark_delivered": {"message_id": message["id"]},
        "request_user_status": {"user_ids": ["bob"]},
    }
    parley.advance(LEASE_S - LEAST_S + 1)
    screen.request("ping")

    with parley.watch() as first:
        reply = phone.request(action, data.get(action, {"conversation_id": conversation_id}))
    with parley.watch() as second:
        phone.request(action, data.get(action, {"conversation_id": conversation_id}))

    assert reply["type"] == "ack", reply
    assert [len([call for call in calls if "lease_s" in str(call.params)]) for calls in (first, second)] == [1, 0]
    assert phone.request("ping")["data"]["expires_at"][:19] == in_s(parley, LEASE_S)[:19]


def test_ping_that_reads_an_old_copy_of_its_row_loses_nothing(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    """Right after `$connect` an eventually consistent read may find no device, or one that nobody was told of."""
    from parley.adapters.live import connections
    from parley.domain.live.presence import Presence

    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    screen, phone = bob.connect(), joined(alice, conversation_id)
    forget_events(screen)
    read = connections.of

    def old(user_ids: Iterable[str], *, stale: bool = False) -> dict[str, Presence]:
        return {one: Presence(user_id=one) for one in user_ids} if stale else read(user_ids)

    monkeypatch.setattr(connections, "of", old)
    pong = phone.request("ping")["data"]

    assert pong["joined"] == [conversation_id]
    assert screen.events("user_status_change") == []


def test_deployment_says_how_often_to_ping(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEARTBEAT_S")
    alice = parley.user("alice")
    phone = alice.connect()

    assert phone.request("hello")["data"]["heartbeat_s"] == 285
    assert phone.request("ping")["data"]["expires_at"][:19] == in_s(parley, 1485)[:19]
    timers = alice.get("/me").json["timers"]
    assert (timers["heartbeat_s"], timers["lease_s"]) == (285, 1485)


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


@pytest.mark.parametrize("place", ["direct", "group"])
@pytest.mark.parametrize("action", ["send_message", "typing_start"])
def test_who_writes_or_types_stays_online_without_a_ping(parley: Parley, action: str, place: str) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = meet(alice, bob)
    conversation_id = direct if place == "direct" else make_group(alice, bob)
    screen, phone = bob.connect(), alice.connect()
    forget_events(screen)
    text = {"text": "still here"} if action == "send_message" else {}

    for _ in range(8):
        parley.advance(HEARTBEAT_S)
        screen.request("ping")
        assert phone.request(action, {"conversation_id": conversation_id} | text)["type"] == "ack"
        parley.run_schedule("ClearStalePresence")

    assert phone.closed is None
    assert screen.events("user_status_change") == []


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

    assert frame_refusal(refused)[:2] == ("connection_forgotten", 404)
    assert pong["joined"] == []  # it must join again
    assert names(phone.events()) == ["message_notification"]
    assert [one["status"] for one in contents(screen.events("user_status_change"))] == ["online"]


def test_ping_does_not_outlive_the_token(parley: Parley) -> None:
    phone = parley.user("alice", expires_in_s=90).connect()
    expires_at = phone.request("hello")["data"]["token_expires_at"]
    parley.advance(30)

    assert phone.request("ping")["data"]["expires_at"] == expires_at
    parley.advance(90)
    assert frame_refusal(phone.request("ping"))[:2] == ("token_expired", 401)


def test_ping_without_request_id_renews_the_lease_and_is_not_answered(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    phone = alice.connect()
    for _ in range(6):  # 24 minutes, and a lease lasts 6
        parley.advance(240)
        phone.send({"action": "ping"})

    assert phone.frames == []
    [status] = bob.get("/users/presence?ids=alice").json["statuses"]
    assert status["status"] == "online"


def test_ping_that_is_refused_is_told_so_without_request_id_too(parley: Parley) -> None:
    phone = parley.user("alice", expires_in_s=60).connect()
    parley.advance(90)

    phone.send({"action": "ping"})
    phone.send({"action": "ping", "data": {"what": 1}})

    assert [(one["type"], one["error"]["code"]) for one in phone.frames] == [("error", "token_expired")] * 2
    assert not any("request_id" in one for one in phone.frames)


def test_ping_of_a_forgotten_device_is_answered_without_request_id_too(parley: Parley) -> None:
    parley.clock.ms -= 600_000
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    phone = joined(alice, conversation_id)
    state = phone.connection.state
    phone.connection.state = type(state).CLOSED  # a short outage at API Gateway: posts answer 410
    parley.advance(60)
    say(bob, conversation_id, "are you there?")
    phone.connection.state = state
    forget_events(phone)

    phone.send({"action": "ping"})
    phone.send({"action": "ping"})

    [pong] = phone.frames
    assert (pong["type"], pong["data"]["joined"]) == ("ack", [])
    assert "request_id" not in pong


def test_ping_whose_answer_cannot_be_posted_is_answered_later(parley: Parley) -> None:
    phone = parley.user("alice").connect()
    phone.is_full = True
    phone.send({"action": "ping", "request_id": "p1"})
    phone.is_full = False

    assert phone.frames == []
    parley.drain()
    [pong] = phone.frames
    assert (pong["type"], pong["request_id"]) == ("ack", "p1")


def test_pings_and_typing_that_go_well_write_no_line_of_their_own(
    parley: Parley, caplog: pytest.LogCaptureFixture
) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    phone = joined(alice, conversation_id)
    caplog.clear()

    for action, data in (("ping", {}), *((one, {"conversation_id": conversation_id}) for one in TYPING)):
        assert phone.request(action, data)["type"] == "ack"
    logged = [record for record in caplog.records if "operation" in vars(record)]
    phone.request("typing_start", {"conversation_id": "d_" + "0" * 32})

    assert logged == []
    assert [vars(one)["operation"] for one in caplog.records if "operation" in vars(one)] == ["typing_start"]


TYPING = ("typing_start", "typing_stop")


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

    assert frame_refusal(refused)[:2] == ("too_many_connections", 429)
    assert refused["error"]["rule"] == "connections"
    assert refused["error"]["retry_after_ms"] == LEASE_S * 1000
    assert pong["type"] == "ack"
    assert laptop.closed == 1000  # silent for too long: it made room


def test_forgotten_device_takes_the_place_of_one_that_api_gateway_does_not_know(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONNECTIONS_PER_USER", "1")
    alice = parley.user("alice")
    phone = alice.connect(subprotocol=True)
    state = phone.connection.state
    phone.connection.state = type(state).CLOSED  # a short outage at API Gateway: the phone cannot be closed
    parley.advance(LEASE_S + 10)
    laptop = alice.connect(subprotocol=True)
    phone.connection.state = state
    parley.lose_disconnects = True
    laptop.close()
    parley.advance(60)  # the laptop is not connecting any more, and its lease has not ended

    assert phone.request("ping")["type"] == "ack"
    with pytest.raises(Refused):  # the phone has the only place
        alice.connect(subprotocol=True)
