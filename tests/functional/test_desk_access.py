"""Changing many tickets, merging, following up and taking a message: open to those who may, and to nobody else."""

from collections.abc import Callable

import pytest

from tests.functional.desk import agent, answered_ticket, ask, change, change_all, history, merge, open_ticket
from tests.functional.erasures import erased
from tests.functional.replies import refusal
from tests.functional.suspending import suspended
from tests.harness import Parley, Reply, User

PEOPLE = ["requester", "customer", "former agent", "support admin", "suspended agent", "erased requester"]
Code = tuple[str, int]
REFUSED: dict[str, Code] = {"suspended agent": ("suspended", 403)}


def person(parley: Parley, kind: str, ticket_id: str) -> User:
    """Returns a person who was in the ticket, or never was, as the kind says."""
    if kind in ("requester", "customer"):
        return parley.user("alice" if kind == "requester" else "eve")
    if kind == "erased requester":  # with the token that they still have
        erased(parley, "alice")
        return parley.bearer(parley.token("alice"), "alice")
    if kind == "support admin":
        return parley.user("ada", role="support_admin")
    fred, host = agent(parley, "fred"), parley.user("backend", role="service")
    assert fred.post(f"/conversations/{ticket_id}/messages", json={"text": "Hello."}).status == 201
    if kind == "former agent":
        assert host.put("/users/fred", json={"name": "Fred", "role": "user"}).status == 200
    if kind == "suspended agent":
        suspended(parley, "fred")
    return fred


ACTS: dict[str, tuple[Callable[[User, str, str], Reply], dict[str, Code | None]]] = {
    "bulk": (
        lambda who, ticket_id, other: change_all(who, [ticket_id], status="closed"),
        dict.fromkeys(["requester", "erased requester", "customer", "former agent"], ("agents_only", 403)),
    ),
    "merge": (
        lambda who, ticket_id, other: merge(who, ticket_id, other),
        dict.fromkeys(["requester", "erased requester", "customer", "former agent"], ("agents_only", 403)),
    ),
    "follow up": (
        lambda who, ticket_id, other: ask(who, follow_up_of=ticket_id),
        {
            "requester": ("not_closed", 409),
            "support admin": ("ticket_not_found", 404),  # who opens it for themselves
            **dict.fromkeys(["erased requester", "customer", "former agent"], ("ticket_not_found", 404)),
        },
    ),
    "of a message": (
        lambda who, ticket_id, other: who.post(
            "/support/tickets", json={"subject": "Ours", "from": {"message_id": f"{ticket_id}.2"}}
        ),
        {
            "requester": ("agents_only", 403),  # an agent wrote it
            **dict.fromkeys(["erased requester", "customer", "former agent"], ("message_not_found", 404)),
        },
    ),
}


@pytest.mark.parametrize("kind", PEOPLE)
@pytest.mark.parametrize("act", ACTS)
def test_only_those_who_may_do_it_do(parley: Parley, act: str, kind: str) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id, other = answered_ticket(alice, agnes), open_ticket(alice)
    who = person(parley, kind, ticket_id)
    before = history(agnes, ticket_id)
    do, refusals = ACTS[act]

    reply = do(who, ticket_id, other)

    expected = REFUSED.get(kind) or refusals.get(kind)
    if expected is None:
        assert (kind, reply.status in (200, 201)) == ("support admin", True), reply
        return
    assert refusal(reply)[:2] == expected
    assert history(agnes, ticket_id) == before
    queue = agnes.get("/support/tickets/admin/all?status=open,in_progress,resolved,closed").json["tickets"]
    assert {one["id"] for one in queue} == {ticket_id, other}


@pytest.mark.parametrize("first", ["merge", "change"])
def test_a_merging_and_a_change_come_one_after_the_other(parley: Parley, first: str) -> None:
    alice, agnes, ben = parley.user("alice"), agent(parley), agent(parley, "ben")
    twin, ticket_id = open_ticket(alice), open_ticket(alice)
    acts: dict[str, Callable[[], Reply]] = {
        "merge": lambda: merge(agnes, twin, ticket_id),
        "change": lambda: change(ben, twin, priority="high"),
    }
    acts[first]()

    [then] = [act() for name, act in acts.items() if name != first]

    ticket = alice.get(f"/support/tickets/{twin}").json
    assert (ticket["status"], ticket["merged_into"]) == ("closed", ticket_id)
    if first == "merge":
        assert (refusal(then)[0], ticket["priority"]) == ("ticket_closed", "medium")
    else:
        assert (then.status, ticket["priority"]) == (200, "high")
