"""GET /me/connections: the caller's live devices."""

from tests.functional.talk import LEASE_S
from tests.harness import Parley

FIELDS = {"connection_id", "connected_at", "expires_at", "current"}


def test_live_connections_are_listed_newest_first(parley: Parley) -> None:
    alice = parley.user("alice")
    phone = alice.connect()
    parley.clock.ms += 5000
    laptop = alice.connect()

    listed = alice.get("/me/connections").json

    assert listed["next"] is None
    assert [one["connection_id"] for one in listed["connections"]] == [laptop.connection_id, phone.connection_id]
    assert {name for one in listed["connections"] for name in one} == FIELDS
    assert listed["connections"][1]["connected_at"] < listed["connections"][0]["connected_at"]


def test_connection_of_the_requests_own_token_is_current(parley: Parley) -> None:
    here = parley.user("alice")
    mine = here.connect()
    parley.clock.ms += 2000
    elsewhere = parley.user("alice")
    theirs = elsewhere.connect(subprotocol=True)

    current = {one["connection_id"]: one["current"] for one in here.get("/me/connections").json["connections"]}

    assert current == {mine.connection_id: True, theirs.connection_id: False}


def test_nobody_elses_connections_and_none_that_is_dead(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    bob.connect()
    alice.connect()
    parley.lose_disconnects = True
    parley.clock.ms += 1000 * (LEASE_S + 1)

    assert alice.get("/me/connections").json == {"connections": [], "next": None}
