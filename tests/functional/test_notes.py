"""Notes of a ticket: a conversation of its agents, of which its requester and all others never learn anything."""

from typing import Any

import pytest

from tests.functional.attachments import clean_attachment
from tests.functional.attempts import naming
from tests.functional.desk import agent, answered_ticket, assign, note, open_ticket, take
from tests.functional.erasures import erased, everything
from tests.functional.notifying import besides_notifications
from tests.functional.replies import refusal
from tests.functional.suspending import suspended
from tests.functional.talk import forget_events, joined, open_direct, say
from tests.harness import Frame, Parley, Socket, User
from tests.harness.fixtures import forget_told

ABSENT = "n_" + "a" * 26
NOTE = "They have called twice."
RULE = {"id": "called", "kind": "word", "text": "called", "action": "flag"}
# The refusals of an agent who may not do a thing, or not here.
MAY_NOT = {
    *("tickets_elsewhere", "groups_only", "direct_only", "admins_only", "not_your_message", "own_message"),
    *("not_a_voice_message", "notes_stay", "history_stays", "member_not_found", "call_not_found"),
}
PEOPLE = ["requester", "customer", "agent_with_own_ticket", "former_agent", "moderator", "suspended"]


def notes_of(ticket_id: str) -> str:
    return "n_" + ticket_id.removeprefix("t_")


def noted(parley: Parley, requester: User, *agents: User) -> str:
    """Returns the notes of a ticket in which these agents have written."""
    ticket_id = answered_ticket(requester, agents[0])
    for each in agents:
        assert note(each, ticket_id, NOTE).status == 201
    return notes_of(ticket_id)


def heard(device: Socket) -> list[tuple[str, str]]:
    return [(frame["event"], frame["data"]["conversation_id"]) for frame in besides_notifications(device)]


def outsider(parley: Parley, kind: str) -> tuple[User, str]:
    """Returns a person who must not learn of notes, and those notes."""
    agnes, ben = agent(parley), agent(parley, "ben")
    if kind == "agent_with_own_ticket":
        person = agent(parley, "olga")
        return person, noted(parley, person, agnes, ben)
    alice = parley.user("alice")
    if kind == "former_agent":
        person = agent(parley, "fred")
        notes_id = noted(parley, alice, agnes, person)
        host = parley.user("backend", role="service")
        assert host.put("/users/fred", json={"name": "Fred", "role": "user"}).status == 200
        return person, notes_id
    notes_id = noted(parley, alice, agnes, ben)
    if kind == "customer":
        return parley.user("eve"), notes_id
    if kind == "moderator":
        return parley.user("mona", role="moderator"), notes_id
    if kind == "suspended":
        suspended(parley, "alice")
    return alice, notes_id


@pytest.mark.parametrize("kind", PEOPLE)
def test_outsider_cannot_tell_notes_from_a_conversation_that_does_not_exist(parley: Parley, kind: str) -> None:
    person, notes_id = outsider(parley, kind)
    forget_told()
    desk, socket = joined(parley.bearer(parley.token("agnes", role="agent"), "agnes"), notes_id), person.connect()
    codes = set()

    for one in naming(parley.template):
        if one.is_for_moderators and kind == "moderator":
            continue  # test_moderator_… below
        theirs, nobodys = (one.ask_quietly(person, socket, each, [desk]) for each in (notes_id, ABSENT))

        # Of two reads side by side, either the one that finds nothing may be first, or the one that learns of it.
        assert theirs == nobodys or (kind == "suspended" and "suspended" in (theirs.code, nobodys.code)), one
        assert theirs.status in (403, 404), one
        codes.add(theirs.code)

    more = {"moderator": set(), "suspended": {"suspended"}}.get(kind, {"moderators_only"})
    assert codes == {"conversation_not_found", "message_not_found"} | more


