"""The news of a change of a ticket: which of its fields a notice names, for the person who is told."""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

# The names of the texts in the files of words, under `[ticket_news]`.
What = Literal[
    "changed",
    "open",
    "in_progress",
    "waiting_on_customer",
    "waiting_on_you",
    "resolved",
    "closed",
    "yours",
    "taken",
    "low",
    "medium",
    "high",
    "urgent",
    "category",
    "team",
    "merged",
    "rated",
    "subject",
    "tags",
    "by_rule",
]
_STATUSES: Mapping[str, What] = {
    "open": "open",
    "in_progress": "in_progress",
    "waiting_on_customer": "waiting_on_customer",
    "resolved": "resolved",
    "closed": "closed",
}
YOURS: tuple[What, str] = ("yours", "")
_PRIORITIES: Mapping[str, What] = {"low": "low", "medium": "medium", "high": "high", "urgent": "urgent"}


class TicketNews(Struct, frozen=True, kw_only=True):
    """A notice of a ticket: what has changed, the ticket's `number`, and the `value` that the text is filled with.

    `rule_id` is the rule of the desk that notifies the person; None for none.
    """

    what: What
    number: str
    value: str = ""
    rule_id: str | None = None


def new_assignee(about: Mapping[str, Any]) -> str | None:
    """Returns who has got a ticket by an entry of its history; None if nobody has."""
    if about.get("event") == "created":
        return _text(about.get("state", {}).get("assignee_id"))
    return _text(_after(about, "assignee_id"))


def news_of(about: Mapping[str, Any], number: str, user_id: str, assignee: str | None, *, asked: bool) -> TicketNews:
    """Returns what an entry of a ticket's history tells a person; `assignee` is the name of who has got the ticket.

    One thing for each entry: that the ticket is theirs, else that a rule notifies them, else who has taken it or its
    status, else the first of its other fields. `asked` says that the person is its requester, who learns of no rule.
    """
    rule_id = None if asked or not _is_notified(about, user_id) else _text(about.get("rule_id"))
    hands = _of_hands(about, user_id, assignee)
    if rule_id is not None and hands != YOURS:
        return TicketNews(
            what="by_rule", number=number, value=_text(about.get("rule_name")) or rule_id, rule_id=rule_id
        )
    what, value = hands or _of_status(about, asked=asked) or _of_fields(about)
    return TicketNews(what=what, number=number, value=value, rule_id=rule_id)


def _is_notified(about: Mapping[str, Any], user_id: str) -> bool:
    """Says whether a rule notifies a person whom an entry is told; the assignee may be told of its changes instead."""
    notify = about.get("notify")
    if notify is None:
        return False
    has_it = about.get("state", {}).get("assignee_id") == user_id
    return not has_it or bool(notify.get("assignee")) or not about.get("changes")


def _of_hands(about: Mapping[str, Any], user_id: str, assignee: str | None) -> tuple[What, str] | None:
    taken_by = new_assignee(about)
    if taken_by is None:
        return None
    if taken_by == user_id:
        return YOURS
    # An agent who takes a ticket works on it: that it is in progress then says less.
    is_more = _after(about, "status") not in (None, "in_progress")
    return None if assignee is None or is_more else ("taken", assignee)


def _of_status(about: Mapping[str, Any], *, asked: bool) -> tuple[What, str] | None:
    what = _STATUSES.get(_text(_after(about, "status")) or "")
    if what is None:
        return None
    return ("waiting_on_you" if asked and what == "waiting_on_customer" else what), ""


def _of_fields(about: Mapping[str, Any]) -> tuple[What, str]:
    changes = about.get("changes", {})
    priority = _PRIORITIES.get(_text(_after(about, "priority")) or "")
    if priority is not None:
        return priority, ""
    if changes.keys() & {"merged_into", "merged_from"}:
        return "merged", ""
    named: tuple[tuple[str, What], ...] = (("rating", "rated"), ("team", "team"), ("category", "category"))
    for field, what in named:
        value = _text(_after(about, field))
        if value is not None:
            return what, value
    if "subject" in changes:
        return "subject", ""
    return ("tags" if "tags" in changes else "changed"), ""


def _after(about: Mapping[str, Any], field: str) -> Any:
    return about.get("changes", {}).get(field, {}).get("to")


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
