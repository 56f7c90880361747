"""Two who act on a ticket at once: the end is that of one of the two orders, and the history tells which."""

import itertools
from collections.abc import Callable
from functools import partial

import pytest

from tests.functional.desk import agent, answered_ticket, assign, change, history, open_ticket, respond, take
from tests.functional.macros import apply, macro
from tests.functional.replies import at_once
from tests.functional.talk import say
from tests.harness import Parley, Reply, User


def resolve(person: User, ticket_id: str) -> Reply:
    return change(person, ticket_id, status="resolved")


def apply_macro(person: User, ticket_id: str) -> Reply:
    return apply(person, ticket_id, macro(person.parley, reply="Solved.", status="resolved", take=True))


ACTS: dict[str, Callable[[User, str], Reply]] = {
    "take": take,
    "put back": lambda person, ticket_id: assign(person, ticket_id, None),
    "resolve": resolve,
    "close": lambda person, ticket_id: change(person, ticket_id, status="closed"),
    "raise": lambda person, ticket_id: change(person, ticket_id, priority="high", tags=["late"]),
    "tag": lambda person, ticket_id: change(person, ticket_id, tags=["vip"]),
    "respond": respond,
    "macro": apply_macro,
}
SHOWN = ("status", "priority", "tags", "assignee_id", "last_seq")


def outcome(parley: Parley, ticket_id: str, replies: list[Reply]) -> tuple[object, ...]:
    """Returns what is left of two acts: the state, the answers, and how many entries there are."""
    ticket = parley.user("alice").get(f"/support/tickets/{ticket_id}").json
    entries = history(parley.user("alice"), ticket_id)
    assert [entry["number"] for entry in entries] == list(range(1, len(entries) + 1)), "the history has no gap"
    return (*(str(ticket[name]) for name in SHOWN), *(reply.status for reply in replies), len(entries))


@pytest.mark.parametrize("pair", list(itertools.combinations(ACTS, 2)), ids=" and ".join)
def test_two_agents_at_once_equal_one_of_the_two_orders(parley: Parley, pair: tuple[str, str]) -> None:
    alice, agnes, ada = parley.user("alice"), agent(parley), agent(parley, "ada")
    doing = [(agnes, ACTS[pair[0]]), (ada, ACTS[pair[1]])]
    possible = []
    for order in ((0, 1), (1, 0)):
        ticket_id = open_ticket(alice)
        replies = {place: doing[place][1](doing[place][0], ticket_id) for place in order}
        possible.append(outcome(parley, ticket_id, [replies[0], replies[1]]))

    ticket_id = open_ticket(alice)
    replies_at_once = at_once([partial(act, person, ticket_id) for person, act in doing])

    assert outcome(parley, ticket_id, replies_at_once) in possible


def test_message_that_meets_a_resolution_leaves_the_ticket_open_or_comes_before_it(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    for _ in range(5):
        ticket_id = answered_ticket(alice, agnes)

        both: list[Callable[[], object]] = [
            partial(say, alice, ticket_id, "Not yet."),
            partial(resolve, agnes, ticket_id),
        ]
        at_once(both)

        messages = alice.get(f"/conversations/{ticket_id}/messages").json["messages"]
        last = [message for message in messages if message["kind"] == "text" or message["system"]["changes"]][-1]
        status = alice.get(f"/support/tickets/{ticket_id}").json["status"]
        assert last["system"]["changes"]["status"]["to"] == status
        order = [message["text"] == "Not yet." for message in messages if message["seq"] > 2]
        assert status == ("resolved" if order[0] else "open")
