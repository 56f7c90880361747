"""PUT /users/{user_id}: the host's own server says who a person is; nobody else may."""

import pytest

from parley.domain.api.identity import MAX_CONTEXT_IDS
from tests.functional.replies import Meanwhile, described, invalid, malformed_bodies, refusal, stored
from tests.functional.talk import open_direct
from tests.harness import Frame, Parley, User

BOB = {"name": "Bob", "role": "student", "contexts": {"class": ["7b", "8a"]}}


def host(parley: Parley) -> User:
    return parley.user("backend", role="service")


def test_host_makes_a_profile_and_replaces_it(parley: Parley) -> None:
    first = host(parley).put("/users/bob", json=BOB)
    second = host(parley).put("/users/bob", json={"name": "Robert"})

    assert (first.status, described(first.json)) == (201, {"id": "bob", **BOB})
    robert = {"id": "bob", "name": "Robert", "role": "user", "contexts": {}}
    assert (second.status, described(second.json)) == (200, robert)


def test_what_is_left_out_is_as_where_a_token_leaves_it_out(parley: Parley) -> None:
    reply = host(parley).put("/users/bob", json={})

    assert described(reply.json) == {"id": "bob", "name": "bob", "role": "user", "contexts": {}}


def test_somebody_who_has_never_signed_in_can_be_named_and_written_to_in_a_context(parley: Parley) -> None:
    teacher = parley.user("alice", role="teacher", contexts={"class": ["7b"]})
    wanted = {"type": "direct", "user_id": "bob", "context": {"type": "class", "id": "7b"}}
    assert teacher.post("/conversations", json=wanted).status == 404

    host(parley).put("/users/bob", json=BOB)

    opened = teacher.post("/conversations", json=wanted)
    assert opened.status == 201
    assert {one["user_id"]: one["name"] for one in opened.json["members"]} == {"alice": "Alice", "bob": "Bob"}


def test_host_counts_more_than_every_token_before_and_less_than_a_later_one(parley: Parley) -> None:
    bob = parley.user("bob", name="Bobby", role="player")
    alice = parley.user("alice")

    host(parley).put("/users/bob", json=BOB)
    parley.advance(400)  # API Gateway asks the authorizer again
    bob.get("/unread-count")
    after_old = alice.get("/users/bob").json
    parley.user("bob", name="Bobby", role="player")
    after_new = alice.get("/users/bob").json

    assert (after_old["name"], after_old["role"]) == ("Bob", "student")
    assert (after_new["name"], after_new["role"]) == ("Bobby", "player")


def test_token_that_is_seen_while_the_host_writes_does_not_win(parley: Parley) -> None:
    service = host(parley)
    parley.hooks.append(meanwhile := Meanwhile("PutItem", lambda: parley.user("bob", name="Bobby")))

    reply = service.put("/users/bob", json=BOB)

    assert meanwhile.happened
    assert (reply.json["name"], parley.user("alice").get("/users/bob").json["name"]) == ("Bob", "Bob")


@pytest.mark.parametrize("role", ["service", "system"])
def test_role_of_no_person_is_refused(parley: Parley, role: str) -> None:
    assert refusal(host(parley).put("/users/bob", json={"role": role})) == invalid(("/role", "not_allowed"))


def test_context_is_kept_once(parley: Parley) -> None:
    reply = host(parley).put("/users/bob", json={"contexts": {"class": ["7b", "7b", "7a"]}})

    assert reply.json["contexts"] == {"class": ["7b", "7a"]}


@pytest.mark.parametrize("role", ["user", "admin", "teacher"])
def test_nobody_but_the_host_may(parley: Parley, role: str) -> None:
    person = parley.user("mallory", role=role)
    before = stored(parley)

    reply = person.put("/users/mallory", json={"role": "admin"})

    assert refusal(reply) == ("service_only", 403, [])
    assert reply.json["rule"] == "role service → PUT /users"
    assert stored(parley) == before


def test_members_see_the_new_name(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)

    host(parley).put("/users/bob", json=BOB)

    members = alice.get(f"/conversations/{conversation_id}").json["members"]
    assert {one["user_id"]: one["name"] for one in members} == {"alice": "Alice", "bob": "Bob"}


MANY = [f"c{number}" for number in range(MAX_CONTEXT_IDS)]


@pytest.mark.parametrize(
    "body, fields",
    [
        ({"name": "x" * 201}, [("/name", "too_long")]),
        ({"name": " \u200b"}, [("/name", "blank")]),
        ({"name": ""}, [("/name", "blank")]),
        ({"name": 7}, [("/name", "wrong_type")]),
        ({"role": "a role"}, [("/role", "bad_format")]),
        ({"role": "x" * 65}, [("/role", "too_long")]),
        ({"role": ""}, [("/role", "bad_format")]),
        ({"role": None}, [("/role", "wrong_type")]),
        ({"role": "service"}, [("/role", "not_allowed")]),
        ({"contexts": ["7b"]}, [("/contexts", "wrong_type")]),
        ({"contexts": {"class": "7b"}}, [("/contexts/class", "wrong_type")]),
        ({"contexts": {"class": ["a/b"]}}, [("/contexts/class/0", "bad_format")]),
        ({"contexts": {"class": ["x" * 129]}}, [("/contexts/class/0", "too_long")]),
        ({"contexts": {"class": [*MANY, "c"]}}, [("/contexts/class", "too_many_items")]),
        ({"contexts": {"class": MANY, "block": ["b1"]}}, [("/contexts", "too_many_items")]),
        ({"contexts": {"class": [f"{'x' * 40}{number}" for number in range(200)]}}, [("/contexts", "too_long")]),
        ({"contexts": {f"t{number}": [] for number in range(21)}}, [("/contexts", "too_many_items")]),
        ({"id": "bob"}, [("/id", "unknown_field")]),
        ({"issued_at_s": 1}, [("/issued_at_s", "unknown_field")]),
    ],
    ids=[
        "long name", "invisible name", "empty name", "number as name", "role with a space", "long role", "empty role",
        "null role", "role of programs", "list of contexts", "text of contexts", "slash", "long context",
        "many contexts", "many of two types", "heavy contexts", "many types", "id", "time",
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_field(parley: Parley, body: Frame, fields: list[tuple[str, str]]) -> None:
    service = host(parley)
    before = stored(parley)

    assert refusal(service.put("/users/bob", json=body)) == invalid(*fields)
    assert stored(parley) == before


def test_bad_context_type_is_refused(parley: Parley) -> None:
    assert refusal(host(parley).put("/users/bob", json={"contexts": {"Class": ["7b"]}}))[:2] == ("invalid_request", 400)


def test_body_that_makes_no_sense_is_refused(parley: Parley) -> None:
    service = host(parley)

    assert malformed_bodies(lambda raw: service.put("/users/bob", raw=raw)) == {}


@pytest.mark.parametrize("user_id", ["a%2Fb", "%F0%9F%91%8B", "x" * 129, "a%0A", "%FF"])
def test_what_cannot_be_a_users_id_is_refused(parley: Parley, user_id: str) -> None:
    assert refusal(host(parley).put(f"/users/{user_id}", json={})) == invalid(("{user_id}", "bad_format"))
