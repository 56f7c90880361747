"""PUT /contexts/{context_type}/{context_id}/people: the host adds and removes up to 100 people of a context."""

import pytest

from tests.functional.replies import invalid, malformed_bodies, refusal, stored
from tests.harness import Frame, Parley, User

PEOPLE = "/contexts/class/7b/people"


def host(parley: Parley) -> User:
    return parley.user("backend", role="service")


def listed(parley: Parley) -> list[str]:
    return [one["user_id"] for one in host(parley).get(f"{PEOPLE}?limit=100").json["people"]]


def test_each_person_is_added_or_removed_by_themselves(parley: Parley) -> None:
    for user_id in ("bob", "carol", "dave"):
        parley.user(user_id)
    host(parley).put(PEOPLE, json={"add": ["carol", "dave"]})

    reply = host(parley).put(PEOPLE, json={"add": ["bob", "carol", "zoe"], "remove": ["dave"]})

    statuses = [(one["id"], one["status"]) for one in reply.json["results"]]
    assert (reply.status, statuses) == (200, [("bob", 201), ("carol", 200), ("zoe", 404), ("dave", 200)])
    assert reply.json["results"][2]["problem"]["code"] == "unknown_user"
    assert listed(parley) == ["bob", "carol"]


@pytest.mark.parametrize(
    "user_id, status, field",
    [
        ("a/b", 400, ("/add/1", "bad_format")),
        ("", 400, ("/add/1", "bad_format")),
        ("x" * 129, 400, ("/add/1", "bad_format")),
        ("~parley.erased-abc", 400, ("/add/1", "bad_format")),
        ("bob", 400, ("/add/1", "repeated")),
        ("backend", 400, ("/add/1", "not_allowed")),
        ("gone", 404, ("/add/1", "not_allowed")),
    ],
)
def test_person_who_is_refused_stops_nobody_else(
    parley: Parley, user_id: str, status: int, field: tuple[str, str]
) -> None:
    for one in ("bob", "carol", "gone"):
        parley.user(one)
    host(parley).delete("/users/gone")

    results = host(parley).put(PEOPLE, json={"add": ["bob", user_id, "carol"]}).json["results"]

    assert [one["status"] for one in results] == [201, status, 201]
    assert results[1].get("id") == (user_id if len(user_id) <= 128 else None)
    [error] = results[1]["problem"]["errors"]
    assert (error["pointer"], error["code"]) == field


def test_person_who_is_added_and_removed_is_refused_the_second_time(parley: Parley) -> None:
    parley.user("bob")

    results = host(parley).put(PEOPLE, json={"add": ["bob"], "remove": ["bob"]}).json["results"]

    assert [one["status"] for one in results] == [201, 400]
    assert results[1]["problem"]["errors"] == [{"pointer": "/remove/0", "code": "repeated"}]
    assert listed(parley) == ["bob"]


def test_hundred_people_are_added_at_once(parley: Parley) -> None:
    ids = [f"p{number:03}" for number in range(100)]
    host(parley).put("/users", json={"users": [{"id": user_id} for user_id in ids]})

    reply = host(parley).put(PEOPLE, json={"add": ids})

    assert [(one["id"], one["status"]) for one in reply.json["results"]] == [(user_id, 201) for user_id in ids]
    assert listed(parley) == ids


MANY = [f"p{number}" for number in range(101)]


@pytest.mark.parametrize(
    "body, fields",
    [
        ({}, [("/add", "too_few_items")]),
        ({"add": [], "remove": []}, [("/add", "too_few_items")]),
        ({"add": MANY}, [("/add", "too_many_items")]),
        ({"add": MANY[:51], "remove": MANY[51:]}, [("/add", "too_many_items")]),
        ({"add": "bob"}, [("/add", "wrong_type")]),
        ({"add": [1]}, [("/add/0", "wrong_type")]),
        ({"add": ["bob"], "put": []}, [("/put", "unknown_field")]),
    ],
)
def test_bad_request_is_refused_as_a_whole(parley: Parley, body: Frame, fields: list[tuple[str, str]]) -> None:
    service = host(parley)
    before = stored(parley)

    assert refusal(service.put(PEOPLE, json=body)) == invalid(*fields)
    assert stored(parley) == before


def test_body_that_makes_no_sense_is_refused(parley: Parley) -> None:
    service = host(parley)

    assert malformed_bodies(lambda raw: service.put(PEOPLE, raw=raw)) == {}


@pytest.mark.parametrize(
    "path, field",
    [
        ("/contexts/CLASS/7b/people", ("{context_type}", "bad_format")),
        ("/contexts/class/7%2Fb/people", ("{context_id}", "bad_format")),
    ],
)
def test_odd_context_is_named(parley: Parley, path: str, field: tuple[str, str]) -> None:
    assert refusal(host(parley).put(path, json={"add": ["bob"]})) == invalid(field)


def test_nobody_but_the_host_may(parley: Parley) -> None:
    mallory = parley.user("mallory", role="moderator")

    assert refusal(mallory.put(PEOPLE, json={"add": ["mallory"]})) == ("service_only", 403, [])
