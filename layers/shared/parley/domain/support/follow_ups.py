"""The follow-up of a ticket's change, off the request's path."""

from collections.abc import Collection

from msgspec import Struct

from parley.domain.support.clocks import ClockName

ABSENT = "absent"  # the event of no entry: the assignee has been offline for too long
MESSAGE = "message"  # the event of no entry: the requester has written, and nobody has the ticket
REPLY = "reply"  # the event of no entry: the requester has written, and rules of the desk may fire
RULE_FIRED = "rule_fired"  # the event of an entry of the history: a rule of the desk
WAITING = "waiting"  # the event of no entry: the ticket still needs an agent


def is_silent(fields: Collection[str]) -> bool:
    """Says whether no message tells of a change of these fields: the tags alone, the desk's own words for a ticket."""
    return set(fields) == {"tags"}


class TicketFollowUp(Struct, frozen=True, kw_only=True):
    """The follow-up of an entry of a ticket's history: agents on duty are told, and one of them may get the ticket.

    `number` and `event` are those of the entry, `user_id` is who made it. `seeks` if the ticket needs an agent since
    then, `released` if the desk itself has taken it from an agent. A follow-up comes again, with `tries`, for the
    people (`user_ids`) to whom a post was put off. With the event `ABSENT` it takes the ticket from `user_id`; with
    `WAITING` it looks for an agent again; with `MESSAGE` it tells of the message `number`. Of an entry of a clock,
    `clock` and `at_ms` say which and when.

    `rules` is the version of the desk's rules that the entry may fire, 0 for none. With the event `REPLY` it fires the
    rules for the message `number`, and does nothing else.
    """

    ticket_id: str
    number: int
    event: str
    user_id: str
    seeks: bool = False
    released: bool = False
    tries: int = 0
    user_ids: tuple[str, ...] = ()
    clock: ClockName | None = None
    at_ms: int = 0
    rules: int = 0

    @property
    def key(self) -> str:
        """Returns the name of the entry."""
        return f"{self.ticket_id}#{self.number}"
