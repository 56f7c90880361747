"""POST /support/tickets/{ticket_id}/assign: to an agent, to a team, to nobody."""

import pytest

from tests.functional.desk import agent, assign, change_all, history, open_ticket, take, use_office
from tests.functional.replies import refusal
from tests.functional.talk import names
from tests.harness import Parley


def test_agent_gives_a_ticket_to_another_who_comes_into_it(parley: Parley) -> None:
    alice, agnes, ada = parley.user("alice"), agent(parley), agent(parley, "ada")
    ticket_id = open_ticket(alice)
    desk = ada.connect()

    reply = assign(agnes, ticket_id, "ada", note="She knows the airline.")

    assert (reply.status, reply.json["assignee_id"], reply.json["status"]) == (200, "ada", "open")
    assert names(desk.events()) == ["conversation_created", "message_notification", "member_added", "ticket_updated"]
    [listed] = ada.get("/conversations?type=ticket").json["conversations"]
    assert (listed["id"], listed["unread"]) == (ticket_id, 1)
    assert agnes.get("/conversations?type=ticket").json["conversations"] == [], "who assigns is not in it"
    assert history(agnes, ticket_id)[1]["note"] == "She knows the airline."
    assert "note" not in history(alice, ticket_id)[1], "the requester does not see why"


def test_ticket_is_passed_on_and_put_back(parley: Parley) -> None:
    alice, agnes, ada = parley.user("alice"), agent(parley), agent(parley, "ada")
    ticket_id = open_ticket(alice)
    take(agnes, ticket_id)

    assert assign(ada, ticket_id, "ada").json["assignee_id"] == "ada"
    assert assign(ada, ticket_id, None).json["assignee_id"] is None

    assert [entry["changes"].get("assignee_id") for entry in history(ada, ticket_id)[2:]] == [
        {"from": "agnes", "to": "ada"},
        {"from": "ada", "to": None},
    ]


def test_team_is_one_of_the_desk(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    use_office(monkeypatch)
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)

    assert assign(agnes, ticket_id, None, team="quality").json["team"] == "quality"
    assert assign(agnes, ticket_id, None, team=None).json["team"] is None
    assert refusal(assign(agnes, ticket_id, None, team="pizza")) == (
        "unknown_team",
        400,
        [("/team", "not_allowed")],
    )


def test_only_agents_are_assigned(parley: Parley) -> None:
    alice, agnes, bob = parley.user("alice"), agent(parley), parley.user("bob")
    ticket_id = open_ticket(alice)

    for person in (bob.user_id, "nobody"):
        assert refusal(assign(agnes, ticket_id, person)) == (
            "unknown_assignee",
            400,
            [("/assignee_id", "not_allowed")],
        )
    assert refusal(assign(agnes, ticket_id, "alice")) == ("own_ticket", 403, [("/assignee_id", "not_allowed")])
    missing = agnes.post(f"/support/tickets/{ticket_id}/assign", json={})
    assert refusal(missing) == ("invalid_request", 400, [("/assignee_id", "required")])


def test_agent_does_not_assign_their_own_ticket(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    use_office(monkeypatch)
    agnes, ben = agent(parley), agent(parley, "ben")
    own = open_ticket(agnes)
    before = ben.get(f"/support/tickets/{own}").json

    for fields in ({}, {"note": "For you."}, {"team": "quality"}):
        for person in ("ben", None):
            assert refusal(assign(agnes, own, person, **fields)) == ("own_ticket", 403, [])
    for name, value in (("assignee_id", "ben"), ("assignee_id", None), ("team", "quality"), ("team", None)):
        [result] = change_all(agnes, [own], **{name: value}).json["results"]
        assert (result["problem"]["code"], result["status"]) == ("own_ticket", 403)
        assert [each["pointer"] for each in result["problem"]["errors"]] == [f"/changes/{name}"]
    assert ben.get(f"/support/tickets/{own}").json == before | {}
    assert assign(ben, own, "ben").status == 200


def test_former_agent_is_not_assigned(parley: Parley) -> None:
    alice, agnes, ada = parley.user("alice"), agent(parley), agent(parley, "ada")
    ticket_id = open_ticket(alice)
    host = parley.user("host", role="service")
    assert host.put("/users/ada", json={"name": "Ada", "role": "customer"}).status in (200, 201)

    assert refusal(assign(agnes, ticket_id, ada.user_id))[0] == "unknown_assignee"


def test_customers_assign_nothing(parley: Parley) -> None:
    alice = parley.user("alice")

    assert refusal(assign(alice, open_ticket(alice), None)) == ("agents_only", 403, [])


def test_assignment_that_was_decided_on_an_older_version_is_refused(parley: Parley) -> None:
    alice, agnes, ada = parley.user("alice"), agent(parley), agent(parley, "ada")
    ticket_id = open_ticket(alice)
    take(agnes, ticket_id)

    assert refusal(assign(ada, ticket_id, "ada", version=1))[0] == "ticket_changed"


def test_host_assigns(parley: Parley) -> None:
    alice = parley.user("alice")
    agent(parley)
    ticket_id = open_ticket(alice)
    host = parley.user("host", role="service")

    assert assign(host, ticket_id, "agnes").json["assignee_id"] == "agnes"
