"""The rules of the desk fire: for new tickets, replies, tickets that rest, and clocks that warn. Each once."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.functional.automating import DESK, fired, have, rule, ticket_of, words_of_desk
from tests.functional.canned import admin
from tests.functional.desk import (
    ALWAYS_OPEN,
    agent,
    assign,
    change,
    history,
    merge,
    note,
    open_ticket,
    put_on_duty,
    respond,
    take,
    use_desk,
)
from tests.functional.erasures import erased, everything
from tests.functional.moving import imported_ticket
from tests.functional.talk import forget_events, say
from tests.harness import Call, Parley, User
from tests.harness.fixtures import forget_told

MINUTE, HOUR, DAY = 60, 3_600, 86_400
OFFICE = f"""
teams = ["money", "tech"]
warn_percent = 50
{ALWAYS_OPEN}
[targets.medium]
first_response = "2h"
resolution = "8h"
[categories.billing]
name = "Billing"
team = "money"
"""
SHUT = """
[hours]
monday = ["09:00-10:00"]
"""


@pytest.fixture
def desk(parley: Parley, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    use_desk(monkeypatch, tmp_path, OFFICE)


@pytest.fixture
def alice(parley: Parley) -> User:
    return parley.user("alice")


def sweep(parley: Parley, seconds: float) -> None:
    """Lets time pass, then the sweep of the minute, and all that follows."""
    parley.advance(seconds)
    parley.run_schedule("SweepTickets")
    parley.drain()


# ---- a new ticket


def test_every_effect_of_a_new_ticket(parley: Parley, alice: User, desk: None) -> None:
    agnes, bob = agent(parley), agent(parley, "bob")
    phone = alice.connect()
    agnes.get("/me")
    bob.get("/me")
    have(
        parley,
        rule(
            "refund",
            conditions={"words": ["refund"], "category": ["general"], "status": ["open"]},
            reply="Dear {{requester.name}}, {{agent.name}} looks at {{ticket.number}} ({{ticket.category}}).",
            status="in_progress",
            priority="high",
            category="billing",
            add_tags=["money"],
            assignee_id="agnes",
            notify={"user_ids": ["bob"]},
        ),
    )
    ticket_id = open_ticket(alice, description="I want a refund.", category="general")
    parley.drain()

    ticket = ticket_of(agnes, ticket_id)
    told = [ticket[name] for name in ("status", "priority", "category", "team", "tags", "assignee_id", "version")]
    assert told == ["in_progress", "high", "billing", "money", ["money"], "agnes", 2]
    number = ticket["number"]
    assert words_of_desk(alice, ticket_id) == [
        f"Dear {names(parley, 'alice')}, {names(parley, 'agnes')} looks at {number} (Billing)."
    ]
    entry = history(alice, ticket_id)[-1]
    assert (entry["event"], entry["rule_id"], entry["user_id"], entry["number"]) == ("rule_fired", "refund", DESK, 2)
    assert entry["changes"]["status"] == {"from": "open", "to": "in_progress"}
    assert history(agnes, ticket_id)[-1] == entry
    messages = alice.get(f"/conversations/{ticket_id}/messages").json["messages"]
    assert [(each["kind"], each["from"]) for each in sorted(messages, key=lambda each: each["seq"])] == [
        ("text", "requester"),
        ("text", "system"),
        ("system", "system"),
    ]
    [listed] = agnes.get("/conversations?type=ticket").json["conversations"]
    assert (listed["id"], listed["unread"]) == (ticket_id, 2)
    heard = [frame["event"] for frame in phone.events()]
    assert heard.count("message_notification") == 2 and "ticket_updated" in heard and "member_added" in heard
    [notice] = [each for each in bob.get("/me/notifications").json["notifications"] if each["kind"] == "ticket"]
    assert notice["conversation_id"] == ticket_id


def names(parley: Parley, user_id: str) -> str:
    return str(parley.user("backend", role="service").get(f"/users/{user_id}").json["name"])


def test_words_context_and_tags_are_conditions(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    have(
        parley,
        rule("subject", conditions={"words": ["booking"]}, add_tags=["a"]),
        rule("phrase", conditions={"words": ['"see my"']}, add_tags=["b"]),
        rule("missing", conditions={"words": ["refund"]}, add_tags=["c"]),
        rule("context", conditions={"context": ["booking"]}, add_tags=["d"]),
        rule("none", conditions={"context": ["general"]}, add_tags=["e"]),
        rule("tag", conditions={"tags": ["vip"], "without_tags": ["rude"]}, add_tags=["f"]),
        rule("priority", conditions={"priority": ["high", "urgent"]}, add_tags=["g"]),
    )
    first = open_ticket(alice, tags=["vip"])
    second = open_ticket(alice, tags=["vip", "rude"], priority="high")
    parley.drain()

    assert fired(agnes, first) == ["subject", "phrase", "none", "tag"]
    assert fired(agnes, second) == ["subject", "phrase", "none", "priority"]


def test_hours_are_those_of_the_desk(
    parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    agnes = agent(parley)
    have(
        parley,
        rule("shut", conditions={"hours": "closed"}, reply="We are closed."),
        rule("open", conditions={"hours": "open"}, reply="Hi."),
    )
    use_desk(monkeypatch, tmp_path, OFFICE)
    by_day = open_ticket(alice)
    parley.drain()
    use_desk(monkeypatch, tmp_path, SHUT)
    parley.clock.ms += (10 - parley.clock.ms // 1000 // HOUR % 24) % 24 * HOUR * 1000  # 10 o'clock or later, in UTC
    at_night = open_ticket(alice)
    parley.drain()

    assert (fired(agnes, by_day), fired(agnes, at_night)) == (["open"], ["shut"])
    assert words_of_desk(alice, at_night) == ["We are closed."]


def test_rules_are_a_chain_in_one_transaction_with_a_bound(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    chain = [rule("first", add_tags=["t0"], reply="0")]
    chain += [
        rule(f"r{n}", conditions={"tags": [f"t{n - 1}"]}, remove_tags=[f"t{n - 1}"], add_tags=[f"t{n}"], reply=str(n))
        for n in range(1, 15)
    ]
    have(parley, *chain)
    ticket_id = open_ticket(alice)
    parley.drain()

    assert fired(alice, ticket_id) == ["first", *(f"r{n}" for n in range(1, 10))]
    assert words_of_desk(alice, ticket_id) == [str(n) for n in range(10)]
    assert ticket_of(agnes, ticket_id)["tags"] == ["t9"]
    entries = history(agnes, ticket_id)
    assert [entry["number"] for entry in entries] == list(range(1, 12))
    assert entries[-1]["changes"] == {"tags": {"from": ["t8"], "to": ["t9"]}}
    assert alice.get(f"/conversations/{ticket_id}").json["last_seq"] == 11  # ten replies, and no message tells of tags


def test_the_largest_firing_fits_one_transaction(parley: Parley, alice: User, desk: None) -> None:
    agnes = agent(parley)
    agnes.get("/me")
    old, new = [f"old{n}" for n in range(10)], [f"new{n}" for n in range(10)]
    all_at_once = rule(
        "all", category="billing", priority="urgent", status="closed", assignee_id="agnes", team="tech",
        remove_tags=old, add_tags=new, reply="x" * 10_000,
    )  # fmt: skip
    have(parley, *(rule(f"r{n}", reply="y" * 10_000) for n in range(9)), all_at_once)
    ticket_id = open_ticket(alice, tags=old)
    parley.drain()

    assert len(fired(agnes, ticket_id)) == 10
    ticket = ticket_of(agnes, ticket_id)
    assert (ticket["status"], ticket["tags"], ticket["assignee_id"], ticket["team"]) == ("closed", new, "agnes", "tech")
    assert alice.post(f"/conversations/{ticket_id}/messages", json={"text": "x"}).json["code"] == "conversation_closed"


def test_a_rule_that_cannot_be_done_is_left_out(
    parley: Parley, alice: User, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    agnes, bob = agent(parley), agent(parley, "bob")
    agnes.get("/me")
    bob.get("/me")
    have(
        parley,
        rule("lost", assignee_id="bob", priority="urgent"),
        rule("nobody", reply="{{agent.name}} writes."),
        rule("others", priority="high"),
    )
    parley.user("bob", role="user").get("/me")  # bob has lost the role
    ticket_id = open_ticket(alice)
    parley.drain()

    assert fired(agnes, ticket_id) == ["others"]
    ticket = ticket_of(agnes, ticket_id)
    assert (ticket["assignee_id"], ticket["priority"]) == (None, "high")
    left_out = [vars(each) for each in caplog.records if each.message == "rule left out"]
    assert [(each["rule_id"], each["code"]) for each in left_out] == [
        ("lost", "unknown_assignee"),
        ("nobody", "placeholder_unfilled"),
    ]
    assert '"RulesLeftOut":[2.0]' in capsys.readouterr().out


def test_an_agents_own_ticket_is_not_assigned_to_them(parley: Parley) -> None:
    agnes, ben = agent(parley), agent(parley, "ben")
    agnes.get("/me")
    have(parley, rule("own", assignee_id="agnes"), rule("told", notify={"user_ids": ["agnes"]}))
    ticket_id = open_ticket(agnes)
    parley.drain()

    assert fired(ben, ticket_id) == []
    assert ticket_of(ben, ticket_id)["assignee_id"] is None


def test_an_erased_assignee_gets_nothing(parley: Parley, alice: User) -> None:
    agnes, _ = agent(parley), agent(parley, "bob").get("/me")
    have(parley, rule("bob", assignee_id="bob", priority="high"))
    erased(parley, "bob")
    ticket_id = open_ticket(alice)
    parley.drain()

    ticket = ticket_of(agnes, ticket_id)
    assert (ticket["assignee_id"], ticket["priority"]) == (None, "high")


def test_a_rule_that_only_notifies_is_seen_by_agents_alone(parley: Parley, alice: User, desk: None) -> None:
    agnes, ben, cleo = agent(parley), agent(parley, "ben"), agent(parley, "cleo")
    put_on_duty(ben, teams=["tech"], available=False)
    put_on_duty(cleo, teams=["money"], available=False)
    have(parley, rule("tell", notify={"team": "tech"}), rule("then", priority="high"))
    ticket_id = open_ticket(alice)
    parley.drain()

    assert fired(agnes, ticket_id) == ["tell", "then"]
    assert fired(alice, ticket_id) == ["then"]
    assert [entry["number"] for entry in history(alice, ticket_id)] == [1, 2]
    assert [texts(each) for each in (ben, alice)] == [["The automation “Rule tell” asks you to look at ticket"], []]
    assert texts(cleo) == ["A ticket waits for an agent"]  # it waits for her team


def texts(reader: User) -> list[str]:
    """Returns the texts of a person's notifications of tickets, without the number."""
    found = [each for each in reader.get("/me/notifications").json["notifications"] if each["kind"] == "ticket"]
    return [re.sub(r"icket [-0-9]+", "icket", each["text"]) for each in found]


