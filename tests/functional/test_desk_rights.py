"""The desk's words are screened and carry files, as everywhere, and forwards change tickets, too."""

from collections.abc import Callable

import pytest

from tests.functional.attachments import clean_attachment
from tests.functional.desk import agent, answered_ticket, change, note, open_ticket, respond, take
from tests.functional.macros import apply, macro
from tests.functional.talk import open_direct, say
from tests.harness import Parley, Reply, User

FLAGGING = [{"kind": "word", "text": "flagme", "action": "flag"}]


ACTS: dict[str, Callable[[User, str], Reply]] = {
    "macro": lambda agnes, ticket_id: apply(agnes, ticket_id, macro(agnes.parley, reply="flagme")),
    "reply": lambda agnes, ticket_id: respond(agnes, ticket_id, "flagme"),
    "note": lambda agnes, ticket_id: note(agnes, ticket_id, "flagme"),
    "subject": lambda agnes, ticket_id: change(agnes, ticket_id, subject="flagme"),
}


@pytest.mark.parametrize("act", ACTS)
def test_flagged_words_of_agents_are_reported(parley: Parley, act: str) -> None:
    alice, agnes, mona = parley.user("alice"), agent(parley), parley.user("mona", role="moderator")
    ticket_id = open_ticket(alice)
    assert mona.put("/admin/banned-words", json={"version": 0, "rules": FLAGGING}).status == 200
    parley.advance(120)  # the list is looked at again

    assert ACTS[act](agnes, ticket_id).status in (200, 201)

    assert len(mona.get("/admin/reports").json["reports"]) == 1


def test_reply_carries_a_file(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = answered_ticket(alice, agnes)
    attachment_id = clean_attachment(parley, agnes, ticket_id)

    reply = respond(agnes, ticket_id, "The form.", attachment_ids=[attachment_id])

    assert [one["id"] for one in reply.json["attachments"]] == [attachment_id]


def test_agent_who_has_answered_takes_the_ticket_and_has_read_it(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = answered_ticket(alice, agnes)

    assert take(agnes, ticket_id).json["unread"] == 0
    assert agnes.get(f"/support/tickets/{ticket_id}").json["unread"] == 0


def test_message_that_the_requester_forwards_opens_a_resolved_ticket(parley: Parley) -> None:
    alice, agnes, bob = parley.user("alice"), agent(parley), parley.user("bob")
    [said] = say(alice, open_direct(alice, bob), "See this.")
    ticket_id = answered_ticket(alice, agnes)
    change(agnes, ticket_id, status="resolved")

    forwarded = alice.post(f"/messages/{said}/forward", json={"conversation_ids": [ticket_id]})

    assert (forwarded.status, forwarded.json["failed"]) == (200, [])
    assert alice.get(f"/support/tickets/{ticket_id}").json["status"] == "open"
