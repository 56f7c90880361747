"""Follow-ups: a closed ticket stays closed, and a new one links to it."""

from tests.functional.desk import agent, ask, change, history, open_ticket
from tests.functional.replies import refusal
from tests.harness import Parley, User


def closed_ticket(requester: User, agent: User) -> str:
    """Returns the id of a closed ticket of this person's."""
    ticket_id = open_ticket(requester)
    assert change(agent, ticket_id, status="closed").status == 200
    return ticket_id


def test_customer_follows_a_closed_ticket_up(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    old = closed_ticket(alice, agnes)
    before = alice.get(f"/support/tickets/{old}").json
    parley.clock.ms += 60_000

    reply = ask(alice, follow_up_of=old, client_id="again")

    assert (reply.status, reply.json["follow_up_of"]) == (201, old)
    assert agnes.get(f"/support/tickets/{reply.json['id']}").json["follow_up_of"] == old
    assert alice.get(f"/support/tickets/{old}").json == before
    for reader in (alice, agnes):
        entry = history(reader, old)[-1]
        told = [entry[name] for name in ("event", "number", "user_id", "ticket_id", "at")]
        assert told == ["followed_up", 3, "alice", reply.json["id"], reply.json["created_at"]]


def test_a_repeat_opens_one_follow_up_with_one_entry(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    old = closed_ticket(alice, agnes)

    first, again = (ask(alice, follow_up_of=old, client_id="again") for _ in range(2))

    assert (first.status, again.status, first.json["id"]) == (201, 200, again.json["id"])
    assert [entry["event"] for entry in history(alice, old)] == ["created", "updated", "followed_up"]
    reused = ask(alice, client_id="again")
    assert refusal(reused) == ("client_id_reused", 422, [("/client_id", "client_id_reused")])


def test_two_follow_ups_of_one_ticket_both_stand_in_its_history(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    old = closed_ticket(alice, agnes)

    opened = [ask(alice, follow_up_of=old).json["id"], ask(agnes, follow_up_of=old, requester_id="alice").json["id"]]

    assert [entry["ticket_id"] for entry in history(alice, old)[2:]] == opened
    assert history(alice, old)[-1]["user_id"] == "agnes"


def test_host_opens_a_follow_up_in_the_customers_name(parley: Parley) -> None:
    alice, agnes, host = parley.user("alice"), agent(parley), parley.user("backend", role="service")
    old = closed_ticket(alice, agnes)

    reply = ask(host, follow_up_of=old, requester_id="alice")

    assert (reply.status, reply.json["follow_up_of"]) == (201, old)
    assert history(alice, old)[-1]["user_id"] == "alice"


def test_only_a_closed_ticket_of_the_same_requester_is_followed_up(parley: Parley) -> None:
    alice, bob, agnes = parley.user("alice"), parley.user("bob"), agent(parley)
    opened, closed = open_ticket(alice), closed_ticket(alice, agnes)
    at = [("/follow_up_of", "not_allowed")]

    assert refusal(ask(alice, follow_up_of=opened)) == ("not_closed", 409, at)
    assert refusal(ask(bob, follow_up_of=closed)) == ("ticket_not_found", 404, at)
    assert refusal(ask(bob, follow_up_of="t_" + "a" * 26)) == ("ticket_not_found", 404, at)
    assert refusal(ask(agnes, follow_up_of=closed, requester_id="bob")) == ("other_requester", 409, at)
    assert refusal(ask(alice, follow_up_of="nothing"))[2] == [("/follow_up_of", "bad_format")]
    assert [len(history(agnes, each)) for each in (opened, closed)] == [1, 2]
    assert bob.get("/support/tickets").json["tickets"] == []
