"""hello: the server's time, and the timers and limits that a client must keep to."""

import pytest

from parley.domain.attachments.media_types import ALLOWED
from parley.domain.live.presence import MAX_CONNECTION_S
from tests.functional.talk import HEARTBEAT_S, LEASE_S, in_s
from tests.harness import Parley


def test_greeting_says_all_that_a_client_must_know(parley: Parley) -> None:
    phone = parley.user("alice").connect()
    parley.advance(5)

    greeting = phone.request("hello")["data"]

    assert greeting.keys() == {
        "version",
        "server_time",
        "connection_id",
        "heartbeat_s",
        "typing_resend_s",
        "typing_expires_s",
        "call_ring_s",
        "call_offer_resend_s",
        "max_message_bytes",
        "token_expires_at",
        "reconnect_by",
        "limits",
        "sizes",
        "user",
    }
    assert greeting["server_time"] == in_s(parley, 0)
    assert greeting["connection_id"] == phone.connection_id
    assert 2 * greeting["heartbeat_s"] < LEASE_S  # two heartbeats may get lost
    assert greeting["heartbeat_s"] == HEARTBEAT_S
    assert greeting["typing_resend_s"] < greeting["typing_expires_s"]
    assert in_s(parley, 0) < greeting["reconnect_by"] < in_s(parley, MAX_CONNECTION_S - 5)


def test_greeting_says_how_much_one_may_do(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEND_BURST", "30")
    phone = parley.user("alice").connect()

    limits = phone.request("hello")["data"]["limits"]

    assert limits == {
        "sends_per_minute": 120,
        "send_burst": 30,
        "live_per_minute": 240,
        "live_burst": 10_000,
        "cost_units_per_minute": 6000,
        "cost_unit_burst": 1_000_000,
        "connections": 20,
        "groups": 200,
        "attachments": {
            "bytes": 10_485_760,
            "per_message": 5,
            "types": sorted(ALLOWED),
            "unsent": 50,
            "bytes_per_day": 1_073_741_824,
            "voice_ms": 300_000,
            "max_pixels": 60_000_000,
            "max_frames": 1_000,
            "max_animation_pixels": 100_000_000,
        },
    }


def test_greeting_says_who_the_user_is_and_how_much_fits_as_get_me_does(parley: Parley) -> None:
    alice = parley.user("alice", name="Alice Ng", role="teacher", contexts={"class": ["7b"]})

    greeting = alice.connect().request("hello")["data"]

    me = alice.get("/me").json
    assert greeting["user"] == {name: me[name] for name in ("id", "name", "role", "contexts")}
    assert greeting["user"] == {"id": "alice", "name": "Alice Ng", "role": "teacher", "contexts": {"class": ["7b"]}}
    assert greeting["sizes"] == me["sizes"]


def test_greeting_has_the_user_of_the_handshake_and_get_me_what_the_host_has_put_since(parley: Parley) -> None:
    alice = parley.user("alice", name="Alice", role="teacher")
    phone = alice.connect()
    service = parley.user("backend", role="service")
    assert service.put("/users/alice", json={"name": "Alice Ng", "role": "student"}).status == 200

    greeting, by_ticket = phone.request("hello")["data"], alice.connect().request("hello")["data"]
    again = alice.connect(subprotocol=True).request("hello")["data"]

    assert [greeting["user"][name] for name in ("name", "role")] == ["Alice", "teacher"]
    assert by_ticket["user"] == greeting["user"]  # a ticket carries the sign-in of REST, which is cached
    assert [again["user"][name] for name in ("name", "role")] == ["Alice Ng", "student"]
    assert [alice.get("/me").json[name] for name in ("name", "role")] == ["Alice Ng", "student"]


def test_greeting_says_what_may_be_attached(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTACHMENT_TYPES", "image/png,application/pdf")
    monkeypatch.setenv("MAX_ATTACHMENT_BYTES", "1000")
    monkeypatch.setenv("MAX_ATTACHMENTS_PER_MESSAGE", "30")
    phone = parley.user("alice").connect()

    limits = phone.request("hello")["data"]["limits"]["attachments"]

    assert limits["types"] == ["application/pdf", "image/png"]
    assert (limits["bytes"], limits["per_message"]) == (1000, 30)


def test_client_with_a_short_token_comes_back_before_it_runs_out(parley: Parley) -> None:
    greeting = parley.user("alice", expires_in_s=600).connect().request("hello")["data"]

    assert greeting["reconnect_by"] == greeting["token_expires_at"]


def test_largest_message_of_the_greeting_gets_through_and_a_larger_one_does_not(parley: Parley) -> None:
    phone = parley.user("alice").connect()
    limit = phone.request("hello")["data"]["max_message_bytes"]
    frame = '{"action": "hello", "request_id": "r9"}'

    phone.send(frame.ljust(limit), largest_frame_bytes=limit)
    assert [reply["type"] for reply in phone.frames] == ["ack"]

    phone.send(frame.ljust(limit + 1), largest_frame_bytes=limit + 1)
    assert phone.closed == 1009


def test_greeting_reads_and_writes_nothing(parley: Parley) -> None:
    phone = parley.user("alice").connect()

    with parley.watch() as calls:
        phone.request("hello")

    assert calls == []
