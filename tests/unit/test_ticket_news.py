"""A notice says one thing of a change of a ticket: the one that matters to the person who is told."""

from typing import Any

import pytest

from parley.adapters.notifications import notice_texts
from parley.domain.notifications.texts import Told, text_of
from parley.domain.notifications.ticket_news import new_assignee, news_of

NUMBER = "482-190-375"


def entry(event: str = "updated", /, **changes: tuple[Any, Any]) -> dict[str, Any]:
    """Returns what the history keeps of a change."""
    return {
        "event": event,
        "changes": {name: {"from": before, "to": after} for name, (before, after) in changes.items()},
        "state": {"assignee_id": "ada"},
    }


def text(about: dict[str, Any], user_id: str = "ada", *, name: str | None = "Agnes", asked: bool = False) -> str:
    news = news_of(about, NUMBER, user_id, name, asked=asked)
    told = Told(kind="ticket", name="", title="No water", is_ticket=True, news=news)
    return text_of(notice_texts.of_language("en"), "en", told).replace(f" {NUMBER}", "")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": ("resolved", "open")}, "Ticket is open again"),
        ({"status": ("open", "in_progress")}, "Ticket is being worked on"),
        ({"status": ("open", "waiting_on_customer")}, "Ticket waits for the customer"),
        ({"status": ("open", "resolved"), "tags": ([], ["a"])}, "Ticket is resolved now"),
        ({"status": ("resolved", "closed"), "merged_into": (None, "t_2")}, "Ticket is closed"),
        ({"status": ("open", "in_progress"), "assignee_id": (None, "agnes")}, "Agnes takes care of ticket"),
        ({"status": ("open", "resolved"), "assignee_id": (None, "agnes")}, "Ticket is resolved now"),
        ({"assignee_id": ("agnes", "ada")}, "Ticket is yours now"),
        ({"priority": ("low", "urgent"), "team": (None, "travel")}, "Ticket is urgent now"),
        ({"priority": ("urgent", "low")}, "Ticket has low priority now"),
        ({"merged_from": ([], ["t_2"])}, "Ticket was merged with another"),
        ({"rating": (None, "4")}, "Ticket was rated 4 of 5"),
        ({"team": (None, "travel")}, "Ticket is with the team travel now"),
        ({"team": ("travel", None)}, "Ticket has changed"),
        ({"category": ("other", "billing")}, "Ticket is in the category billing now"),
        ({"subject": ("a", "b")}, "Ticket has a new subject"),
        ({"tags": (["a"], [])}, "Ticket has other tags now"),
        ({}, "Ticket has changed"),
    ],
)
def test_a_notice_says_what_has_changed(changes: dict[str, tuple[Any, Any]], said: str) -> None:
    assert text(entry(**changes)) == said


def test_the_requester_is_asked_for_an_answer_and_an_agent_waits_for_it() -> None:
    waits = entry(status=("open", "waiting_on_customer"))
    assert text(waits, "alice", asked=True) == "Ticket waits for your answer"


def test_a_ticket_that_begins_with_its_agent_is_theirs() -> None:
    assert text(entry("created")) == "Ticket is yours now"
    assert new_assignee(entry("created")) == "ada" and new_assignee(entry(tags=([], ["a"]))) is None


def test_whoever_cannot_be_named_is_not() -> None:
    taken = entry(status=("open", "in_progress"), assignee_id=(None, "agnes"))
    assert text(taken, "alice", name=None) == "Ticket is being worked on"
    assert text({}, "alice", name=None) == "Ticket has changed"
