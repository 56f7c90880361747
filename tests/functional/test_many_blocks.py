"""A person whom very many have blocked works as before: each operation reads only the blocks that concern it."""

from urllib.parse import quote

import pytest

from tests.functional.talk import LEASE_S, contents, forget_events, let_many_block, meet, say
from tests.harness import Parley, Socket

MANY = 60  # more than are read whole


@pytest.fixture
def screens(parley: Parley) -> tuple[Socket, Socket]:
    """Bob's and carol's screens; both talk with alice, whom carol has blocked, as have many others."""
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    for one in (bob, carol):
        meet(alice, one)
    carol.put("/users/alice/block")
    let_many_block(parley, "alice", MANY)
    screens = bob.connect(), carol.connect()
    forget_events(*screens)
    return screens


def told(*screens: Socket) -> list[list[str]]:
    """Returns what each was told of alice since it was last asked."""
    found = [[one["status"] for one in contents(screen.events("user_status_change"))] for screen in screens]
    forget_events(*screens)
    return found


def test_status_reaches_the_others_only(parley: Parley, screens: tuple[Socket, Socket]) -> None:
    alice = parley.user("alice")

    phone = alice.connect()
    assert told(*screens) == [["online"], []]
    asked = phone.request("request_user_status", {"user_ids": ["bob", "carol"]})["data"]["statuses"]
    assert [one["user_id"] for one in asked] == ["bob"]
    assert [one["user_id"] for one in alice.get("/users/presence?ids=bob,carol").json["statuses"]] == ["bob"]
    phone.close()
    assert told(*screens) == [["offline"], []]


@pytest.mark.parametrize("how", ["sign-out", "closing the connection"])
def test_device_that_is_closed_from_elsewhere_is_told_of_to_the_others_only(
    parley: Parley, screens: tuple[Socket, Socket], how: str
) -> None:
    alice = parley.user("alice")
    phone = alice.connect()
    told(*screens)

    if how == "sign-out":
        parley.user("host", role="service").post("/users/alice/sign-out")
    else:
        alice.delete(f"/me/connections/{quote(phone.connection_id, safe='')}")

    assert phone.closed is not None
    assert told(*screens) == [["offline"], []]


def test_ghost_is_told_of_to_the_others_only(parley: Parley, screens: tuple[Socket, Socket]) -> None:
    ghost = parley.user("alice").connect()
    told(*screens)
    for _ in range(2):
        parley.advance(LEASE_S // 2 + 1)
        for screen in screens:
            screen.request("ping")

    parley.run_schedule("ClearStalePresence")

    assert ghost.closed is not None
    assert told(*screens) == [["offline"], []]


def test_device_that_comes_back_is_told_of_to_the_others_only(parley: Parley) -> None:
    parley.clock.ms -= 600_000
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    conversation_id, _ = meet(alice, bob), meet(alice, carol)
    carol.put("/users/alice/block")
    let_many_block(parley, "alice", MANY)
    screens = bob.connect(), carol.connect()
    phone = alice.connect()
    state = phone.connection.state
    phone.connection.state = type(state).CLOSED  # a short outage at API Gateway: posts answer 410
    parley.advance(60)
    say(bob, conversation_id, "are you there?")
    phone.connection.state = state
    told(*screens)

    phone.request("ping")

    assert told(*screens) == [["online"], []]
