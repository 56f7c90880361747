"""PATCH /support/tickets/{ticket_id}: a change is one of the ticket, of its conversation and of its history."""

import pytest

from tests.functional.desk import agent, answered_ticket, change, history, open_ticket, respond
from tests.functional.replies import refusal
from tests.functional.talk import names, say
from tests.harness import Parley


def test_agent_changes_all_that_a_ticket_has(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice, category="general")

    reply = change(agnes, ticket_id, subject="Late", priority="urgent", category="booking", tags=["vip", "late", "vip"])

    ticket = reply.json
    assert reply.status == 200
    names_of = ("subject", "priority", "category", "tags", "status", "version")
    assert [ticket[name] for name in names_of] == ["Late", "urgent", "booking", ["vip", "late"], "open", 2]
    seen = alice.get(f"/support/tickets/{ticket_id}").json
    assert [seen[name] for name in names_of] == [ticket[name] for name in names_of]
    assert alice.get(f"/conversations/{ticket_id}").json["title"] == "Late"
    [entry] = history(agnes, ticket_id)[1:]
    assert (entry["event"], entry["user_id"], entry["number"]) == ("updated", "agnes", 2)
    assert entry["changes"] == {
        "subject": {"from": "My booking", "to": "Late"},
        "priority": {"from": "medium", "to": "urgent"},
        "category": {"from": "general", "to": "booking"},
        "tags": {"from": [], "to": ["vip", "late"]},
    }


def test_a_system_message_tells_of_each_change(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)

    change(agnes, ticket_id, status="in_progress", priority="high")

    [_, told] = alice.get(f"/conversations/{ticket_id}/messages").json["messages"]
    assert (told["kind"], told["from"], told["sender_id"]) == ("system", "system", "agnes")
    assert told["system"] == {
        "event": "ticket_updated",
        "changes": {
            "status": {"from": "open", "to": "in_progress"},
            "priority": {"from": "medium", "to": "high"},
        },
    }
    assert alice.get(f"/support/tickets/{ticket_id}").json["unread"] == 1


