"""GET /me/blocks: whom the caller has blocked, the newest block first."""

from base64 import urlsafe_b64encode

import pytest

from tests.functional.replies import invalid, refusal
from tests.harness import Parley, User


def block(parley: Parley, person: User, *user_ids: str) -> None:
    for user_id in user_ids:
        person.put(f"/users/{user_id}/block")
        parley.advance(1)


def test_pages_hold_every_block_once_the_newest_first(parley: Parley) -> None:
    alice = parley.user("alice")
    block(parley, alice, "a", "b", "c", "d", "e")
    block(parley, parley.user("mallory"), "alice")

    pages, cursor = [], ""
    while cursor is not None:
        page = alice.get(f"/me/blocks?limit=2{cursor and '&cursor=' + cursor}").json
        pages.append([one["user_id"] for one in page["blocks"]])
        cursor = page["next"]

    assert pages == [["e", "d"], ["c", "b"], ["a"]]


def test_same_moment_leaves_nobody_out(parley: Parley) -> None:
    alice = parley.user("alice")
    for user_id in ("a", "b", "c"):
        alice.put(f"/users/{user_id}/block")

    first = alice.get("/me/blocks?limit=1").json
    rest = alice.get(f"/me/blocks?limit=5&cursor={first['next']}").json

    assert sorted(one["user_id"] for one in first["blocks"] + rest["blocks"]) == ["a", "b", "c"]


def test_those_who_have_blocked_the_caller_leave_no_trace(parley: Parley) -> None:
    alice = parley.user("alice")
    block(parley, alice, "a")
    for number in range(4):
        block(parley, parley.user(f"m{number}"), "alice")

    page = alice.get("/me/blocks?limit=1")

    assert [one["user_id"] for one in page.json["blocks"]] == ["a"]
    assert page.json["next"] is None


def test_list_does_not_say_who_exists(parley: Parley) -> None:
    alice = parley.user("alice")
    parley.user("bob", name="Robert")
    block(parley, alice, "bob", "nobody")

    assert [sorted(one) for one in alice.get("/me/blocks").json["blocks"]] == [["blocked_at", "user_id"]] * 2


@pytest.mark.parametrize(
    "cursor",
    ["nonsense", urlsafe_b64encode(b'[-1,"a"]').decode(), urlsafe_b64encode(b'[1,"a#b"]').decode(), "WzEsMl0", "%FF"],
    ids=["word", "negative", "no user", "number", "no UTF-8"],
)
def test_cursor_that_is_none_of_ours_is_refused(parley: Parley, cursor: str) -> None:
    assert refusal(parley.user("alice").get(f"/me/blocks?cursor={cursor}")) == invalid(("?cursor", "bad_cursor"))


def test_limit_has_its_limits(parley: Parley) -> None:
    alice = parley.user("alice")

    assert refusal(alice.get("/me/blocks?limit=0")) == invalid(("?limit", "too_small"))
    assert refusal(alice.get("/me/blocks?limit=101")) == invalid(("?limit", "too_large"))
