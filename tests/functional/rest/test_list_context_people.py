"""GET /contexts/{context_type}/{context_id}/people: the people of a context, for the host and for moderators."""

import pytest

from tests.functional.replies import invalid, refusal
from tests.harness import Parley, User

PEOPLE = "/contexts/class/7b/people"


def host(parley: Parley) -> User:
    return parley.user("backend", role="service")


@pytest.mark.parametrize("role", ["service", "moderator"])
def test_pages_have_everybody_once_by_id(parley: Parley, role: str) -> None:
    ids = ["ann", "bob", "carol", "dave", "erin"]
    host(parley).put("/users", json={"users": [{"id": user_id} for user_id in ids]})
    host(parley).put(PEOPLE, json={"add": ids})
    host(parley).put("/contexts/class/8a/people", json={"add": ["ann"]})
    reader = parley.user("clara", role=role)

    pages, cursor = [], ""
    while cursor is not None:
        page = reader.get(f"{PEOPLE}?limit=2{cursor and f'&cursor={cursor}'}").json
        pages.append([one["user_id"] for one in page["people"]])
        cursor = page["next"]

    assert pages == [["ann", "bob"], ["carol", "dave"], ["erin"]]


def test_context_of_nobody_is_empty(parley: Parley) -> None:
    parley.user("bob", contexts={"class": ["7b"]})

    assert host(parley).get(PEOPLE).json == {"people": [], "next": None, "users": {}}


def test_others_may_not(parley: Parley) -> None:
    assert refusal(parley.user("mallory").get(PEOPLE)) == ("moderators_only", 403, [])


@pytest.mark.parametrize("cursor", ["nonsense", "WyJhIiwiYiJd", "W10", "WyJhL2IiXQ"])
def test_foreign_cursor_is_refused(parley: Parley, cursor: str) -> None:
    assert refusal(host(parley).get(f"{PEOPLE}?cursor={cursor}")) == invalid(("?cursor", "bad_cursor"))


def test_odd_context_is_named(parley: Parley) -> None:
    reply = host(parley).get("/contexts/cl%23ass/7b/people")

    assert refusal(reply) == invalid(("{context_type}", "bad_format"))
