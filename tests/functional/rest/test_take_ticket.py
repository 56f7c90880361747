"""POST /support/tickets/{ticket_id}/take: one agent gets it, the others learn who."""

from tests.functional.desk import agent, change, history, open_ticket, take
from tests.functional.replies import at_once, refusal
from tests.functional.talk import names
from tests.harness import Parley


def test_agent_takes_a_ticket_and_comes_into_it(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)
    device, other = alice.connect(), agnes.connect()

    reply = take(agnes, ticket_id)

    assert reply.status == 200
    assert (reply.json["assignee_id"], reply.json["status"], reply.json["version"]) == ("agnes", "in_progress", 2)
    assert names(device.events()) == ["message_notification", "member_added", "ticket_updated"]
    assert names(other.events()) == ["conversation_created", "message_notification", "member_added", "ticket_updated"]
    [listed] = agnes.get("/conversations?type=ticket").json["conversations"]
    assert (listed["id"], listed["unread"]) == (ticket_id, 0)
    [_, told] = alice.get(f"/conversations/{ticket_id}/messages").json["messages"]
    assert told["system"]["user_ids"] == ["agnes"]
    assert history(agnes, ticket_id)[1]["changes"] == {
        "assignee_id": {"from": None, "to": "agnes"},
        "status": {"from": "open", "to": "in_progress"},
    }


def test_of_two_agents_one_gets_it_and_the_other_learns_who(parley: Parley) -> None:
    alice, agnes, ada = parley.user("alice"), agent(parley), agent(parley, "ada")
    ticket_id = open_ticket(alice)

    replies = at_once([lambda: take(agnes, ticket_id), lambda: take(ada, ticket_id)])

    assert sorted(reply.status for reply in replies) == [200, 409]
    [lost] = [reply for reply in replies if reply.status == 409]
    winner = alice.get(f"/support/tickets/{ticket_id}").json["assignee_id"]
    assert refusal(lost) == ("already_assigned", 409, [])
    assert lost.json["assignee_id"] == winner
    assert len(history(agnes, ticket_id)) == 2


def test_taking_it_again_changes_nothing(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)
    take(agnes, ticket_id)
    change(agnes, ticket_id, status="open")

    again = take(agnes, ticket_id)

    assert (again.status, again.json["version"], again.json["status"]) == (200, 3, "open")


def test_customers_take_nothing_and_learn_nothing(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    ticket_id = open_ticket(alice)

    for person, id_ in ((alice, ticket_id), (bob, ticket_id), (bob, "t_" + "a" * 26)):
        reply = take(person, id_)
        assert (refusal(reply), reply.json["rule"]) == (("agents_only", 403, []), "AgentRoles")
    assert refusal(take(agent(parley), "t_" + "a" * 26)) == ("ticket_not_found", 404, [])


def test_nobody_takes_a_ticket_of_their_own(parley: Parley) -> None:
    agnes = agent(parley)

    assert refusal(take(agnes, open_ticket(agnes))) == ("own_ticket", 403, [])


def test_closed_ticket_is_not_taken(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)
    change(alice, ticket_id, status="closed")

    assert refusal(take(agnes, ticket_id)) == ("ticket_closed", 409, [])


def test_ticket_of_a_former_agent_is_free(parley: Parley) -> None:
    alice, agnes, ada = parley.user("alice"), agent(parley), agent(parley, "ada")
    ticket_id = open_ticket(alice)
    assert take(agnes, ticket_id).status == 200
    assert refusal(take(ada, ticket_id))[0] == "already_assigned"
    host = parley.user("backend", role="service")
    assert host.put("/users/agnes", json={"name": "Agnes", "role": "user"}).status == 200

    assert take(ada, ticket_id).json["assignee_id"] == "ada"
