"""PUT /admin/banned-words: the list of banned words is replaced."""

from functools import partial

import pytest

from tests.functional.moderation import moderator
from tests.functional.replies import Refusal, at_once, invalid, malformed_bodies, refusal, stored
from tests.harness import Parley, Reply, User

CHANGED: Refusal = ("banned_words_changed", 409, [])


def put(person: User, version: int, *texts: str, action: str = "mask") -> Reply:
    rules = [{"text": text, "action": action} for text in texts]
    return person.put("/admin/banned-words", json={"version": version, "rules": rules})


def texts(reply: Reply) -> list[str]:
    return [rule["text"] for rule in reply.json["rules"]]


def test_list_is_replaced_as_a_whole(parley: Parley) -> None:
    mona = moderator(parley)
    put(mona, 0, "one", "two")

    reply = put(mona, 1, "two", "three")

    assert (reply.status, reply.json["version"], texts(reply)) == (200, 2, ["two", "three"])
    assert texts(mona.get("/admin/banned-words")) == ["two", "three"]
    assert put(mona, 2).json["rules"] == []


def test_rule_without_an_id_gets_the_same_one_each_time(parley: Parley) -> None:
    mona = moderator(parley)

    first, again = put(mona, 0, "one", "two").json, put(mona, 1, "two").json

    assert again["rules"][0]["id"] == first["rules"][1]["id"] != first["rules"][0]["id"]


def test_second_moderator_does_not_overwrite_the_first(parley: Parley) -> None:
    mona, ada = moderator(parley), moderator(parley, "ada", "admin")
    put(mona, 0, "one")
    before = stored(parley)

    assert refusal(put(ada, 0, "two")) == CHANGED
    assert refusal(put(ada, 0, "one")) == CHANGED
    assert refusal(put(mona, 5, "two")) == CHANGED
    assert stored(parley) == before


@pytest.mark.parametrize("version", [0, 1])
def test_of_several_at_the_same_moment_one_wins(parley: Parley, version: int) -> None:
    people = [moderator(parley, name) for name in ("mona", "max", "mia")]
    if version:
        put(people[0], 0, "before")

    replies = at_once([partial(put, person, version, person.user_id) for person in people])

    assert sorted(reply.status for reply in replies) == [200, 409, 409]
    [winner] = [reply for reply in replies if reply.status == 200]
    assert people[0].get("/admin/banned-words").json == winner.json


def test_the_same_again_is_the_same(parley: Parley) -> None:
    mona = moderator(parley)
    first = put(mona, 0, "one")
    before = stored(parley)

    assert put(mona, 0, "one").json == first.json
    assert stored(parley) == before


def test_it_is_in_the_audit_log_without_the_words(parley: Parley) -> None:
    mona = moderator(parley)
    put(mona, 0, "xylophone", "zither")
    put(mona, 1, "zither", "lute", action="mask")

    entries = mona.get("/admin/audit").json["entries"]

    assert [(one["action"], one["target"]) for one in entries] == [("put_banned_words", "banned_words")] * 2
    assert {"before": "1", "after": "2", "added": "1", "removed": "1"} in [one["details"] for one in entries]
    assert "zither" not in str(stored(parley)["Audit"])


def test_longest_list_of_the_longest_rules_fits(parley: Parley) -> None:
    mona = moderator(parley)
    rules = [
        {"id": f"{number:032d}", "kind": "pattern", "text": f"{number:04d}" + "𝐚" * 60, "action": "reject"}
        for number in range(1000)
    ]

    reply = mona.put("/admin/banned-words", json={"version": 0, "rules": rules})

    assert reply.status == 200
    assert mona.get("/admin/banned-words").json["rules"] == rules


def rule(**fields: object) -> dict[str, object]:
    return {"text": "fool", "action": "mask"} | fields


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"rules": []}, [("/version", "required")]),
        ({"version": 0}, [("/rules", "required")]),
        ({"version": -1, "rules": []}, [("/version", "too_small")]),
        ({"version": 0, "rules": [rule()] * 1001}, [("/rules", "too_many_items")]),
        ({"version": 0, "rules": [rule(action="shout")]}, [("/rules/0/action", "not_allowed")]),
        ({"version": 0, "rules": [{"text": "fool"}]}, [("/rules/0/action", "required")]),
        ({"version": 0, "rules": [rule(kind="regex")]}, [("/rules/0/kind", "not_allowed")]),
        ({"version": 0, "rules": [rule(id="a b")]}, [("/rules/0/id", "bad_format")]),
        ({"version": 0, "rules": [rule(id="a" * 33)]}, [("/rules/0/id", "too_long")]),
        ({"version": 0, "rules": [rule(text="")]}, [("/rules/0/text", "blank")]),
        ({"version": 0, "rules": [rule(text="x" * 65)]}, [("/rules/0/text", "too_long")]),
        ({"version": 0, "rules": [rule(), rule(text="two words")]}, [("/rules/1/text", "bad_format")]),
        ({"version": 0, "rules": [rule(text="**", kind="pattern")]}, [("/rules/0/text", "too_short")]),
        ({"version": 0, "rules": [rule(text="a*", kind="pattern")]}, [("/rules/0/text", "too_short")]),
        ({"version": 0, "rules": [rule(text="\u0301\u0302")]}, [("/rules/0/text", "blank")]),
        ({"version": 0, "rules": [rule(), rule()]}, [("/rules/1/id", "repeated")]),
        (
            {"version": 0, "rules": [rule(id="a"), rule(id="a", text="x y")]},
            [("/rules/1/text", "bad_format"), ("/rules/1/id", "repeated")],
        ),
    ],
)
def test_wrong_field_is_named(parley: Parley, body: dict[str, object], wrong: list[tuple[str, str]]) -> None:
    reply = moderator(parley).put("/admin/banned-words", json=body)

    assert refusal(reply) == invalid(*wrong)
    assert stored(parley)["WordLists"] == []


def test_body_that_makes_no_sense_is_refused(parley: Parley) -> None:
    mona = moderator(parley)

    assert malformed_bodies(lambda raw: mona.put("/admin/banned-words", raw=raw)) == {}


def test_only_moderators_may(parley: Parley) -> None:
    assert refusal(put(parley.user("alice"), 0, "one")) == ("moderators_only", 403, [])
    assert stored(parley)["WordLists"] == []
