"""SweepTickets: warnings and breaches of the clocks, escalations, the end of resolved tickets, and archiving."""

import time
from typing import Any

import pytest

from parley.domain.live.sweeps import MAX_DELAY_S, OWN_ROWS
from parley.domain.support.ticket_clocks import MAX_SAID
from tests.functional.desk import (
    agent,
    answered_ticket,
    assign,
    change,
    history,
    open_ticket,
    put_on_duty,
    respond,
    run_desk,
    take,
)
from tests.functional.talk import say
from tests.functional.test_sweeps import Fails, broken, failures
from tests.harness import Parley, Socket, User

MINUTE, HOUR, DAY = 60, 3_600, 86_400  # seconds
DESK = "~parley.system-desk"
QUEUE = "/support/tickets/admin/all"
PROMISES = """
teams = ["travel", "quality"]
warn_percent = 50

[categories.general]
name = "General"

[targets.medium]
first_response = "1h"
next_response = "30m"
resolution = "8h"
"""
ESCALATING = f"""
{PROMISES}
[targets.urgent]
first_response = "30m"
resolution = "4h"

[escalation.breach]
clocks = ["first_response", "resolution"]
priority = "urgent"
team = "quality"
assignee = "nobody"
"""
CLOSING = """
[categories.general]
name = "General"

[closing]
resolved_after_days = 5
notice_before_days = 2
notice = "We close it soon."
archive_after_days = 30
"""


def people(parley: Parley) -> tuple[User, User]:
    """Returns a customer and an agent."""
    return parley.user("alice", expires_in_s=DAY), parley.user("agnes", "agent", expires_in_s=DAY)


def sweep_after(parley: Parley, seconds: float, *signed_in: User) -> None:
    """Lets the sweep look after some time, and these people sign in again then."""
    parley.advance(seconds)
    parley.run_schedule("SweepTickets")
    for person in signed_in:
        person.token = parley.token(person.user_id, "agent" if person.user_id == "agnes" else None)


def of_clocks(person: User, ticket_id: str) -> list[tuple[str, str]]:
    entries = history(person, ticket_id)
    return [(entry["event"], entry["clock"]) for entry in entries if entry["event"].startswith("sla_")]


def events(device: Socket, name: str) -> list[dict[str, Any]]:
    return [frame["data"] for frame in device.events(name)]


def queued(reader: User, query: str = "") -> set[str]:
    reply = reader.get(f"{QUEUE}?{query}")
    assert reply.status == 200, reply
    return {ticket["id"] for ticket in reply.json["tickets"]}


def rows_of(parley: Parley, ticket_id: str) -> list[dict[str, Any]]:
    """Returns all rows of the table of tickets that are of a ticket, or find it."""
    table = parley.functions.environment["TICKETS_TABLE"]
    items = parley.store.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
    return [item for item in items if ticket_id in str(item)]


