"""Agents on duty: they learn of every ticket, and tickets get one of them by themselves."""

from pathlib import Path
from typing import Any

import pytest

from tests.functional.desk import (
    agent,
    answered_ticket,
    assign,
    change,
    history,
    open_ticket,
    put_on_duty,
    respond,
    take,
    use_desk,
)
from tests.functional.erasures import host
from tests.functional.replies import Meanwhile
from tests.functional.suspending import suspended
from tests.functional.talk import forget_events, named
from tests.harness import Frame, Parley, Socket, User

ROUND_ROBIN = 'skills = ["german"]\n[assignment]\nmethod = "round_robin"\n'
LEAST_BUSY = '[assignment]\nmethod = "least_busy"\nlimit = 2\n'


def on_duty(parley: Parley, user_id: str, **fields: Any) -> Socket:
    """Returns the device of an agent on duty."""
    person = agent(parley, user_id)
    device = person.connect()
    reply = put_on_duty(person, **fields)
    assert reply.status == 200, reply
    return device


def heard(device: Socket, *names: str) -> list[Frame]:
    return [
        frame["data"] for frame in device.events() if frame["event"] in (names or ("ticket_created", "ticket_updated"))
    ]


def holder(person: User, ticket_id: str) -> str | None:
    held: str | None = person.get(f"/support/tickets/{ticket_id}").json["assignee_id"]
    return held


@pytest.fixture
def alice(parley: Parley) -> User:
    return parley.user("alice")


def test_agents_on_duty_learn_of_new_and_changed_tickets(parley: Parley, alice: User) -> None:
    agnes, ben = on_duty(parley, "agnes"), on_duty(parley, "ben", available=False, limit=3)
    phone = alice.connect()

    ticket_id = open_ticket(alice, subject="Where is it?")
    parley.drain()

    [created] = heard(agnes)
    assert (created["ticket"]["id"], created["ticket"]["unread"], created["ticket"]["version"]) == (ticket_id, 0, 1)
    assert created["users"] == named(parley, "alice")
    forget_events(phone)

    assert change(host(parley), ticket_id, priority="high").status == 200
    parley.drain()

    [updated] = heard(agnes)
    assert (updated["ticket"]["priority"], updated["ticket"]["version"]) == ("high", 2)
    assert updated["user_id"] == "~parley.system-host"
    assert len(heard(phone, "ticket_updated")) == 1
    assert heard(ben) == []


def test_who_is_in_the_ticket_hears_it_once(parley: Parley, alice: User) -> None:
    agnes = on_duty(parley, "agnes")
    cleo = on_duty(parley, "cleo")
    ticket_id = answered_ticket(alice, agnes.user)
    parley.drain()
    forget_events(agnes, cleo)

    assert change(host(parley), ticket_id, priority="high").status == 200
    parley.drain()

    assert (len(heard(agnes)), len(heard(cleo))) == (1, 1)


def test_a_reply_that_changes_nothing_tells_nobody(parley: Parley, alice: User) -> None:
    agnes, ben = on_duty(parley, "agnes"), agent(parley, "ben")
    ticket_id = open_ticket(alice)
    parley.drain()
    forget_events(agnes)

    assert respond(ben, ticket_id).status == 201
    parley.drain()

    assert heard(agnes) == []


def test_former_agents_and_the_requester_hear_nothing_of_the_queue(parley: Parley, alice: User) -> None:
    agnes, ben = on_duty(parley, "agnes"), on_duty(parley, "ben")
    assert host(parley).put("/users/agnes", json={"role": "user"}).status == 200

    ticket_id = open_ticket(ben.user)
    parley.drain()
    forget_events(ben)
    assert take(agent(parley, "cleo"), ticket_id).status == 200
    parley.drain()

    assert heard(agnes) == []
    assert len(heard(ben, "ticket_updated")) == 1  # as the requester, from the request


