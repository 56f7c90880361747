"""PUT /users: the host's own server says who up to 100 people are, each by themselves."""

import pytest

from tests.functional.erasures import erased
from tests.functional.replies import invalid, malformed_bodies, refusal, stored
from tests.harness import Frame, Parley, User

BOB = {"name": "Bob", "role": "student", "contexts": {"class": ["7b"]}}


def host(parley: Parley) -> User:
    return parley.user("backend", role="service")


def test_each_person_is_put_by_themselves(parley: Parley) -> None:
    parley.user("carol")
    people = [{"id": "bob", **BOB}, {"id": "carol", "name": "Caroline"}, {"id": "dave", "name": "x" * 201}]

    reply = host(parley).put("/users", json={"users": people})

    first, second, third = reply.json["results"]
    assert (reply.status, first, second) == (200, {"id": "bob", "status": 201}, {"id": "carol", "status": 200})
    assert (third["id"], third["status"], third["problem"]["code"]) == ("dave", 400, "invalid_request")
    assert third["problem"]["errors"] == [{"pointer": "/users/2/name", "code": "too_long", "limit": 200}]
    names = [host(parley).get(f"/users/{user_id}").json.get("name") for user_id in ("bob", "carol", "dave")]
    assert names == ["Bob", "Caroline", None]


def test_only_the_server_sees_that_a_value_of_the_right_form_is_wrong(parley: Parley) -> None:
    people = [{"id": "bob", **BOB, "time_zone": "Europe/Zurich"}, {"id": "dave", "time_zone": "Europe/Atlantis"}]

    first, second = host(parley).put("/users", json={"users": people}).json["results"]

    assert (first["status"], second["status"]) == (201, 400)
    assert second["problem"]["errors"] == [{"pointer": "/users/1/time_zone", "code": "not_allowed"}]


@pytest.mark.parametrize(
    "person, field",
    [
        ({}, ("/users/1/id", "required")),
        ({"id": "a/b"}, ("/users/1/id", "bad_format")),
        ({"id": "bob"}, ("/users/1/id", "repeated")),
        ({"id": "backend"}, ("/users/1/id", "not_allowed")),
        ({"id": "eve", "role": "service"}, ("/users/1/role", "not_allowed")),
        ({"id": "eve", "time_zone": "Europe/Atlantis"}, ("/users/1/time_zone", "not_allowed")),
        ({"id": "eve", "metadata": []}, ("/users/1/metadata", "wrong_type")),
        ({"id": "eve", "nickname": "E"}, ("/users/1/nickname", "unknown_field")),
        ({"id": "eve", "contexts": {"class": ["a/b"]}}, ("/users/1/contexts/class/0", "bad_format")),
        ("eve", ("/users/1", "wrong_type")),
        (None, ("/users/1", "wrong_type")),
    ],
)
def test_person_who_is_refused_stops_nobody_else(parley: Parley, person: object, field: tuple[str, str]) -> None:
    reply = host(parley).put("/users", json={"users": [{"id": "bob"}, person, {"id": "zoe"}]})

    results = reply.json["results"]
    assert [one["status"] for one in results] == [201, 400, 201]
    [error] = results[1]["problem"]["errors"]
    assert (error["pointer"], error["code"]) == field


def test_hundred_people_are_put_at_once(parley: Parley) -> None:
    people = [{"id": f"p{number}", "name": f"P {number}"} for number in range(100)]

    reply = host(parley).put("/users", json={"users": people})

    assert {one["status"] for one in reply.json["results"]} == {201}
    assert [one["id"] for one in reply.json["results"]] == [one["id"] for one in people]
    ids = ",".join(f"p{number}" for number in range(100))
    assert len(host(parley).get(f"/users?ids={ids}").json["users"]) == 100


@pytest.mark.parametrize(
    "body, fields",
    [
        ({}, [("/users", "required")]),
        ({"users": []}, [("/users", "too_few_items")]),
        ({"users": [{"id": f"p{number}"} for number in range(101)]}, [("/users", "too_many_items")]),
        ({"users": {}}, [("/users", "wrong_type")]),
        ({"users": [{}], "people": []}, [("/people", "unknown_field")]),
    ],
)
def test_bad_request_is_refused_as_a_whole(parley: Parley, body: Frame, fields: list[tuple[str, str]]) -> None:
    service = host(parley)
    before = stored(parley)

    assert refusal(service.put("/users", json=body)) == invalid(*fields)
    assert stored(parley) == before


def test_body_that_makes_no_sense_is_refused(parley: Parley) -> None:
    service = host(parley)

    assert malformed_bodies(lambda raw: service.put("/users", raw=raw)) == {}


def test_nobody_but_the_host_may(parley: Parley) -> None:
    mallory = parley.user("mallory", role="moderator")

    assert refusal(mallory.put("/users", json={"users": [{"id": "mallory"}]})) == ("service_only", 403, [])


def test_person_who_is_being_erased_is_refused_alone(parley: Parley) -> None:
    parley.user("bob")
    host(parley).delete("/users/bob")

    results = host(parley).put("/users", json={"users": [{"id": "bob"}, {"id": "zoe"}]}).json["results"]

    assert [one["status"] for one in results] == [409, 201]
    assert results[0]["problem"]["code"] == "erasure_running"


def test_person_who_was_erased_begins_as_a_new_one(parley: Parley) -> None:
    parley.user("bob")
    erased(parley, "bob")

    results = host(parley).put("/users", json={"users": [{"id": "bob", "name": "Bob"}]}).json["results"]

    assert [one["status"] for one in results] == [201]
    assert host(parley).get("/users/bob").json["name"] == "Bob"


def test_half_an_emoji_refuses_only_the_person_whose_it_is(parley: Parley) -> None:
    people = [{"id": "bob", "name": "Bob"}, {"id": "carol", "name": "Carol \ud83d"}, {"id": "dave"}]

    reply = host(parley).put("/users", json={"users": people})

    first, second, third = reply.json["results"]
    assert (reply.status, first["status"], third["status"]) == (200, 201, 201)
    assert (second["id"], second["status"]) == ("carol", 400)
    assert second["problem"]["errors"] == [{"pointer": "/users/1/name", "code": "bad_format"}]
    outside = host(parley).put("/users", json={"users": people, "no\ud83d": 1})
    assert refusal(outside) == invalid(("/no\ufffd", "unknown_field"))


def test_every_wrong_field_of_a_person_is_named_at_once(parley: Parley) -> None:
    wrong = {
        "avatar_url": "ftp://x",
        "locale": "?",
        "email": "x",
        "metadata": [],
        "time_zone": "Europe/Atlantis",
        "role": "service",
    }
    some = {name: wrong[name] for name in ("time_zone", "metadata", "role")}

    reply = host(parley).put("/users", json={"users": [{"id": "bob", **wrong}, {"id": "eve", **some}]})

    first, second = ({one["pointer"] for one in item["problem"]["errors"]} for item in reply.json["results"])
    assert {pointer.split("/")[3] for pointer in first} == wrong.keys() - {"role"}, first
    assert {pointer.split("/")[3] for pointer in second} == {"time_zone", "metadata", "role"}, second
