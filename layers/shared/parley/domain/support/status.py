"""The status of a ticket: which changes are legal, and what a message does to it."""

from collections.abc import Mapping
from typing import Literal

from parley.domain.api.errors import Field, IllegalStatus
from parley.domain.api.types import TicketStatus

Side = Literal["requester", "support"]

RULE_OF_SUPPORT = "status: open, in_progress, waiting_on_customer, resolved; closed for good"
RULE_OF_REQUESTER = "status: the requester resolves, reopens and closes"

# A closed ticket stays closed: a follow-up is a ticket of its own that links to it.
_MOVES: Mapping[TicketStatus, tuple[TicketStatus, ...]] = {
    "open": ("in_progress", "waiting_on_customer", "resolved", "closed"),
    "in_progress": ("open", "waiting_on_customer", "resolved", "closed"),
    "waiting_on_customer": ("open", "in_progress", "resolved", "closed"),
    "resolved": ("open", "in_progress", "closed"),
    "closed": (),
}
# The requester says that all is well, or that it is not; the work's states are the desk's own.
_MOVES_OF_REQUESTER: Mapping[TicketStatus, tuple[TicketStatus, ...]] = {
    "open": ("resolved", "closed"),
    "in_progress": ("resolved", "closed"),
    "waiting_on_customer": ("resolved", "closed"),
    "resolved": ("open", "closed"),
    "closed": (),
}


def possible(status: TicketStatus, side: Side) -> tuple[TicketStatus, ...]:
    """Returns the states that one side may set next."""
    return (_MOVES if side == "support" else _MOVES_OF_REQUESTER)[status]


def check_move(before: TicketStatus, after: TicketStatus, side: Side, pointer: str) -> None:
    """Returns if one side may make the change; otherwise raises IllegalStatus with the states that are possible."""
    states = possible(before, side)
    if after == before or after in states:
        return
    said = ", ".join(states) or "none: a closed ticket stays closed"
    raise IllegalStatus(
        "illegal_status",
        f"A ticket that is {before} cannot become {after}. Possible: {said}.",
        rule=RULE_OF_SUPPORT if side == "support" else RULE_OF_REQUESTER,
        fields=(Field(pointer, "not_allowed"),),
        possible=states,
    )


def after_message(status: TicketStatus, side: Side, after_reply: TicketStatus | None = None) -> TicketStatus:
    """Returns the status that a message leaves: the requester's opens a ticket that waits for them, or is resolved.

    The desk's reply moves an open ticket to `after_reply`, if the configuration names it.
    """
    if side == "requester":
        return "open" if status in ("waiting_on_customer", "resolved") else status
    if after_reply is not None and status in ("open", "in_progress"):
        return after_reply
    return status


def is_running(status: TicketStatus) -> bool:
    """Says whether the desk has to do something: the clocks run."""
    return status in ("open", "in_progress")
