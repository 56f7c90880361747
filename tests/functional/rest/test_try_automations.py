"""POST /support/automations/try: what rules would have done to past tickets."""

import random
from typing import Any

import pytest

from parley.domain.api.times import rfc3339
from parley.domain.support.trying import EXCERPT_CHARACTERS, MAX_TOLD, MAX_TRIED_ROWS
from tests.functional.automating import have, rule
from tests.functional.desk import agent, change, history, open_ticket, respond, run_desk
from tests.functional.mailing import clocked
from tests.functional.moving import imported_ticket
from tests.functional.replies import invalid, malformed_bodies, refusal, stored
from tests.functional.talk import fill, say
from tests.harness import Frame, Parley, Reply, User

DESK = """
teams = ["billing"]

[categories.general]
name = "General"

[targets.medium]
first_response = "2h"

[targets.high]
first_response = "1h"
"""


@pytest.fixture(autouse=True)
def desk(monkeypatch: pytest.MonkeyPatch) -> None:
    run_desk(monkeypatch, DESK)


def admin(parley: Parley) -> User:
    return parley.user("ada", role="support_admin")


def try_out(person: User, *rules: Frame, **body: object) -> Reply:
    return person.post("/support/automations/try", json={"rules": list(rules), **body})


def firings(reply: Reply) -> dict[str, list[tuple[str, str, str]]]:
    """Returns what would have fired for each ticket: the rule, its trigger and the instant."""
    assert reply.status == 200 and reply.json["next"] is None, reply
    return {
        ticket["ticket_id"]: [(each["rule_id"], each["on"], each["at"]) for each in ticket["firings"]]
        for ticket in reply.json["tickets"]
    }


def test_firings_are_told_with_their_changes_and_replies_and_rules_that_could_not_be_done(parley: Parley) -> None:
    alice, ada = parley.user("alice"), admin(parley)
    agent(parley)
    ticket_id = open_ticket(alice, subject="My refund")
    opened_at = rfc3339(parley.clock())
    rules = (
        rule("undone", reply="{{agent.name}} has it.", priority="low"),
        rule("refund", conditions={"words": ["refund"]}, priority="high", add_tags=["refund"]),
        rule(
            "give",
            conditions={"priority": ["high"]},
            assignee_id="agnes",
            reply="Dear {{requester.name}}: " + "x" * 300,
        ),
        rule("other", conditions={"words": ["seat"]}, priority="low"),
        rule("off", enabled=False, priority="low"),
    )

    reply = try_out(ada, *rules)

    number = ada.get(f"/support/tickets/{ticket_id}").json["number"]
    found = reply.json
    assert found.pop("users").keys() == {"agnes"}
    assert found == {
        "tickets": [
            {
                "ticket_id": ticket_id,
                "number": number,
                "created_at": opened_at,
                "firings": [
                    {
                        "rule_id": "refund",
                        "on": "created",
                        "at": opened_at,
                        "changes": {
                            "priority": {"from": "medium", "to": "high"},
                            "tags": {"from": [], "to": ["refund"]},
                        },
                        "reply": None,
                    },
                    {
                        "rule_id": "give",
                        "on": "created",
                        "at": opened_at,
                        "changes": {"assignee_id": {"from": None, "to": "agnes"}},
                        "reply": ("Dear Alice: " + "x" * 300)[:EXCERPT_CHARACTERS],
                    },
                ],
                "firing_count": 2,
                "rules_left_out": [
                    {"rule_id": "undone", "on": "created", "at": opened_at, "code": "placeholder_unfilled"}
                ],
                "rules_left_out_count": 1,
            }
        ],
        "left_out": [],
        "total": {"tickets": 1, "fired": 1, "firings": 2, "rules_left_out": 1},
        "next": None,
    }


def test_change_that_a_rule_would_have_made_holds_until_the_field_is_really_changed(parley: Parley) -> None:
    alice, agnes, ada = parley.user("alice"), agent(parley), admin(parley)
    ticket_id = open_ticket(alice)
    say(alice, ticket_id, "First.")
    parley.advance(60)
    change(agnes, ticket_id, priority="low")
    say(alice, ticket_id, "Second.")
    rules = (
        rule("raise", priority="urgent", status="resolved"),
        rule("urgent", on="customer_reply", conditions={"priority": ["urgent"], "status": ["open"]}, team="billing"),
    )

    [found] = firings(try_out(ada, *rules)).values()

    assert [rule_id for rule_id, _, _ in found] == [
        "raise",
        "urgent",
    ]  # it opens for the first, and is low by the second


