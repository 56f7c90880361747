"""PUT /support/automations: the rules of the desk are replaced as they were read."""

import json
from pathlib import Path

import pytest

from parley.domain.support.automations import MAX_LIST_BYTES, MAX_RULES, StoredAutomations
from tests.functional.automating import PATH, have, put, rule
from tests.functional.canned import admin
from tests.functional.desk import agent
from tests.functional.erasures import erased
from tests.functional.replies import invalid, refusal
from tests.harness import Parley

ROOT = Path(__file__).parents[3]


def test_put_replaces_the_whole_list(parley: Parley) -> None:
    ada, alan = admin(parley), admin(parley, "alan")
    first = put(ada, 0, rule("a", reply="Hello {{requester.name}}"))
    parley.clock.ms += 1000

    second = put(alan, 1, rule("b", add_tags=["b"]), rule("c", team=None, assignee_id=None))

    assert (first.status, first.json["version"], second.status, second.json["version"]) == (200, 1, 200, 2)
    assert [each["id"] for each in second.json["rules"]] == ["b", "c"]
    assert second.json["rules"][1]["then"] == {"assignee_id": None, "team": None}
    assert second.json["updated_by"] == "alan"
    assert first.json["updated_at"] < second.json["updated_at"]
    assert ada.get(PATH).json == second.json
    assert put(alan, 2).json["rules"] == []


def test_repeat_answers_the_same_and_a_stale_version_is_refused(parley: Parley) -> None:
    ada = admin(parley)
    first = put(ada, 0, rule("a", reply="x"))
    parley.clock.ms += 1000

    again, other, of_another = (
        put(ada, 0, rule("a", reply="x")),
        put(ada, 0, rule("a", reply="y")),
        put(admin(parley, "alan"), 0, rule("a", reply="x")),
    )

    assert first.json == again.json
    for stale in (other, of_another, put(ada, 7)):
        assert (refusal(stale), stale.json["rule"]) == (("automations_changed", 409, []), "version: as it was read")


def test_the_list_in_the_guide_can_be_saved(parley: Parley) -> None:
    page = (ROOT / "docs" / "guides" / "support.md").read_text(encoding="utf-8")
    _, _, text = page.partition("```\nPUT /support/automations\n")

    saved = admin(parley).put(PATH, json=json.loads(text.partition("```")[0]))

    assert (saved.status, len(saved.json["rules"])) == (200, 7)


@pytest.mark.parametrize(
    ("wanted", "code", "pointer", "field"),
    [
        (rule("A", reply="x"), "invalid_request", "/rules/1/id", "bad_format"),
        (rule("ok", reply="x"), "invalid_request", "/rules/1/id", "duplicate"),
        (rule("b", "sometimes", reply="x"), "invalid_request", "/rules/1/on", "not_allowed"),
        (rule("b", "idle", after_minutes=9, reply="x"), "invalid_request", "/rules/1/after_minutes", "too_small"),
        (rule("b", after_minutes=60, reply="x"), "invalid_request", "/rules/1/after_minutes", "not_allowed"),
        (rule("b", clock="resolution", reply="x"), "invalid_request", "/rules/1/clock", "not_allowed"),
        (rule("b", conditions=1, reply="x"), "invalid_request", "/rules/1/if", "wrong_type"),
        (
            rule("b", conditions={"colour": ["red"]}, reply="x"),
            "invalid_request",
            "/rules/1/if/colour",
            "unknown_field",
        ),
        (rule("b", colour="red"), "invalid_request", "/rules/1/then/colour", "unknown_field"),
        (
            rule("b", conditions={"category": ["x"]}, reply="x"),
            "unknown_category",
            "/rules/1/if/category/0",
            "not_allowed",
        ),
        (
            rule("b", conditions={"context": ["x"]}, reply="x"),
            "unknown_context_type",
            "/rules/1/if/context/0",
            "not_allowed",
        ),
        (rule("b", category="x"), "unknown_category", "/rules/1/then/category", "not_allowed"),
        (rule("b", team="x"), "unknown_team", "/rules/1/then/team", "not_allowed"),
        (rule("b", reply="{{agent.age}}"), "unknown_placeholder", "/rules/1/then/reply", "unknown_placeholder"),
        (rule("b"), "invalid_request", "/rules/1/then", "required"),
        (rule("b", assignee_id="nobody"), "unknown_assignee", "/rules/1/then/assignee_id", "not_allowed"),
        (rule("b", assignee_id="alice"), "unknown_assignee", "/rules/1/then/assignee_id", "not_allowed"),
        (
            rule("b", notify={"user_ids": ["agnes", "alice"]}),
            "unknown_assignee",
            "/rules/1/then/notify/user_ids/1",
            "not_allowed",
        ),
        (rule("b", "idle", reply="x"), "rule_loops", "/rules/1", "rule_loops"),
    ],
)
def test_each_fault_has_its_code_and_its_place(
    parley: Parley, wanted: dict[str, object], code: str, pointer: str, field: str
) -> None:
    ada = admin(parley)
    parley.user("alice").get("/me")
    agent(parley).get("/me")

    refused = put(ada, 0, rule("ok", reply="x"), wanted)

    assert refusal(refused) == (code, 400, [(pointer, field)])
    assert ada.get(PATH).json["version"] == 0


