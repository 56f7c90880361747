"""PUT /contexts/{context_type}/{context_id}/people/{user_id}: the host's own server adds a person to a context."""

import json
from urllib.parse import quote

import pytest

from parley.domain.people.held import MAX_HELD, digest
from tests.functional.replies import Meanwhile, invalid, refusal, stored
from tests.harness import Parley, User

CLASS = {"type": "class", "id": "7b"}
WANTED = {"type": "direct", "user_id": "tina", "context": CLASS}


@pytest.fixture
def school(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> Parley:
    monkeypatch.setenv("POLICY", "school")
    return parley


def host(parley: Parley) -> User:
    return parley.user("backend", role="service")


def contexts_of(parley: Parley, user_id: str) -> list[str]:
    listed = host(parley).get(f"/users/{user_id}/contexts").json["contexts"]
    return [f"{one['type']}#{one['id']}" for one in listed]


def test_person_belongs_to_the_context(parley: Parley) -> None:
    parley.user("bob")

    reply = host(parley).put("/contexts/class/7b/people/bob")

    assert (reply.status, reply.json) == (201, {"user_id": "bob", "context": CLASS})
    assert contexts_of(parley, "bob") == ["class#7b"]


def test_repeat_changes_nothing(parley: Parley) -> None:
    parley.user("bob")
    host(parley).put("/contexts/class/7b/people/bob")
    before = stored(parley)

    reply = host(parley).put("/contexts/class/7b/people/bob")

    assert (reply.status, reply.json["context"]) == (200, CLASS)
    assert stored(parley) == before


def test_two_puts_at_once_both_count(parley: Parley) -> None:
    parley.user("bob")
    service = host(parley)
    meanwhile = Meanwhile("TransactWriteItems", lambda: service.put("/contexts/class/8a/people/bob"))
    parley.hooks.append(meanwhile)

    reply = service.put("/contexts/class/7b/people/bob")

    [row] = [json.loads(one) for one in stored(parley)["Users"] if '"S": "bob"' in one]
    assert (meanwhile.happened, reply.status) == (True, 201)
    assert contexts_of(parley, "bob") == ["class#7b", "class#8a"]
    assert row["held"]["M"]["class"]["B"] == b"".join(sorted(digest("class", one) for one in ("7b", "8a"))).hex()


def test_profile_that_is_written_later_keeps_the_contexts(school: Parley) -> None:
    school.user("tina", role="teacher", contexts={"class": ["7b"]})
    school.user("bob", role="student")
    host(school).put("/contexts/class/7b/people/bob")

    host(school).put("/users/bob", json={"name": "Robert", "role": "student"})
    bob = school.user("bob", role="student", name="Bobby")

    assert bob.post("/conversations", json=WANTED).status == 201


def test_repeat_mends_a_row_that_an_older_version_has_written(school: Parley) -> None:
    school.user("tina", role="teacher", contexts={"class": ["7b"]})
    bob = school.user("bob", role="student")
    host(school).put("/contexts/class/7b/people/bob")
    table = school.template.resources["Users"].ref
    school.store.client("dynamodb").update_item(
        TableName=table, Key={"user_id": {"S": "bob"}}, UpdateExpression="REMOVE held"
    )
    assert refusal(bob.post("/conversations", json=WANTED))[1] in (403, 404)

    reply = host(school).put("/contexts/class/7b/people/bob")

    assert (reply.status, bob.post("/conversations", json=WANTED).status) == (200, 201)


@pytest.mark.parametrize("role", ["user", "moderator", "teacher"])
def test_nobody_but_the_host_may(parley: Parley, role: str) -> None:
    person = parley.user("mallory", role=role)
    before = stored(parley)

    reply = person.put("/contexts/class/7b/people/mallory")

    assert refusal(reply) == ("service_only", 403, [])
    assert stored(parley) == before


def test_person_without_a_profile_is_unknown(parley: Parley) -> None:
    service = host(parley)
    before = stored(parley)

    assert refusal(service.put("/contexts/class/7b/people/bob")) == ("unknown_user", 404, [])
    assert stored(parley) == before


def test_person_who_is_being_erased_is_unknown(parley: Parley) -> None:
    parley.user("bob")
    host(parley).delete("/users/bob")

    reply = host(parley).put("/contexts/class/7b/people/bob")

    assert refusal(reply) == ("unknown_user", 404, [("{user_id}", "not_allowed")])


@pytest.mark.parametrize(
    "path, field",
    [
        ("/contexts/Class/7b/people/bob", ("{context_type}", "bad_format")),
        ("/contexts/class%23x/7b/people/bob", ("{context_type}", "bad_format")),
        (f"/contexts/{'c' * 33}/7b/people/bob", ("{context_type}", "bad_format")),
        ("/contexts/class/a%2Fb/people/bob", ("{context_id}", "bad_format")),
        ("/contexts/class/a%23b/people/bob", ("{context_id}", "bad_format")),
        ("/contexts/class/7b%0A/people/bob", ("{context_id}", "bad_format")),
        (f"/contexts/class/{'7' * 129}/people/bob", ("{context_id}", "bad_format")),
        ("/contexts/class/7b/people/b%20ob", ("{user_id}", "bad_format")),
        ("/contexts/class/7b/people/~parley.erased-abc", ("{user_id}", "bad_format")),
        ("/contexts/class/7b/people/backend", ("{user_id}", "not_allowed")),
    ],
)
def test_odd_parts_of_the_path_are_named(parley: Parley, path: str, field: tuple[str, str]) -> None:
    parley.user("bob")
    service = host(parley)
    before = stored(parley)

    assert refusal(service.put(path)) == invalid(field)
    assert stored(parley) == before


@pytest.mark.parametrize("context_id", ["auth0|7b", "a@b.org", "~x=+:", "." * 3])
def test_ids_come_percent_encoded(parley: Parley, context_id: str) -> None:
    parley.user("bob")

    reply = host(parley).put(f"/contexts/class/{quote(context_id, safe='')}/people/bob")

    assert (reply.status, reply.json["context"]["id"]) == (201, context_id)
    assert contexts_of(parley, "bob") == [f"class#{context_id}"]


def fill(parley: Parley, held: dict[str, bytes]) -> None:
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Users"].ref,
        Key={"user_id": {"S": "bob"}},
        UpdateExpression="SET held = :held",
        ExpressionAttributeValues={":held": {"M": {name: {"B": digests} for name, digests in held.items()}}},
    )


@pytest.mark.parametrize(
    "held",
    [
        {"class": b"".join(sorted(digest("class", str(number)) for number in range(MAX_HELD)))},
        {f"type{number}": digest(f"type{number}", "1") for number in range(20)},
    ],
    ids=["contexts", "types"],
)
def test_too_many_are_refused(parley: Parley, held: dict[str, bytes]) -> None:
    parley.user("bob")
    service = host(parley)
    fill(parley, held)
    before = stored(parley)

    reply = service.put("/contexts/pattern/p1/people/bob")

    assert refusal(reply) == ("too_many_contexts", 409, [])
    assert stored(parley) == before
