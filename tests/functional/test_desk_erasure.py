"""Erasing people of a ticket: whatever its history holds of them goes, however long it is."""

import time
from typing import Any

import pytest

from parley.adapters.dynamodb.documents import from_wire, to_wire
from parley.domain.api.identity import DESK
from tests.functional.desk import (
    agent,
    answered_ticket,
    change,
    change_all,
    merge,
    note,
    open_ticket,
    put_on_duty,
    take,
)
from tests.functional.erasures import erased, everything
from tests.functional.exports import exported, fetched, lines
from tests.harness import Parley, User

WORD = "quicksilver"
STATE = "ticket"  # adapters/support/tickets.py


def history(parley: Parley, ticket_id: str) -> list[dict[str, Any]]:
    """Returns the entries of the history as they are stored."""
    found = parley.store.client("dynamodb").query(
        TableName=parley.template.resources["Messages"].ref,
        KeyConditionExpression="conversation_id = :key",
        ExpressionAttributeValues={":key": to_wire(f"#ticket#{ticket_id}")},
        ConsistentRead=True,
    )["Items"]
    return [{name: from_wire(value) for name, value in item.items()} for item in found]


def lengthen(parley: Parley, ticket_id: str, count: int, **about: object) -> None:
    """Adds so many entries to the history of a ticket, as if there had been so many changes."""
    dynamodb = parley.store.client("dynamodb")
    last = history(parley, ticket_id)[-1]
    table = parley.template.resources["Messages"].ref
    for seq in range(int(last["seq"]) + 1, int(last["seq"]) + count + 1):
        entry = {**last, "seq": seq, "about": {**last["about"], **about}}
        dynamodb.put_item(TableName=table, Item={name: to_wire(value) for name, value in entry.items()})
    dynamodb.update_item(
        TableName=parley.template.resources["Tickets"].ref,
        Key={"key": to_wire(ticket_id), "place": to_wire(STATE)},
        UpdateExpression="SET entries = :entries",
        ConditionExpression="attribute_exists(entries)",
        ExpressionAttributeValues={":entries": to_wire(int(last["seq"]) + count)},
    )


def resolved_and_rated(alice: User, agnes: User) -> str:
    ticket_id = answered_ticket(alice, agnes)
    assert agnes.patch(f"/support/tickets/{ticket_id}", json={"status": "resolved"}).status == 200
    rating = {"rating": 2, "comment": f"{WORD} was better"}
    assert alice.post(f"/support/tickets/{ticket_id}/rating", json=rating).status == 200
    return ticket_id


@pytest.mark.parametrize("count", [0, 85, 86, 87, 500], ids=str)
@pytest.mark.parametrize("user_id", ["alice", "agnes"], ids=["requester", "agent"])
def test_long_history_holds_nothing_of_an_erased_person(parley: Parley, user_id: str, count: int) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = resolved_and_rated(alice, agnes)
    changes = {"assignee_id": {"from": "agnes", "to": None}}
    words = {"comment": f"{WORD} again"} if user_id == "alice" else {"note": f"{WORD} knows"}
    for first in range(0, count, 100):  # the stream has work for each entry
        lengthen(parley, ticket_id, min(100, count - first), user_id=user_id, changes=changes, **words)
        parley.drain()
    parley.drain()

    erased(parley, user_id)

    entries = history(parley, ticket_id)
    assert len(entries) >= count + 3
    left = everything(parley)
    assert f'"{user_id}"' not in left
    assert user_id == "agnes" or WORD not in left
    other = agnes if user_id == "alice" else alice
    shown = other.get(f"/support/tickets/{ticket_id}/history?limit=100").json["entries"]
    assert len(shown) == min(100, len(entries))


def test_agent_who_changed_a_ticket_without_being_in_it_leaves_nothing(parley: Parley) -> None:
    alice, agnes, ben = parley.user("alice"), agent(parley), agent(parley, "ben")
    ticket_id = answered_ticket(alice, agnes)
    assert ben.patch(f"/support/tickets/{ticket_id}", json={"priority": "urgent"}).status == 200
    given = {"assignee_id": "agnes", "note": f"{WORD} is hers"}
    assert ben.post(f"/support/tickets/{ticket_id}/assign", json=given).status == 200
    parley.drain()

    erased(parley, "ben")

    left = everything(parley)
    assert '"ben"' not in left and WORD not in left


