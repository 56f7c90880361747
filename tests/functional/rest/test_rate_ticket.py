"""POST /support/tickets/{ticket_id}/rating: the requester rates a resolved ticket, once."""

import pytest

from tests.functional.desk import agent, answered_ticket, change, history, open_ticket, rate
from tests.functional.erasures import erased
from tests.functional.replies import refusal
from tests.functional.talk import names
from tests.harness import Parley


@pytest.mark.parametrize("status", ["resolved", "closed"])
def test_requester_rates_the_help(parley: Parley, status: str) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = answered_ticket(alice, agnes)
    change(agnes, ticket_id, status=status)
    desk = agnes.connect()

    reply = rate(alice, ticket_id, 5, comment="Quick.")

    assert (reply.status, reply.json["rating"], reply.json["version"]) == (200, 5, 3)
    assert names(desk.events()) == ["message_notification", "ticket_updated"]
    assert agnes.get(f"/support/tickets/{ticket_id}").json["rating"] == 5
    last = history(agnes, ticket_id)[-1]
    assert (last["event"], last["rating"], last["comment"]) == ("rated", 5, "Quick.")


def test_ticket_is_rated_once(parley: Parley) -> None:
    alice = parley.user("alice")
    ticket_id = open_ticket(alice)
    change(alice, ticket_id, status="closed")

    assert [rate(alice, ticket_id, 4).json["version"] for _ in range(2)] == [3, 3]
    assert refusal(rate(alice, ticket_id, 1)) == ("already_rated", 409, [])


@pytest.mark.parametrize(("first", "second"), [("Good.", "Slow."), ("Good.", None), (None, "Slow.")])
def test_another_comment_is_another_rating(parley: Parley, first: str | None, second: str | None) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)
    change(alice, ticket_id, status="closed")

    assert [rate(alice, ticket_id, 4, comment=first).json["version"] for _ in range(2)] == [3, 3]
    assert refusal(rate(alice, ticket_id, 4, comment=second)) == ("already_rated", 409, [])
    assert history(agnes, ticket_id)[-1].get("comment") == first


def test_rating_before_resolution_and_by_others(parley: Parley) -> None:
    alice, agnes, bob = parley.user("alice"), agent(parley), parley.user("bob")
    ticket_id = open_ticket(alice)

    assert refusal(rate(alice, ticket_id, 5)) == ("not_resolved", 409, [])
    change(alice, ticket_id, status="resolved")
    assert refusal(rate(agnes, ticket_id, 5)) == ("requester_only", 403, [])
    assert refusal(rate(bob, ticket_id, 5)) == ("ticket_not_found", 404, [])


@pytest.mark.parametrize("rating", [0, 6, 2.5, "5", None])
def test_wrong_rating_is_named(parley: Parley, rating: object) -> None:
    alice = parley.user("alice")
    ticket_id = open_ticket(alice)

    reply = alice.post(f"/support/tickets/{ticket_id}/rating", json={"rating": rating})

    assert (reply.status, reply.json["errors"][0]["pointer"]) == (400, "/rating")


def test_erasure_takes_the_words_out_of_the_history(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = answered_ticket(alice, agnes)
    change(alice, ticket_id, status="resolved")
    rate(alice, ticket_id, 2, comment="Alice was here.")

    erased(parley, "alice")

    last = history(agnes, ticket_id)[-1]
    assert (last["rating"], "comment" in last) == (2, False)
    assert last["user_id"].startswith("~parley.erased-")
