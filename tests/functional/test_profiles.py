"""The fields of a profile: who sets them, and who sees them."""

import json
from typing import Any

import pytest

from tests.functional.moderation import moderator
from tests.functional.replies import invalid, refusal, stored
from tests.harness import Frame, Parley, User
from tests.harness.fixtures import forget_told

OTHERS_SEE: dict[str, Any] = {
    "name": "Bob",
    "role": "student",
    "avatar_url": "https://cdn.example.org/b.png",
    "metadata": {"house": "red", "level": 3, "odd": [1.5, None, True]},
}
MODERATORS_SEE = OTHERS_SEE | {"locale": "de-CH", "time_zone": "Europe/Zurich"}
BOB_SEES = MODERATORS_SEE | {"email": "bob@example.org"}
HOST_SEES = BOB_SEES | {"private_metadata": {"crm": "4711"}}


def host(parley: Parley) -> User:
    return parley.user("backend", role="service")


def put_bob(parley: Parley, **fields: object) -> Frame:
    reply = host(parley).put("/users/bob", json=HOST_SEES | fields)
    assert reply.status < 300, reply
    return dict(reply.json)


def shown(person: Frame) -> Frame:
    return {name: value for name, value in person.items() if name not in ("id", "contexts", "profile_seq")}


def test_each_reader_sees_what_they_may(parley: Parley) -> None:
    answered = put_bob(parley)
    bob, alice = parley.bearer(parley.token("bob", "student"), "bob"), parley.user("alice")
    moderator = parley.user("mia", role="moderator")

    assert [shown(one.get("/users/bob").json) for one in (alice, moderator, bob, host(parley))] == [
        OTHERS_SEE, MODERATORS_SEE, BOB_SEES, HOST_SEES,
    ]  # fmt: skip
    assert shown(answered) == HOST_SEES
    assert shown(next(one for one in alice.get("/users").json["users"] if one["id"] == "bob")) == OTHERS_SEE
    me = bob.get("/me").json
    assert {name: me[name] for name in BOB_SEES} == BOB_SEES
    assert "private_metadata" not in me


def test_fields_that_are_not_set_are_missing_and_null_in_me(parley: Parley) -> None:
    alice = parley.user("alice")

    assert alice.get("/users/alice").json.keys() == {"id", "name", "role", "contexts", "profile_seq"}
    me = alice.get("/me").json
    assert [me[name] for name in ("avatar_url", "locale", "time_zone", "email", "metadata")] == [None] * 5


def test_profile_seq_grows_with_what_others_see(parley: Parley) -> None:
    first = put_bob(parley)["profile_seq"]
    unseen = put_bob(parley, locale="fr", private_metadata={})["profile_seq"]
    seen = [put_bob(parley, **change)["profile_seq"] for change in ({"name": "B"}, {"avatar_url": None})]

    assert first == unseen < seen[0] < seen[1]


@pytest.mark.parametrize(
    "body, fields",
    [
        ({"avatar_url": "http://a/b"}, [("/avatar_url", "bad_format")]),
        ({"avatar_url": "javascript:alert(1)"}, [("/avatar_url", "bad_format")]),
        ({"avatar_url": 'https://a/"><b'}, [("/avatar_url", "bad_format")]),
        ({"avatar_url": "https://a/" + "x" * 1_015}, [("/avatar_url", "too_long")]),
        ({"locale": "de_CH"}, [("/locale", "bad_format")]),
        ({"locale": "d"}, [("/locale", "bad_format")]),
        ({"locale": "xx-yy-zz-11"}, [("/locale", "bad_format")]),
        ({"time_zone": "Europe/Atlantis"}, [("/time_zone", "not_allowed")]),
        ({"time_zone": "+02:00"}, [("/time_zone", "bad_format")]),
        ({"email": "bob"}, [("/email", "bad_format")]),
        ({"email": "b@" + "x" * 253}, [("/email", "too_long")]),
        ({"metadata": []}, [("/metadata", "wrong_type")]),
        ({"metadata": "{}"}, [("/metadata", "wrong_type")]),
        ({"metadata": {"a": "x" * 2_041}}, [("/metadata", "too_many_bytes")]),
        ({"metadata": {"a": "\ud800"}}, [("/metadata/a", "bad_format")]),
        ({"private_metadata": {"a": "ä" * 1_021}}, [("/private_metadata", "too_many_bytes")]),
    ],
)
def test_bad_field_is_refused(parley: Parley, body: Frame, fields: list[tuple[str, str]]) -> None:
    service = host(parley)
    before = stored(parley)

    assert refusal(service.put("/users/bob", json=body)) == invalid(*fields)
    assert stored(parley) == before


def nested(depth: int) -> str:
    return '{"a":' * (depth - 1) + "{}" + "}" * (depth - 1)


