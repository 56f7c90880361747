"""Nobody learns whether a person exists whom the directory does not show them: each entry answers as for nobody."""

from collections.abc import Callable

import pytest

from tests.functional.talk import make_group
from tests.harness import Parley, Reply, User

CLASS = {"class": ["7b"]}


def about(context_id: str | None) -> dict[str, object]:
    return {} if context_id is None else {"context": {"type": "class", "id": context_id}}


ENTRIES: dict[str, Callable[[User, str, str], Reply]] = {
    "look up": lambda who, whom, _: who.get(f"/users/{whom}"),
    "explain": lambda who, whom, _: who.get(f"/policy/explain?user_id={whom}"),
    "explain in a class": lambda who, whom, _: who.get(
        f"/policy/explain?user_id={whom}&context_type=class&context_id=7b"
    ),
    "open": lambda who, whom, _: who.post("/conversations", json={"type": "direct", "user_id": whom}),
    "open in a class": lambda who, whom, _: who.post(
        "/conversations", json={"type": "direct", "user_id": whom} | about("7b")
    ),
    "write": lambda who, whom, _: who.post("/messages", json={"user_id": whom, "text": "hi"}),
    "make a group": lambda who, whom, _: who.post(
        "/conversations", json={"type": "group", "title": "Ours", "member_ids": [whom]}
    ),
    "add": lambda who, whom, group: who.post(f"/conversations/{group}/members", json={"user_ids": [whom]}),
    "put": lambda who, whom, group: who.put(f"/conversations/{group}/members/{whom}", json={}),
}


def answer(reply: Reply) -> tuple[int, object]:
    """Returns what a client can tell one answer from another by; each request has its own id and path."""
    said = dict(reply.json)
    for name in ("request_id", "instance"):
        said.pop(name, None)
    return reply.status, said


@pytest.fixture(autouse=True)
def school(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLICY", "school")


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES.keys())
def test_person_whom_the_directory_hides_is_answered_for_as_nobody(
    parley: Parley, entry: Callable[[User, str, str], Reply]
) -> None:
    sue = parley.user("sue", role="student", contexts=CLASS)
    group_id = make_group(sue)
    parley.user("sam", role="student", contexts=CLASS)

    theirs, nobodys = entry(sue, "sam", group_id), entry(sue, "max", group_id)

    assert answer(theirs) == answer(nobodys)
    assert theirs.status == 404 or theirs.json["code"] == "unknown_user"


def test_person_whom_the_directory_shows_is_refused_by_the_rule(parley: Parley) -> None:
    sue = parley.user("sue", role="student", contexts=CLASS)
    parley.user("tom", role="teacher", contexts={"class": ["8a"]})

    refused = ENTRIES["open in a class"](sue, "tom", "")

    assert (refused.status, refused.json["code"]) == (403, "context_not_shared")


def test_moderator_who_sees_everybody_is_told_the_rule(parley: Parley) -> None:
    moderator = parley.user("mo", role="moderator")
    parley.user("sam", role="student")

    assert moderator.get("/policy/explain?user_id=sam").json["code"] == "role_not_allowed"
