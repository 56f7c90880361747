"""POST /support/macros: support admins keep macros, each once, of what the desk can do."""

import re
from collections.abc import Callable

import pytest

from parley.domain.support.macros import MAX_MACROS, StoredMacro
from tests.functional.canned import admin
from tests.functional.desk import agent, use_office
from tests.functional.macros import EFFECTS, PATH, all_kept, keep, kept
from tests.functional.replies import invalid, refusal
from tests.functional.talk import named
from tests.harness import Frame, Parley

LONGEST = {
    "reply": "\x01" * 9_999 + "ü",  # six characters of JSON each
    "status": "resolved",
    "priority": "urgent",
    "category": "general",
    "add_tags": [f"{number}{'ü' * 49}" for number in range(10)],
    "remove_tags": [f"{number}{'ö' * 49}" for number in range(10)],
    "assignee_id": "a" * 128,
    "team": None,
}


def test_support_admin_keeps_a_macro_that_agents_read(parley: Parley) -> None:
    ada = admin(parley)

    reply = keep(ada)

    new = reply.json
    assert reply.status == 201
    assert re.fullmatch(r"mc_[a-z2-7]{26}", new["id"])
    assert {name: new[name] for name in ("title", "effects", "version", "created_by", "updated_by")} == {
        "title": "Refund",
        "effects": {**EFFECTS, "remove_tags": [], "take": False},
        "version": 1,
        "created_by": "ada",
        "updated_by": "ada",
    }
    assert (new["created_at"], new["users"]) == (new["updated_at"], named(parley, "ada"))
    assert all_kept(agent(parley)) == [{name: new[name] for name in new if name != "users"}]


@pytest.mark.parametrize("role", ["user", "agent", "moderator", "admin"])
def test_only_support_admins_keep_macros(parley: Parley, role: str) -> None:
    reply = keep(parley.user("eve", role=role))

    assert (refusal(reply), reply.json["rule"]) == (("support_admins_only", 403, []), "SupportAdminRoles")
    assert all_kept(agent(parley)) == []


def test_host_keeps_macros_in_its_own_name(parley: Parley) -> None:
    host, other = (parley.user(user_id, role="service") for user_id in ("backend", "worker"))

    new = kept(host, client_id="c1")

    assert (new["created_by"], new["users"]["~parley.system-host"]["name"]) == ("~parley.system-host", "Host")
    assert keep(other, client_id="c1").json == new


def test_a_client_id_makes_one_macro_only(parley: Parley) -> None:
    ada = admin(parley)

    first, second = (keep(ada, client_id="c1") for _ in range(2))

    assert (first.status, second.status, first.json) == (201, 200, second.json)
    assert len(all_kept(ada)) == 1
    other = keep(ada, {"status": "closed"}, client_id="c1")
    assert refusal(other) == ("client_id_reused", 422, [("/client_id", "client_id_reused")])
    assert keep(admin(parley, "alan"), client_id="c1").status == 201


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"title": " "}, [("/title", "blank")]),
        ({"title": "x" * 201}, [("/title", "too_long")]),
        ({"client_id": "a b"}, [("/client_id", "bad_format")]),
        ({"labels": []}, [("/labels", "unknown_field")]),
        ({"effects": None}, [("/effects", "wrong_type")]),
        ({"effects": {}}, [("/effects", "required")]),
        ({"effects": {"take": False, "reply": None}}, [("/effects", "required")]),
        ({"effects": {"subject": "x"}}, [("/effects/subject", "unknown_field")]),
        ({"effects": {"reply": " "}}, [("/effects/reply", "blank")]),
        ({"effects": {"reply": "x" * 10_001}}, [("/effects/reply", "too_long")]),
        ({"effects": {"status": "done"}}, [("/effects/status", "not_allowed")]),
        ({"effects": {"status": None}}, [("/effects/status", "wrong_type")]),
        ({"effects": {"priority": "late"}}, [("/effects/priority", "not_allowed")]),
        ({"effects": {"add_tags": ["a b"]}}, [("/effects/add_tags/0", "bad_format")]),
        ({"effects": {"add_tags": list("abcdefghijk")}}, [("/effects/add_tags", "too_many_items")]),
        ({"effects": {"remove_tags": list("abcdefghijk")}}, [("/effects/remove_tags", "too_many_items")]),
        ({"effects": {"add_tags": ["a"], "remove_tags": ["b", "a"]}}, [("/effects/remove_tags/1", "contradiction")]),
        ({"effects": {"assignee_id": "a b"}}, [("/effects/assignee_id", "bad_format")]),
        ({"effects": {"take": True, "assignee_id": None}}, [("/effects/take", "contradiction")]),
    ],
    ids=lambda value: str(value)[:60],
)
def test_bad_field_is_named(parley: Parley, fields: Frame, errors: list[tuple[str, str]]) -> None:
    body = {"title": "Refund", "effects": EFFECTS, **fields}

    assert refusal(admin(parley).post(PATH, json=body)) == invalid(*errors)


