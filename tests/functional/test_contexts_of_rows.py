"""Contexts that the host has given people in rows: policies, directory and profiles go by them, from the next request.

The policy is `school`: teacher and student of one class may write to each other about it.
"""

import pytest

from parley.domain.people import held
from tests.functional.erasures import erased, everything
from tests.functional.replies import refusal, stored
from tests.harness import Parley, User

CLASS = {"type": "class", "id": "7b"}
WANTED = {"type": "direct", "user_id": "tina", "context": CLASS}
UUIDS = [f"1b4e28ba-2fa1-11d2-883f-{number:012}" for number in range(500)]


@pytest.fixture
def school(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> Parley:
    monkeypatch.setenv("POLICY", "school")
    return parley


def host(parley: Parley) -> User:
    return parley.user("backend", role="service")


def add(parley: Parley, *user_ids: str, context: str = "class/7b") -> None:
    reply = host(parley).put(f"/contexts/{context}/people", json={"add": list(user_ids)})
    assert {one["status"] for one in reply.json["results"]} <= {200, 201}, reply


def hold(parley: Parley, user_id: str, ids: list[str], context_type: str = "class") -> None:
    """Gives a person contexts as rows would, without the rows."""
    digests = b"".join(sorted(held.digest(context_type, one) for one in ids))
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Users"].ref,
        Key={"user_id": {"S": user_id}},
        UpdateExpression="SET held = :held",
        ExpressionAttributeValues={":held": {"M": {context_type: {"B": digests}}}},
    )


@pytest.mark.parametrize("is_token", [True, False], ids=["token", "row"])
def test_context_counts_with_the_token_in_hand_and_on_an_open_socket(school: Parley, is_token: bool) -> None:
    school.user("tina", role="teacher", contexts={"class": ["7b"]} if is_token else {})
    bob = school.user("bob", role="student")
    phone = bob.connect()
    assert refusal(bob.post("/conversations", json=WANTED))[1] in (403, 404)

    add(school, *(("bob",) if is_token else ("bob", "tina")))

    explained = bob.get("/policy/explain?user_id=tina&context_type=class&context_id=7b").json
    opened = bob.post("/conversations", json=WANTED)
    sent = phone.request("send_message", {"conversation_id": opened.json["id"], "text": "hello"})
    assert (explained["allowed"], opened.status, sent["type"]) == (True, 201, "ack")


def test_another_context_of_the_type_opens_nothing(school: Parley) -> None:
    school.user("tina", role="teacher")
    bob = school.user("bob", role="student")
    add(school, "tina")
    add(school, "bob", context="class/8a")
    add(school, "tina", "bob", context="booking/7b")

    assert refusal(bob.post("/conversations", json=WANTED))[1] in (403, 404)


def test_directory_lists_those_who_share_a_row(school: Parley) -> None:
    bob = school.user("bob", role="student")
    for teacher in ("tina", "theo", "tom"):
        school.user(teacher, role="teacher", contexts={"class": ["9c"]} if teacher == "tom" else {})
    add(school, "bob", "tina")
    add(school, "theo", context="class/8a")
    add(school, "bob", context="class/9c")

    listed = [one["id"] for one in bob.get("/users?role=teacher").json["users"]]

    assert {"tina", "tom"} <= set(listed)
    assert bob.get("/users/tina").status == 200


def test_others_see_those_shared_contexts_that_a_token_names(parley: Parley) -> None:
    alice = parley.user("alice", role="teacher", contexts={"class": ["7b"], "booking": ["b1"]})
    parley.user("bob", role="student", contexts={"class": ["9c", "8a"]})
    add(parley, "alice", context="class/9c")
    add(parley, "bob", context="class/7b")
    add(parley, "alice", "bob", context="pattern/p1")

    shown = alice.get("/users/bob").json["contexts"]

    assert shown == {"class": ["9c", "7b"]}


def test_two_hundred_patterns_with_uuids_open_conversations(parley: Parley) -> None:
    creator = parley.user("cora", role="creator")
    carol = parley.user("carol", role="customer")
    hold(parley, "cora", UUIDS, "pattern")
    add(parley, "carol", context=f"pattern/{UUIDS[199]}")
    wanted = {"type": "direct", "user_id": "cora", "context": {"type": "pattern", "id": UUIDS[199]}}

    opened = carol.post("/conversations", json=wanted)

    assert (opened.status, creator.get("/conversations").json["conversations"][0]["id"]) == (201, opened.json["id"])


def test_erasure_takes_the_rows_away_and_counts_them(parley: Parley) -> None:
    parley.user("her-id")
    parley.user("bob")
    for number in range(3):
        add(parley, "her-id", "bob", context=f"pattern/p{number}")

    done = erased(parley, "her-id")

    assert done["removed"]["contexts"] == done["receipt"]["removed"]["contexts"] == 3
    assert "her-id" not in everything(parley)
    assert len(stored(parley)["ContextPeople"]) == 3
    assert host(parley).get("/contexts/pattern/p1/people").json["people"] == [{"user_id": "bob"}]


def test_person_who_comes_back_after_an_erasure_belongs_to_nothing(school: Parley) -> None:
    school.user("tina", role="teacher", contexts={"class": ["7b"]})
    school.user("bob", role="student")
    add(school, "bob")
    erased(school, "bob")

    host(school).put("/users/bob", json={"role": "student"})

    bob = school.bearer(school.token("bob", "student"), "bob")
    assert refusal(bob.post("/conversations", json=WANTED))[1] in (403, 404)
    assert host(school).get("/users/bob/contexts").json["contexts"] == []