def test_unanswered_ticket_warns_and_breaches_once_however_often_the_sweep_looks(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_desk(monkeypatch, PROMISES)
    alice, agnes = people(parley)
    ticket_id, opened_ms = open_ticket(alice), parley.clock()

    for _ in range(3):
        sweep_after(parley, 31 * MINUTE)
        parley.run_schedule("SweepTickets")

    assert of_clocks(agnes, ticket_id) == [("sla_warning", "first_response"), ("sla_breach", "first_response")]
    breach = history(agnes, ticket_id)[-1]
    assert (breach["user_id"], breach["number"], breach["changes"]) == (DESK, 3, {})
    assert breach["at"] == at(opened_ms + HOUR * 1000)


def at(ms: int) -> str:
    from parley.domain.api.times import rfc3339

    return rfc3339(ms)


def test_everything_is_recorded_at_its_instant_however_late_the_sweep_is(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_desk(monkeypatch, PROMISES)
    alice, agnes = people(parley)
    ticket_id, opened_ms = open_ticket(alice), parley.clock()

    sweep_after(parley, 9 * HOUR)

    entries = [entry for entry in history(agnes, ticket_id) if "clock" in entry]
    assert [(entry["event"], entry["clock"], entry["at"]) for entry in entries] == [
        ("sla_warning", "first_response", at(opened_ms + 30 * MINUTE * 1000)),
        ("sla_breach", "first_response", at(opened_ms + HOUR * 1000)),
        ("sla_warning", "resolution", at(opened_ms + 4 * HOUR * 1000)),
        ("sla_breach", "resolution", at(opened_ms + 8 * HOUR * 1000)),
    ]


def test_breach_is_recorded_also_if_the_reply_comes_before_the_sweep(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_desk(monkeypatch, ESCALATING)
    alice, agnes = people(parley)
    ticket_id = open_ticket(alice)
    parley.advance(61 * MINUTE)
    assert respond(agnes, ticket_id).status == 201

    sweep_after(parley, MINUTE)

    assert of_clocks(agnes, ticket_id) == [("sla_warning", "first_response"), ("sla_breach", "first_response")]
    # The reply is there, so nobody has to be woken.
    assert agnes.get(f"/support/tickets/{ticket_id}").json["priority"] == "medium"


def test_reply_in_time_stops_the_clock_and_the_next_message_starts_another(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_desk(monkeypatch, PROMISES)
    alice, agnes = people(parley)
    ticket_id = open_ticket(alice)
    parley.advance(10 * MINUTE)
    respond(agnes, ticket_id)
    parley.advance(10 * MINUTE)
    say(alice, ticket_id, "Thank you. And my seat?")

    sweep_after(parley, 16 * MINUTE)
    assert of_clocks(agnes, ticket_id) == [("sla_warning", "next_response")]
    respond(agnes, ticket_id)
    sweep_after(parley, 2 * HOUR)

    assert of_clocks(agnes, ticket_id) == [("sla_warning", "next_response")]


def test_agents_in_the_ticket_are_told_and_the_requester_learns_of_nothing(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_desk(monkeypatch, PROMISES)
    alice, agnes = people(parley)
    ticket_id = open_ticket(alice)
    take(agnes, ticket_id)
    parley.advance(HOUR)
    phone, desk = alice.connect(), agnes.connect()

    sweep_after(parley, MINUTE)
    change(agnes, ticket_id, tags=["seat"])

    told = events(desk, "ticket_sla")
    assert [(event["kind"], event["clock"]) for event in told] == [
        ("warning", "first_response"),
        ("breach", "first_response"),
    ]
    assert told[0]["ticket"]["assignee_id"] == "agnes" and told[0]["conversation_id"] == ticket_id
    assert events(phone, "ticket_sla") == []
    # No gap in the numbers tells of the entries that are left out, nor does a cursor.
    first = alice.get(f"/support/tickets/{ticket_id}/history?limit=2").json
    rest = alice.get(f"/support/tickets/{ticket_id}/history?limit=2&cursor={first['next']}").json
    assert [[entry["number"] for entry in page["entries"]] for page in (first, rest)] == [[1, 2], [3]]
    assert [entry["number"] for entry in history(agnes, ticket_id)] == [1, 2, 3, 4, 5]


def test_missed_target_escalates_in_the_same_transaction(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    run_desk(monkeypatch, ESCALATING)
    alice, agnes = people(parley)
    ticket_id = open_ticket(alice)
    assign(agnes, ticket_id, "agnes", team="travel")
    parley.advance(HOUR)
    desk = agnes.connect()

    sweep_after(parley, MINUTE)

    ticket = agnes.get(f"/support/tickets/{ticket_id}").json
    assert (ticket["priority"], ticket["team"], ticket["assignee_id"]) == ("urgent", "quality", None)
    last = history(agnes, ticket_id)[-1]
    assert (last["event"], last["user_id"]) == ("updated", DESK)
    assert last["changes"] == {
        "priority": {"from": "medium", "to": "urgent"},
        "team": {"from": "travel", "to": "quality"},
        "assignee_id": {"from": "agnes", "to": None},
    }
    assert [event["ticket"]["priority"] for event in events(desk, "ticket_updated")] == ["urgent"]
    message = alice.get(f"/conversations/{ticket_id}/messages").json["messages"][-1]
    assert (message["kind"], message["sender_id"], message["from"]) == ("system", DESK, "system")
    # An urgent ticket has had half an hour, so its next clock is missed at the change; it is urgent already.
    sweep_after(parley, 5 * HOUR)
    assert [event for event, _ in of_clocks(agnes, ticket_id)].count("sla_breach") == 2
    assert agnes.get(f"/support/tickets/{ticket_id}").json["version"] == ticket["version"]


def test_agent_does_not_find_their_own_ticket_among_the_overdue_ones(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_desk(monkeypatch, PROMISES)
    alice, agnes = people(parley)
    own, others = open_ticket(agnes), open_ticket(alice)
    sweep_after(parley, 61 * MINUTE)

    for query in ("overdue=true", "overdue=true&requester=agnes", "overdue=true&q=booking", "overdue=true&status=open"):
        assert own not in queued(agnes, query), query
    assert queued(agnes, "overdue=true") == {others}
    assert queued(agent(parley, "ben"), "overdue=true") == queued(agnes) == {own, others}


def test_tickets_that_wait_after_a_missed_target_are_found_as_overdue(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_desk(monkeypatch, PROMISES)
    alice, agnes = people(parley)
    late, answered, resolved = (open_ticket(alice) for _ in range(3))
    sweep_after(parley, 61 * MINUTE)
    in_time = open_ticket(alice)
    assert queued(agnes, "overdue=true") == {late, answered, resolved}
    assert queued(agnes) == {late, answered, resolved, in_time}

    respond(agnes, answered)
    change(agnes, resolved, status="resolved")

    assert queued(agnes, "overdue=true") == {late}
    sweep_after(parley, 8 * HOUR)
    assert queued(agnes, "overdue=true&priority=medium") == {late, answered, in_time}
    say(alice, resolved, "Not at all.")  # it is open again, and its reply came late: but it came
    assert queued(agnes, "overdue=true") == {late, answered, in_time}


def test_ticket_of_a_desk_without_targets_has_no_clock_and_is_never_due(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_desk(monkeypatch, CLOSING)
    alice, agnes = people(parley)
    ticket_id = open_ticket(alice)

    [state] = [row for row in rows_of(parley, ticket_id) if "status" in row]
    assert not {"sla", "due_at_s", "due_shard"} & state.keys()
    sweep_after(parley, 100 * DAY, alice, agnes)
    assert len(history(agnes, ticket_id)) == 1


def test_resolved_ticket_closes_itself_after_a_notice(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    run_desk(monkeypatch, CLOSING)
    alice, agnes = people(parley)
    ticket_id = open_ticket(alice)
    change(agnes, ticket_id, status="resolved")

    sweep_after(parley, 2.9 * DAY, alice, agnes)
    assert last_text(alice, ticket_id) is None
    sweep_after(parley, 0.2 * DAY, alice, agnes)
    assert last_text(alice, ticket_id) == "We close it soon."
    unread = alice.get(f"/support/tickets/{ticket_id}").json["unread"]
    sweep_after(parley, 1.8 * DAY, alice, agnes)
    assert alice.get(f"/support/tickets/{ticket_id}").json["unread"] == unread
    assert alice.get(f"/support/tickets/{ticket_id}").json["status"] == "resolved"
    sweep_after(parley, 0.3 * DAY, alice, agnes)

    assert alice.get(f"/support/tickets/{ticket_id}").json["status"] == "closed"
    last = history(alice, ticket_id)[-1]
    assert (last["user_id"], last["changes"]) == (DESK, {"status": {"from": "resolved", "to": "closed"}})
    assert alice.post(f"/conversations/{ticket_id}/messages", json={"text": "Hello?"}).status == 403


def last_text(reader: User, ticket_id: str) -> str | None:
    """Returns the text of the newest message if the desk itself has written it."""
    message = reader.get(f"/conversations/{ticket_id}/messages").json["messages"][-1]
    return message["text"] if (message["sender_id"], message["kind"]) == (DESK, "text") else None


def test_message_of_the_requester_after_the_notice_keeps_the_ticket_open(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_desk(monkeypatch, CLOSING)
    alice, agnes = people(parley)
    ticket_id = open_ticket(alice)
    change(agnes, ticket_id, status="resolved")
    sweep_after(parley, 4 * DAY, alice, agnes)
    say(alice, ticket_id, "It is not.")

    sweep_after(parley, 10 * DAY, alice, agnes)
    assert agnes.get(f"/support/tickets/{ticket_id}").json["status"] == "open"
    change(agnes, ticket_id, status="resolved")
    sweep_after(parley, 3.1 * DAY, alice, agnes)

    assert last_text(alice, ticket_id) == "We close it soon."


def test_ticket_that_the_sweep_finds_much_too_late_has_its_notice_before_it_closes(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_desk(monkeypatch, CLOSING)
    alice, agnes = people(parley)
    ticket_id = open_ticket(alice)
    change(agnes, ticket_id, status="resolved")

    sweep_after(parley, 9 * DAY, alice, agnes)
    parley.run_schedule("SweepTickets")
    assert agnes.get(f"/support/tickets/{ticket_id}").json["status"] == "resolved"
    assert last_text(alice, ticket_id) == "We close it soon."
    sweep_after(parley, 1.9 * DAY, alice, agnes)
    assert agnes.get(f"/support/tickets/{ticket_id}").json["status"] == "resolved"
    sweep_after(parley, 0.2 * DAY, alice, agnes)

    assert agnes.get(f"/support/tickets/{ticket_id}").json["status"] == "closed"


def test_closed_ticket_leaves_every_queue_and_stays_readable(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    run_desk(monkeypatch, CLOSING)
    alice, agnes = people(parley)
    ticket_id = answered_ticket(alice, agnes)
    change(agnes, ticket_id, status="closed", tags=["seat"])
    number = agnes.get(f"/support/tickets/{ticket_id}").json["number"]
    assert queued(agnes, "status=closed&tag=seat") == {ticket_id}

    sweep_after(parley, 29 * DAY, alice, agnes)
    assert queued(agnes, "status=closed") == {ticket_id}
    sweep_after(parley, 2 * DAY, alice, agnes)

    assert [queued(agnes, query) for query in ("status=closed", "tag=seat&status=closed", "assignee=none")] == [
        set()
    ] * 3
    assert queued(agnes, f"q={number}") == {ticket_id}
    assert queued(agnes, "requester=alice&priority=medium&tag=seat") == {ticket_id}
    assert [one["id"] for one in alice.get("/support/tickets").json["tickets"]] == [ticket_id]
    assert len(agnes.get(f"/conversations/{ticket_id}/messages").json["messages"]) == 3
    left = {row["key"]["S"].partition("=")[0] for row in rows_of(parley, ticket_id)}
    assert left == {ticket_id, f"number#{number}", "requester"}
    sweep_after(parley, 300 * DAY, alice, agnes)
    assert alice.post(f"/support/tickets/{ticket_id}/rating", json={"rating": 4}).json["rating"] == 4
    assert queued(agnes, "status=closed") == set()


def test_ten_thousand_due_tickets_are_handed_over_within_a_minute_at_a_pace_that_keys_bear(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looks at the jobs alone: the tickets do not exist, so the hundred of the run itself are not due."""
    keys = [(f"t_{number:026d}",) for number in range(10_000)]
    monkeypatch.setattr("parley.adapters.support.tickets.due", lambda now_s: iter(keys))
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(
        "parley.adapters.live.queues.sweep_on",
        lambda jobs, delay_s=0: sent.append((delay_s, sum(len(job.keys) for job in jobs))),
    )

    parley.run_schedule("SweepTickets")

    assert sum(rows for _, rows in sent) == 9_900
    assert max(rows for _, rows in sent) == 300  # a second: two of the units that one key has for each, of 1,000
    assert [delay for delay, _ in sent] == list(range(1, 34))


def test_run_leaves_to_the_next_one_what_the_queue_would_hold_for_too_long(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [(f"t_{number:026d}",) for number in range(20_000)]
    monkeypatch.setattr("parley.adapters.support.tickets.due", lambda now_s: iter(keys))
    delays: list[int] = []
    monkeypatch.setattr("parley.adapters.live.queues.sweep_on", lambda jobs, delay_s=0: delays.append(delay_s))

    parley.run_schedule("SweepTickets")

    assert (max(delays), len(delays)) == (MAX_DELAY_S, MAX_DELAY_S)


def test_jobs_of_the_queue_look_at_what_a_run_leaves(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    run_desk(monkeypatch, PROMISES)
    alice, agnes = people(parley)
    ticket_id = open_ticket(alice)
    others = [(f"t_{number:026d}",) for number in range(OWN_ROWS)]
    monkeypatch.setattr("parley.adapters.support.tickets.due", lambda now_s: iter([*others, (ticket_id,)]))

    sweep_after(parley, 61 * MINUTE)
    assert of_clocks(agnes, ticket_id) == []
    parley.drain()

    assert [event for event, _ in of_clocks(agnes, ticket_id)] == ["sla_warning", "sla_breach"]


def test_ticket_that_fails_is_tried_after_all_others_and_keeps_nothing_from_them(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_desk(monkeypatch, PROMISES)
    alice, agnes = people(parley)
    failing, other = open_ticket(alice), open_ticket(alice)
    fails = Fails(broken, failing, "TransactWriteItems")
    parley.hooks.append(fails)
    capsys.readouterr()

    sweep_after(parley, 61 * MINUTE)

    assert failures(capsys, "sweep_tickets") == 1
    assert [len(of_clocks(agnes, ticket_id)) for ticket_id in (failing, other)] == [0, 2]
    [state] = [row for row in rows_of(parley, failing) if "status" in row]
    assert int(state["due_at_s"]["N"]) == parley.clock() // 1000
    fails.lasts = False
    sweep_after(parley, MINUTE)
    assert len(of_clocks(agnes, failing)) == 2


def test_damaged_ticket_keeps_nothing_from_others(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    run_desk(monkeypatch, PROMISES)
    alice, agnes = people(parley)
    damaged, other = open_ticket(alice), open_ticket(alice)
    parley.store.client("dynamodb").update_item(
        TableName=parley.functions.environment["TICKETS_TABLE"],
        Key={"key": {"S": damaged}, "place": {"S": "ticket"}},
        UpdateExpression="SET sla = :damaged",
        ExpressionAttributeValues={":damaged": {"S": "[["}},
    )

    sweep_after(parley, 61 * MINUTE)

    assert [event for event, _ in of_clocks(agnes, other)] == ["sla_warning", "sla_breach"]


def test_sweep_that_was_away_writes_a_bounded_number_of_entries_at_once(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_desk(monkeypatch, PROMISES.replace("30m", "1m"))
    alice, agnes = people(parley)
    ticket_id = answered_ticket(alice, agnes)
    for _ in range(MAX_SAID):  # each message has a clock of its own, which warns and is missed
        parley.advance(MINUTE)
        say(alice, ticket_id, "Hello?")
        parley.advance(2 * MINUTE)
        respond(agnes, ticket_id)

    sweep_after(parley, MINUTE)
    first = of_clocks(agnes, ticket_id)
    sweep_after(parley, MINUTE)
    sweep_after(parley, MINUTE)

    assert len(first) == MAX_SAID
    assert of_clocks(agnes, ticket_id) == [("sla_warning", "next_response"), ("sla_breach", "next_response")] * MAX_SAID


def test_agents_on_duty_hear_of_missed_targets_and_get_what_escalates(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_desk(monkeypatch, f'{ESCALATING}\n[assignment]\nmethod = "round_robin"\n')
    alice, agnes = people(parley)
    ticket_id = open_ticket(alice)
    assign(agnes, ticket_id, "agnes", team="travel")
    parley.drain()
    parley.clock.ms = max(parley.clock.ms, time.time_ns() // 1_000_000)
    parley.advance(HOUR)
    ben = parley.user("ben", "agent")
    device = ben.connect()
    assert put_on_duty(ben).status == 200

    sweep_after(parley, MINUTE)
    parley.drain()

    told = [(event["kind"], event["clock"]) for event in events(device, "ticket_sla")]
    assert set(told) == {("warning", "first_response"), ("breach", "first_response")}
    assert ben.get(f"/support/tickets/{ticket_id}").json["assignee_id"] == "ben"


def test_escalated_ticket_for_which_no_agent_was_there_waits_for_the_next_one(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_desk(monkeypatch, f'{ESCALATING}\n[assignment]\nmethod = "round_robin"\n')
    alice, agnes = people(parley)
    ticket_id = open_ticket(alice)
    assign(agnes, ticket_id, "agnes", team="travel")
    parley.clock.ms = max(parley.clock.ms, time.time_ns() // 1_000_000)
    sweep_after(parley, 61 * MINUTE)
    parley.drain()
    assert agnes.get(f"/support/tickets/{ticket_id}").json["assignee_id"] is None

    ben = parley.user("ben", "agent")
    ben.connect()
    assert put_on_duty(ben).status == 200
    parley.run_schedule("ClearStalePresence")  # which also looks at the tickets that wait
    parley.drain()

    assert ben.get(f"/support/tickets/{ticket_id}").json["assignee_id"] == "ben"
