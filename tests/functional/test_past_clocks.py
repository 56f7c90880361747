"""Simulations of targets: they say of past tickets what the live clocks have told, or would have told, of them."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from msgspec import Struct

from tests.functional.desk import agent, change, change_all, history, merge, open_ticket, respond, run_desk, take
from tests.functional.talk import meet
from tests.harness import Parley, Reply, User

MINUTE, HOUR, DAY = 60, 3_600, 86_400  # seconds
MONDAY_MS = 1_799_625_600_000  # 2027-01-11: no change of the clocks for weeks
WEEKS = 4  # between a run and its replay
PRIORITIES = ("low", "medium", "high", "urgent")
STATUSES = ("open", "in_progress", "waiting_on_customer", "resolved", "closed")
CLOCKS = ("first_response", "next_response", "resolution")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ESCALATION = """
[escalation.breach]
priority = "high"
"""

Event = tuple[str, str, int]


def policy_of(chance: random.Random) -> dict[str, Any]:
    """Returns any policy, as a request says it."""
    spans: tuple[list[str], ...] = (["09:00-17:00"], ["00:00-24:00"], ["08:00-12:00", "13:30-18:00"], [])
    hours = {day: chance.choice(spans) for day in DAYS[:-1]} | {"sunday": ["10:00-11:00"]}

    def target() -> dict[str, str]:
        return {clock: chance.choice(["30m", "2h", "7h", "20h"]) for clock in CLOCKS if chance.random() < 0.9}

    targets: dict[str, Any] = {priority: target() for priority in PRIORITIES if chance.random() < 0.8}
    targets |= {"medium": {**target(), "resolution": "9h", "booking": target()}}
    hours |= {"holidays": ["2027-01-13", "2027-02-10"]}
    return {
        "time_zone": chance.choice(["Europe/Berlin", "Asia/Kolkata", "UTC"]),
        "hours": hours if chance.random() < 0.8 else {},
        "targets": targets,
        "warn_percent": chance.choice([1, 50, 80, 100]),
    }


def file_of(policy: dict[str, Any], chance: random.Random) -> str:
    """Returns the desk's file that promises the same."""

    def table(name: str, values: dict[str, Any]) -> str:
        own = "".join(f"{key} = {value!r}\n" for key, value in values.items() if not isinstance(value, dict))
        return f"[{name}]\n{own}" + "".join(
            table(f"{name}.{key}", value) for key, value in values.items() if isinstance(value, dict)
        )

    after_reply = chance.choice(["", 'after_reply = "waiting_on_customer"\n', 'after_reply = "in_progress"\n'])
    first = {name: policy[name] for name in ("time_zone", "warn_percent")}
    return (
        "".join(f"{key} = {value!r}\n" for key, value in first.items())
        + after_reply
        + table("hours", policy["hours"])
        + table("targets", policy["targets"])
        + "[categories.general]\nname = 'General'\nacknowledgement = 'We have it.'\n"
        + "[categories.booking]\nname = 'Bookings'\n"
        + "[closing]\nresolved_after_days = 2\nnotice_before_days = 1\n"
    )


class Desk(Struct):
    """The people at a desk, and the tickets of this run."""

    parley: Parley
    alice: User
    agnes: User
    host: User
    ada: User
    ticket_ids: list[str]

    @classmethod
    def of(cls, parley: Parley) -> "Desk":
        people = (parley.user("backend", role="service"), parley.user("ada", role="support_admin"))
        return cls(parley, parley.user("alice"), agent(parley), *people, [])

    def wait(self, seconds: float) -> None:
        """Lets time pass, and the sweep look."""
        self.parley.advance(seconds)
        for person, role in (
            (self.alice, None),
            (self.agnes, "agent"),
            (self.host, "service"),
            (self.ada, "support_admin"),
        ):
            person.token = self.parley.token(person.user_id, role)
        self.parley.run_schedule("SweepTickets")


Act = Callable[[Desk], object]


def acts_of(chance: random.Random, count: int) -> list[tuple[float, Act]]:
    """Returns acts, each with the time before it; they do the same at every desk."""
    return [
        (chance.choice([1, 61, 29 * MINUTE, 2 * HOUR, 9 * HOUR]) + chance.random(), act_of(chance))
        for _ in range(count)
    ]