@pytest.mark.parametrize("user_id", ["alice", "ben"], ids=["requester", "agent"])
def test_erased_person_finds_no_notes_with_the_token_that_they_still_have(parley: Parley, user_id: str) -> None:
    agnes, people = agent(parley), {"alice": parley.user("alice"), "ben": agent(parley, "ben")}
    notes_id = noted(parley, people["alice"], agnes, people["ben"])
    desk, person = joined(agnes, notes_id), people[user_id]
    parley.drain()
    erased(parley, user_id)
    parley.advance(310)  # API Gateway keeps what the authorizer has said for 300 s
    forget_told()

    for one in naming(parley.template):
        if one.is_rest:
            theirs, nobodys = (one.ask_quietly(person, desk, each, [desk]) for each in (notes_id, ABSENT))
            assert theirs == nobodys, one
            assert theirs.status >= 400, one


def test_agent_does_in_notes_what_people_do_in_conversations(parley: Parley) -> None:
    agnes, admin = agent(parley), parley.user("ada", role="support_admin")
    notes_id = noted(parley, parley.user("alice"), agnes, admin)

    for person in (agnes, admin):
        socket = person.connect()
        for one in naming(parley.template):
            if one.is_for_moderators or "delete" in str(one):
                continue
            answer = one.ask(person, socket, notes_id)
            assert answer.status < 300 or answer.code in MAY_NOT or one.refuses_example, (one, answer)


def seen_by(parley: Parley, person: User, ticket_id: str) -> list[tuple[Any, ...]]:
    """Returns all that a requester can read of their ticket, with the number of the calls that each answer took."""
    conversation, at = f"/conversations/{ticket_id}", {ticket_id: {"seq": 0, "change_seq": 0}}
    asked: list[tuple[str, str, object]] = [
        *(("GET", f"{conversation}{part}", None) for part in ("", "/messages", "/members", "/pins", "/attachments")),
        *(("GET", f"/messages/{ticket_id}.1{part}", None) for part in ("", "/receipts")),
        *(("GET", f"/conversations?{query}", None) for query in ("", "type=ticket", "type=notes", "state=unread")),
        *(("GET", path, None) for path in ("/unread", "/unread-count", "/support/tickets", "/presence?ids=agnes")),
        *(("GET", f"/support/tickets/{ticket_id}{part}", None) for part in ("", "/notes")),
        ("GET", "/search?q=called", None),
        ("POST", "/sync", {"cursors": {}, "list_limit": 50}),
        ("POST", "/sync", {"cursors": at, "list_limit": 50}),
        ("POST", "/sync", {"cursors": {notes_of(ticket_id): 0}}),
        ("POST", f"/support/tickets/{ticket_id}/notes", {"text": "Mine."}),
    ]
    forget_told()
    seen: list[tuple[Any, ...]] = []
    for method, path, body in asked:
        with parley.watch() as calls:
            reply = person.request(method, path, json=body)
        text = {name: one for name, one in reply.json.items() if name not in ("request_id", "instance")}
        kept = {name: one for name, one in reply.headers.items() if "limit" in name.lower()}
        seen.append((method, path, reply.status, str(text), kept, sorted(call.operation for call in calls)))
    return seen


@pytest.mark.parametrize("role", ["user", "agent"])
def test_nothing_that_the_requester_can_read_differs_after_notes(parley: Parley, role: str) -> None:
    alice, agnes, ben = parley.user("alice", role=role), agent(parley), agent(parley, "ben")
    ticket_id = answered_ticket(alice, agnes)
    device = joined(alice, ticket_id)
    parley.drain()
    before = seen_by(parley, alice, ticket_id)
    device.frames.clear()

    for person in (agnes, ben):
        assert note(person, ticket_id, NOTE).status == 201
    desk = joined(agnes, notes_of(ticket_id))
    desk.request("typing_start", {"conversation_id": notes_of(ticket_id)})
    ben.put(f"/messages/{notes_of(ticket_id)}.1/reactions/%F0%9F%91%8D")
    ben.put(f"/messages/{notes_of(ticket_id)}.1/pin")
    parley.drain()

    assert device.frames == []
    after = seen_by(parley, alice, ticket_id)
    desks = [one for one in after if one[1].endswith("/notes")]
    assert {one[2] for one in desks} == {403}
    if role == "agent":  # the refusal of an agent takes a look at the ticket; who it is costs the same calls
        assert [one[:5] for one in before] == [one[:5] for one in after]
    else:
        assert before == after
    assert NOTE not in str(after) and "n_" + ticket_id[2:] not in str([one[3] for one in after if "sync" not in one[1]])


