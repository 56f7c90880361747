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


def by_rule(about: dict[str, Any], **notify: Any) -> dict[str, Any]:
    """Returns an entry of a rule that notifies."""
    return about | {"event": "rule_fired", "rule_id": "look", "rule_name": "Look at it", "notify": notify}


ASKS = "The automation “Look at it” asks you to look at ticket"


@pytest.mark.parametrize(
    ("about", "user_id", "asked", "said", "rule_id"),
    [
        (by_rule(entry(), team="tech"), "bob", False, ASKS, "look"),
        (by_rule(entry(), team="tech"), "ada", False, ASKS, "look"),  # who has it and is in the team
        (by_rule(entry(priority=("low", "urgent")), assignee=True), "ada", False, ASKS, "look"),
        (by_rule(entry(priority=("low", "urgent")), team="tech"), "ada", False, "Ticket is urgent now", None),
        (by_rule(entry(priority=("low", "urgent")), team="tech"), "bob", False, ASKS, "look"),
        (by_rule(entry(assignee_id=(None, "ada")), assignee=True), "ada", False, "Ticket is yours now", "look"),
        (by_rule(entry(assignee_id=(None, "ada")), version=3), "bob", False, ASKS, "look"),
        (by_rule(entry(status=("open", "resolved")), version=3), "alice", True, "Ticket is resolved now", None),
        (by_rule(entry(), version=3) | {"rule_name": None}, "bob", False, ASKS.replace("Look at it", "look"), "look"),
    ],
)
def test_a_rule_that_notifies_names_itself_to_agents_alone(
    about: dict[str, Any], user_id: str, asked: bool, said: str, rule_id: str | None
) -> None:
    assert text(about, user_id, asked=asked) == said
    assert news_of(about, NUMBER, user_id, None, asked=asked).rule_id == rule_id


def test_whoever_cannot_be_named_is_not() -> None:
    taken = entry(status=("open", "in_progress"), assignee_id=(None, "agnes"))
    assert text(taken, "alice", name=None) == "Ticket is being worked on"
    assert text({}, "alice", name=None) == "Ticket has changed"
