"""GET /support/automations: the rules of the desk, for agents and the host's own server."""

from tests.functional.automating import PATH, have, rule
from tests.functional.canned import admin
from tests.functional.desk import agent
from tests.functional.replies import refusal
from tests.functional.talk import named
from tests.harness import Parley


def test_before_the_first_list_there_is_an_empty_one(parley: Parley) -> None:
    reply = agent(parley).get(PATH)

    assert reply.status == 200
    assert reply.json == {"version": 0, "rules": [], "updated_at": None, "updated_by": None, "users": {}}


def test_agents_and_the_host_read_what_was_saved(parley: Parley) -> None:
    agnes, host = agent(parley), parley.user("backend", role="service")
    saved = have(parley, rule("a", assignee_id="agnes", notify={"assignee": True}), rule("b", "idle", status="closed"))

    for reader in (agnes, host, admin(parley)):
        assert reader.get(PATH).json == saved
    assert saved["users"] == named(parley, "ada", "agnes")
    assert (saved["version"], saved["updated_by"]) == (1, "ada")
    assert saved["rules"][1] == {
        "id": "b",
        "name": "Rule b",
        "on": "idle",
        "after_minutes": 60,
        "if": {},
        "then": {"status": "closed"},
    }


def test_customers_do_not_read_them(parley: Parley) -> None:
    refused = parley.user("alice").get(PATH)

    assert (refusal(refused), refused.json["rule"]) == (("agents_only", 403, []), "AgentRoles")
