"""States of tickets: which changes are legal for whom, and what a message does."""

from typing import get_args

import pytest

from parley.domain.api.errors import IllegalStatus
from parley.domain.api.types import TicketStatus
from parley.domain.support.status import Side, after_message, check_move, possible

STATES: tuple[TicketStatus, ...] = get_args(TicketStatus)
SIDES: tuple[Side, ...] = get_args(Side)
# By the issue: open → in_progress → resolved → closed, waiting_on_customer, and the two short ways from open.
LEGAL_OF_SUPPORT = {
    ("open", "in_progress"),
    ("open", "waiting_on_customer"),
    ("open", "resolved"),
    ("open", "closed"),
    ("in_progress", "open"),
    ("in_progress", "waiting_on_customer"),
    ("in_progress", "resolved"),
    ("in_progress", "closed"),
    ("waiting_on_customer", "open"),
    ("waiting_on_customer", "in_progress"),
    ("waiting_on_customer", "resolved"),
    ("waiting_on_customer", "closed"),
    ("resolved", "open"),
    ("resolved", "in_progress"),
    ("resolved", "closed"),
}


@pytest.mark.parametrize("after", STATES)
@pytest.mark.parametrize("before", STATES)
def test_agent_may_make_the_legal_changes_alone(before: TicketStatus, after: TicketStatus) -> None:
    if before == after or (before, after) in LEGAL_OF_SUPPORT:
        check_move(before, after, "support", "/status")
        return

    with pytest.raises(IllegalStatus) as refused:
        check_move(before, after, "support", "/status")

    assert refused.value.code == "illegal_status"
    assert refused.value.fields[0].pointer == "/status"
    assert set(refused.value.possible) == {state for first, state in LEGAL_OF_SUPPORT if first == before}


@pytest.mark.parametrize("before", STATES)
def test_requester_resolves_reopens_and_closes_alone(before: TicketStatus) -> None:
    expected: set[str] = set() if before == "closed" else {"closed", "open" if before == "resolved" else "resolved"}

    assert set(possible(before, "requester")) == expected


@pytest.mark.parametrize("side", SIDES)
def test_nothing_leads_out_of_closed(side: Side) -> None:
    assert possible("closed", side) == ()
    assert after_message("closed", side, "waiting_on_customer") == "closed"


@pytest.mark.parametrize(
    ("status", "after"),
    [("open", "open"), ("in_progress", "in_progress"), ("waiting_on_customer", "open"), ("resolved", "open")],
)
def test_requesters_message_opens_what_waits_for_them(status: TicketStatus, after: TicketStatus) -> None:
    assert after_message(status, "requester", "waiting_on_customer") == after


@pytest.mark.parametrize("status", ["open", "in_progress", "waiting_on_customer", "resolved"])
def test_reply_changes_nothing_unless_the_desk_says_so(status: TicketStatus) -> None:
    assert after_message(status, "support") == status
    moved = "waiting_on_customer" if status in ("open", "in_progress") else status
    assert after_message(status, "support", "waiting_on_customer") == moved
