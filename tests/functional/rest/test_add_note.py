"""POST /support/tickets/{ticket_id}/notes: an agent's word to the other agents, which no requester ever learns of."""

from tests.functional.desk import agent, note, open_ticket
from tests.functional.replies import at_once, invalid, refusal
from tests.harness import Parley


def test_first_note_makes_their_conversation_and_brings_its_author_in(parley: Parley) -> None:
    ticket_id = open_ticket(parley.user("alice"))
    agnes = agent(parley)
    other = agnes.connect()

    reply = note(agnes, ticket_id, "They have called twice.")

    assert reply.status == 201, reply
    notes_id = "n_" + ticket_id[2:]
    assert (reply.json["id"], reply.json["text"], reply.json["replayed"]) == (
        f"{notes_id}.1",
        "They have called twice.",
        False,
    )
    assert [frame["event"] for frame in other.events()] == ["conversation_created"]
    seen = agnes.get(f"/conversations/{notes_id}").json
    assert (seen["type"], seen["unread"], seen["member_count"]) == ("notes", 0, 1)


def test_wrong_notes_are_refused_and_nothing_is_made(parley: Parley) -> None:
    ticket_id, agnes = open_ticket(parley.user("alice")), agent(parley)
    path = f"/support/tickets/{ticket_id}/notes"

    assert refusal(agnes.post(path, json={})) == invalid(("/text", "required"))
    assert refusal(agnes.post(path, json={"text": " "})) == invalid(("/text", "blank"))
    assert refusal(agnes.post(path, json={"text": "a" * 16_385}))[0] == "invalid_request"
    assert refusal(agnes.post(path, json={"text": "So?", "attachment_ids": []})) == invalid(
        ("/attachment_ids", "unknown_field")
    )
    assert agnes.get(path).json["messages"] == []
    assert refusal(agnes.get(f"/conversations/n_{ticket_id[2:]}")) == ("conversation_not_found", 404, [])


def test_two_agents_who_write_the_first_note_at_once_are_both_heard(parley: Parley) -> None:
    ticket_id, agnes, ben = open_ticket(parley.user("alice")), agent(parley), agent(parley, "ben")

    replies = at_once([lambda: note(agnes, ticket_id, "Mine."), lambda: note(ben, ticket_id, "And mine.")])

    assert [reply.status for reply in replies] == [201, 201]
    texts = [message["text"] for message in agnes.get(f"/support/tickets/{ticket_id}/notes").json["messages"]]
    assert sorted(texts) == ["And mine.", "Mine."]
