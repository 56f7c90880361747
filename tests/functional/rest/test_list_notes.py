"""GET /support/tickets/{ticket_id}/notes: pages of notes, for agents."""

from tests.functional.desk import agent, note, open_ticket
from tests.functional.replies import invalid, refusal
from tests.harness import Parley


def test_notes_come_in_pages_like_a_history(parley: Parley) -> None:
    ticket_id, agnes, ben = open_ticket(parley.user("alice")), agent(parley), agent(parley, "ben")
    for person, text in ((agnes, "They have called twice."), (ben, "I call back."), (ben, "Done.")):
        assert note(person, ticket_id, text).status == 201

    page = agnes.get(f"/support/tickets/{ticket_id}/notes?limit=2").json

    assert [message["text"] for message in page["messages"]] == ["I call back.", "Done."]
    assert (page["found_oldest"], page["found_newest"]) == (False, True)
    assert set(page["users"]) == {"ben"}
    before = agnes.get(f"/support/tickets/{ticket_id}/notes?before={page['messages'][0]['seq']}").json
    assert [message["text"] for message in before["messages"]] == ["They have called twice."]


def test_page_before_the_first_note_is_empty(parley: Parley) -> None:
    ticket_id = open_ticket(parley.user("alice"))

    reply = agent(parley).get(f"/support/tickets/{ticket_id}/notes")

    assert reply.json == {"messages": [], "found_oldest": True, "found_newest": True, "users": {}}


def test_wrong_ids_and_queries_are_named(parley: Parley) -> None:
    ticket_id, agnes = open_ticket(parley.user("alice")), agent(parley)

    assert refusal(agnes.get(f"/support/tickets/n_{ticket_id[2:]}/notes")) == invalid(("{ticket_id}", "bad_format"))
    for _ in range(2):  # without notes and with some
        both = agnes.get(f"/support/tickets/{ticket_id}/notes?before=5&after=1")
        assert refusal(both)[:2] == ("invalid_request", 400)
        note(agnes, ticket_id)
