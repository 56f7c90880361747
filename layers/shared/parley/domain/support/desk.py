"""The configuration of a support desk, as `desk_file.py` reads it."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from parley.domain.api.types import TicketStatus
from parley.domain.support.clocks import ClockEventKind, ClockName, Target, Terms
from parley.domain.support.hours import Hours

NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,31}$(?!\n)"  # of categories, teams and skills
NAME_WORDS = "a name has 1 to 32 of a-z 0-9 _ -, a letter or digit first"
Priority = Literal["low", "medium", "high", "urgent"]
PRIORITIES: tuple[Priority, ...] = ("low", "medium", "high", "urgent")
NO_TARGET = Target()
CLOCKS: tuple[ClockName, ...] = ("first_response", "next_response", "resolution")
NOTICE = "Your ticket is resolved and will be closed soon. Write to us here if you still need help."


class Category(Struct, frozen=True, kw_only=True):
    """A kind of ticket. Its tickets go to `team`, and to agents who have `skill`; the requester gets the text."""

    name: str
    team: str | None = None
    skill: str | None = None
    acknowledgement: str | None = None


class Closing(Struct, frozen=True, kw_only=True):
    """When tickets close themselves and leave the queue; `notice` comes before, to the requester."""

    resolved_after_days: int = 7
    notice_before_days: int = 2
    notice: str = NOTICE
    archive_after_days: int = 30


class Assignment(Struct, frozen=True, kw_only=True):
    """The assignment of tickets that nobody takes: to the agent whose turn it is by `method`, to nobody without one.

    `limit` is the most open tickets of an agent who has no limit of their own. The open tickets of an agent who has
    been offline for `grace_minutes` stay theirs, become nobody's, or get another agent.
    """

    method: Literal["round_robin", "least_busy"] | None = None
    limit: int | None = None
    when_offline: Literal["keep", "unassign", "reassign"] = "keep"
    grace_minutes: int = 10


class Escalation(Struct, frozen=True, kw_only=True):
    """The change of a ticket whose clock warns, or has missed its target: a priority at least this, and who gets it.

    `to_nobody` takes it from its assignee. It is done for the clocks named here.
    """

    clocks: tuple[ClockName, ...] = CLOCKS
    priority: Priority | None = None
    team: str | None = None
    to_nobody: bool = False


class Desk(Struct, frozen=True, kw_only=True):
    """A support desk: categories in their order (the first is the default), teams, skills, hours and targets.

    `targets` are by priority, and by priority and category where a category has its own. `out_of_hours` is sent in
    place of a category's acknowledgement while the desk is closed.
    """

    source: str
    hours: Hours
    categories: Mapping[str, Category]
    teams: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    targets: Mapping[tuple[Priority, str | None], Target] = {}
    warn_percent: int = 80
    after_reply: TicketStatus | None = None
    out_of_hours: str | None = None
    closing: Closing = Closing()
    assignment: Assignment = Assignment()
    escalations: Mapping[ClockEventKind, Escalation] = {}

    @property
    def default_category(self) -> str:
        return next(iter(self.categories))

    def terms(self, priority: Priority, category: str) -> Terms:
        """Returns what the clocks of such a ticket are held to; without a target they count and promise nothing."""
        general = self.targets.get((priority, None), NO_TARGET)
        target = self.targets.get((priority, category), general)
        return Terms(hours=self.hours, target=target, warn_percent=self.warn_percent)

    def acknowledgement(self, category: str, at_ms: int) -> str | None:
        """Returns the text that a new ticket is answered with at this time; None if the desk says nothing."""
        if self.out_of_hours is not None and not self.hours.is_open(at_ms):
            return self.out_of_hours
        return self.categories[category].acknowledgement
