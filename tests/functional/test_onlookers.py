"""Agents who have a ticket open without being in it: its requester learns nothing of them."""

import pytest

from tests.functional.desk import agent, answered_ticket, open_ticket
from tests.functional.talk import forget_events, joined, names
from tests.harness import Parley


@pytest.mark.parametrize("is_open", [True, False], ids=["requester has it open", "requester is there"])
def test_requester_is_told_nothing_of_an_agent_who_looks_on(parley: Parley, is_open: bool) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)
    device = joined(alice, ticket_id) if is_open else alice.connect()
    forget_events(device)

    desk = joined(agnes, ticket_id)
    for action in ("typing_start", "typing_stop", "typing_start"):
        assert desk.request(action, {"conversation_id": ticket_id})["type"] == "ack"
    reply = joined(alice, ticket_id).request("join_conversation", {"conversation_id": ticket_id})
    parley.advance(20)
    parley.run_schedule("ClearStaleTyping")
    assert desk.request("leave_conversation", {"conversation_id": ticket_id})["type"] == "ack"

    told = [frame["data"]["user_id"] for frame in device.events()]
    assert set(told) <= {"alice"}  # of her own other device
    assert (reply["data"]["typing"], reply["data"]["users"]) == ([], {})
    assert alice.get("/users/presence?ids=agnes").json == {"statuses": [], "users": {}}


def test_agents_in_a_ticket_see_one_who_looks_on(parley: Parley) -> None:
    alice, agnes, nora = parley.user("alice"), agent(parley), agent(parley, "nora")
    ticket_id = answered_ticket(alice, agnes)
    device, desk = joined(alice, ticket_id), joined(agnes, ticket_id)
    forget_events(device, desk)

    other = joined(nora, ticket_id)
    other.request("typing_start", {"conversation_id": ticket_id})

    assert names(device.events()) == []
    assert names(desk.events()) == ["user_joined_conversation", "user_typing"]


def test_requester_still_sees_an_agent_who_is_in_the_ticket(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = answered_ticket(alice, agnes)
    device = joined(alice, ticket_id)
    forget_events(device)

    joined(agnes, ticket_id).request("typing_start", {"conversation_id": ticket_id})

    assert names(device.events()) == ["user_joined_conversation", "user_typing"]
