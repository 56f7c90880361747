"""GET /users/presence: who of many is there, by the rule and in the shape of `request_user_status`."""

import pytest

from bench.calls import recording
from parley.domain.api.requests import MAX_STATUS_USERS
from tests.functional.replies import invalid, refusal
from tests.functional.talk import LEASE_S, contents, in_s, meet
from tests.harness import Parley


def test_people_one_talks_with_are_answered_for_in_the_order_asked(parley: Parley) -> None:
    alice, bob, carol = parley.user("alice"), parley.user("bob"), parley.user("carol")
    meet(alice, bob)
    meet(alice, carol)
    carol.connect()
    bob.connect().close()

    reply = alice.get("/users/presence?ids=carol,bob,alice,carol")

    statuses = reply.json["statuses"]
    assert [(one["user_id"], one["status"]) for one in statuses] == [
        ("carol", "online"), ("bob", "offline"), ("alice", "offline")
    ]  # fmt: skip
    assert [(one["expires_at"] or "")[:19] for one in statuses] == [in_s(parley, LEASE_S)[:19], "", ""]
    assert [one["last_seen"] for one in statuses] == [None, in_s(parley, 0), None]


def test_whom_one_has_put_away_is_still_known_and_told(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = meet(alice, bob)
    watching = bob.connect()
    watching.events()
    alice.patch(f"/conversations/{direct}/archive", json={"archived": True})

    statuses = alice.get("/users/presence?ids=bob").json["statuses"]
    phone = alice.connect()

    assert [(one["user_id"], one["status"]) for one in statuses] == [("bob", "online")]
    assert [one["user_id"] for one in contents(watching.events("user_status_change"))] == ["alice"]
    assert phone.request("request_user_status", {"user_ids": ["bob"]})["data"]["statuses"] == statuses


def test_strangers_are_left_out_whether_they_exist_or_not(parley: Parley) -> None:
    parley.user("alice").connect()

    assert parley.user("eve").get("/users/presence?ids=alice,nobody").json == {"statuses": [], "users": {}}


def test_ids_may_be_escaped(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob+1@example.com")
    meet(alice, bob)

    reply = alice.get("/users/presence?ids=bob%2B1%40example.com%2Calice")

    assert [one["user_id"] for one in reply.json["statuses"]] == ["bob+1@example.com", "alice"]


def test_hundred_people_take_two_round_trips(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEND_BURST", "1000")
    alice = parley.user("alice")
    friends = [f"friend{number}" for number in range(MAX_STATUS_USERS)]
    for friend in friends:
        meet(alice, parley.user(friend))
    parley.hooks.clear()  # the recorder looks at items under the functions' names, which their roles do not allow

    with recording() as recorded:
        reply = alice.get(f"/users/presence?ids={','.join(friends)}")

    assert [one["user_id"] for one in reply.json["statuses"]] == friends
    assert recorded.round_trips <= 2


@pytest.mark.parametrize(
    "query, fields",
    [
        ("", [("?ids", "required")]),
        ("?ids=", [("?ids", "too_short")]),
        ("?ids=bob&ids=carol", [("?ids", "repeated")]),
        ("?ids=bob,,carol", [("?ids", "bad_format")]),
        ("?ids=bob,", [("?ids", "bad_format")]),
        ("?ids=bob,%20carol", [("?ids", "bad_format")]),
        ("?ids=a%2Fb", [("?ids", "bad_format")]),
        ("?ids=%F0%9F%91%8B", [("?ids", "bad_format")]),
        ("?ids=" + "x" * 129, [("?ids", "bad_format")]),
        ("?ids=" + ",".join(["x"] * (MAX_STATUS_USERS + 1)), [("?ids", "too_many_items")]),
        ("?ids=bob&role=user", [("?role", "unknown_field")]),
    ],
    ids=[
        "nothing", "none", "twice", "empty one", "comma at the end", "space", "slash", "emoji", "long", "many",
        "unknown",
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_field(parley: Parley, query: str, fields: list[tuple[str, str]]) -> None:
    assert refusal(parley.user("alice").get(f"/users/presence{query}")) == invalid(*fields)
