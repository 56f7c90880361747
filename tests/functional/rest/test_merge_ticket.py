"""POST /support/tickets/{ticket_id}/merge: a ticket is closed, and another one continues it."""

from concurrent.futures import ThreadPoolExecutor

from tests.functional.desk import agent, answered_ticket, ask, change, history, merge, open_ticket, rate, respond
from tests.functional.replies import refusal
from tests.functional.talk import names
from tests.harness import Parley

UNKNOWN = "t_" + "a" * 26


def test_merged_ticket_is_closed_and_both_name_each_other(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    twin, ticket_id = open_ticket(alice), open_ticket(alice)

    reply = merge(agnes, twin, ticket_id)

    assert reply.status == 200, reply
    merged, target = reply.json, alice.get(f"/support/tickets/{ticket_id}").json
    assert [merged[name] for name in ("status", "merged_into", "merged_from", "version")] == [
        "closed",
        ticket_id,
        [],
        2,
    ]
    assert [target[name] for name in ("status", "merged_into", "merged_from", "version")] == ["open", None, [twin], 2]
    assert alice.get(f"/support/tickets/{twin}").json["merged_into"] == ticket_id
    for one, changes in (
        (twin, {"status": {"from": "open", "to": "closed"}, "merged_into": {"from": None, "to": ticket_id}}),
        (ticket_id, {"merged_from": {"from": [], "to": [twin]}}),
    ):
        [_, entry] = history(alice, one)
        assert (entry["event"], entry["user_id"], entry["changes"]) == ("merged", "agnes", changes)


def test_a_system_message_in_each_tells_the_requester_which_ticket_continues(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    twin, ticket_id = open_ticket(alice), answered_ticket(alice, agnes)
    device, desk = alice.connect(), agnes.connect()

    merge(agnes, twin, ticket_id)

    told = {}
    for one in (twin, ticket_id):
        [*_, last] = alice.get(f"/conversations/{one}/messages").json["messages"]
        assert (last["kind"], last["from"], last["text"]) == (
            "system",
            "system",
            "The ticket was merged with another one.",
        )
        assert last["system"]["event"] == "ticket_merged"
        told[one] = last["system"]["changes"]
    assert told[twin]["merged_into"] == {"from": None, "to": ticket_id}
    assert told[ticket_id] == {"merged_from": {"from": None, "to": twin}}
    frames = device.events()
    assert names(frames) == ["message_notification", "ticket_updated"] * 2
    assert [frames[at]["data"]["ticket"]["id"] for at in (1, 3)] == [twin, ticket_id]
    assert frames[1]["data"]["ticket"]["merged_into"] == ticket_id
    assert frames[3]["data"]["ticket"]["merged_from"] == [twin]
    assert [frame["data"]["conversation_id"] for frame in desk.events()] == [ticket_id] * 2


def test_merged_ticket_stays_readable_and_closed(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    twin, ticket_id = answered_ticket(alice, agnes), open_ticket(alice)
    assert change(agnes, twin, status="resolved").status == 200
    assert merge(agnes, twin, ticket_id).status == 200

    for person in (alice, agnes):
        assert len(person.get(f"/conversations/{twin}/messages").json["messages"]) == 4
        refused = person.post(f"/conversations/{twin}/messages", json={"text": "Hello?"})
        assert (refused.json["code"], ticket_id in refused.json["detail"]) == ("conversation_closed", True)
    refused = ask(alice, follow_up_of=twin)
    assert (refusal(refused)[0], ticket_id in refused.json["detail"]) == ("already_merged", True)
    refused = change(agnes, twin, status="open")
    assert (refusal(refused)[0], refused.json["possible"]) == ("illegal_status", [])
    assert refusal(change(agnes, twin, priority="low"))[0] == "ticket_closed"
    assert alice.post(f"/conversations/{ticket_id}/messages", json={"text": "Here, then."}).status == 201
    assert rate(alice, twin, 4).status == 200


def test_a_repeat_answers_the_same_and_writes_nothing(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    twin, ticket_id = open_ticket(alice), open_ticket(alice)

    first, again = merge(agnes, twin, ticket_id), merge(agnes, twin, ticket_id)

    assert (again.status, again.json) == (200, first.json)
    assert [len(history(agnes, one)) for one in (twin, ticket_id)] == [2, 2]


def test_tickets_that_cannot_be_merged_stay_as_they_are(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    one, two, closed = open_ticket(alice), open_ticket(alice), open_ticket(alice)
    others, own = open_ticket(parley.user("bob")), open_ticket(agnes)
    assert change(agnes, closed, status="closed").status == 200
    into = [("/into", "not_allowed")]

    assert refusal(merge(agnes, one, one)) == ("merged_with_itself", 400, into)
    assert refusal(merge(agnes, one, UNKNOWN)) == ("ticket_not_found", 404, into)
    assert refusal(merge(agnes, UNKNOWN, one)) == ("ticket_not_found", 404, [])
    assert refusal(merge(agnes, one, others)) == ("other_requester", 409, into)
    assert refusal(merge(agnes, one, closed)) == ("ticket_closed", 409, into)
    assert refusal(merge(agnes, closed, one)) == ("ticket_closed", 409, [])
    assert refusal(merge(agnes, own, one)) == ("own_ticket", 403, [])
    assert refusal(merge(agnes, one, "d_" + "a" * 26)) == ("invalid_request", 400, [("/into", "bad_format")])
    for person in (alice, parley.user("eve")):
        assert refusal(merge(person, one, two)) == ("agents_only", 403, [])

    assert [len(history(agnes, each)) for each in (one, two, others, own)] == [1] * 4


def test_merged_tickets_make_no_circle(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    one, two, three, four = (open_ticket(alice) for _ in range(4))
    assert merge(agnes, two, one).status == merge(agnes, three, one).status == 200
    into = [("/into", "not_allowed")]

    assert refusal(merge(agnes, one, two)) == ("merged_in_circle", 409, into)
    assert refusal(merge(agnes, two, three)) == ("already_merged", 409, [])
    assert refusal(merge(agnes, four, two)) == ("ticket_closed", 409, into)
    assert merge(agnes, one, four).status == 200
    assert refusal(merge(agnes, four, two)) == ("merged_in_circle", 409, into)  # by way of `one`
    assert agnes.get(f"/support/tickets/{one}").json["merged_from"] == [two, three]


def test_one_ticket_continues_twenty(parley: Parley) -> None:
    host = parley.user("backend", role="service")
    parley.user("alice")
    body = {"subject": "Go", "description": "?", "requester_id": "alice"}
    [target, *twins] = [str(host.post("/support/tickets", json=body).json["id"]) for _ in range(22)]

    replies = [merge(host, twin, target) for twin in twins]

    assert [reply.status for reply in replies] == [200] * 20 + [409]
    assert refusal(replies[-1]) == ("too_many_merged", 409, [("/into", "not_allowed")])
    assert host.get(f"/support/tickets/{target}").json["merged_from"] == twins[:20]


def test_of_two_who_merge_crosswise_one_wins(parley: Parley) -> None:
    alice, agnes, ben = parley.user("alice"), agent(parley), agent(parley, "ben")
    one, two = open_ticket(alice), open_ticket(alice)

    with ThreadPoolExecutor() as pool:
        pending = [pool.submit(merge, agnes, one, two), pool.submit(merge, ben, two, one)]
        replies = [each.result() for each in pending]

    assert sorted(reply.status for reply in replies) == [200, 409]
    [lost] = [reply for reply in replies if reply.status == 409]
    assert lost.json["code"] == "merged_in_circle"
    assert sorted(agnes.get(f"/support/tickets/{each}").json["status"] for each in (one, two)) == ["closed", "open"]


def test_a_merging_is_no_first_reply(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    twin, ticket_id = open_ticket(alice), open_ticket(alice)
    merge(agnes, twin, ticket_id)

    respond(agnes, ticket_id)

    assert "first_response_ms" in history(agnes, ticket_id)[-1]
