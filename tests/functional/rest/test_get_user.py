"""GET /users/{user_id}: who a person is, for those who may write to them; for others there is nobody."""

import pytest

from tests.functional.replies import described, invalid, refusal
from tests.functional.talk import open_direct
from tests.harness import Parley, Reply


@pytest.fixture
def school(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> Parley:
    monkeypatch.setenv("POLICY", "school")
    return parley


def test_others_see_name_role_and_the_contexts_that_both_hold(parley: Parley) -> None:
    alice = parley.user("alice", role="teacher", contexts={"class": ["7b", "9c"], "booking": ["b1"]})
    parley.user("bob", role="student", contexts={"class": ["7b", "8a"], "booking": ["b2"]})

    reply = alice.get("/users/bob")

    expected = {"id": "bob", "name": "Bob", "role": "student", "contexts": {"class": ["7b"]}}
    assert (reply.status, described(reply.json)) == (200, expected)


def test_one_sees_all_of_oneself(parley: Parley) -> None:
    contexts = {"class": ["7b", "8a"]}
    bob = parley.user("bob", role="student", contexts=contexts)

    own = described(bob.get("/users/bob").json)

    assert own == {"id": "bob", "name": "Bob", "role": "student", "contexts": contexts}


@pytest.mark.parametrize("role", ["service", "moderator"])
def test_host_and_moderators_see_everybody_whole(school: Parley, role: str) -> None:
    contexts = {"class": ["7b"]}
    school.user("bob", role="student", contexts=contexts)

    reply = school.user("clara", role=role).get("/users/bob")

    assert (reply.status, reply.json["contexts"]) == (200, contexts)


def same(one: Reply, other: Reply) -> bool:
    own = ("instance", "request_id")
    shown = [{name: value for name, value in reply.json.items() if name not in own} for reply in (one, other)]
    return shown[0] == shown[1]


def test_whom_one_may_not_write_to_cannot_be_told_from_nobody(school: Parley) -> None:
    bob = school.user("bob", role="student")
    school.user("carol", role="student")

    classmate, nobody = bob.get("/users/carol"), bob.get("/users/nobody")

    assert refusal(classmate) == ("unknown_user", 404, [])
    assert same(classmate, nobody)


def test_whom_one_writes_with_is_known_whatever_the_policy_says(school: Parley) -> None:
    root, bob = school.user("root", role="admin"), school.user("bob", role="visitor")
    assert bob.get("/users/root").status == 404

    open_direct(root, bob)

    assert bob.get("/users/root").json["name"] == "Root"


def test_class_that_both_hold_is_enough(school: Parley) -> None:
    parent = school.user("paul", role="parent", contexts={"class": ["7b"]})
    teacher = school.user("tina", role="teacher", contexts={"class": ["9c"]})

    assert parent.get("/users/tina").json["contexts"] == {}
    assert teacher.get("/users/paul").status == 200


def test_somebody_whom_nobody_knows_is_unknown_even_where_one_may_write_to_them(parley: Parley) -> None:
    alice = parley.user("alice")
    alice.post("/messages", json={"user_id": "stranger", "text": "hello"})

    assert refusal(alice.get("/users/stranger")) == ("unknown_user", 404, [])


def test_who_has_blocked_the_caller_is_nobody_unless_they_have_talked(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    bob.put("/users/alice/block")

    assert same(alice.get("/users/bob"), alice.get("/users/nobody"))
    assert bob.get("/users/alice").json["name"] == "Alice"

    bob.delete("/users/alice/block")
    open_direct(alice, bob)
    bob.put("/users/alice/block")
    assert alice.get("/users/bob").json["name"] == "Bob"


@pytest.mark.parametrize("user_id", ["a%2Fb", "%F0%9F%91%8B", "x" * 129, "a%0A", "%FF"])
def test_what_cannot_be_a_users_id_is_refused(parley: Parley, user_id: str) -> None:
    assert refusal(parley.user("alice").get(f"/users/{user_id}")) == invalid(("{user_id}", "bad_format"))


def test_part_of_the_path_is_decoded_once(parley: Parley) -> None:
    alice = parley.user("alice")
    parley.user("b.ob")

    assert alice.get("/users/b%2eob").json["id"] == "b.ob"
    assert refusal(alice.get("/users/b%252eob")) == invalid(("{user_id}", "bad_format"))


def test_it_takes_no_query(parley: Parley) -> None:
    assert refusal(parley.user("alice").get("/users/alice?full=true")) == invalid(("?full", "unknown_field"))
