"""GET /support/tickets/{ticket_id}/history: every entry, in order, to those who may see the ticket."""

from tests.functional.desk import agent, change, history, open_ticket, respond, take
from tests.functional.replies import refusal
from tests.functional.talk import named
from tests.harness import Parley


def test_history_has_every_act_in_order(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)
    take(agnes, ticket_id)
    respond(agnes, ticket_id)
    change(alice, ticket_id, status="resolved")

    reply = alice.get(f"/support/tickets/{ticket_id}/history")

    entries = reply.json["entries"]
    assert [(entry["number"], entry["event"], entry["user_id"]) for entry in entries] == [
        (1, "created", "alice"),
        (2, "updated", "agnes"),
        (3, "responded", "agnes"),
        (4, "updated", "alice"),
    ]
    assert reply.json["next"] is None
    assert reply.json["users"] == named(parley, "alice", "agnes")


def test_pages_follow_each_other(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)
    for priority in ("low", "high", "urgent"):
        change(agnes, ticket_id, priority=priority)

    first = agnes.get(f"/support/tickets/{ticket_id}/history?limit=3").json
    rest = agnes.get(f"/support/tickets/{ticket_id}/history?limit=3&cursor={first['next']}").json

    assert [[entry["number"] for entry in page["entries"]] for page in (first, rest)] == [[1, 2, 3], [4]]
    assert rest["next"] is None


def test_others_find_no_ticket(parley: Parley) -> None:
    ticket_id = open_ticket(parley.user("alice"))

    reply = parley.user("bob").get(f"/support/tickets/{ticket_id}/history")

    assert refusal(reply) == ("ticket_not_found", 404, [])


def test_host_reads_it_and_the_audit_log_says_so(parley: Parley) -> None:
    ticket_id = open_ticket(parley.user("alice"))
    host = parley.user("host", role="service")

    assert len(history(host, ticket_id)) == 1

    [entry] = parley.user("mona", role="moderator").get("/admin/audit").json["entries"]
    assert (entry["action"], entry["target"], entry["details"]) == (
        "read_conversation",
        ticket_id,
        {"what": "ticket_history"},
    )
