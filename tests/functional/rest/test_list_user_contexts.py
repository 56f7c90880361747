"""GET /users/{user_id}/contexts: the contexts to which the host has added a person."""

import pytest

from tests.functional.replies import invalid, refusal
from tests.harness import Parley, User


def host(parley: Parley) -> User:
    return parley.user("backend", role="service")


@pytest.mark.parametrize("role", ["service", "moderator"])
def test_pages_have_every_context_once_by_type_and_id(parley: Parley, role: str) -> None:
    parley.user("bob", contexts={"class": ["9c"]})
    parley.user("carol")
    for context in ("pattern/p2", "class/7b", "pattern/p1", "class/10a", "block/b"):
        host(parley).put(f"/contexts/{context}/people/bob")
    host(parley).put("/contexts/class/7b/people/carol")
    reader = parley.user("clara", role=role)

    pages, cursor = [], ""
    while cursor is not None:
        page = reader.get(f"/users/bob/contexts?limit=2{cursor and f'&cursor={cursor}'}").json
        pages.append([f"{one['type']}/{one['id']}" for one in page["contexts"]])
        cursor = page["next"]

    assert pages == [["block/b", "class/10a"], ["class/7b", "pattern/p1"], ["pattern/p2"]]


def test_person_who_does_not_exist_has_none(parley: Parley) -> None:
    assert host(parley).get("/users/bob/contexts").json == {"contexts": [], "next": None}


def test_others_may_not_not_even_for_themselves(parley: Parley) -> None:
    assert refusal(parley.user("bob").get("/users/bob/contexts")) == ("moderators_only", 403, [])


@pytest.mark.parametrize("cursor", ["nonsense", "WyJib2IiXQ", "WyJDIiwiYSJd", "WyJjIiwiYS9iIl0"])
def test_foreign_cursor_is_refused(parley: Parley, cursor: str) -> None:
    assert refusal(host(parley).get(f"/users/bob/contexts?cursor={cursor}")) == invalid(("?cursor", "bad_cursor"))


def test_odd_id_is_named(parley: Parley) -> None:
    assert refusal(host(parley).get("/users/a%2Fb/contexts")) == invalid(("{user_id}", "bad_format"))