def test_agent_who_merged_tickets_or_followed_one_up_without_being_in_them_leaves_nothing(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ben = agent(parley, "ben")
    first, second, third = (open_ticket(alice, subject=f"Ticket {number}") for number in range(3))
    assert merge(ben, first, second).status == 200
    changed = change_all(ben, [second, third], status="closed")
    assert [result["status"] for result in changed.json["results"]] == [200, 200]
    again = {"subject": "Again", "description": "It is back.", "requester_id": "alice", "follow_up_of": third}
    assert ben.post("/support/tickets", json=again).status == 201
    parley.drain()

    erased(parley, "ben")

    assert '"ben"' not in everything(parley)
    assert agnes.get(f"/support/tickets/{third}/history").status == 200


@pytest.mark.parametrize("status", ["in_progress", "resolved"])
def test_tickets_of_an_erased_agent_are_nobodys(parley: Parley, status: str) -> None:
    parley.clock.ms = time.time_ns() // 1_000_000  # the figures count what is written now
    alice, agnes, ben = parley.user("alice"), agent(parley), agent(parley, "ben")
    ticket_id = open_ticket(alice)
    assert take(agnes, ticket_id).status == 200
    assert change(agnes, ticket_id, status=status).status == 200
    parley.drain()

    erased(parley, "agnes")

    parley.drain()
    shown = ben.get(f"/support/tickets/{ticket_id}").json
    assert (shown["assignee_id"], shown["status"]) == (None, status)
    queue = ben.get("/support/tickets/admin/all?assignee=none").json["tickets"]
    assert [each["id"] for each in queue] == [ticket_id]
    last = ben.get(f"/support/tickets/{ticket_id}/history").json["entries"][-1]
    assert (last["event"], last["user_id"], last["note"]) == ("updated", DESK, "The agent was erased.")
    assert last["changes"]["assignee_id"]["from"].startswith("~parley.erased-")
    counts = ben.get("/support/queue-counts").json
    assert (counts["unassigned"], counts["assignees"]) == (int(status == "in_progress"), [])
    assert '"agnes"' not in everything(parley)
    assert take(ben, ticket_id).json["assignee_id"] == "ben"


def test_closed_ticket_keeps_the_pseudonym_of_its_agent(parley: Parley) -> None:
    alice, agnes, ben = parley.user("alice"), agent(parley), agent(parley, "ben")
    ticket_id = open_ticket(alice)
    assert take(agnes, ticket_id).status == 200
    assert change(agnes, ticket_id, status="closed").status == 200
    parley.drain()

    pseudonym = erased(parley, "agnes")["receipt"]["pseudonym"]

    assert ben.get(f"/support/tickets/{ticket_id}").json["assignee_id"] == pseudonym


def test_subject_and_tags_of_an_erased_requester_go(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice, subject=f"{WORD} phone 555-1234", tags=[WORD])
    assert note(agnes, ticket_id, "They call often.").status == 201
    assert change(agnes, ticket_id, subject=f"{WORD} again", tags=[WORD, "phone"]).status == 200
    assert change(agnes, ticket_id, tags=[f"{WORD}-2"]).status == 200
    parley.drain()

    done = erased(parley, "alice")

    parley.drain()
    assert done["removed"]["support_tickets"] == 1
    assert "tickets" not in done["removed"]  # those of WebSockets
    shown = agnes.get(f"/support/tickets/{ticket_id}").json
    assert (shown["subject"], shown["tags"]) == ("", [])
    assert agnes.get(f"/conversations/{ticket_id}").json["title"] == ""
    for query in (f"q={WORD}", f"tag={WORD}", f"tag={WORD}-2"):
        assert agnes.get(f"/support/tickets/admin/all?{query}").json["tickets"] == []
    assert WORD not in everything(parley)
    assert change(agnes, ticket_id, priority="high").json["subject"] == ""
    assert set(agnes.get(f"/support/tickets/{ticket_id}/history").json["entries"][-1]["changes"]) == {"priority"}


def test_agent_on_duty_leaves_nothing(parley: Parley) -> None:
    agnes = agent(parley)
    assert put_on_duty(agnes, "agnes").status == 200
    parley.drain()

    erased(parley, "agnes")

    assert '"agnes"' not in everything(parley)


def test_agent_who_gave_a_ticket_away_with_a_note_leaves_nothing(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    agent(parley, "ben")
    ticket_id = answered_ticket(alice, agnes)
    given = {"assignee_id": "ben", "note": f"{WORD} is theirs"}
    assert agnes.post(f"/support/tickets/{ticket_id}/assign", json=given).status == 200
    assert note(agnes, ticket_id, f"{WORD} called").status == 201
    parley.drain()

    erased(parley, "agnes")

    left = everything(parley)
    assert '"agnes"' not in left and WORD not in left


def test_exports_and_searches_find_tickets_and_notes_of_those_who_may_see_them(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice, description=f"My {WORD} is gone.")
    assert agnes.post(f"/support/tickets/{ticket_id}/respond", json={"text": f"Which {WORD}?"}).status == 201
    assert note(agnes, ticket_id, f"They lose {WORD} each week.").status == 201
    parley.drain()

    def found(person: User) -> list[str]:
        return [each["message"]["text"] for each in person.get(f"/search?q={WORD}").json["results"]]

    assert sorted(found(alice)) == [f"My {WORD} is gone.", f"Which {WORD}?"]
    assert sorted(found(agnes)) == [f"My {WORD} is gone.", f"They lose {WORD} each week.", f"Which {WORD}?"]
    assert found(parley.user("carol")) == []
    notes_id = f"n_{ticket_id[2:]}"
    for person, conversation_id, texts in (
        (alice, ticket_id, [f"My {WORD} is gone.", f"Which {WORD}?"]),
        (agnes, ticket_id, [f"My {WORD} is gone.", f"Which {WORD}?"]),
        (agnes, notes_id, [f"They lose {WORD} each week."]),
    ):
        file = fetched(parley, exported(parley, person, conversation_id)["url"])
        assert [line["text"] for line in lines(file) if line.get("kind") == "text"] == texts
    assert alice.post(f"/conversations/{notes_id}/export", json={"format": "jsonl"}).status == 404