def test_routes_of_notes_refuse_customers_alike_whatever_ticket_they_name(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    own, missing = answered_ticket(alice, agnes), "t_" + "a" * 26
    note(agnes, own)

    for person in (alice, parley.user("eve"), parley.user("mona", role="moderator")):
        for ticket_id in (own, missing):
            path = f"/support/tickets/{ticket_id}/notes"
            for reply in (person.get(path), person.post(path, json={"text": "Mine."})):
                assert refusal(reply) == ("agents_only", 403, [])
                assert reply.json["rule"] == "AgentRoles"
    for reply in (agnes.get(f"/support/tickets/{missing}/notes"), note(agnes, missing)):
        assert refusal(reply) == ("ticket_not_found", 404, [])


def test_agent_who_is_the_requester_never_sees_the_notes(parley: Parley) -> None:
    olga, agnes = agent(parley, "olga"), agent(parley)
    ticket_id = open_ticket(olga)

    for _ in range(2):  # before the first note and after it
        path = f"/support/tickets/{ticket_id}/notes"
        for reply in (olga.get(path), note(olga, ticket_id)):
            assert refusal(reply) == ("own_ticket", 403, [])
        assert note(agnes, ticket_id).status == 201


def test_moderator_reads_reported_notes_but_not_those_of_their_own_ticket(parley: Parley) -> None:
    mona, agnes, ben = parley.user("mona", role="moderator"), agent(parley), agent(parley, "ben")
    own, others = noted(parley, mona, agnes, ben), noted(parley, parley.user("alice"), agnes, ben)
    for notes_id in (own, others):
        assert ben.post(f"/messages/{notes_id}.1/report", json={"reason": "other"}).status == 201

    statuses = [mona.get(f"/admin/conversations/{notes_id}/messages").status for notes_id in (own, others)]

    assert statuses == [404, 200]
    found = mona.get("/admin/search?q=called&user_id=agnes").json["results"]
    assert [hit["message"]["conversation_id"] for hit in found] == [others]


def reported_notes(parley: Parley, requester: User) -> tuple[str, str]:
    """Returns the notes of a person's ticket, in which `ben` has reported the note of `agnes`, and the report's id."""
    notes_id = noted(parley, requester, agent(parley), agent(parley, "ben"))
    reply = agent(parley, "ben").post(f"/messages/{notes_id}.1/report", json={"reason": "other"})
    assert reply.status == 201
    return notes_id, str(reply.json["id"])


def use_agents_who_moderate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODERATOR_ROLES", "admin,moderator,lead")
    monkeypatch.setenv("AGENT_ROLES", "agent,lead")


@pytest.mark.parametrize("role", ["moderator", "lead"])
def test_reports_and_audit_log_leave_out_the_notes_of_the_moderators_own_ticket(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    use_agents_who_moderate(monkeypatch)
    mona, other = parley.user("mona", role=role), parley.user("max", role="moderator")
    own, own_report = reported_notes(parley, mona)
    others, others_report = reported_notes(parley, parley.user("alice"))
    for report_id in (own_report, others_report):
        assert other.get(f"/admin/reports/{report_id}").status == 200
    assert other.get(f"/admin/conversations/{own}/messages").status == 200

    for person, seen in ((mona, [others]), (other, [own, others])):
        listed = person.get("/admin/reports").json["reports"]
        assert sorted(each["conversation_id"] for each in listed) == sorted(seen)
        tried = person.post("/admin/banned-words/try", json={"rules": [RULE]}).json
        assert {each["message_id"] for each in tried["hits"]} == {f"{each}.1" for each in seen}
        assert (own in str(person.get("/admin/audit").json)) == (own in seen)


@pytest.mark.parametrize("role", ["moderator", "lead"])
def test_no_act_tells_the_requester_that_there_is_a_report(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    use_agents_who_moderate(monkeypatch)
    mona = parley.user("mona", role=role)
    own, report_id = reported_notes(parley, mona)
    until, decided = "2027-01-01T00:00:00Z", {"reason": "Rude.", "resolution": "Done."}
    answers = []

    for each in (report_id, "r_" + "a" * 26):
        by = {"report_id": each, **decided}
        removal = f"?report_id={each}&resolution=Done."
        for reply in (
            mona.get(f"/admin/reports/{each}"),
            mona.patch(f"/admin/reports/{each}", json={"version": 1, "status": "dismissed"}),
            mona.put("/admin/suspensions/agnes", json={"until": until, "scope": "write", **by}),
            mona.post("/admin/warnings", json={"user_id": "agnes", **by}),
            mona.post("/admin/removals", json={"user_id": "agnes", "hours": 1, **by}),
            mona.delete(f"/admin/messages/{own}.1{removal}"),
        ):
            answers.append(refusal(reply)[:2])

    assert answers[:6] == answers[6:]
    assert set(answers) == {("report_not_found", 404)}
    for path in (f"/conversations/{own}/export", f"/admin/messages/{own}.1/restore"):
        assert mona.post(path, json={"format": "jsonl"} if "export" in path else None).status == 404
    assert mona.get(f"/messages/{own}.1/versions").status == 404
    assert mona.get("/admin/conversations?user_id=agnes").json["conversations"] == []
    found = parley.user("max", role="moderator").get(f"/admin/reports/{report_id}").json["report"]
    assert (found["status"], found["version"]) == ("open", 1)


def test_page_of_reports_looks_past_those_that_are_closed_to_the_moderator(parley: Parley) -> None:
    mona = parley.user("mona", role="moderator")
    for _ in range(10):
        reported_notes(parley, mona)
        parley.advance(1)
    others, _ = reported_notes(parley, parley.user("alice"))

    page = mona.get("/admin/reports?limit=1").json  # reads two at a time, so that it ends before the one of others
    assert page["reports"] == [] and page["next"] is not None
    [found] = mona.get(f"/admin/reports?limit=1&cursor={page['next']}").json["reports"]
    assert found["conversation_id"] == others
    page = mona.get("/admin/reports?limit=2").json
    assert ([each["conversation_id"] for each in page["reports"]], page["next"]) == ([others], None)


def test_notes_reach_the_agents_in_them_and_in_the_ticket_and_no_other_device(parley: Parley) -> None:
    alice, agnes, ben, cleo = parley.user("alice"), agent(parley), agent(parley, "ben"), agent(parley, "cleo")
    outside = agent(parley, "dora").connect()
    ticket_id = answered_ticket(alice, agnes)
    say(cleo, ticket_id, "I look, too.")
    note(agnes, ticket_id)
    desk, phone, other, device = agnes.connect(), ben.connect(), cleo.connect(), alice.connect()

    assert note(ben, ticket_id, "I call back.").status == 201

    assert [frame["event"] for frame in desk.events()] == ["message_notification", "member_added"]
    assert [frame["event"] for frame in phone.events()] == [
        "conversation_created",
        "message_notification",
        "member_added",
    ]
    assert heard(other) == [("message_notification", notes_of(ticket_id))]
    assert outside.events() == [] and device.events() == []
    texts = [message["text"] for message in cleo.get(f"/support/tickets/{ticket_id}/notes").json["messages"]]
    assert texts == [NOTE, "I call back."]


def unread_notes(person: User) -> list[tuple[str, int]]:
    listed = person.get("/conversations?type=notes").json["conversations"]
    return [(one["id"], one["unread"]) for one in listed]


@pytest.mark.parametrize("is_first", [True, False])
def test_note_tells_the_agent_who_has_the_ticket_and_is_unread_for_them(parley: Parley, is_first: bool) -> None:
    alice, agnes, ben = parley.user("alice"), agent(parley), agent(parley, "ben")
    ticket_id = open_ticket(alice)
    if not is_first:
        assert note(ben, ticket_id).status == 201
    assert take(agnes, ticket_id).status == 200
    desk, device = agnes.connect(), alice.connect()

    assert note(ben, ticket_id, "I call back.").status == 201
    parley.drain()

    told = [("conversation_created", notes_of(ticket_id)), ("message_notification", notes_of(ticket_id))]
    assert heard(desk)[:2] == told
    assert besides_notifications(device) == []
    assert unread_notes(agnes) == [(notes_of(ticket_id), 1)]
    assert unread_notes(ben) == [(notes_of(ticket_id), 0)]
    assert [note(ben, ticket_id).status, note(agnes, ticket_id).status] == [201, 201]  # both are in them


def test_note_after_another_agent_got_the_ticket_brings_that_one_in(parley: Parley) -> None:
    agnes, ben, cleo = agent(parley), agent(parley, "ben"), agent(parley, "cleo")
    ticket_id = open_ticket(parley.user("alice"))
    take(agnes, ticket_id)
    note(ben, ticket_id)
    assert assign(ben, ticket_id, "cleo").status == 200
    desk = cleo.connect()

    for _ in range(2):
        reply = note(ben, ticket_id, "Yours now.", client_id="n2")
        assert reply.status in (201, 200)
        assert ("message_notification", notes_of(ticket_id)) in heard(desk)
        forget_told()
    parley.drain()

    assert [unread_notes(each) for each in (agnes, cleo)] == [[(notes_of(ticket_id), 2)], [(notes_of(ticket_id), 1)]]


def test_note_tells_who_has_the_ticket_open_and_never_its_requester(parley: Parley) -> None:
    olga, agnes, ben = agent(parley, "olga"), agent(parley), agent(parley, "ben")
    ticket_id = open_ticket(olga)
    own, looking = joined(olga, ticket_id), joined(ben, ticket_id)
    forget_events(own, looking)

    for text in ("One.", "Two."):
        assert note(agnes, ticket_id, text).status == 201
        assert heard(looking) == [("message_notification", notes_of(ticket_id))]
        forget_events(looking)

    assert own.events() == []


def test_note_tells_no_former_agent_though_they_have_the_ticket(parley: Parley) -> None:
    agnes, ben = agent(parley), agent(parley, "ben")
    ticket_id = open_ticket(parley.user("alice"))
    take(agnes, ticket_id)
    desk = joined(agnes, ticket_id)
    assert parley.user("backend", role="service").put("/users/agnes", json={"role": "user"}).status == 200
    forget_events(desk)

    for _ in range(2):
        assert note(ben, ticket_id).status == 201

    assert desk.events() == []


def test_agent_who_loses_the_role_is_told_no_more_notes(parley: Parley) -> None:
    alice, agnes, ben = parley.user("alice"), agent(parley), agent(parley, "ben")
    ticket_id = answered_ticket(alice, agnes)
    for person in (agnes, ben):
        note(person, ticket_id)
    desk = joined(ben, notes_of(ticket_id))
    assert parley.user("backend", role="service").put("/users/ben", json={"name": "Ben", "role": "user"}).status == 200
    desk.events()

    note(agnes, ticket_id, "Ben has left.")

    assert desk.events() == []
    assert ben.get("/conversations?type=notes").json["conversations"] == []
    assert ben.get("/search?q=called").json["results"] == []
    left = ben.post("/sync", json={"cursors": {notes_of(ticket_id): {"seq": 1, "change_seq": 0}}}).json["left"]
    assert left == [notes_of(ticket_id)]


def test_lists_show_notes_only_to_those_who_ask_for_them(parley: Parley) -> None:
    alice, agnes, ben = parley.user("alice"), agent(parley), agent(parley, "ben")
    notes_id = noted(parley, alice, agnes, ben)
    note(ben, "t_" + notes_id[2:], "Once more.")
    parley.drain()

    def listed(query: str) -> list[str]:
        return [one["id"] for one in agnes.get(f"/conversations?{query}").json["conversations"]]

    assert listed("type=notes") == listed("type=notes&state=unread") == listed("type=notes&q=more") == [notes_id]
    for query in ("", "type=ticket", "state=unread", "pinned_first=true", "type=direct,group,ticket"):
        assert notes_id not in listed(query), query
    count = agnes.get("/unread-count").json
    assert (count["total"], count["tickets"]["total"]) == (0, 0)
    assert agnes.get("/unread").json["tickets"] == []
    assert refusal(agnes.get("/conversations?type=ticket,notes"))[0] == "invalid_request"


def test_archived_and_pinned_notes_stay_in_their_own_list(parley: Parley) -> None:
    agnes, ben = agent(parley), agent(parley, "ben")
    notes_id = noted(parley, parley.user("alice"), agnes)

    def listed(query: str) -> list[str]:
        return [one["id"] for one in agnes.get(f"/conversations?{query}").json["conversations"]]

    assert agnes.patch(f"/conversations/{notes_id}/settings", json={"pinned": True}).status == 200
    assert listed("state=pinned") == [] and listed("type=notes&state=pinned") == [notes_id]
    assert notes_id not in listed("pinned_first=true") and listed("type=notes&pinned_first=true") == [notes_id]
    assert agnes.patch(f"/conversations/{notes_id}/archive", json={}).status == 200
    assert (listed("state=archived"), listed("type=notes&state=archived"), listed("type=notes")) == ([], [notes_id], [])
    note(ben, "t_" + notes_id[2:])  # it comes back
    parley.drain()
    assert (listed("type=notes&state=archived"), listed("type=notes")) == ([], [notes_id])


def test_sync_search_and_export_have_the_notes_of_an_agent(parley: Parley) -> None:
    agnes, ben = agent(parley), agent(parley, "ben")
    notes_id = noted(parley, parley.user("alice"), agnes, ben)

    new = agnes.post("/sync", json={"cursors": {}, "list_limit": 10}).json
    assert notes_id in [one["id"] for one in new["joined"]]
    assert notes_id not in [one["id"] for one in new["listed"]["conversations"]]
    caught = agnes.post("/sync", json={"cursors": {notes_id: {"seq": 1, "change_seq": 0}}}).json
    assert [message["seq"] for message in caught["conversations"][notes_id]["messages"]] == [2]
    hits = agnes.get("/search?q=called").json["results"]
    assert [hit["message"]["conversation_id"] for hit in hits] == [notes_id] * 2
    asked = agnes.post(f"/conversations/{notes_id}/export", json={"format": "jsonl"})
    assert asked.status == 202
    parley.drain()
    done = agnes.get(f"/exports/{asked.json['id']}").json
    assert done["state"] == "done"


def test_search_goes_on_from_page_to_page_into_the_notes(parley: Parley) -> None:
    agnes = agent(parley)
    notes_id = noted(parley, parley.user("alice"), agnes)
    say(agnes, open_direct(agnes, parley.user("bob")), "They have called me.")

    found, cursor = [], ""
    for _ in range(5):
        page = agnes.get(f"/search?q=called&limit=1{cursor}").json
        found += [hit["message"]["conversation_id"] for hit in page["results"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    assert len(found) == 2 and found[-1] == notes_id and page["next"] is None


def test_note_is_not_forwarded(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    notes_id = noted(parley, alice, agnes)
    chat = open_direct(agnes, parley.user("bob"))

    for target in (chat, "t_" + notes_id[2:]):
        reply = agnes.post(f"/messages/{notes_id}.1/forward", json={"conversation_ids": [target]})
        assert refusal(reply) == ("notes_stay", 403, [])
    reply = agnes.post(f"/conversations/t_{notes_id[2:]}/messages", json={"text": "So?", "reply_to": f"{notes_id}.1"})
    assert refusal(reply)[0] == "invalid_request"


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("PATCH", "/conversations/{id}", {"title": "Another"}, "tickets_elsewhere"),
        ("PATCH", "/conversations/{id}", {"state": "closed"}, "tickets_elsewhere"),
        ("POST", "/conversations/{id}/members", {"user_ids": ["alice"]}, "groups_only"),
        ("DELETE", "/conversations/{id}/members/agnes", None, "groups_only"),
    ],
    ids=["rename", "close", "add", "leave"],
)
def test_routes_of_conversations_change_no_notes(
    parley: Parley, method: str, path: str, body: object, code: str
) -> None:
    agnes = agent(parley)
    notes_id = noted(parley, parley.user("alice"), agnes)

    for person in (agnes, parley.user("backend", role="service")):
        assert person.request(method, path.format(id=notes_id), json=body).json["code"] == code


@pytest.mark.parametrize("user_id", ["alice", "agnes"], ids=["requester", "agent"])
def test_erased_person_leaves_no_trace_in_notes(parley: Parley, user_id: str) -> None:
    alice, agnes, ben = parley.user("alice"), agent(parley), agent(parley, "ben")
    notes_id = noted(parley, alice, agnes, ben)
    parley.drain()

    done = erased(parley, user_id)

    texts = [each["text"] for each in ben.get(f"/support/tickets/t_{notes_id[2:]}/notes").json["messages"]]
    assert texts == (["", NOTE] if user_id == "agnes" else [NOTE, NOTE])
    assert f'"{user_id}"' not in everything(parley)
    assert done["removed"].get("notes", 0) == (user_id == "agnes")


def test_erased_requester_of_a_ticket_without_notes_leaves_no_trace_when_some_are_written(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = answered_ticket(alice, agnes)
    parley.drain()
    erased(parley, "alice")

    assert note(agnes, ticket_id).status == 201

    assert '"alice"' not in everything(parley)


def test_repeat_of_the_first_note_shows_the_conversation_again(parley: Parley) -> None:
    agnes = agent(parley)
    ticket_id = open_ticket(parley.user("alice"))
    other = agnes.connect()

    told, answers = [], []
    for _ in range(2):
        reply = note(agnes, ticket_id, client_id="n1")
        answers.append((reply.status, reply.json["id"], reply.json["replayed"]))
        told.append({frame["event"] for frame in other.events()})
        forget_told()

    assert answers == [(201, f"{notes_of(ticket_id)}.1", False), (200, f"{notes_of(ticket_id)}.1", True)]
    assert all("conversation_created" in each for each in told)
    assert refusal(note(agnes, ticket_id, "Another.", client_id="n1")) == (
        "client_id_reused",
        422,
        [("/client_id", "client_id_reused")],
    )


def test_host_reads_notes_and_the_audit_log_says_so_and_writes_none(parley: Parley) -> None:
    notes_id = noted(parley, parley.user("alice"), agent(parley))
    host, path = parley.user("backend", role="service"), f"/support/tickets/t_{notes_id[2:]}/notes"

    assert [each["text"] for each in host.get(path).json["messages"]] == [NOTE]
    [entry, *_] = parley.user("mona", role="moderator").get("/admin/audit").json["entries"]
    assert (entry["action"], entry["target"]) == ("read_conversation", notes_id)
    assert refusal(host.post(path, json={"text": "Hello."})) == ("agents_only", 403, [])
    sent = host.post(f"/conversations/{notes_id}/messages", json={"text": "Hello.", "sender_id": "alice"})
    assert refusal(sent)[0] == "sender_not_member"


def test_files_of_notes_are_for_its_agents(parley: Parley) -> None:
    alice, agnes, ben = parley.user("alice"), agent(parley), agent(parley, "ben")
    notes_id = noted(parley, alice, agnes)
    attachment_id = clean_attachment(parley, agnes, notes_id)
    agnes.post(f"/conversations/{notes_id}/messages", json={"attachment_ids": [attachment_id]})

    assert [person.get(f"/attachments/{attachment_id}").status for person in (ben, alice)] == [302, 404]
    listed: Frame = ben.get(f"/conversations/{notes_id}/attachments?kind=image").json
    assert [each["id"] for each in listed["attachments"]] in ([attachment_id], [])
    reply = agnes.post(f"/conversations/t_{notes_id[2:]}/messages", json={"attachment_ids": [attachment_id]})
    assert reply.status in (400, 409, 422), reply
