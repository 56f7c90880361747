"""Presence is a lease: it ends by itself, the longest one counts, and what others are told agrees with it."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from parley.domain.api.times import rfc3339
from parley.domain.live.presence import (
    CONNECTING_MS,
    HEARTBEAT_S,
    Connection,
    Heartbeat,
    Presence,
)

LEASE_S = Heartbeat(HEARTBEAT_S).lease_s

moments = st.integers(LEASE_S, 4_000_000_000)
connections = st.builds(
    Connection,
    connection_id=st.uuids().map(str),
    lease_s=moments,
    token_s=moments,
    since_ms=moments.map(lambda at_s: at_s * 1000),
    sign_s=st.just(0) | moments,
)
people = st.builds(
    Presence,
    user_id=st.just("alice"),
    connections=st.lists(connections, max_size=4).map(tuple),
    last_seen_ms=st.none() | moments.map(lambda at_s: at_s * 1000),
)


@given(connections, moments, st.integers(0, 10_000))
def test_a_connection_that_is_dead_stays_dead_until_it_pings(one: Connection, now_s: int, later_s: int) -> None:
    assert one.is_live(now_s) or not one.is_live(now_s + later_s)
    assert one.is_live(one.until_s - 1)
    assert not one.is_live(one.until_s)


@given(connections, moments)
def test_no_lease_outlives_its_token(one: Connection, now_s: int) -> None:
    assert one.until_s <= one.token_s
    assert replace(one, lease_s=now_s + LEASE_S).is_live(now_s) == (now_s < one.token_s)


@given(st.integers(20, 300), st.integers(0, 10_000))
def test_one_ping_may_get_lost_after_any_frame(interval_s: int, left_s: int) -> None:
    heartbeat = Heartbeat(interval_s)

    after = left_s if left_s >= heartbeat.least_s else heartbeat.lease_s

    assert after > 2 * interval_s


@given(st.integers(20, 300))
def test_ping_after_the_one_that_renewed_costs_no_write(interval_s: int) -> None:
    heartbeat = Heartbeat(interval_s)

    assert heartbeat.lease_s - interval_s >= heartbeat.least_s


@given(people, moments)
def test_a_status_says_what_the_leases_say(person: Presence, now_s: int) -> None:
    status = person.status(now_s)

    assert (status.status == "online") == any(one.is_live(now_s) for one in person.connections)
    assert (status.expires_at is None) == (status.status == "offline")
    assert status.last_seen is None or status.status == "offline"


@given(people, moments)
def test_who_is_told_online_may_believe_it_until_it_expires(person: Presence, now_s: int) -> None:
    status = person.status(now_s)
    until_s = max((one.until_s for one in person.connections), default=0)

    if status.status == "online":
        assert status.expires_at == rfc3339(until_s * 1000)
        assert person.status(until_s - 1).status == "online"
        assert person.status(until_s).status == "offline"


@given(people, moments)
def test_the_last_sign_is_the_latest_there_was(person: Presence, now_s: int) -> None:
    signs = [max(one.sign_s * 1000, one.since_ms) for one in person.connections]

    assert (person.last_sign_ms() or 0) == max([person.last_seen_ms or 0, *signs])


def test_a_person_who_was_never_here_is_offline_since_nobody_knows_when() -> None:
    status = Presence(user_id="alice").status(1_000)

    assert (status.status, status.last_seen, status.expires_at) == ("offline", None, None)


@given(connections)
def test_a_new_connection_may_still_be_connecting(one: Connection) -> None:
    assert one.may_be_connecting(one.since_ms)
    assert one.may_be_connecting(one.since_ms + CONNECTING_MS - 1)
    assert not one.may_be_connecting(one.since_ms + CONNECTING_MS)