def test_rests_end_with_what_a_person_does_and_rules_wait_for_the_hours(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_desk(monkeypatch, f'{DESK}\n[hours]\nmonday = ["09:00-17:00"]\ntuesday = ["09:00-17:00"]\n')
    parley.clock.ms = 1_799_625_600_000 + 16 * 3_600_000  # a Monday, 16:00
    alice, agnes, ada = parley.user("alice"), agent(parley), admin(parley)
    ticket_id = open_ticket(alice)
    first_ms = parley.clock()
    parley.advance(40 * 60)
    respond(agnes, ticket_id)
    second_ms = parley.clock()
    parley.advance(20 * 3_600)
    ada.token = parley.token("ada", "support_admin")
    rules = (
        rule("half", on="idle", after_minutes=30, conditions={"without_tags": ["a"]}, add_tags=["a"]),
        rule(
            "closed", on="idle", after_minutes=30, conditions={"hours": "closed", "without_tags": ["b"]}, add_tags=["b"]
        ),
        rule(
            "morning", on="idle", after_minutes=60, conditions={"hours": "open", "without_tags": ["c"]}, add_tags=["c"]
        ),
    )

    [found] = firings(try_out(ada, *rules)).values()

    hour_ms = 3_600_000
    assert found == [
        ("half", "idle", rfc3339(first_ms + hour_ms // 2)),
        ("closed", "idle", rfc3339(second_ms + hour_ms // 2)),
        ("morning", "idle", rfc3339(first_ms + 17 * hour_ms + 1)),
    ]


RULES = (
    rule("vip", conditions={"words": ["gold"]}, add_tags=["vip"]),
    rule("thanks", reply="Thank you, {{requester.name}}."),
    rule("again", on="customer_reply", conditions={"words": ["again"]}, add_tags=["again"], team="billing"),
    rule("warned", on="sla_warning", clock="first_response", add_tags=["warned"]),
    rule(
        "remind",
        on="idle",
        after_minutes=60,
        conditions={"status": ["waiting_on_customer"], "without_tags": ["sent"]},
        reply="Are you there?",
        add_tags=["sent"],
    ),
)
UNDONE = {  # rules that cannot be done, and the codes
    "lost": (rule("lost", assignee_id="bob", add_tags=["lost"]), "unknown_assignee"),
    "unknown": (rule("unknown", on="customer_reply", reply="{{agent.name}} has it."), "placeholder_unfilled"),
    "gone": (rule("gone", on="customer_reply", conditions={"words": ["gold"]}, team="gone"), "unknown_team"),
    "full": (rule("full", on="sla_warning", add_tags=[f"t{n}" for n in range(10)]), "too_many_tags"),
    "back": (
        rule("back", "idle", {"status": ["resolved"]}, status="waiting_on_customer", after_minutes=10),
        "illegal_status",
    ),
}


def _act(parley: Parley, chance: random.Random, alice: User, agnes: User, ticket_ids: list[str]) -> None:
    """Lets one of the two do anything, and some time pass, in which the sweep looks every ten minutes."""
    text, at = chance.choice(["gold again", "gold", "again", "hello"]), chance.random()
    act = chance.choice(["open", "say", "say", "respond", "wait", "wait", "work", "high", "resolve"])
    for person, role in ((alice, None), (agnes, "agent")):
        person.token = parley.token(person.user_id, role)
    one = ticket_ids[int(at * len(ticket_ids))] if ticket_ids else ""
    fields: dict[str, dict[str, object]] = {
        "wait": {"status": "waiting_on_customer"},
        "work": {"status": "in_progress"},
        "high": {"priority": "high"},
        "resolve": {"status": "resolved"},
    }
    if act == "open" or not ticket_ids:
        ticket_ids.append(open_ticket(alice, description=text))
    elif act == "say":
        say(alice, one, text)
    elif act == "respond":
        respond(agnes, one)
    else:
        change(agnes, one, **fields[act])
    parley.drain()
    for _ in range(chance.choice([1, 3, 8])):
        parley.advance(10 * 60 + 1)
        parley.run_schedule("SweepTickets")
        parley.drain()


def _have_undone(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    """Saves rules that can be done, and those that could be done until an agent and a team were gone."""
    agent(parley, "bob").get("/me")
    run_desk(monkeypatch, DESK.replace('"billing"', '"billing", "gone"'))
    have(parley, *RULES, *(undone for undone, _ in UNDONE.values()))
    run_desk(monkeypatch, DESK)
    parley.user("bob", role="user").get("/me")


@pytest.mark.parametrize("seed", [3, 4])
def test_try_says_of_past_tickets_what_the_rules_have_really_done_and_could_not_do(
    parley: Parley, seed: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    chance = random.Random(seed)
    _have_undone(parley, monkeypatch)
    alice, agnes, ada = parley.user("alice"), agent(parley), admin(parley)
    ticket_ids: list[str] = []
    with clocked(parley):
        for _ in range(24):
            _act(parley, chance, alice, agnes, ticket_ids)
    for person, role in ((agnes, "agent"), (ada, "support_admin")):
        person.token = parley.token(person.user_id, role)

    live = {
        ticket_id: sorted(
            (each["rule_id"], sorted(each["changes"]))
            for each in history(agnes, ticket_id)
            if each["event"] == "rule_fired"
        )
        for ticket_id in ticket_ids
    }
    lines = [vars(each) for each in caplog.records if each.message == "rule left out"]
    undone = {
        ticket_id: sorted((each["rule_id"], each["code"]) for each in lines if each["ticket_id"] == ticket_id)
        for ticket_id in ticket_ids
    }
    found: dict[str, list[tuple[str, list[str]]]] = {}
    left_out: dict[str, list[tuple[str, str]]] = {}
    for ticket in _all_tried(ada):
        found[ticket["ticket_id"]] = sorted((each["rule_id"], sorted(each["changes"])) for each in ticket["firings"])
        left_out[ticket["ticket_id"]] = sorted((each["rule_id"], each["code"]) for each in ticket["rules_left_out"])

    assert (found, left_out) == (live, undone)
    assert {rule_id for each in live.values() for rule_id, _ in each} == {each["id"] for each in RULES}
    codes = {rule_id: code for rule_id, (_, code) in UNDONE.items()}
    assert {rule_id: code for each in undone.values() for rule_id, code in each} == codes


def _all_tried(author: User) -> list[Frame]:
    """Returns the tickets of all pages of a try of the saved list."""
    found: list[Frame] = []
    cursor: dict[str, str] | None = {}
    while cursor is not None:
        reply = author.post("/support/automations/try", json={"limit": 2, **cursor})
        assert reply.status == 200, reply
        found += reply.json["tickets"]
        cursor = {"cursor": reply.json["next"]} if reply.json["next"] else None
    return found


@pytest.mark.parametrize(
    ("escalation", "seen"),
    [
        ('[escalation.warning]\npriority = "urgent"\n', "urgent"),
        ('[escalation.warning]\npriority = "high"\n[escalation.breach]\npriority = "urgent"\n', "urgent"),
        ("", "medium"),
    ],
)
def test_rules_on_a_warning_see_the_escalation_of_the_desks_file(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, escalation: str, seen: str
) -> None:
    run_desk(monkeypatch, f"warn_percent = 100\n{DESK}\n{escalation}")
    alice, agnes, ada = parley.user("alice"), agent(parley), admin(parley)
    rules = [
        rule(f"at-{name}", on="sla_warning", conditions={"priority": [name]}, add_tags=[name])
        for name in ("medium", "high", "urgent")
    ]
    idle = {"priority": ["medium"], "without_tags": ["x"]}
    rules.append(rule("back", on="idle", after_minutes=130, conditions=idle, add_tags=["x"]))
    have(parley, *rules)
    ticket_id = open_ticket(alice)
    parley.drain()
    for minutes in (121, 131):
        parley.advance(minutes * 60)
        for person, role in ((agnes, "agent"), (ada, "support_admin")):
            person.token = parley.token(person.user_id, role)
        parley.run_schedule("SweepTickets")
        parley.drain()
        assert change(agnes, ticket_id, priority="medium").status == 200

    live = [each["rule_id"] for each in history(agnes, ticket_id) if each["event"] == "rule_fired"]
    assert live == [f"at-{seen}", "back"]
    [found] = firings(ada.post("/support/automations/try", json={})).values()
    assert [rule_id for rule_id, _, _ in found] == live


def test_tickets_of_which_nothing_is_said_are_named(parley: Parley) -> None:
    alice, ada = parley.user("alice"), admin(parley)
    imported, own, good, long = imported_ticket(parley), open_ticket(ada), open_ticket(alice), open_ticket(alice)
    most = open_ticket(alice)
    fill(parley, long, ["a"] * MAX_TRIED_ROWS, from_ms=parley.clock())
    fill(parley, most, ["a"] * (MAX_TRIED_ROWS - 1), from_ms=parley.clock())  # and the entry of its history

    every = rule("every", on="customer_reply", reply="Yes.")
    never = rule("never", on="customer_reply", reply="{{agent.name}} has it.")
    pages = [try_out(ada, every, never)]
    while pages[-1].json["next"]:
        pages.append(try_out(ada, every, never, cursor=pages[-1].json["next"]))

    tickets = {each["ticket_id"]: each for page in pages for each in page.json["tickets"]}
    assert tickets.keys() == {good, most}
    for told, count in (("firings", "firing_count"), ("rules_left_out", "rules_left_out_count")):
        assert (len(tickets[most][told]), tickets[most][count]) == (MAX_TOLD, MAX_TRIED_ROWS - 2)
    reasons = {each["ticket_id"]: each["reason"] for page in pages for each in page.json["left_out"]}
    assert reasons == {imported: "imported", own: "own_ticket", long: "too_long"}


def test_page_looks_at_a_bounded_number_of_characters(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, ada = parley.user("alice"), admin(parley)
    lengths = (100, 100, 101, 60, 101, 101)
    ticket_ids = [open_ticket(alice, description="a" * length) for length in lengths]
    ticket_ids += [open_ticket(ada) for _ in range(4)]
    monkeypatch.setattr("parley.actions.support.trying.MAX_TRIED_CHARACTERS", 100)

    pages = [try_out(ada, rule("all", reply="Yes."))]
    while pages[-1].json["next"]:
        pages.append(try_out(ada, rule("all", reply="Yes."), cursor=pages[-1].json["next"]))

    assert [len(page.json["tickets"]) for page in pages] == [1, 1, 1]
    shown = [each["ticket_id"] for page in pages for each in page.json["tickets"]]
    others = [each["ticket_id"] for page in pages for each in page.json["left_out"]]
    assert sorted(shown) == sorted((ticket_ids[0], ticket_ids[1], ticket_ids[3]))
    assert sorted(shown + others) == sorted(ticket_ids)  # each once


def test_nothing_is_written_and_nobody_is_told(parley: Parley) -> None:
    alice, agnes, ada = parley.user("alice"), agent(parley), admin(parley)
    ticket_id = open_ticket(alice)
    socket, before = agnes.connect(), stored(parley)

    assert firings(try_out(ada, rule("all", reply="Hello.", assignee_id="agnes", notify={"team": "billing"})))[
        ticket_id
    ]

    assert {name for name, rows in stored(parley).items() if rows != before[name]} == set()
    assert socket.events() == []


def test_admins_and_the_host_may_and_the_log_says_that_the_host_did(parley: Parley) -> None:
    alice, agnes, host = parley.user("alice"), agent(parley), parley.user("backend", role="service")
    ticket_id = open_ticket(alice)

    assert refusal(try_out(alice)) == refusal(try_out(agnes)) == ("support_admins_only", 403, [])
    assert firings(try_out(host)) == firings(try_out(admin(parley))) == {ticket_id: []}
    [entry] = parley.user("mona", role="moderator").get("/admin/audit?action=list_tickets").json["entries"]
    assert (entry["actor_id"], entry["details"]) == ("backend", {"by": "try_automations"})


def test_rules_are_checked_as_a_saved_list_is(parley: Parley) -> None:
    ada = admin(parley)
    idle = rule("loop", on="idle", priority="high")
    bad: dict[str, Any] = {
        "/rules/0": idle,
        "/rules/0/if/category/0": rule("a", conditions={"category": ["seats"]}, priority="low"),
        "/rules/0/then/assignee_id": rule("a", assignee_id="nobody"),
        "/rules/0/then/reply": rule("a", reply="{{what}}"),
    }

    off = rule("a", enabled=False, assignee_id="nobody")
    assert try_out(ada, off).status == 200
    for pointer, one in bad.items():
        code, status, fields = refusal(try_out(ada, one))
        assert (status, [place for place, _ in fields]) == (400, [pointer]), code
    assert refusal(try_out(ada, limit=21)) == invalid(("/limit", "too_large"))
    assert refusal(try_out(ada, cursor="abc")) == invalid(("/cursor", "bad_cursor"))
    assert refusal(try_out(ada, to="2026-02-30")) == invalid(("/to", "bad_format"))
    backwards = invalid(("/from", "contradiction"), ("/to", "contradiction"))
    assert refusal(try_out(ada, **{"from": "2026-10-01", "to": "2026-10-01"})) == backwards
    assert try_out(ada, to="1970-01-01").json["tickets"] == []
    assert malformed_bodies(lambda raw: ada.post("/support/automations/try", raw=raw)) == {}