def test_those_in_it_get_the_change_as_an_event_and_by_sync(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = answered_ticket(alice, agnes)
    before = alice.get(f"/conversations/{ticket_id}").json
    device, desk = alice.connect(), agnes.connect()

    ticket = change(agnes, ticket_id, status="resolved", subject="Solved").json

    for socket in (device, desk):
        frames = socket.events()
        assert names(frames) == ["message_notification", "ticket_updated"]
        told = frames[1]["data"]
        assert told["ticket"] == {name: ticket[name] for name in told["ticket"]}
        assert (told["ticket"]["status"], told["shared"]["title"], told["user_id"]) == ("resolved", "Solved", "agnes")
        assert {"alice", "agnes"} >= set(told["users"]) >= {"agnes"}
    at = {"seq": before["last_seq"], "change_seq": before["last_change_seq"]}
    caught = alice.post("/sync", json={"cursors": {ticket_id: at}}).json["conversations"][ticket_id]
    assert [message["system"]["event"] for message in caught["messages"]] == ["ticket_updated"]
    [missed] = caught["changes"]
    assert (missed["event"], missed["data"]["ticket"]) == ("ticket_updated", told["ticket"])


def test_sync_over_the_socket_replays_a_change_too(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)
    change(agnes, ticket_id, priority="low")

    reply = alice.connect().request("sync", {"cursors": {ticket_id: {"seq": 1, "change_seq": 0}}})

    [missed] = reply["data"]["conversations"][ticket_id]["changes"]
    assert (missed["event"], missed["data"]["ticket"]["priority"]) == ("ticket_updated", "low")


def test_agent_changes_only_the_status_of_their_own_ticket(parley: Parley) -> None:
    agnes = agent(parley)
    ticket_id = open_ticket(agnes)

    reply = change(agnes, ticket_id, priority="urgent", tags=[])

    assert refusal(reply) == ("own_ticket", 403, [("/priority", "not_allowed"), ("/tags", "not_allowed")])
    assert reply.json["rule"] == "another agent answers an agent's ticket"
    assert change(agnes, ticket_id, status="resolved").json["status"] == "resolved"


def test_requester_resolves_opens_and_closes_and_changes_nothing_else(parley: Parley) -> None:
    alice = parley.user("alice")
    ticket_id = open_ticket(alice)

    for status in ("resolved", "open", "closed"):
        assert change(alice, ticket_id, status=status).json["status"] == status

    other_id = open_ticket(alice)
    assert refusal(change(alice, other_id, priority="urgent", tags=[])) == (
        "agents_only",
        403,
        [("/priority", "not_allowed"), ("/tags", "not_allowed")],
    )
    reply = change(alice, other_id, status="in_progress")
    assert refusal(reply) == ("illegal_status", 409, [("/status", "not_allowed")])
    assert reply.json["possible"] == ["resolved", "closed"]


def test_closed_ticket_stays_as_it_is(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = answered_ticket(alice, agnes)
    change(agnes, ticket_id, status="closed")

    assert refusal(change(agnes, ticket_id, status="open"))[:2] == ("illegal_status", 409)
    assert refusal(change(agnes, ticket_id, priority="low")) == ("ticket_closed", 409, [])
    for person in (alice, agnes):
        reply = person.post(f"/conversations/{ticket_id}/messages", json={"text": "Hello?"})
        assert refusal(reply) == ("conversation_closed", 403, [])
    assert alice.get(f"/conversations/{ticket_id}").json["state"] == "closed"
    assert change(agnes, ticket_id, status="closed").status == 200


def test_change_that_was_decided_on_an_older_version_is_refused(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)
    change(agnes, ticket_id, priority="low", version=1)

    assert refusal(change(agnes, ticket_id, priority="high", version=1)) == (
        "ticket_changed",
        409,
        [("/version", "not_allowed")],
    )
    assert change(agnes, ticket_id, priority="low", version=1).json["version"] == 2, "a retry has its result"


def test_nothing_to_change_writes_nothing(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)

    assert change(agnes, ticket_id).json["version"] == 1
    assert change(agnes, ticket_id, status="open", priority="medium", tags=[]).json["version"] == 1
    assert len(history(agnes, ticket_id)) == 1


@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        ({"category": "pizza"}, "unknown_category", "/category"),
        ({"status": "lost"}, "invalid_request", "/status"),
        ({"priority": "top"}, "invalid_request", "/priority"),
        ({"tags": ["a b"]}, "invalid_request", "/tags/0"),
        ({"tags": ["a"] * 11}, "invalid_request", "/tags"),
        ({"subject": " "}, "invalid_request", "/subject"),
        ({"version": 0}, "invalid_request", "/version"),
        ({"assignee_id": "agnes"}, "invalid_request", "/assignee_id"),
    ],
)
def test_wrong_field_is_named(parley: Parley, fields: dict[str, object], code: str, pointer: str) -> None:
    ticket_id = open_ticket(parley.user("alice"))

    said = refusal(change(agent(parley), ticket_id, **fields))

    assert (said[0], said[1], said[2][0][0]) == (code, 400, pointer)


def test_others_find_no_ticket(parley: Parley) -> None:
    ticket_id = open_ticket(parley.user("alice"))
    bob = parley.user("bob")

    assert refusal(change(bob, ticket_id, status="closed")) == ("ticket_not_found", 404, [])
    assert refusal(change(bob, "t_" + "a" * 26, status="closed")) == ("ticket_not_found", 404, [])


def test_host_changes_a_ticket_in_its_own_name(parley: Parley) -> None:
    alice = parley.user("alice")
    ticket_id = open_ticket(alice)
    host = parley.user("host", role="service")

    assert change(host, ticket_id, status="resolved").json["status"] == "resolved"
    assert history(alice, ticket_id)[1]["user_id"] == "~parley.system-host"