@pytest.mark.parametrize(
    "text, below, code",
    [
        ('{"a": 1, "a": 2}', "/a", "repeated"),
        ('{"b": {"a": 1, "a": 1}}', "/b/a", "repeated"),
        (nested(9), "/a" * 8, "too_deep"),
        (nested(40), "/a" * 8, "too_deep"),
        ('{"a": 1e999}', "/a", "bad_format"),
        ('{"a": "b\\u0000"}', "/a", "bad_format"),
        ('{"a": 9007199254740992}', "/a", "too_large"),
        ('{"a": ' + "9" * 4_000 + "}", "/a", "too_large"),
    ],
)
def test_object_that_readers_would_not_agree_on_is_refused_as_in_a_message(
    parley: Parley, text: str, below: str, code: str
) -> None:
    service = host(parley)

    for name in ("metadata", "private_metadata"):
        reply = service.put("/users/bob", raw=f'{{"{name}": {text}}}'.encode())
        assert refusal(reply) == invalid((f"/{name}{below}", code))
    many = service.put("/users", raw=f'{{"users": [{{"id": "bob", "metadata": {text}}}]}}'.encode())
    [error] = many.json["results"][0]["problem"]["errors"]
    assert (error["pointer"], error["code"]) == (f"/users/0/metadata{below}", code)


def test_size_of_an_object_is_named_beside_other_faults(parley: Parley) -> None:
    reply = host(parley).put("/users/bob", json={"locale": "d", "metadata": {"a": "x" * 2_041}})

    assert refusal(reply) == invalid(("/locale", "bad_format"), ("/metadata", "too_many_bytes"))
    assert [error.get("limit") for error in reply.json["errors"]] == [None, 2_048]


def test_largest_object_is_kept_and_null_is_none(parley: Parley) -> None:
    largest = {"a": "x" * 2_040}
    assert put_bob(parley, metadata=largest)["metadata"] == largest
    assert host(parley).put("/users/bob", raw=f'{{"metadata": {nested(8)}}}'.encode()).status == 200
    assert "metadata" not in put_bob(parley, metadata=None)


def test_person_sets_what_the_deployment_lets_them(parley: Parley) -> None:
    put_bob(parley)
    bob = parley.bearer(parley.token("bob", "student"), "bob")
    wanted = {"avatar_url": "https://cdn.example.org/own.png", "locale": "fr", "time_zone": "Europe/Paris"}

    me = bob.patch("/me", json=wanted)
    put_bob(parley, name="Robert")
    parley.advance(400)
    parley.user("bob", role="student")

    assert me.status == 200
    assert {name: me.json[name] for name in wanted} == wanted
    assert {name: bob.get("/me").json[name] for name in wanted} == wanted
    back = bob.patch("/me", json={"avatar_url": None}).json
    assert (back["avatar_url"], back["locale"]) == (HOST_SEES["avatar_url"], "fr")


def test_field_that_a_person_may_not_set_is_refused_with_the_rule(parley: Parley) -> None:
    bob = parley.user("bob")

    reply = bob.patch("/me", json={"name": "Admin", "locale": "fr", "show_last_seen": False})

    assert refusal(reply) == ("field_not_editable", 403, [("/name", "not_allowed")])
    assert reply.json["rule"] == "SelfEditableFields"
    me = bob.get("/me").json
    assert (me["locale"], me["show_last_seen"]) == (None, True)


@pytest.mark.parametrize("editable, allowed", [("none", []), ("name,metadata", ["name", "metadata"])])
def test_deployment_decides(parley: Parley, monkeypatch: pytest.MonkeyPatch, editable: str, allowed: list[str]) -> None:
    monkeypatch.setenv("SELF_EDITABLE_FIELDS", editable)
    bob = parley.user("bob")
    fields = {"name": "B", "avatar_url": "https://a/b", "locale": "fr", "time_zone": "UTC", "metadata": {"a": 1}}

    assert [name for name in fields if bob.patch("/me", json={name: fields[name]}).status == 200] == allowed


