"""A number without a fraction is an integer, however it is written, as JSON Schema has it; over both APIs."""

import pytest

from tests.functional.replies import invalid, refusal
from tests.harness import Parley


def group(parley: Parley) -> str:
    parley.user("bob").get("/me")
    body = {"type": "group", "title": "Chess", "member_ids": ["bob"]}
    return str(parley.user("alice").post("/conversations", json=body).json["id"])


@pytest.mark.parametrize("written", ["60.0", "6e1", "6.0E+1", "600e-1", "60"])
def test_rest_takes_an_integer_with_a_point_or_an_exponent(parley: Parley, written: str) -> None:
    conversation_id = group(parley)

    reply = parley.user("alice").patch(f"/conversations/{conversation_id}", raw=f'{{"slow_mode_s": {written}}}')

    assert (reply.status, reply.json["slow_mode_s"]) == (200, 60)


@pytest.mark.parametrize(
    "written, code",
    [
        ("60.5", "wrong_type"),
        ("1e400", "too_large"),
        ("-1e400", "too_small"),
        ("121.0", "too_large"),
        ("-1.0", "too_small"),
    ],
)
def test_rest_says_what_is_wrong_with_other_numbers(parley: Parley, written: str, code: str) -> None:
    conversation_id = group(parley)

    reply = parley.user("alice").patch(f"/conversations/{conversation_id}", raw=f'{{"slow_mode_s": {written}}}')

    assert refusal(reply) == invalid(("/slow_mode_s", code))


def test_a_query_takes_an_integer_with_a_point(parley: Parley) -> None:
    alice = parley.user("alice")

    assert alice.get("/conversations?limit=50.0").status == 200
    assert refusal(alice.get("/conversations?limit=50.5")) == invalid(("?limit", "wrong_type"))


def test_an_action_takes_an_integer_with_a_point(parley: Parley) -> None:
    conversation_id = group(parley)
    phone = parley.user("alice").connect()

    phone.send(f'{{"action": "sync", "request_id": "r1", "data": {{"cursors": {{"{conversation_id}": 0.0}}}}}}')

    [reply] = phone.frames
    assert (reply["type"], list(reply["data"]["conversations"])) == ("ack", [conversation_id])
