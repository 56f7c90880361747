"""GET /support/tickets/{ticket_id}: for its requester, agents and the host's own server, and for nobody else."""

from tests.functional.desk import agent, answered_ticket, ask, open_ticket
from tests.functional.replies import invalid, refusal
from tests.harness import Parley


def test_requester_sees_their_ticket_as_it_is_now(parley: Parley) -> None:
    alice = parley.user("alice")
    opened = ask(alice).json

    assert alice.get(f"/support/tickets/{opened['id']}").json == opened


def test_answer_of_an_agent_is_unread_for_the_requester_only(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = answered_ticket(alice, agnes)

    mine, theirs = (person.get(f"/support/tickets/{ticket_id}").json for person in (alice, agnes))

    assert (mine["unread"], theirs["unread"]) == (1, 0)
    assert mine["last_message"]["text"] == "Let me look."
    assert set(mine["users"]) == {"alice", "agnes"}


def test_every_agent_reaches_a_ticket_and_has_read_it_all(parley: Parley) -> None:
    ticket_id = open_ticket(parley.user("alice"))

    for role in ("agent", "support_admin"):
        seen = parley.user(f"one-{role}", role=role).get(f"/support/tickets/{ticket_id}")
        assert (seen.status, seen.json["unread"]) == (200, 0)


def test_host_reads_a_ticket_and_the_audit_log_says_so(parley: Parley) -> None:
    ticket_id = open_ticket(parley.user("alice"))

    reply = parley.user("backend", role="service").get(f"/support/tickets/{ticket_id}")

    assert (reply.status, reply.json["requester_id"]) == (200, "alice")
    [entry, *_] = parley.user("mona", role="moderator").get("/admin/audit").json["entries"]
    assert (entry["action"], entry["target"], entry["details"]) == ("read_conversation", ticket_id, {"what": "ticket"})


def test_ticket_does_not_exist_for_others(parley: Parley) -> None:
    ticket_id = open_ticket(parley.user("alice"))

    for other in (parley.user("bob"), parley.user("mona", role="moderator")):
        assert refusal(other.get(f"/support/tickets/{ticket_id}")) == ("ticket_not_found", 404, [])
    missing = agent(parley).get(f"/support/tickets/t_{'a' * 26}")
    assert refusal(missing) == ("ticket_not_found", 404, [])


def test_id_of_another_conversation_is_no_tickets(parley: Parley) -> None:
    reply = parley.user("alice").get(f"/support/tickets/d_{'a' * 26}")

    assert refusal(reply) == invalid(("{ticket_id}", "bad_format"))