def test_agent_who_has_lost_the_role_keeps_nobody_from_saving(parley: Parley) -> None:
    ada = admin(parley)
    agent(parley, "bob").get("/me")
    give, tell = rule("give", assignee_id="bob"), rule("tell", notify={"user_ids": ["bob"]})
    assert put(ada, 0, give, tell).status == 200
    parley.user("bob", role="user").get("/me")

    assert put(ada, 1, rule("new", reply="x"), tell, {**give, "name": "Another name"}).json["version"] == 2
    assert put(ada, 2, give, rule("off", enabled=False, assignee_id="bob")).json["version"] == 3
    moved = put(ada, 3, rule("give", notify={"user_ids": ["bob", "nobody"]}), tell, rule("other", assignee_id="bob"))

    places = ["/rules/0/then/notify/user_ids/1", "/rules/1/then/notify/user_ids/0", "/rules/2/then/assignee_id"]
    assert refusal(moved) == ("unknown_assignee", 400, [(place, "not_allowed") for place in places])
    assert put(ada, 3, rule("off", enabled=False, assignee_id="nobody")).status == 200
    assert ada.get(PATH).json["version"] == 4


def test_rules_that_undo_each_other_are_refused(parley: Parley) -> None:
    up = rule("up", "idle", {"priority": ["low"]}, priority="high")
    down = rule("down", "idle", {"priority": ["high"]}, priority="low")

    refused = put(admin(parley), 0, up, down)

    assert refusal(refused) == ("rule_loops", 400, [("/rules/1", "rule_loops")])
    assert "up, down" in refused.json["detail"]
    assert put(admin(parley), 0, up).status == 200


def test_the_list_has_bounds(parley: Parley) -> None:
    ada = admin(parley)
    assert refusal(ada.put(PATH, json={"version": 0})) == invalid(("/rules", "required"))
    assert refusal(ada.put(PATH, json={"rules": []})) == invalid(("/version", "required"))
    many = [rule(f"r{number}", reply="x") for number in range(MAX_RULES + 1)]
    assert refusal(put(ada, 0, *many)) == invalid(("/rules", "too_many_items"))

    wide = [rule(f"r{number}", reply="\U0001f600" * 1_470) for number in range(MAX_RULES)]
    assert MAX_LIST_BYTES * 0.99 < len(json.dumps(wide, ensure_ascii=False).encode()) < MAX_LIST_BYTES * 1.05
    assert put(ada, 0, *wide).status == 200  # the largest row that the table gets
    assert len(ada.get(PATH).json["rules"]) == MAX_RULES
    wider = [rule(f"r{number}", reply="\U0001f600" * 1_500) for number in range(MAX_RULES)]
    assert refusal(put(ada, 1, *wider)) == ("automations_too_large", 413, [("/rules", "too_long")])


@pytest.mark.parametrize("role", ["user", "agent"])
def test_only_support_admins_and_the_host_save_rules(parley: Parley, role: str) -> None:
    refused = put(parley.user("eve", role=role), 0)

    assert (refusal(refused), refused.json["rule"]) == (("support_admins_only", 403, []), "SupportAdminRoles")
    assert put(parley.user("backend", role="service"), 0).json["updated_by"] == "~parley.system-host"


def test_two_who_save_at_once_do_not_undo_each_other(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, alan = admin(parley), admin(parley, "alan")
    from parley.adapters.support import automations

    write, waiting = automations.put_automations, [lambda: put(alan, 0, rule("his", reply="x"))]

    def put_automations(before: StoredAutomations, after: StoredAutomations) -> None:
        if waiting:
            waiting.pop()()
        write(before, after)

    monkeypatch.setattr(automations, "put_automations", put_automations)

    assert refusal(put(ada, 0, rule("hers", reply="x"))) == ("automations_changed", 409, [])
    assert [each["id"] for each in ada.get(PATH).json["rules"]] == ["his"]


def test_an_erased_person_leaves_the_rules(parley: Parley) -> None:
    alan = admin(parley, "alan")
    agent(parley).get("/me")
    have(
        parley,
        rule("gone", assignee_id="ada"),
        rule("kept", assignee_id="ada", priority="high"),
        rule("other", notify={"user_ids": ["ada", "agnes"]}),
        rule("alone", notify={"user_ids": ["ada"]}, reply="x"),
    )

    pseudonym = erased(parley, "ada")["receipt"]["pseudonym"]

    found = alan.get(PATH).json
    assert (found["updated_by"], found["version"]) == (pseudonym, 2)
    assert [(each["id"], each["then"]) for each in found["rules"]] == [
        ("kept", {"priority": "high"}),
        ("other", {"notify": {"user_ids": ["agnes"]}}),
        ("alone", {"reply": "x"}),
    ]
    assert put(alan, 2, *found["rules"]).status == 200