def test_a_slow_device_hears_it_later_and_an_errand_that_comes_twice_tells_once(parley: Parley, alice: User) -> None:
    agnes, ben = on_duty(parley, "agnes"), on_duty(parley, "ben")
    agnes.is_full = True
    ticket_id = open_ticket(alice)
    [stream] = [stream for stream in parley.streams if stream.name == "HandOutErrandsMessages"]
    stream.poll(flush=True)
    [job] = parley.dequeue("Deliveries")
    for _ in range(2):
        parley.enqueue("Deliveries", job)
    agnes.is_full = False
    parley.drain()

    assert [[told["ticket"]["id"] for told in heard(device)] for device in (agnes, ben)] == [[ticket_id], [ticket_id]]


def test_tickets_go_round(parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    use_desk(monkeypatch, tmp_path, ROUND_ROBIN)
    agnes, ben = on_duty(parley, "agnes"), on_duty(parley, "ben")
    on_duty(parley, "cleo", available=False, limit=9)
    put_on_duty(agent(parley, "dora"))  # not online

    tickets = []
    for _ in range(4):
        tickets.append(open_ticket(alice))
        parley.drain()
        parley.clock.ms += 1000

    assert [holder(alice, each) for each in tickets] == ["agnes", "ben", "agnes", "ben"]
    entry = history(agnes.user, tickets[0])[-1]
    assert (entry["user_id"], entry["changes"]) == (
        "~parley.system-desk",
        {"assignee_id": {"from": None, "to": "agnes"}},
    )
    assert [told["conversation_id"] for told in heard(agnes, "conversation_created")] == tickets[::2]
    assert tickets[0] in [each["id"] for each in ben.user.get("/support/tickets/admin/all").json["tickets"]]
    system = alice.get(f"/conversations/{tickets[0]}/messages").json["messages"][-1]
    assert (system["sender_id"], system.get("via")) == ("~parley.system-desk", None)


def test_least_busy_keeps_to_limits_and_a_ticket_that_finds_nobody_waits(
    parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_desk(monkeypatch, tmp_path, LEAST_BUSY)
    agnes = on_duty(parley, "agnes")
    on_duty(parley, "ben", limit=1)
    assert take(agnes.user, open_ticket(alice)).status == 200
    parley.drain()

    tickets = []
    for _ in range(2):
        tickets.append(open_ticket(alice))
        parley.drain()
    assert [holder(alice, each) for each in tickets] == ["ben", "agnes"]

    last = open_ticket(alice)
    parley.drain()
    look(parley)
    assert holder(alice, last) is None
    assert change(agnes.user, tickets[1], status="resolved").status == 200
    monkeypatch.setattr("parley.domain.support.roster.COUNTS_LAG_MS", -60_000)  # queues keep to the wall clock
    parley.drain()
    look(parley)
    assert holder(alice, last) == "agnes"


def test_tickets_of_the_night_wait_for_the_first_agent_and_those_put_back_stay(
    parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_desk(monkeypatch, tmp_path, ROUND_ROBIN)
    ben = agent(parley, "ben")
    waits, put_back, resolved, old = (open_ticket(alice) for _ in range(4))
    assert take(ben, put_back).status == 200
    assert assign(ben, put_back, None).status == 200
    assert change(ben, resolved, status="resolved").status == 200
    parley.drain()
    on_duty(parley, "agnes")
    with monkeypatch.context() as later:
        later.setattr("parley.actions.support.waiting.MAX_WAIT_MS", -60_000)
        look(parley)
    assert holder(alice, old) is None

    look(parley)

    assert [holder(alice, each) for each in (waits, put_back, resolved, old)] == ["agnes", None, None, "agnes"]


def look(parley: Parley) -> None:
    """Lets the sweep look for tickets that wait."""
    parley.run_schedule("ClearStalePresence")
    parley.drain()


def test_skills_and_ones_own_ticket_count(
    parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_desk(monkeypatch, tmp_path, ROUND_ROBIN + '[categories.trips]\nname = "Trips"\nskill = "german"\n')
    agnes, ben = on_duty(parley, "agnes"), on_duty(parley, "ben", skills=["german"])

    german, own = open_ticket(alice, category="trips"), open_ticket(agnes.user)
    parley.drain()

    assert (holder(alice, german), holder(agnes.user, own)) == ("ben", "ben")
    assert ben.user.get(f"/support/tickets/{own}").status == 200


def test_who_takes_it_first_keeps_it_and_who_puts_it_back_is_heard(
    parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_desk(monkeypatch, tmp_path, ROUND_ROBIN)
    agnes, ben = on_duty(parley, "agnes"), agent(parley, "ben")

    taken, put_back = open_ticket(alice), open_ticket(alice)
    assert take(ben, taken).status == 200
    assert take(ben, put_back).status == 200
    assert assign(ben, put_back, None).status == 200
    parley.drain()

    assert (holder(alice, taken), holder(alice, put_back)) == ("ben", None)
    assert agnes.user.get("/support/agents").json["agents"][0]["open_tickets"] == 0


def test_an_agent_who_takes_it_in_the_middle_of_the_assignment_keeps_it(
    parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_desk(monkeypatch, tmp_path, ROUND_ROBIN)
    agnes, ben = on_duty(parley, "agnes"), agent(parley, "ben")
    ticket_id = open_ticket(alice)
    for stream in parley.streams:
        stream.poll(flush=True)

    race = Meanwhile("UpdateItem", lambda: take(ben, ticket_id))  # the turn is written, the change is not
    parley.hooks.append(race)
    parley.drain()

    assert race.happened
    assert holder(alice, ticket_id) == "ben"
    changes = [entry["changes"].get("assignee_id") for entry in history(agnes.user, ticket_id)]
    assert changes == [None, {"from": None, "to": "ben"}]


def test_two_follow_ups_at_once_choose_two_agents(
    parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_desk(monkeypatch, tmp_path, ROUND_ROBIN)
    on_duty(parley, "agnes")
    on_duty(parley, "ben")
    tickets = [open_ticket(alice), open_ticket(alice)]
    for stream in parley.streams:
        stream.poll(flush=True)
    first, second = parley.dequeue("Deliveries")

    def run(job: str) -> None:
        result = parley.functions.invoke("RunFanOut", {"Records": [{"messageId": "m1", "body": job}]})
        assert result == {"batchItemFailures": []}

    race = Meanwhile("UpdateItem", lambda: run(second))
    parley.hooks.append(race)
    run(first)

    assert race.happened
    assert sorted(str(holder(alice, each)) for each in tickets) == ["agnes", "ben"]


def test_a_suspended_agent_gets_no_tickets_and_hears_of_none(
    parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_desk(monkeypatch, tmp_path, ROUND_ROBIN)
    agnes = on_duty(parley, "agnes")
    suspended(parley, "agnes")
    back = agnes.user.connect()

    ticket_id = open_ticket(alice)
    parley.drain()

    assert (heard(back), holder(alice, ticket_id)) == ([], None)


def test_a_ticket_that_is_opened_again_gets_an_agent(
    parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_desk(monkeypatch, tmp_path, ROUND_ROBIN)
    ticket_id = open_ticket(alice)
    assert change(host(parley), ticket_id, status="resolved").status == 200
    parley.drain()
    on_duty(parley, "agnes")
    assert holder(alice, ticket_id) is None

    assert alice.post(f"/conversations/{ticket_id}/messages", json={"text": "Not yet."}).status == 201
    parley.drain()

    assert holder(alice, ticket_id) == "agnes"


def test_no_follow_up_assigns_twice_whatever_comes_twice(
    parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_desk(monkeypatch, tmp_path, ROUND_ROBIN)
    agnes = on_duty(parley, "agnes")
    on_duty(parley, "ben")
    parley.deliver_twice = True

    ticket_id = open_ticket(alice)
    parley.drain()

    assert holder(alice, ticket_id) == "agnes"
    entries: list[dict[str, Any]] = history(agnes.user, ticket_id)
    assert [entry["event"] for entry in entries] == ["created", "updated"]