def test_an_erased_agent_who_was_notified_is_in_no_history(parley: Parley, alice: User) -> None:
    agent(parley, "bob").get("/me")
    have(parley, rule("tell", notify={"user_ids": ["bob"]}))
    open_ticket(alice)
    parley.drain()
    assert texts(parley.user("bob", role="agent")) == ["The automation “Rule tell” asks you to look at ticket"]

    erased(parley, "bob")
    assert '"bob"' not in str(everything(parley)).replace("'", '"')


def test_rules_come_before_the_turn_of_an_agent(
    parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_desk(monkeypatch, tmp_path, '[assignment]\nmethod = "round_robin"\n')
    agnes, ben = agent(parley), agent(parley, "ben")
    ben.get("/me")
    agnes.connect()
    put_on_duty(agnes)
    have(parley, rule("vip", conditions={"tags": ["vip"]}, assignee_id="ben"))
    vip, other = open_ticket(alice, tags=["vip"]), open_ticket(alice)
    parley.drain()

    assert (ticket_of(ben, vip)["assignee_id"], ticket_of(ben, other)["assignee_id"]) == ("ben", "agnes")


def test_a_rule_that_takes_a_ticket_from_its_agent_gives_the_next_one_a_turn(
    parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_desk(monkeypatch, tmp_path, '[assignment]\nmethod = "round_robin"\n')
    agnes, ben = agent(parley), agent(parley, "ben")
    ticket_id = open_ticket(alice)
    assert take(ben, ticket_id).status == 200
    parley.drain()
    agnes.connect()
    put_on_duty(agnes)
    have(parley, rule("free", "customer_reply", assignee_id=None))
    say(alice, ticket_id, "Hello?")
    parley.drain()

    assert ticket_of(agnes, ticket_id)["assignee_id"] == "agnes"
    assert fired(agnes, ticket_id) == ["free"]


# ---- a reply of the customer's


def test_a_reply_fires_once_and_the_desks_own_messages_do_not(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    have(parley, rule("reply", "customer_reply", {"words": ["help"]}, reply="Soon.", add_tags=["x"]))
    ticket_id = open_ticket(alice, description="Help me.")
    assert respond(agnes, ticket_id, "We help.").status == 201
    parley.drain()
    assert fired(agnes, ticket_id) == []

    say(alice, ticket_id, "Please help!")
    parley.drain()
    parley.drain()

    assert fired(agnes, ticket_id) == ["reply"]
    assert words_of_desk(alice, ticket_id) == ["Soon."]
    say(alice, ticket_id, "nothing")
    say(alice, ticket_id, "help again")
    parley.drain()
    assert words_of_desk(alice, ticket_id) == ["Soon.", "Soon."]


def test_a_reply_sees_the_ticket_that_it_has_opened(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    have(
        parley,
        rule("waits", "customer_reply", {"status": ["waiting_on_customer"]}, reply="?"),
        rule("opened", "customer_reply", {"status": ["open"]}, priority="high"),
    )
    ticket_id = open_ticket(alice)
    assert change(agnes, ticket_id, status="waiting_on_customer").status == 200
    say(alice, ticket_id, "Here it is.")
    parley.drain()

    assert fired(agnes, ticket_id) == ["opened"]
    assert ticket_of(agnes, ticket_id)["status"] == "open"


def test_a_reply_of_a_rule_moves_no_status_and_ends_no_clock(parley: Parley, alice: User, desk: None) -> None:
    agnes = agent(parley)
    have(parley, rule("ack", reply="We have it."))
    ticket_id = open_ticket(alice)
    parley.drain()

    sla = agnes.get(f"/support/tickets/{ticket_id}/sla").json
    assert sla["status"] == "open"
    assert sla["first_response"]["ended_at"] is None


def test_a_resolve_by_a_rule_is_a_resolve_in_the_figures(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    have(parley, rule("spam", conditions={"words": ["casino"]}, status="resolved", add_tags=["spam"]))
    open_ticket(alice, subject="Casino")
    open_ticket(alice)
    parley.drain()
    parley.advance(6)

    counts = agnes.get("/support/queue-counts").json
    assert (counts["status"]["resolved"], counts["open"]) == (1, 1)
    total = admin(parley).get("/support/metrics").json["total"]
    assert (total["opened"], total["resolved"]) == (2, 1)


def test_closed_and_merged_tickets_fire_nothing(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    have(parley, rule("new", reply="Hello"), rule("idle", "idle", {"without_tags": ["x"]}, add_tags=["x"]))
    closed, merged, into = open_ticket(alice), open_ticket(alice), open_ticket(alice)
    assert change(agnes, closed, status="closed").status == 200
    assert merge(agnes, merged, into).status == 200
    parley.drain()
    sweep(parley, 2 * HOUR)

    assert [fired(agnes, each) for each in (closed, merged, into)] == [[], [], ["new", "idle"]]


def test_messages_with_which_a_ticket_begins_are_no_replies(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    have(parley, rule("reply", "customer_reply", reply="Soon."), rule("new", reply="Hello"))
    talk = alice.post("/conversations", json={"type": "direct", "user_id": "agnes"})
    assert talk.status == 201, talk
    for text in ("one", "two", "three"):
        say(alice, talk.json["id"], text)
    made = alice.post("/support/tickets", json={"subject": "x", "from": {"conversation_id": talk.json["id"]}})
    assert made.status == 201, made
    parley.drain()

    assert fired(agnes, made.json["id"]) == ["new"]


# ---- a ticket that rests


def remind(**more: Any) -> dict[str, Any]:
    return rule("remind", "idle", {"without_tags": ["told"]}, add_tags=["told"], reply="Still there?", **more)


def test_an_idle_rule_fires_once_after_its_time(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    have(parley, remind())
    ticket_id = open_ticket(alice)
    parley.drain()
    sweep(parley, HOUR - 5)
    assert fired(agnes, ticket_id) == []
    sweep(parley, 10)
    assert fired(agnes, ticket_id) == ["remind"]
    for _ in range(3):
        sweep(parley, 2 * HOUR)

    assert fired(agnes, ticket_id) == ["remind"]
    assert words_of_desk(alice, ticket_id) == ["Still there?"]


def test_what_people_do_begins_the_time_anew_and_what_rules_do_does_not(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    have(
        parley,
        rule("one", "idle", {"priority": ["medium"]}, after_minutes=60, priority="high", reply="1"),
        rule("two", "idle", {"priority": ["high"]}, after_minutes=120, priority="urgent"),
    )
    ticket_id = open_ticket(alice)
    parley.drain()
    sweep(parley, 50 * MINUTE)
    respond(agnes, ticket_id)
    sweep(parley, 20 * MINUTE)
    assert fired(agnes, ticket_id) == []
    sweep(parley, 41 * MINUTE)
    assert fired(agnes, ticket_id) == ["one"]
    sweep(parley, 30 * MINUTE)
    assert fired(agnes, ticket_id) == ["one"]
    sweep(parley, 30 * MINUTE)  # two hours after the reply, one after the first rule
    assert fired(agnes, ticket_id) == ["one", "two"]

    assert change(agnes, ticket_id, priority="medium").status == 200
    sweep(parley, 61 * MINUTE)
    assert fired(agnes, ticket_id) == ["one", "two", "one"]


def test_an_agents_note_ends_a_rest(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    have(parley, remind())
    ticket_id = open_ticket(alice)
    parley.drain()
    parley.advance(40 * MINUTE)
    written = note(agnes, ticket_id)
    assert written.status == 201
    sweep(parley, 25 * MINUTE)
    edited = agnes.patch(f"/messages/{written.json['id']}", json={"text": "They have called three times."})
    assert edited.status == 200, edited
    assert fired(agnes, ticket_id) == []

    sweep(parley, 36 * MINUTE)
    assert fired(agnes, ticket_id) == ["remind"]


def test_idle_rules_fire_again_after_a_note(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    have(parley, remind())
    ticket_id = open_ticket(alice)
    parley.drain()
    sweep(parley, 61 * MINUTE)
    assert change(agnes, ticket_id, tags=[]).status == 200
    sweep(parley, 61 * MINUTE)
    assert fired(agnes, ticket_id) == ["remind", "remind"]

    assert state_of(ticket_id).fired.rules == ("remind",)
    assert note(agnes, ticket_id).status == 201
    sweep(parley, 61 * MINUTE)
    assert fired(agnes, ticket_id) == ["remind", "remind"]  # its own tag is there still
    have(parley, rule("remind", "idle", {"tags": ["told"]}, remove_tags=["told"]))
    sweep(parley, 61 * MINUTE)
    assert fired(agnes, ticket_id) == ["remind", "remind", "remind"]


def test_a_message_of_a_system_sender_is_no_act_of_a_person_and_a_change_by_the_host_is(
    parley: Parley, alice: User
) -> None:
    agnes, host = agent(parley), parley.user("backend", role="service")
    have(parley, remind())
    talked, changed = open_ticket(alice, client_id="talked"), open_ticket(alice, client_id="changed")
    parley.drain()
    parley.advance(40 * MINUTE)
    path, text = f"/conversations/{talked}/messages", "Your booking was changed."
    assert host.post(path, json={"text": text, "sender_id": "~parley.system-host"}).status == 201
    assert host.patch(f"/support/tickets/{changed}", json={"tags": ["vip"]}).status == 200
    sweep(parley, 25 * MINUTE)
    assert [fired(agnes, each) for each in (talked, changed)] == [["remind"], []]

    sweep(parley, 61 * MINUTE)
    assert [fired(agnes, each) for each in (talked, changed)] == [["remind"], ["remind"]]
    assert _tried(parley) == {talked: 1, changed: 1}


def _tried(parley: Parley) -> dict[str, int]:
    """Returns how often the saved list would have fired, by ticket."""
    reply = admin(parley).post("/support/automations/try", json={})
    assert reply.status == 200, reply
    return {each["ticket_id"]: each["firing_count"] for each in reply.json["tickets"]}


def test_what_an_erased_person_has_done_counts(parley: Parley, alice: User) -> None:
    agnes, ben = agent(parley), agent(parley, "ben")
    have(parley, remind())
    ticket_id = open_ticket(alice)
    parley.drain()
    parley.advance(40 * MINUTE)
    assert respond(ben, ticket_id).status == 201
    erased(parley, "ben")
    sweep(parley, 25 * MINUTE)
    assert fired(agnes, ticket_id) == []
    sweep(parley, 36 * MINUTE)
    assert fired(agnes, ticket_id) == ["remind"]


def test_an_idle_rule_that_cannot_be_done_is_told_once_in_a_rest(
    parley: Parley, alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    agnes, _ = agent(parley), agent(parley, "bob").get("/me")
    lost = rule("lost", "idle", {"priority": ["medium"]}, assignee_id="bob", priority="high")
    have(parley, lost, remind())
    parley.user("bob", role="user").get("/me")  # bob has lost the role
    ticket_id = open_ticket(alice)
    parley.drain()

    def told() -> list[str]:
        return [vars(each)["rule_id"] for each in caplog.records if each.message == "rule left out"]

    for _ in range(4):
        sweep(parley, 61 * MINUTE)
    assert (told(), fired(agnes, ticket_id)) == (["lost"], ["remind"])
    marks = state_of(ticket_id).fired
    assert (marks.rules, marks.left_out) == (("remind",), ("lost",))

    say(alice, ticket_id, "Hello?")
    for _ in range(2):
        sweep(parley, 61 * MINUTE)
    assert told() == ["lost", "lost"]
    agent(parley, "bob").get("/me")
    sweep(parley, 61 * MINUTE)
    assert fired(agnes, ticket_id) == ["remind", "lost"]  # it fires once it can
    assert state_of(ticket_id).fired.left_out == ("lost",)


def test_an_idle_rule_waits_for_the_hours(
    parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_desk(monkeypatch, tmp_path, SHUT)
    have(parley, rule("open", "idle", {"hours": "open", "without_tags": ["x"]}, add_tags=["x"]))
    from datetime import UTC, datetime

    def at() -> datetime:
        return datetime.fromtimestamp(parley.clock.ms / 1000, UTC)

    while at().weekday() != 1:  # a Tuesday: the desk opens in six days
        parley.clock.ms += DAY * 1000
    ticket_id = open_ticket(alice)
    parley.drain()
    for _ in range(5):
        sweep(parley, DAY)
    assert fired(agent(parley), ticket_id) == []
    while at().weekday() != 0 or at().hour < 9:
        sweep(parley, HOUR)
        assert bool(fired(agent(parley), ticket_id)) == (at().weekday() == 0 and at().hour == 9)

    assert fired(agent(parley), ticket_id) == ["open"]


def state_of(ticket_id: str) -> Any:
    from parley.adapters.support import tickets

    return tickets.get_ticket(ticket_id)


def test_old_tickets_rest_too_once_a_list_was_saved(
    parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    agnes = agent(parley)
    old = [open_ticket(alice, client_id=f"old{n}") for n in range(5)]
    assert change(agnes, old[1], status="in_progress").status == 200
    assert change(agnes, old[2], status="resolved").status == 200
    assert change(agnes, old[3], status="closed").status == 200
    parley.drain()
    parley.advance(2 * HOUR)
    have(parley, remind())
    monkeypatch.setattr("parley.actions.support.walking.PART", 2)
    sweep(parley, MINUTE)
    assert [len(fired(agnes, each)) for each in old] == [0, 0, 0, 0, 0]  # not all processes know the list yet
    late = open_ticket(alice, client_id="late")  # of a process that does not: no job follows it
    sweep(parley, MINUTE)
    sweep(parley, MINUTE)

    assert [len(fired(agnes, each)) for each in old] == [1, 1, 1, 0, 1]
    assert state_of(late).idle_at_ms == state_of(late).created_at_ms + HOUR * 1000
    from parley.adapters.support import automations

    assert automations.get_automations().walk is None


def test_the_walk_goes_on_where_it_was_and_ends(parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    agnes = agent(parley)
    old = []
    for n in range(3):
        parley.clock.ms += 1000
        old.append(open_ticket(alice, client_id=f"old{n}"))
    parley.advance(2 * HOUR)
    have(parley, remind())
    monkeypatch.setattr("parley.actions.support.walking.PART", 1)
    monkeypatch.setattr("parley.actions.support.walking.MAX_PARTS", 1)
    counts = []
    for _ in range(14):
        sweep(parley, MINUTE)
        counts.append(sum(len(fired(agnes, each)) for each in old))

    assert counts == sorted(counts) and counts[0] < counts[-1] == 3


# ---- a clock that warns


def test_a_warning_fires_the_rules_of_its_clock_once(parley: Parley, alice: User, desk: None) -> None:
    agnes = agent(parley)
    agnes.get("/me")
    have(
        parley,
        rule("first", "sla_warning", clock="first_response", priority="high", assignee_id="agnes", reply="Soon."),
        rule("resolution", "sla_warning", clock="resolution", add_tags=["late"]),
        rule("any", "sla_warning", add_tags=["warned"]),
    )
    ticket_id = open_ticket(alice)
    parley.drain()
    sweep(parley, HOUR + 5)

    assert fired(agnes, ticket_id) == ["first", "any"]
    assert [entry["event"] for entry in history(agnes, ticket_id)] == [
        "created",
        "sla_warning",
        "rule_fired",
        "rule_fired",
    ]
    assert [(entry["event"], entry["number"]) for entry in history(alice, ticket_id)] == [
        ("created", 1),
        ("rule_fired", 2),
        ("rule_fired", 3),
    ]
    ticket = ticket_of(agnes, ticket_id)
    assert (ticket["priority"], ticket["assignee_id"], ticket["tags"]) == ("high", "agnes", ["warned"])
    assert ticket_id in [each["id"] for each in agnes.get("/conversations?type=ticket").json["conversations"]]
    assert words_of_desk(alice, ticket_id) == ["Soon."]
    sweep(parley, MINUTE)
    assert fired(agnes, ticket_id) == ["first", "any"]


def test_rules_come_after_the_escalation_of_the_same_look(
    parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_desk(monkeypatch, tmp_path, OFFICE + '[escalation.warning]\npriority = "high"\n')
    agnes = agent(parley)
    have(parley, rule("high", "sla_warning", {"priority": ["high"]}, team="tech", reply="Soon."))
    ticket_id = open_ticket(alice)
    parley.drain()
    sweep(parley, HOUR + 5)

    events = [(entry["event"], entry.get("rule_id")) for entry in history(agnes, ticket_id)]
    assert events == [("created", None), ("sla_warning", None), ("updated", None), ("rule_fired", "high")]
    ticket = ticket_of(agnes, ticket_id)
    assert (ticket["priority"], ticket["team"], ticket["version"]) == ("high", "tech", 3)


def test_jobs_of_the_sweep_fire_rules_as_the_sweep_itself(
    parley: Parley, alice: User, desk: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    agnes = agent(parley)
    agnes.get("/me")
    have(parley, rule("mine", "sla_warning", assignee_id="agnes", reply="{{agent.name}} will answer."), remind())
    ticket_id = open_ticket(alice)
    parley.drain()
    monkeypatch.setattr("parley.actions.sweep.OWN_ROWS", 0)
    sweep(parley, HOUR + 5)

    assert fired(agnes, ticket_id) == ["mine", "remind"]
    assert ticket_of(agnes, ticket_id)["assignee_id"] == "agnes"


# ---- tags alone


def test_tags_that_a_rule_adds_are_no_news_for_the_customer_and_reach_all_devices(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    have(parley, rule("vip", add_tags=["vip"]), rule("seen", "customer_reply", remove_tags=["vip"]))
    ticket_id = open_ticket(alice)
    respond(agnes, ticket_id)
    alice.patch(f"/conversations/{ticket_id}/read-all")
    phone, device = alice.connect(), agnes.connect()
    parley.drain()

    for socket in (phone, device):
        assert [frame["event"] for frame in socket.events()] == ["ticket_updated"]
    assert fired(alice, ticket_id) == ["vip"] and ticket_of(alice, ticket_id)["tags"] == ["vip"]
    assert alice.get("/unread-count").json["tickets"]["total"] == 0
    forget_told()
    run(parley, job_of(ticket_id, number=1, event="created", rules=1))  # it comes again, and tells again
    assert [frame["event"] for frame in phone.events()] == ["ticket_updated"]
    say(alice, ticket_id, "Hello?")
    parley.drain()
    assert fired(alice, ticket_id) == ["vip", "seen"] and ticket_of(alice, ticket_id)["tags"] == []
    kinds = [each["kind"] for each in alice.get(f"/conversations/{ticket_id}/messages").json["messages"]]
    assert kinds == ["text"] * 3


def test_a_persons_change_of_tags_ends_a_rest_and_a_rules_does_not(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    have(parley, rule("early", "idle", {"without_tags": ["x"]}, after_minutes=20, add_tags=["x"]), remind())
    one, other = open_ticket(alice), open_ticket(alice, client_id="other")
    parley.drain()
    sweep(parley, 40 * MINUTE)
    assert change(agnes, one, tags=["late"]).status == 200
    sweep(parley, 21 * MINUTE)
    assert [fired(agnes, each) for each in (one, other)] == [["early", "early"], ["early", "remind"]]
    sweep(parley, 40 * MINUTE)
    assert fired(agnes, one) == ["early", "early", "remind"]
    assert _tried(parley) == {one: 3, other: 2}


# ---- once for one cause


class BeforeFiring:
    """A hook: just before rules are written for the first time, something else happens."""

    def __init__(self, happen: Callable[[], object]) -> None:
        self._happen = happen
        self.happened = False

    def before(self, call: Call) -> None:
        is_firing = call.operation == "TransactWriteItems" and "rule_fired" in str(call.params)
        if is_firing and not self.happened:
            self.happened = True
            self._happen()

    def after(self, call: Call) -> None:
        pass


def job_of(ticket_id: str, **fields: Any) -> Any:
    from parley.domain.support.follow_ups import TicketFollowUp

    return TicketFollowUp(ticket_id=ticket_id, user_id="alice", **fields)


def run(parley: Parley, job: Any) -> None:
    from parley.actions.support import follow_ups

    follow_ups.run_ticket_follow_up(job, parley.clock.ms)


def test_a_job_that_comes_again_or_out_of_order_fires_once(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    ticket_id = open_ticket(alice)
    say(alice, ticket_id, "one")
    say(alice, ticket_id, "two")
    parley.drain()
    have(parley, rule("new", reply="Hello"), rule("reply", "customer_reply", reply="Soon."))
    first, second, third = (
        job_of(ticket_id, number=1, event="created", rules=1),
        job_of(ticket_id, number=2, event="reply", rules=1),
        job_of(ticket_id, number=3, event="reply", rules=1),
    )
    for job in (third, second, third, first, second, first):
        run(parley, job)

    assert fired(agnes, ticket_id) == ["reply", "reply", "new"]


def test_a_job_for_no_reply_of_the_requesters_does_nothing(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    ticket_id = open_ticket(alice)
    respond(agnes, ticket_id)
    have(parley, rule("reply", "customer_reply", reply="Soon."))
    for number in (1, 2, 9):
        run(parley, job_of(ticket_id, number=number, event="reply", rules=1))
    run(parley, job_of("t_" + "a" * 26, number=1, event="created", rules=1))

    assert fired(agnes, ticket_id) == []


def test_an_agents_change_meanwhile_is_seen(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    have(parley, rule("free", conditions={"status": ["open"]}, reply="Nobody has it."), rule("all", add_tags=["x"]))
    ticket_id = open_ticket(alice)
    parley.hooks.append(meanwhile := BeforeFiring(lambda: take(agnes, ticket_id)))
    parley.drain()
    parley.hooks.remove(meanwhile)

    assert meanwhile.happened
    assert fired(agnes, ticket_id) == ["all"]
    ticket = ticket_of(agnes, ticket_id)
    assert (ticket["assignee_id"], ticket["status"], ticket["tags"]) == ("agnes", "in_progress", ["x"])


def test_a_reply_while_an_idle_rule_fires_keeps_it_from_firing(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    have(parley, remind())
    ticket_id = open_ticket(alice)
    parley.drain()
    parley.advance(HOUR + 5)
    parley.hooks.append(meanwhile := BeforeFiring(lambda: say(alice, ticket_id, "Here I am.")))
    parley.run_schedule("SweepTickets")
    parley.hooks.remove(meanwhile)
    parley.drain()

    assert meanwhile.happened
    assert fired(agnes, ticket_id) == []


def test_a_large_ticket(parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.domain.conversations.head.MAX_LISTED", 3)
    monkeypatch.setattr("parley.domain.conversations.send_steps.MAX_LISTED", 3)
    agents = [agent(parley, f"agent{n}") for n in range(4)]
    ticket_id = open_ticket(alice)
    for each in agents:
        assert respond(each, ticket_id).status == 201
    newest = agent(parley, "newest")
    newest.get("/me")
    parley.drain()
    phone, device = alice.connect(), agents[0].connect()
    have(parley, rule("reply", "customer_reply", reply="Soon.", assignee_id="newest", priority="high"))
    forget_events(phone, device)
    say(alice, ticket_id, "Hello?")
    parley.drain()

    assert fired(newest, ticket_id) == ["reply"]
    for heard in (phone, device):
        assert [frame["event"] for frame in heard.events()].count("message_notification") >= 2
    assert change(agents[1], ticket_id, tags=["x"]).status == 200
    parley.drain()
    assert [[frame["event"] for frame in heard.events()] for heard in (phone, device)] == [["ticket_updated"]] * 2
    assert ticket_of(newest, ticket_id)["assignee_id"] == "newest"


def test_rules_saved_elsewhere_hold_within_a_minute(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    first = open_ticket(alice)
    parley.drain()  # this process knows that there are none
    from parley.adapters.support import automations

    stale = automations._known
    have(parley, rule("new", reply="Hello"))
    automations._known = stale
    second = open_ticket(alice, client_id="second")
    parley.drain()
    parley.advance(61)
    third = open_ticket(alice, client_id="third")
    parley.drain()

    assert [fired(agnes, each) for each in (first, second, third)] == [[], [], ["new"]]


def test_a_list_that_cannot_be_read_stops_no_ticket(
    parley: Parley, alice: User, capfd: pytest.CaptureFixture[str]
) -> None:
    agnes = agent(parley)
    device = agnes.connect()
    put_on_duty(agnes)
    have(parley, rule("new", reply="Hello"))
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Tickets"].ref,
        Key={"key": {"S": "automations"}, "place": {"S": "list"}},
        UpdateExpression="SET #rules = :text",
        ExpressionAttributeNames={"#rules": "rules"},
        ExpressionAttributeValues={":text": {"S": "{"}},
    )
    open_ticket(alice)
    parley.drain()

    assert "ticket_created" in [frame["event"] for frame in device.events()]
    assert "RowsUnreadable" in capfd.readouterr().out


def test_nobody_but_agents_sees_that_a_rule_was_left_out_or_notified(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    put_on_duty(agnes, available=False)
    have(parley, rule("tell", "customer_reply", notify={"assignee": True}))
    ticket_id = open_ticket(alice)
    assert assign(agnes, ticket_id, "agnes").status == 200
    agnes.patch(f"/conversations/{ticket_id}/read-all")
    parley.drain()
    before = alice.get(f"/conversations/{ticket_id}").json["last_seq"]
    say(alice, ticket_id, "Hello?")
    parley.drain()

    assert fired(agnes, ticket_id) == ["tell"]
    assert fired(alice, ticket_id) == []
    assert alice.get(f"/conversations/{ticket_id}").json["last_seq"] == before + 1


# ---- tickets of another system, and lists that change


def test_an_import_fires_nothing_and_a_reply_after_it_does(parley: Parley) -> None:
    parley.clock.ms = time.time_ns() // 1_000_000  # the stream goes by the clock on the wall
    have(
        parley,
        rule("new", reply="Hello"),
        rule("reply", "customer_reply", add_tags=["answered"]),
        rule("rest", "idle", {"without_tags": ["told"]}, after_minutes=10, add_tags=["told"]),
    )
    ticket_id = imported_ticket(parley)
    alice, agnes = parley.user("alice"), agent(parley)
    parley.drain()
    for _ in range(4):
        sweep(parley, 11 * MINUTE)
    assert fired(agnes, ticket_id) == []

    parley.clock.ms = time.time_ns() // 1_000_000
    say(alice, ticket_id, "Are you there?")
    parley.drain()
    assert fired(agnes, ticket_id) == ["reply"]


def test_the_hosts_message_in_the_customers_name_is_a_reply(parley: Parley, alice: User) -> None:
    agnes, host = agent(parley), parley.user("backend", role="service")
    have(parley, rule("reply", "customer_reply", add_tags=["x"]))
    ticket_id = open_ticket(alice)
    sent = host.post(f"/conversations/{ticket_id}/messages", json={"text": "By e-mail.", "sender_id": "alice"})
    assert sent.status == 201, sent
    parley.drain()

    assert fired(agnes, ticket_id) == ["reply"]


def test_a_list_without_rules_lets_tickets_rest_in_peace(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    have(parley, remind())
    ticket_id = open_ticket(alice)
    parley.drain()
    assert state_of(ticket_id).due_at_s is not None
    have(parley)
    sweep(parley, HOUR + 5)

    assert fired(agnes, ticket_id) == []
    assert (state_of(ticket_id).idle_at_ms, state_of(ticket_id).due_at_s) == (None, None)


def test_a_change_of_the_status_keeps_the_next_look(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    have(parley, remind())
    ticket_id = open_ticket(alice)
    parley.drain()
    for status in ("waiting_on_customer", "open"):
        assert change(agnes, ticket_id, status=status).status == 200
    sweep(parley, HOUR + 5)
    assert fired(agnes, ticket_id) == ["remind"]


def test_a_reply_while_the_rules_of_another_fire_fires_too(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    have(parley, rule("reply", "customer_reply", reply="Soon."))
    ticket_id = open_ticket(alice)
    say(alice, ticket_id, "one")
    parley.hooks.append(meanwhile := BeforeFiring(lambda: say(alice, ticket_id, "two")))
    parley.drain()
    parley.hooks.remove(meanwhile)
    parley.drain()

    assert fired(agnes, ticket_id) == ["reply", "reply"]
    assert words_of_desk(alice, ticket_id) == ["Soon.", "Soon."]


def test_a_rule_with_a_hostile_text_says_what_it_says(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    have(parley, rule("new", conditions={"words": ["a.b"]}, reply="<b>{{ticket.subject}}</b> {{ ticket.number }}"))
    ticket_id = open_ticket(alice, subject="{{agent.name}} a.b")
    parley.drain()

    number = ticket_of(agnes, ticket_id)["number"]
    assert words_of_desk(alice, ticket_id) == [f"<b>{{{{agent.name}}}} a.b</b> {number}"]