def test_banned_words_apply_to_a_name_that_people_set_as_to_a_title(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SELF_EDITABLE_FIELDS", "name,locale,metadata")
    bob = parley.user("bob", name="Bob")
    actions = ("reject", "mask", "flag")
    rules = [{"id": f"r-{action}", "text": f"{action}me", "action": action} for action in actions]
    mona = moderator(parley)
    assert mona.put("/admin/banned-words", json={"version": 0, "rules": rules}).status == 200
    forget_told()

    refused = bob.patch("/me", json={"name": "Mr RejectMe", "locale": "fr", "show_last_seen": False})
    me = bob.get("/me").json
    masked = bob.patch("/me", json={"name": "MаskMe Bob"})
    flagged = bob.patch("/me", json={"name": "Flagme", "metadata": {"a": "rejectme"}})

    assert refusal(refused) == ("banned_words", 422, [("/name", "not_allowed")])
    assert refused.json["rule"] == "banned_words: r-reject"
    assert (me["name"], me["locale"], me["show_last_seen"]) == ("Bob", None, True)
    assert (masked.status, masked.json["name"]) == (200, "****** Bob")
    assert (flagged.status, flagged.json["name"], flagged.json["metadata"]) == (200, "Flagme", {"a": "rejectme"})
    assert mona.get("/admin/reports").json["reports"] == []


def test_program_has_no_profile_to_set(parley: Parley) -> None:
    reply = host(parley).patch("/me", json={"locale": "fr"})

    assert refusal(reply) == ("field_not_editable", 403, [("/locale", "not_allowed")])


def test_bad_own_field_is_refused(parley: Parley) -> None:
    bob = parley.user("bob")

    assert refusal(bob.patch("/me", json={"time_zone": "Mars/Base"})) == invalid(("/time_zone", "not_allowed"))
    assert refusal(bob.patch("/me", json={"role": "admin"})) == invalid(("/role", "unknown_field"))
    assert refusal(bob.patch("/me", json={"email": "a@b"})) == invalid(("/email", "unknown_field"))


def test_many_profiles_at_once_are_those_that_each_alone_would_be(parley: Parley) -> None:
    alice = parley.user("alice")
    put_bob(parley)
    blocker = parley.user("carol")
    blocker.put("/users/alice/block")

    reply = alice.get("/users?ids=bob,carol,nobody,alice,bob,~parley.erased-x")

    assert reply.json["next"] is None
    assert reply.json["users"] == [alice.get(f"/users/{one}").json for one in ("bob", "alice")]


@pytest.mark.parametrize(
    "query, field",
    [
        ("ids=", ("?ids", "too_short")),
        ("ids=a,,b", ("?ids", "bad_format")),
        ("ids=" + ",".join("abc" for _ in range(101)), ("?ids", "too_many_items")),
        ("ids=a&role=user", ("?role", "contradiction")),
        ("ids=a&q=a", ("?q", "contradiction")),
    ],
)
def test_bad_list_of_ids_is_refused(parley: Parley, query: str, field: tuple[str, str]) -> None:
    assert refusal(parley.user("alice").get(f"/users?{query}")) == invalid(field)


def test_erasure_leaves_nothing_of_a_profile(parley: Parley) -> None:
    put_bob(parley)
    bob = parley.bearer(parley.token("bob", "student"), "bob")
    bob.patch("/me", json={"avatar_url": "https://cdn.example.org/own.png"})
    host(parley).put("/users/bob", json=HOST_SEES | {"role": "tutor"})

    host(parley).delete("/users/bob")
    parley.drain()

    left = json.dumps(stored(parley), default=str)
    assert [word for word in ("own.png", "b.png", "example.org", "4711", "Zurich", "house") if word in left] == []


ITEM_BYTES = 48 * 1024  # of a row that all three parties have filled; a page of 101 is under BatchGetItem's 16 MB


def test_row_of_the_largest_profile_and_a_page_of_them(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELF_EDITABLE_FIELDS", "name,avatar_url,locale,time_zone,metadata")
    url, zone = "https://a/" + "x" * 1_014, "America/Argentina/ComodRivadavia"
    fields: Frame = {"name": "👋" * 200, "avatar_url": url, "locale": "en" + "-abcdefgh" * 3, "time_zone": zone}
    fields |= {"metadata": {"a": "ä" * 1_020}}
    full = fields | {"email": "b" * 64 + "@" + "x" * 189, "private_metadata": {"a": "x" * 2_040}}
    full |= {"contexts": {f"t{number}": [f"{'x' * 50}{each}" for each in range(4)] for number in range(19)}}
    people = [f"p{number}" for number in range(100)]
    for user_id in people[:3]:
        parley.user(user_id, name="x" * 200, contexts=full["contexts"])
        assert host(parley).put(f"/users/{user_id}", json=full).status == 200
        assert parley.bearer(parley.token(user_id), user_id).patch("/me", json=fields).status == 200
    results = host(parley).put("/users", json={"users": [{"id": one, **full} for one in people]}).json["results"]
    assert {one["status"] for one in results} == {200, 201}

    rows = [json.dumps(json.loads(row), ensure_ascii=False) for row in stored(parley)["Users"]]
    assert 24 * 1024 < max(len(row.encode()) for row in rows) < ITEM_BYTES
    assert len(host(parley).get(f"/users?ids={','.join(people)}").json["users"]) == 100
    assert len(host(parley).get("/users?limit=100").json["users"]) == 100
