"""PUT /support/agents/{user_id}: an agent comes on duty, and goes off it."""

from pathlib import Path

import pytest

from tests.functional.canned import admin
from tests.functional.desk import agent, open_ticket, put_on_duty, take, use_desk
from tests.functional.erasures import erased, everything, host
from tests.functional.replies import invalid, refusal
from tests.functional.talk import named
from tests.harness import Frame, Parley, User

DESK = 'teams = ["travel"]\nskills = ["german", "legal"]\n'


@pytest.fixture(autouse=True)
def desk(parley: Parley, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    use_desk(monkeypatch, tmp_path, DESK)


def roster(reader: User) -> list[Frame]:
    reply = reader.get("/support/agents")
    assert reply.status == 200, reply
    return list(reply.json["agents"])


def test_put_puts_the_caller_on_duty_and_leaves_what_is_not_named(parley: Parley) -> None:
    agnes = agent(parley)

    first = put_on_duty(agnes, limit=5, skills=["german", "german"], teams=["travel"])
    parley.clock.ms += 1000
    again, off = put_on_duty(agnes), put_on_duty(agnes, available=False, limit=None)

    assert first.status == 200, first
    assert first.json == {
        "user_id": "agnes",
        "available": True,
        "online": False,
        "limit": 5,
        "skills": ["german"],
        "teams": ["travel"],
        "open_tickets": 0,
        "updated_at": first.json["updated_at"],
        "users": named(parley, "agnes"),
    }
    assert again.json == first.json
    assert (off.json["available"], off.json["limit"], off.json["skills"]) == (False, None, ["german"])
    assert [entry["user_id"] for entry in roster(agnes)] == ["agnes"]


def test_an_entry_that_says_nothing_is_taken_off_the_roster(parley: Parley) -> None:
    agnes = agent(parley)
    put_on_duty(agnes)
    off = [put_on_duty(agnes, available=False) for _ in range(2)]

    assert [reply.status for reply in off] == [200, 200]
    assert roster(agnes) == []


def test_admins_and_the_host_put_others(parley: Parley) -> None:
    agent(parley), agent(parley, "ben")

    by_admin = put_on_duty(admin(parley), "agnes", skills=["legal"])
    by_host = put_on_duty(host(parley), "ben", limit=0)

    assert (by_admin.status, by_host.status) == (200, 200)
    assert [(entry["user_id"], entry["limit"]) for entry in roster(host(parley))] == [("agnes", None), ("ben", 0)]


def test_who_may_not(parley: Parley) -> None:
    agnes, alice = agent(parley), parley.user("alice")
    agent(parley, "ben")

    assert refusal(put_on_duty(agnes, "ben")) == ("support_admins_only", 403, [])
    assert refusal(put_on_duty(alice)) == ("agents_only", 403, [])
    assert refusal(put_on_duty(alice, "agnes")) == ("support_admins_only", 403, [])
    assert refusal(alice.get("/support/agents")) == ("agents_only", 403, [])
    assert roster(agnes) == []


def test_who_is_no_agent_cannot_be_put(parley: Parley) -> None:
    parley.user("alice")
    ada = admin(parley)

    assert refusal(put_on_duty(ada, "alice")) == ("agent_not_found", 404, [])
    assert refusal(put_on_duty(ada, "nobody")) == ("agent_not_found", 404, [])
    assert put_on_duty(ada, "alice", available=False).status == 200  # a former agent can always be taken off


def test_a_former_agent_stays_on_the_roster_until_taken_off(parley: Parley) -> None:
    alice, agnes, ben = parley.user("alice"), agent(parley), agent(parley, "ben")
    ticket_id = open_ticket(alice)
    put_on_duty(agnes, limit=5, skills=["german"], teams=["travel"])
    assert take(agnes, ticket_id).status == 200

    assert host(parley).put("/users/agnes", json={"role": "user"}).status == 200
    [entry] = roster(ben)
    queue = ben.get("/support/tickets/admin/all?assignee=agnes").json["tickets"]
    off = put_on_duty(admin(parley), "agnes", available=False, limit=None, skills=[], teams=[])
    wanted = {"ids": [ticket_id], "changes": {"assignee_id": "ben"}}
    given = ben.post("/support/tickets/bulk", json=wanted).json["results"]

    assert (entry["user_id"], entry["available"]) == ("agnes", True)
    assert [ticket["id"] for ticket in queue] == [ticket_id]
    assert (off.status, roster(ben)) == (200, [])
    assert [(result["status"], result["ticket"]["assignee_id"]) for result in given] == [(200, "ben")]


def test_bad_input_is_named(parley: Parley) -> None:
    agnes = agent(parley)

    assert refusal(put_on_duty(agnes, limit=-1)) == invalid(("/limit", "too_small"))
    assert refusal(put_on_duty(agnes, limit=1001)) == invalid(("/limit", "too_large"))
    assert refusal(put_on_duty(agnes, skills=["german", "latin"])) == (
        "unknown_skill",
        400,
        [("/skills/1", "not_allowed")],
    )
    assert refusal(put_on_duty(agnes, teams=["quality"])) == ("unknown_team", 400, [("/teams/0", "not_allowed")])
    assert refusal(agnes.put("/support/agents/agnes", json={})) == invalid(("/available", "required"))


def test_the_roster_has_a_bound(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.actions.support.roster.MAX_AGENTS", 2)
    monkeypatch.setattr("parley.adapters.support.roster.MAX_AGENTS", 2)
    agents = [agent(parley, user_id) for user_id in ("agnes", "ben", "cleo")]

    replies = [put_on_duty(each) for each in agents]

    assert [reply.status for reply in replies] == [200, 200, 409]
    assert refusal(replies[2]) == ("too_many_agents", 409, [])
    assert put_on_duty(agents[0], available=False).status == 200
    assert put_on_duty(agents[2]).status == 200


def test_an_erased_agent_leaves_the_roster(parley: Parley) -> None:
    agnes, ben = agent(parley), agent(parley, "ben")
    put_on_duty(agnes, skills=["german"])
    put_on_duty(ben)

    erased(parley, "agnes")

    assert [entry["user_id"] for entry in roster(ben)] == ["ben"]
    assert "agnes" not in str(everything(parley))