def act_of(chance: random.Random) -> Act:
    number, other, word = chance.random(), chance.random(), str(chance.random())
    new = {"priority": chance.choice(PRIORITIES), "category": chance.choice(["general", "booking"])}
    status = chance.choice(STATUSES[:-1])

    def of(desk: Desk, where: float = number) -> str:
        return desk.ticket_ids[-3:][int(where * min(3, len(desk.ticket_ids)))]

    def opened(desk: Desk, person: User, **more: object) -> None:
        desk.ticket_ids.append(open_ticket(person, **{**new, **more}))

    def taken_over(desk: Desk) -> None:
        source = {"conversation_id": meet(desk.alice, desk.agnes)}
        reply = desk.agnes.post("/support/tickets", json={"subject": "Seat", "from": source, **new})
        assert reply.status == 201, reply
        desk.ticket_ids.append(reply.json["id"])

    def wrote(desk: Desk, person: User) -> Reply:
        return person.post(f"/conversations/{of(desk)}/messages", json={"text": word})

    def deleted(desk: Desk) -> None:
        reply = wrote(desk, desk.agnes)
        if reply.status == 201:
            desk.agnes.delete(f"/messages/{reply.json['id']}?scope=everyone")

    seldom: list[Act] = [
        lambda desk: opened(desk, desk.alice),
        lambda desk: opened(desk, desk.agnes, requester_id="alice"),
        lambda desk: opened(desk, desk.host, requester_id="alice"),
        taken_over,
        lambda desk: change(desk.agnes, of(desk), status="closed"),
        lambda desk: change(desk.alice, of(desk), status="closed"),
        lambda desk: change_all(desk.agnes, desk.ticket_ids[-3:], status=status, priority=new["priority"]),
        lambda desk: merge(desk.agnes, of(desk), of(desk, other)),
        deleted,
    ]
    often: list[Act] = [
        lambda desk: wrote(desk, desk.alice),
        lambda desk: wrote(desk, desk.alice),
        lambda desk: wrote(desk, desk.agnes),
        lambda desk: respond(desk.agnes, of(desk)),
        lambda desk: change(desk.agnes, of(desk), status=status),
        lambda desk: change(desk.agnes, of(desk), status="waiting_on_customer"),
        lambda desk: change(desk.alice, of(desk), status=status),
        lambda desk: change(desk.agnes, of(desk), **new),
        lambda desk: change(desk.agnes, of(desk), status=status, **new),
        lambda desk: take(desk.agnes, of(desk)),
    ]
    acts = seldom if chance.random() < 0.15 else often
    return chance.choice(acts)


def run(desk: Desk, acts: list[tuple[float, Act]]) -> None:
    """Does the acts at a desk with a ticket to begin with, and looks until nothing is due."""
    desk.ticket_ids.append(open_ticket(desk.alice))
    for seconds, act in acts:
        desk.wait(seconds)
        act(desk)
    for seconds in (DAY, MINUTE, MINUTE):  # an escalation shortens targets, which are missed at that instant
        desk.wait(seconds)


def live(desk: Desk) -> list[list[Event]]:
    """Returns what the live clocks have told of each ticket, by its history."""
    return [
        sorted(
            (entry["clock"], entry["event"].removeprefix("sla_"), in_ms(entry["at"]))
            for entry in history(desk.agnes, ticket_id)
            if entry["event"].startswith("sla_")
        )
        for ticket_id in desk.ticket_ids
    ]


def simulated(desk: Desk, policy: dict[str, Any]) -> list[list[Event]]:
    """Returns what a simulation says of each ticket."""
    found: dict[str, list[Event]] = {}
    cursor: dict[str, str] = {}
    while True:
        reply = desk.ada.post("/support/sla/simulate", json={"policy": policy, "limit": 3, **cursor})
        assert reply.status == 200 and reply.json["left_out"] == [], reply
        for ticket in reply.json["tickets"]:
            events = [(event["clock"], event["kind"], in_ms(event["at"])) for event in ticket["events"]]
            assert ticket["ticket_id"] not in found
            assert [at_ms for _, _, at_ms in events] == sorted(at_ms for _, _, at_ms in events)
            found[ticket["ticket_id"]] = sorted(events)
        if reply.json["next"] is None:
            return [found[ticket_id] for ticket_id in desk.ticket_ids]
        cursor = {"cursor": reply.json["next"]}


def in_ms(text: str) -> int:
    from parley.domain.api.times import from_rfc3339

    at_ms = from_rfc3339(text)
    assert at_ms is not None
    return at_ms


@pytest.mark.parametrize("seed", range(3))
def test_simulation_of_the_desks_own_promises_is_what_its_clocks_have_told(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    policy = policy_of(chance)
    run_desk(monkeypatch, file_of(policy, chance) + ESCALATION)
    parley.clock.ms = MONDAY_MS + chance.randrange(7 * DAY) * 1_000
    desk = Desk.of(parley)

    run(desk, acts_of(chance, 30))

    told = live(desk)
    assert sum(map(len, told)) > 0
    assert simulated(desk, {}) == simulated(desk, policy) == told


@pytest.mark.parametrize("seed", range(3))
def test_simulation_of_other_promises_is_what_the_clocks_tell_if_all_is_done_again_under_them(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(1_000 + seed)
    policy, other = policy_of(chance), policy_of(chance)
    rest = chance.getrandbits(30)
    acts = acts_of(chance, 20)
    first, second = Desk.of(parley), Desk.of(parley)
    start_ms = MONDAY_MS + chance.randrange(7 * DAY) * 1_000

    parley.clock.ms = start_ms
    run_desk(monkeypatch, file_of(policy, random.Random(rest)))
    first.wait(1)
    run(first, acts)
    predicted = simulated(first, other)

    for ticket_id in first.ticket_ids:  # the sweep has enough to do
        change(first.agnes, ticket_id, status="closed")
    parley.clock.ms = start_ms + WEEKS * 7 * DAY * 1_000
    run_desk(monkeypatch, file_of(other, random.Random(rest)))
    second.wait(1)
    run(second, acts)

    shift_ms = WEEKS * 7 * DAY * 1_000
    assert live(second) == [[(clock, kind, at_ms + shift_ms) for clock, kind, at_ms in events] for events in predicted]