@pytest.mark.parametrize(
    ("effects", "refused"),
    [
        ({"reply": "{{requester.nme}}"}, ("unknown_placeholder", 400, [("/effects/reply", "unknown_placeholder")])),
        ({"category": "legal"}, ("unknown_category", 400, [("/effects/category", "not_allowed")])),
        ({"team": "legal"}, ("unknown_team", 400, [("/effects/team", "not_allowed")])),
        ({"assignee_id": "nobody"}, ("unknown_assignee", 400, [("/effects/assignee_id", "not_allowed")])),
        ({"assignee_id": "alice"}, ("unknown_assignee", 400, [("/effects/assignee_id", "not_allowed")])),
    ],
    ids=str,
)
def test_what_the_desk_does_not_have_is_refused_and_nothing_is_kept(
    parley: Parley, effects: dict[str, object], refused: tuple[object, ...]
) -> None:
    parley.user("alice")
    ada = admin(parley)

    assert refusal(keep(ada, effects)) == refused
    assert all_kept(ada) == []


def test_categories_teams_and_agents_of_the_desk_are_taken(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    use_office(monkeypatch)
    agent(parley)
    effects = {"category": "booking", "team": "quality", "assignee_id": "agnes"}

    new = kept(admin(parley), effects)

    assert {name: new["effects"][name] for name in effects} == effects
    assert new["users"] == named(parley, "ada", "agnes")


def test_largest_macro_is_kept(parley: Parley) -> None:
    agent(parley, "a" * 128)
    ada = admin(parley)

    new = kept(ada, LONGEST, title="ü" * 200)

    assert new["effects"] == {**LONGEST, "take": False}
    assert all_kept(ada)[0]["effects"] == new["effects"]


def fill_desk(parley: Parley, count: int) -> None:
    parley.store.client("dynamodb").put_item(
        TableName=parley.template.resources["Tickets"].ref,
        Item={"key": {"S": "macros"}, "place": {"S": "count"}, "macro_count": {"N": str(count)}},
    )


def test_desk_has_so_many_macros_and_no_more(parley: Parley) -> None:
    ada = admin(parley)
    fill_desk(parley, MAX_MACROS - 1)
    last = kept(ada, client_id="c1")

    full = keep(ada)

    assert (refusal(full), full.json["rule"]) == (("too_many_macros", 409, []), "macros")
    assert keep(ada, client_id="c1").status == 200
    assert ada.delete(f"{PATH}/{last['id']}").status == 200
    assert keep(ada).status == 201


def test_two_at_once_do_not_pass_the_bound(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, alan = admin(parley), admin(parley, "alan")
    fill_desk(parley, MAX_MACROS - 1)
    in_the_middle(monkeypatch, lambda: kept(alan))

    assert refusal(keep(ada)) == ("too_many_macros", 409, [])
    assert [each["created_by"] for each in all_kept(ada)] == ["alan"]


def in_the_middle(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Lets something happen once between the reading and the writing of a new macro."""
    from parley.adapters.support import kept_macros

    write = kept_macros.put_new
    waiting = [act]

    def put_new(new: StoredMacro) -> None:
        if waiting:
            waiting.pop()()
        write(new)

    monkeypatch.setattr(kept_macros, "put_new", put_new)
