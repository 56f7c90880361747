"""request_user_status: who of the people whom the caller talks with is there."""

import pytest

from parley.domain.api.requests import MAX_STATUS_USERS
from tests.functional.talk import LEASE_S, frame_refusal, in_s, meet
from tests.harness import Parley, Socket


def statuses(socket: Socket, *user_ids: str) -> list[dict[str, object]]:
    reply = socket.request("request_user_status", {"user_ids": list(user_ids)})
    assert reply["type"] == "ack", reply
    return list(reply["data"]["statuses"])


def test_people_one_talks_with_are_answered_for_in_the_order_asked(parley: Parley) -> None:
    alice, bob, carol = parley.user("alice"), parley.user("bob"), parley.user("carol")
    meet(alice, bob)
    meet(alice, carol)
    screen = alice.connect()
    carol.connect()
    expires_at = in_s(parley, LEASE_S)[:19]
    bob.connect().close()

    answers = statuses(screen, "carol", "bob", "alice")

    assert [(one["user_id"], one["status"]) for one in answers] == [
        ("carol", "online"), ("bob", "offline"), ("alice", "online")
    ]  # fmt: skip
    assert (str(answers[0]["expires_at"])[:19], answers[0]["last_seen"]) == (expires_at, None)
    assert (answers[1]["expires_at"], answers[1]["last_seen"]) == (None, in_s(parley, 0))


def test_strangers_are_left_out_whether_they_exist_or_not(parley: Parley) -> None:
    alice, eve = parley.user("alice"), parley.user("eve")
    alice.connect()

    assert statuses(eve.connect(), "alice", "nobody") == []


def test_somebody_is_asked_for_once(parley: Parley) -> None:
    screen = parley.user("alice").connect()

    assert len(statuses(screen, "alice", "alice", "alice")) == 1


def test_person_with_two_devices_is_online_until_the_longer_lease_ends(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    screen = alice.connect()
    bob.connect()
    parley.advance(100)
    bob.connect()
    screen.request("ping")
    parley.advance(100)

    [status] = statuses(screen, "bob")

    assert (status["status"], str(status["expires_at"])[:19]) == ("online", in_s(parley, LEASE_S - 100)[:19])


@pytest.mark.parametrize(
    "data, fields",
    [
        ({}, [("/data/user_ids", "required")]),
        ({"user_ids": []}, [("/data/user_ids", "too_few_items")]),
        ({"user_ids": "bob"}, [("/data/user_ids", "wrong_type")]),
        ({"user_ids": ["bob", 7]}, [("/data/user_ids/1", "wrong_type")]),
        ({"user_ids": ["a/b"]}, [("/data/user_ids/0", "bad_format")]),
        ({"user_ids": ["👋"]}, [("/data/user_ids/0", "bad_format")]),
        ({"user_ids": [""]}, [("/data/user_ids/0", "bad_format")]),
        ({"user_ids": ["x" * 129]}, [("/data/user_ids/0", "too_long")]),
        ({"user_ids": ["x"] * (MAX_STATUS_USERS + 1)}, [("/data/user_ids", "too_many_items")]),
    ],
    ids=["missing", "none", "text", "number", "slash", "emoji", "empty", "long", "many"],
)
def test_bad_input_is_refused_by_field(parley: Parley, data: object, fields: list[tuple[str, str]]) -> None:
    reply = parley.user("alice").connect().request("request_user_status", data)

    assert frame_refusal(reply) == ("invalid_request", 400, fields)
