"""The check that holds every answer and event of a test to the documents refuses what these do not allow."""

from typing import Any

import pytest

from tests.harness.documents import check_frame, check_reply

EXPIRES_AT = "2026-11-30T12:00:00.000Z"
PONG: dict[str, Any] = {"type": "ack", "request_id": "r1", "data": {"expires_at": EXPIRES_AT, "joined": []}}
COUNT: dict[str, Any] = {
    "total": 3,
    "conversations": 1,
    "capped": False,
    "tickets": {"total": 0, "conversations": 0},
}


def count(**changed: object) -> None:
    check_reply("GET", "/unread-count", 200, "application/json", COUNT | changed)


def test_what_the_documents_say_is_allowed() -> None:
    count()
    check_frame(PONG, "ping")


@pytest.mark.parametrize(
    ("field", "value"),
    [("total", "3"), ("total", None), ("total", -(2**63) - 1), ("total", 2**63), ("capped", 1)],
)
def test_a_field_of_another_type_or_beyond_its_bounds_is_refused(field: str, value: object) -> None:
    with pytest.raises(AssertionError, match=f"does not allow .*{field}"):
        count(**{field: value})


@pytest.mark.parametrize("time", ["yesterday", "2026-13-30T12:00:00.000Z", "2026-11-30"])
def test_a_time_that_is_none_is_refused(time: str) -> None:
    with pytest.raises(AssertionError, match="expires_at"):
        check_frame(PONG | {"data": PONG["data"] | {"expires_at": time}}, "ping")


def test_a_missing_field_and_an_unknown_event_are_refused() -> None:
    with pytest.raises(AssertionError, match="does not allow"):
        check_frame(PONG | {"data": {}}, "ping")
    with pytest.raises(AssertionError, match="does not know"):
        check_frame({"type": "event", "event": "unheard_of", "data": {}})