def test_message_of_the_requester_opens_a_ticket_that_waits_or_is_resolved(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = answered_ticket(alice, agnes)
    for status in ("waiting_on_customer", "resolved"):
        change(agnes, ticket_id, status=status)
        desk = agnes.connect()

        sent = alice.post(f"/conversations/{ticket_id}/messages", json={"text": "Not yet.", "client_id": status}).json

        frames = desk.events()
        assert names(frames) == ["message_notification", "message_notification", "ticket_updated"]
        assert [frame["data"]["message"]["seq"] for frame in frames[:2]] == [sent["seq"], sent["seq"] + 1]
        assert frames[2]["data"]["ticket"]["status"] == "open"
        ticket = alice.get(f"/support/tickets/{ticket_id}").json
        assert (ticket["status"], ticket["unread"]) == ("open", 0)
        assert history(agnes, ticket_id)[-1]["changes"] == {"status": {"from": status, "to": "open"}}
        again = alice.post(f"/conversations/{ticket_id}/messages", json={"text": "Not yet.", "client_id": status})
        assert (again.status, again.json["seq"]) == (200, sent["seq"])
        desk.close()


def test_message_of_the_desk_leaves_a_resolved_ticket_resolved(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = answered_ticket(alice, agnes)
    change(agnes, ticket_id, status="resolved")

    respond(agnes, ticket_id, "One thing more.")

    assert alice.get(f"/support/tickets/{ticket_id}").json["status"] == "resolved"


def test_team_follows_the_category_unless_another_was_chosen(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.functional.desk import assign, use_office

    use_office(monkeypatch)
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice, category="booking")
    assert change(agnes, ticket_id, category="complaint").json["team"] == "quality"
    assign(agnes, ticket_id, None, team="travel")

    assert change(agnes, ticket_id, category="general").json["team"] == "travel"


def test_change_of_tags_alone_is_told_to_all_and_unread_by_nobody(parley: Parley) -> None:
    alice, agnes, ada = parley.user("alice"), agent(parley), agent(parley, "ada")
    ticket_id = open_ticket(alice)
    respond(ada, ticket_id)
    parley.drain()
    before = {person.user_id: person.get("/unread-count").json["tickets"]["total"] for person in (alice, ada)}
    phone, device = alice.connect(), ada.connect()
    seen = alice.get(f"/conversations/{ticket_id}").json

    reply = change(agnes, ticket_id, tags=["vip"], version=1)

    parley.drain()
    assert (reply.status, reply.json["version"], reply.json["tags"]) == (200, 2, ["vip"])
    for socket in (phone, device):
        [event] = socket.events()
        assert (event["event"], event["data"]["ticket"]["tags"]) == ("ticket_updated", ["vip"])
    told = alice.get(f"/conversations/{ticket_id}/messages").json["messages"]
    assert [message["kind"] for message in told] == ["text", "text"]
    assert {each.user_id: each.get("/unread-count").json["tickets"]["total"] for each in (alice, ada)} == before
    now = alice.get(f"/conversations/{ticket_id}").json
    assert (now["last_seq"], now["shared_seq"] > seen["shared_seq"]) == (seen["last_seq"], True)
    assert history(alice, ticket_id)[-1]["changes"] == {"tags": {"from": [], "to": ["vip"]}}
    stale = change(ada, ticket_id, tags=["late"], version=1)
    assert refusal(stale) == ("ticket_changed", 409, [("/version", "not_allowed")])
    again = change(agnes, ticket_id, tags=["vip"])
    assert (again.json["version"], len(history(agnes, ticket_id))) == (2, 3)
    assert phone.events() == []
    at = {"seq": seen["last_seq"], "change_seq": seen["last_change_seq"]}
    caught = alice.post("/sync", json={"cursors": {ticket_id: at}}).json["conversations"][ticket_id]
    [missed] = caught["changes"]
    assert (caught["messages"], missed["data"]["ticket"]["tags"]) == ([], ["vip"])


def test_banned_word_in_a_subject_is_refused(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    mona = parley.user("mona", role="moderator")
    rules = [{"kind": "word", "text": "darn", "action": "reject"}]
    assert mona.put("/admin/banned-words", json={"version": 0, "rules": rules}).status == 200
    ticket_id = open_ticket(alice)

    assert refusal(change(agnes, ticket_id, subject="darn it")) == ("banned_words", 422, [("/subject", "not_allowed")])
    say(alice, ticket_id, "Fine.")
